"""How far a picture is from every true moon, and how much of it is half grey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from genstudio.abilities import BadInput
from genstudio.data.moon_phases import DATASET, EARTHSHINE, SIDE
from genstudio.metrics._moon_fit import fit
from genstudio.models import HasLatent

OFF = 0.07  # root mean square over pixels
GREY = (EARTHSHINE + 0.25 * (1 - EARTHSHINE), EARTHSHINE + 0.75 * (1 - EARTHSHINE))


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest true moon of each of N images."""

    distance: np.ndarray  # float32 (N,), root mean square over pixels
    lit: np.ndarray  # float32 (N,) in [0, 1]
    waxing: np.ndarray  # bool (N,)
    shift: np.ndarray  # float32 (N, 2), pixels to the right and down
    radius: np.ndarray  # float32 (N,), pixels


def distance(images: np.ndarray) -> Nearest:
    """The nearest true moon of each of the images (N, 1, 28, 28) in [0, 1].

    Raises: BadInput for images of another shape.
    """
    found, moons = fit(_flat(images))
    return Nearest(found, *moons)


def half_grey(images: np.ndarray, nearest: Nearest | None = None) -> np.ndarray:
    """Share (N,) of the disc's pixels that are half grey, of images (N, 1, 28, 28) in [0, 1].

    Raises: BadInput for images of another shape.
    """
    pixels = _flat(images)
    moon = distance(images) if nearest is None else nearest
    at = np.arange(SIDE, dtype=np.float32) + 0.5 - SIDE / 2
    x = at[None, None, :] - moon.shift[:, 0, None, None]  # (N, 1, 28)
    y = at[None, :, None] - moon.shift[:, 1, None, None]  # (N, 28, 1)
    inside = x**2 + y**2 <= np.square(moon.radius - 1.0)[:, None, None]
    inside = inside.reshape(pixels.shape)
    grey = (pixels > GREY[0]) & (pixels < GREY[1]) & inside
    return (grey.sum(1) / inside.sum(1)).astype(np.float32)


def check(model: Any, data: str | None) -> None:
    """The model makes pictures of the moons' size, from codes, and is asked about moons."""
    if (data or "").partition(":")[0] != DATASET.key:
        raise BadInput(
            f"Moons are measured in models of {DATASET.key}, got data {data or 'of no name'!r}. "
            "Choose ae-moons or vae-moons."
        )
    if tuple(model.shape) != (1, SIDE, SIDE):
        got = " x ".join(map(str, model.shape))
        raise BadInput(
            f"Moons have 1 x {SIDE} x {SIDE} pixels, this model's images {got}. "
            "Choose a model of moon-phases."
        )
    if not isinstance(model, HasLatent):
        raise BadInput("This model does not encode images. Choose one that does, ae-moons say.")


def _flat(images: np.ndarray) -> np.ndarray:
    pixels = np.asarray(images, np.float32)
    if pixels.ndim != 4 or pixels.shape[1:] != (1, SIDE, SIDE):
        got = " x ".join(map(str, pixels.shape[1:]))
        raise BadInput(
            f"Only pictures of 1 x {SIDE} x {SIDE} are compared with moons, got {got}. "
            "Choose a model of moon-phases."
        )
    return pixels.reshape(len(pixels), -1)
