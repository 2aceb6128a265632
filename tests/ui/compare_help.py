"""A Compare panel on small models with random weights, and a session that answers when told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from manifold_help import WITHIN_MS, write_run
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from genstudio.engine.messages import Answer, Failure
from genstudio.ui.panels._compare_map import FieldPlane
from genstudio.ui.panels.compare import Compare
from genstudio.ui.session import Session

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def two_models(folder: Path) -> tuple[str, str]:
    """A VAE and an AE, both 2-D."""
    first = write_run(folder / "one", "vae", seed=1, width=16, depth=1)
    return first, write_run(folder / "two", "ae", seed=2, width=16, depth=1)


def open_compare(
    qtbot: QtBot, session: Session, sources: Sequence[str], size: tuple[int, int] = (860, 640)
) -> Compare:
    """The panel and its Inspector, shown and settled."""
    for slot, source in zip("ABCD", sources):
        session.show(slot, source)
    panel = Compare(session)
    panel.activated()
    for pane in panel.maps.panes.values():
        pane.plane.animation_ms = 0
    column = panel.inspector()
    qtbot.addWidget(panel)
    qtbot.addWidget(column)
    panel.resize(*size)
    column.resize(280, 700)
    panel.show()
    column.show()
    qtbot.waitExposed(panel)
    settle(qtbot, panel)
    return panel


def settle(qtbot: QtBot, panel: Compare, extra: Callable[[], bool] = lambda: True) -> None:
    """Wait until nothing asked is still to come."""

    def at_rest() -> bool:
        return panel.session.idle() and not panel.maps.cursor.together.busy() and extra()

    qtbot.waitUntil(at_rest, timeout=WITHIN_MS)
    qtbot.waitUntil(at_rest, timeout=WITHIN_MS)


def hover(plane: FieldPlane, point: QPoint) -> None:
    """The pointer moves to a position in a map."""
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(point),
        QPointF(plane.mapToGlobal(point)),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.NoButton,
        NONE,
    )
    QApplication.sendEvent(plane, event)


def spot(plane: FieldPlane, across: float, down: float) -> QPoint:
    """A position in the picture of a map, as shares of its sides."""
    rect = plane.picture_rect()
    x, y = rect.left() + across * rect.width(), rect.top() + down * rect.height()
    return QPoint(round(x), round(y))


@dataclass
class Open:
    """An ask that waits for its answer."""

    owner: int
    key: str
    model: str
    arguments: dict[str, Any]
    then: Callable[[Answer], None]
    failed: Callable[[Failure], None] | None
    request: int


class SlowSession(QObject):
    """Keeps asks until `answer` is called for one of them; latest wins by (owner, key)."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Open] = []
        self.asked = 0

    def ask(self, owner: QObject, key: str, query: str, **rest: Any) -> int:
        self.asked += 1
        then, failed = rest.pop("then"), rest.pop("failed", None)
        model, _ = rest.pop("model"), rest.pop("priority", None)
        # What is in work already is answered all the same, as the lanes do for the hand.
        self.waiting.append(Open(id(owner), key, model, rest, then, failed, self.asked))
        return self.asked

    def cancel(self, owner: QObject, key: str) -> None:
        self.waiting = [o for o in self.waiting if (o.owner, o.key) != (id(owner), key)]

    def answer(self, index: int) -> None:
        """Answer one ask: its picture is filled with the first number of z."""
        ask = self.waiting.pop(index)
        z = np.asarray(ask.arguments["z"], np.float32)
        probe = SimpleNamespace(z=z, image=np.full((1, 4, 4), z[0], np.float32))
        ask.then(Answer(ask.model, ask.key, ask.request, probe, True))

    def refuse(self, index: int, text: str) -> None:
        ask = self.waiting.pop(index)
        assert ask.failed is not None
        ask.failed(Failure(text))
