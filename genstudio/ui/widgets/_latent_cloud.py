"""Points of a map that answer to the pointer. No Qt."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


class PointCloud:
    """Map points (N, 2) in which the one at a place is found fast."""

    def __init__(self, xy: ArrayLike = ()) -> None:
        self._xy: NDArray[np.float32] = np.asarray(xy, np.float32).reshape(-1, 2)
        self._by_x: NDArray[np.intp] = np.argsort(self._xy[:, 0])
        self._sorted_x: NDArray[np.float32] = self._xy[self._by_x, 0]

    def nearest(self, x: float, y: float, reach: float) -> int:
        """Number of the nearest point within `reach` of (x, y), -1 for none."""
        first, last = np.searchsorted(self._sorted_x, (x - reach, x + reach))
        near = self._by_x[first:last]  # the strip that is near enough across
        if not len(near):
            return -1
        offset = self._xy[near] - np.array([x, y], np.float32)
        distance = np.einsum("ij,ij->i", offset, offset)
        nearest = int(np.argmin(distance))
        return int(near[nearest]) if distance[nearest] <= reach * reach else -1
