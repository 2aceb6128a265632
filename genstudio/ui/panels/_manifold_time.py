"""Training itself on the transport bar: the same map at any stored step."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from genstudio.ui.panel import Timeline
from genstudio.ui.session import ModelRef


class TrainingTimeline(Timeline):
    """The snapshots of a model in their order, and at the end the model itself.

    While a model trains, new snapshots come in before the end; where the hand has put the index, it
    stays.
    """

    chosen = Signal(str)  # source of the frame: a snapshot's file, or the model

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ref: ModelRef | None = None
        self._frames: tuple[tuple[int | None, str], ...] = ()
        self._at = ""

    def set_model(self, ref: ModelRef | None) -> None:
        """Another model, or the same one with more snapshots."""
        known = self._ref is not None and ref is not None and self._ref.source == ref.source
        self._ref = ref
        if ref is None or not ref.snapshots:
            self._frames = ()
        else:
            self._frames = (*ref.snapshots, (None, ref.source))
        if not known or self._at not in {source for _, source in self._frames}:
            self._at = ref.source if ref is not None else ""
        self.changed.emit()

    def source(self) -> str:
        """The source of the frame that is shown."""
        return self._at

    def count(self) -> int:
        return len(self._frames)

    def index(self) -> int:
        for number, (_, source) in enumerate(self._frames):
            if source == self._at:
                return number
        return max(0, len(self._frames) - 1)

    def set_index(self, index: int) -> None:
        if not self._frames:
            return
        source = self._frames[max(0, min(index, len(self._frames) - 1))][1]
        if source != self._at:
            self._at = source
            self.chosen.emit(source)
            self.changed.emit()

    def label(self, index: int) -> str:
        if not 0 <= index < len(self._frames):
            return ""
        step, _ = self._frames[index]
        last = self._frames[-2][0] if len(self._frames) > 1 else 0
        if step is None:
            live = self._ref is not None and self._ref.run is not None
            return self.tr("the model as it trains") if live else self.tr("the finished model")
        text = self.tr("step %1 of %2")
        return text.replace("%1", f"{step:,}").replace("%2", f"{last or step:,}")

    def title(self) -> str:
        if self._ref is None or not self._frames:
            return self.tr("this model came without snapshots of its training")
        text = self.tr("training of %1, %2 snapshots")
        return text.replace("%1", self._ref.title).replace("%2", str(len(self._frames) - 1))
