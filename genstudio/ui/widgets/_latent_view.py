"""What part of a map is in view, and which cells of the sheet that needs. No Qt.

Map coordinates have y upwards and equal aspect; device pixels have y downwards from the picture's
top left corner. Cells of the sheet stand on a lattice that is anchored in the map, so that panning
shows the same cells again and nothing shimmers; a cell is as large as its image times a whole
number of device pixels, and the view is moved by less than one pixel so that cells begin on whole
ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

CELL_PX = 28.0  # a cell's longer side in logical pixels, about
COARSE = 8  # cells along each side of the first, coarse answer


@dataclass(frozen=True)
class View:
    """Centre of the view, and the map units across the picture's shorter side."""

    x: float
    y: float
    span: float

    def zoomed(self, factor: float, at_x: float, at_y: float) -> View:
        """The view with its span times `factor`, where map point (at_x, at_y) stays in place."""
        return View(
            at_x + (self.x - at_x) * factor, at_y + (self.y - at_y) * factor, self.span * factor
        )

    def moved(self, dx: float, dy: float) -> View:
        """The view moved by (dx, dy) map units."""
        return replace(self, x=self.x + dx, y=self.y + dy)


@dataclass(frozen=True)
class Extent:
    """A rectangle of the map."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.top - self.bottom

    def contains(self, other: Extent, slack: float = 0.0) -> bool:
        """Whether `other` lies within, give or take `slack` map units."""
        return (
            self.left <= other.left + slack
            and self.bottom <= other.bottom + slack
            and self.right >= other.right - slack
            and self.top >= other.top - slack
        )

    def intersects(self, other: Extent) -> bool:
        """Whether the two have an area in common."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )


@dataclass(frozen=True)
class Lattice:
    """Where the cells stand: edges at anchor + (k + phase) * pitch for whole k."""

    anchor_x: float = 0.0
    anchor_y: float = 0.0
    phase_x: float = 0.0
    phase_y: float = 0.0
    cell_w: int = 28  # device pixels
    cell_h: int = 28


@dataclass(frozen=True)
class Frame:
    """A view on a picture of `width` x `height` device pixels, set on whole pixels."""

    left: float  # map x of the left edge
    top: float  # map y of the upper edge
    unit: float  # map units per device pixel
    width: int
    height: int

    @property
    def extent(self) -> Extent:
        return Extent(
            self.left,
            self.top - self.height * self.unit,
            self.left + self.width * self.unit,
            self.top,
        )

    def to_px(self, x: float, y: float) -> tuple[float, float]:
        """Device pixels of map point (x, y)."""
        return (x - self.left) / self.unit, (self.top - y) / self.unit

    def to_map(self, px: float, py: float) -> tuple[float, float]:
        """Map point of device pixels (px, py)."""
        return self.left + px * self.unit, self.top - py * self.unit

    def many_to_px(self, xy: ArrayLike) -> NDArray[np.float32]:
        """Device pixels (N, 2) of map points (N, 2)."""
        xy = np.asarray(xy, np.float32)
        origin = np.array([self.left, self.top], np.float32)
        return (xy - origin) * np.array([1 / self.unit, -1 / self.unit], np.float32)

    def rect_px(self, extent: Extent) -> tuple[float, float, float, float]:
        """x, y, width and height in device pixels of a rectangle of the map."""
        x, y = self.to_px(extent.left, extent.top)
        return x, y, extent.width / self.unit, extent.height / self.unit


@dataclass(frozen=True)
class SheetRequest:
    """Centres of the cells to decode, in map coordinates: xs from left to right, ys from above."""

    xs: NDArray[np.float64]  # (cols,)
    ys: NDArray[np.float64]  # (rows,)
    extent: Extent  # of the mosaic
    factor: int  # device pixels per image pixel
    coarse: int  # cells along each side of the first answer


def cell_factor(image_size: tuple[int, int], dpr: float) -> int:
    """Whole device pixels per image pixel that bring a cell of (height, width) nearest to
    CELL_PX.
    """
    return max(1, round(CELL_PX * dpr / max(image_size)))


def whole_cells(length: int, cell: int) -> int:
    """The largest multiple of `cell` pixels within `length`; `length` where not two fit."""
    return length // cell * cell if length >= 2 * cell else max(1, length)


def lattice(
    home: View, width: int, height: int, image_size: tuple[int, int], dpr: float
) -> Lattice:
    """The lattice for images of (height, width) on a picture of `width` x `height` device pixels.

    It is anchored where the home view is centred; where that holds an odd number of cells, one
    stands in its middle, so that the home view shows whole cells alone.
    """
    k = cell_factor(image_size, dpr)
    cell_h, cell_w = k * image_size[0], k * image_size[1]
    phase_x, phase_y = (0.5 * ((n // c) % 2) for n, c in ((width, cell_w), (height, cell_h)))
    return Lattice(home.x, home.y, phase_x, phase_y, cell_w, cell_h)


def frame(view: View, width: int, height: int, grid: Lattice) -> Frame:
    """`view` on `width` x `height` device pixels, moved by less than one pixel so that the
    lattice's edges fall on whole ones.
    """
    unit = view.span / max(1, min(width, height))
    left = _snap(width / 2 - (view.x - grid.anchor_x) / unit, grid.phase_x * grid.cell_w)
    above = _snap(height / 2 + (view.y - grid.anchor_y) / unit, grid.phase_y * grid.cell_h)
    origin_x, origin_y = grid.anchor_x - left * unit, grid.anchor_y + above * unit
    return Frame(origin_x, origin_y, unit, max(1, width), max(1, height))


def _snap(anchor_px: float, phase_px: float) -> float:
    """The anchor's place in pixels, moved so that anchor plus phase is whole."""
    return round(anchor_px + phase_px) - phase_px


def sheet_request(
    view: Frame,
    grid: Lattice,
    image_size: tuple[int, int],
    dpr: float,
    bounds: tuple[float, float] | None = None,
    margin: int = 1,
) -> SheetRequest | None:
    """The cells that `view` shows and `margin` more on each side; None where there is none.

    `bounds` is the open interval in which the map has latent points on both axes; cells whose
    centre lies outside are left out.
    """
    area = view.extent
    pitch_x, pitch_y = grid.cell_w * view.unit, grid.cell_h * view.unit
    cols = _cells(area.left, area.right, grid.anchor_x, grid.phase_x, pitch_x, margin, bounds)
    rows = _cells(area.bottom, area.top, grid.anchor_y, grid.phase_y, pitch_y, margin, bounds)
    if not len(cols) or not len(rows):
        return None
    xs = grid.anchor_x + (cols + grid.phase_x + 0.5) * pitch_x
    ys = (grid.anchor_y + (rows + grid.phase_y + 0.5) * pitch_y)[::-1]
    extent = Extent(
        float(xs[0] - pitch_x / 2),
        float(ys[-1] - pitch_y / 2),
        float(xs[-1] + pitch_x / 2),
        float(ys[0] + pitch_y / 2),
    )
    return SheetRequest(xs, ys, extent, cell_factor(image_size, dpr), COARSE)


def _cells(
    low: float,
    high: float,
    anchor: float,
    phase: float,
    pitch: float,
    margin: int,
    bounds: tuple[float, float] | None,
) -> NDArray[np.float64]:
    """Numbers k of the lattice's cells [k, k + 1] that meet [low, high], and `margin` beyond."""
    first = math.floor((low - anchor) / pitch - phase + 1e-6) - margin
    last = math.ceil((high - anchor) / pitch - phase - 1e-6) + margin
    cells = np.arange(first, last, dtype=np.float64)
    if bounds is not None:
        centres = anchor + (cells + phase + 0.5) * pitch
        cells = cells[(centres > bounds[0]) & (centres < bounds[1])]
    return cells


def limit(view: View, home: View, bounds: tuple[float, float] | None = None) -> View:
    """`view` kept between a millionth and thirty times the home span, and its centre in reach.

    Where the map is bounded, nothing beyond it is worth a look.
    """
    farthest = 1.15 * (bounds[1] - bounds[0]) if bounds is not None else 30 * home.span
    span = min(max(view.span, 1e-6 * home.span), farthest)
    if bounds is not None:
        reach_x = reach_y = (bounds[1] - bounds[0]) / 2
        middle_x = middle_y = (bounds[0] + bounds[1]) / 2
    else:
        reach_x = reach_y = 30 * home.span
        middle_x, middle_y = home.x, home.y
    x = min(max(view.x, middle_x - reach_x), middle_x + reach_x)
    y = min(max(view.y, middle_y - reach_y), middle_y + reach_y)
    return View(x, y, span)


def nice_step(span: float) -> float:
    """The 1, 2 or 5 times a power of ten nearest below a hundredth of `span`: one press of an
    arrow key.
    """
    raw = span / 100
    power = 10.0 ** math.floor(math.log10(raw))
    return max(k * power for k in (1, 2, 5) if k * power <= raw * (1 + 1e-9))
