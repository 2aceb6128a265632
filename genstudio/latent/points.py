"""Tens of thousands of encodings as one picture, and the one nearest to the pointer. numpy only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from genstudio.abilities import BadInput
from genstudio.latent._markers import MARKERS, STYLES, stamp

__all__ = ["MARKERS", "STYLES", "Nearest", "nearest", "raster", "stamps"]

MAX_PIXELS = 1 << 26
SOLID = 0.75  # coverage from which a stamp's pixel is opaque
FRINGE = (0.25, 0.45, 0.65)  # coverage of the softer ones, in three steps
RIM_PX = 1.25
_BLOCK = 4096


@dataclass(frozen=True)
class Nearest:
    """The row of the nearest point and its distance, in the units the distance was asked in."""

    index: int
    distance: float


def raster(
    model: Any,
    map_xy: ArrayLike,
    colours: ArrayLike,
    view: tuple[float, float, float, float],
    size: tuple[int, int],
    radius: float = 2.5,
    classes: ArrayLike | None = None,
    style: str = "disc",
    rim: tuple[int, int, int, int] = (0, 0, 0, 0),
) -> np.ndarray:
    """Query: RGBA uint8 (height, width, 4), not premultiplied, of points (N, 2) in map coordinates.

    `colours` uint8 (N, 4); `view` is (left, bottom, right, top) in map coordinates; `size` (width,
    height) and `radius` in device pixels. `style` "shape" or "digit" gives each of `classes` (N,)
    its own marker. `rim` is the colour of a thin line around each point, transparent for none. Who
    lies on top is drawn by lot, the same every time, so that no class hides another by its order.
    `model` is not used.

    Raises: BadInput when sizes do not fit together.
    """
    points = np.asarray(map_xy, np.float64).reshape(-1, 2)
    rgba = np.ascontiguousarray(colours, np.uint8).reshape(-1, 4)
    width, height = (int(v) for v in size)
    if len(rgba) != len(points) or (classes is not None and np.size(classes) != len(points)):
        raise BadInput(f"Each of {len(points)} points needs a colour and a class, got {len(rgba)}.")
    if not 0 < width * height <= MAX_PIXELS or style not in STYLES:
        raise BadInput(f"Points need a picture and a style of {STYLES}, got {size} and {style!r}.")
    kinds = np.zeros(len(points), np.int64)
    if classes is not None and style != "disc":
        kinds = np.asarray(classes, np.int64).reshape(-1) % len(MARKERS)
    passes = _passes(style, int(kinds.max(initial=0)) + 1, round(float(radius), 2), rim[3] > 0)
    reach = max(1, max(int(np.abs(p.offsets).max(initial=0)) for p in passes))
    x, y, chosen = _on_screen(points, view, width, height, reach)
    margin = 2 * reach  # a point may lie so far outside that its marker just touches the view
    stride = width + 2 * margin
    canvas = np.zeros((height + 2 * margin) * stride, np.uint32)
    base = (y + margin) * stride + (x + margin)
    # Of points in one pixel only the top one shows, so the others need not be drawn.
    top = np.full(len(canvas), -1, np.int32)
    rank = np.arange(len(base), dtype=np.int32)
    top[base] = rank
    seen = top[base] == rank
    base, chosen = base[seen], chosen[seen]
    ours, kinds = rgba[chosen], kinds[chosen]
    for layer in passes:
        flat = layer.offsets[..., 0] * stride + layer.offsets[..., 1]  # (kinds, k)
        ink = _mix(ours, np.array(rim, np.float32), layer.coverage)
        for i in range(0, len(base), _BLOCK):
            part = slice(i, i + _BLOCK)
            canvas[base[part, None] + flat[kinds[part]]] = ink[part, None]
    picture = canvas.view(np.uint8).reshape(height + 2 * margin, stride, 4)
    inner = np.ascontiguousarray(picture[margin:-margin, margin:-margin])
    inner.setflags(write=False)
    return inner


def stamps(style: str) -> Callable[[int, float], np.ndarray]:
    """The marks of a style: class and radius in pixels -> coverage (k, k) in [0, 1]."""
    return lambda index, radius: stamp(style, index, round(float(radius), 2))


def nearest(
    points: np.ndarray,
    xy: ArrayLike,
    within: float = np.inf,
    scale: ArrayLike = (1.0, 1.0),
) -> Nearest | None:
    """The point of (N, 2) nearest to xy (2,), None when none is within `within`.

    `scale` (2,) turns both axes into the units of the distance (pixels per map unit, say).
    """
    if len(points) == 0:
        return None
    offset = (np.asarray(points) - np.asarray(xy, np.float32)) * np.asarray(scale, np.float32)
    squared = np.einsum("ij,ij->i", offset, offset)
    index = int(np.argmin(np.where(np.isnan(squared), np.inf, squared)))
    distance = float(np.sqrt(squared[index]))
    return Nearest(index, distance) if distance <= within else None


class _Pass(NamedTuple):
    """Pixels of every marker with one coverage: later passes cover earlier ones."""

    coverage: float  # of the point's colour over the rim's
    offsets: np.ndarray  # (kinds, k, 2) rows and columns from the centre; short lists repeat


@lru_cache(maxsize=32)
def _passes(style: str, n_kinds: int, radius: float, rim: bool) -> tuple[_Pass, ...]:
    stamps = [stamp(style, index, radius) for index in range(n_kinds)]
    passes = []
    if rim:
        if style == "digit":
            around = [_grown(s) for s in stamps]
        else:
            around = [stamp(style, index, radius + RIM_PX) for index in range(n_kinds)]
        passes.append(_Pass(0.0, _offsets([s >= 0.5 for s in around])))
    edges = (0.125, 0.35, 0.55, SOLID)
    for low, high, coverage in zip(edges[:-1], edges[1:], FRINGE, strict=True):
        passes.append(_Pass(coverage, _offsets([(s >= low) & (s < high) for s in stamps])))
    passes.append(_Pass(1.0, _offsets([s >= SOLID for s in stamps])))
    return tuple(p for p in passes if p.offsets.shape[1])


def _grown(mask: np.ndarray) -> np.ndarray:
    """A glyph with all its neighbours."""
    wide = np.pad(mask, 2)
    shifted = [np.roll(wide, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    return np.asarray(np.max(shifted, 0))


def _offsets(masks: list[np.ndarray]) -> np.ndarray:
    """(kinds, k, 2): each mask's pixels from its centre; shorter lists repeat their first.

    A marker without such a pixel puts this pass onto its centre, which a later pass covers.
    """
    lists = [np.argwhere(mask) - mask.shape[0] // 2 for mask in masks]
    longest = max(len(pixels) for pixels in lists)
    out = np.zeros((len(lists), longest, 2), np.int64)
    for row, pixels in zip(out, lists, strict=True):
        if len(pixels):
            row[: len(pixels)] = pixels
            row[len(pixels) :] = pixels[0]
    return out


def _on_screen(
    points: np.ndarray,
    view: tuple[float, float, float, float],
    width: int,
    height: int,
    margin: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pixel columns and rows of the points in view, and their rows, in the order of drawing."""
    left, bottom, right, top = view
    order = _lot(len(points))
    x = (points[order, 0] - left) * (width / (right - left))
    y = (top - points[order, 1]) * (height / (top - bottom))
    inside = (x >= -margin) & (x < width + margin) & (y >= -margin) & (y < height + margin)
    x, y = np.floor(x[inside]).astype(np.int64), np.floor(y[inside]).astype(np.int64)
    return x, y, order[inside]


@lru_cache(maxsize=8)
def _lot(n: int) -> np.ndarray:
    order = np.random.default_rng(0).permutation(n)
    order.setflags(write=False)
    return order


def _mix(colours: np.ndarray, rim: np.ndarray, coverage: float) -> np.ndarray:
    """Each colour at `coverage` over the rim, packed as uint32 (N,)."""
    if coverage == 1.0:
        return np.ascontiguousarray(colours).view(np.uint32)[:, 0]
    ours = coverage * colours[:, 3:].astype(np.float32)
    under = (1 - coverage) * rim[3]
    alpha = np.maximum(ours + under, 1e-6)
    out = np.empty((len(colours), 4), np.uint8)
    out[:, :3] = np.round((ours * colours[:, :3] + under * rim[:3]) / alpha)
    out[:, 3] = np.round(alpha[:, 0])
    return out.view(np.uint32)[:, 0]
