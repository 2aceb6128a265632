"""The noise schedule over t, with the cursor: alpha bar, signal-to-noise ratio, beta.

SchedulePlot(parent)
  set_schedule(alpha_bar | None)    (T + 1,) float, from 1 at t = 0 (Process.alpha_bar)
  set_t(t), t()             where the cursor stands
  set_times(times)          the falling times of the run in front, as ticks
  set_axis(axis)            a Strips.axis(): both cursors then stand at the same pixel; by "step"
                            the times that are set say where a t lies
  set_curve(key), curve()   "alpha_bar" | "snr" | "beta": whose values stand at the left
  readout() -> {key: words} the values at the cursor as they are written
signals
  scrubbed(float t)         the hand or a key went to this t
  curve_changed(str)        a click or key chose another curve
hand and keys: drag scrubs (Shift: 1/50 as fast), Left and Right go to the next tick (without ticks
T / 100), Home to T and End to 0, A S B choose a curve, or a click on its name.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from genstudio.ui import theme
from genstudio.ui.panels._denoise_schedule_curves import KEYS, Curve, curves
from genstudio.ui.panels._denoise_strip_axis import Axis, nearest

FINE = 1 / 50  # of the hand's movement while Shift is held
HEAD_PX, FOOT_PX = 20, 18  # readouts above the plot, ends of the axis below it
_DASHES: dict[str, list[float]] = {"alpha_bar": [], "snr": [6.0, 3.0], "beta": [1.5, 2.5]}
_LETTERS = {Qt.Key.Key_A: "alpha_bar", Qt.Key.Key_S: "snr", Qt.Key.Key_B: "beta"}


class SchedulePlot(QWidget):
    """See the top of this file."""

    scrubbed = Signal(float)
    curve_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curves: dict[str, Curve] = {}
        self._curve = "alpha_bar"
        self._t = 0.0
        self._times: np.ndarray = np.zeros(0)
        self._given: Axis | None = None
        self._layer: QPixmap | None = None
        self._grip: tuple[float, float] | None = None  # x of the hand, x that counts
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setAccessibleName(self.tr("Noise schedule"))
        theme.notifier().changed.connect(self._anew)

    # Get and set -------------------------------------------------------------------------------

    def set_schedule(self, alpha_bar: np.ndarray | None) -> None:
        """alpha_bar (T + 1,), or None for nothing."""
        self._curves = {} if alpha_bar is None else curves(alpha_bar)
        self._t = min(self._t, self.t_max())
        self._anew()

    def t_max(self) -> float:
        """T, the time of pure noise."""
        return float(len(self._curves["alpha_bar"].values) - 1) if self._curves else 0.0

    def t(self) -> float:
        return self._t

    def set_t(self, t: float) -> None:
        """Move the cursor; the curves are not painted anew."""
        if t != self._t:
            before = self._cursor_rect()
            self._t = t
            self._describe()
            self.update(before)
            self.update(self._cursor_rect())
            self.update(QRect(0, 0, self.width(), HEAD_PX))

    def set_times(self, times: Sequence[float]) -> None:
        """Falling times of the run in front."""
        self._times = np.asarray(times, np.float64)
        self._anew()

    def set_axis(self, axis: Axis | None) -> None:
        """Lie over the axis of the strips; None for one of its own."""
        if axis != self._given:
            self._given = axis
            self._anew()

    def curve(self) -> str:
        return self._curve

    def set_curve(self, key: str) -> None:
        if key not in KEYS:
            raise ValueError(f"{key!r} is no curve of a schedule. Choose one of {KEYS}.")
        if key != self._curve:
            self._curve = key
            self._anew()

    def readout(self) -> dict[str, str]:
        """Each quantity at the cursor, as it is written."""
        names = {
            "alpha_bar": self.tr("alpha bar {0}"),
            "snr": self.tr("signal to noise {0} dB"),
            "beta": self.tr("beta {0}"),
        }
        return {
            key: names[key].format(_figure(key, curve.at(self._t)))
            for key, curve in self._curves.items()
        }

    def sizeHint(self) -> QSize:
        return QSize(720, 104)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 72)

    # Geometry ----------------------------------------------------------------------------------

    def axis(self) -> Axis:
        """The axis in this widget's pixels."""
        if self._given is not None:
            return self._given
        return Axis("t", max(1.0, self.t_max()), 8.0, max(9.0, self.width() - 8.0))

    def plot_rect(self) -> QRectF:
        axis = self.axis()
        high = max(1.0, self.height() - HEAD_PX - FOOT_PX)
        return QRectF(axis.left, HEAD_PX, max(1.0, axis.right - axis.left), high)

    def x_of(self, t: float) -> float:
        """The pixel of a time."""
        axis = self.axis()
        if axis.by == "t" or len(self._times) < 2:
            return axis.x_of(t if axis.by == "t" else 0.0)
        steps = np.arange(len(self._times), dtype=np.float64)
        return axis.x_of(float(np.interp(-t, -self._times, steps)))

    def t_of(self, x: float) -> float:
        """The time of a pixel, within the axis."""
        axis = self.axis()
        at = axis.at(x)
        if axis.by == "t":
            return min(max(at, 0.0), self.t_max())
        if len(self._times) < 2:
            return self._t
        return float(np.interp(at, np.arange(len(self._times)), self._times))

    def name_rect(self, key: str) -> QRectF:
        """Where a curve's name and value stand, above the plot."""
        return self._heads().get(key, (QRectF(), ""))[0]

    def _heads(self) -> dict[str, tuple[QRectF, str]]:
        metrics = QFontMetricsF(theme.figure_font(theme.CAPTION_PX))
        left, result = self.axis().left, {}
        widest = {"alpha_bar": "0.00000", "snr": "−60.0", "beta": "0.00000"}
        for key, words in self.readout().items():
            name = words.rpartition(_figure(key, self._curves[key].at(self._t)))[0]
            room = max(
                metrics.horizontalAdvance(words),
                metrics.horizontalAdvance(name + widest[key] + (" dB" if key == "snr" else "")),
            )
            result[key] = (QRectF(left, 0, 28 + room, HEAD_PX - 2), words)
            left += 28 + room + 20
        return result

    def _cursor_rect(self) -> QRect:
        return QRect(round(self.x_of(self._t)) - 8, 0, 16, self.height())

    # The hand ----------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self._curves:
            event.ignore()
            return
        for key in KEYS:
            if self.name_rect(key).contains(event.position()):
                self._take_curve(key)
                return
        x = event.position().x()
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._grip = (x, self.x_of(self._t) if fine else x)
        if not fine:
            self._go(self.t_of(x))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if self._grip is None:
            over = self._curves and event.position().y() < HEAD_PX
            names = over and any(self.name_rect(k).contains(event.position()) for k in KEYS)
            shape = Qt.CursorShape.PointingHandCursor if names else Qt.CursorShape.ArrowCursor
            self.setCursor(shape)
            return
        last, counts = self._grip
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        counts = counts + (x - last) * FINE if fine else x
        self._grip = (x, counts)
        self._go(self.t_of(counts))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._grip = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        many = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        if not self._curves or event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._go(self._beside(-many if key == Qt.Key.Key_Left else many))
        elif key == Qt.Key.Key_Home:
            self._go(self.t_max())
        elif key == Qt.Key.Key_End:
            self._go(0.0)
        elif key in _LETTERS:
            self._take_curve(_LETTERS[key])
        else:
            super().keyPressEvent(event)

    def _beside(self, ticks: int) -> float:
        """The time so many ticks to the right."""
        if not len(self._times):
            return min(max(self._t - ticks * self.t_max() / 100, 0.0), self.t_max())
        here = nearest(-self._times, -self._t)
        return float(self._times[min(max(here + ticks, 0), len(self._times) - 1)])

    def _take_curve(self, key: str) -> None:
        if key != self._curve:
            self.set_curve(key)
            self.curve_changed.emit(key)

    def _go(self, t: float) -> None:
        if t != self._t:
            self.set_t(t)
            self.scrubbed.emit(t)

    # Painting ----------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self._curves:
            return
        ratio = self.devicePixelRatioF()
        if self._layer is None or self._layer.devicePixelRatio() != ratio:
            self._layer = self._draw_layer(ratio)
        painter.drawPixmap(0, 0, self._layer)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_heads(painter)
        self._paint_cursor(painter)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("accent", 0.6), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            around = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(around, theme.RADIUS, theme.RADIUS)

    def _draw_layer(self, ratio: float) -> QPixmap:
        pixmap = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = self.plot_rect()
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        for t in self._times if len(self._times) <= rect.width() / 4 else ():
            x = self.x_of(float(t))
            painter.drawLine(QPointF(x, rect.bottom()), QPointF(x, rect.bottom() + 4))
        for key in sorted(KEYS, key=lambda key: key == self._curve):
            self._draw_curve(painter, rect, self._curves[key])
        self._draw_ends(painter, rect)
        painter.end()
        return pixmap

    def _draw_curve(self, painter: QPainter, rect: QRectF, curve: Curve) -> None:
        xs = np.linspace(rect.left(), rect.right(), max(2, int(rect.width() / 2)))
        points = QPolygonF()
        for x in xs:
            value = curve.at(self.t_of(float(x)))
            if not math.isnan(value):
                y = rect.bottom() - 1 - float(curve.share(value)) * (rect.height() - 2)
                points.append(QPointF(float(x), y))
        painter.setPen(_pen(curve.key, curve.key == self._curve))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(points)

    def _draw_ends(self, painter: QPainter, rect: QRectF) -> None:
        """The ends of both axes, in words."""
        painter.setFont(theme.figure_font(theme.CAPTION_PX))
        metrics = QFontMetricsF(painter.font())
        painter.setPen(theme.colour("quiet"))
        foot = QRectF(rect.left(), rect.bottom() + 3, rect.width(), FOOT_PX - 3)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        first, last = self.t_of(rect.left()), self.t_of(rect.right())
        words = self.tr("t = {0} (noise)"), self.tr("t = {0} (image)")
        end = words[1] if last == 0 else self.tr("t = {0}")
        painter.drawText(foot, left, words[0].format(f"{first:g}"))
        painter.drawText(foot, right, end.format(f"{last:g}"))
        curve = self._curves[self._curve]
        for value, y in ((curve.high, rect.top()), (curve.low, rect.bottom() - metrics.height())):
            unit = self.tr("{0} dB") if curve.key == "snr" else "{0}"
            text = unit.format(_end_figure(curve.key, value))
            box = QRectF(rect.left() + 4, y, metrics.horizontalAdvance(text) + 4, metrics.height())
            painter.fillRect(box.adjusted(-2, 1, 0, -1), theme.colour("pane", 0.8))
            painter.drawText(box, left, text)

    def _paint_heads(self, painter: QPainter) -> None:
        painter.setFont(theme.figure_font(theme.CAPTION_PX))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        for key, (rect, words) in self._heads().items():
            painter.setPen(_pen(key, key == self._curve))
            y = rect.center().y() + 0.5
            painter.drawLine(QPointF(rect.left(), y), QPointF(rect.left() + 22, y))
            painter.setPen(theme.colour("text" if key == self._curve else "quiet"))
            painter.drawText(rect.adjusted(28, 0, 20, 0), flags, words)

    def _paint_cursor(self, painter: QPainter) -> None:
        rect, x = self.plot_rect(), round(self.x_of(self._t)) + 0.5
        painter.setPen(QPen(theme.colour("accent"), 2))
        painter.drawLine(QPointF(x, HEAD_PX - 2), QPointF(x, rect.bottom()))
        painter.setPen(QPen(theme.colour("pane"), 1.5))
        painter.setBrush(theme.colour("accent"))
        for key, curve in self._curves.items():
            value = curve.at(self._t)
            if not math.isnan(value):
                y = rect.bottom() - 1 - float(curve.share(value)) * (rect.height() - 2)
                size = 4.5 if key == self._curve else 3.0
                painter.drawEllipse(QPointF(x, y), size, size)

    def _anew(self) -> None:
        self._layer = None
        self._describe()
        self.update()

    def _describe(self) -> None:
        if self._curves:
            words = self.tr("t = {0} of {1}").format(f"{self._t:g}", f"{self.t_max():g}")
            self.setAccessibleDescription(", ".join([words, *self.readout().values()]))

    def resizeEvent(self, event: object) -> None:
        self._layer = None

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            words = self.tr(
                "The noise schedule: x at t is √ᾱ of the image and √(1 − ᾱ) of noise. t falls from"
                " {0}, noise, at the left to 0, the image, at the right. Signal to noise is"
                " ᾱ / (1 − ᾱ), drawn within ±60 dB; beta is 1 − ᾱ at t over ᾱ at t − 1, so none at"
                " t = 0. A, S and B, or a click on a name, choose whose values stand at the left."
            )
            tip = words.format(f"{self.t_max():g}") if self._curves else ""
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return super().event(event)


def _pen(key: str, chosen: bool) -> QPen:
    pen = QPen(theme.colour("text" if chosen else "quiet"), 2.0 if chosen else 1.25)
    if _DASHES[key]:
        pen.setDashPattern(_DASHES[key])
    return pen


def _figure(key: str, value: float) -> str:
    if math.isnan(value):
        return "none"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if key == "snr":
        words = f"{value:.1f}"
        return (words if words != "-0.0" else "0.0").replace("-", "−")
    return f"{value:.3g}" if 0 < value < 0.1 else f"{value:.3f}"


def _end_figure(key: str, value: float) -> str:
    return f"{value:g}".replace("-", "−") if key == "snr" else f"{value:.2g}"
