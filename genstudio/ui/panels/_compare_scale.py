"""Colours of a layer, the same for every model on the screen. No Qt."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from genstudio.ui import theme

PICTURES, JUDGE = "pictures", "judge"
MEASURED = ("gap", "density", "volume", "cycle")  # one number, one colour scale
LAYERS = (PICTURES, *MEASURED, JUDGE)
FIELDS = {JUDGE: ("label", "entropy", "gap"), **{name: (name,) for name in MEASURED}}
MAPS = {"gap": "viridis", "density": "cividis", "volume": "viridis", "cycle": "viridis"}
FIXED = {"gap": (0.0, 2.0)}  # thresholds; everything beyond is far beyond
COVERED = (2.0, 98.0)  # percentiles that the scale of another layer covers
UNKNOWN = (127, 127, 127)  # where a layer has no value
VEIL = 0.78  # how much of the colour is taken where a picture is off support
MAX_ENTROPY = math.log(10.0)


@dataclass(frozen=True)
class Range:
    """What the two ends of the colour scale stand for."""

    low: float
    high: float

    def share(self, values: np.ndarray) -> np.ndarray:
        """Values as shares of the scale, 0 to 1."""
        return np.clip((values - self.low) / max(self.high - self.low, 1e-12), 0.0, 1.0)


def common(layer: str, fields: Iterable[np.ndarray]) -> Range:
    """One scale for all fields (rows, cols) of a layer: its ends are round numbers."""
    if layer in FIXED:
        return Range(*FIXED[layer])
    known = [field[np.isfinite(field)] for field in fields]
    known = [values for values in known if values.size]
    if not known:
        return Range(0.0, 1.0)
    values = np.concatenate(known)
    low, high = (float(v) for v in np.percentile(values, COVERED))
    if layer == "cycle":
        low = 0.0
    step = nice(max(high - low, 1e-6) / 5)
    first, last = math.floor(low / step), math.ceil(high / step)
    return Range(first * step, max(first + 1, last) * step)


def nice(raw: float) -> float:
    """The 1, 2 or 5 times a power of ten at or above `raw`."""
    power = 10.0 ** math.floor(math.log10(raw))
    return next(k * power for k in (1, 2, 5, 10) if k * power >= raw * (1 - 1e-9))


def paint(layer: str, values: np.ndarray, scale: Range) -> np.ndarray:
    """A field (rows, cols) in colours, uint8 (rows, cols, 3)."""
    table = theme.colormap(MAPS[layer])
    known = np.isfinite(values)
    index = np.rint(scale.share(np.where(known, values, scale.low)) * 255).astype(np.intp)
    picture = table[index]
    picture[~known] = UNKNOWN
    return np.ascontiguousarray(picture)


def paint_judge(label: np.ndarray, entropy: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """What the judge sees, uint8 (rows, cols, 3): the colour of its digit, paler the less sure it
    is, and nearly taken away where the picture is off support, since there it is often sure of
    garbage.
    """
    classes = np.array([_rgb(text) for text in theme.CLASSES], np.float32)
    seen = classes[np.nan_to_num(label).astype(np.intp) % len(classes)]
    sure = 1.0 - np.clip(np.nan_to_num(entropy) / MAX_ENTROPY, 0.0, 1.0)[..., None]
    picture = 235.0 + (seen - 235.0) * sure
    dark = np.array((40.0, 42.0, 46.0), np.float32)
    off = (np.nan_to_num(gap) > 1.0)[..., None]
    picture = np.where(off, picture + (dark - picture) * VEIL, picture)
    return np.rint(picture).astype(np.uint8)


def ticks(scale: Range, n: int = 5) -> list[float]:
    """Round values along the scale, its ends among them where they are round."""
    step = nice((scale.high - scale.low) / n)
    first = math.ceil(scale.low / step - 1e-9)
    last = math.floor(scale.high / step + 1e-9)
    return [k * step for k in range(first, last + 1)]


def _rgb(text: str) -> tuple[int, int, int]:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)
