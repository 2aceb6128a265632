"""Planes: there and back, least squares, the three constructors, and the prior's shell."""

from __future__ import annotations

import numpy as np
import pytest

from genstudio.abilities import BadInput
from genstudio.latent.plane import Plane, axes, on_shell, pca, shell_radius, through

RNG = np.random.default_rng(0)


def test_identity_leaves_a_2d_latent_space_as_it_is() -> None:
    points = RNG.normal(size=(5, 2)).astype(np.float32)
    plane = Plane.identity()
    np.testing.assert_array_equal(plane.to_z(points), points)
    np.testing.assert_allclose(plane.to_plane(points), points, atol=1e-6)
    assert (plane.label_x, plane.label_y, plane.dims) == ("z1", "z2", (0, 1))


def test_axes_put_the_other_coordinates_at_rest() -> None:
    plane = axes(5, 3, 1, rest=[1, 2, 3, 4, 5])
    np.testing.assert_array_equal(plane.to_z([7.0, 9.0]), [1, 9, 3, 7, 5])
    assert (plane.label_x, plane.label_y) == ("z4", "z2")


@pytest.mark.parametrize(("dim", "i", "j"), [(1, 0, 1), (4, 2, 2), (4, -1, 0), (4, 0, 4)])
def test_axes_refuse_what_is_no_plane(dim: int, i: int, j: int) -> None:
    with pytest.raises(BadInput, match="two different dimensions"):
        axes(dim, i, j)


def test_axes_refuse_rest_of_the_wrong_length() -> None:
    with pytest.raises(BadInput, match="need 4 numbers, got 3"):
        axes(4, 0, 1, rest=[0, 0, 0])


def test_projection_is_least_squares_even_for_skew_axes() -> None:
    skew = Plane(RNG.normal(size=6), RNG.normal(size=(2, 6)))
    z = RNG.normal(size=(20, 6)).astype(np.float32)
    near = skew.to_z(skew.to_plane(z))
    np.testing.assert_allclose((z - near) @ skew.axes.T, 0, atol=1e-4)  # what is left is orthogonal
    np.testing.assert_allclose(skew.residual(z), np.linalg.norm(z - near, axis=1), rtol=1e-5)
    np.testing.assert_allclose(skew.residual(near), 0, atol=1e-5)


def test_pca_finds_the_directions_of_largest_spread() -> None:
    basis, _ = np.linalg.qr(RNG.normal(size=(4, 4)))
    scores = RNG.normal(size=(4000, 4)) * [0.1, 3.0, 0.5, 1.0]
    means = scores @ basis.T + 2.0
    plane = pca(means)
    assert abs(plane.axes[0] @ basis[:, 1]) > 0.99
    assert abs(plane.axes[1] @ basis[:, 3]) > 0.99
    np.testing.assert_allclose(plane.axes @ plane.axes.T, np.eye(2), atol=1e-6)
    np.testing.assert_allclose(plane.to_plane(means).mean(0), 0, atol=1e-4)
    assert plane.label_x.startswith("PC1 (8")
    assert plane.kind == "pca"
    np.testing.assert_allclose(pca(means[::-1]).axes, plane.axes, atol=1e-5)  # signs do not flip


def test_pca_refuses_too_few_encodings() -> None:
    with pytest.raises(BadInput, match="at least 3"):
        pca(np.zeros((2, 5)))


def test_plane_through_three_points_contains_them_and_keeps_distances() -> None:
    a, b, c = RNG.normal(size=(3, 16)).astype(np.float32)
    plane = through(a, b, c)
    three = np.stack([a, b, c])
    np.testing.assert_allclose(plane.residual(three), 0, atol=1e-5)
    on_plane = plane.to_plane(three)
    np.testing.assert_allclose(
        np.linalg.norm(on_plane[0] - on_plane[2]), np.linalg.norm(a - c), rtol=1e-5
    )
    assert on_plane[1, 0] > on_plane[0, 0]
    assert on_plane[1, 1] == pytest.approx(on_plane[0, 1], abs=1e-5)
    assert on_plane[2, 1] > on_plane[0, 1]


def test_plane_through_three_points_is_centred_nearest_the_latent_origin() -> None:
    plane = through(*RNG.normal(size=(3, 8)))
    np.testing.assert_allclose(plane.axes @ plane.origin, 0, atol=1e-6)


def test_three_points_on_a_line_are_refused() -> None:
    with pytest.raises(BadInput, match="on one line"):
        through([0, 0, 0], [1, 1, 1], [2, 2, 2])


def test_parallel_plane_through_z_contains_it_and_keeps_coordinates() -> None:
    plane = axes(4, 0, 2)
    z = np.array([1, 2, 3, 4], np.float32)
    moved = plane.through_z(z)
    assert moved.residual(z) == pytest.approx(0)
    np.testing.assert_allclose(moved.to_plane(z), plane.to_plane(z))
    np.testing.assert_allclose(moved.origin, [0, 2, 0, 4])


def test_plane_refuses_nan() -> None:
    with pytest.raises(BadInput, match="finite"):
        Plane(np.array([np.nan, 0]), np.eye(2))


def test_plane_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="read-only"):
        Plane.identity().origin[0] = 1.0


def test_shell_keeps_direction_and_sets_norm() -> None:
    z = RNG.normal(size=(50, 16)).astype(np.float32)
    moved = on_shell(z, shell_radius(16))
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), 4.0, rtol=1e-5)
    np.testing.assert_allclose(moved / 4.0, z / np.linalg.norm(z, axis=1, keepdims=True), rtol=1e-4)
    np.testing.assert_array_equal(on_shell(np.zeros((1, 3)), 2.0), np.zeros((1, 3)))
