"""The window as a user meets it: first sight, keys, menus, drops, projects, and its end."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog
from pytestqt.qtbot import QtBot

from genstudio import paths
from genstudio.abilities import BadInput, Card
from genstudio.engine.messages import Event, Failure, Progress
from genstudio.project import Project
from genstudio.ui import theme
from genstudio.ui.main_window import MainWindow
from tests.ui.conftest import write_model

Make = Callable[..., MainWindow]


def drop(window: MainWindow, *files: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in files])
    event = QDropEvent(
        QPointF(700, 400),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    window.dropEvent(event)


def settled(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(window.session.idle, timeout=20_000)


def test_the_first_sight_is_the_shipped_vae_before_any_click(window: MainWindow) -> None:
    assert window.session.model("A").card.name == "vae-mnist-2d"
    assert window.panels.front == "manifold"
    assert window.banner.isHidden()
    assert "vae" in window.windowTitle().lower() or "autoencoder" in window.windowTitle().lower()
    assert window.inspector.currentWidget().objectName() == "inspector-manifold"
    assert window.top_bar.model_box.currentData() == "vae-mnist-2d"


def test_the_number_keys_bring_panels_forward(window: MainWindow, qtbot: QtBot) -> None:
    first, second = (spec.key for spec in window.panels.specs()[:2])
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert window.panels.front == second
    qtbot.waitUntil(lambda: not window.panels.seen(first))
    assert window.panels.seen(second)
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.panels.seen(first) and not window.panels.seen(second))


def test_space_plays_wherever_no_one_takes_it(window: MainWindow, qtbot: QtBot) -> None:
    bar = window.transport
    bar.setEnabled(True)
    bar.set_count(9)
    panel = window.panels.panel("manifold")
    panel.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    panel.setFocus()
    qtbot.keyClick(panel, Qt.Key.Key_Space)
    assert bar.playing()
    qtbot.keyClick(panel, Qt.Key.Key_Space)
    assert not bar.playing()


def test_panels_stand_side_by_side_and_come_back(window: MainWindow, qtbot: QtBot) -> None:
    window.panels.show_panel("train")
    window.panels.split(Qt.Orientation.Horizontal)
    area = window.panels
    qtbot.waitUntil(lambda: area.seen("manifold") and area.seen("train"))
    assert area.panel("manifold").width() > 300
    window.reset_layout()
    qtbot.waitUntil(lambda: area.seen("manifold") != area.seen("train"))


def test_a_layout_of_other_panels_is_left_alone(make_window: Make, qtbot: QtBot) -> None:
    first = make_window()
    keys = [spec.key for spec in first.panels.specs()]
    first.panels.show_panel(keys[-1])
    first.panels.split(Qt.Orientation.Horizontal)
    first.close()
    again = make_window()
    assert not again.panels.tabifiedDockWidgets(again.panels._docks[keys[-1]])
    again.close()
    again.settings.setValue("panel-keys", "manifold")
    again.settings.sync()
    third = make_window()
    assert third.panels.tabifiedDockWidgets(third.panels._docks[keys[-1]])


def test_a_model_is_chosen_in_the_bar(window: MainWindow, qtbot: QtBot) -> None:
    box = window.top_bar.model_box
    index = box.findData("ae-mnist-16d")
    box.setCurrentIndex(index)
    box.activated.emit(index)
    settled(window, qtbot)
    assert window.session.model("A").card.latent_dim == 5


def test_dropped_weights_are_shown_and_stay_in_the_library(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    folder = write_model(tmp_path / "nasty dir ü $(x)", "vae", "mine")
    drop(window, folder / "model.safetensors")
    qtbot.waitUntil(lambda: "nasty" in window.session.model("A").source, timeout=10_000)
    settled(window, qtbot)
    assert window.banner.isHidden()
    assert [entry.kind for entry in window.library.entries()][-1] == "file"


@pytest.mark.parametrize("kind", ["truncated", "pickle", "text", "unknown"])
def test_a_hostile_file_is_one_sentence_and_changes_nothing(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, kind: str
) -> None:
    good = write_model(tmp_path / "good", "vae", "good") / "model.safetensors"
    canary = tmp_path / "canary"
    pickled = b"cos\nsystem\n(S'touch " + str(canary).encode() + b"'\ntR."
    contents = {
        "truncated": good.read_bytes()[:-20],
        "pickle": pickled,
        "text": b"hello",
        "unknown": b"\x00" * 64,
    }
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(contents[kind])
    drop(window, bad)
    qtbot.waitUntil(lambda: not window.banner.isHidden(), timeout=10_000)
    assert window.banner.text().endswith(".")
    assert window.session.model("A").card.name == "vae-mnist-2d"
    assert not canary.exists()


def test_a_dropped_image_is_offered_in_the_models_shape(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "three.png"
    pixels = np.zeros((60, 50), np.uint8)
    pixels[10:50, 20:26] = 255
    Image.fromarray(pixels).save(file)
    with qtbot.waitSignal(window.session.image_offered) as offered:
        drop(window, file)
    image, title = offered.args
    assert image.shape == (1, 28, 28)
    assert image.max() > 0.9
    assert title == "three.png"


def test_a_stroke_on_the_canvas_is_laid_out_as_mnist(window: MainWindow, qtbot: QtBot) -> None:
    offered: list[np.ndarray] = []
    window.session.image_offered.connect(lambda image, title: offered.append(image))
    canvas = window.library.canvas
    sheet = canvas.sheet_rect().toRect()
    start, end = sheet.center() - QPoint(30, 40), sheet.center() + QPoint(30, 40)
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    for i in range(1, 9):
        x = start.x() + (end.x() - start.x()) * i // 8
        qtbot.mouseMove(canvas, QPoint(x, start.y() + 10 * i))
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=end)
    qtbot.waitUntil(lambda: bool(offered))
    rows = np.nonzero(offered[-1][0].sum(1))[0]
    assert 15 <= rows.max() - rows.min() + 1 <= 22  # the box of 20 that MNIST's digits stand in


def test_a_project_goes_out_and_comes_back(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "lesson.genstudio"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(file), ""))
    window.session.show("A", "ae-mnist-16d")
    window.session.set_seed(11)
    settled(window, qtbot)
    qtbot.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    saved = window.project()
    window.session.show("A", "vae-mnist-2d")
    window.session.set_seed(3)
    drop(window, file)
    settled(window, qtbot)
    assert window.session.seed == 11
    assert window.session.model("A").source == "ae-mnist-16d"
    assert window.project().models == saved.models
    assert window.top_bar.seed_box.value() == 11


def test_a_damaged_project_changes_nothing(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "broken.genstudio"
    file.write_text('{"schema_version": 1, "seed": "x"')
    before = window.project()
    drop(window, file)
    assert "not JSON" in window.banner.text()
    assert window.project() == before


def test_the_last_session_comes_back_at_the_next_start(make_window: Make, qtbot: QtBot) -> None:
    first = make_window()
    first.session.show("A", "ae-mnist-16d")
    first.panels.show_panel("train")
    settled(first, qtbot)
    last = first.project()
    first.close()
    second = make_window(project=last)
    assert second.session.model("A").source == "ae-mnist-16d"
    assert second.panels.front == "train"


def test_the_slots_beside_come_back_and_leave_the_top_bar_alone(
    make_window: Make, qtbot: QtBot
) -> None:
    first = make_window()
    title = first.windowTitle()
    for slot, source in (("D", "vae-mnist-2d"), ("B", "ae-mnist-16d")):
        first.session.show(slot, source)
    settled(first, qtbot)
    assert first.top_bar.model_box.currentData() == "vae-mnist-2d"
    assert first.windowTitle() == title
    last = first.project()
    first.close()
    second = make_window(project=last, weights="ae-mnist-16d")
    assert {slot: ref.source for slot, ref in second.session.slots().items()} == {
        "A": "ae-mnist-16d",
        "B": "ae-mnist-16d",
        "D": "vae-mnist-2d",
    }
    second.apply_project(Project(models={"B": "vae-mnist-2d", "E": "vae-mnist-2d"}))
    settled(second, qtbot)
    assert list(second.session.slots()) == ["A", "B"]
    assert "A to D" in second.banner.text()


def test_a_session_whose_model_has_gone_opens_on_the_shipped_one(make_window: Make) -> None:
    window = make_window(project=Project(models={"A": "/nowhere/model"}))
    assert window.session.model("A").source == "vae-mnist-2d"
    assert "/nowhere/model" in window.banner.text()


def test_after_a_crash_the_last_session_is_one_click_away(window: MainWindow, qtbot: QtBot) -> None:
    window.offer_restore(Project(models={"A": "ae-mnist-16d"}, seed=9), "")
    assert "unexpectedly" in window.banner.text()
    window.banner.acted.emit()
    settled(window, qtbot)
    assert window.session.seed == 9
    assert window.session.model("A").source == "ae-mnist-16d"
    assert window.banner.isHidden()


def test_a_damaged_settings_file_is_set_aside(make_window: Make, home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    paths.user_settings().write_bytes(b"\x00[[[layout\n=@Invalid(\xff" * 40)
    window = make_window()
    assert window.isVisible()
    window.close()
    assert paths.user_settings().exists()


def test_colours_follow_the_menu(window: MainWindow) -> None:
    window.set_theme(theme.Choice.LIGHT)
    assert window.palette().window().color().lightness() > 200
    window.set_theme(theme.Choice.DARK)
    assert window.palette().window().color().lightness() < 60


def test_every_menu_entry_has_a_text_and_no_key_twice(window: MainWindow) -> None:
    keys: list[str] = []
    for action in window.menuBar().actions():
        for entry in action.menu().actions():
            assert entry.isSeparator() or entry.text()
            keys += [key.toString() for key in entry.shortcuts()]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("which", ["What am I seeing?", "Mouse and keyboard", "About GenStudio"])
def test_help_opens_and_closes_with_escape(window: MainWindow, qtbot: QtBot, which: str) -> None:
    menu = window.menuBar().actions()[-1].menu()
    next(action for action in menu.actions() if action.text() == which).trigger()
    dialog = window.findChild(QDialog)
    assert dialog is not None
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None)


def test_every_panel_is_opened_driven_and_closed(window: MainWindow, qtbot: QtBot) -> None:
    """Leaked windows, timers and threads fail in the fixture that runs around every test."""
    failures: list[Failure] = []
    window.session.failed.connect(failures.append)
    for spec in window.panels.specs():
        window.panels.show_panel(spec.key)
        settled(window, qtbot)
        picture = window.panels.panel(spec.key).grab().toImage()
        assert picture.width() > 500
        assert spec.help
    assert failures == []


class Counting:
    """A job that would never end by itself."""

    name = "endless"

    def __init__(self) -> None:
        self.saved = False

    def run(self, run: int) -> Iterator[Any]:
        try:
            for i in range(10**9):
                yield [Progress(run, i, 10**9)] if i % 1000 == 0 else None
        finally:
            self.saved = True

    def weights(self) -> None:
        return None


def test_closing_while_training_saves_and_leaves_no_thread(
    window: MainWindow, qtbot: QtBot
) -> None:
    job = Counting()
    window.session.start(lambda: job, "endless")
    qtbot.waitUntil(lambda: "endless running" in window.status.text())
    began = time.monotonic()
    window.close()
    assert time.monotonic() - began < 5.0
    assert job.saved
    assert window.session.engine.running() == []


class Carded(Counting):
    def run(self, run: int) -> Iterator[Any]:
        card = Card(name="endless", family="vae", shape=(1, 28, 28), latent_dim=2)
        yield [Event(run, 0, "card", "", {"card": card})]
        yield from super().run(run)


def test_a_model_in_training_is_kept_as_its_run(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    jobs = window.session.jobs
    for slot, folder in (("C", tmp_path / "endless"), ("D", None)):
        run = window.session.start(Carded, "endless", folder=folder)
        qtbot.waitUntil(lambda run=run: jobs()[run].card is not None)
        window.session.show(slot, f"live:{run}")
        window.session.stop(run)
    assert window.project().models == {"A": "vae-mnist-2d", "C": str(tmp_path / "endless")}


class Failing(Counting):
    def run(self, run: int) -> Iterator[Any]:
        yield None
        raise BadInput("The loss is NaN at step 3. Lower the learning rate.")


@pytest.mark.parametrize(("panel", "said"), [("manifold", True), ("train", False)])
def test_a_failure_is_said_once(window: MainWindow, qtbot: QtBot, panel: str, said: bool) -> None:
    """The Train panel shows why a run failed; elsewhere the window does."""
    window.panels.show_panel(panel)
    with qtbot.waitSignal(window.session.failed):
        window.session.start(Failing, "fails")
    assert window.banner.isHidden() != said
    assert len(window.intake.failures) == 1


def test_a_picture_that_cannot_be_written_is_one_sentence(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = iter([tmp_path / "nowhere" / "x", tmp_path / "here"])
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(next(places)), ""))
    window.intake.save_picture()
    assert "x.png cannot be written" in window.banner.text()
    assert window.banner.isVisibleTo(window)
    window.intake.save_picture()
    assert (tmp_path / "here.png").read_bytes().startswith(b"\x89PNG")


def test_errors_are_counted_and_can_be_read_again(window: MainWindow, qtbot: QtBot) -> None:
    window.session.failed.emit(Failure("The disk is full.", "Free some space."))
    assert window.banner.text() == "The disk is full. Free some space."
    assert window.intake.failures[-1].title == "The disk is full."


def test_the_window_needs_neither_torch_nor_pyqtgraph_to_come_up() -> None:
    """They cost a second and half a second; torch is imported in the ask lane."""
    code = (
        "import sys; from genstudio.ui import app, panel; panel.panels();"
        " print([m for m in ('torch', 'pyqtgraph', 'typer', 'rich', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
