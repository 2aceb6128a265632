"""The picture of points: places, colours, markers, fairness; and who is nearest."""

from __future__ import annotations

import numpy as np
import pytest

from genstudio.abilities import BadInput
from genstudio.latent import points
from genstudio.latent._markers import stamp

VIEW = (-1.0, -1.0, 1.0, 1.0)
RED, BLUE = (255, 0, 0, 255), (0, 0, 255, 255)


def picture(xy: object, colours: object, **options: object) -> np.ndarray:
    return points.raster(None, xy, np.array(colours, np.uint8), VIEW, (100, 100), **options)  # type: ignore[arg-type]


def test_a_point_stands_at_its_pixel_with_y_up() -> None:
    seen = picture([[0.505, 0.905]], [RED], radius=2.0)
    assert seen.shape == (100, 100, 4)
    rows, cols = np.nonzero(seen[..., 3])
    assert (rows.mean(), cols.mean()) == (4, 75)
    assert tuple(seen[4, 75]) == RED
    assert seen[..., 3].sum() / 255 == pytest.approx(np.pi * 4, rel=0.1)  # the disc's area


def test_edges_are_soft() -> None:
    alphas = set(np.unique(picture([[0.0, 0.0]], [RED], radius=3.3)[..., 3]).tolist())
    assert {0, 255} < alphas


def test_points_at_and_beyond_the_border_are_cut() -> None:
    xy = [[-1.0, 1.0], [0.999, -0.999], [1.02, 0.0], [5.0, 5.0], [np.nan, 0.0], [0.0, np.inf]]
    seen = picture(xy, [RED] * 6, radius=3.0)
    assert seen[0, 0, 3] == 255
    assert seen[99, 99, 3] == 255
    assert seen[50, 99, 3] > 0  # the marker of the one just outside
    assert (seen[..., 3] > 0).sum() < 40


def test_the_one_on_top_is_drawn_by_lot_so_no_class_hides_the_other() -> None:
    xy = np.repeat(np.random.default_rng(0).uniform(-0.9, 0.9, (200, 2)), 2, axis=0)
    colours = np.array([RED, BLUE] * 200)
    first_half, second_half = np.argsort(np.arange(400) % 2, kind="stable"), slice(None)
    for order in (first_half, second_half):
        seen = picture(xy[order], colours[order], radius=1.5)
        red = (seen[..., 0] == 255) & (seen[..., 3] == 255)
        blue = (seen[..., 2] == 255) & (seen[..., 3] == 255)
        assert 0.35 < red.sum() / (red.sum() + blue.sum()) < 0.65
    np.testing.assert_array_equal(seen, picture(xy, colours, radius=1.5))


def test_classes_have_their_own_markers() -> None:
    for style in ("shape", "digit"):
        seen = {
            picture([[0, 0]], [RED], radius=4.0, classes=[c], style=style).tobytes()
            for c in range(10)
        }
        assert len(seen) == 10
    assert (
        len({picture([[0, 0]], [RED], radius=4.0, classes=[c]).tobytes() for c in range(10)}) == 1
    )


def test_every_marker_has_ink_and_stays_in_its_stamp() -> None:
    for style in points.STYLES:
        for index in range(10):
            cover = stamp(style, index, 3.0)
            assert cover.shape[0] == cover.shape[1]
            assert cover.shape[0] % 2 == 1
            assert 6 < cover.sum() < 40
            assert cover.max() == 1.0


def test_a_rim_surrounds_each_point() -> None:
    bare = picture([[0.0, 0.0]], [RED], radius=3.0)
    rimmed = picture([[0.0, 0.0]], [RED], radius=3.0, rim=(0, 0, 0, 255))
    added = (rimmed[..., 3] > 0) & (bare[..., 3] == 0)
    assert added.sum() >= 12
    assert (rimmed[added][:, :3] == 0).all()
    solid = bare[..., 3] == 255
    np.testing.assert_array_equal(rimmed[solid], bare[solid])


def test_sizes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(BadInput, match="needs a colour"):
        picture([[0, 0], [1, 1]], [RED])
    with pytest.raises(BadInput, match="style"):
        picture([[0, 0]], [RED], style="star")


def test_no_points_make_an_empty_picture() -> None:
    assert not picture(np.zeros((0, 2)), np.zeros((0, 4))).any()


def test_nearest() -> None:
    xy = np.random.default_rng(0).normal(size=(500, 2)).astype(np.float32)
    hit = points.nearest(xy, [0.1, 0.2])
    exact = np.hypot(*(xy - [0.1, 0.2]).T)
    assert hit is not None
    assert hit.index == exact.argmin()
    assert hit.distance == pytest.approx(exact.min(), rel=1e-5)
    assert points.nearest(xy, [50.0, 0.0], within=1.0) is None
    assert points.nearest(xy[:0], [0.0, 0.0]) is None


def test_nearest_measures_in_the_units_of_scale() -> None:
    xy = np.array([[0.0, 1.0], [2.0, 0.0]], np.float32)
    assert points.nearest(xy, [0, 0]).index == 0  # type: ignore[union-attr]
    assert points.nearest(xy, [0, 0], scale=(1, 100)).index == 1  # type: ignore[union-attr]


def test_no_torch_is_needed() -> None:
    import subprocess
    import sys

    code = (
        "import sys, genstudio.latent.points, genstudio.latent.plane, genstudio.latent.scale, "
        "genstudio.latent.ellipse; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
