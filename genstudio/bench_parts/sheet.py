"""A 20 x 20 sheet of the dense 2-D VAE, beside one bare call of its decoder for the same z."""

from __future__ import annotations

import statistics
from typing import Any

import numpy as np

from genstudio.bench_parts._figures import side_by_side

MODEL = "vae-mnist-2d"
SIDE = 20
ROUNDS = 100


def measure(minutes: float) -> dict[str, Any]:
    """Milliseconds, medians of calls in turn on one thread, as the ask lane computes."""
    import torch

    import genstudio
    from genstudio.latent import sheet
    from genstudio.latent.plane import Plane

    model: Any = genstudio.load(MODEL)
    xs = np.linspace(-3, 3, SIDE, dtype=np.float32)
    plane, ys = Plane.identity(), xs[::-1].copy()
    z = torch.from_numpy(np.stack(np.meshgrid(xs, ys), -1).reshape(-1, 2))

    def bare() -> None:
        with torch.no_grad():
            model.decode(z)

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        ours, reference = side_by_side(
            lambda: list(sheet.decode(model, plane, xs, ys)), bare, ROUNDS
        )
    finally:
        torch.set_num_threads(threads)
    mine, theirs = statistics.median(ours) * 1e3, statistics.median(reference) * 1e3
    return {
        "model": MODEL,
        "cells": SIDE * SIDE,
        "sheet_ms": mine,
        "reference_ms": theirs,
        "ratio": mine / theirs,
    }
