"""The forward view of the Denoise panel driven as by a user, on a tiny model in real lanes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from denoise_forward_help import WITHIN_MS, open_forward, open_panel, settle, write_ddpm
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from genstudio import data
from genstudio.engine import library
from genstudio.latent import denoise
from genstudio.ui.main_window import MainWindow
from genstudio.ui.panels import _denoise_forward_noising
from genstudio.ui.panels import _denoise_forward_numbers as numbers
from genstudio.ui.panels._denoise_forward import ForwardMode
from genstudio.ui.panels._denoise_recipe import RunState
from genstudio.ui.session import Priority, Session
from genstudio.ui.widgets.number_field import NumberField

T = 40
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def source(tmp_path: Path) -> str:
    return write_ddpm(tmp_path / "ddpm", n_steps=T)


@pytest.fixture
def mode(qtbot: QtBot, session: Session, source: str) -> ForwardMode:
    return open_forward(qtbot, session, source)


def image(index: int) -> np.ndarray:
    """Test image `index` of MNIST, float32 (1, 28, 28)."""
    return data.load("mnist").test.batch(slice(index, index + 1))[0].numpy()


def minus(number: str) -> str:
    return number.replace("-", "−")


def rest(qtbot: QtBot, mode: ForwardMode) -> None:
    settle(qtbot, mode._panel, mode.noising.complete)


def type_into(field: NumberField, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


# Words and figures -------------------------------------------------------------------------------


def test_figures_of_the_closed_form_lie_within_their_errors() -> None:
    rng = np.random.default_rng(0)
    x0 = rng.uniform(-1, 1, (1, 200, 200)).astype(np.float32)
    for a in (0.9, 0.5, 0.01):
        x_t = math.sqrt(a) * x0 + math.sqrt(1 - a) * rng.standard_normal(x0.shape)
        mean, noise = numbers.measured(x_t, x0, a)
        assert numbers.mean_of(x0, a).agrees(mean)
        assert numbers.noise_of(x0, a).agrees(noise)
        assert noise == pytest.approx(math.sqrt(1 - a), rel=0.02)
        assert not numbers.noise_of(x0, a).agrees(noise * 1.05)
        assert not numbers.mean_of(x0, a).agrees(mean + 0.03)


@pytest.mark.parametrize(
    ("alpha_bar", "words"),
    [
        (0.99, "almost all of it image"),
        (0.8, "more image than noise"),
        (0.5, "about as much of each"),
        (0.2, "more noise than image"),
        (0.001, "almost all of it noise"),
    ],
)
def test_the_shares_are_told_in_words(alpha_bar: float, words: str) -> None:
    said = numbers.shares(350, 1000, alpha_bar)
    assert said.startswith("At t = 350 of 1,000")
    assert f"{math.sqrt(alpha_bar):.3f} of the image" in said
    assert f"{math.sqrt(1 - alpha_bar):.3f} of noise" in said
    assert words in said


# First sight -------------------------------------------------------------------------------------


def test_it_opens_on_a_test_image_with_both_ways_at_the_same_t(
    mode: ForwardMode, source: str
) -> None:
    model = library.load(source)
    t = round(0.3 * T)
    assert mode.noising.t == t
    want, _ = denoise.noised(model, image(0), t, 0)
    np.testing.assert_array_equal(mode.noising.closed, want[0])
    frames = [f for f in denoise.stroll(model, image(0), 0) if f is not None]
    walked = mode.noising.walked(t)
    assert walked is not None
    assert walked[0] == t
    np.testing.assert_array_equal(walked[1], frames[t].arrays["walk"][0])
    assert not np.allclose(walked[1], want[0])  # noise of its own
    titles = [picture.title.text() for picture in mode.view.pictures]
    assert titles == ["the image", f"closed form, t = {t}", f"step by step, t = {t}"]
    shown = mode.view.pictures[1].view.image()
    np.testing.assert_array_equal(shown, np.clip(want[0, 0] * 127.5 + 128, 0, 255).astype(np.uint8))
    assert mode.view.source.says.text() == "of 10,000, class 7"


def test_under_each_picture_stands_what_was_measured_in_it(mode: ForwardMode) -> None:
    x0 = 2 * image(0) - 1
    a = float(mode._panel.process.alpha_bar[mode.noising.t])
    image_lines, closed, walk = ([line.text() for line in p.lines] for p in mode.view.pictures)
    wanted = numbers.mean_of(x0, a)
    assert image_lines[0] == minus(f"formula {wanted.value:.3f} ± {wanted.error:.3f}")
    assert f"{math.sqrt(1 - a):.3f} ±" in image_lines[1]
    mean, noise = numbers.measured(mode.noising.closed, x0, a)
    assert closed == [minus(f"mean {mean:.3f}"), f"noise {noise:.3f}"]
    mean, noise = numbers.measured(mode.noising.walked(mode.noising.t)[1], x0, a)
    assert walk == [minus(f"mean {mean:.3f}"), f"noise {noise:.3f}"]
    assert all(p.lines[0].property("role") == "caption" for p in mode.view.pictures)


# The hand on t -----------------------------------------------------------------------------------


def test_the_slider_is_answered_with_the_closed_form_of_its_t(
    qtbot: QtBot, mode: ForwardMode, source: str
) -> None:
    track = mode.view.slider._track
    track.setFocus()
    QTest.keyClick(track, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    rest(qtbot, mode)
    t = round(0.3 * T) + 10
    assert mode.noising.closed_t == mode.noising.t == t
    want, _ = denoise.noised(library.load(source), image(0), t, 0)
    np.testing.assert_array_equal(mode.noising.closed, want[0])
    assert mode.view.strip.t() == t
    assert mode.timeline().index() == t
    assert mode.view.words.text().startswith(f"At t = {t} of {T}")


def test_dragging_the_strip_goes_to_the_t_under_the_hand(qtbot: QtBot, mode: ForwardMode) -> None:
    strip = mode.view.strip
    start = QPoint(round(strip.x_of(4)), 10)
    QTest.mousePress(strip, LEFT, NONE, start)
    end = QPoint(round(strip.x_of(30)), 10)
    QTest.mouseMove(strip, end)
    QTest.mouseRelease(strip, LEFT, NONE, end)
    QTest.mouseClick(strip, LEFT, NONE, end)
    rest(qtbot, mode)
    assert mode.noising.closed_t == 30
    assert mode.view.slider.value() == 30
    QTest.keyClick(strip, Qt.Key.Key_Home)
    rest(qtbot, mode)
    assert mode.noising.closed_t == 0
    np.testing.assert_allclose(mode.noising.closed, 2 * image(0) - 1, atol=1e-6)
    assert not mode.view.closed.isEnabled()  # there is nothing to denoise
    QTest.keyClick(strip, Qt.Key.Key_End)
    rest(qtbot, mode)
    assert mode.noising.walked(T)[0] == mode.noising.closed_t == T


def test_the_transport_scrubs_t(qtbot: QtBot, mode: ForwardMode) -> None:
    line = mode._panel.timeline()
    assert line.count() == T + 1
    line.set_index(25)
    rest(qtbot, mode)
    assert mode.noising.closed_t == 25
    assert line.label(25) == f"t = 25 of {T}"


def test_the_strip_shows_the_walk_at_evenly_spread_times(mode: ForwardMode) -> None:
    strip = mode.view.strip
    times = strip.times()
    assert times[0] == 0
    assert times[-1] == T
    assert len(times) > 4
    strip.grab()
    for t in times:
        want = mode.noising.walked(t)[1]
        np.testing.assert_array_equal(
            strip._thumbnail(t), np.clip(want[0] * 127.5 + 128, 0, 255).astype(np.uint8)
        )


def test_a_walk_too_large_to_keep_whole_is_shown_at_the_steps_that_are(
    qtbot: QtBot, session: Session, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_denoise_forward_noising, "WALK_BYTES", 784 * 4 * 12)
    mode = open_forward(qtbot, session, source)
    assert mode.noising.stride == 4
    mode.set_t(30)
    rest(qtbot, mode)
    titles = [picture.title.text() for picture in mode.view.pictures]
    assert titles[1:] == ["closed form, t = 30", "step by step, t = 28"]
    frames = [f for f in denoise.stroll(library.load(source), image(0), 0) if f is not None]
    np.testing.assert_array_equal(mode.noising.walked(30)[1], frames[28].arrays["walk"][0])
    np.testing.assert_array_equal(mode.noising.walked(T)[1], frames[T].arrays["walk"][0])


def test_the_hand_asks_for_no_new_walk(
    qtbot: QtBot, mode: ForwardMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, Priority]] = []
    ask = mode._panel.session.ask

    def listen(owner: object, key: str, query: str, **rest: Any) -> int:
        asked.append((query, rest["priority"]))
        return ask(owner, key, query, **rest)

    monkeypatch.setattr(mode._panel.session, "ask", listen)
    for t in (5, 6, 7):
        mode.view.slider._track.setValue(t)
    rest(qtbot, mode)
    assert asked == [("latent.denoise:noised", Priority.POINTER)] * 3
    assert mode.noising.closed_t == 7


# The image ---------------------------------------------------------------------------------------


def test_another_number_and_the_dice_choose_another_image(qtbot: QtBot, mode: ForwardMode) -> None:
    field = mode.view.source.index
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "12")
    QTest.keyClick(field, Qt.Key.Key_Return)
    rest(qtbot, mode)
    np.testing.assert_array_equal(mode.noising.image, image(12))
    mode.view.strip.setFocus()
    QTest.keyClick(mode.view.strip, Qt.Key.Key_R)
    rest(qtbot, mode)
    index = int(field.value())
    assert index != 12
    np.testing.assert_array_equal(mode.noising.image, image(index))


def test_a_number_that_there_is_not_says_so_and_keeps_the_image(
    qtbot: QtBot, mode: ForwardMode
) -> None:
    mode.show_index(12_345)
    rest(qtbot, mode)
    assert "images 0 to 9999, got 12345" in mode.view.error.text()
    assert mode.view.error.isVisible()
    np.testing.assert_array_equal(mode.noising.image, image(0))
    mode.show_index(3)
    rest(qtbot, mode)
    assert not mode.view.error.isVisible()


@pytest.mark.parametrize("typed", ["10000", "-1", "seven", "99999999999", "1.5"])
def test_a_wrong_number_is_said_beside_what_is_shown_and_forgotten_with_the_next(
    qtbot: QtBot, mode: ForwardMode, typed: str
) -> None:
    view, words = mode.view, mode.view.words.text()
    for field, most in ((view.source.index, "9,999"), (view.seed, "2,147,483,647")):
        if field is view.seed and typed == "10000":
            continue  # that is a seed
        type_into(field, typed)
        rest(qtbot, mode)
        assert view.error.text().endswith(f" must be a whole number from 0 to {most}, got {typed}.")
        assert field.property("invalid") and field.text() == typed
        np.testing.assert_array_equal(mode.noising.image, image(0))
        assert mode.noising.closed is not None and view.words.text() == words
        assert mode.noising.seed == 0 and mode.state()["index"] == 0
        type_into(field, "0")
        rest(qtbot, mode)
        assert not view.error.isVisible() and not field.property("invalid")


def test_new_noise_is_drawn_whatever_stands_in_the_seed(qtbot: QtBot, mode: ForwardMode) -> None:
    type_into(mode.view.seed, "seven")
    QTest.mouseClick(mode.view.new_noise, LEFT)
    rest(qtbot, mode)
    assert mode.noising.seed == 1 and mode.view.seed.text() == "1"
    assert not mode.view.error.isVisible() and not mode.view.seed.property("invalid")


def test_a_number_that_another_data_set_has_not_gives_its_first_image(
    qtbot: QtBot, mode: ForwardMode, session: Session
) -> None:
    mode.show_index(5475)
    rest(qtbot, mode)
    session.set_data("moon-phases")  # 2,000 images
    rest(qtbot, mode)
    assert mode.view.source.index.value() == 0 and not mode.view.error.isVisible()
    assert mode.view.source.says.text().startswith("of 2,000")


def test_an_offered_image_is_noised_and_one_of_another_shape_refused(
    qtbot: QtBot, mode: ForwardMode
) -> None:
    drawn = np.zeros((1, 28, 28), np.float32)
    drawn[:, 8:20, 8:20] = 1.0
    mode._panel.session.image_offered.emit(drawn, "drawing")
    rest(qtbot, mode)
    np.testing.assert_array_equal(mode.noising.image, drawn)
    assert mode.view.source.says.text() == "drawing"
    assert mode.view.source.index.text() == ""
    mode._panel.session.image_offered.emit(np.zeros((3, 32, 32), np.float32), "photo")
    assert "1 x 28 x 28" in mode.view.error.text()
    assert "3 x 32 x 32" in mode.view.error.text()
    np.testing.assert_array_equal(mode.noising.image, drawn)


def test_other_noise_is_another_seed_in_both_ways(qtbot: QtBot, mode: ForwardMode) -> None:
    t = mode.noising.t
    before = mode.noising.closed, mode.noising.walked(t)[1].copy()
    QTest.mouseClick(mode.view.new_noise, LEFT)
    rest(qtbot, mode)
    assert mode.view.seed.value() == 1
    assert not np.array_equal(mode.noising.closed, before[0])
    assert not np.array_equal(mode.noising.walked(t)[1], before[1])


def test_a_figure_far_from_its_formula_is_coloured_and_says_so(
    qtbot: QtBot, mode: ForwardMode
) -> None:
    mode.noising.closed = mode.noising.closed * 1.3
    mode.noising.closed_came.emit()
    line = mode.view.pictures[1].lines[1]
    assert line.property("role") == "warning"
    assert "More than three standard errors" in line.toolTip()
    mode.set_t(mode.noising.t + 1)
    rest(qtbot, mode)
    assert line.property("role") == "caption"


# The window's ways in ----------------------------------------------------------------------------


def test_drawing_pasting_and_dropping_end_in_the_forward_view(
    qtbot: QtBot, make_window: Callable[..., MainWindow], source: str
) -> None:
    window = make_window()
    session = window.session
    session.panel_wanted.emit("denoise")
    session.show("A", source)
    panel = window.panels.panel("denoise")
    qtbot.waitUntil(lambda: panel.process is not None, timeout=WITHIN_MS)
    panel.set_mode("forward")
    mode = panel.modes["forward"]
    settle(qtbot, panel, mode.noising.complete)
    canvas = window.library.canvas
    sheet = canvas.sheet_rect().center().toPoint()
    QTest.mousePress(canvas, LEFT, NONE, sheet - QPoint(20, 20))
    QTest.mouseMove(canvas, sheet + QPoint(20, 20))
    QTest.mouseRelease(canvas, LEFT, NONE, sheet + QPoint(20, 20))
    settle(qtbot, panel, mode.noising.complete)
    drawn = mode.noising.image
    assert mode.view.source.says.text() == "drawing"
    assert drawn.shape == (1, 28, 28)
    assert drawn.max() > 0.5
    picture = QImage(56, 40, QImage.Format.Format_RGB888)
    picture.fill(0)
    for row in range(10, 30):
        picture.setPixelColor(28, row, QColor("white"))
    data = QMimeData()
    data.setImageData(picture)
    QApplication.clipboard().setMimeData(data)
    mode.view.source.paste_wanted.emit()
    settle(qtbot, panel, mode.noising.complete)
    pasted = mode.noising.image
    assert mode.view.source.says.text() == "pasted image"
    assert not np.array_equal(pasted, drawn)
    mode.show_index(2)
    settle(qtbot, panel, mode.noising.complete)
    dropped = QMimeData()
    dropped.setImageData(picture)
    for kind in (QDragEnterEvent, QDropEvent):
        place = QPoint(50, 50) if kind is QDragEnterEvent else QPointF(50, 50)
        event = kind(place, Qt.DropAction.CopyAction, dropped, LEFT, NONE)
        QApplication.sendEvent(mode, event)
        assert event.isAccepted()
    settle(qtbot, panel, mode.noising.complete)
    np.testing.assert_array_equal(mode.noising.image, pasted)
    mode.view.source.drawing_wanted.emit()
    settle(qtbot, panel, mode.noising.complete)
    np.testing.assert_array_equal(mode.noising.image, drawn)
    QApplication.clipboard().clear()
    mode.view.source.paste_wanted.emit()
    assert "no image to take" in mode.view.error.text()
    np.testing.assert_array_equal(mode.noising.image, drawn)


# Denoise from here -------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["closed", "walk"])
def test_denoising_from_here_is_a_run_that_starts_at_this_x(
    qtbot: QtBot, mode: ForwardMode, which: str
) -> None:
    panel = mode._panel
    mode.set_t(20)
    rest(qtbot, mode)
    start = mode.noising.closed if which == "closed" else mode.noising.walked(20)[1]
    before, wanted = len(panel.runs.all()), panel.recipe()
    QTest.mouseClick(mode.view.closed if which == "closed" else mode.view.walk, LEFT)
    settle(qtbot, panel, lambda: panel.runs.current().state is RunState.DONE)
    run = panel.runs.current()
    assert len(panel.runs.all()) == before + 1
    assert panel.mode == "denoise"
    assert run.recipe.kind == "image"
    assert len(run.tape) == wanted.steps == 20
    first = run.tape.frame(0)
    assert first.scalars["t"] == 20
    np.testing.assert_array_equal(first.arrays["x_t"], start[None])
    assert "t = 20" in run.title()


# Inversion ---------------------------------------------------------------------------------------


def test_an_inverted_image_comes_back_as_a_run_with_its_error(
    qtbot: QtBot, mode: ForwardMode, source: str
) -> None:
    panel = mode._panel
    mode.view.way_chosen.emit("invert")
    assert mode.view.pictures[1].view.image() is None
    QTest.mouseClick(mode.view.invert, LEFT)
    settle(qtbot, panel, lambda: mode.inversion.error() is not None)
    model, recipe = library.load(source), mode.inversion.settings()
    want = list(denoise.inverted(model, image(0), steps=recipe.steps))
    np.testing.assert_array_equal(mode.inversion.x_T(), want[-1].arrays["x_t"][0])
    run = panel.runs.run(mode.inversion.run)
    assert run.state is RunState.DONE
    assert (run.recipe.sampler, run.recipe.eta, run.recipe.kind) == ("ddim", 0.0, "image")
    assert run.tape.frame(0).scalars["t"] == T
    x = np.clip((run.tape.stack("x0_hat")[-1][0] + 1) / 2, 0, 1)
    error = float(np.sqrt(np.mean((x - image(0)) ** 2)))
    assert mode.inversion.error() == pytest.approx(error, rel=1e-5)
    assert f"{error:.4f}" in mode.view.words.text()
    assert panel.mode == "forward"  # the run is there, and the view stays
    fork = panel.runs.fork(run.id, 3)
    settle(qtbot, panel, lambda: panel.runs.run(fork).state is RunState.DONE)
    np.testing.assert_array_equal(
        panel.runs.run(fork).tape.stack("x0_hat")[-1], run.tape.stack("x0_hat")[-1]
    )
    QTest.mouseClick(mode.view.show_run, LEFT)
    assert panel.mode == "denoise"
    assert panel.runs.current() is run


def test_the_transport_scrubs_the_inversion(qtbot: QtBot, mode: ForwardMode) -> None:
    mode.set_way("invert")
    mode.invert()
    settle(qtbot, mode._panel, lambda: mode.inversion.error() is not None)
    line = mode.timeline()
    assert line.count() == mode.inversion.settings().steps + 1
    line.set_index(0)
    shown = mode.view.pictures[1].view.image()
    np.testing.assert_array_equal(
        shown, np.clip((2 * image(0)[0] - 1) * 127.5 + 128, 0, 255).astype(np.uint8)
    )
    assert line.label(0) == f"t = 0 of {T}"
    mode.inversion._recipe = replace(mode.inversion.settings(), label=2)
    mode.named(["0 degrees", "45 degrees", "90 degrees"])
    assert mode.view.settings.text().endswith("class 90 degrees")


def test_a_cancelled_inversion_stops_and_starts_no_run(qtbot: QtBot, mode: ForwardMode) -> None:
    panel = mode._panel
    mode.set_way("invert")
    before = len(panel.runs.all())
    mode.invert()
    qtbot.waitUntil(lambda: bool(mode.inversion.frames), timeout=WITHIN_MS)
    if mode.inversion.running:
        QTest.keyClick(mode.view.strip, Qt.Key.Key_Escape)
        settle(qtbot, panel)
        assert not mode.inversion.running
        assert mode.inversion.run is None
        assert len(panel.runs.all()) == before
        assert mode.view.pictures[2].view._empty == "Stopped on the way there."


def test_more_steps_than_the_schedule_has_is_one_sentence(
    qtbot: QtBot, mode: ForwardMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    panel = mode._panel
    many = replace(panel.recipe(), steps=T + 1)
    monkeypatch.setattr(panel, "recipe", lambda: many)
    mode.set_way("invert")
    mode.invert()
    assert f"at most {T} steps" in mode.view.error.text()
    assert mode.inversion.run is None
    assert mode.noising.image is not None


# Models and state --------------------------------------------------------------------------------


def test_another_model_of_images_keeps_the_image(
    qtbot: QtBot, mode: ForwardMode, session: Session, tmp_path: Path
) -> None:
    session.show("A", write_ddpm(tmp_path / "other", seed=1, n_steps=20))
    settle(qtbot, mode._panel, lambda: mode._process is not None and mode._process.n_steps == 20)
    rest(qtbot, mode)
    np.testing.assert_array_equal(mode.noising.image, image(0))
    assert mode.timeline().count() == 21


def test_a_model_of_points_is_refused(mode: ForwardMode) -> None:
    from dataclasses import replace

    points = replace(mode._panel.process, points=True, shape=(2,))
    assert mode.refuses(points) is not None
    mode.use(mode._panel.ref, points)
    assert mode.noising.image is None
    assert not mode.take_image(image(0), "an image")


def test_state_comes_back(qtbot: QtBot, mode: ForwardMode, session: Session, source: str) -> None:
    mode.set_t(33)
    mode.set_seed(5)
    mode.show_index(4)
    rest(qtbot, mode)
    state = mode.state()
    panel = open_panel(qtbot, session, source)
    other = panel.modes["forward"]
    other.restore({**state, "unknown": 1, "way": "nowhere"})
    panel.set_mode("forward")
    settle(qtbot, panel, other.noising.complete)
    np.testing.assert_array_equal(other.noising.image, image(4))
    np.testing.assert_array_equal(other.noising.closed, mode.noising.closed)
    assert other.view.seed.value() == 5
    assert other.view.slider.value() == 33


def test_damaged_state_is_passed_over(mode: ForwardMode) -> None:
    before = mode.state()
    mode.restore({"t": "many", "seed": -1, "index": 1.5, "way": 3})
    assert mode.state() == before
