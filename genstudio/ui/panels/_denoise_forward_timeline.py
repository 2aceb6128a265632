"""The way to noise as the record under the transport bar: every t, or the steps of an inversion."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from genstudio.ui.panel import Timeline


class ForwardTimeline(Timeline):
    """Frames with a t each, rising."""

    scrubbed = Signal(int)  # index

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._times: Sequence[int] = ()
        self._index = 0
        self._last = 0
        self._title = ""

    def show(self, times: Sequence[int], index: int, last: int, title: str) -> None:
        """The t of each frame, the frame shown, T, and whose way it is."""
        if (times, index, last, title) != (self._times, self._index, self._last, self._title):
            self._times, self._index, self._last, self._title = times, index, last, title
            self.changed.emit()

    def count(self) -> int:
        return len(self._times)

    def index(self) -> int:
        return self._index

    def set_index(self, index: int) -> None:
        if self._times:
            self._index = min(max(index, 0), len(self._times) - 1)
            self.scrubbed.emit(self._index)

    def label(self, index: int) -> str:
        """ "t = 350 of 1,000"."""
        if not self._times:
            return ""
        t = self._times[min(max(index, 0), len(self._times) - 1)]
        return self.tr("t = {0} of {1}").format(f"{t:,}", f"{self._last:,}")

    def title(self) -> str:
        return self._title
