"""Painting the strips: a row as one pixmap, the cursor over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPixmap, QPolygonF

from genstudio.ui import theme
from genstudio.ui.panels._denoise_picture_look import diverging
from genstudio.ui.panels._denoise_strip_axis import Axis, shown
from genstudio.ui.panels._denoise_strip_layout import CELL_GAP, EDGE_PX, TITLE_PX, Layout
from genstudio.ui.panels._denoise_strip_row import Row
from genstudio.ui.panels._denoise_strip_thumbs import Thumbs
from genstudio.ui.widgets.image_view import to_qimage

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, eq=False)
class Scene:
    """A row and where it lies."""

    row: Row
    place: Layout
    axis: Axis
    places: np.ndarray  # (F,) pixels of its frames
    begin: float  # where its first frame stands or will stand
    chosen: bool
    says: str


def thumbnails(scene: Scene) -> list[tuple[int, float]]:
    """The frames of a row that are seen, and where their middles lie."""
    least = scene.place.cell[1] + CELL_GAP
    return shown(scene.places, scene.begin, scene.axis.right, least)


def layer(scene: Scene, thumbs: Thumbs, what: tuple[str, int], room: tuple[int, float]) -> QPixmap:
    """A row of `room` (width, screen pixels to one) showing `what` (kind, image): title, field,
    thumbnails and marks, without the cursor.
    """
    place, (width, ratio) = scene.place, room
    pixmap = QPixmap(round(width * ratio), round(place.row_px * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    limit = thumbs.limit(scene.row, *what)
    _title(painter, scene, width, limit)
    half = place.cell[1] / 2
    start = scene.begin - half - EDGE_PX
    field = QRectF(
        start, TITLE_PX - 2, scene.axis.right + half + EDGE_PX - start, place.cell[0] + 4
    )
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("selected" if scene.chosen else "field", 0.8))
    painter.drawRoundedRect(field, 4, 4)
    found = thumbnails(scene)
    for frame, middle in found:
        thumb = thumbs.get(scene.row, frame, *what)
        if thumb is not None:
            x = round((middle - half) * ratio) / ratio
            painter.drawPixmap(
                QRectF(x, TITLE_PX, place.cell[1], place.cell[0]), thumb, thumb.rect()
            )
    if not found and scene.says:
        painter.setPen(theme.colour("quiet"))
        painter.setFont(theme.text_font(theme.CAPTION_PX))
        painter.drawText(field.adjusted(8, 0, -8, 0), int(_LEFT), scene.says)
    _marks(painter, scene)
    painter.end()
    return pixmap


def _title(painter: QPainter, scene: Scene, width: int, limit: float | None) -> None:
    font = theme.text_font(12)
    painter.setFont(font)
    painter.setPen(theme.colour("text" if scene.chosen else "quiet"))
    line = QRectF(EDGE_PX, 0, width - 2 * EDGE_PX, TITLE_PX - 2)
    metrics = QFontMetricsF(font)
    title = metrics.elidedText(scene.row.title, Qt.TextElideMode.ElideRight, line.width())
    painter.drawText(line, int(_LEFT), title)
    left = line.left() + metrics.horizontalAdvance(title) + 12
    painter.setPen(theme.colour("quiet"))
    painter.setFont(theme.figure_font(theme.CAPTION_PX))
    small = QFontMetricsF(painter.font())
    if limit is not None and left + 160 < line.right():
        left = scale_bar(painter, QPointF(left, line.top()), line.height(), limit) + 12
    if scene.row.detail and left < line.right() - 40:
        words = small.elidedText(scene.row.detail, Qt.TextElideMode.ElideRight, line.right() - left)
        painter.drawText(QRectF(left, 0, line.right() - left, line.height()), int(_LEFT), words)


def scale_bar(painter: QPainter, at: QPointF, high: float, limit: float) -> float:
    """What the colours of a difference are, from `at` to the right; where it ends."""
    metrics = QFontMetricsF(painter.font())
    low, top = f"−{limit:g}", f"{limit:g}"
    wide = metrics.horizontalAdvance(low)
    painter.drawText(QRectF(at.x(), at.y(), wide + 2, high), int(_LEFT), low)
    bar = QRectF(at.x() + wide + 6, at.y() + high / 2 - 4, 56, 8)
    painter.drawImage(bar, to_qimage(np.ascontiguousarray(diverging()[None])))
    left = bar.right() + 6
    painter.drawText(QRectF(left, at.y(), 80, high), int(_LEFT), top)
    return left + metrics.horizontalAdvance(top)


def _marks(painter: QPainter, scene: Scene) -> None:
    """Small triangles below the steps that mean something."""
    tape = scene.row.tape
    if tape is None or not len(scene.places):
        return
    painter.setPen(QPen(theme.colour("pane"), 1))
    painter.setBrush(theme.colour("warning"))
    for index, _words in scene.row.marks:
        x, y = float(scene.places[tape.place_of(index)]), TITLE_PX + scene.place.cell[0] - 1.0
        painter.drawPolygon(
            QPolygonF([QPointF(x - 5.5, y + 8), QPointF(x + 5.5, y + 8), QPointF(x, y)])
        )


def cursor(painter: QPainter, x: float, height: int, cells: Sequence[QRectF]) -> None:
    """The line through all rows, and instead of it a frame around thumbnails that stand there."""
    x = round(x) + 0.5
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    frames = [cell.adjusted(-1, -1, 1, 1) for cell in cells]
    ends = [0.0, *(y for cell in frames for y in (cell.top(), cell.bottom())), float(height)]
    for colour, width in ((QColor(0, 0, 0, 110), 3.5), (theme.colour("accent"), 2.0)):
        painter.setPen(QPen(colour, width))
        for top, bottom in zip(ends[::2], ends[1::2], strict=True):
            if bottom > top:
                painter.drawLine(QPointF(x, top), QPointF(x, bottom))
        for cell in frames:
            painter.drawRect(cell)


def fork_line(painter: QPainter, x: float, top: float, bottom: float) -> None:
    """From the step of the parent down to the fork that leaves it."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(theme.colour("quiet"), 1)
    pen.setDashPattern([2.0, 2.0])
    painter.setPen(pen)
    painter.drawLine(QPointF(x, top), QPointF(x, bottom))


def focus(painter: QPainter, rect: QRect) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.colour("accent", 0.6), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    around = QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5)
    painter.drawRoundedRect(around, theme.RADIUS, theme.RADIUS)


def empty(painter: QPainter, rect: QRect, words: str) -> None:
    """A sentence where there are no rows."""
    painter.setPen(theme.colour("quiet"))
    painter.setFont(theme.text_font(theme.CAPTION_PX))
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(rect, int(flags), words)
