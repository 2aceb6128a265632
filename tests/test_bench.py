"""What the measurements make of what they hear, and what they tell meanwhile."""

from __future__ import annotations

import importlib
import json
from types import SimpleNamespace

import pytest

import genstudio
from genstudio import bench, cli
from genstudio.bench_parts import _unet, sampling
from genstudio.bench_parts._figures import in_turn
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


def test_every_measurement_has_its_part_and_stands_in_the_help(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in bench.NAMES:
        assert callable(importlib.import_module(f"genstudio.bench_parts.{name}").measure)
    assert cli.run(["bench", "--help"]) == 0
    told = "".join(capsys.readouterr().out.split())
    assert f"[{'|'.join(bench.NAMES)}]" in told.replace("│", "")


def test_calls_are_measured_in_turn_and_the_first_rounds_left_out() -> None:
    order: list[str] = []
    times = in_turn([lambda: order.append("a"), lambda: order.append("b")], 3, warm_up=2)
    assert order == ["a", "b"] * 5
    assert [len(each) for each in times] == [3, 3]


def test_sampling_takes_fresh_weights_where_none_ship_and_measures_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without diffusers the figures beside it are None; the window walks the same model."""
    small = genstudio.create("ddpm", channels=4, n_classes=10)
    monkeypatch.setattr(sampling, "MODEL", "no-such-weights")
    monkeypatch.setattr(genstudio, "create", lambda *_args, **_how: small)
    monkeypatch.setattr(sampling, "find_spec", lambda _name: None)
    monkeypatch.setattr(sampling, "N", 2)
    monkeypatch.setattr(sampling, "ROUNDS", 2)
    seen: list[str] = []

    def in_the_window(source: str) -> dict[str, object]:
        seen.append(source)
        assert genstudio.load(source).n_parameters() == small.n_parameters()
        return {"screen": "none"}

    monkeypatch.setattr(sampling, "_in_the_window", in_the_window)
    figures = sampling.measure(1.0)
    assert "fresh" in figures["model"]
    assert figures["parameters"] == small.n_parameters()
    assert figures["ddim_s"] > 0 and figures["dpmpp_s"] > 0 and figures["first_step_ms"] > 0
    assert figures["reference_s"] is None and figures["ratio"] is None
    assert len(seen) == 1


def test_a_plain_loop_learns_and_its_loss_is_asked_under_the_same_noise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_unet, "N_TEST", 200)
    model = genstudio.create("ddpm", channels=4, n_classes=10)
    split = genstudio.dataset("mnist").test
    before = _unet.loss_on(model, split)
    assert _unet.loss_on(model, split) == before
    settings = SimpleNamespace(lr=1e-2, weight_decay=0.0, batch_size=32)
    loop = _unet._plain_loop(model, split, settings)
    for _ in range(12):
        next(loop)
    assert _unet.loss_on(model, split) < before
