"""Trails of moving points as one picture: thin smooth lines that fade with their age. No Qt.

Each step's lines are turned into pixels once, as they come; showing another step is then one pass
over those pixels, so that scrubbing is as fast with five hundred points as with one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAX_SAMPLES = 600_000  # pixels kept; beyond, the trails of every second point are given up
FADE_SHARE = 0.3  # of all steps, in which a trail fades to a third
OPACITY, FAINTEST = 0.85, 0.16
FULL = 255


class Trails:
    """Lines on a picture of `width` x `height` pixels; a line is about `pen` pixels wide."""

    def __init__(self, width: int, height: int, pen: int = 1) -> None:
        self.width, self.height, self.pen = width, height, max(1, pen)
        self.stride = 1  # only every such point has a trail
        self._offsets = [0]  # where each step's samples begin
        self._last = 0
        self._pixels = np.empty(1 << 14, np.int32)
        self._codes = np.empty(1 << 14, np.uint16)  # colour * 256 + coverage
        self._steps = np.empty(1 << 14, np.int16)

    def __len__(self) -> int:
        """How many steps there are."""
        return len(self._offsets) - 1

    @property
    def full(self) -> bool:
        """Whether more was added than is kept: `restart` with twice the stride."""
        return self._last >= MAX_SAMPLES

    def restart(self, stride: int) -> None:
        """Forget all lines; from now on every `stride`-th point has a trail."""
        self.stride, self._offsets, self._last = stride, [0], 0

    def add(self, a: NDArray, b: NDArray, colours: NDArray) -> None:
        """The lines of one step from a (N, 2) to b (N, 2) in pixels; colours (N,) 0 to 255."""
        pick = slice(None, None, self.stride)
        a, b, colours = a[pick], b[pick], colours[pick]
        start, end, kept = _clipped(a, b, self.width, self.height)
        row, column, coverage, line = _samples(start, end, self.pen)
        inside = (row >= 0) & (row < self.height) & (column >= 0) & (column < self.width)
        row, column, coverage = row[inside], column[inside], coverage[inside]
        order = np.argsort(coverage >= FULL // 2, kind="stable")  # cores lie over fringes
        n, first = len(row), self._last
        self._reserve(first + n)
        here = slice(first, first + n)
        self._pixels[here] = (row * self.width + column)[order]
        self._codes[here] = (colours[kept][line[inside]].astype(np.uint16) * 256 + coverage)[order]
        self._steps[here] = len(self)
        self._last += n
        self._offsets.append(self._last)

    def picture(self, upto: int, n_steps: int, table: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """The first `upto` steps of a walk of `n_steps`, premultiplied ARGB (height, width).

        `table` (colours, 256) gives a colour at an opacity. The newest lie on top.
        """
        canvas = np.zeros(self.height * self.width, np.uint32)
        upto = min(upto, len(self))
        end = self._offsets[upto]
        fade = _fade(upto, n_steps)[self._steps[:end]]
        codes = self._codes[:end]
        opacity = (codes & FULL) * fade >> 8
        canvas[self._pixels[:end]] = table.reshape(-1)[(codes & 0xFF00) + opacity]
        return canvas.reshape(self.height, self.width)

    def _reserve(self, n: int) -> None:
        if n <= len(self._pixels):
            return
        size = max(n, 2 * len(self._pixels))
        for name in ("_pixels", "_codes", "_steps"):
            old = getattr(self, name)
            new = np.empty(size, old.dtype)
            new[: self._last] = old[: self._last]
            setattr(self, name, new)


def _fade(upto: int, n_steps: int) -> NDArray[np.uint16]:
    """Opacity 0 to 256 of each step's lines, seen from step `upto`."""
    age = upto - 1 - np.arange(max(upto, 1))
    falling = np.exp(-age / max(1.0, FADE_SHARE * n_steps))
    share: NDArray = FAINTEST + (OPACITY - FAINTEST) * falling
    return np.asarray(256 * share, np.uint16)


def _clipped(
    a: NDArray, b: NDArray, width: int, height: int
) -> tuple[NDArray, NDArray, NDArray[np.intp]]:
    """The parts of lines a to b that lie in the picture, and which lines they are of (Liang &
    Barsky 1984).
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    way = b - a
    low, high = np.zeros(len(a)), np.ones(len(a))
    with np.errstate(divide="ignore", invalid="ignore"):
        for axis, limit in ((0, width), (1, height)):
            first = (-1.0 - a[:, axis]) / way[:, axis]
            second = (limit + 1.0 - a[:, axis]) / way[:, axis]
            still = way[:, axis] == 0.0
            within = (a[:, axis] >= -1.0) & (a[:, axis] <= limit + 1.0)
            first = np.where(still, np.where(within, 0.0, 2.0), first)
            second = np.where(still, np.where(within, 1.0, 2.0), second)
            low = np.maximum(low, np.minimum(first, second))
            high = np.minimum(high, np.maximum(first, second))
    kept = np.flatnonzero((low <= high) & np.isfinite(way).all(1))
    a, way = a[kept], way[kept]
    return a + low[kept, None] * way, a + high[kept, None] * way, kept


def _samples(
    a: NDArray, b: NDArray, pen: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint8], NDArray[np.intp]]:
    """Rows, columns, coverage 0 to 255 and the line of each pixel of smooth lines (Wu 1991): along
    the longer axis one pixel after another, across it as much of each as the line covers.
    """
    way = b - a
    steep = np.abs(way[:, 1]) > np.abs(way[:, 0])
    u0, v0 = np.where(steep, a[:, 1], a[:, 0]), np.where(steep, a[:, 0], a[:, 1])
    u1, v1 = np.where(steep, b[:, 1], b[:, 0]), np.where(steep, b[:, 0], b[:, 1])
    first = np.floor(np.minimum(u0, u1)).astype(np.int64)
    count = np.maximum(1, np.floor(np.maximum(u0, u1)).astype(np.int64) - first)
    line = np.repeat(np.arange(len(a)), count)
    along = np.arange(len(line)) - np.repeat(np.cumsum(count) - count, count)
    u = first[line] + along
    span = u1 - u0
    slope = np.divide(v1 - v0, span, out=np.zeros(len(a)), where=span != 0.0)
    v = v0[line] + slope[line] * (u + 0.5 - u0[line]) - 0.5 * pen  # the line's upper edge
    top = np.floor(v)
    part = v - top
    cells = [1.0 - part, *[np.ones_like(part)] * (pen - 1), part]
    across = np.concatenate([top + i for i in range(pen + 1)]).astype(np.int32)
    u, line = np.tile(u, pen + 1).astype(np.int32), np.tile(line, pen + 1)
    turned = steep[line]
    coverage = np.asarray(FULL * np.concatenate(cells), np.uint8)
    return np.where(turned, u, across), np.where(turned, across, u), coverage, line
