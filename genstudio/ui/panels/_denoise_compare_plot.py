"""How far two walks are apart over t, under their strips: a curve with the cursor on it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from genstudio.ui import theme
from genstudio.ui.panels._denoise_compare_numbers import figure
from genstudio.ui.panels._denoise_strip_axis import Axis

FINE = 1 / 50  # of the hand's movement while Shift is held
HEAD_PX = 18  # the name and the number above the curve
HEIGHT_PX = 64


class DistancePlot(QWidget):
    """rms of the clean guesses apart, over the axis of the strips above. A drag scrubs; keys are
    the strips'.
    """

    scrubbed = Signal(float)  # t

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._axis = Axis()
        self._times = np.zeros(0)
        self._values = np.zeros(0)
        self._parts: float | None = None
        self._t: float | None = None
        self._grip: tuple[float, float] | None = None  # x of the hand, x that counts
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Distance of the two runs over t"))
        self.setToolTip(
            self.tr(
                "Root mean square of the difference of the clean guesses, pixels from 0 to 1, at "
                "each t that both runs have. The dashed line is where they part. Drag to scrub"
            )
        )
        theme.notifier().changed.connect(self.update)

    # Get and set -------------------------------------------------------------------------------

    def curve(self) -> tuple[np.ndarray, np.ndarray]:
        return self._times, self._values

    def set_curve(self, times: np.ndarray, values: np.ndarray, parts: float | None) -> None:
        """`values` at falling `times`; `parts` is where the two part, None for nowhere yet."""
        self._times, self._values, self._parts = times, values, parts
        top = f"{values.max():.4f}" if len(values) else self.tr("nothing measured")
        self.setAccessibleDescription(self.tr("At most {0}").format(top))
        self.update()

    def set_axis(self, axis: Axis) -> None:
        self._axis = axis
        self.update()

    def t(self) -> float | None:
        return self._t

    def set_t(self, t: float | None) -> None:
        """Where the cursor stands."""
        if t != self._t:
            self._t = t
            self.update()

    def value_at(self, t: float) -> float | None:
        """The curve at the last time not below t; None before it begins."""
        place = int(np.searchsorted(-self._times, -t, side="right")) - 1
        return float(self._values[place]) if place >= 0 else None

    def sizeHint(self) -> QSize:
        return QSize(400, HEIGHT_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, HEIGHT_PX)

    # The hand ----------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        x = event.position().x()
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        begins = self._axis.x_of(self._t) if fine and self._t is not None else x
        self._grip = (x, begins)
        if not fine:
            self._go(x)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is None:
            return
        x, (last, counts) = event.position().x(), self._grip
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        counts = counts + (x - last) * FINE if fine else x
        self._grip = (x, counts)
        self._go(counts)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = None

    def _go(self, x: float) -> None:
        self.scrubbed.emit(min(max(self._axis.at(x), 0.0), self._axis.last))

    # Painting ----------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plot = QRectF(
            self._axis.left,
            HEAD_PX,
            self._axis.right - self._axis.left,
            self.height() - HEAD_PX - 3,
        )
        top = float(self._values.max()) if len(self._values) else 0.0
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        self._paint_head(painter, plot, top)
        if self._parts is not None:
            x = round(self._axis.x_of(self._parts)) + 0.5
            painter.setPen(QPen(theme.colour("quiet"), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        if top > 0.0:
            points = [
                QPointF(self._axis.x_of(t), plot.bottom() - plot.height() * v / top)
                for t, v in zip(self._times.tolist(), self._values.tolist(), strict=True)
            ]
            painter.setPen(QPen(theme.colour("text"), 1.5))
            painter.drawPolyline(QPolygonF(points))
        if self._t is not None:
            self._paint_cursor(painter, plot, top)
        painter.end()

    def _paint_head(self, painter: QPainter, plot: QRectF, top: float) -> None:
        font = theme.figure_font(theme.CAPTION_PX)
        painter.setFont(font)
        head = QRectF(0, 0, self.width(), HEAD_PX - 2)
        flags = Qt.AlignmentFlag.AlignVCenter
        name = self.tr("clean guesses apart")
        painter.setPen(theme.colour("quiet"))
        painter.drawText(head, int(flags | Qt.AlignmentFlag.AlignLeft), name)
        most = self.tr("at most {0}").format(figure(top)) if len(self._values) else ""
        painter.drawText(head, int(flags | Qt.AlignmentFlag.AlignRight), most)
        here = self.value_at(self._t) if self._t is not None else None
        if here is not None:
            wide = QFontMetricsF(font).horizontalAdvance(name) + theme.GRID
            painter.setPen(theme.colour("text"))
            left = int(flags | Qt.AlignmentFlag.AlignLeft)
            painter.drawText(head.adjusted(wide, 0, 0, 0), left, figure(here))

    def _paint_cursor(self, painter: QPainter, plot: QRectF, top: float) -> None:
        assert self._t is not None
        x = round(self._axis.x_of(self._t)) + 0.5
        painter.setPen(QPen(theme.colour("accent"), 2))
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        here = self.value_at(self._t)
        if here is not None and top > 0.0:
            painter.setPen(QPen(theme.colour("pane"), 1.5))
            painter.setBrush(theme.colour("accent"))
            painter.drawEllipse(QPointF(x, plot.bottom() - plot.height() * here / top), 4, 4)
