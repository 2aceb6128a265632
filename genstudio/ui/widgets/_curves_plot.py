"""The plot of the curves widget: pyqtgraph in the colours of the theme."""

from __future__ import annotations

import os
from collections.abc import Iterable

os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from genstudio.ui import theme


class _Axis(pg.AxisItem):
    """Ticks with commas between thousands."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self.logMode:
            return [_short(10.0**value) for value in values]
        if spacing >= 1:
            return [f"{value * scale:,.0f}" for value in values]
        return super().tickStrings(values, scale, spacing)


def _short(value: float) -> str:
    return f"{value:,.0f}" if 10 <= value < 1e6 else f"{value:.3g}"


def _adopt_menus(plot: pg.PlotWidget) -> None:
    """Give the menus that pyqtgraph makes without a parent to the plot: they end with it."""
    menu = plot.getPlotItem().ctrlMenu
    for each in (menu, *(action.menu() for action in menu.actions())):
        if each is not None:
            each.setParent(plot, each.windowFlags())


class Plot(pg.PlotWidget):
    """Axes, curves, marks, crosshair. Coordinates of the view: x, and y or log10 y."""

    pointed = Signal(object)  # x under the pointer, or None
    view_changed = Signal()
    taken = Signal()  # the user has panned or zoomed

    def __init__(self, parent: QWidget | None = None) -> None:
        axes = {"bottom": _Axis("bottom"), "left": _Axis("left")}
        super().__init__(parent, axisItems=axes)
        self.item = self.getPlotItem()
        self.item.setMenuEnabled(False)
        self.item.hideButtons()
        _adopt_menus(self)
        self.item.getViewBox().setMouseMode(pg.ViewBox.PanMode)
        self.item.getViewBox().disableAutoRange()
        for name in ("bottom", "left"):
            self.item.getAxis(name).enableAutoSIPrefix(False)
        self.item.getAxis("left").setWidth(56)
        self.item.getAxis("left").setTickDensity(0.6)
        self._marks: list[pg.InfiniteLine] = []
        self._line = pg.InfiniteLine(angle=90, movable=False)
        self._line.hide()
        self._dots = pg.ScatterPlotItem(size=8, pxMode=True)
        self._dots.setZValue(20)
        self.addItem(self._line, ignoreBounds=True)
        self.addItem(self._dots, ignoreBounds=True)
        self._labels = {"bottom": "", "left": ""}
        self._at: float | None = None
        self.scene().sigMouseMoved.connect(self._mouse_moved)
        self.item.getViewBox().sigRangeChanged.connect(lambda *_: self.view_changed.emit())
        self.item.getViewBox().sigRangeChangedManually.connect(lambda *_: self.taken.emit())
        self.dress()

    def x_range(self) -> tuple[float, float]:
        low, high = self.item.getViewBox().viewRange()[0]
        return float(low), float(high)

    def y_range(self) -> tuple[float, float]:
        low, high = self.item.getViewBox().viewRange()[1]
        return float(low), float(high)

    def show_range(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        """Show this part of the plane, with a little air."""
        self.item.getViewBox().setRange(xRange=x, yRange=y, padding=0.03, disableAutoRange=True)

    def picture(self, scale: float) -> QImage:
        """The plot as it stands, `scale` pixels per pixel."""
        image = QImage(self.size() * scale, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(scale)
        image.fill(theme.colour("pane"))
        painter = QPainter(image)
        self.render(painter, QRectF(0, 0, self.width(), self.height()))
        painter.end()
        return image

    def set_labels(self, x: str, y: str) -> None:
        self._labels = {"bottom": x, "left": y}
        self.dress()

    def set_log(self, log: bool) -> None:
        self.item.getAxis("left").setLogMode(False, log)

    def set_marks(self, marks: Iterable[tuple[float, str]]) -> None:
        """Upright lines with words: where something was changed."""
        for line in self._marks:
            self.removeItem(line)
        self._marks.clear()
        for x, text in marks:
            pen = QPen(theme.colour("warning", 0.8), 0, Qt.PenStyle.DashLine)
            line = pg.InfiniteLine(x, angle=90, pen=pen, label=text, labelOpts={"position": 0.95})
            line.label.setColor(theme.colour("warning"))
            line.label.setFont(theme.text_font(theme.CAPTION_PX))
            self.addItem(line, ignoreBounds=True)
            self._marks.append(line)

    def point_at(self, x: float | None, dots: list[tuple[float, float, QColor]]) -> None:
        """Put the crosshair at x, with a dot at each (x, y, colour); None takes it away."""
        self._at = x
        self._line.setVisible(x is not None)
        if x is not None:
            self._line.setPos(x)
        self._dots.setData(
            [dot[0] for dot in dots],
            [dot[1] for dot in dots],
            brush=[pg.mkBrush(dot[2]) for dot in dots],
            pen=pg.mkPen(theme.colour("pane"), width=1.5),
        )

    def dress(self) -> None:
        """Take the colours and fonts of the theme."""
        self.setBackground(theme.colours().pane)
        self._line.setPen(QPen(theme.colour("quiet", 0.7), 0))
        for name, text in self._labels.items():
            axis = self.item.getAxis(name)
            axis.setPen(QPen(theme.colour("line"), 1))
            axis.setTextPen(theme.colour("quiet"))
            axis.setTickFont(theme.text_font(theme.CAPTION_PX))
            axis.setStyle(tickLength=-4, tickTextOffset=6)
            size = {"color": theme.colours().quiet, "font-size": f"{theme.CAPTION_PX}px"}
            axis.setLabel(text or None, **size)

    # Events ------------------------------------------------------------

    def _mouse_moved(self, place: QPointF) -> None:
        box = self.item.getViewBox()
        inside = box.sceneBoundingRect().contains(place)
        self.pointed.emit(float(box.mapSceneToView(place).x()) if inside else None)

    def leaveEvent(self, event: object) -> None:
        self.pointed.emit(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and Right lead the crosshair along the picture, with Shift ten times as far."""
        ways = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        way = ways.get(Qt.Key(event.key()))
        low, high = self.x_range()
        if way is None:
            super().keyPressEvent(event)
            return
        many = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        start = self._at if self._at is not None else (high if way < 0 else low)
        columns = max(1.0, self.item.getViewBox().width())
        place = start + way * many * 2 * (high - low) / columns
        self.pointed.emit(float(np.clip(place, low, high)))
