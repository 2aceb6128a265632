"""What keeps a path near the encodings: -log of a kernel density of them, with its gradient."""

from __future__ import annotations

from collections.abc import Generator
from itertools import chain
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch

from genstudio.abilities import BadInput
from genstudio.latent import _kde, encodings

N_FIT = 2000  # training images whose encodings carry a kernel

_kept: WeakKeyDictionary[Any, tuple[tuple[Any, ...], KernelCost]] = WeakKeyDictionary()


class KernelCost:
    """-log p(z) for Gaussian kernels at centres (K, D) of one diagonal standard deviation (D,)."""

    def __init__(self, centres: np.ndarray, std: np.ndarray) -> None:
        self._std = np.asarray(std, np.float64)
        self._white = np.asarray(centres, np.float64) / self._std
        self._norms = np.square(self._white).sum(1)
        dim = len(self._std)
        self._constant = np.log(len(centres)) + 0.5 * dim * np.log(2 * np.pi)
        self._constant += float(np.log(self._std).sum())

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

    def curvature(self) -> np.ndarray:
        """1 / std^2 (D,): the Hessian of -log p is this less the kernels' covariance."""
        return 1.0 / np.square(self._std)


def fitted(model: Any, data: str | None, seed: int) -> Generator[None, None, KernelCost]:
    """Kernels at one draw of q(z | x) for each of `N_FIT` training images of `data`.

    It is kept until the model has other weights. The yields carry nothing.

    Raises: BadInput when no data are named or they do not fit the model.
    """
    if not data:
        raise BadInput(
            "A path that keeps near the encodings needs a data set to encode, got none. "
            "Choose one, or set the density to 0."
        )
    key = (data, seed, _weights(model))
    kept = _kept.get(model)
    if kept is not None and kept[0] == key:
        return kept[1]
    encoded = yield from encodings.whole(model, data, "train", N_FIT)
    rng = torch.Generator().manual_seed(seed)
    z = torch.from_numpy(encoded.mean.copy())
    if encoded.std is not None:
        z = z + torch.from_numpy(encoded.std.copy()) * torch.randn(z.shape, generator=rng)
    kernels = _kde.fit(z, rng)
    cost = KernelCost(kernels.centres.numpy(), (kernels.bandwidth * kernels.spread).numpy())
    _kept[model] = (key, cost)
    return cost


def _weights(model: Any) -> tuple[int, ...]:
    """A number for each tensor of the model that rises whenever it is written to."""
    return tuple(t._version for t in chain(model.parameters(), model.buffers()))
