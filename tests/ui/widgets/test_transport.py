"""The transport bar and its track, under a hand."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from genstudio.ui import theme
from genstudio.ui.widgets.track import Track
from genstudio.ui.widgets.transport import Transport

LEFT, NONE, SHIFT = (
    Qt.MouseButton.LeftButton,
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


@pytest.fixture
def bar(qtbot) -> Transport:
    bar = Transport()
    qtbot.addWidget(bar)
    bar.resize(900, 48)
    bar.set_count(101)
    bar.set_index(50)
    bar.show()
    bar.moves = []
    bar.moved.connect(bar.moves.append)
    return bar


def test_in_a_narrow_bar_the_caption_leaves_its_room_to_the_slider(bar: Transport) -> None:
    bar.resize(1000, 48)
    bar.set_label("the finished model")
    bar.set_caption("training of vae-mnist-2d, 12 snapshots")
    QTest.qWait(0)
    assert bar._caption.isVisible() and bar._track.width() > 200
    bar.resize(560, 48)
    QTest.qWait(0)
    assert bar._caption.isHidden()
    assert bar._track.width() >= 96
    assert bar.toolTip() == "training of vae-mnist-2d, 12 snapshots"
    bar.resize(1000, 48)
    QTest.qWait(0)
    assert bar._caption.isVisible() and bar.toolTip() == ""


def press_at(track: Track, x: float, modifier=NONE) -> QPoint:
    place = QPoint(round(x), track.height() // 2)
    QTest.mousePress(track, LEFT, modifier, place)
    return place


def test_setting_the_frame_is_silent(bar: Transport) -> None:
    bar.set_index(7)
    assert bar.index() == 7
    assert bar._track.value() == 7
    assert bar.moves == []


def test_buttons_go_and_are_dead_at_the_ends(qtbot, bar: Transport) -> None:
    for button, index in (
        (bar._forward, 51),
        (bar._back, 50),
        (bar._last, 100),
        (bar._first, 0),
    ):
        qtbot.mouseClick(button, LEFT)
        assert bar.index() == index
    assert bar.moves == [51, 50, 100, 0]
    assert not bar._back.isEnabled()
    assert bar._forward.isEnabled()


def test_keys(qtbot, bar: Transport) -> None:
    bar.setFocus()
    for key, modifier in (
        (Qt.Key.Key_Right, NONE),
        (Qt.Key.Key_Right, SHIFT),
        (Qt.Key.Key_Left, NONE),
        (Qt.Key.Key_End, NONE),
        (Qt.Key.Key_Home, NONE),
    ):
        qtbot.keyClick(bar, key, modifier)
    assert bar.moves == [51, 61, 60, 100, 0]
    bar._track.setFocus()
    qtbot.keyClick(bar._track, Qt.Key.Key_Right, SHIFT)
    assert bar.index() == 10
    with qtbot.waitSignal(bar.played):
        qtbot.keyClick(bar._track, Qt.Key.Key_Space)  # the track hands Space on
    bar.pause()


def test_the_hand_drags_and_nothing_else_moves_the_knob(bar: Transport) -> None:
    track = bar._track
    press_at(track, track.knob().x())
    QTest.mouseMove(track, QPoint(round(track.knob().x()) + 80, 10))
    held = bar.index()
    assert held > 50
    knob = track.knob()
    bar.set_index(3)
    bar.set_count(400)
    assert bar.held()
    assert (bar.index(), track.knob()) == (held, knob)
    QTest.mouseRelease(track, LEFT, NONE, knob.toPoint())
    assert (bar.index(), bar.count()) == (held, 400)
    bar.set_index(3)
    assert bar.index() == 3


def test_shift_drags_a_fiftieth_as_far(bar: Transport) -> None:
    track = bar._track
    bar.set_count(10_001)
    bar.set_index(5_000)
    start = press_at(track, track.knob().x(), SHIFT)
    assert bar.index() == 5_000
    QTest.mouseMove(track, start + QPoint(100, 0))
    # QTest.mouseMove carries no modifier, so the handler is asked directly
    QTest.mouseRelease(track, LEFT, SHIFT, start)
    coarse = 100 * 10_000 / track._length()
    from PySide6.QtCore import QEvent, QPointF
    from PySide6.QtGui import QMouseEvent

    bar.set_index(5_000)
    start = press_at(track, track.knob().x(), SHIFT)
    place = QPointF(start + QPoint(100, 0))
    track.mouseMoveEvent(
        QMouseEvent(QEvent.Type.MouseMove, place, place, Qt.MouseButton.NoButton, LEFT, SHIFT)
    )
    assert bar.index() - 5_000 == pytest.approx(coarse / 50, abs=1.5)
    QTest.mouseRelease(track, LEFT, SHIFT, start)


def test_escape_puts_back_what_the_hand_took(qtbot, bar: Transport) -> None:
    track = bar._track
    start = press_at(track, track.knob().x())
    QTest.mouseMove(track, start + QPoint(120, 0))
    assert bar.index() != 50
    qtbot.keyClick(track, Qt.Key.Key_Escape)
    assert bar.index() == 50
    assert not bar.held()


def test_a_click_on_the_line_goes_there(bar: Transport) -> None:
    track = bar._track
    place = press_at(track, 10 + track._length() / 4)
    QTest.mouseRelease(track, LEFT, NONE, place)
    assert bar.index() == pytest.approx(25, abs=1)


def test_playing_steps_to_the_end_and_stops(qtbot, bar: Transport) -> None:
    bar.set_count(4)
    bar.set_index(3)
    bar.set_speed(60)
    states: list[bool] = []
    bar.played.connect(states.append)
    qtbot.keyClick(bar, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: states == [True, False], timeout=2000)
    assert bar.moves == [0, 1, 2, 3]
    assert not bar.playing()


def test_taking_the_knob_stops_playing(bar: Transport) -> None:
    bar.play()
    assert bar.playing()
    place = press_at(bar._track, bar._track.knob().x())
    assert not bar.playing()
    QTest.mouseRelease(bar._track, LEFT, NONE, place)


def test_a_record_of_one_frame_cannot_be_played(bar: Transport) -> None:
    bar.set_count(1)
    bar.toggle()
    assert not bar.playing()
    assert not bar._play.isEnabled()
    assert bar.index() == 0


def test_the_knob_has_the_accent_colour_where_the_frame_is(qapp, bar: Transport) -> None:
    theme.apply(qapp, "dark")
    bar.set_index(100)
    track = bar._track
    knob = track.knob().toPoint()
    shown = track.grab().toImage().pixelColor(knob)
    theme.apply(qapp, "light")
    assert shown.name() == QColor(theme.DARK.accent).name()


def test_label_and_caption(bar: Transport) -> None:
    bar.set_label("step 18,760 of 18,760")
    bar.set_caption("training of vae-mnist-2d, 48 snapshots")
    assert bar.label() == "step 18,760 of 18,760"
    assert bar.caption().endswith("48 snapshots")


def test_a_long_label_never_widens_the_window(bar: Transport) -> None:
    bar.set_label("step 1")
    short = bar.minimumSizeHint().width()
    bar.set_label("position 0.50 on the path through three way-points, at constant speed")
    assert bar.minimumSizeHint().width() <= short < 500
    bar.resize(480, 48)
    QTest.qWait(0)
    assert bar._track.width() >= 96
    assert bar._label.shown().endswith("…")
    bar.resize(1200, 48)
    QTest.qWait(0)
    assert bar._label.shown() == bar.label()


def test_loop_plays_on_from_the_first_frame(bar: Transport, qtbot: QtBot) -> None:
    bar.resize(900, 48)
    bar.set_count(3)
    bar.set_speed(60)
    QTest.mouseClick(bar._loop_button, Qt.MouseButton.LeftButton)
    assert bar.loop()
    seen: list[int] = []
    bar.moved.connect(seen.append)
    bar.play()
    qtbot.waitUntil(lambda: seen.count(2) > 1, timeout=3000)
    assert seen[:4] == [0, 1, 2, 0]
    QTest.keyClick(bar, Qt.Key.Key_L)
    assert not bar.loop() and not bar._loop_button.isChecked()
    qtbot.waitUntil(lambda: not bar.playing(), timeout=3000)
    assert bar.index() == 2


def test_the_loop_button_gives_way_where_it_is_narrow(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    bar = Transport(window)
    bar.set_count(3)
    bar.resize(900, 48)
    window.show()
    assert bar._loop_button.isVisible()
    bar.resize(bar.minimumSizeHint().width(), 48)
    assert not bar._loop_button.isVisible()
    qtbot.waitUntil(lambda: bar._track.width() >= 96)


def test_the_buttons_to_the_ends_give_way_to_the_words(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    bar = Transport(window)
    bar.set_count(20)
    bar.set_label("step 12 of 20, t = 400")
    bar.set_caption("run 1, seed 0")
    bar.resize(1200, 48)
    window.show()
    assert bar._first.isVisible() and bar._last.isVisible() and bar._loop_button.isVisible()
    bar.resize(600, 48)
    qtbot.waitUntil(lambda: not bar._first.isVisible() and not bar._last.isVisible())
    qtbot.waitUntil(lambda: bar._label.shown() == bar.label())
    assert not bar._loop_button.isVisible() and bar._track.width() >= 96
    QTest.keyClick(bar, Qt.Key.Key_End)
    assert bar.index() == 19
    bar.resize(1200, 48)
    qtbot.waitUntil(lambda: bar._first.isVisible() and bar._last.isVisible())


@pytest.mark.parametrize("width", [640, 760, 900, 1200])
def test_a_long_caption_never_cuts_the_words_of_the_frame(qtbot: QtBot, width: int) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    bar = Transport(window)
    bar.set_count(20)
    bar.set_label("step 122 of 14,040")
    bar.set_caption("training of a model with quite a long name, 20 stored steps so far")
    bar.resize(width, 48)
    window.show()
    qtbot.waitUntil(lambda: bar._label.shown() == bar.label())
    assert bar._track.width() >= 96
