"""A small curve over the steps of a run, read at the pointer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from genstudio.ui import theme

LEFT, RIGHT, TOP, BOTTOM = 42, 8, 8, 18  # px around the plot
HEIGHT = 112
DOT_PX = 2.5


@dataclass(frozen=True, eq=False)
class Curve:
    """Values over steps `xs` (K,), rising; `words[i]` is what is read at point i."""

    xs: np.ndarray
    ys: np.ndarray
    words: tuple[str, ...]
    spread: np.ndarray | None = None  # (K,) drawn as a band of plus and minus as much
    joined: bool = True  # False draws steps: the value holds until the next point


class StepCurve(QWidget):
    """The pointer reads the nearest point, leaving gives the cursor's; a click goes to its step."""

    pointed = Signal(str)  # what is read: a sentence, "" for nothing
    step_wanted = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curve: Curve | None = None
        self._last = 1.0  # the last step
        self._top = 1.0  # the highest value that is drawn
        self._unit = ""
        self._step = -1
        self._at: int | None = None  # the point under pointer or keys
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName(name)

    # Get and set -------------------------------------------------------------------------------

    def curve(self) -> Curve | None:
        return self._curve

    def set_curve(self, curve: Curve | None, last: int, top: float, unit: str = "") -> None:
        """Points over steps 0 to `last`, drawn from 0 to `top`; `unit` stands at the top."""
        self._curve, self._last, self._top, self._unit = curve, max(1.0, float(last)), top, unit
        if curve is None or (self._at is not None and self._at >= len(curve.xs)):
            self._at = None
        self._tell()
        self.update()

    def set_step(self, step: int) -> None:
        """Where the panel's cursor stands."""
        if step != self._step:
            self._step = step
            self._tell()
            self.update()

    def plot_rect(self) -> QRectF:
        return QRectF(self.rect()).adjusted(LEFT, TOP, -RIGHT, -BOTTOM)

    def point(self, index: int) -> QPointF:
        """Where point `index` lies in the widget."""
        assert self._curve is not None
        return self._place(float(self._curve.xs[index]), float(self._curve.ys[index]))

    def read(self) -> str:
        """What is read now: at the pointer, else at the cursor."""
        curve = self._curve
        if curve is None or not len(curve.xs):
            return ""
        if self._at is not None:
            return curve.words[self._at]
        if self._step < 0:
            return ""
        return curve.words[max(0, int(np.searchsorted(curve.xs, self._step, "right")) - 1)]

    def sizeHint(self) -> QSize:
        return QSize(240, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, HEIGHT)

    # Hand --------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go(self._nearest(event.position().x()))

    def leaveEvent(self, event: object) -> None:
        self._go(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        near = self._nearest(event.position().x())
        if event.button() == Qt.MouseButton.LeftButton and near is not None and self._curve:
            self.step_wanted.emit(int(self._curve.xs[near]))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        curve = self._curve
        if curve is None or not len(curve.xs):
            super().keyPressEvent(event)
        elif way is not None:
            at = -1 if self._at is None and way > 0 else self._at or 0
            self._go(min(max(at + way, 0), len(curve.xs) - 1))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._at is not None:
            self.step_wanted.emit(int(curve.xs[self._at]))
        else:
            super().keyPressEvent(event)

    def _nearest(self, x: float) -> int | None:
        if self._curve is None or not len(self._curve.xs):
            return None
        rect = self.plot_rect()
        step = (x - rect.left()) / max(1.0, rect.width()) * self._last
        return int(np.abs(self._curve.xs - step).argmin())

    def _go(self, at: int | None) -> None:
        if at != self._at:
            self._at = at
            self._tell()
            self.update()

    def _tell(self) -> None:
        words = self.read()
        self.setAccessibleDescription(words)
        self.pointed.emit(words)

    def _place(self, x: float, y: float) -> QPointF:
        rect = self.plot_rect()
        share = min(max(y / self._top, 0.0), 1.0) if self._top > 0 else 0.0
        return QPointF(
            rect.left() + x / self._last * rect.width(), rect.bottom() - share * rect.height()
        )

    # Paint -------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_scale(painter)
        curve = self._curve
        if curve is not None and len(curve.xs):
            self._paint_curve(painter, curve)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("accent"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _paint_scale(self, painter: QPainter) -> None:
        rect = self.plot_rect()
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.drawLine(rect.bottomLeft(), rect.topLeft())
        painter.setFont(theme.figure_font(theme.CAPTION_PX))
        painter.setPen(theme.colour("quiet"))
        right = Qt.AlignmentFlag.AlignRight
        top = QRectF(0, rect.top() - 6, LEFT - 4, 14)
        painter.drawText(top, right | Qt.AlignmentFlag.AlignVCenter, self._unit)
        zero = QRectF(0, rect.bottom() - 8, LEFT - 4, 14)
        painter.drawText(zero, right | Qt.AlignmentFlag.AlignVCenter, "0")
        below = QRectF(rect.left(), rect.bottom() + 2, rect.width(), BOTTOM - 2)
        first = self.tr("step {0}")
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, first.format(0))
        painter.drawText(below, right, f"{self._last:,.0f}")

    def _paint_curve(self, painter: QPainter, curve: Curve) -> None:
        rect = self.plot_rect()
        if curve.spread is not None and len(curve.xs) > 1:
            pairs = list(zip(curve.xs, curve.ys, curve.spread, strict=True))
            upper = [self._place(float(x), float(y + s)) for x, y, s in pairs]
            lower = [self._place(float(x), float(y - s)) for x, y, s in reversed(pairs)]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("accent", 0.18))
            painter.drawPolygon(QPolygonF([*upper, *lower]))
        points = [self.point(i) for i in range(len(curve.xs))]
        line = list(points)
        if not curve.joined:
            line = points[:1]
            for before, after in pairwise(points):
                line += [QPointF(after.x(), before.y()), after]
        painter.setPen(QPen(theme.colour("accent"), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(line))
        if curve.joined:
            painter.setBrush(theme.colour("accent"))
            for point in points:
                painter.drawEllipse(point, DOT_PX, DOT_PX)
        if self._step >= 0:
            x = self._place(float(self._step), 0.0).x()
            painter.setPen(QPen(theme.colour("quiet"), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.bottom()))
        if self._at is not None:
            painter.setPen(QPen(theme.colour("text"), 1.5))
            painter.setBrush(theme.colour("accent"))
            painter.drawEllipse(points[self._at], DOT_PX + 2, DOT_PX + 2)
