"""Training itself on the transport bar: the stored steps of the chosen run."""

from __future__ import annotations

from PySide6.QtCore import QObject

from genstudio.ui.panel import Timeline
from genstudio.ui.panels._train_frames import Frame, Frames

MAX_LETTERS = 14  # of a run's name beside the slider


class TrainTimeline(Timeline):
    """The frames of one run; which run is set by `show`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._frames = Frames()
        self._name = ""
        self._total: int | None = None
        self._said: tuple[int, int, int] = (0, -1, 0)

    def show(self, frames: Frames, name: str, total: int | None) -> None:
        """Stand on these frames; `total` is the number of steps of the whole run where it is
        known.
        """
        self._frames, self._name, self._total = frames, name, total
        now = (len(frames), frames.index, frames.shown.step if frames.shown else 0)
        if now != self._said:
            self._said = now
            self.changed.emit()

    def frame(self) -> Frame | None:
        """The frame that is shown."""
        return self._frames.shown

    def count(self) -> int:
        return len(self._frames)

    def index(self) -> int:
        return self._frames.index

    def set_index(self, index: int) -> None:
        if len(self._frames) and index != self._frames.index:
            self._frames.choose(index)
            self._said = (
                len(self._frames),
                self._frames.index,
                self._frames[self._frames.index].step,
            )
            self.changed.emit()

    def label(self, index: int) -> str:
        if not 0 <= index < len(self._frames):
            return ""
        frame = self._frames[index]
        if self._total:
            return self.tr("step {0} of {1}").format(f"{frame.step:,}", f"{self._total:,}")
        return self.tr("step {0}").format(f"{frame.step:,}")

    def title(self) -> str:
        n = len(self._frames)
        if not n:
            return ""
        name = self._name if len(self._name) <= MAX_LETTERS else f"{self._name[:MAX_LETTERS]}…"
        return self.tr("training of {0}, {1} stored steps").format(name, n)
