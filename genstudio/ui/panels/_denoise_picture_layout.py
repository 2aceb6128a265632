"""Where the pictures of the stage lie: one large or a batch as a grid, one side or two."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF

CAPTION_PX = 40  # below a picture: its name, its values
GUTTER_PX = 24  # between two sides
RING_PX = 4  # around a picture, for the ring of the focus and of the chosen one
GAP_PX = 2  # between two cells of a grid


@dataclass(frozen=True)
class Pane:
    """One side: `n` cells of (h, w) image pixels; lengths in the widget's pixels."""

    kind: str
    first: int  # the image of the first cell
    n: int
    columns: int
    origin: QPointF
    cell: QSizeF
    gap: float
    image: tuple[int, int]  # H, W
    caption: QRectF

    @property
    def rect(self) -> QRectF:
        """Around all cells."""
        rows = math.ceil(self.n / self.columns)
        wide = self.columns * (self.cell.width() + self.gap) - self.gap
        high = rows * (self.cell.height() + self.gap) - self.gap
        return QRectF(self.origin, QSizeF(wide, high))

    def cell_rect(self, index: int) -> QRectF:
        """Where image `index` lies; empty where it is not shown."""
        if not self.first <= index < self.first + self.n:
            return QRectF()
        row, column = divmod(index - self.first, self.columns)
        step = QPointF(
            column * (self.cell.width() + self.gap), row * (self.cell.height() + self.gap)
        )
        return QRectF(self.origin + step, self.cell)

    def index_at(self, position: QPointF) -> int:
        """The image under a position, -1 for none."""
        away = position - self.origin
        column = math.floor(away.x() / (self.cell.width() + self.gap))
        row = math.floor(away.y() / (self.cell.height() + self.gap))
        index = self.first + row * self.columns + column
        inside = 0 <= column < self.columns and self.cell_rect(index).contains(position)
        return index if inside else -1

    def point_in(self, index: int, position: QPointF) -> tuple[float, float]:
        """A position in an image's own pixels, (row, column), which may lie outside."""
        rect = self.cell_rect(index)
        high, wide = self.image
        return (
            (position.y() - rect.y()) / rect.height() * high,
            (position.x() - rect.x()) / rect.width() * wide,
        )

    def place_of(self, index: int, point: tuple[float, float]) -> QPointF:
        """The position of an image's (row, column)."""
        rect, (high, wide) = self.cell_rect(index), self.image
        return QPointF(
            rect.x() + point[1] / wide * rect.width(), rect.y() + point[0] / high * rect.height()
        )


def arrange(
    area: QRectF,
    ratio: float,
    kinds: tuple[str, ...],
    n: int,
    image: tuple[int, int],
    alone: int | None = None,
) -> list[Pane]:
    """A side for each of `kinds`, side by side; `alone` is the one image that is shown, None all.

    Image pixels are whole numbers of the screen's, of which `ratio` make one of the widget's, where
    there is room.
    """
    first, count = (0, n) if alone is None else (alone, 1)
    wide = (area.width() - GUTTER_PX * (len(kinds) - 1)) / len(kinds)
    room = QSizeF(wide - 2 * RING_PX, area.height() - CAPTION_PX - 2 * RING_PX)
    columns, factor = _best(room, ratio, count, image)
    rows = math.ceil(count / columns)
    gap = GAP_PX if count > 1 else 0.0
    cell = QSizeF(image[1] * factor / ratio, image[0] * factor / ratio)
    size = QSizeF(
        columns * (cell.width() + gap) - gap,
        rows * (cell.height() + gap) - gap,
    )
    result = []
    top = area.top() + RING_PX + max(0.0, (room.height() - size.height()) / 2)
    between = min(wide + GUTTER_PX, size.width() + max(4 * GUTTER_PX, area.width() / 12))
    for side, kind in enumerate(kinds):
        middle = area.center().x() + (side - (len(kinds) - 1) / 2) * between
        left = middle - size.width() / 2
        origin = QPointF(round(left * ratio) / ratio, round(top * ratio) / ratio)
        below = origin.y() + size.height() + RING_PX
        caption = QRectF(middle - wide / 2, below, wide, CAPTION_PX)
        result.append(Pane(kind, first, count, columns, origin, cell, gap, image, caption))
    return result


def _best(room: QSizeF, ratio: float, n: int, image: tuple[int, int]) -> tuple[int, float]:
    """Columns and factor with which `n` images are largest in `room`."""
    gap = GAP_PX if n > 1 else 0
    best, chosen = 0.0, 1
    for columns in range(1, n + 1):
        rows = math.ceil(n / columns)
        factor = ratio * min(
            (room.width() - gap * (columns - 1)) / (columns * image[1]),
            (room.height() - gap * (rows - 1)) / (rows * image[0]),
        )
        factor = float(int(factor)) if factor >= 1 else max(factor, 1 / max(image))
        if factor > best:
            best, chosen = factor, columns
    near = math.ceil(math.sqrt(n))  # of equals, the one nearest to a square
    rows = math.ceil(n / near)
    fits = ratio * min(
        (room.width() - gap * (near - 1)) / (near * image[1]),
        (room.height() - gap * (rows - 1)) / (rows * image[0]),
    )
    return (near, best) if fits >= best else (chosen, best)
