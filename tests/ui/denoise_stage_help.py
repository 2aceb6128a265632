"""Tapes of walks that are made up, so that the pictures of the Denoise panel need no model."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from genstudio.tape import Frame, Tape, plan
from genstudio.ui import theme
from genstudio.ui.panels._denoise_picture import BigPicture

T = 1000
NONE, SHIFT, CTRL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


def alpha_bar(n_steps: int = T) -> np.ndarray:
    """(T + 1,) of the linear schedule."""
    beta = np.linspace(1e-4, 0.02, n_steps) * (1000 / n_steps)
    return np.concatenate([[1.0], np.cumprod(1.0 - np.minimum(beta, 0.999))])


def frame_of(k: int, steps: int, n: int = 1, channels: int = 1, side: int = 8) -> Frame:
    """Frame k: x0_hat is (k + image) / 100 everywhere, noise 1 - image; x_t follows."""
    t = round(T * (steps - k) / steps)
    a = float(alpha_bar()[t])
    shape = (n, channels, side, side)
    image = np.arange(n, dtype=np.float32).reshape(-1, 1, 1, 1)
    x0_hat = np.broadcast_to((k + image) / np.float32(100), shape).astype(np.float32)
    noise = np.broadcast_to(1 - image, shape).astype(np.float32)
    x_t = (np.sqrt(a) * x0_hat + np.sqrt(1 - a) * noise).astype(np.float32)
    t_next = round(T * (steps - k - 1) / steps)
    scalars = {"t": float(t), "t_next": float(t_next), "alpha_bar": a}
    return Frame(k, steps, {"x_t": x_t, "x0_hat": x0_hat, "noise_hat": noise}, scalars)


def tape_of(
    steps: int, n: int = 1, first: int = 0, upto: int | None = None, room: int = 1 << 30, **how: int
) -> Tape:
    """A walk of `steps` from step `first`, as far as `upto`, thinned where `room` is small."""
    shape = frame_of(0, steps, n, **how).arrays["x_t"].shape[1:]
    tape = Tape(n, shape, plan(n, shape, steps, room))
    for k in range(first, steps if upto is None else upto):
        tape.append(frame_of(k, steps, n, **how))
    return tape


def a_picture(qtbot: QtBot) -> BigPicture:
    """Large pictures of step 5 of 20, on the screen."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, theme.Choice.DARK)
    picture = BigPicture()
    qtbot.addWidget(picture)
    picture.resize(700, 400)
    picture.show()
    picture.set_frame(frame_of(5, 20), frame_of(4, 20), "run")
    return picture


def place(picture: BigPicture, kind: str, row: float, column: float, image: int = 0) -> QPointF:
    """Where an image's (row, column) lies in the side of a kind."""
    pane = picture.pane(kind)
    assert pane is not None
    return pane.place_of(image, (row, column))


def caption(picture: BigPicture) -> str:
    """The words under the pictures, as they are painted."""
    picture.grab()
    return picture.accessibleDescription()


def press(widget: QWidget, place: QPointF | QPoint, button=LEFT, keys=NONE) -> None:
    QTest.mousePress(widget, button, keys, _point(place))


def drag(widget: QWidget, *places: QPointF | QPoint, button=LEFT, keys=NONE) -> None:
    """The hand goes down at the first place, through the others, and up."""
    press(widget, places[0], button, keys)
    for place in places[1:]:
        _move(widget, place, button, keys)
    QTest.mouseRelease(widget, button, keys, _point(places[-1]))


def hover(widget: QWidget, place: QPointF | QPoint) -> None:
    _move(widget, place, Qt.MouseButton.NoButton, NONE)


def _point(place: QPointF | QPoint) -> QPoint:
    return place if isinstance(place, QPoint) else place.toPoint()


def _move(widget: QWidget, place: QPointF | QPoint, button: object, keys: object) -> None:
    at = QPointF(place)
    event = QMouseEvent(
        QEvent.Type.MouseMove, at, widget.mapToGlobal(at), Qt.MouseButton.NoButton, button, keys
    )
    QApplication.sendEvent(widget, event)
