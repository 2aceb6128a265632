"""Painting of the plane: particles, arrows of the score, targets, the hand's own paths.

Everything paints into a painter in device pixels; `ratio` is device pixels per logical pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF

from genstudio.latent._markers import stamp
from genstudio.ui import theme
from genstudio.ui.panels._denoise_plane_record import BETWEEN, NEUTRAL, shape
from genstudio.ui.widgets._latent_layers import rgba_image

LIGHT, SEAM, GREY = "#F2F3F5", "#0A0C10", "#9AA0A8"
RIM_PX = 1.25
HEAD_SHARE, HEAD_WIDTH = 0.36, 0.2  # of an arrow's length
LEAST_ARROW = 0.08  # of the longest: shorter ones are dots


def palette() -> list[str]:
    """Colours of the ten classes, of particles whose end is not known, and of those between."""
    return [*theme.CLASSES, LIGHT, GREY]


@cache
def trail_table() -> NDArray[np.uint32]:
    """Premultiplied ARGB of each colour of the palette at opacities 0 to 255, (12, 256)."""
    rgb = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in palette()], np.uint32)
    rgb = (rgb + 2 * 255) // 3  # paler than the particles, so that they show on dark and on bright
    alpha = np.arange(256, dtype=np.uint32)
    red, green, blue = (rgb[:, i, None] * alpha // 255 for i in range(3))
    return (alpha << 24) | (red << 16) | (green << 8) | blue


@lru_cache(maxsize=256)
def particle(label: int, radius: float, known: bool = True) -> QPixmap:
    """The mark of a particle of a class, with a dark rim; -1 lies between the classes."""
    name = NEUTRAL if not known else BETWEEN if label < 0 else label % 10
    kind = shape(label) if known and label >= 0 else 0
    wide = stamp("shape", kind, radius + RIM_PX)
    inner = stamp("shape", kind, radius)
    pad = (wide.shape[0] - inner.shape[0]) // 2
    core = np.pad(inner, pad)
    colour = QColor(palette()[name])
    rgba = np.empty((*wide.shape, 4), np.uint8)
    alpha = np.maximum(0.85 * wide, core)
    for i, value in enumerate((colour.red(), colour.green(), colour.blue())):
        rgba[..., i] = np.where(alpha > 0, core * value / np.maximum(alpha, 1e-6), 0).clip(0, 255)
    rgba[..., 3] = np.round(255 * alpha)
    return QPixmap.fromImage(rgba_image(rgba))


def paint_particles(
    painter: QPainter, px: NDArray, labels: NDArray | None, radius: float, size: tuple[int, int]
) -> None:
    """Particles (N, 2) in the marks of the classes that they end in; no labels, not known yet."""
    inside = (px > -9).all(1) & (px[:, 0] < size[0] + 9) & (px[:, 1] < size[1] + 9)
    if labels is None:
        mark = particle(-1, radius, known=False)
        _stamp_all(painter, mark, px[inside])
        return
    for label in np.unique(labels[inside]):
        _stamp_all(painter, particle(int(label), radius), px[inside & (labels == label)])


def _stamp_all(painter: QPainter, mark: QPixmap, px: NDArray) -> None:
    half = mark.width() / 2
    for x, y in (px - half).tolist():
        painter.drawPixmap(QPointF(x, y), mark)


def paint_arrows(
    painter: QPainter, px: NDArray, way: NDArray, longest: float, ratio: float
) -> None:
    """Arrows at px (P, 2) along way (P, 2), y downwards, whose lengths are shares of `longest`
    pixels; a length is centred on its place.
    """
    length = np.linalg.norm(way, axis=1)
    shown = length > LEAST_ARROW
    px, way, length = px[shown], way[shown], length[shown]
    along = way * longest
    tail, tip = px - along / 2, px + along / 2
    back = along * HEAD_SHARE
    side = np.stack([-along[:, 1], along[:, 0]], 1) * HEAD_WIDTH
    lines = [
        QLineF(*ends)
        for ends in np.concatenate(
            [
                np.concatenate([tail, tip], 1),
                np.concatenate([tip, tip - back + side], 1),
                np.concatenate([tip, tip - back - side], 1),
            ]
        ).tolist()
    ]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    seam, core = QColor(SEAM), QColor(LIGHT)
    seam.setAlphaF(0.4)
    core.setAlphaF(0.62)
    for colour, width in ((seam, 2.4), (core, 1.0)):
        painter.setPen(QPen(colour, width * ratio))
        painter.drawLines(lines)


def paint_targets(
    painter: QPainter, px: NDArray, targets: NDArray, ratio: float, opacity: float
) -> None:
    """A dotted line from each particle to where the model expects it to end, and a ring there."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    line = QColor(LIGHT)
    line.setAlphaF(0.5 * opacity)
    painter.setPen(QPen(line, 0.8 * ratio))
    painter.drawLines([QLineF(*ends) for ends in np.concatenate([px, targets], 1).tolist()])
    line.setAlphaF(0.9 * opacity)
    ring = _ring(round(6 * ratio), line.name(QColor.NameFormat.HexArgb))
    _stamp_all(painter, ring, targets)


@lru_cache(maxsize=16)
def _ring(size: int, colour: str) -> QPixmap:
    mark = QPixmap(size + 2, size + 2)
    mark.fill(Qt.GlobalColor.transparent)
    painter = QPainter(mark)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for pen, width in ((QColor(0, 0, 0, 150), 2.4), (QColor(colour), 1.2)):
        painter.setPen(QPen(pen, width * size / 6))
        painter.drawEllipse(QPointF(size / 2 + 1, size / 2 + 1), size / 2 - 0.5, size / 2 - 0.5)
    painter.end()
    return mark


def paint_path(painter: QPainter, px: NDArray, upto: int, colour: QColor, ratio: float) -> None:
    """One whole way (places, 2): firm up to the place shown, thin from there on."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    points = [QPointF(x, y) for x, y in px.tolist()]
    ahead = QColor(colour)
    ahead.setAlphaF(0.75)
    pen = QPen(ahead, 1.0 * ratio)
    pen.setDashPattern([2.0, 3.0])
    painter.setPen(pen)
    painter.drawPolyline(QPolygonF(points[max(0, upto) :]))
    behind = QPolygonF(points[: upto + 1])
    painter.setPen(QPen(QColor(10, 12, 16, 150), 3.4 * ratio))
    painter.drawPolyline(behind)
    painter.setPen(QPen(colour, 1.8 * ratio))
    painter.drawPolyline(behind)


def paint_mark(painter: QPainter, px: Sequence[float], colour: QColor, ratio: float) -> None:
    """A particle of the hand's own: larger, with a white rim."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    at, radius = QPointF(*px), 5.0 * ratio
    painter.setPen(QPen(QColor(10, 12, 16, 170), 3.6 * ratio))
    painter.setBrush(colour)
    painter.drawEllipse(at, radius, radius)
    painter.setPen(QPen(QColor("white"), 1.6 * ratio))
    painter.drawEllipse(at, radius, radius)
