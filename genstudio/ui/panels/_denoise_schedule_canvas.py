"""Laying out and painting the noise schedule; the hand is in `_denoise_schedule`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from genstudio.ui import theme
from genstudio.ui.panels._denoise_schedule_curves import KEYS, Curve, curves
from genstudio.ui.panels._denoise_strip_axis import Axis

HEAD_PX, FOOT_PX = 20, 18  # readouts above the plot, ends of the axis below it
_DASHES: dict[str, list[float]] = {"alpha_bar": [], "snr": [6.0, 3.0], "beta": [1.5, 2.5]}
_SAMPLE_PX = 28  # a piece of the curve before its name
_WIDEST = {
    "alpha_bar": "alpha bar 0.0000",
    "snr": "signal to noise −00.0 dB",
    "beta": "beta 0.00000",
}


@dataclass(frozen=True)
class Head:
    """A curve's name above the plot: its value, and the ends of its plot beside."""

    rect: QRectF
    words: str
    ends: str
    ends_x: float


class ScheduleCanvas(QWidget):
    """Three curves over t, each over its own scale, and the cursor."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curves: dict[str, Curve] = {}
        self._curve = "alpha_bar"
        self._t: float | None = None
        self._times: np.ndarray = np.zeros(0)
        self._given: Axis | None = None
        self._layer: QPixmap | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setAccessibleName(self.tr("Noise schedule"))
        theme.notifier().changed.connect(self._anew)

    # Get and set -------------------------------------------------------------------------------

    def set_schedule(self, alpha_bar: np.ndarray | None) -> None:
        """alpha_bar (T + 1,), or None for nothing."""
        self._curves = {} if alpha_bar is None else curves(alpha_bar)
        if self._t is not None:
            self._t = min(self._t, self.t_max())
        self._anew()

    def t_max(self) -> float:
        """T, the time of pure noise."""
        return float(len(self._curves["alpha_bar"].values) - 1) if self._curves else 0.0

    def t(self) -> float | None:
        return self._t

    def set_t(self, t: float | None) -> None:
        """Move the cursor, or with None take it away; the curves are not painted anew."""
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
        """Each quantity at the cursor, as it is written; its name alone without a cursor."""
        names = {
            "alpha_bar": self.tr("alpha bar {0}"),
            "snr": self.tr("signal to noise {0} dB"),
            "beta": self.tr("beta {0}"),
        }
        alone = {
            "alpha_bar": self.tr("alpha bar"),
            "snr": self.tr("signal to noise"),
            "beta": self.tr("beta"),
        }
        return {
            key: names[key].format(_figure(key, curve.at(self._t)))
            if self._t is not None
            else alone[key]
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
            return self.t_max() if self._t is None else self._t
        return float(np.interp(at, np.arange(len(self._times)), self._times))

    def name_rect(self, key: str) -> QRectF:
        """Where a curve's name and value stand, above the plot."""
        head = self._heads().get(key)
        return QRectF() if head is None else head.rect

    def _heads(self) -> dict[str, Head]:
        """The names with their values, and where there is room the ends of their plots."""
        if not self._curves:
            return {}
        ends = {key: self._ends_of(curve) for key, curve in self._curves.items()}
        heads = self._row_of_heads(ends)
        if heads["beta"].rect.right() <= self.width():
            return heads
        return self._row_of_heads(dict.fromkeys(ends, ""))

    def _row_of_heads(self, ends: dict[str, str]) -> dict[str, Head]:
        metrics = QFontMetricsF(theme.figure_font(theme.CAPTION_PX))
        left, result = self.axis().left, {}
        for key, words in self.readout().items():
            room = max(metrics.horizontalAdvance(words), metrics.horizontalAdvance(_WIDEST[key]))
            beside = metrics.horizontalAdvance(ends[key]) + 8 if ends[key] else 0.0
            rect = QRectF(left, 0, _SAMPLE_PX + room + beside, HEAD_PX - 2)
            result[key] = Head(rect, words, ends[key], left + _SAMPLE_PX + room + 8)
            left = rect.right() + 20
        return result

    def _ends_of(self, curve: Curve) -> str:
        low, high = (_end_figure(curve.key, value) for value in (curve.low, curve.high))
        words = self.tr("({0} to {1} dB)") if curve.key == "snr" else self.tr("({0} to {1})")
        return words.format(low, high)

    def _cursor_rect(self) -> QRect:
        if self._t is None:
            return QRect()
        return QRect(round(self.x_of(self._t)) - 8, 0, 16, self.height())

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
        """The ends of the axis of t, in words."""
        painter.setFont(theme.figure_font(theme.CAPTION_PX))
        painter.setPen(theme.colour("quiet"))
        foot = QRectF(rect.left(), rect.bottom() + 3, rect.width(), FOOT_PX - 3)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        first, last = self.t_of(rect.left()), self.t_of(rect.right())
        words = self.tr("t = {0} (noise)"), self.tr("t = {0} (image)")
        end = words[1] if last == 0 else self.tr("t = {0}")
        painter.drawText(foot, left, words[0].format(f"{first:g}"))
        painter.drawText(foot, right, end.format(f"{last:g}"))

    def _paint_heads(self, painter: QPainter) -> None:
        painter.setFont(theme.figure_font(theme.CAPTION_PX))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        for key, head in self._heads().items():
            rect = head.rect
            painter.setPen(_pen(key, key == self._curve))
            y = rect.center().y() + 0.5
            painter.drawLine(QPointF(rect.left(), y), QPointF(rect.left() + 22, y))
            painter.setPen(theme.colour("text" if key == self._curve else "quiet"))
            painter.drawText(rect.adjusted(_SAMPLE_PX, 0, 20, 0), flags, head.words)
            painter.setPen(theme.colour("quiet"))
            painter.drawText(QRectF(head.ends_x, 0, rect.width(), rect.height()), flags, head.ends)

    def _paint_cursor(self, painter: QPainter) -> None:
        if self._t is None:
            return
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
            if self._t is None:
                words = self.tr("t from {0} to 0, no step is shown").format(f"{self.t_max():g}")
            else:
                words = self.tr("t = {0} of {1}").format(f"{self._t:g}", f"{self.t_max():g}")
            self.setAccessibleDescription(", ".join([words, *self.readout().values()]))

    def resizeEvent(self, event: object) -> None:
        self._layer = None


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
