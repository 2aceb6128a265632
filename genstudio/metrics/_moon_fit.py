"""The true moon nearest to an image: the best of a bank of moons, then damped Gauss-Newton steps.

Searched are the moons that `moon-phases` is drawn from: every lit fraction, waxing and waning, and
its shifts and radii. A radius is searched like a shift, since the data have many and a model that
draws a moon a little larger has still drawn a moon; one beyond the data's ranges counts as off.

Steps: Levenberg 1944 with Marquardt's scaling (1963), the derivatives by finite differences, each
step cut to the ranges and kept only where it brings the image nearer.
"""

from __future__ import annotations

import itertools
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch

from genstudio.data.moon_phases import MAX_SHIFT, RADIUS, SIDE, grey_values

LOW = np.array([0.0, -MAX_SHIFT, -MAX_SHIFT, RADIUS[0]], np.float32)  # lit, shift x, y, radius
HIGH = np.array([1.0, MAX_SHIFT, MAX_SHIFT, RADIUS[1]], np.float32)
_DIFFERENCE = np.array([0.01, 0.05, 0.05, 0.05], np.float32)
_FIRST_ROUNDS, _ROUNDS = 3, 8  # on either side, then on the better one
_GRID = (17, 5, 5, 4)  # moons of the bank along lit fraction, shift x, shift y and radius
_CHUNK = 256


class Moons(NamedTuple):
    """N moons by their factors."""

    lit: np.ndarray  # float32 (N,) in [0, 1]
    waxing: np.ndarray  # bool (N,)
    shift: np.ndarray  # float32 (N, 2), pixels to the right and down
    radius: np.ndarray  # float32 (N,), pixels


def drawn(moons: Moons) -> np.ndarray:
    """Grey values float32 (N, 784) in [0, 1]."""
    return grey_values(*moons).reshape(len(moons.lit), SIDE * SIDE)


def fit(images: np.ndarray) -> tuple[np.ndarray, Moons]:
    """Root mean square distance (N,) of images (N, 784) to the nearest moon, and that moon."""
    if not len(images):
        return np.zeros(0, np.float32), _moons(np.zeros((0, 4), np.float32), np.zeros(0, bool))
    parts = [_fit_chunk(images[i : i + _CHUNK]) for i in range(0, len(images), _CHUNK)]
    values, waxing, error = (np.concatenate(column) for column in zip(*parts, strict=True))
    return np.sqrt(error / (SIDE * SIDE)), _moons(values, waxing)


def _fit_chunk(images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Factors (N, 4), waxing (N,) and the sum of squares (N,): the better of both sides."""
    values, sides, pixels, squares = _bank()
    scores = squares - 2.0 * (torch.tensor(images) @ pixels.T).numpy()  # (N, bank)
    found = []
    for right in (True, False):
        best = np.where(sides == right, scores, np.inf).argmin(1)
        side = np.full(len(images), right)
        found.append(_refine(images, values[best], side, _FIRST_ROUNDS))
    (waxing_values, waxing_error), (waning_values, waning_error) = found
    waxing = waxing_error <= waning_error
    nearer = np.where(waxing[:, None], waxing_values, waning_values)
    nearer, error = _refine(images, nearer, waxing, _ROUNDS)
    return nearer, waxing, error


def _refine(
    images: np.ndarray, values: np.ndarray, waxing: np.ndarray, rounds: int
) -> tuple[np.ndarray, np.ndarray]:
    """Factors (N, 4) nearer to images (N, 784) than `values`, and their sums of squares (N,)."""
    picture = drawn(_moons(values, waxing))
    error = np.square(picture - images).sum(1)
    damping = np.full(len(images), 1e-2, np.float32)
    for _ in range(rounds):
        slopes = _slopes(values, waxing, picture)  # (N, 4, 784)
        gradient = slopes @ (images - picture)[:, :, None]  # (N, 4, 1)
        curvature = slopes @ slopes.transpose(0, 2, 1)  # (N, 4, 4)
        diagonal = np.einsum("nii->ni", curvature)  # a view
        diagonal += damping[:, None] * diagonal + 1e-6
        step = np.linalg.solve(curvature, gradient)[:, :, 0]
        trial = np.clip(values + step, LOW, HIGH)
        trial_picture = drawn(_moons(trial, waxing))
        trial_error = np.square(trial_picture - images).sum(1)
        better = trial_error < error
        values = np.where(better[:, None], trial, values)
        picture = np.where(better[:, None], trial_picture, picture)
        error = np.where(better, trial_error, error)
        damping *= np.where(better, np.float32(0.2), np.float32(8.0))
    return values, error


def _slopes(values: np.ndarray, waxing: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """Derivatives (N, 4, 784) of the moons' pixels, by differences that stay in the ranges."""
    n = len(values)
    steps = np.where(values + _DIFFERENCE > HIGH, -_DIFFERENCE, _DIFFERENCE)  # (N, 4)
    moved = np.repeat(values[:, None], 4, 1)  # (N, 4, 4)
    each = np.arange(4)
    moved[:, each, each] += steps
    pictures = drawn(_moons(moved.reshape(-1, 4), np.repeat(waxing, 4)))
    return (pictures.reshape(n, 4, -1) - picture[:, None]) / steps[:, :, None]


def _moons(values: np.ndarray, waxing: np.ndarray) -> Moons:
    return Moons(values[:, 0], waxing, values[:, 1:3], values[:, 3])


@lru_cache(maxsize=1)
def _bank() -> tuple[np.ndarray, np.ndarray, torch.Tensor, np.ndarray]:
    """Factors (B, 4), waxing (B,), pixels (B, 784) and their sums of squares (B,)."""
    axes = [np.linspace(low, high, n) for low, high, n in zip(LOW, HIGH, _GRID, strict=True)]
    grid = np.array(list(itertools.product(*axes)), np.float32)
    values, sides = np.concatenate([grid, grid]), np.repeat([True, False], len(grid))
    parts = [
        drawn(_moons(values[i : i + _CHUNK], sides[i : i + _CHUNK]))
        for i in range(0, len(values), _CHUNK)
    ]
    pixels = np.concatenate(parts)
    return values, sides, torch.from_numpy(pixels), np.square(pixels).sum(1)
