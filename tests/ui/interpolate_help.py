"""An Interpolate panel on a session of its own, and what a hand does to it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from genstudio.engine import library
from genstudio.ui.panels._interpolate_board import Board, Slot
from genstudio.ui.panels.interpolate import Interpolate
from genstudio.ui.session import Session

WITHIN_MS = 20_000
LOW, HIGH = (-2.0, -1.0), (2.0, 1.0)
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def settle(qtbot: QtBot, panel: Interpolate, extra: Callable[[], bool] = lambda: True) -> None:
    """Wait until nothing asked is still to come."""

    def at_rest() -> bool:
        return panel.session.idle() and not waiting(panel) and extra()

    qtbot.waitUntil(at_rest, timeout=WITHIN_MS)
    qtbot.waitUntil(at_rest, timeout=WITHIN_MS)


def open_panel(
    qtbot: QtBot,
    session: Session,
    source: str,
    size: tuple[int, int] = (900, 680),
    gaps: bool = False,
) -> Interpolate:
    """The panel and its Inspector, in front and settled."""
    session.show("A", source)
    panel = Interpolate(session)
    panel.column.paths.gaps.setChecked(gaps)
    panel.plane.animation_ms = panel.square.plane.animation_ms = 0
    inspector = panel.inspector()
    qtbot.addWidget(panel)
    qtbot.addWidget(inspector)
    panel.resize(*size)
    inspector.resize(290, 900)
    panel.show()
    inspector.show()
    panel.activated()
    qtbot.waitExposed(panel)
    settle(qtbot, panel, lambda: bool(panel.plane.sheets()))
    return panel


def waiting(panel: Interpolate) -> bool:
    """Whether a timer will ask for more."""
    return panel.tracer.waiting() or panel.placer.waiting()


def spread(qtbot: QtBot, panel: Interpolate) -> None:
    """Two codes far apart on the map, so that a hand can tell pins and paths apart."""
    slots = [Slot(name, code=np.array(z, np.float32)) for name, z in (("a", LOW), ("b", HIGH))]
    panel.board.set_value(Board((*slots, None, None)))
    settle(qtbot, panel)


def move(widget: QWidget, point: QPoint, buttons: Qt.MouseButton = Qt.MouseButton.NoButton) -> None:
    """The pointer moves to a position in the widget."""
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(point),
        QPointF(widget.mapToGlobal(point)),
        Qt.MouseButton.NoButton,
        buttons,
        NONE,
    )
    QApplication.sendEvent(widget, event)


def drag(widget: QWidget, start: QPoint, end: QPoint, steps: int = 6) -> None:
    """Press, move in steps, release."""
    QTest.mousePress(widget, LEFT, NONE, start)
    for k in range(1, steps + 1):
        move(widget, start + (end - start) * k / steps, LEFT)
    QTest.mouseRelease(widget, LEFT, NONE, end)


def pin_place(panel: Interpolate, role: tuple[str, int]) -> QPoint:
    """Where the pin of a role stands in the map."""
    pin = panel.plane.pins()[panel.hand.roles().index(role)]
    return panel.plane.to_widget(pin.x, pin.y).toPoint()


def decoded(source: str, z: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return library.load(source).decode(torch.tensor(np.atleast_2d(z))).numpy()[0]


def encoded(source: str, index: int) -> np.ndarray:
    """The code of a test image of MNIST."""
    from genstudio.data import load

    with torch.no_grad():
        image = load("mnist").test.batch(slice(index, index + 1))
        return library.load(source).encode(image).mean.numpy()[0]
