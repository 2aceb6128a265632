"""The Train panel's parts that need no window: curves, CSV, run state, names, command line, frames
of the timeline.
"""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np

from genstudio.engine import runs
from genstudio.engine.messages import Failure, JobState, Progress, StateChange
from genstudio.engine.settings import parse_settings, split_settings, train_settings
from genstudio.models import family as family_named
from genstudio.ui.panels._train_curves import Curves, earlier, mark_text
from genstudio.ui.panels._train_frames import Frame, Frames, stored
from genstudio.ui.panels._train_job import command_of
from genstudio.ui.panels._train_parts import is_lower, names
from genstudio.ui.panels._train_run import (
    Recipe,
    RunView,
    changed_from,
    controls,
    default_name,
    free_slot,
    fresh_name,
    loss_scale,
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
    assert curves.add("train", np.array([3, 4, 5]), {"loss": np.array([1.0, 2.0, 3.0])})
    assert not curves.add("train", np.array([6]), {"loss": np.array([4.0])})
    steps, values = curves.series("train", "loss")
    assert steps.tolist() == [1, 2, 3, 4, 5, 6]
    assert values.tolist() == [200.0, 180.0, 1.0, 2.0, 3.0, 4.0]


def test_what_a_resumed_run_wrote_before_is_put_before():
    now = Curves("vae")
    now.add("train", np.array([4, 5]), {"loss": np.array([40.0, 50.0])})
    now.mark(4, "Resumed at step 3", "resumed")
    before = some_curves()
    before.mark(2, "beta = 4")
    now.put_before(before)
    assert now.series("train", "loss")[0].tolist() == [1, 2, 3, 4, 5]
    assert now.series("train", "loss")[1].tolist() == [200.0, 180.0, 160.0, 40.0, 50.0]
    assert now.series("test", "loss")[1].tolist() == [150.0]
    assert [mark.step for mark in now.marks] == [2, 4]


def test_a_mark_says_the_new_value():
    assert mark_text({"key": "beta", "value": 4.0, "text": "x"}) == "beta = 4"
    assert mark_text({"key": "train.lr", "value": 3e-4}) == "lr = 0.0003"
    assert mark_text({"text": "Resumed at step 7."}) == "Resumed at step 7"


def test_curves_of_an_earlier_run_are_read_and_a_cut_line_is_passed_over(tmp_path: Path):
    runs.append(
        tmp_path,
        [
            *runs.scalar_rows("train", np.array([1, 2]), {"loss": np.array([9.0, 8.0])}),
            *runs.scalar_rows(
                "train", np.array([3]), {"loss": np.array([7.0]), "kl": np.array([1.0])}
            ),
            *runs.scalar_rows("test", np.array([2]), {"loss": np.array([8.5])}),
            {"step": 2, "kind": "change", "text": "beta changed.", "key": "beta", "value": 4.0},
            {"step": 2, "kind": "checkpoint", "text": "Saved at step 2."},
        ],
    )
    with (tmp_path / runs.METRICS).open("a") as file:
        file.write('{"step": 4, "split": "tr')
    curves = earlier(None, str(tmp_path), "old")
    assert curves.series("train", "loss")[1].tolist() == [9.0, 8.0, 7.0]
    assert curves.series("train", "kl")[0].tolist() == [3.0]
    assert curves.series("test", "loss")[1].tolist() == [8.5]
    assert [(mark.step, mark.text) for mark in curves.marks] == [(2, "beta = 4")]
    assert earlier(None, str(tmp_path / "none"), "none").parts() == []


def test_controls_follow_the_state():
    assert controls(None).start
    assert not controls(None).stop
    assert controls(JobState.RUNNING).pause
    assert not controls(JobState.RUNNING).start
    assert controls(JobState.PAUSED).resume
    assert controls(JobState.PAUSED).advance
    stopping = controls(JobState.STOPPING)
    assert not any(
        (stopping.start, stopping.pause, stopping.resume, stopping.advance, stopping.stop)
    )
    assert controls(JobState.STOPPED).resume
    assert controls(JobState.STOPPED).start
    assert controls(JobState.FAILED).start
    assert controls(JobState.DONE).start
    assert not controls(JobState.DONE).resume


def test_a_run_that_is_over_stays_over():
    run = RunView(3, "vae", Recipe("vae", "mnist"))
    run = run.moved(StateChange(3, "vae", JobState.RUNNING))
    run = run.advanced(Progress(3, 50, 200)).advanced(Progress(4, 199, 200))
    assert (run.state, run.step, run.fraction, run.source) == (JobState.RUNNING, 50, 0.25, "live:3")
    failed = run.moved(
        StateChange(3, "vae", JobState.FAILED, 51, failure=Failure("The loss is NaN."))
    )
    assert failed.over
    assert failed.failure is not None
    assert failed.moved(StateChange(3, "vae", JobState.RUNNING)).state is JobState.FAILED
    assert run.moved(StateChange(4, "vae", JobState.DONE)).state is JobState.RUNNING


def test_losses_in_other_units_are_told_apart():
    nats = loss_scale("vae", {"likelihood": "bernoulli"})
    assert loss_scale("ae", {"likelihood": "bernoulli"}) == nats
    error = loss_scale("ae", {"likelihood": "gaussian"})
    assert (
        len({nats, error, loss_scale("vae", {"likelihood": "gaussian"}), loss_scale("pca", {})})
        == 4
    )


def test_the_second_run_takes_the_other_slot():
    training = RunView(1, "a", Recipe("vae", "mnist"), JobState.RUNNING)
    over = RunView(2, "b", Recipe("vae", "mnist"), JobState.DONE)
    assert free_slot((None, None), 1) == 1
    assert free_slot((training, None), 0) == 1
    assert free_slot((training, over), 0) == 1
    assert free_slot((training, training), 0) is None


def test_names_say_what_is_special(tmp_path: Path):
    assert default_name("vae", {}) == "vae"
    assert default_name("vae", {"beta": 4.0}) == "vae beta 4"
    assert default_name("ae", {"net": "conv", "latent_dim": 16}) == "ae conv 16d"
    (tmp_path / "vae").mkdir()
    assert fresh_name("vae", tmp_path) == "vae (2)"
    assert fresh_name("../x", tmp_path) == "-x"
    assert fresh_name("  ", tmp_path) == "run"
    assert changed_from({"a": 1, "b": 2}, {"a": 1, "b": 3}) == {"b": 3}


def options(line: str) -> tuple[dict[str, str], list[str]]:
    """The options of a command line with their values, and the values of --set."""
    words = shlex.split(line)
    assert words[:2] == ["genstudio", "train"]
    pairs = list(zip(words[3::2], words[4::2], strict=True))
    return {k: v for k, v in pairs if k != "--set"}, [v for k, v in pairs if k == "--set"]


def test_command_line_is_read_back_as_the_same_settings():
    family = family_named("vae")
    config = family.configure({"beta": 4, "net": "conv", "latent_dim": 8, "binarize": "input"})
    settings = train_settings(
        {"ema_decay": 0.0, "batch_size": 128, "precision": "float32", "seed": 3, "epochs": 20}
    )
    values = config.model_dump(), settings.model_dump()
    given, sets = options(command_of(Recipe("vae", "folder:/my x?size=28", *values, Path("x y"))))
    assert (given.pop("--data"), given.pop("--out")) == ("folder:/my x?size=28", "x y")
    own = {key[2:]: int(v) if v.isdigit() else v for key, v in given.items()}
    read = split_settings(parse_settings(sets, family), family, own)
    assert read == (config, settings)


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
    assert frames.shown is None
    assert frames.index == -1
    for step in (0, 1, 4):
        assert frames.store(Frame(step, f"s{step}"))
    assert not frames.store(Frame(4, "again"))
    assert frames.shown == Frame(4, "s4")
    frames.live(Frame(9, "live:1", live=True))
    assert frames.shown is not None
    assert frames.shown.live
    frames.choose(1)
    frames.store(Frame(16, "s16"))
    assert frames.shown == Frame(1, "s1")
    assert len(frames) == 5
    frames.store(Frame(0, "s0 again"))
    assert frames.shown == Frame(1, "s1")
    frames.choose(99)
    frames.store(Frame(32, "s32"))
    assert frames.following
    assert frames.shown is not None
    assert frames.shown.live
    frames.live(None)
    assert frames.shown == Frame(32, "s32")


def test_frames_keep_what_the_hand_looks_at_when_an_older_step_arrives():
    frames = Frames()
    for step in (0, 10, 20, 30):
        frames.store(Frame(step, f"s{step}"))
    frames.choose(2)
    frames.store(Frame(5, "s5"))
    assert frames.shown == Frame(20, "s20")


def test_losses_at_noise_levels_are_called_by_their_times():
    parts = ["loss", "loss_t1000", "loss_t250", "loss_t500", "loss_t750", "kl", "loss_total"]
    assert names(parts, str) == {
        "loss": "loss",
        "loss_t250": "t 1 to 250",
        "loss_t500": "t 251 to 500",
        "loss_t750": "t 501 to 750",
        "loss_t1000": "t 751 to 1000",
        "kl": "kl",
        "loss_total": "loss_total",
    }
    assert [part for part in parts if is_lower(part)] == [
        "loss_t1000", "loss_t250", "loss_t500", "loss_t750", "kl"
    ]  # fmt: skip


def test_a_run_says_whether_its_weights_are_averaged():
    assert Recipe("ddpm", "mnist", {}, {"ema_decay": 0.999}).averaged
    assert not Recipe("ddpm", "mnist", {}, {"ema_decay": 0.0}).averaged
    assert not Recipe("ddpm", "mnist").averaged
