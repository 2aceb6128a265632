"""Another clean guess under the same noise: what a brush on x0_hat makes of x_t. numpy only."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from genstudio.abilities import BadInput


def edited(
    x_t: ArrayLike,
    x0_hat: ArrayLike,
    noise_hat: ArrayLike,
    alpha_bar: float,
    new_x0_hat: ArrayLike,
) -> np.ndarray:
    """x_t with `new_x0_hat` in place of `x0_hat`: sqrt(a) new_x0_hat + sqrt(1 - a) noise_hat.

    All (N, *shape) float32 in the model's scale. Where both guesses are equal x_t stays as it is,
    to the bit, so that a walk from an unedited frame is the walk it came from.

    Raises: BadInput when the shapes differ.
    """
    x, old, noise, new = (np.asarray(v, np.float32) for v in (x_t, x0_hat, noise_hat, new_x0_hat))
    if new.shape != x.shape:
        got, need = (" x ".join(map(str, v.shape)) for v in (new, x))
        raise BadInput(f"An edit must have the size of its frame, {need}, got {got}.")
    a = float(alpha_bar)
    moved = math.sqrt(a) * new + math.sqrt(1.0 - a) * noise
    return np.where(new == old, x, moved).astype(np.float32)
