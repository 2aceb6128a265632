"""Painting the large pictures: cells, mask, brush, captions, the scale of the colours."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QDrag,
    QFontMetricsF,
    QGuiApplication,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QTransform,
)
from PySide6.QtWidgets import QWidget

from genstudio.ui import theme
from genstudio.ui.panels._denoise_brush_hand import BrushHand
from genstudio.ui.panels._denoise_picture_layout import Pane
from genstudio.ui.panels._denoise_picture_look import diverging
from genstudio.ui.panels._denoise_picture_text import figure
from genstudio.ui.widgets.image_view import mime, to_qimage

_SCALE_PX = 96  # width of the bar that says what the colours are
_BAR_PX = 8
_MASK_EDGE_PX = 2  # of the line around a mask, beyond the image
_DRAGGED_PX = 112  # side of the picture under the pointer while it is dragged out


def copy(pixels: np.ndarray | None) -> None:
    """Put uint8 pixels on the clipboard."""
    if pixels is not None:
        QGuiApplication.clipboard().setMimeData(mime(to_qimage(np.ascontiguousarray(pixels))))


def drag_out(source: QWidget, pixels: np.ndarray | None) -> None:
    """Let the hand carry uint8 pixels away from `source`."""
    if pixels is not None:
        image = to_qimage(np.ascontiguousarray(pixels))
        drag = QDrag(source)
        drag.setMimeData(mime(image))
        aspect = Qt.AspectRatioMode.KeepAspectRatio
        drag.setPixmap(QPixmap.fromImage(image.scaled(_DRAGGED_PX, _DRAGGED_PX, aspect)))
        drag.exec(Qt.DropAction.CopyAction)


def empty(painter: QPainter, rect: QRectF, words: str) -> None:
    """A quiet field with a sentence."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("field"))
    painter.drawRoundedRect(rect, theme.RADIUS, theme.RADIUS)
    painter.setPen(theme.colour("quiet"))
    painter.setFont(theme.text_font(theme.CAPTION_PX))
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(rect.adjusted(12, 8, -12, -8), int(flags), words)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def cells(painter: QPainter, pane: Pane, stack: QImage) -> None:
    """The images of a pane; `stack` holds them, one below the other."""
    high, wide = pane.image
    shrunk = pane.cell.width() * painter.device().devicePixelRatioF() < wide
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrunk)
    for k in range(pane.n):
        painter.drawImage(pane.cell_rect(pane.first + k), stack, QRectF(0, k * high, wide, high))


def ring(painter: QPainter, pane: Pane, chosen: int | None, focus: bool) -> None:
    """What is chosen in a grid, and a thin line around the pictures that have the keyboard."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if focus:
        painter.setPen(QPen(theme.colour("accent"), 1))
        painter.drawRect(pane.rect.adjusted(-3, -3, 2, 2))
    if chosen is not None:
        cell = pane.cell_rect(chosen)
        painter.setPen(QPen(theme.colour("accent"), 2))
        painter.drawRect(cell.adjusted(-1, -1, 1, 1))


def pixel(painter: QPainter, pane: Pane, image: int, row: int, column: int) -> None:
    """A frame around the pixel whose value is told, in every side."""
    rect = QRectF(pane.place_of(image, (row, column)), pane.place_of(image, (row + 1, column + 1)))
    if not pane.cell_rect(image).isEmpty() and rect.width() >= 4:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(0, 0, 0, 170), 3))
        painter.drawRect(rect)
        painter.setPen(QPen(theme.colour("accent"), 1))
        painter.drawRect(rect)


class MaskLayer:
    """Hatching over what is kept and a line around it, drawn once for each mask and size."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._kept: np.ndarray | None = None
        self._pixmap = QPixmap()

    def paint(self, painter: QPainter, pane: Pane, kept: np.ndarray | None) -> None:
        """Lay it over every image of a side; `kept` is (H, W), True where a pixel is kept."""
        if kept is None:
            return
        ratio = painter.device().devicePixelRatioF()
        key = (pane.cell.width(), pane.cell.height(), ratio, theme.colours().scheme)
        if kept is not self._kept or key != self._key:
            self._kept, self._key = kept, key
            self._pixmap = _hatched(kept, pane, ratio)
        edge = QPointF(_MASK_EDGE_PX, _MASK_EDGE_PX)
        for index in range(pane.first, pane.first + pane.n):
            painter.drawPixmap(pane.cell_rect(index).topLeft() - edge, self._pixmap)


def _hatched(kept: np.ndarray, pane: Pane, ratio: float) -> QPixmap:
    """One image's hatching, with room for the line at its edges."""
    size = (pane.cell + QSizeF(2 * _MASK_EDGE_PX, 2 * _MASK_EDGE_PX)) * ratio
    pixmap = QPixmap(size.toSize())
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    factor = pane.cell.width() / pane.image[1]
    to_cell = QTransform.fromTranslate(_MASK_EDGE_PX, _MASK_EDGE_PX).scale(factor, factor)
    path = to_cell.map(outline(kept))
    painter.fillPath(path, theme.colour("accent", 0.22))
    for colour, shift in ((QColor(0, 0, 0, 150), 1.0), (QColor(255, 255, 255, 170), 0.0)):
        brush = QBrush(colour, Qt.BrushStyle.FDiagPattern)
        brush.setTransform(QTransform.fromTranslate(shift, 0.0))
        painter.fillPath(path, brush)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(QColor(0, 0, 0, 170), 3), QPen(theme.colour("accent"), 1.5)):
        painter.setPen(pen)
        painter.drawPath(path)
    painter.end()
    return pixmap


def outline(kept: np.ndarray) -> QPainterPath:
    """Around the pixels of a mask (H, W), in pixels, along their edges."""
    path = QPainterPath()
    for row, line in enumerate(kept):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], line.astype(np.int8), [0]])))
        for start, end in edges.reshape(-1, 2):
            path.addRect(QRectF(start, row, end - start, 1))
    return path.simplified()


def pen(painter: QPainter, pane: Pane, hand: BrushHand, chosen: int, focus: bool) -> None:
    """How large the brush is, where the hand or the keys hold it."""
    places = []
    if hand.hover is not None and pane.index_at(hand.hover) >= 0:
        places.append(hand.hover)
    if hand.pen is not None and focus and not pane.cell_rect(chosen).isEmpty():
        places.append(pane.place_of(chosen, hand.pen))
    factor = pane.cell.width() / pane.image[1]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for place in places:
        radius = hand.width * factor / 2
        for colour, width in ((QColor(0, 0, 0, 170), 3.0), (theme.colour("accent"), 1.5)):
            painter.setPen(QPen(colour, width))
            painter.drawEllipse(place, radius, radius)
            if hand.erasing:  # a stroke through it: it takes away
                away = QPointF(radius * 0.7071, radius * 0.7071)
                painter.drawLine(place - away, place + away)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def caption(
    painter: QPainter, pane: Pane, title: str, values: str, scale: tuple[str, float] | None
) -> None:
    """Two lines under the picture, with the scale of its colours at their right."""
    font = theme.figure_font(theme.CAPTION_PX)
    metrics = QFontMetricsF(font)
    painter.setFont(font)
    area = pane.caption
    line = (area.height() - 8) / 2
    centre = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
    elide = Qt.TextElideMode.ElideRight
    painter.setPen(theme.colour("text"))
    first = QRectF(area.left(), area.top() + 4, area.width(), line)
    painter.drawText(first, centre, metrics.elidedText(title, elide, area.width()))
    painter.setPen(theme.colour("quiet"))
    second = first.translated(0, line)
    if scale is None:
        painter.drawText(second, centre, metrics.elidedText(values, elide, area.width()))
        return
    ends = f"{figure(-scale[1], _digits(scale[1]))}", f"{figure(scale[1], _digits(scale[1]))}"
    wide = sum(metrics.horizontalAdvance(end) for end in ends) + _SCALE_PX + 12
    words = metrics.elidedText(values, elide, max(0.0, area.width() - wide - 16))
    total = metrics.horizontalAdvance(words) + 16 + wide
    left = second.center().x() - total / 2
    flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    painter.drawText(QRectF(left, second.top(), total, line), flags, words)
    left += metrics.horizontalAdvance(words) + 16
    painter.drawText(QRectF(left, second.top(), total, line), flags, ends[0])
    left += metrics.horizontalAdvance(ends[0]) + 6
    bar = QRectF(left, second.center().y() - _BAR_PX / 2, _SCALE_PX, _BAR_PX)
    painter.drawImage(bar, _bar(scale[0]))
    painter.drawText(QRectF(bar.right() + 6, second.top(), total, line), flags, ends[1])


def _bar(kind: str) -> QImage:
    table = diverging() if kind == "change" else np.arange(256, dtype=np.uint8)
    pixels = np.ascontiguousarray(table[None])
    return to_qimage(pixels).copy()


def _digits(value: float) -> int:
    return 0 if value >= 1 else (1 if value >= 0.1 else 2 if value >= 0.01 else 3)
