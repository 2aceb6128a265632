"""One curve on a plot: its points, its line, and the raw values behind a smoothed one."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from genstudio.ui import theme
from genstudio.ui.widgets._curves_plot import Plot
from genstudio.ui.widgets._series import Series, scaled, thin

_SMOOTH_ENOUGH = 0.5
_FEW = 60  # points of a test curve that are marked one by one
_CALM = 6.0  # heights of the picture


class Line:
    """A part of a run, "" for the run in front: solid for "train"; dashed for "test", with a dot
    wherever it was measured."""

    def __init__(self, plot: Plot, run: str, part: str, split: str) -> None:
        self.run, self.part, self.split = run, part, split
        self.series = Series()
        self.line = pg.PlotCurveItem()
        self.faint = pg.PlotCurveItem()
        self.dots = pg.ScatterPlotItem(size=5 if run else 7, pxMode=True)
        self._plot = plot
        for item in (self.faint, self.line):
            item.setSegmentedLineMode("on")
        for z, item in ((1, self.faint), (5 if run else 10, self.line), (12, self.dots)):
            item.setZValue(z)
            plot.addItem(item, ignoreBounds=True)

    def take_off(self) -> None:
        """Leave the plot."""
        for item in (self.line, self.faint, self.dots):
            self._plot.removeItem(item)

    @property
    def name(self) -> str:
        """Run, part and split, as they stand before a value that is read."""
        return " ".join(word for word in (self.run, self.part, self.split) if word)

    def weight(self, smoothing: float) -> float:
        """The smoothing that fits: tests are few and far between, an average would only lag."""
        return smoothing if self.split == "train" else 0.0

    def smoothed(self, smoothing: float) -> np.ndarray:
        return self.series.smoothed(self.weight(smoothing))

    def pen(self, colour: QColor, *, calm: bool = True) -> None:
        dash = Qt.PenStyle.DashLine if self.split == "test" else Qt.PenStyle.SolidLine
        width = 1.8 if calm and not self.run else 1
        faint = QColor(colour)
        faint.setAlphaF(0.28)
        self.line.setPen(pg.mkPen(colour, width=width, style=dash))
        self.faint.setPen(pg.mkPen(faint, width=1))
        self.dots.setBrush(pg.mkBrush(colour))
        self.dots.setPen(pg.mkPen(theme.colour("pane"), width=1))

    def draw(self, on: bool, colour: QColor, columns: int, smoothing: float, log: bool) -> None:
        """Draw what the plot's x range shows of the points, thinned to `columns`."""
        low, high = self._plot.x_range()
        weight = self.weight(smoothing)
        on = on and len(self.series) > 0
        smooth = on and weight > 0
        self.line.setVisible(on)
        self.faint.setVisible(smooth)
        self.dots.setVisible(on)
        if on:
            mean = weight >= _SMOOTH_ENOUGH
            y = self.series.smoothed(weight)
            x, y = thin(self.series.x, y, low, high, columns, mean=mean)
            y = scaled(y, log)
            self.line.setData(x, y, connect="finite", antialias=True)
            self.pen(colour, calm=self._calm(y))
            marked = self.split == "test" and len(x) <= _FEW
            seen = np.isfinite(y) & marked
            self.dots.setData(x[seen], y[seen])
        if smooth:
            x, y = thin(self.series.x, self.series.y, low, high, columns)
            self.faint.setData(x, scaled(y, log), connect="finite", antialias=False)

    def _calm(self, y: np.ndarray) -> bool:
        """Whether the line goes up and down little enough to be drawn broad (broad zigzags take Qt
        a hundred times as long as thin ones)."""
        low, high = self._plot.y_range()
        travel = float(np.nansum(np.abs(np.diff(y)))) if len(y) > 1 else 0.0
        return travel < _CALM * max(high - low, 1e-12)
