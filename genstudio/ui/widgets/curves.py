"""Curves of a training: parts of the loss for training and test, read at the pointer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from genstudio.ui import theme
from genstudio.ui.widgets._curves_bar import CurvesBar
from genstudio.ui.widgets._curves_export import CurvesExport, csv_text
from genstudio.ui.widgets._curves_line import Line
from genstudio.ui.widgets._curves_plot import Plot
from genstudio.ui.widgets._curves_reading import Reading
from genstudio.ui.widgets._series import Series, first_view, nearest, scaled

REDRAW_MS = 66  # at most 15 pictures a second, however fast points come
_HUES = (1, 4, 6, 2, 3, 8, 7, 5)  # class colours for the parts after the first


class Curves(QWidget):
    """Named parts, each a solid line for "train" and a dashed one for "test".

    Points may come at any rate: they are drawn at most 15 times a second, thinned to the picture's
    columns. The wheel zooms, dragging pans, Fit shows all again; arrows lead the crosshair. Without
    a `bar` the plot is led by another one.
    """

    parts_changed = Signal(object)  # set of the parts shown
    hovered = Signal(object)  # x at the crosshair, or None
    failed = Signal(str)  # one sentence: saving did not succeed

    def __init__(
        self,
        x_label: str = "step",
        y_label: str = "",
        parent: QWidget | None = None,
        *,
        bar: bool = True,
    ) -> None:
        super().__init__(parent)
        self._x_label = x_label
        self._y_label = y_label
        self._x_shown = True
        self._units: dict[str, str] = {}
        self._curves: dict[tuple[str, str, str], Line] = {}
        self._marks: list[tuple[float, str]] = []
        self._hidden: set[str] = set()  # parts and runs that the user switched off
        self._smoothing = 0.0
        self._log = False
        self._follow = True
        self._setting_range = False
        self._at: float | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REDRAW_MS)
        self._timer.timeout.connect(self._redraw)
        self._plot = Plot(self)
        self._plot.setAccessibleName(self.tr("Curves; the values stand in the line above"))
        self._plot.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._read = Reading(self)
        self.bar = CurvesBar(self)
        self.bar.setVisible(bar)
        self.export = CurvesExport(self, self.csv, self.picture)
        self._lay_out()
        self._plot.pointed.connect(self.show_at)
        self._plot.view_changed.connect(self._view_changed)
        self._plot.taken.connect(self._taken)
        theme.notifier().changed.connect(self._dress)
        self.set_labels(x_label, y_label)

    # Data ------------------------------------------------------------

    def append(self, part: str, split: str, x: float, y: float) -> None:
        """One more point of a part, at the end."""
        self.extend(part, split, np.array([x]), np.array([y]))

    def extend(self, part: str, split: str, xs: np.ndarray, ys: np.ndarray) -> None:
        """More points (N,) of a part, at the end."""
        self._curve("", part, split).series.extend(xs, ys)
        self._schedule()

    def set_data(self, part: str, split: str, xs: np.ndarray, ys: np.ndarray) -> None:
        """All points of a part anew."""
        curve = self._curve("", part, split)
        curve.series = Series()
        curve.series.extend(xs, ys)
        self._schedule()

    def data(self, part: str, split: str, run: str = "") -> tuple[np.ndarray, np.ndarray]:
        """x and y of a part, read only views; empty where there is none."""
        curve = self._curves.get((run, part, split))
        if curve is None:
            return np.empty(0), np.empty(0)
        return curve.series.x, curve.series.y

    def overlay(
        self, run: str, data: Mapping[tuple[str, str], tuple[np.ndarray, np.ndarray]]
    ) -> None:
        """Lay an earlier run over: {(part, split): (xs, ys)}."""
        self.remove_overlay(run)
        for (part, split), (xs, ys) in data.items():
            self._curve(run, part, split).series.extend(xs, ys)
        self._colour_pills()  # the order of the parts may be another
        self._schedule()

    def remove_overlay(self, run: str) -> None:
        for key in [key for key in self._curves if run and key[0] == run]:
            self._drop(key)
        self._remove_pill(run)
        self._schedule()

    def overlays(self) -> list[str]:
        return list(dict.fromkeys(run for run, _part, _split in self._curves if run))

    def mark(self, x: float, text: str) -> None:
        """Mark where something was changed while the training ran."""
        self._marks.append((x, text))
        self._plot.set_marks(self._marks)

    def marks(self) -> list[tuple[float, str]]:
        return list(self._marks)

    def clear(self) -> None:
        """Take the run in front and its marks away; what is laid over stays."""
        for key in [key for key in self._curves if not key[0]]:
            self._drop(key)
        for part in [name for name in self.bar.pills if name not in self.overlays()]:
            if part not in self.parts():
                self._remove_pill(part)
        self._marks.clear()
        self._plot.set_marks([])
        self._follow = True
        self.show_at(None)
        self._schedule()

    # Get and set ------------------------------------------------------------

    def parts(self) -> list[str]:
        """Names of the parts there are, in the order in which they came."""
        return list(dict.fromkeys(part for _run, part, _split in self._curves))

    def shown_parts(self) -> set[str]:
        return {part for part in self.parts() if part not in self._hidden}

    def set_shown_parts(self, parts: set[str]) -> None:
        """Show these parts only."""
        for part in self.parts():
            self.bar.pills[part].setChecked(part in parts)

    def show_named(self, name: str, on: bool) -> None:
        """Show or hide a part, or a run that is laid over; nothing where there is none."""
        if name in self.bar.pills:
            self.bar.pills[name].setChecked(on)

    def set_labels(self, x: str, y: str) -> None:
        """Words at the axes, with units: "step", "nats per image"."""
        self._x_label, self._y_label = x, y
        self._plot.set_labels(x if self._x_shown else "", y)

    def label_x(self, shown: bool) -> None:
        """Whether the word at the x axis stands here; else it stands at another plot."""
        self._x_shown = shown
        self.set_labels(self._x_label, self._y_label)

    def set_unit(self, part: str, unit: str) -> None:
        """The unit that stands behind a part's numbers."""
        self._units[part] = unit
        self._reread()

    def log(self) -> bool:
        return self._log

    def set_log(self, log: bool) -> None:
        """A logarithmic axis for y; values that are not positive are left out."""
        self.bar.log.setChecked(log)

    def smoothing(self) -> float:
        return self._smoothing

    def set_smoothing(self, weight: float) -> None:
        """Weight of the exponential moving average, 0 (raw) to 0.99; raw values stay, faint."""
        self.bar.track.setValue(round(100 * weight))

    def following(self) -> bool:
        """Whether the view follows the data; panning or zooming ends it."""
        return self._follow

    def fit(self) -> None:
        """Show all the data and follow it."""
        self._follow = True
        self._redraw()

    def reading(self) -> str:
        """The values at the crosshair, or the last ones, in words: a line for each step."""
        return self._read.words()

    # Export ------------------------------------------------------------

    def csv(self) -> str:
        """Every point as a line: run, part, split, x, value; raw, whatever is shown."""
        return csv_text(
            self._x_label,
            (
                (curve.run, curve.part, curve.split, curve.series.x, curve.series.y)
                for curve in self._curves.values()
            ),
        )

    def picture(self, scale: float = 2.0) -> QImage:
        """The plot as it stands, `scale` pixels per pixel."""
        self._redraw()
        return self._plot.picture(scale)

    def _show_menu(self, place: QPoint) -> None:
        self.export.menu().popup(place)

    # Bar ------------------------------------------------------------

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        column.addWidget(self.bar)
        column.addWidget(self._read)
        column.addWidget(self._plot, 1)
        self.bar.toggled.connect(self._show_named)
        self.bar.log_toggled.connect(self._set_log)
        self.bar.smoothing_changed.connect(self._set_smoothing)
        self.bar.fit_wanted.connect(self.fit)
        self.bar.menu_wanted.connect(self._show_menu)
        self.export.failed.connect(self.failed)

    def _add_pill(self, name: str, tip: str) -> None:
        if self.bar.add_pill(name, tip):
            self._colour_pills()

    def _remove_pill(self, name: str) -> None:
        self._hidden.discard(name)
        self.bar.remove_pill(name)

    def _colour_pills(self) -> None:
        overlays = self.overlays()
        for name in self.bar.pills:
            self.bar.set_colour(name, self._colour(name if name in overlays else "", name))

    def _show_named(self, name: str, on: bool) -> None:
        (self._hidden.discard if on else self._hidden.add)(name)
        self._redraw()
        self.parts_changed.emit(self.shown_parts())

    def _set_log(self, log: bool) -> None:
        self._log = log
        self._plot.set_log(log)
        self._follow = True
        self._redraw()

    def _set_smoothing(self, weight: float) -> None:
        self._smoothing = weight
        self._schedule()

    # Drawing ------------------------------------------------------------

    def _colour(self, run: str, part: str) -> QColor:
        if run:
            runs = self.overlays()
            return theme.class_colour(_HUES[(runs.index(run) + 3) % len(_HUES)])
        parts = self.parts()
        index = parts.index(part) if part in parts else 0
        return theme.colour("accent") if index == 0 else theme.class_colour(_HUES[(index - 1) % 8])

    def _curve(self, run: str, part: str, split: str) -> Line:
        key = (run, part, split)
        if key not in self._curves:
            curve = self._curves[key] = Line(self._plot, run, part, split)
            self._add_pill(part, self.tr("Show or hide {0}").format(part))
            if run:
                self._add_pill(run, self.tr("Show or hide the earlier run {0}").format(run))
            curve.pen(self._colour(run, part))
        return self._curves[key]

    def _drop(self, key: tuple[str, str, str]) -> None:
        self._curves.pop(key).take_off()

    def _schedule(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._schedule()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._schedule()

    def _view_changed(self) -> None:
        if not self._setting_range:
            self._schedule()

    def _taken(self) -> None:
        self._follow = False
        self._schedule()

    def _visible(self) -> list[Line]:
        hidden = self._hidden
        curves = self._curves.values()
        seen = [c for c in curves if c.part not in hidden and c.run not in hidden]
        return sorted(seen, key=lambda c: (bool(c.run), c.split == "test"))

    def _redraw(self) -> None:
        self._timer.stop()
        visible = self._visible()
        if self._follow:
            self._set_range(visible)
        columns = max(64, self._plot.width() // 2)
        for curve in self._curves.values():
            colour = self._colour(curve.run, curve.part)
            curve.draw(curve in visible, colour, columns, self._smoothing, self._log)
        self._reread()

    def _set_range(self, visible: list[Line]) -> None:
        """All of x; of y all but the first outliers, which would press the rest flat."""
        shown = [c for c in visible if len(c.series)]
        if not shown:
            return
        ys = [scaled(c.smoothed(self._smoothing), self._log) for c in shown]
        x, y = first_view([c.series.x for c in shown], ys, whole=self._log)
        self._setting_range = True
        self._plot.show_range(x, y)
        self._setting_range = False

    # Reading ------------------------------------------------------------

    def show_at(self, x: float | None) -> None:
        """Put the crosshair at x and read the values there; None takes it away."""
        self._at = x
        self._reread()
        self.hovered.emit(x)

    def _reread(self) -> None:
        values: list[tuple[float, str]] = []
        dots = []
        where: float | None = None
        for curve in self._visible():
            series = curve.series
            if not len(series):
                continue
            index = len(series) - 1 if self._at is None else nearest(series.x, self._at)
            x = float(series.x[index])
            y = float(curve.smoothed(self._smoothing)[index])
            if where is None or abs(x - (self._at or x)) < abs(where - (self._at or where)):
                where = x
            unit = self._units.get(curve.part, "")
            values.append((x, f"{curve.name} {y:.5g} {unit}".strip()))
            height = float(scaled(np.array([y]), self._log)[0])
            if self._at is not None and np.isfinite(height):
                dots.append((x, height, self._colour(curve.run, curve.part)))
        self._read.set_values(self._x_label, values)
        self._plot.point_at(where if self._at is not None else None, dots)

    def _dress(self) -> None:
        self._plot.dress()
        self._plot.set_marks(self._marks)
        for curve in self._curves.values():
            curve.pen(self._colour(curve.run, curve.part))
        self._colour_pills()
