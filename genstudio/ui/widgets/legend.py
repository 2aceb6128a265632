"""The legend of classes: coloured and shaped markers, which also choose what is shown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from genstudio.ui import theme

ROW_PX = 22
_MARKER_PX = 11.0


def _polygon(corners: int, turn: float = -90.0) -> QPainterPath:
    angles = [math.radians(turn + 360.0 * k / corners) for k in range(corners)]
    path = QPainterPath()
    path.addPolygon(QPolygonF([QPointF(math.cos(a) / 2, math.sin(a) / 2) for a in angles]))
    path.closeSubpath()
    return path


def _star(corners: int, inner: float) -> QPainterPath:
    path = QPainterPath()
    points = []
    for k in range(2 * corners):
        radius = 0.55 if k % 2 == 0 else inner
        angle = math.radians(-90.0 + 180.0 * k / corners)
        points.append(QPointF(radius * math.cos(angle), radius * math.sin(angle)))
    path.addPolygon(QPolygonF(points))
    path.closeSubpath()
    return path


def marker(index: int) -> QPainterPath:
    """The marker of class `index`, about one unit wide around (0, 0); shapes repeat after ten."""
    kind = index % 10
    if kind == 0:
        path = QPainterPath()
        path.addEllipse(QPointF(0, 0), 0.45, 0.45)
        return path
    if kind == 1:
        path = QPainterPath()
        path.addRect(QRectF(-0.4, -0.4, 0.8, 0.8))
        return path
    shapes = {
        2: lambda: _polygon(3),
        3: lambda: _polygon(4),
        4: lambda: _polygon(3, 90.0),
        5: lambda: _star(5, 0.22),
        6: lambda: _polygon(5),
        7: lambda: _star(4, 0.2),
        8: lambda: _polygon(6),
        9: lambda: _polygon(3, 0.0),
    }
    return shapes[kind]()


class Legend(QWidget):
    """Names of classes with their markers. A click shows or hides a class, a double click shows it
    alone, again all.

    Keys: Up and Down go through the rows, Space shows or hides, Enter shows alone, A all, N none.
    """

    filter_changed = Signal(object)  # set of the indices shown
    hovered = Signal(int)  # row under the pointer, -1 for none

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: list[str] = []
        self._counts: list[int] | None = None
        self._shown: set[int] = set()
        self._current = -1
        self._hover = -1
        self._before_click: set[int] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            self.tr(
                "Click shows or hides a class, double click shows it alone."
                " Keys: Space, Enter, A for all, N for none."
            )
        )
        self._describe()

    # Get and set ------------------------------------------------------------

    def classes(self) -> list[str]:
        return list(self._names)

    def set_classes(self, names: Sequence[str]) -> None:
        """Show these classes, all of them chosen. No signal."""
        if list(names) != self._names:
            self._names = list(names)
            self._counts = None
            self._shown = set(range(len(names)))
            self._current = -1
            self._describe()
            self.updateGeometry()
            self.update()

    def set_counts(self, counts: Sequence[int] | None) -> None:
        """How many points each class has, at the right of its name."""
        self._counts = list(counts) if counts is not None else None
        self.updateGeometry()
        self.update()

    def shown(self) -> set[int]:
        """Indices of the classes shown."""
        return set(self._shown)

    def set_shown(self, shown: Iterable[int]) -> None:
        """Choose what is shown. No signal."""
        self._shown = {index for index in shown if 0 <= index < len(self._names)}
        self._describe()
        self.update()

    def row_rect(self, index: int) -> QRectF:
        """Where row `index` lies."""
        return QRectF(0, index * ROW_PX, self.width(), ROW_PX)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        wide = max((metrics.horizontalAdvance(name) for name in self._names), default=16)
        count = metrics.horizontalAdvance("60,000") + 8 if self._counts else 0
        return QSize(26 + wide + 8 + count, max(1, len(self._names)) * ROW_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(48, self.sizeHint().height())

    # Events ------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._row_at(event)
        if event.button() == Qt.MouseButton.LeftButton and row >= 0:
            self._before_click = set(self._shown)
            self._current = row
            self._choose(self._shown ^ {row})

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        row = self._row_at(event)
        if event.button() == Qt.MouseButton.LeftButton and row >= 0:
            if self._before_click is not None:  # the first click of the two is taken back
                self._shown = self._before_click
                self._before_click = None
            self._alone(row)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hover(self._row_at(event))

    def leaveEvent(self, event: object) -> None:
        self._set_hover(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        last = len(self._names) - 1
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and last >= 0:
            way = 1 if key == Qt.Key.Key_Down else -1
            self._current = min(max(self._current + way, 0), last)
            self.update()
        elif key == Qt.Key.Key_Space and self._current >= 0:
            self._choose(self._shown ^ {self._current})
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._current >= 0:
            self._alone(self._current)
        elif key == Qt.Key.Key_A:
            self._choose(set(range(len(self._names))))
        elif key == Qt.Key.Key_N:
            self._choose(set())
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, name in enumerate(self._names):
            rect = self.row_rect(index)
            if index == self._hover or (self.hasFocus() and index == self._current):
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.colour("field"))
                painter.drawRoundedRect(rect.adjusted(0, 1, 0, -1), 4, 4)
            on = index in self._shown
            painter.save()
            painter.translate(12, rect.center().y())
            painter.scale(_MARKER_PX, _MARKER_PX)
            colour = theme.class_colour(index)
            painter.setPen(Qt.PenStyle.NoPen if on else QPen(colour, 1.3 / _MARKER_PX))
            painter.setBrush(colour if on else Qt.BrushStyle.NoBrush)
            painter.drawPath(marker(index))
            painter.restore()
            painter.setPen(theme.colour("text" if on else "quiet"))
            words = rect.adjusted(26, 0, -4, 0)
            vertical = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(words, vertical | Qt.AlignmentFlag.AlignLeft, name)
            if self._counts and index < len(self._counts):
                painter.setPen(theme.colour("quiet"))
                count = f"{self._counts[index]:,}"
                painter.drawText(words, vertical | Qt.AlignmentFlag.AlignRight, count)

    # Private ------------------------------------------------------------

    def _row_at(self, event: QMouseEvent) -> int:
        row = int(event.position().y() // ROW_PX)
        return row if 0 <= row < len(self._names) else -1

    def _set_hover(self, row: int) -> None:
        if row != self._hover:
            self._hover = row
            self.update()
            self.hovered.emit(row)

    def _alone(self, row: int) -> None:
        every = set(range(len(self._names)))
        self._choose(every if self._shown == {row} else {row})

    def _choose(self, shown: set[int]) -> None:
        if shown != self._shown:
            self._shown = shown
            self._describe()
            self.filter_changed.emit(set(shown))
        self.update()

    def _describe(self) -> None:
        self.setAccessibleName(self.tr("Classes"))
        names = ", ".join(self._names[index] for index in sorted(self._shown))
        self.setAccessibleDescription(self.tr("Shown: {0}").format(names or self.tr("none")))
