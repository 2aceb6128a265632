from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genstudio.engine.schedule import curve_points, log_spaced, lr_factor
from genstudio.engine.settings import TrainSettings


def test_constant() -> None:
    assert {lr_factor(s, 100, TrainSettings()) for s in range(100)} == {1.0}


def test_warm_up_is_a_straight_line() -> None:
    settings = TrainSettings(warmup_steps=4)
    assert [lr_factor(s, 100, settings) for s in range(6)] == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]


def test_cosine_is_half_a_cosine() -> None:
    settings = TrainSettings(lr_schedule="cosine")
    for step in range(0, 101, 10):
        wanted = 0.5 * (1 + math.cos(math.pi * step / 100))
        assert lr_factor(step, 100, settings) == pytest.approx(max(wanted, 1e-12))


@given(total=st.integers(1, 10**7), n=st.integers(0, 200))
def test_snapshots_are_bounded_and_hold_both_ends(total: int, n: int) -> None:
    steps = log_spaced(total, n)
    assert len(steps) <= n
    assert all(0 <= step <= total for step in steps)
    if n >= 2:
        assert {0, total} <= steps
    gaps = sorted(steps)
    if len(gaps) > 10 and total > 10_000:
        assert gaps[1] - gaps[0] < gaps[-1] - gaps[-2]


@given(total=st.integers(1, 10**7))
def test_the_test_curve_has_a_bounded_number_of_points(total: int) -> None:
    points = curve_points(total, 50)
    assert {0, total} <= points
    assert len(points) <= 51
    assert max(points) == total
