"""Samples on the screen: codes drawn by one of the samplers, and what they decode to."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from genstudio.abilities import BadInput
from genstudio.data import Dataset
from genstudio.latent import samplers
from genstudio.latent._decode import to_numpy

MAX_DRAWS = 10_000


@dataclass(frozen=True, eq=False)
class Draws:
    """Codes z (N, D) and their pictures (N, C, H, W), float32."""

    z: np.ndarray
    images: np.ndarray


def draw(
    model: Any, sampler: str, data: str | Dataset | None = None, n: int = 100, seed: int = 0
) -> Generator[None, None, Draws]:
    """Query: n samples with z drawn by `sampler`, a name of `samplers.NAMES`.

    Yields None, nothing to show, while a density is fitted. The same seed gives the same samples.

    Raises: BadInput for a sampler that the model cannot have, or n out of range.
    """
    if not 1 <= n <= MAX_DRAWS:
        raise BadInput(f"A sheet has 1 to {MAX_DRAWS} samples, got {n}. Choose another number.")
    rng = torch.Generator().manual_seed(seed)
    source = yield from samplers.making(sampler, model, data, rng)
    if samplers.walks(model, source):
        return (yield from _walked(model, n, rng))
    z = source.sample(n, rng)
    parts = []
    for rows in z.split(samplers.PIECE):
        with torch.no_grad():
            parts.append(model.decode(rows.to(model.device)))
        yield None
    return Draws(to_numpy(z), to_numpy(torch.cat(parts)))


def _walked(model: Any, n: int, rng: torch.Generator) -> Generator[None, None, Draws]:
    """n samples by the model's own walk; z is the noise that it begins with."""
    codes, parts = [], []
    for start in range(0, n, samplers.PIECE):
        for step in model.generate(min(samplers.PIECE, n - start), rng):
            if step.index == 0:
                codes.append(step.images["x_t"].flatten(1))
            x = step.images["x"]
            yield None
        parts.append(x)
    return Draws(to_numpy(torch.cat(codes)), to_numpy(torch.cat(parts)))
