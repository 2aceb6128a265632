"""The Train panel in a hand: a tiny run, changed on the way, resumed, replayed."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from genstudio import data as data_sets
from genstudio import paths
from genstudio.data import Dataset, Source, Split
from genstudio.engine import runs as run_folders
from genstudio.engine.messages import Failure, JobState, StateChange
from genstudio.engine.settings import parse_settings, split_settings
from genstudio.models import family as family_named
from genstudio.ui import theme
from genstudio.ui.panels._train_runs import Slot
from genstudio.ui.panels.train import PANEL, TrainPanel
from genstudio.ui.session import Session

N_TRAIN, SIDE = 128, 8
TINY = {"net": "dense", "width": 16, "depth": 1, "blocks": "plain"}
QUICK = {
    "batch_size": 16,
    "epochs": None,
    "steps": 40,
    "precision": "float32",
    "threads": 1,
    "n_snapshots": 8,
    "memory_format": "contiguous",
    "warmup_steps": 0,
    "ema_decay": 0.0,
}
ENDLESS = 1_000_000


def tiny(_argument: str) -> Dataset:
    rng = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (N_TRAIN + 64, 1, SIDE, SIDE), generator=rng).to(torch.uint8)
    labels = torch.arange(N_TRAIN + 64) % 2
    train = Split(images=images[:N_TRAIN], labels=labels[:N_TRAIN])
    test = Split(images=images[N_TRAIN:], labels=labels[N_TRAIN:])
    return Dataset("tiny", "Tiny noise", (1, SIDE, SIDE), ["a", "b"], train, test)


@pytest.fixture
def session(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, "dark")
    source = Source("tiny", "Tiny noise", tiny, shape=(1, SIDE, SIDE))
    monkeypatch.setitem(data_sets.sources(), "tiny", source)
    session = Session("cpu")
    session.set_data("tiny")
    qtbot.waitUntil(lambda: session.torch_ready, timeout=20_000)
    yield session
    assert session.close()


@pytest.fixture
def panel(qtbot: QtBot, session: Session) -> Iterator[TrainPanel]:
    """The panel with its Inspector beside it, in front, the form set to a tiny run."""
    panel = TrainPanel(session)
    qtbot.addWidget(panel)
    inspector = panel.inspector()
    inspector.setParent(None)
    qtbot.addWidget(inspector)
    panel.resize(900, 640)
    inspector.resize(304, 900)
    inspector.show()
    panel.show()
    qtbot.waitExposed(panel)
    panel.activated()
    setup = inspector.setup
    setup.config_form().set_values(TINY)
    setup.settings_form().set_values(QUICK)
    yield panel
    panel.deactivated()


def click(widget: QWidget) -> None:
    assert widget.isEnabled()
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def steps(panel: TrainPanel, n: int) -> None:
    panel.inspector().setup.settings_form().set_values({"steps": n})


def slot_of(panel: TrainPanel, index: int = 0) -> Slot:
    slot = panel.runs.slots[index]
    assert slot is not None
    return slot


def until(qtbot: QtBot, condition: Callable[[], bool]) -> None:
    qtbot.waitUntil(condition, timeout=20_000)


def reaches(qtbot: QtBot, panel: TrainPanel, state: JobState, index: int = 0) -> None:
    until(qtbot, lambda: slot_of(panel, index).view.state is state)


def finished(qtbot: QtBot, panel: TrainPanel) -> Slot:
    click(panel.bar.main)
    reaches(qtbot, panel, JobState.DONE)
    return slot_of(panel)


def test_the_empty_panel_holds_one_sentence_and_its_button_starts_the_run(
    panel: TrainPanel, qtbot: QtBot
) -> None:
    assert panel.body.currentWidget() is panel.empty
    assert panel.empty.text() == "Train a model and watch it learn."
    assert panel.empty.button().endswith("on tiny")
    steps(panel, 5)
    click(panel.empty._button)
    reaches(qtbot, panel, JobState.DONE)
    assert panel.body.currentWidget() is panel.picture()
    assert slot_of(panel).view.step == 5
    assert "step 5 of 5" in panel.bar.words.text()
    assert "finished" in panel.bar.words.text()


def test_curves_are_drawn_point_by_point_with_units(panel: TrainPanel, qtbot: QtBot) -> None:
    finished(qtbot, panel)
    curves = panel.picture().curves
    until(qtbot, lambda: len(curves.data("loss", "train")[0]) == 40)
    until(qtbot, lambda: len(curves.data("loss", "test")[0]) >= 2)
    xs, ys = curves.data("loss", "train")
    assert xs.tolist() == list(range(1, 41))
    assert np.isfinite(ys).all()
    reconstruction = curves.data("reconstruction", "train")[1]
    kl = panel.picture().lower.data("kl", "train")[1]
    np.testing.assert_allclose(ys, reconstruction + kl, rtol=1e-5)
    assert {0, 40} <= set(curves.data("loss", "test")[0].tolist())
    until(qtbot, lambda: "nats" in curves.reading())
    losses = panel.inspector().live.losses
    until(qtbot, lambda: f"{ys[-1]:,.2f}" in dict(losses.rows()).get("loss", ""))


def test_csv_equals_what_is_shown(panel: TrainPanel, qtbot: QtBot, tmp_path: Path) -> None:
    finished(qtbot, panel)
    picture = panel.picture()
    picture.curves.export.save_csv(tmp_path / "curves.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "curves.csv").read_text())))
    for part, plot in (("loss", picture.curves), ("kl", picture.lower)):
        for split in ("train", "test"):
            xs, ys = plot.data(part, split)
            mine = [row for row in rows if (row["part"], row["split"]) == (part, split)]
            assert [int(row["step"]) for row in mine] == xs.tolist()
            assert [float(row["value"]) for row in mine] == ys.tolist()
    picture.curves.export.save_png(tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_curves_that_cannot_be_saved_are_told_in_the_banner(
    panel: TrainPanel, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(qtbot, panel)
    path = str(tmp_path / "missing" / "curves.csv")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (path, ""))
    panel.picture().curves.export.ask_csv()
    assert panel.banner.isVisibleTo(panel)
    assert path in panel.banner.text()


def test_pause_step_epoch_go_on_and_stop(panel: TrainPanel, qtbot: QtBot) -> None:
    steps(panel, ENDLESS)
    bar = panel.bar
    click(bar.main)
    reaches(qtbot, panel, JobState.RUNNING)
    until(qtbot, lambda: slot_of(panel).view.step > 0)
    assert bar.main.text() == "Pause"
    QTest.keyClick(panel, Qt.Key.Key_P)
    reaches(qtbot, panel, JobState.PAUSED)
    at = slot_of(panel).view.step
    click(bar.step_button)
    until(qtbot, lambda: slot_of(panel).view.step == at + 1)
    reaches(qtbot, panel, JobState.PAUSED)
    click(bar.epoch_button)
    until(qtbot, lambda: slot_of(panel).view.step == at + 1 + N_TRAIN // 16)
    reaches(qtbot, panel, JobState.PAUSED)
    assert panel.picture().curves.data("loss", "train")[0][-1] == at + 1 + N_TRAIN // 16
    click(bar.main)
    reaches(qtbot, panel, JobState.RUNNING)
    click(bar.stop_button)
    reaches(qtbot, panel, JobState.STOPPED)
    assert not bar.stop_button.isEnabled()
    assert (slot_of(panel).view.recipe.out / "model.safetensors").is_file()


@pytest.mark.parametrize(("button", "n"), [("step_button", 1), ("epoch_button", N_TRAIN // 16)])
def test_step_and_epoch_begin_a_run_that_waits(
    panel: TrainPanel, qtbot: QtBot, button: str, n: int
) -> None:
    click(getattr(panel.bar, button))
    until(qtbot, lambda: slot_of(panel).view.step == n)
    reaches(qtbot, panel, JobState.PAUSED)
    assert slot_of(panel).view.step == n


def test_a_live_change_is_typed_and_marked_on_the_curve(panel: TrainPanel, qtbot: QtBot) -> None:
    steps(panel, ENDLESS)
    click(panel.bar.main)
    until(qtbot, lambda: slot_of(panel).view.step > 0)
    live = panel.inspector().live
    assert set(live.forms) == {"", "train."}
    for prefix, key, text in (("", "beta", "4"), ("train.", "lr", "0.0005")):
        field = live.forms[prefix].field_widget(key)
        assert isinstance(field, QLineEdit)
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)
    until(qtbot, lambda: len(slot_of(panel).curves.marks) == 2)
    marks = slot_of(panel).curves.marks
    assert [mark.text for mark in marks] == ["beta = 4", "lr = 0.0005"]
    assert panel.picture().curves.marks() == [(mark.step, mark.text) for mark in marks]
    curves = panel.picture().curves
    until(qtbot, lambda: max(curves.data("loss", "train")[0], default=0) >= marks[0].step)
    click(panel.bar.stop_button)
    reaches(qtbot, panel, JobState.STOPPED)
    kinds = [row for row in run_folders.rows(slot_of(panel).view.recipe.out) if "kind" in row]
    assert sum(row["kind"] == "change" for row in kinds) == 2


def test_a_stopped_run_is_resumed_to_its_end(panel: TrainPanel, qtbot: QtBot) -> None:
    click(panel.bar.step_button)
    until(qtbot, lambda: slot_of(panel).view.step == 1)
    reaches(qtbot, panel, JobState.PAUSED)
    click(panel.bar.stop_button)
    reaches(qtbot, panel, JobState.STOPPED)
    folder = slot_of(panel).view.recipe.out
    before = panel.picture().curves.data("loss", "train")[1].tolist()
    click(panel.bar.resume_button)
    reaches(qtbot, panel, JobState.DONE)
    assert slot_of(panel).view.recipe.out == folder
    xs, ys = panel.picture().curves.data("loss", "train")
    assert xs.tolist() == list(range(1, 41))
    assert ys[: len(before)].tolist() == before
    assert [mark.text for mark in slot_of(panel).curves.marks] == ["Resumed at step 1"]


def test_a_run_of_another_day_is_resumed_from_its_folder(
    panel: TrainPanel, qtbot: QtBot, session: Session
) -> None:
    click(panel.bar.step_button)
    until(qtbot, lambda: slot_of(panel).view.step == 1)
    reaches(qtbot, panel, JobState.PAUSED)
    click(panel.bar.stop_button)
    reaches(qtbot, panel, JobState.STOPPED)
    folder = slot_of(panel).view.recipe.out
    panel.runs.slots[0] = None  # as after a new start of the program
    panel.choose(0)
    assert panel.resume_folder(folder)
    reaches(qtbot, panel, JobState.DONE)
    until(qtbot, lambda: panel.picture().curves.data("loss", "train")[0].tolist()[:1] == [1])
    assert slot_of(panel).view.recipe.config["width"] == 16
    assert panel.resume_folder(folder.parent / "nothing") == 0
    assert "no complete checkpoint" in panel.banner.text()


def test_two_runs_train_side_by_side_with_their_own_controls(
    panel: TrainPanel, qtbot: QtBot
) -> None:
    steps(panel, ENDLESS)
    panel.inspector().setup.name.setText("first")
    click(panel.bar.main)
    until(qtbot, lambda: slot_of(panel).view.step > 0)
    click(panel.bar.chips[1])
    assert panel.body.currentWidget() is panel.empty
    panel.inspector().setup.name.setText("second")
    click(panel.bar.main)
    until(qtbot, lambda: slot_of(panel, 1).view.step > 0)
    assert [chip.text() for chip in panel.bar.chips] == ["first", "second"]
    click(panel.bar.main)
    reaches(qtbot, panel, JobState.PAUSED, 1)
    assert slot_of(panel, 0).view.state is JobState.RUNNING
    assert panel.start() == 0  # both slots train
    assert "Two runs are training" in panel.banner.text()
    click(panel.bar.chips[0])
    until(qtbot, lambda: panel.picture().curves.overlays() == ["second"])
    for index in (0, 1):
        click(panel.bar.chips[index])
        click(panel.bar.stop_button)
        reaches(qtbot, panel, JobState.STOPPED, index)


def test_pictures_of_the_live_model_and_time_travel(panel: TrainPanel, qtbot: QtBot) -> None:
    previews = panel.picture().previews
    finished(qtbot, panel)
    until(qtbot, lambda: previews.samples.view.image() is not None)
    until(qtbot, lambda: not previews.sheet.isHidden())
    timeline = panel.timeline()
    assert timeline is not None
    assert timeline.label(timeline.index()) == "step 40 of 40"
    until(qtbot, lambda: "40" in previews.title.text())
    last = np.array(previews.samples.view.image())
    timeline.set_index(0)
    until(qtbot, lambda: previews.title.text() == "Stored step 0")
    assert not np.array_equal(previews.samples.view.image(), last)
    timeline.set_index(timeline.count() - 1)
    until(qtbot, lambda: "40" in previews.title.text())
    np.testing.assert_array_equal(previews.samples.view.image(), last)
    stored = [step for step, _ in run_folders.snapshots(slot_of(panel).view.recipe.out)]
    assert [int(timeline.label(i).split()[1]) for i in range(timeline.count())] == stored


def test_after_a_step_the_pictures_are_of_that_step(panel: TrainPanel, qtbot: QtBot) -> None:
    previews = panel.picture().previews
    seen: list[np.ndarray] = []
    for n in (1, 2, 3):
        click(panel.bar.step_button)
        until(qtbot, lambda n=n: previews.title.text() == f"Live model at step {n}")
        seen.append(np.array(previews.samples.view.image()))
    assert not np.array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[1], seen[2])
    reaches(qtbot, panel, JobState.PAUSED)
    click(panel.bar.stop_button)
    until(qtbot, lambda: previews.title.text() == "Stored step 3")
    np.testing.assert_array_equal(previews.samples.view.image(), seen[2])


def test_the_timeline_stays_where_the_hand_put_it_while_training_goes_on(
    panel: TrainPanel, qtbot: QtBot
) -> None:
    steps(panel, ENDLESS)
    click(panel.bar.main)
    until(qtbot, lambda: slot_of(panel).view.step > 3)
    timeline = panel.timeline()
    assert timeline is not None
    assert timeline.index() == timeline.count() - 1
    timeline.set_index(0)
    at = slot_of(panel).view.step
    until(qtbot, lambda: slot_of(panel).view.step > at + 20)
    assert timeline.index() == 0
    timeline.set_index(timeline.count() - 1)
    at = slot_of(panel).view.step
    until(qtbot, lambda: slot_of(panel).view.step > at)
    assert timeline.index() == timeline.count() - 1


def test_active_units_stand_beside_the_kl(panel: TrainPanel, qtbot: QtBot) -> None:
    finished(qtbot, panel)
    live = panel.inspector().live
    until(qtbot, lambda: bool(live.code.rows()))
    rows = dict(live.code.rows())
    assert rows["active units"].endswith("of 2")
    assert rows["KL of z1"].endswith("nats")
    newest = f"{panel.slot().view.step:,}"  # the count catches up when the run is over
    until(qtbot, lambda: dict(live.code.rows())["of step"] == newest)
    assert dict(live.losses.rows())["of step"].split()[0] == newest
    live.show_units([("active units", "0 of 2")], "Posterior collapse: every image gets one code.")
    assert live.alarm.isVisibleTo(live)


def test_the_unit_and_the_plane_are_those_of_the_run_in_view(
    panel: TrainPanel, qtbot: QtBot
) -> None:
    finished(qtbot, panel)
    picture = panel.picture()
    until(qtbot, lambda: "z1 -3 to 3" in picture.previews.sheet.caption.text())
    until(qtbot, lambda: picture.curves._y_label == "nats per image")
    setup = panel.inspector().setup
    setup.family.setCurrentIndex(setup.family.findData("ae"))
    setup.config_form().set_values({**TINY, "likelihood": "gaussian"})
    setup.settings_form().set_values(QUICK)
    finished(qtbot, panel)
    until(qtbot, lambda: picture.curves._y_label == "squared error per image")
    until(qtbot, lambda: "z1 -3 to 3" not in picture.previews.sheet.caption.text())
    assert picture.lower.isHidden()
    assert panel.inspector().live.forms.keys() == {"train."}


def test_a_failure_is_a_sentence_and_start_works_again(panel: TrainPanel, qtbot: QtBot) -> None:
    panel.inspector().setup.settings_form().set_values({"lr": 1e30})
    click(panel.bar.main)
    reaches(qtbot, panel, JobState.FAILED)
    assert panel.banner.isVisibleTo(panel)
    assert panel.banner.kind() == "error"
    assert "step" in panel.banner.text()
    assert panel.bar.main.text() == "Start"
    panel.inspector().setup.settings_form().set_values({"lr": 1e-3})
    finished(qtbot, panel)
    assert not panel.banner.isVisibleTo(panel)


def test_a_wrong_setting_is_refused_before_anything_starts(panel: TrainPanel, qtbot: QtBot) -> None:
    panel.inspector().setup.config_form().set_values({"width": 0})
    assert not panel.bar.main.isEnabled()
    assert panel.start() == 0
    assert "Width" in panel.banner.text()
    assert panel.slot() is None
    panel.inspector().setup.config_form().set_values({"width": 16})
    panel.inspector().setup.data.setCurrentText("nothing")
    run = panel.start()
    assert run
    reaches(qtbot, panel, JobState.FAILED)
    assert "nothing" in panel.banner.text()


def test_the_failure_stays_with_its_run(panel: TrainPanel, qtbot: QtBot) -> None:
    slot = finished(qtbot, panel)
    slot.view = slot.view.__class__(slot.view.run, "x", slot.view.recipe, JobState.RUNNING)
    failure = Failure("The disk is full.", "Free some space.")
    panel.session.job_state.emit(
        StateChange(slot.view.run, "x", JobState.FAILED, 3, failure=failure)
    )
    assert panel.banner.text() == "The disk is full. Free some space."
    click(panel.bar.chips[1])
    assert not panel.banner.isVisibleTo(panel)
    click(panel.bar.chips[0])
    assert panel.banner.isVisibleTo(panel)


def test_the_command_line_makes_the_same_run(panel: TrainPanel, qtbot: QtBot) -> None:
    setup = panel.inspector().setup
    setup.config_form().set_values({"beta": 4.0})
    click(setup.copy_button)
    form_line = QGuiApplication.clipboard().text()
    slot = finished(qtbot, panel)
    click(panel.inspector().live.copy_button)
    line = QGuiApplication.clipboard().text()
    assert line == form_line
    assert slot.card is not None
    assert line == slot.card.command
    words = shlex.split(line)
    pairs = list(zip(words[3::2], words[4::2], strict=True))
    vae = family_named("vae")
    sets = [value for flag, value in pairs if flag == "--set"]
    own = {k[2:]: int(v) if v.isdigit() else v for k, v in pairs if k not in ("--set", "--out")}
    assert own.pop("data") == "tiny"
    config, settings = split_settings(parse_settings(sets, vae), vae, own)
    assert config == vae.configure(dict(slot.view.recipe.config))
    assert settings.model_dump() == {**settings.model_dump(), **slot.view.recipe.settings}


def test_the_run_is_named_by_what_is_special(panel: TrainPanel, qtbot: QtBot) -> None:
    setup = panel.inspector().setup
    setup.config_form().reset()
    setup.config_form().set_values({"beta": 4.0})
    assert setup.suggested_name() == "vae beta 4"
    assert setup.recipe().out == paths.user_runs() / "vae beta 4"


def test_an_earlier_run_is_laid_over(panel: TrainPanel, qtbot: QtBot) -> None:
    panel.inspector().setup.name.setText("old")
    steps(panel, 5)
    old = finished(qtbot, panel).view.recipe.out
    panel.inspector().setup.name.setText("new")
    steps(panel, 8)
    finished(qtbot, panel)
    assert panel.files.earlier() == [old]
    panel.files.lay_over(old, True)
    curves = panel.picture().curves
    until(qtbot, lambda: curves.overlays() == ["old"])
    assert curves.data("loss", "train", "old")[0].tolist() == [1, 2, 3, 4, 5]
    panel.files.lay_over(old, False)
    assert curves.overlays() == []
    setup = panel.inspector().setup
    setup.config_form().set_values({"likelihood": "gaussian"})
    setup.name.setText("other")
    finished(qtbot, panel)
    panel.files.lay_over(old, True)
    assert "another unit" in panel.banner.text()
    assert curves.overlays() == []


def test_the_manifold_follows_the_live_model(
    panel: TrainPanel, qtbot: QtBot, session: Session
) -> None:
    steps(panel, ENDLESS)
    click(panel.bar.main)
    button = panel.inspector().live.views["manifold"]
    until(qtbot, lambda: not button.isHidden())
    assert panel.inspector().live.views["denoise"].isHidden()  # a VAE does not walk in steps
    with qtbot.waitSignal(session.panel_wanted) as wanted:
        click(button)
    assert wanted.args == ["manifold"]
    ref = session.model("A")
    assert ref is not None
    assert ref.run == slot_of(panel).view.run
    with qtbot.waitSignal(session.weights_moved, timeout=20_000):
        pass


def test_a_run_that_the_manifold_shows_goes_on_being_published(
    panel: TrainPanel, qtbot: QtBot, session: Session
) -> None:
    steps(panel, ENDLESS)
    click(panel.bar.main)
    until(qtbot, lambda: not panel.inspector().live.views["manifold"].isHidden())
    panel.show_in("manifold")
    click(panel.bar.chips[1])
    panel.deactivated()
    with qtbot.waitSignal(session.weights_moved, timeout=20_000) as first:
        pass
    with qtbot.waitSignal(session.weights_moved, timeout=20_000) as second:
        pass
    assert second.args[1] > first.args[1]


def test_a_start_before_torch_is_loaded_waits_for_it(
    panel: TrainPanel, qtbot: QtBot, session: Session
) -> None:
    early = TrainPanel(session)
    qtbot.addWidget(early)
    session.torch_ready = False
    assert early.start() == 0
    assert early.empty.text() == "The run starts as soon as torch is loaded."
    session.torch_ready = True
    session.ready.emit()
    reaches(qtbot, early, JobState.RUNNING)
    early.runs.stop(0)
    reaches(qtbot, early, JobState.STOPPED)


def test_nothing_is_asked_while_nobody_looks(
    panel: TrainPanel, qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel.deactivated()
    asked: list[str] = []
    ask = session.ask
    monkeypatch.setattr(session, "ask", lambda *a, **k: asked.append(a[2]) or ask(*a, **k))
    click(panel.bar.main)
    reaches(qtbot, panel, JobState.DONE)
    assert asked == []
    panel.activated()
    until(qtbot, lambda: "metrics.preview:look" in asked)
    assert panel.picture().curves.data("loss", "train")[0].tolist() == list(range(1, 41))


def test_the_form_comes_back(panel: TrainPanel, qtbot: QtBot, session: Session) -> None:
    panel.inspector().setup.config_form().set_values({"beta": 2.0})
    state = panel.state()
    other = TrainPanel(session)
    qtbot.addWidget(other)
    other.restore(state)
    other.restore({"form": {"family": "none", "config": 3}, "picture": []})
    page = other.inspector()
    page.setup.restore(state["form"])
    assert page.setup.config_form().values()["beta"] == 2.0
    assert page.setup.data.currentText() == "tiny"


def test_it_stands_one_above_the_other_where_it_is_narrow(panel: TrainPanel, qtbot: QtBot) -> None:
    finished(qtbot, panel)
    panel.resize(1100, 640)
    assert panel.picture()._split.orientation() == Qt.Orientation.Horizontal
    for width in (532, 480):
        until(qtbot, lambda width=width: (panel.resize(width, 640), panel.width())[1] == width)
    assert panel.picture()._split.orientation() == Qt.Orientation.Vertical
    assert panel.body.height() > 0.5 * panel.height()


def test_every_control_has_a_name_and_a_tooltip(panel: TrainPanel) -> None:
    bar = panel.bar
    controls = (bar.main, bar.step_button, bar.epoch_button, bar.stop_button, *bar.chips)
    for control in (*controls, panel.files, bar.resume_button):
        assert control.toolTip()
        assert control.accessibleName() or control.text()
    assert "eq. 3" in PANEL.help
    assert "Burda et al. 2016" in PANEL.help


DIFFUSION = {"n_steps": 20, "channels": 4, "levels": 1, "blocks_per_level": 1, "attention": False}


def test_a_diffusion_model_shows_its_lesson_and_its_loss_by_noise_level(
    panel: TrainPanel, qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    ask = session.ask
    monkeypatch.setattr(session, "ask", lambda *a, **k: asked.append(a[2]) or ask(*a, **k))
    setup = panel.inspector().setup
    setup.family.setCurrentIndex(setup.family.findData("ddpm"))
    setup.config_form().set_values(DIFFUSION)
    setup.settings_form().set_values({**QUICK, "ema_decay": 0.9, "steps": 12})
    finished(qtbot, panel)
    previews, lower = panel.picture().previews, panel.picture().lower
    until(qtbot, lambda: "step 12" in previews.title.text())
    assert previews.samples.caption.text() == f"samples, EMA weights, seed {session.seed}"
    assert "x0_hat" in previews.pairs.caption.text()
    pairs = previews.pairs.view.image()
    assert pairs is not None
    assert pairs.shape[0] == 3 * SIDE
    assert previews.sheet.isHidden()
    assert not {"latent.encodings:encode", "metrics.units:active"} & set(asked)
    quarters = ["t 1 to 5", "t 6 to 10", "t 11 to 15", "t 16 to 20"]
    until(qtbot, lambda: len(lower.data(quarters[0], "train")[0]) == 12)
    assert lower.parts() == quarters
    assert list(lower.bar.pills) == quarters
    for name in quarters:
        assert len(lower.data(name, "test")[0]) >= 2
    assert "nats" not in panel.picture().curves.reading()
    assert "mean squared error" in panel.picture().curves.reading()
    rows = dict(panel.inspector().live.losses.rows())
    assert set(quarters) < set(rows)
    with qtbot.waitSignal(session.panel_wanted) as wanted:
        click(panel.inspector().live.views["denoise"])
    assert wanted.args == ["denoise"]
    loss = panel.picture().curves.data("loss", "test")[1][-1]
    assert f"{loss:.4f}" in rows["loss"]
    timeline = panel.timeline()
    assert timeline is not None
    before = previews.samples.view.image().copy()
    timeline.set_index(0)
    until(qtbot, lambda: previews.title.text() == "Stored step 0")
    assert not np.array_equal(previews.samples.view.image(), before)
    assert panel.banner.isHidden()
