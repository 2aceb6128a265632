"""The drawing canvas: ink where the hand was, live and latest-wins, undo, paste."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest

from genstudio.ui.widgets._ink import SIDE
from genstudio.ui.widgets.draw_canvas import LIVE_MS, DrawCanvas

LEFT, RIGHT, NONE = (
    Qt.MouseButton.LeftButton,
    Qt.MouseButton.RightButton,
    Qt.KeyboardModifier.NoModifier,
)
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def canvas(qtbot) -> DrawCanvas:
    canvas = DrawCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(280, 320)
    canvas.show()
    canvas.live = []
    canvas.image_changed.connect(canvas.live.append)
    return canvas


def at(canvas: DrawCanvas, x: float, y: float) -> QPoint:
    """A place of the sheet (0 to 1) in the widget."""
    rect = canvas.sheet_rect()
    return QPointF(rect.x() + x * rect.width(), rect.y() + y * rect.height()).toPoint()


def stroke(canvas: DrawCanvas, *places: tuple[float, float], button=LEFT) -> None:
    QTest.mousePress(canvas, button, NONE, at(canvas, *places[0]))
    for place in places[1:]:
        QTest.mouseMove(canvas, at(canvas, *place))
    QTest.mouseRelease(canvas, button, NONE, at(canvas, *places[-1]))


def test_ink_is_white_where_the_hand_was(canvas: DrawCanvas) -> None:
    assert canvas.is_empty()
    stroke(canvas, (0.2, 0.5), (0.8, 0.5))
    image = canvas.image()
    assert (image.shape, image.dtype) == ((SIDE, SIDE), np.float32)
    assert image[140, 80:200].min() == 1.0
    assert image[20].max() == 0.0
    assert image[:, 140].sum() == pytest.approx(canvas.brush(), abs=2)
    screen = canvas.grab().toImage()
    assert screen.pixelColor(at(canvas, 0.5, 0.5)).red() == 255


def test_live_signals_are_few_and_the_last_is_the_newest(qtbot, canvas: DrawCanvas) -> None:
    QTest.mousePress(canvas, LEFT, NONE, at(canvas, 0.1, 0.5))
    for k in range(200):
        QTest.mouseMove(canvas, at(canvas, 0.1 + 0.004 * k, 0.5))
    early = len(canvas.live)
    assert 1 <= early < 100
    newest = canvas.image()
    qtbot.waitUntil(lambda: np.array_equal(canvas.live[-1], newest), timeout=50 * LIVE_MS)
    QTest.mouseRelease(canvas, LEFT, NONE, at(canvas, 0.9, 0.5))
    assert np.array_equal(canvas.live[-1], canvas.image())
    assert not canvas._throttle.isActive()


def test_what_was_told_does_not_change_afterwards(canvas: DrawCanvas) -> None:
    stroke(canvas, (0.5, 0.5), (0.6, 0.5))
    told = canvas.live[-1]
    before = told.copy()
    stroke(canvas, (0.2, 0.2), (0.8, 0.8))
    assert np.array_equal(told, before)


def test_undo_redo_and_clear_by_key(qtbot, canvas: DrawCanvas) -> None:
    stroke(canvas, (0.2, 0.2), (0.4, 0.2))
    one = canvas.image()
    stroke(canvas, (0.2, 0.8), (0.4, 0.8))
    two = canvas.image()
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_Z, CONTROL)
    assert np.array_equal(canvas.image(), one)
    assert np.array_equal(canvas.live[-1], one)
    qtbot.keyClick(canvas, Qt.Key.Key_Z, CONTROL | SHIFT)
    assert np.array_equal(canvas.image(), two)
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    assert canvas.is_empty()
    qtbot.mouseClick(canvas._actions["undo"], LEFT)
    assert np.array_equal(canvas.image(), two)


def test_the_right_button_rubs(canvas: DrawCanvas) -> None:
    stroke(canvas, (0.2, 0.5), (0.8, 0.5))
    stroke(canvas, (0.5, 0.3), (0.5, 0.7), button=RIGHT)
    assert canvas.image()[140, 140] == 0.0
    assert canvas.image()[140, 80] == 1.0


def test_the_brush_has_limits(qtbot, canvas: DrawCanvas) -> None:
    canvas.setFocus()
    width = canvas.brush()
    qtbot.keyClick(canvas, Qt.Key.Key_BracketRight)
    assert canvas.brush() == width + 2
    for wanted, got in ((1, 8), (1000, 60)):
        canvas.set_brush(wanted)
        assert canvas.brush() == got


def test_drawing_by_key(qtbot, canvas: DrawCanvas) -> None:
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_Space)
    for _ in range(2):
        qtbot.keyClick(canvas, Qt.Key.Key_Right, SHIFT)
    qtbot.keyClick(canvas, Qt.Key.Key_Space)
    qtbot.keyClick(canvas, Qt.Key.Key_Down, SHIFT)
    image = canvas.image()
    assert image[140, 140:220].min() == 1.0
    assert image[170:].max() == 0.0


def paper(side: int = 100) -> QImage:
    """A dark square on white paper."""
    image = QImage(side, side, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    for x in range(40, 60):
        for y in range(40, 60):
            image.setPixelColor(x, y, Qt.GlobalColor.black)
    return image


def test_a_pasted_picture_becomes_white_ink(qtbot, canvas: DrawCanvas) -> None:
    QGuiApplication.clipboard().setImage(paper())
    canvas.setFocus()
    with qtbot.waitSignal(canvas.picture_taken) as taken:
        qtbot.keyClick(canvas, Qt.Key.Key_V, CONTROL)
    image = canvas.image()
    assert image[140, 140] == 1.0
    assert image[10, 10] == 0.0
    assert taken.args[0].shape == (3, 100, 100)
    assert taken.args[0][0, 0, 0] == 1.0
    canvas.undo()
    assert canvas.is_empty()


def drop(canvas: DrawCanvas, data: QMimeData) -> None:
    event = QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, LEFT, NONE)
    canvas.dropEvent(event)


def test_a_dropped_file(canvas: DrawCanvas, tmp_path) -> None:
    file = tmp_path / "seven.png"
    assert paper().save(str(file))
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    drop(canvas, data)
    assert canvas.image()[140, 140] == 1.0


def test_what_is_no_image_is_refused_in_a_sentence(qtbot, canvas: DrawCanvas, tmp_path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("no image", encoding="utf-8")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    with qtbot.waitSignal(canvas.refused) as refused:
        drop(canvas, data)
    assert refused.args == ["There is no image to use in notes.txt. Choose a PNG or JPEG image."]
    assert canvas.is_empty()
