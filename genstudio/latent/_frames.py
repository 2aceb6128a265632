"""Frames along a curve: decoded a few ms at a time, measured in pixels, spaced evenly."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genstudio.latent._decode import chunk_size, decoded, note_speed, to_tensor

Curve = Callable[[np.ndarray], np.ndarray]  # parameters (n,) to latent points (n, D)

EVEN_TO = 0.01  # coefficient of variation at which the frames count as evenly spaced
MAX_ROUNDS = 60
MIN_PIECE = 16  # frames decoded at once, however slow the machine seems: fewer cost nearly as much


def piece(model: Any) -> int:
    """How many frames are decoded between two yields."""
    return max(MIN_PIECE, chunk_size(model))


def images(model: Any, z: np.ndarray) -> Generator[None, None, Tensor]:
    """The images (N, C, H, W) of z (N, D), with a yield after every few ms of decoding."""
    batch = to_tensor(z, model)
    parts = []
    done = 0
    while done < len(batch):
        part = batch[done : done + piece(model)]
        begun = time.perf_counter()
        parts.append((yield from decoded(model, part)))
        note_speed(model, len(part), begun)
        done += len(part)
        if done < len(batch):
            yield None
    return torch.cat(parts)


def steps(x: Tensor) -> np.ndarray:
    """Pixel distances (N - 1,) between neighbours of images (N, C, H, W), float64."""
    return (x[1:] - x[:-1]).flatten(1).norm(dim=1).cpu().double().numpy()


def energy(distances: np.ndarray) -> float:
    """Discrete energy of a path with these steps: their number times the sum of their squares."""
    return len(distances) * float(np.square(distances).sum())


def variation(distances: np.ndarray) -> float:
    """Standard deviation of the steps over their mean; 0 where nothing moves."""
    mean = float(distances.mean())
    return float(distances.std()) / mean if mean > 0 else 0.0


def even(model: Any, curve: Curve, at: np.ndarray) -> Generator[None, None, np.ndarray]:
    """Parameters (F,) at which the frames of `curve` are equally far apart in pixels.

    `at` (F,) ascending are the parameters to begin with; both ends stay. Each round spaces the
    frames evenly along the polygon of the frames of the round before; what comes nearest to even
    is kept.
    """
    best, least = at, np.inf
    for _ in range(MAX_ROUNDS):
        distances = steps((yield from images(model, curve(at))))
        spread = variation(distances)
        if spread < least:
            best, least = at, spread
        if least <= EVEN_TO or not distances.any():
            break
        walked = np.concatenate([[0.0], np.cumsum(distances)])
        walked += np.linspace(0.0, 1e-9 * walked[-1], len(walked))  # strictly ascending
        target = np.linspace(0.0, walked[-1], len(walked))
        at = np.interp(target, walked, at)
        yield None
    return best
