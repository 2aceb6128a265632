"""The picture of 60,000 encoded images, beside one bare assignment of their pixels."""

from __future__ import annotations

import statistics
from typing import Any

import numpy as np

from genstudio.bench_parts._figures import side_by_side

N_POINTS = 60_000
WIDTH, HEIGHT = 1000, 700
ROUNDS = 20


def measure(minutes: float) -> dict[str, Any]:
    """Milliseconds, medians of calls in turn."""
    from genstudio.latent.points import raster

    rng = np.random.default_rng(0)
    xy = rng.normal(size=(N_POINTS, 2)).astype(np.float32)
    colours = rng.integers(0, 256, (N_POINTS, 4), dtype=np.uint8)
    view = (-4.0, -4.0, 4.0, 4.0)
    column = np.clip((xy[:, 0] + 4) / 8 * WIDTH, 0, WIDTH - 1).astype(np.int64)
    row = np.clip((4 - xy[:, 1]) / 8 * HEIGHT, 0, HEIGHT - 1).astype(np.int64)

    def bare() -> None:
        picture = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
        picture[row, column] = colours

    ours, reference = side_by_side(
        lambda: raster(None, xy, colours, view, (WIDTH, HEIGHT)), bare, ROUNDS
    )
    mine, theirs = statistics.median(ours) * 1e3, statistics.median(reference) * 1e3
    return {
        "points": N_POINTS,
        "raster_ms": mine,
        "one_pixel_reference_ms": theirs,
        "ratio": mine / theirs,
    }
