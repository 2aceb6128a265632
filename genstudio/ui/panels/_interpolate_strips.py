"""Where film strips and plots lie in the Film, and painting them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen, QPolygonF

from genstudio.ui import theme
from genstudio.ui.panels._interpolate_look import Look

WIDE_LEGEND, NARROW_LEGEND = 152, 120  # px at the left of the strips
NARROW = 620  # px of the whole, below which the legend is narrow
ROW_GAP = 8
BOTTOM = 8  # px below the last plot, for the cursor's knob
TOP = 6  # px above the first strip, for its mark
PLOT_PX, LEAST_PLOT_PX = 72, 26
TWO_PLOTS_PX = 230  # height of the whole, below which speed alone is plotted
PLOT_GAP = 12  # px above a plot, for its caption


@dataclass(frozen=True, eq=False)
class Strip:
    """One path: frames as images, how fast it is, how far from what the model can do."""

    kind: str
    look: Look
    frames: tuple[QImage, ...] = ()
    speed: np.ndarray | None = None  # (F - 1,)
    gaps: np.ndarray | None = None  # (F,), above 1 is off support
    facts: tuple[str, ...] = ()  # lines of the legend
    brief: tuple[str, ...] = ()  # the same where it is narrow
    worst: float | None = None  # share of the frames
    says: str = ""  # why there are no frames
    tip: str = ""

    @property
    def last(self) -> int:
        """Number of the last frame."""
        return max(0, len(self.frames) - 1)


@dataclass(frozen=True, eq=False)
class Plot:
    """A plot's place, and what it shows: "speed" or "gaps"."""

    what: str
    rect: QRectF


@dataclass(frozen=True, eq=False)
class Layout:
    """Cells of `cell_w` x `cell_h` px, the first centred at t = 0 and the last at t = 1."""

    left: float
    length: float  # px from t = 0 to t = 1
    cell_w: float
    cell_h: float
    n_cells: int
    rows: list[QRectF] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)

    def x_of(self, t: float) -> float:
        return self.left + self.cell_w / 2 + t * self.length

    def t_of(self, x: float) -> float:
        return (x - self.left - self.cell_w / 2) / max(1.0, self.length)


def lay_out(width: int, height: int, strips: Sequence[Strip], gaps: bool, ratio: float) -> Layout:
    """Strips as high as whole factors of their images allow, plots below in what is left."""
    left = WIDE_LEGEND if width >= NARROW else NARROW_LEGEND
    room = max(60.0, width - left)
    n = max(1, len(strips))
    n_plots = 2 if gaps and height >= TWO_PLOTS_PX else 1
    shape = next((s.frames[0].size() for s in strips if s.frames), None)
    w, h = (shape.width(), shape.height()) if shape is not None else (28, 28)
    per_row = (height - n_plots * (LEAST_PLOT_PX + PLOT_GAP) - TOP - BOTTOM) / n - ROW_GAP
    factor = per_row * ratio / h
    factor = float(int(factor)) if factor >= 1 else max(factor, 0.25)
    factor = min(factor, max(1.0, float(int(64 * ratio / h))))
    cell_w, cell_h = w * factor / ratio, h * factor / ratio
    n_cells = max(2, int((room + 2) // (cell_w + 2)))
    rows = [QRectF(left, TOP + i * (cell_h + ROW_GAP), room, cell_h) for i in range(len(strips))]
    below = TOP + len(strips) * (cell_h + ROW_GAP)
    each = min(PLOT_PX, (height - below - BOTTOM) / n_plots - PLOT_GAP)
    plots = []
    for i, what in enumerate(("speed", "gaps")[:n_plots] if each > 12 else ()):
        top = below + PLOT_GAP + i * (each + PLOT_GAP)
        plots.append(Plot(what, QRectF(left + cell_w / 2, top, room - cell_w, each)))
    return Layout(left, room - cell_w, cell_w, cell_h, n_cells, rows, plots)


# Strips ------------------------------------------------------------------------------------------


def paint_strip(painter: QPainter, place: Layout, rect: QRectF, strip: Strip, chosen: bool) -> None:
    """A path's name, its numbers, and frames from one end to the other."""
    _paint_legend(painter, place, rect, strip, chosen)
    if not strip.frames:
        painter.setPen(theme.colour("error") if strip.says else theme.colour("faint"))
        painter.setFont(theme.text_font(theme.CAPTION_PX))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(rect, int(flags | Qt.TextFlag.TextWordWrap), strip.says or "…")
        return
    painter.setRenderHint(
        QPainter.RenderHint.SmoothPixmapTransform, place.cell_h < strip.frames[0].height()
    )
    n = min(place.n_cells, len(strip.frames))
    for share in np.linspace(0.0, 1.0, n):
        image = strip.frames[round(float(share) * strip.last)]
        x = round(place.x_of(float(share)) - place.cell_w / 2)
        painter.drawImage(QRectF(x, rect.top(), place.cell_w, place.cell_h), image)
    if strip.worst is not None:
        _paint_mark(painter, place.x_of(strip.worst), rect.top(), QColor(strip.look.colour))


def _paint_legend(
    painter: QPainter, place: Layout, rect: QRectF, strip: Strip, chosen: bool
) -> None:
    area = QRectF(0, rect.top(), place.left - 12, rect.height())
    if chosen:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("selected", 0.55))
        painter.drawRoundedRect(area, 4, 4)
    font, small = theme.text_font(), theme.figure_font(theme.CAPTION_PX)
    high, line = QFontMetricsF(font).height(), QFontMetricsF(small).height()
    facts = strip.facts if place.left >= WIDE_LEGEND else strip.brief
    facts = facts[: max(0, int((rect.height() - high) // line))]
    top = area.top() + max(0.0, (area.height() - high - line * len(facts)) / 2)
    middle = top + high / 2
    painter.setPen(QPen(QColor(strip.look.colour), 3))
    x = area.left() + 8
    if strip.look.on:
        for k in range(0, 16, strip.look.on + strip.look.off + 1):
            end = min(16, k + max(1, strip.look.on))
            painter.drawLine(QPointF(x + k, middle), QPointF(x + end, middle))
    else:
        painter.drawLine(QPointF(x, middle), QPointF(x + 16, middle))
    left = area.left() + 32
    painter.setFont(font)
    painter.setPen(theme.colour("text"))
    flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
    painter.drawText(QRectF(left, top, area.width() - 34, high), flags, strip.look.name)
    painter.setFont(small)
    painter.setPen(theme.colour("quiet"))
    for k, fact in enumerate(facts):
        painter.drawText(QRectF(left, top + high + k * line, area.width() - 34, line), flags, fact)


def _paint_mark(painter: QPainter, x: float, y: float, colour: QColor) -> None:
    """A small triangle that points down at the worst place."""
    painter.setPen(QPen(QColor(0, 0, 0, 160), 1))
    painter.setBrush(colour)
    painter.drawPolygon(
        QPolygonF([QPointF(x - 6, y - 5), QPointF(x + 6, y - 5), QPointF(x, y + 5)])
    )


# Plots -------------------------------------------------------------------------------------------


def paint_plot(
    painter: QPainter, place: Layout, plot: Plot, name: str, strips: Sequence[Strip], chosen: str
) -> None:
    """Pixel speed from frame to frame, or the distance to what the model can do; `name` stands at
    its left.
    """
    rect = plot.rect
    series = [(s, s.speed if plot.what == "speed" else s.gaps) for s in strips]
    known = [(s, v) for s, v in series if v is not None and len(v)]
    top = max((float(np.max(v)) for _, v in known), default=1.0)
    top = max(top, 1.2) if plot.what == "gaps" else max(top, 1e-6)
    font = theme.figure_font(theme.CAPTION_PX)
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    painter.setPen(QPen(theme.colour("line"), 1))
    painter.drawLine(rect.bottomLeft(), rect.bottomRight())
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    painter.setPen(theme.colour("quiet"))
    words = QRectF(0, rect.top() - metrics.height() / 2, rect.left() - 8, metrics.height())
    painter.drawText(words, right, f"{top:.2g}")
    painter.drawText(words.translated(0, rect.height()), right, "0")
    label = QRectF(8, rect.top() - 8, place.left - 8, rect.height() + 16)
    left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    painter.drawText(label, int(left), name)
    if plot.what == "gaps":
        y = rect.bottom() - rect.height() / top
        painter.setPen(QPen(theme.colour("error", 0.8), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(rect.left(), y), QPointF(rect.right(), y))
    for strip, values in sorted(known, key=lambda pair: pair[0].kind == chosen):
        _paint_curve(painter, place, rect, strip, values, top, strip.kind == chosen)


def _paint_curve(
    painter: QPainter,
    place: Layout,
    rect: QRectF,
    strip: Strip,
    values: np.ndarray,
    top: float,
    chosen: bool,
) -> None:
    n = len(values)
    half = 0.5 if n == strip.last else 0.0  # a speed belongs between two frames
    shares = (np.arange(n) + half) / max(1, strip.last)
    points = [
        QPointF(place.x_of(float(t)), rect.bottom() - rect.height() * float(v) / top)
        for t, v in zip(shares, values, strict=True)
    ]
    pen = QPen(QColor(strip.look.colour), 2.25 if chosen else 1.5)
    if strip.look.on:
        pen.setDashPattern([float(strip.look.on), float(strip.look.off) + 0.5])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF(points))


def paint_cursor(painter: QPainter, place: Layout, t: float) -> None:
    """The line through all strips and plots, with a knob that the hand can grab."""
    x = round(place.x_of(t)) + 0.5
    end = place.plots[-1].rect.bottom() if place.plots else place.rows[-1].bottom()
    painter.setPen(QPen(QColor(0, 0, 0, 110), 3.5))
    painter.drawLine(QPointF(x, place.rows[0].top()), QPointF(x, place.rows[-1].bottom()))
    painter.setPen(QPen(theme.colour("accent"), 2))
    painter.drawLine(QPointF(x, place.rows[0].top()), QPointF(x, end))
    painter.setPen(QPen(theme.colour("pane"), 1.5))
    painter.setBrush(theme.colour("accent"))
    painter.drawEllipse(QPointF(x, end), 5, 5)
