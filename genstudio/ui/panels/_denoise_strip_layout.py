"""Where the rows of the strips lie; heights in pixels of the widget."""

from __future__ import annotations

from dataclasses import dataclass

TITLE_PX = 20  # above the thumbnails of a row
ROW_GAP = 8
CELL_GAP = 2  # at least, between two thumbnails
LEAST_CELL_PX, MOST_CELL_PX = 28.0, 64.0
EDGE_PX = 2  # at both ends of the axis


@dataclass(frozen=True)
class Layout:
    """Rows from the top; a thumbnail takes `cell` (h, w) pixels, `factor` screen pixels for one of
    the image's.
    """

    n_rows: int
    cell: tuple[float, float]
    factor: float
    left: float  # middle of the first thumbnail
    right: float  # middle of the last

    @property
    def row_px(self) -> float:
        return TITLE_PX + self.cell[0] + ROW_GAP

    @property
    def height(self) -> float:
        return self.n_rows * self.row_px

    def top(self, row: int) -> float:
        """Where a row begins, from the top of all."""
        return row * self.row_px

    def row_at(self, y: float) -> int:
        """The row at a height, -1 for none."""
        row = int(y // self.row_px)
        return row if 0 <= row < self.n_rows else -1


def lay_out(width: int, height: int, n_rows: int, image: tuple[int, int], ratio: float) -> Layout:
    """Thumbnails as large as lets all rows stand in `height`, never smaller than 28 px nor larger
    than 64, at whole factors of the screen's pixels where an image is that small.
    """
    high, wide = image
    each = height / max(1, n_rows) - TITLE_PX - ROW_GAP
    px = min(max(each, LEAST_CELL_PX), MOST_CELL_PX)
    factor = px * ratio / max(high, wide)
    if factor >= 1:
        factor = float(int(factor + 1e-6))
    cell = (high * factor / ratio, wide * factor / ratio)
    half = cell[1] / 2 + EDGE_PX
    return Layout(n_rows, cell, factor, half, max(half + 1.0, width - half))
