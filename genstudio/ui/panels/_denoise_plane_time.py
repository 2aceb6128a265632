"""The steps under the transport bar, and after the last of them the end, t = 0."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from genstudio.ui.panel import Timeline
from genstudio.ui.panels._denoise_line import StepTimeline


class PlaneTimeline(Timeline):
    """The steps of the chosen run, with one more place: where its particles ended."""

    scrubbed = Signal()  # the hand, or playing, goes to a place

    def __init__(self, steps: StepTimeline, parent: QObject) -> None:
        super().__init__(parent)
        self._steps = steps
        self._at_end = False
        self.moving = False  # the cursor is on its way to a place of this record
        self.whole = False  # whether the end is known
        steps.changed.connect(self.changed)

    @property
    def at_end(self) -> bool:
        return self._at_end

    def set_at_end(self, on: bool) -> None:
        """Put the cursor at the end, or back to the steps."""
        if on != self._at_end:
            self._at_end = on
            self.changed.emit()

    def set_whole(self, whole: bool) -> None:
        if whole != self.whole:
            self.whole = whole
            self.changed.emit()

    def count(self) -> int:
        n = self._steps.count()
        return n + 1 if n else 0

    def index(self) -> int:
        return self._steps.count() if self._at_end else self._steps.index()

    def set_index(self, index: int) -> None:
        last = self._steps.count()
        if index >= last and not self.whole:
            return
        self.scrubbed.emit()
        self._at_end, self.moving = index >= last, True
        self._steps.set_index(min(index, last - 1))
        self.moving = False
        self.changed.emit()

    def label(self, index: int) -> str:
        if index < self._steps.count():
            return self._steps.label(index)
        return self.tr("end, t = 0") if self.whole else self.tr("end, not reached yet")

    def title(self) -> str:
        return self._steps.title()
