"""The map with paths on it: a path can be pulled, which puts a way-point into it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from genstudio.ui.panels._interpolate_look import lines, nearest
from genstudio.ui.widgets._latent_hand import Grip
from genstudio.ui.widgets.latent_plane import LatentPlane

NEAR_PX = 9.0  # a press this near to a path is on it
PULL_PX = 5.0  # a press that moves no farther is a click


class PathMap(LatentPlane):
    """A LatentPlane that knows where the paths are."""

    pulled = Signal(str, float, float, float)  # kind, share of its frames, map point of the hand
    dropped = Signal(object)  # QMimeData
    given_up = Signal()  # Esc: what the hand dragged is to be as it was

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._paths: dict[str, NDArray[np.floating]] = {}
        self._chosen = ""
        self._pull: tuple[str, float, QMouseEvent] | None = None
        self.setAcceptDrops(True)

    def paths(self) -> dict[str, NDArray[np.floating]]:
        """The paths on the map (F, 2), by their kind."""
        return dict(self._paths)

    def set_paths(self, paths: dict[str, NDArray[np.floating]], chosen: str) -> None:
        """Show these paths, `chosen` boldest and on top."""
        self._paths, self._chosen = paths, chosen
        drawn = []
        for kind in sorted(paths, key=lambda k: k == chosen):
            drawn += lines(kind, paths[kind], kind == chosen)
        self.set_outlines("paths", drawn, passing=True)

    def path_at(self, position: QPointF) -> tuple[str, float] | None:
        """The path under a position in the widget and the share of its frames, the chosen first."""
        x, y = self.to_map(position)
        reach = NEAR_PX * self.devicePixelRatioF() * self.frame().unit
        found, least = None, reach
        for kind in sorted(self._paths, key=lambda k: k != self._chosen):
            t, away = nearest(self._paths[kind], x, y)
            if away < least - 0.3 * reach or (found is None and away <= reach):
                found, least = (kind, t), away
        return found

    def held(self) -> bool:
        """Whether the hand holds a pin now."""
        return self._grip is Grip.PIN

    # The hand ----------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pull = None
        left = event.button() == Qt.MouseButton.LeftButton
        if left and self._pin_at(event.position()) < 0:
            found = self.path_at(event.position())
            if found is not None:
                self._pull = (*found, QMouseEvent(event))
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pull is not None:
            kind, t, pressed = self._pull
            way = event.position() - pressed.position()
            if abs(way.x()) + abs(way.y()) <= PULL_PX:
                return
            self._pull = None
            self.pulled.emit(kind, t, *self.to_map(pressed.position()))
            super().mousePressEvent(pressed)  # takes hold of the pin that stands there now
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pull = None
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        found = self.path_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and found is not None:
            self.pulled.emit(*found, *self.to_map(event.position()))
        else:
            super().mouseDoubleClickEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        held = self.held()
        super().keyPressEvent(event)
        if held and event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        mime = event.mimeData()
        if mime.hasImage() or any(url.isLocalFile() for url in mime.urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.dropped.emit(event.mimeData())
        event.acceptProposedAction()
