"""What a data set is: two splits of images or points, and the record by which it is found."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Split:
    """Images uint8 (N, C, H, W) or points float32 (N, 2); labels int64 (N,); factors float32 (N, K) where known."""

    images: Tensor | None = None
    points: Tensor | None = None
    labels: Tensor | None = None
    factors: Tensor | None = None

    def __len__(self) -> int:
        return len(self.images if self.images is not None else self.points)  # type: ignore[arg-type]

    def batch(self, index: Tensor | slice) -> Tensor:
        """Rows `index` as a model takes them: float32 images in [0, 1], or points."""
        if self.images is not None:
            return self.images[index].to(torch.float32).div_(255.0)
        assert self.points is not None
        return self.points[index]


@dataclass(frozen=True, eq=False)
class Dataset:
    """A named data set. `name` is what the command line takes, arguments included (folder:PATH?size=64)."""

    name: str
    title: str
    shape: tuple[int, ...]
    classes: list[str]
    train: Split
    test: Split
    factor_names: list[str] = field(default_factory=list)
    notes: str = ""  # e.g. files skipped, shown once

    @cached_property
    def sha256(self) -> str:
        """Hash of the training images or points: a resumed run must meet the same data."""
        tensor = self.train.images if self.train.images is not None else self.train.points
        assert tensor is not None
        return hashlib.sha256(tensor.contiguous().numpy().tobytes()).hexdigest()


@dataclass(frozen=True)
class Source:
    """A data set's record: `load(argument)` gets what stands behind the colon of the name, "" without one.

    Raises from `load`: BadInput when files are missing, damaged or too large.
    """

    key: str
    title: str
    load: Callable[[str], Dataset]
    shape: tuple[int, ...] | None = None  # None where it depends on the argument
    classes: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()  # names offered in menus; (key,) unless given
    ships: bool = False
    description: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return self.examples or (self.key,)
