"""Positions on a path as the record under the transport bar."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from genstudio.ui.panel import Timeline


class PathTimeline(Timeline):
    """The frames of the path that the handle rides on."""

    scrubbed = Signal(float)  # share of the frames

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._count = 0
        self._t = 0.5
        self._title = ""

    def set_path(self, count: int, title: str) -> None:
        """`count` frames, 0 for none."""
        if (count, title) != (self._count, self._title):
            self._count, self._title = count, title
            self.changed.emit()

    def set_t(self, t: float) -> None:
        """The handle has moved."""
        if t != self._t:
            self._t = t
            self.changed.emit()

    def count(self) -> int:
        return self._count

    def index(self) -> int:
        return round(self._t * max(0, self._count - 1))

    def set_index(self, index: int) -> None:
        if self._count > 1:
            self._t = min(max(index / (self._count - 1), 0.0), 1.0)
            self.scrubbed.emit(self._t)

    def label(self, index: int) -> str:
        if self._count < 2:
            return ""
        share = index / (self._count - 1)
        return self.tr("position %1 on the path").replace("%1", f"{share:.2f}")

    def title(self) -> str:
        return self._title
