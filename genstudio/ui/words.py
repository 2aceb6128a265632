"""Times and rates as they are written wherever something runs. No Qt."""

from __future__ import annotations

import math


def time_left(seconds: float | None) -> str:
    """A remaining time in two parts at most: "under a second", "42 s", "3 min 05 s", "2 h 10 min";
    "" where unknown.
    """
    if seconds is None or not math.isfinite(seconds):
        return ""
    whole = int(seconds + 0.5)
    if whole < 1:
        return "under a second"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 48 * 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86400} days"


def rate(per_second: float) -> str:
    """Steps a second, with two figures below ten: slow is not none ("0.52", "7.2", "1,240")."""
    if per_second < 9.95:
        return f"{per_second:.2g}"
    return f"{per_second:,.0f}"
