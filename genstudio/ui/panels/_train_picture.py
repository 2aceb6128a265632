"""The Train panel's picture: curves at the left (or above, where it is narrow), live pictures at
the right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from genstudio.engine.messages import Scalars
from genstudio.ui import theme
from genstudio.ui.panels._train_curves import Curves as RunCurves
from genstudio.ui.panels._train_parts import is_lower, level, names
from genstudio.ui.panels._train_plots import LossCurves
from genstudio.ui.panels._train_previews import Previews
from genstudio.ui.widgets.curves import Curves

NARROW_PX = 540  # below this width the pictures stand under the curves
OTHERS_INTERVAL_MS = 1500  # runs behind the chosen one are drawn anew this often


class Picture(QWidget):
    """Curves and previews, in a splitter that turns with the width."""

    failed = Signal(str)  # one sentence: the curves were not saved

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lower = Curves(self.tr("step"), self.tr("KL, nats"), bar=False)
        self.curves = LossCurves(self.lower, self.tr("step"))
        self.curves.failed.connect(self.failed)
        self.previews = Previews()
        self._behind: Callable[[], list[RunCurves]] = list
        self._unit = ""
        self._names: dict[str, str] = {}  # of the loss's parts, as they stand in the plots
        plots = QWidget()
        upright = QVBoxLayout(plots)
        upright.setContentsMargins(0, 0, 0, 0)
        upright.setSpacing(theme.GRID)
        upright.addWidget(self.curves, 5)
        upright.addWidget(self.lower, 3)
        self.lower.hide()
        self._split = QSplitter(Qt.Orientation.Horizontal, self)
        self._split.setHandleWidth(2 * theme.GRID)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(plots)
        self._split.addWidget(self.previews)
        self._split.setStretchFactor(0, 5)
        self._split.setStretchFactor(1, 3)
        self._split.setSizes([500, 300])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._split)
        self._others = QTimer(self)
        self._others.setSingleShot(True)
        self._others.setInterval(OTHERS_INTERVAL_MS)
        self._others.timeout.connect(self._lay_over)

    def fit(self, width: int) -> None:
        """Stand side by side where there is room, else one above the other."""
        narrow = width < NARROW_PX
        wanted = Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal
        if self._split.orientation() != wanted:
            self._split.setOrientation(wanted)
        self.previews.set_flat(narrow)

    # Curves ------------------------------------------------------------------------------------

    def show_run(self, run: RunCurves, behind: Callable[[], list[RunCurves]]) -> None:
        """All the curves of `run` anew; `behind` gives the runs that are laid over."""
        self._behind = behind
        self.curves.clear()
        self.lower.clear()
        self.lower.hide()
        self.curves.label_x(True)
        self._names = {}
        self._learn(run.parts())
        for (part, split), (steps, values) in run.all_series().items():
            self._plot(part).set_data(self._names[part], split, steps, values)
        for mark in run.marks:
            self.curves.mark(mark.step, mark.text)
            self.lower.mark(mark.step, "")
        self._lay_over()

    def set_unit(self, unit: str) -> None:
        """The unit of the loss and its parts, as it stands at the axis."""
        if unit != self._unit:
            self._unit = unit
            words = self.tr("{0} per image").format(unit) if unit else ""
            self.curves.set_labels(self.tr("step"), words)
            for part in ("loss", "reconstruction"):
                self.curves.set_unit(part, unit)
            self._name_lower()

    def grow(self, scalars: Scalars) -> None:
        """More points of the run in front."""
        self._learn(scalars.values)
        for part, values in scalars.values.items():
            self._plot(part).extend(self._names[part], scalars.split, scalars.steps, values)

    def others_grew(self) -> None:
        """A run behind the chosen one has more points: draw it anew, now and then."""
        if not self._others.isActive():
            self._others.start()

    def rest(self) -> None:
        """Nobody looks: let no timer run."""
        self._others.stop()

    def _learn(self, parts: Iterable[str]) -> None:
        """Parts of the loss that are drawn from now on."""
        if not self._names.keys() >= set(parts):
            self._names = names([*self._names, *parts], self.tr)
            self._name_lower()

    def _name_lower(self) -> None:
        """The words at the axis of the lower plot, which has the KL, or the loss of the upper one
        by noise level.
        """
        by_level = any(level(part) is not None for part in self._names)
        words = self.tr("by noise level") if by_level else self.tr("KL, nats")
        self.lower.set_labels(self.tr("step"), words)
        self.lower.set_unit("kl", self.tr("nats"))
        self.lower.bar.show_pills_only()
        self.lower.bar.setVisible(by_level)

    def _plot(self, part: str) -> Curves:
        if is_lower(part):
            if self.lower.isHidden():
                self.lower.show()
                self.curves.label_x(False)
            return self.lower
        return self.curves

    def _lay_over(self) -> None:
        runs = {run.name: run for run in self._behind()}
        for plot in (self.curves, self.lower):
            for name in plot.overlays():
                if name not in runs:
                    plot.remove_overlay(name)
        for name, run in runs.items():
            for plot, low in ((self.curves, False), (self.lower, True)):
                series = {
                    (self._names.get(part, part), split): xy
                    for (part, split), xy in run.all_series().items()
                    if is_lower(part) is low
                }
                if series:
                    plot.overlay(name, series)

    def show_step(self, step: int | None) -> None:
        """Where the timeline stands, while it does not follow the newest step."""
        at = None if step is None else float(step)
        self.curves.show_at(at)
        self.lower.show_at(at)

    # State -------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        return {"log": self.curves.log(), "smoothing": self.curves.smoothing()}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.curves.set_log(state.get("log") is True)
        smoothing = state.get("smoothing")
        if isinstance(smoothing, int | float) and 0 <= smoothing < 1:
            self.curves.set_smoothing(float(smoothing))
