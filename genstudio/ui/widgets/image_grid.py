"""Many images of one size as one mosaic, row by row."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from genstudio.ui import theme
from genstudio.ui.widgets.image_view import ImageView, to_uint8


def mosaic(images: np.ndarray, columns: int | None = None) -> np.ndarray:
    """Images (N, H, W) or (N, C, H, W) with C of 1 or 3, uint8 or float in [0, 1], as one uint8
    picture (rows * H, columns * W[, 3]) without gaps; ceil(sqrt(N)) columns unless given."""
    array = np.asarray(images)
    if array.ndim == 3:
        array = array[:, None]
    if array.ndim != 4 or array.shape[1] not in (1, 3) or array.shape[0] == 0:
        raise ValueError(f"Images are (N, H, W) or (N, C, H, W), got {np.shape(images)}.")
    n, channels, high, wide = array.shape
    columns = columns or math.ceil(math.sqrt(n))
    rows = math.ceil(n / columns)
    flat = to_uint8(array.reshape(n * channels * high, wide))
    cells = np.zeros((rows * columns, high, wide, channels), np.uint8)
    cells[:n] = flat.reshape(n, channels, high, wide).transpose(0, 2, 3, 1)
    sheet = cells.reshape(rows, columns, high, wide, channels).transpose(0, 2, 1, 3, 4)
    sheet = sheet.reshape(rows * high, columns * wide, channels)
    return np.ascontiguousarray(sheet[:, :, 0] if channels == 1 else sheet)


class ImageGrid(ImageView):
    """A mosaic whose cells can be hovered and picked; arrows and Enter do the same."""

    hovered = Signal(int)  # index of the cell under the pointer, row by row; -1 for none
    picked = Signal(int)

    def __init__(self, parent: QWidget | None = None, name: str = "") -> None:
        super().__init__(parent, name or self.tr("Images"))
        self._count = 0
        self._columns = 1
        self._current = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    # Get and set ------------------------------------------------------------

    def count(self) -> int:
        return self._count

    def columns(self) -> int:
        return self._columns

    def set_images(self, images: np.ndarray | None, columns: int | None = None) -> None:
        """Show images (N, H, W) or (N, C, H, W); None for nothing."""
        if images is None or len(images) == 0:
            self._set(None, 0, 1)
        else:
            n = len(images)
            self._set(mosaic(images, columns), n, columns or math.ceil(math.sqrt(n)))

    def set_mosaic(self, picture: np.ndarray, count: int, columns: int) -> None:
        """Show a mosaic that is ready, with `count` cells in `columns` columns."""
        self._set(picture, count, columns)

    def cell_rect(self, index: int) -> QRectF:
        """Where cell `index` lies in the widget; empty for no cell."""
        rect = self.picture_rect()
        if not 0 <= index < self._count:
            return QRectF()
        rows = math.ceil(self._count / self._columns)
        wide, high = rect.width() / self._columns, rect.height() / rows
        row, column = divmod(index, self._columns)
        return QRectF(rect.x() + column * wide, rect.y() + row * high, wide, high)

    def cell_at(self, position: QPointF) -> int:
        """The cell under a position in the widget, -1 for none."""
        rect = self.picture_rect()
        if not self._count or not rect.contains(position):
            return -1
        rows = math.ceil(self._count / self._columns)
        column = int((position.x() - rect.x()) / rect.width() * self._columns)
        row = int((position.y() - rect.y()) / rect.height() * rows)
        index = min(row, rows - 1) * self._columns + min(column, self._columns - 1)
        return index if index < self._count else -1

    # Events ------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() == Qt.MouseButton.NoButton:
            self._go(self.cell_at(event.position()))
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: object) -> None:
        self._go(-1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        clicked = self._pressed_at is not None
        super().mouseReleaseEvent(event)
        index = self.cell_at(event.position())
        if clicked and event.button() == Qt.MouseButton.LeftButton and index >= 0:
            self.picked.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ways = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self._columns,
            Qt.Key.Key_Down: self._columns,
        }
        way = ways.get(Qt.Key(event.key()))
        if way is not None and self._count:
            new = 0 if self._current < 0 else self._current + way
            if 0 <= new < self._count:
                self._go(new)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._current >= 0:
            self.picked.emit(self._current)
        else:
            super().keyPressEvent(event)

    def _paint_over(self, painter: QPainter, rect: QRectF) -> None:
        cell = self.cell_rect(self._current)
        if not cell.isEmpty():
            painter.setPen(QPen(theme.colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(cell.adjusted(1, 1, -1, -1))

    # Private ------------------------------------------------------------

    def _set(self, picture: np.ndarray | None, count: int, columns: int) -> None:
        self._count, self._columns = count, max(1, columns)
        if self._current >= count:
            self._go(-1)
        self.set_image(picture)

    def _go(self, index: int) -> None:
        if index != self._current:
            self._current = index
            self.update()
            self.hovered.emit(index)
