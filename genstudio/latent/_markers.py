"""Stamps of the points on a map: a disc, a shape for each class, or its numeral. numpy only."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

MARKERS = (
    "disc",
    "triangle",
    "square",
    "diamond",
    "plus",
    "ring",
    "triangle down",
    "cross",
    "bar",
    "hourglass",
)
STYLES = ("disc", "shape", "digit")
_FINE = 8  # subpixels along each side of a pixel

_DIGITS = (  # 3 x 5 pixels each, row by row
    "111101101101111",
    "010110010010111",
    "111001111100111",
    "111001111001111",
    "101101111001001",
    "111100111001111",
    "111100111101111",
    "111001010010010",
    "111101111101111",
    "111101111001111",
)


@lru_cache(maxsize=256)
def stamp(style: str, index: int, radius: float) -> np.ndarray:
    """Coverage (k, k) in [0, 1], k odd, of the marker of class `index`; radius in pixels.

    `style` is one of STYLES; classes beyond the tenth begin again.
    """
    if style == "digit":
        return _digit(index % len(_DIGITS), radius)
    half = max(1, int(np.ceil(radius + 0.25)))
    size = 2 * half + 1
    step = (np.arange(size * _FINE) + 0.5) / _FINE - size / 2
    x, y = np.meshgrid(step / radius, -step / radius)  # y up, 1 at the radius
    inside = _shape(MARKERS[index % len(MARKERS)] if style == "shape" else "disc", x, y)
    blocks = inside.reshape(size, _FINE, size, _FINE)
    coverage: np.ndarray = blocks.mean((1, 3)).astype(np.float32)
    coverage.setflags(write=False)
    return coverage


def _shape(name: str, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Where (x, y), in radii, lies inside the marker; all have about the area of the disc's."""
    across = np.maximum(np.abs(x), np.abs(y))
    if name == "square":
        return across <= 0.88
    if name == "diamond":
        return np.abs(x) + np.abs(y) <= 1.2
    if name == "triangle":
        return (y >= -0.75) & (y <= 1.1 - 1.75 * np.abs(x))
    if name == "triangle down":
        return (y <= 0.75) & (y >= 1.75 * np.abs(x) - 1.1)
    if name == "plus":
        return (across <= 1.1) & (np.minimum(np.abs(x), np.abs(y)) <= 0.36)
    if name == "cross":
        u, v = (x + y) / np.sqrt(2), (x - y) / np.sqrt(2)
        return (np.maximum(np.abs(u), np.abs(v)) <= 1.2) & (
            np.minimum(np.abs(u), np.abs(v)) <= 0.36
        )
    if name == "bar":
        return (np.abs(x) <= 1.2) & (np.abs(y) <= 0.5)
    if name == "hourglass":
        return (np.abs(y) <= 1.0) & (np.abs(x) <= 0.25 + 0.8 * np.abs(y))
    distance = np.hypot(x, y)
    return (distance <= 1.1) & (distance >= 0.55) if name == "ring" else distance <= 1.0


def _digit(index: int, radius: float) -> np.ndarray:
    scale = max(1, round(radius / 2.5))
    glyph = np.array(list(_DIGITS[index]), np.float32).reshape(5, 3).repeat(scale, 0)
    glyph = glyph.repeat(scale, 1)
    size = 5 * scale + (1 - 5 * scale % 2)
    canvas = np.zeros((size, size), np.float32)
    left = (size - 3 * scale) // 2
    canvas[: 5 * scale, left : left + 3 * scale] = glyph
    canvas.setflags(write=False)
    return canvas
