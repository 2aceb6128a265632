"""Which cells a view needs: the pure part of the map, without Qt."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genstudio.ui.widgets._latent_hand import FINE, Fine
from genstudio.ui.widgets._latent_view import (
    Extent,
    Lattice,
    View,
    cell_factor,
    frame,
    lattice,
    limit,
    nice_step,
    sheet_request,
    whole_cells,
)

HOME = View(0.0, 0.0, 6.0)
IMAGE = (28, 28)


def request(view: View, width: int = 728, height: int = 588, **more: object):
    grid = lattice(HOME, width, height, IMAGE, 1.0)
    seen = frame(view, width, height, grid)
    return seen, sheet_request(seen, grid, IMAGE, 1.0, **more)


def test_the_home_view_shows_whole_cells_from_edge_to_edge() -> None:
    seen, asked = request(HOME, margin=0)
    assert (len(asked.xs), len(asked.ys)) == (26, 21)
    assert seen.extent.top == pytest.approx(3.0)
    assert seen.extent.bottom == pytest.approx(-3.0)
    assert asked.extent.contains(seen.extent, 1e-9)
    assert seen.extent.contains(asked.extent, 1e-9)


def test_rows_begin_above_and_columns_at_the_left() -> None:
    _, asked = request(HOME)
    assert (np.diff(asked.xs) > 0).all()
    assert (np.diff(asked.ys) < 0).all()


@given(st.integers(-2000, 2000), st.integers(-2000, 2000))
def test_panning_by_whole_pixels_asks_for_the_same_centres(dx: int, dy: int) -> None:
    seen, before = request(HOME)
    _, after = request(HOME.moved(dx * seen.unit, dy * seen.unit))
    pitch = before.xs[1] - before.xs[0]
    for old, new in ((before.xs, after.xs), (before.ys, after.ys)):
        offset = (new - old[0]) / pitch
        np.testing.assert_allclose(offset, np.round(offset), atol=1e-6)


@given(
    st.floats(-5, 5),
    st.floats(-5, 5),
    st.floats(0.001, 50),
    st.integers(60, 1500),
    st.integers(60, 1500),
    st.sampled_from([1.0, 1.25, 2.0]),
    st.sampled_from([(28, 28), (64, 64), (32, 20), (7, 7)]),
)
def test_cells_fall_on_whole_device_pixels(
    x: float, y: float, span: float, width: int, height: int, dpr: float, image: tuple[int, int]
) -> None:
    grid = lattice(HOME, width, height, image, dpr)
    seen = frame(View(x, y, span), width, height, grid)
    asked = sheet_request(seen, grid, image, dpr)
    px, py, w, h = seen.rect_px(asked.extent)
    assert px == pytest.approx(round(px), abs=1e-3)
    assert py == pytest.approx(round(py), abs=1e-3)
    assert w == pytest.approx(len(asked.xs) * image[1] * asked.factor, abs=1e-3)
    assert h == pytest.approx(len(asked.ys) * image[0] * asked.factor, abs=1e-3)
    assert asked.extent.contains(seen.extent, 1e-6 * span)


@given(st.floats(0.05, 20), st.integers(0, 727), st.integers(0, 587))
def test_zoom_keeps_the_point_under_the_pointer_within_a_pixel(
    factor: float, px: int, py: int
) -> None:
    grid = lattice(HOME, 728, 588, IMAGE, 1.0)
    seen = frame(HOME, 728, 588, grid)
    at = seen.to_map(px, py)
    after = frame(HOME.zoomed(factor, *at), 728, 588, grid).to_px(*at)
    assert after == pytest.approx((px, py), abs=1.01)


def test_frame_turns_points_there_and_back() -> None:
    seen, _ = request(View(0.3, -1.2, 2.0))
    assert seen.to_px(*seen.to_map(100.0, 40.0)) == pytest.approx((100.0, 40.0))
    points = np.array([[0.3, -1.2], [0.0, 0.0]])
    many = seen.many_to_px(points)
    for point, px in zip(points, many, strict=True):
        assert px == pytest.approx(seen.to_px(*point), abs=1e-2)
    assert seen.to_px(0.0, 1.0)[1] < seen.to_px(0.0, 0.0)[1], "y points upwards"


def test_a_bounded_map_has_no_cells_beyond_its_bounds() -> None:
    home = View(0.5, 0.5, 1.0)
    grid = lattice(home, 728, 588, IMAGE, 1.0)
    seen = frame(home, 728, 588, grid)
    asked = sheet_request(seen, grid, IMAGE, 1.0, bounds=(0.0, 1.0))
    assert asked.xs.min() > 0
    assert asked.xs.max() < 1
    assert len(asked.ys) == 21
    far = frame(View(9.0, 9.0, 1.0), 728, 588, grid)
    assert sheet_request(far, grid, IMAGE, 1.0, bounds=(0.0, 1.0)) is None


def test_the_margin_adds_cells_on_each_side() -> None:
    _, none = request(HOME, margin=0)
    _, one = request(HOME, margin=1)
    assert (len(one.xs), len(one.ys)) == (len(none.xs) + 2, len(none.ys) + 2)


@pytest.mark.parametrize(
    ("image", "dpr", "factor"),
    [
        ((28, 28), 1.0, 1),
        ((28, 28), 2.0, 2),
        ((28, 28), 1.25, 1),
        ((64, 64), 1.0, 1),
        ((8, 8), 1.0, 4),
    ],
)
def test_a_cell_is_a_whole_multiple_of_its_image(
    image: tuple[int, int], dpr: float, factor: int
) -> None:
    assert cell_factor(image, dpr) == factor


def test_whole_cells_never_exceed_the_room() -> None:
    assert whole_cells(615, 28) == 588
    assert whole_cells(40, 28) == 40


def test_an_odd_number_of_cells_puts_one_in_the_middle() -> None:
    odd = lattice(HOME, 21 * 28, 20 * 28, IMAGE, 1.0)
    assert (odd.phase_x, odd.phase_y) == (0.5, 0.0)


def test_the_view_is_kept_in_reach() -> None:
    assert limit(View(0, 0, 1e9), HOME).span == 180
    assert limit(View(0, 0, 0.0), HOME).span == pytest.approx(6e-6)
    assert limit(View(1e6, 0, 6), HOME).x == 180
    bounded = limit(View(7, 0.2, 40), View(0.5, 0.5, 1.0), (0.0, 1.0))
    assert bounded == View(1.0, 0.2, pytest.approx(1.15))


@pytest.mark.parametrize(("span", "step"), [(6.0, 0.05), (1.0, 0.01), (0.3, 0.002), (25.0, 0.2)])
def test_an_arrow_key_steps_by_a_round_number(span: float, step: float) -> None:
    assert nice_step(span) == pytest.approx(step)


def test_extents_know_what_they_hold() -> None:
    big, small = Extent(0, 0, 4, 4), Extent(1, 1, 2, 2)
    assert big.contains(small)
    assert not small.contains(big)
    assert big.intersects(small)
    assert not small.intersects(Extent(2, 2, 3, 3))


def test_shift_moves_a_fiftieth_and_what_is_held_stays_where_it_was_put() -> None:
    hand = Fine()
    assert hand.place(100, 100, fine=False) == (100, 100)
    assert hand.place(150, 100, fine=True) == pytest.approx((100 + 50 * FINE, 100))
    assert hand.place(200, 150, fine=False) == (200, 150), "a hovering pointer means itself"
    hand.take(10, 10, (12.0, 12.0))
    assert hand.place(60, 10, fine=True, held=True) == pytest.approx((13.0, 12.0))
    assert hand.place(61, 10, fine=False, held=True) == pytest.approx((14.0, 12.0))


def test_a_lattice_is_the_same_for_every_view() -> None:
    assert lattice(HOME, 728, 588, IMAGE, 1.0) == Lattice(0.0, 0.0, 0.0, 0.5, 28, 28)
