"""A small chart of a few series over the same positions, with a cursor that the hand moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from genstudio.ui import theme

LEFT_PX, RIGHT_PX, TOP_PX, BOTTOM_PX = 36, 8, 18, 6


@dataclass(frozen=True)
class Line:
    """How a series is drawn: a class colour by number, or a name of the theme; and its dashes."""

    colour: int | str
    dashes: tuple[float, ...] = ()
    width: float = 1.75

    def ink(self) -> QColor:
        if isinstance(self.colour, int):
            return theme.class_colour(self.colour)
        return theme.colour(self.colour)


class Chart(QWidget):
    """Lines over positions 0 to n - 1; a press or drag moves the cursor, arrows step it."""

    moved = Signal(int)

    def __init__(
        self, title: str, lines: Mapping[str, Line], digits: int = 2, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._title, self._lines, self._digits = title, lines, digits
        self._series: dict[str, np.ndarray] = {}
        self._mark: float | None = None
        self._top = 1.0
        self._index = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(title)
        self.setToolTip(self.tr("Drag to move along the path"))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 72)

    def series(self) -> dict[str, np.ndarray]:
        return dict(self._series)

    def show_series(
        self, series: Mapping[str, np.ndarray], top: float, mark: float | None = None
    ) -> None:
        """Values by name, NaN where unknown, from 0 to `top`; `mark` is a level."""
        self._series = {name: np.asarray(values) for name, values in series.items()}
        self._mark, self._top = mark, max(top, 1e-6)
        self.update()

    def set_index(self, index: int) -> None:
        self._index = index
        self.update()

    def _count(self) -> int:
        return max((len(values) for values in self._series.values()), default=0)

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(LEFT_PX, TOP_PX, -RIGHT_PX, -BOTTOM_PX)

    def position(self, index: int) -> QPointF:
        """Where a position stands on the axis."""
        area = self._area()
        share = index / max(1, self._count() - 1)
        return QPointF(area.left() + share * area.width(), area.center().y())

    def _go(self, x: float) -> None:
        area, n = self._area(), self._count()
        if n < 2:
            return
        index = round((x - area.left()) / max(1.0, area.width()) * (n - 1))
        self.moved.emit(min(max(index, 0), n - 1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._go(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position().x())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if way is None:
            super().keyPressEvent(event)
        else:
            self.moved.emit(min(max(self._index + way, 0), max(0, self._count() - 1)))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self._area()
        painter.setFont(theme.figure_font(theme.CAPTION_PX))
        painter.setPen(theme.colour("quiet"))
        painter.drawText(QRectF(0, 0, self.width(), 14), Qt.AlignmentFlag.AlignLeft, self._title)
        end = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for value in (0.0, self._top):
            y = self._y(value)
            painter.setPen(QPen(theme.colour("line"), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(theme.colour("quiet"))
            box = QRectF(0, y - 8, LEFT_PX - 6, 16)
            painter.drawText(box, end, f"{value:.{self._digits}f}")
        if self._mark is not None and self._mark <= self._top:
            y = self._y(self._mark)
            painter.setPen(QPen(theme.colour("error", 0.8), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(theme.colour("error"))
            box = QRectF(0, y - 8, LEFT_PX - 6, 16)
            painter.drawText(box, end, f"{self._mark:.{self._digits}f}")
        for name, values in self._series.items():
            self._paint_line(painter, values, self._lines[name])
        x = self.position(self._index).x()
        painter.setPen(QPen(theme.colour("accent"), 2 if self.hasFocus() else 1.5))
        painter.drawLine(QPointF(x, area.top() - 2), QPointF(x, area.bottom() + 2))

    def _y(self, value: float) -> float:
        area = self._area()
        return area.bottom() - min(max(value / self._top, 0.0), 1.02) * area.height()

    def _paint_line(self, painter: QPainter, values: np.ndarray, line: Line) -> None:
        pen = QPen(line.ink(), line.width)
        if line.dashes:
            pen.setDashPattern(list(line.dashes))
        painter.setPen(pen)
        points = [
            QPointF(self.position(i).x(), self._y(float(v)))
            for i, v in enumerate(values)
            if np.isfinite(v)
        ]
        painter.drawPolyline(QPolygonF(points))
