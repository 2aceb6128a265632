"""Arithmetic that the measurements share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

import numpy as np


def spread(values: Sequence[float], name: str) -> dict[str, float]:
    """{name_p50, name_p95, name_p99, name_max} of `values`; empty without any."""
    if not len(values):
        return {}
    p50, p95, p99 = np.percentile(values, [50, 95, 99])
    return {
        f"{name}_p50": float(p50),
        f"{name}_p95": float(p95),
        f"{name}_p99": float(p99),
        f"{name}_max": float(np.max(values)),
    }


def side_by_side(
    ours: Callable[[], object], bare: Callable[[], object], n: int, warm_up: int = 5
) -> tuple[list[float], list[float]]:
    """Seconds of n calls of each, in turn, so that a slow moment of the machine meets both."""
    first, second = in_turn((ours, bare), n, warm_up)
    return first, second


def in_turn(calls: Sequence[Callable[[], object]], n: int, warm_up: int = 5) -> list[list[float]]:
    """Seconds of n calls of each, one after the other; the first `warm_up` rounds do not count."""
    times: list[list[float]] = [[] for _ in calls]
    for i in range(n + warm_up):
        for call, kept in zip(calls, times):
            start = perf_counter()
            call()
            if i >= warm_up:
                kept.append(perf_counter() - start)
    return times
