"""Trails as pixels: where the lines are, how strong, which lies on top."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from genstudio.ui.panels import _denoise_plane_trails as trails_module
from genstudio.ui.panels._denoise_plane_trails import MAX_SAMPLES, Trails

W, H = 60, 40


def table() -> np.ndarray:
    """Colour c at opacity a is drawn as 1000 c + a, so that both can be read."""
    return (1000 * np.arange(1, 4)[:, None] + np.arange(256)).astype(np.uint32)


def line(trails: Trails, a: tuple[float, float], b: tuple[float, float], colour: int = 0) -> None:
    trails.add(np.array([a]), np.array([b]), np.array([colour], np.uint8))


def opacity(picture: np.ndarray) -> np.ndarray:
    return np.where(picture > 0, picture % 1000, 0)


@pytest.mark.parametrize(
    ("a", "b"),
    [((5, 10.5), (45, 10.5)), ((20.5, 5), (20.5, 35)), ((5, 5), (35, 35)), ((50, 8), (12, 31))],
)
def test_a_line_covers_its_length_and_its_middle_is_strongest(
    a: tuple[float, float], b: tuple[float, float]
) -> None:
    trails = Trails(W, H)
    line(trails, a, b)
    seen = opacity(trails.picture(1, 1, table()))
    rows, columns = np.nonzero(seen)
    away = _distance(np.stack([columns + 0.5, rows + 0.5], 1), a, b)
    assert away.max() < 1.6
    longest = max(abs(b[0] - a[0]), abs(b[1] - a[1]))
    full = 256 * trails_module.OPACITY
    assert seen.sum() == pytest.approx(full * longest, rel=0.06)  # one pixel wide all along


def _distance(p: np.ndarray, a: tuple[float, float], b: tuple[float, float]) -> np.ndarray:
    start, way = np.array(a, float), np.subtract(b, a)
    share = ((p - start) @ way / (way @ way)).clip(0, 1)
    return np.linalg.norm(p - start - share[:, None] * way, axis=1)


def test_the_past_fades_and_the_future_is_not_shown() -> None:
    trails = Trails(W, H)
    for k in range(10):
        line(trails, (5 * k, 20.5), (5 * k + 5, 20.5))
    seen = opacity(trails.picture(6, 10, table()))[20]
    steps = [int(seen[5 * k + 2]) for k in range(10)]
    assert steps[6:] == [0, 0, 0, 0]
    assert all(later > earlier for earlier, later in pairwise(steps[:6]))
    assert steps[0] > 0.9 * 256 * trails_module.FAINTEST


def test_the_newest_lies_on_top_and_keeps_its_colour() -> None:
    trails = Trails(W, H)
    line(trails, (5, 20.5), (50, 20.5), 0)
    line(trails, (20.5, 5), (20.5, 35), 2)
    picture = trails.picture(2, 2, table())
    assert picture[20, 20] // 1000 == 3
    assert picture[20, 10] // 1000 == 1
    assert trails.picture(1, 2, table())[20, 20] // 1000 == 1


def test_lines_that_leave_the_picture_are_cut_not_bent() -> None:
    inside, far = Trails(W, H), Trails(W, H)
    line(inside, (10, 10), (50, 30))
    line(far, (10 - 4e5, 10 - 2e5), (50 + 4e5, 30 + 2e5))
    a, b = opacity(inside.picture(1, 1, table())), opacity(far.picture(1, 1, table()))
    assert np.abs(a[:, 14:46].astype(int) - b[:, 14:46].astype(int)).max() <= 3
    assert far._last < 4 * (W + H)
    line(far, (-50, -5), (-10, 300))
    line(far, (np.nan, 0), (1, 1))
    assert len(far) == 3


def test_a_point_that_rests_is_a_dot_and_a_second_pen_is_wider() -> None:
    trails = Trails(W, H)
    line(trails, (20.5, 20.5), (20.5, 20.5))
    assert 0 < (opacity(trails.picture(1, 1, table())) > 0).sum() <= 2
    wide = Trails(W, H, pen=2)
    line(wide, (5, 10), (45, 10))
    seen = opacity(wide.picture(1, 1, table()))
    assert (seen[:, 20] > 100).sum() == 2


def test_too_many_trails_are_given_up_by_halves() -> None:
    trails = Trails(W, H)
    n = 2 * MAX_SAMPLES // 30
    rng = np.random.default_rng(0)
    a, b = rng.uniform(0, 40, (2, n, 2))
    trails.add(a, b, np.zeros(n, np.uint8))
    assert trails.full
    trails.restart(4)
    trails.add(a, b, np.zeros(n, np.uint8))
    assert len(trails) == 1
    assert not trails.full
