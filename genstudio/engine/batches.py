"""Training data on the device as it is stored (bytes), and batches of it in an order that seed and
epoch decide.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import torch
from torch import Tensor

from genstudio.data._base import Split

RESIDENT_BYTES = 4 << 30  # larger data stays in main memory and travels batch by batch


def mix(*numbers: int | str) -> int:
    """A seed in [0, 2**62) that depends on all of `numbers`."""
    text = ",".join(map(str, numbers)).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "little") >> 2


class Batches:
    """Batches of a split; step s takes rows of the permutation that (seed, epoch) decides.

    A last batch that would be short is left out; data smaller than one batch is one batch.
    `share` (rank, size) gives every size-th row of each batch to one of several processes.
    """

    def __init__(
        self,
        split: Split,
        batch_size: int,
        seed: int,
        device: torch.device,
        share: tuple[int, int] = (0, 1),
    ) -> None:
        stored = split.images if split.images is not None else split.points
        assert stored is not None
        self.n = len(stored)
        if self.n == 0:
            raise ValueError("the training split is empty")
        self.batch_size = min(batch_size, self.n)
        self.per_epoch = self.n // self.batch_size
        self.device = device
        self._seed = seed
        self._rank, self._size = share
        self._bytes = stored.dtype == torch.uint8
        home = device if stored.numel() * stored.element_size() <= RESIDENT_BYTES else stored.device
        self._stored = stored.to(home)
        self._labels = None if split.labels is None else split.labels.to(home)
        self._order = torch.empty(0, dtype=torch.int64)
        self._epoch = -1

    def at(self, step: int, memory_format: torch.memory_format) -> tuple[Tensor, Tensor | None]:
        """x (B, *shape) and labels (B,) or None of training step `step`; B is one share's rows."""
        epoch, index = divmod(step, self.per_epoch)
        if epoch != self._epoch:
            rng = torch.Generator().manual_seed(mix(self._seed, epoch))
            self._order = torch.randperm(self.n, generator=rng).to(self._stored.device)
            self._epoch = epoch
        start = index * self.batch_size
        rows = self._order[start + self._rank : start + self.batch_size : self._size]
        x = self._convert(self._stored.index_select(0, rows))
        if memory_format is not torch.contiguous_format and x.dim() == 4:
            x = x.contiguous(memory_format=memory_format)
        y = None if self._labels is None else self._labels.index_select(0, rows).to(self.device)
        return x, y

    def _convert(self, rows: Tensor) -> Tensor:
        rows = rows.to(self.device)
        return rows.to(torch.float32).div_(255.0) if self._bytes else rows

    def sweep(self, limit: int | None = None, size: int = 1024) -> Iterator[Tensor]:
        """Once through all images, or `limit` of them evenly spread, x (<= size, *shape)."""
        if limit is None or limit >= self.n:
            for rows in self._stored.split(size):
                yield self._convert(rows)
            return
        index = torch.linspace(0, self.n - 1, limit, dtype=torch.float64).round().to(torch.int64)
        for part in index.to(self._stored.device).split(size):
            yield self._convert(self._stored.index_select(0, part))
