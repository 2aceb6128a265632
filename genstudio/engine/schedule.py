"""Functions of the step alone: learning rate, when a snapshot is kept, when the test curve is
drawn.
"""

from __future__ import annotations

import math

from genstudio.engine.settings import TrainSettings


def lr_factor(step: int, total: int, settings: TrainSettings) -> float:
    """What the learning rate is multiplied by at `step` (0 is the first); in (0, 1]."""
    factor = 1.0
    if step < settings.warmup_steps:
        factor = (step + 1) / settings.warmup_steps
    if settings.lr_schedule == "cosine":
        progress = min(1.0, step / max(1, total))
        factor *= 0.5 * (1.0 + math.cos(math.pi * progress))
    return max(factor, 1e-12)


def log_spaced(total: int, n: int) -> frozenset[int]:
    """At most `n` steps from 0 to `total`, both included: close together at first, then further
    apart.
    """
    if n <= 0:
        return frozenset()
    if n == 1:
        return frozenset({total})
    chosen = {0, total}
    points = max(2, n - 1)
    for i in range(points):
        if len(chosen) >= n:
            break
        chosen.add(round(total ** (i / (points - 1))))
    return frozenset(chosen)


def curve_points(total: int, n: int) -> frozenset[int]:
    """At most about `n` steps for the test curve: half log-spaced, half evenly spaced, the ends
    included.
    """
    half = max(2, n // 2)
    even = {round(i * total / half) for i in range(half + 1)}
    return frozenset(even | log_spaced(total, half))
