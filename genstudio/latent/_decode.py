"""Shared by the queries: to and from numpy, and how many cells a model decodes in a few ms."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from genstudio.abilities import BadInput

BUDGET_S = 0.003  # a piece of work after which a newer ask may take over
FIRST = 32  # cells decoded at once before anything is known of a model's speed
MAX_CHUNK = 4096

_seconds_per_cell: WeakKeyDictionary[Any, float] = WeakKeyDictionary()  # the ask lane's own


def to_tensor(array: ArrayLike, model: Any) -> Tensor:
    """`array` as float32 on the model's device; a copy, so that read-only arrays may come in."""
    return torch.from_numpy(np.array(array, np.float32)).to(model.device)


def to_numpy(tensor: Tensor) -> np.ndarray:
    """`tensor` as read-only float32 numpy."""
    array = tensor.detach().to("cpu", torch.float32).contiguous().numpy()
    array.setflags(write=False)
    return array


def image_batch(model: Any, image: ArrayLike) -> Tensor:
    """One image (C, H, W) as the batch (1, C, H, W).

    Raises: BadInput when it has another shape than the model's images.
    """
    array = np.asarray(image, np.float32)
    if array.shape != tuple(model.shape):
        want, got = (" x ".join(map(str, s)) for s in (model.shape, array.shape))
        raise BadInput(f"This model works on images of {want}, got {got}. Choose another image.")
    return to_tensor(array[None], model)


def latent_batch(model: Any, z: ArrayLike) -> Tensor:
    """z (D,) or (N, D) as the batch (N, D).

    Raises: BadInput when the model has no latent space of D dimensions.
    """
    array = np.atleast_2d(np.asarray(z, np.float32))
    if model.latent_dim is None:
        raise BadInput("This model has no latent space. Choose a model that has one.")
    if array.shape[-1] != model.latent_dim:
        raise BadInput(
            f"This model has {model.latent_dim} latent dimensions, got {array.shape[-1]}. "
            "Choose a plane through its own latent space."
        )
    return to_tensor(array, model)


@torch.no_grad()
def decoded(model: Any, z: Tensor) -> Generator[None, None, Tensor]:
    """model.decode(z), with a yield after each step where it takes several."""
    if not hasattr(model, "decoding"):
        whole: Tensor = model.decode(z)
        return whole
    return (yield from _stepped(model.decoding(z)))


@torch.no_grad()
def encoded(model: Any, x: Tensor) -> Generator[None, None, tuple[Tensor, Tensor | None]]:
    """Mean (N, D) and std of model.encode(x), with a yield after each step where it takes
    several.
    """
    if not hasattr(model, "encoding"):
        posterior = model.encode(x)
        return posterior.mean, posterior.std
    last = yield from _stepped(model.encoding(x))
    return last.flatten(1), None


def _stepped(steps: Iterator[Tensor]) -> Generator[None, None, Tensor]:
    """The last of some steps, with a yield after each."""
    last = None
    for step in steps:
        last = step
        yield None
    assert last is not None  # a walk has a step or more
    return last


def chunk_size(model: Any) -> int:
    """How many cells of this model fit into the budget, as far as its speed is known."""
    seconds = _seconds_per_cell.get(model)
    if seconds is None:
        return FIRST
    return max(1, min(MAX_CHUNK, int(BUDGET_S / seconds)))


def seconds_for(model: Any, n: int) -> float | None:
    """How long n cells will take, None when nothing was measured yet."""
    seconds = _seconds_per_cell.get(model)
    return None if seconds is None else n * seconds


def note_speed(model: Any, n: int, begun: float) -> None:
    """Remember that n cells took from `begun` (perf_counter) until now; few tell too little."""
    if n < 8:
        return
    now = (time.perf_counter() - begun) / n
    before = _seconds_per_cell.get(model)
    _seconds_per_cell[model] = now if before is None or now < before else 0.9 * before + 0.1 * now
