"""The square of four: a map whose points are bilinear mixtures of four codes. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from genstudio.latent.plane import Float
from genstudio.ui.widgets.latent_plane import Mark, View

CORNERS = ((0.0, 1.0), (1.0, 1.0), (0.0, 0.0), (1.0, 0.0))  # of A, B, C and D on the map
HOME = View(0.5, 0.5, 1.12)
BOUNDS = (-0.06, 1.06)  # cells whose centre lies beyond are left out


@dataclass(frozen=True, eq=False)
class Square:
    """Stands where a plane does: from a point of the map, x to the right and y upwards, to z."""

    corners: Float  # (4, D): A top left, B top right, C bottom left, D bottom right

    @property
    def latent_dim(self) -> int:
        return int(self.corners.shape[1])

    def to_z(self, points: ArrayLike) -> Float:
        """Latent points (..., D) of map points (..., 2)."""
        xy = np.asarray(points, np.float64)
        u, v = xy[..., 0, None], 1.0 - xy[..., 1, None]
        a, b, c, d = self.corners.astype(np.float64)
        z = (1 - u) * (1 - v) * a + u * (1 - v) * b + (1 - u) * v * c + u * v * d
        return np.asarray(z, np.float32)


def inside(x: float, y: float) -> tuple[float, float]:
    """The point of the unit square nearest to (x, y)."""
    return min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)


def marks(low: float, high: float, n: int) -> Sequence[Mark]:
    """Quarters of the way, as shares."""
    places = (0.0, 0.25, 0.5, 0.75, 1.0)
    return [Mark(p, f"{p:g}") for p in places if low <= p <= high]
