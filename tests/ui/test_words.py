"""Times and rates in words."""

from __future__ import annotations

import pytest

from genstudio.engine.messages import JobState, Progress
from genstudio.ui.status import describe
from genstudio.ui.words import rate, time_left


@pytest.mark.parametrize(
    ("per_second", "written"),
    [(0.52, "0.52"), (7.24, "7.2"), (9.96, "10"), (41.4, "41"), (1240.0, "1,240")],
)
def test_slow_is_not_none(per_second: float, written: str) -> None:
    assert rate(per_second) == written


def test_the_status_line_tells_hours_as_hours() -> None:
    progress = Progress(1, 604, 14_040, per_second=0.47, seconds_left=28_529.0)
    line = describe("vae", JobState.RUNNING, progress)
    assert line == "vae running, step 604 of 14,040, 0.47 steps/s, 7 h 55 min left"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (float("inf"), ""),
        (0.2, "under a second"),
        (41.6, "42 s"),
        (59.7, "1 min 00 s"),
        (185, "3 min 05 s"),
        (7800, "2 h 10 min"),
        (200000, "2 days"),
        (3 * 86400, "3 days"),
    ],
)
def test_time_left(seconds: float | None, text: str) -> None:
    assert time_left(seconds) == text
