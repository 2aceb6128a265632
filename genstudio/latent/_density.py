"""What keeps a path near the encodings: -log of a kernel density of them, with its gradient."""

from __future__ import annotations

from collections.abc import Generator
from itertools import chain
from typing import Any
from weakref import WeakKeyDictionary, ref

import numpy as np
import torch

from genstudio.abilities import BadInput
from genstudio.latent import _kde, encodings

N_FIT = 2000  # training images that are encoded
N_TYPICAL = 200  # of them that carry no kernel, but tell what is typical
WIDEST = 0.5  # bandwidth, in the spread of the codes, with which a path begins to bend

_kept: WeakKeyDictionary[Any, tuple[tuple[Any, ...], tuple[KernelCost, ...]]] = WeakKeyDictionary()


class KernelCost:
    """-log p(z) for Gaussian kernels at centres (K, D) of one diagonal standard deviation (D,)."""

    def __init__(self, centres: np.ndarray, std: np.ndarray, others: np.ndarray) -> None:
        """`others` (M, D) are encodings without a kernel; typical is their median of -log p."""
        self._std = np.asarray(std, np.float64)
        self._white = np.asarray(centres, np.float64) / self._std
        self._norms = np.square(self._white).sum(1)
        dim = len(self._std)
        self._constant = np.log(len(centres)) + 0.5 * dim * np.log(2 * np.pi)
        self._constant += float(np.log(self._std).sum())
        self._typical = float(np.median(self.cost(others)[0]))

    def cost(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """-log p(z) in nats (N,) and its gradient (N, D)."""
        white = z / self._std
        squared = np.square(white).sum(1)[:, None] + self._norms - 2.0 * white @ self._white.T
        log_kernel = -0.5 * np.maximum(squared, 0.0)  # (N, K)
        top = log_kernel.max(1, keepdims=True)
        weight = np.exp(log_kernel - top)
        total = weight.sum(1, keepdims=True)
        nearby = (weight / total) @ self._white  # (N, D), the mean of the kernels that matter
        nats = self._constant - (top + np.log(total))[:, 0]
        return nats, (white - nearby) / self._std

    def excess(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Nats (N,) by which z is rarer than typical, log(1 + exp(.)) of it, and the gradient."""
        nats, slope = self.cost(z)
        beyond = nats - self._typical
        share = np.exp(-np.logaddexp(0.0, -beyond))
        return np.logaddexp(0.0, beyond), share[:, None] * slope

    def curvature(self) -> np.ndarray:
        """1 / std^2 (D,): the Hessian of -log p is this less the kernels' covariance."""
        return 1.0 / np.square(self._std)


def fitted(
    model: Any, data: str | None, seed: int
) -> Generator[None, None, tuple[KernelCost, ...]]:
    """Kernels at draws of q(z | x) for training images of `data`, from wide ones to fitted ones.

    They are kept until the model has other weights or the data are read anew. The yields carry
    nothing.

    Raises: BadInput when no data are named or they do not fit the model.
    """
    if not data:
        raise BadInput(
            "A path that keeps near the encodings needs a data set to encode, got none. "
            "Choose one, or set the density to 0."
        )
    dataset = yield from encodings.opened(data)
    key = (ref(dataset), seed, _weights(model))  # data read anew under their name are others
    kept = _kept.get(model)
    if kept is not None and kept[0] == key:
        return kept[1]
    encoded = yield from encodings.whole(model, dataset, "train", N_FIT)
    rng = torch.Generator().manual_seed(seed)
    z = torch.from_numpy(encoded.mean.copy())
    if encoded.std is not None:
        z = z + torch.from_numpy(encoded.std.copy()) * torch.randn(z.shape, generator=rng)
    n_typical = min(N_TYPICAL, len(z) // 4)
    others, rest = z[:n_typical], z[n_typical:]
    kernels = _kde.fit(rest if len(others) else z, rng)
    widest = max(WIDEST, kernels.bandwidth)
    costs = []
    for width in np.geomspace(widest, kernels.bandwidth, 3):
        std = (width * kernels.spread).numpy()
        reference = others if len(others) else z
        costs.append(KernelCost(kernels.centres.numpy(), std, reference.numpy()))
        yield None
    _kept[model] = (key, tuple(costs))
    return tuple(costs)


def _weights(model: Any) -> tuple[int, ...]:
    """A number for each tensor of the model that rises whenever it is written to."""
    return tuple(t._version for t in chain(model.parameters(), model.buffers()))
