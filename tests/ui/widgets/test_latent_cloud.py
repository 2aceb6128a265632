"""The point at a place: the same as looking at all of them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from genstudio.ui.widgets._latent_cloud import PointCloud

PLACE = st.floats(-3, 3, width=32)


@given(st.lists(st.tuples(PLACE, PLACE), max_size=40), PLACE, PLACE, st.floats(0.01, 4))
def test_the_nearest_within_reach_is_found(
    points: list[tuple[float, float]], x: float, y: float, reach: float
) -> None:
    found = PointCloud(points).nearest(x, y, reach)
    xy = np.array(points, np.float32).reshape(-1, 2)
    distance = np.hypot(*(xy - np.array([x, y], np.float32)).T)
    if found < 0:
        assert not (distance < reach * 0.999).any()
    else:
        assert distance[found] <= min(distance.min() * 1.001 + 1e-6, reach * 1.001)


def test_an_empty_cloud_has_no_point() -> None:
    assert PointCloud().nearest(0, 0, 100) == -1
