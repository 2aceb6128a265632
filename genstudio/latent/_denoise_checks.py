"""Shared by the queries of denoising: is this a diffusion model, do these arrays fit it."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from genstudio.abilities import MAX_SEED, BadInput
from genstudio.latent._decode import to_tensor
from genstudio.models._ddpm_config import Label
from genstudio.models.ddpm import DDPM

MAX_IMAGES = 10_000


def diffusion(model: Any) -> DDPM:
    """`model` as what it must be.

    Raises: BadInput for a model that does not denoise.
    """
    if not isinstance(model, DDPM):
        family = getattr(model, "family", "") or "something else"
        raise BadInput(
            f"Denoising needs a diffusion model, got {family}. Choose a model that denoises."
        )
    return model


def in_plane(model: Any) -> DDPM:
    """A diffusion model of points.

    Raises: BadInput for one of images.
    """
    found = diffusion(model)
    if not found.points:
        raise BadInput(
            f"A plane needs a model of points, got one of images of {_size(found.shape)}. "
            "Choose a model of points."
        )
    return found


def batch(model: DDPM, x: ArrayLike, what: str) -> Tensor:
    """`x`, one (*shape) or many (N, *shape), as the batch (N, *shape).

    Raises: BadInput for another shape, or values that are not finite.
    """
    array = np.asarray(x, np.float32)
    if array.shape == model.shape:
        array = array[None]
    if array.shape[1:] != model.shape or not 1 <= len(array) <= MAX_IMAGES:
        kind = "points" if model.points else "images"
        raise BadInput(
            f"{what} must be {kind} of {_size(model.shape)}, got {_size(array.shape)}. "
            f"Choose {kind} of {_size(model.shape)}."
        )
    if not np.isfinite(array).all():
        raise BadInput(f"{what} must hold numbers, got a value that is not finite. Choose another.")
    return to_tensor(array, model)


def count(n: int) -> int:
    """Raises: BadInput for fewer than one image, or too many."""
    if not 1 <= n <= MAX_IMAGES:
        raise BadInput(f"A walk takes 1 to {MAX_IMAGES} images at once, got {n}. Choose another n.")
    return n


def generator(seed: int) -> torch.Generator:
    """Raises: BadInput for a number that is no seed."""
    if not 0 <= seed <= MAX_SEED:
        raise BadInput(f"A seed is 0 to {MAX_SEED}, got {seed}. Choose another.")
    return torch.Generator().manual_seed(int(seed))


def time(model: DDPM, t: int, first: int = 0) -> int:
    """Raises: BadInput for a time that the schedule has not; `first` is 0 or 1."""
    T = model.schedule.n_steps
    if not first <= t <= T:
        raise BadInput(f"This model's times are {first} to {T}, got {t}. Choose one of them.")
    return int(t)


def as_label(label: int | Sequence[int] | np.ndarray | None) -> Label:
    """A class for all, one for each, or None, as plain numbers.

    Raises: BadInput for what is no whole number.
    """
    if label is None:
        return None
    if np.ndim(label) == 0:
        return _whole(label)
    return tuple(_whole(one) for one in label)  # type: ignore[union-attr]


def _whole(label: Any) -> int:
    try:
        return index(label)
    except TypeError:
        raise BadInput(
            f"A class is a whole number, got {label!r}. Choose the number of a class."
        ) from None


def _size(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape)) or "one number"
