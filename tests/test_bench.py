"""What the measurements make of what they hear, and what they tell meanwhile."""

from __future__ import annotations

import json

import pytest

from genstudio import bench, cli
from genstudio.bench_parts.training import share_lost
from genstudio.ui.remote import steps_per_second


def test_a_rate_is_counted_by_the_first_and_the_last_message() -> None:
    """A stretch of 6 s in which 10 steps/s are heard of every 0.7 s: whole steps, no rounding."""
    heard = [(100.0 + 0.7 * i, 500 + 7 * i) for i in range(8)]
    assert steps_per_second(heard) == pytest.approx(10.0)


@pytest.mark.parametrize("heard", [[], [(1.0, 5)], [(1.0, 5), (2.0, 5)]])
def test_a_training_that_stands_still_has_no_rate(heard: list[tuple[float, int]]) -> None:
    with pytest.raises(RuntimeError, match="no step"):
        steps_per_second(heard)


def test_a_machine_that_slows_down_does_not_count_as_the_cost_of_views() -> None:
    slowing = [100.0 * 0.97**i for i in range(12)]
    assert share_lost(slowing) == pytest.approx(0.0, abs=0.031)
    with_views = [rate * (0.8 if i % 2 else 1.0) for i, rate in enumerate(slowing)]
    assert share_lost(with_views) == pytest.approx(0.2, abs=0.026)
    one_bad_moment = [20.0 if i == 5 else rate for i, rate in enumerate(with_views)]
    assert share_lost(one_bad_moment) == pytest.approx(0.2, abs=0.026)


def test_each_part_is_told_with_its_seconds_beside_the_object(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "measure", lambda name, minutes: {"figure": 1.5})
    assert cli.run(["bench", "sheet", "points", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["points"] == {"figure": 1.5}
    lines = [line for line in told.err.splitlines() if line.endswith(": 0 s")]
    assert [line.split(":")[0] for line in lines] == ["sheet", "points"]
