"""One cursor in several latent spaces: which point of one map stands for which of another."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

LINKS = ("z", "quantile", "image")
N_KNOTS = 101
BEYOND = 3.0  # shares past the outermost encodings that are still told apart

Float = NDArray[np.float64]


class Quantiles:
    """From a plane coordinate to the share of encodings below it, on both axes, and back.

    Beyond the encodings it goes on straight, so that every point of the map has its partner.
    """

    def __init__(self, xy: ArrayLike) -> None:
        """xy (N, 2): plane coordinates of the encodings."""
        points = np.asarray(xy, np.float64).reshape(-1, 2)
        shares = np.linspace(0.0, 1.0, N_KNOTS)
        knots = np.quantile(points, shares, axis=0)  # (N_KNOTS, 2)
        width = np.maximum(knots[-1] - knots[0], 1e-9)
        rise = np.arange(N_KNOTS)[:, None] * width * 1e-9  # strictly rising, where many are equal
        self._knots = np.vstack([knots[0] - BEYOND * width, knots, knots[-1] + BEYOND * width])
        self._knots[1:-1] += rise
        self._shares = np.concatenate([[-BEYOND], shares, [1 + BEYOND]])

    def shares(self, xy: ArrayLike) -> Float:
        """Shares (2,) of the plane coordinates (2,): 0 to 1 within the encodings."""
        x, y = np.asarray(xy, np.float64)
        return np.array(
            [np.interp(v, self._knots[:, k], self._shares) for k, v in enumerate((x, y))]
        )

    def coordinates(self, shares: ArrayLike) -> Float:
        """Plane coordinates (2,) of shares (2,)."""
        u, v = np.asarray(shares, np.float64)
        return np.array(
            [np.interp(s, self._shares, self._knots[:, k]) for k, s in enumerate((u, v))]
        )


def nearest_row(xy: ArrayLike, points: ArrayLike) -> int:
    """The row of points (N, 2) nearest to xy (2,), -1 where there is none."""
    cloud = np.asarray(points, np.float64).reshape(-1, 2)
    if not len(cloud):
        return -1
    return int(np.argmin(((cloud - np.asarray(xy, np.float64)) ** 2).sum(1)))


def row_of(index: int, rows: ArrayLike) -> int:
    """Where image `index` stands in rows (N,), -1 where it does not."""
    found = np.flatnonzero(np.asarray(rows) == index)
    return int(found[0]) if len(found) else -1
