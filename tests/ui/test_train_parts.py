"""The Train panel's parts that need no window: curves, CSV, run state, names, command line, frames of the timeline."""

from __future__ import annotations

import csv
import io
import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genstudio.engine.messages import Failure, JobState, Progress, StateChange
from genstudio.ui.panels._train_command import command_line
from genstudio.ui.panels._train_curves import CSV_HEADER, Curves, collect, smoothed, to_csv, unit
from genstudio.ui.panels._train_frames import Frame, Frames, stored
from genstudio.ui.panels._train_run import (
    Recipe,
    RunView,
    changed_from,
    controls,
    default_name,
    free_slot,
    fresh_name,
    time_left,
)


def some_curves() -> Curves:
    curves = Curves("vae")
    curves.add(
        "train",
        np.array([1, 2, 3]),
        {"kl": np.array([5.0, 6.0, 7.0]), "loss": np.array([200.0, 180.0, 160.0])},
    )
    curves.add("train", np.array([4]), {"kl": np.array([8.0]), "loss": np.array([140.0])})
    curves.add("test", np.array([4]), {"loss": np.array([150.0])})
    return curves


def test_curves_grow_and_name_loss_first():
    curves = some_curves()
    assert curves.parts() == ["loss", "kl"]
    steps, values = curves.series("train", "loss")
    assert steps.tolist() == [1, 2, 3, 4]
    assert values.tolist() == [200.0, 180.0, 160.0, 140.0]
    assert curves.last("test", "loss") == 150.0
    assert curves.last("test", "kl") is None
    assert curves.last_step() == 4


def test_curves_hold_many_points_in_order():
    curves = Curves("long")
    for start in range(0, 5000, 7):
        steps = np.arange(start, min(start + 7, 5000))
        curves.add("train", steps, {"loss": steps * 2.0})
    steps, values = curves.series("train", "loss")
    np.testing.assert_array_equal(steps, np.arange(5000))
    np.testing.assert_array_equal(values, np.arange(5000) * 2.0)


def test_a_resumed_run_replaces_the_steps_it_repeats():
    curves = some_curves()
    curves.add("train", np.array([3, 4, 5]), {"loss": np.array([1.0, 2.0, 3.0])})
    steps, values = curves.series("train", "loss")
    assert steps.tolist() == [1, 2, 3, 4, 5]
    assert values.tolist() == [200.0, 180.0, 1.0, 2.0, 3.0]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.integers(1, 80))
def test_smoothed_is_the_mean_over_the_last_steps(values, window):
    values = np.array(values)
    steps = np.cumsum(np.resize([1, 3, 2], len(values))).astype(float)
    expected = [values[(steps > s - window) & (steps <= s)].mean() for s in steps]
    np.testing.assert_allclose(smoothed(steps, values, window), expected, atol=1e-6)


def test_csv_holds_every_point_and_the_drawn_line():
    curves = some_curves()
    rows = list(csv.reader(io.StringIO(to_csv([curves], window_steps=2))))
    assert tuple(rows[0]) == CSV_HEADER
    assert len(rows) == 1 + 4 + 4 + 1
    train_loss = [row for row in rows[1:] if row[1:3] == ["train", "loss"]]
    assert [float(row[5]) for row in train_loss] == [200.0, 180.0, 160.0, 140.0]
    assert [float(row[6]) for row in train_loss] == [200.0, 190.0, 170.0, 150.0]
    assert {row[3] for row in rows[1:]} == {"nats per image"}
    only_kl = to_csv([curves], parts=["kl"])
    assert {row.split(",")[2] for row in only_kl.splitlines()[1:]} == {"kl"}


def test_units_stand_at_likelihoods_alone():
    assert unit("kl") == unit("reconstruction") == "nats per image"
    assert unit("mse") == "squared error per pixel"
    assert unit("learning_rate") == ""


def test_metrics_of_an_earlier_run_are_read_and_a_cut_line_is_passed_over():
    lines = [
        json.dumps({"step": 1, "split": "train", "values": {"loss": 9.0}}),
        json.dumps({"step": 2, "split": "train", "loss": 8.0, "kl": 1.0}),
        json.dumps({"step": 2, "kind": "change", "text": "beta = 4"}),
        json.dumps({"step": 2, "split": "test", "loss": 8.5}),
        "[]",
        '{"step": 3, "split": "tr',
    ]
    curves = collect(lines, "old")
    assert curves.series("train", "loss")[1].tolist() == [9.0, 8.0]
    assert curves.series("train", "kl")[0].tolist() == [2.0]
    assert curves.series("test", "loss")[1].tolist() == [8.5]
    assert [(mark.step, mark.text) for mark in curves.marks] == [(2, "beta = 4")]


def test_controls_follow_the_state():
    assert controls(None).start and not controls(None).stop
    assert controls(JobState.RUNNING).pause and not controls(JobState.RUNNING).start
    assert controls(JobState.PAUSED).resume and controls(JobState.PAUSED).advance
    stopping = controls(JobState.STOPPING)
    assert not any(
        (stopping.start, stopping.pause, stopping.resume, stopping.advance, stopping.stop)
    )
    assert controls(JobState.STOPPED).resume and controls(JobState.STOPPED).start
    assert controls(JobState.FAILED).start and controls(JobState.DONE).start
    assert not controls(JobState.DONE).resume


def test_a_run_that_is_over_stays_over():
    run = RunView(3, "vae", Recipe("vae", "mnist"))
    run = run.moved(StateChange(3, "vae", JobState.RUNNING))
    run = run.advanced(Progress(3, 50, 200)).advanced(Progress(4, 199, 200))
    assert (run.state, run.step, run.fraction, run.source) == (JobState.RUNNING, 50, 0.25, "live:3")
    failed = run.moved(
        StateChange(3, "vae", JobState.FAILED, 51, failure=Failure("The loss is NaN."))
    )
    assert failed.over and failed.failure is not None
    assert failed.moved(StateChange(3, "vae", JobState.RUNNING)).state is JobState.FAILED
    assert run.moved(StateChange(4, "vae", JobState.DONE)).state is JobState.RUNNING


def test_the_second_run_takes_the_other_slot():
    training = RunView(1, "a", Recipe("vae", "mnist"), JobState.RUNNING)
    over = RunView(2, "b", Recipe("vae", "mnist"), JobState.DONE)
    assert free_slot((None, None), 1) == 1
    assert free_slot((training, None), 0) == 1
    assert free_slot((training, over), 0) == 1
    assert free_slot((training, training), 0) is None


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
def test_time_left(seconds, text):
    assert time_left(seconds) == text


def test_names_say_what_is_special(tmp_path: Path):
    assert default_name("vae", {}, {}) == "vae"
    assert default_name("vae", {}, {"beta": 4.0}) == "vae beta 4"
    assert default_name("ae", {}, {"net": "conv", "latent_dim": 16}) == "ae conv 16d"
    (tmp_path / "vae").mkdir()
    assert fresh_name("vae", tmp_path) == "vae (2)"
    assert fresh_name("../x", tmp_path) == "-x"
    assert fresh_name("  ", tmp_path) == "run"
    assert changed_from({"a": 1, "b": 2}, {"a": 1, "b": 3}) == {"b": 3}


def test_command_line_leaves_out_what_is_so_anyway():
    recipe = Recipe(
        "vae",
        "folder:/my pictures?size=64",
        {"beta": 4.0, "net": "dense", "hidden": [512, 256]},
        {"lr": 0.0003, "batch_size": 128, "steps": 300, "device": "cpu", "threads": 2},
        7,
        Path("/runs/vae beta 4"),
    )
    line = command_line(
        recipe,
        {"beta": 1.0, "net": "dense", "hidden": [512]},
        {"lr": 0.001, "batch_size": 128, "device": "auto"},
    )
    words = shlex.split(line)
    assert words[:3] == ["genstudio", "train", "vae"]
    assert words[words.index("--data") + 1] == "folder:/my pictures?size=64"
    assert words[words.index("--out") + 1] == "/runs/vae beta 4"
    sets = [words[i + 1] for i, word in enumerate(words) if word == "--set"]
    assert sets == ["beta=4.0", "hidden=[512, 256]", "train.lr=0.0003"]
    for flag, value in {
        "--steps": "300",
        "--seed": "7",
        "--device": "cpu",
        "--threads": "2",
    }.items():
        assert words[words.index(flag) + 1] == value


def test_stored_frames_come_in_the_order_of_steps(tmp_path: Path):
    folder = tmp_path / "snapshots"
    folder.mkdir()
    for name in (
        "step-000100.safetensors",
        "step-000002.safetensors",
        "step-x.safetensors",
        "note.txt",
    ):
        (folder / name).touch()
    assert [frame.step for frame in stored(tmp_path)] == [2, 100]
    assert stored(tmp_path / "nothing") == []


def test_frames_follow_the_newest_until_the_hand_goes_back():
    frames = Frames()
    assert frames.shown is None and frames.index == -1
    for step in (0, 1, 4):
        assert frames.store(Frame(step, f"s{step}"))
    assert not frames.store(Frame(4, "again"))
    assert frames.shown == Frame(4, "s4")
    frames.live(Frame(9, "live:1", live=True))
    assert frames.shown is not None and frames.shown.live
    frames.choose(1)
    frames.store(Frame(16, "s16"))
    assert frames.shown == Frame(1, "s1") and len(frames) == 5
    frames.store(Frame(0, "s0 again"))
    assert frames.shown == Frame(1, "s1")
    frames.choose(99)
    frames.store(Frame(32, "s32"))
    assert frames.following and frames.shown is not None and frames.shown.live
    frames.live(None)
    assert frames.shown == Frame(32, "s32")


def test_frames_keep_what_the_hand_looks_at_when_an_older_step_arrives():
    frames = Frames()
    for step in (0, 10, 20, 30):
        frames.store(Frame(step, f"s{step}"))
    frames.choose(2)
    frames.store(Frame(5, "s5"))
    assert frames.shown == Frame(20, "s20")
