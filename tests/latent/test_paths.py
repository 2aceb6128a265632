"""Paths against closed forms: lines, arcs, great circles; energies on finer paths; even steps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import genstudio
from genstudio.abilities import BadInput
from genstudio.latent import _geodesic, paths
from genstudio.latent.paths import Path
from genstudio.models import Config, Model


class Sphere(Model):
    """Codes are longitude and latitude, the three "pixels" a point of the unit sphere."""

    latent_dim = 2

    def __init__(self) -> None:
        super().__init__(Config(), (1, 1, 3))

    def decode(self, z: Tensor) -> Tensor:
        east, north = z[:, 0], z[:, 1]
        x = (north.cos() * east.cos(), north.cos() * east.sin(), north.sin())
        return torch.stack(x, 1).view(-1, 1, 1, 3)


class Line(Model):
    """One pixel that rises as the cube of the first code, so that straight steps are uneven."""

    latent_dim = 2

    def __init__(self) -> None:
        super().__init__(Config(), (1, 1, 1))
        self.register_buffer("z_mean", torch.tensor([0.0, 1.0]))

    def decode(self, z: Tensor) -> Tensor:
        return (z[:, 0] ** 3).view(-1, 1, 1, 1)


def last(model: Any, kind: str, knots: Any, frames: int = 33, **options: Any) -> Path:
    paths_seen = [p for p in paths.trace(model, kind, knots, frames, **options) if p is not None]
    assert paths_seen[-1].done == 1.0
    return paths_seen[-1]


def fine_energy(model: Any, z: np.ndarray) -> float:
    """By hand: the discrete energy of the polygon through z, eight steps for each side."""
    share = torch.arange(8)[None, :, None] / 8
    codes = torch.from_numpy(z.copy())
    sides = (1 - share) * codes[:-1, None] + share * codes[1:, None]
    x = model.decode(torch.cat([sides.flatten(0, 1), codes[-1:]])).double()
    return (len(x) - 1) * float((x[1:] - x[:-1]).square().sum())


# Straight and spherical --------------------------------------------------------------------------


def test_lerp_is_the_line_and_its_ends_are_exact() -> None:
    a, b = np.float32([0.1, -2.3, 7.7]), np.float32([1.1, 0.7, -3.3])
    z = paths.lerp(a, b, np.linspace(0, 1, 5))
    np.testing.assert_allclose(z, a + np.linspace(0, 1, 5)[:, None] * (b - a), rtol=1e-6)
    assert (z[0] == a).all() and (z[-1] == b).all()
    np.testing.assert_allclose(paths.lerp(a, b, 0.5), (a + b) / 2, rtol=1e-6)


def test_slerp_turns_about_the_centre_at_a_constant_rate() -> None:
    centre = np.float32([1.0, 2.0, 3.0])
    u, v = np.float32([2, 0, 0]), np.float32([0, 0, 2])
    t = np.linspace(0, 1, 9)
    z = paths.slerp(centre + u, centre + v, t, centre)
    np.testing.assert_allclose(np.linalg.norm(z - centre, axis=1), 2.0, rtol=1e-6)
    angle = np.arctan2(z[:, 2] - 3, z[:, 0] - 1)
    np.testing.assert_allclose(angle, t * math.pi / 2, atol=1e-6)


def test_slerp_of_unequal_norms_is_the_textbook_formula() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 16)).astype(np.float32)
    w = math.acos(float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))
    t = 0.3
    exact = math.sin((1 - t) * w) / math.sin(w) * a + math.sin(t * w) / math.sin(w) * b
    np.testing.assert_allclose(paths.slerp(a, b, t), exact, rtol=1e-4)


@pytest.mark.parametrize(
    ("a", "b"), [([1, 1], [2, 2]), ([0, 0], [3, 1]), ([1, 2], [1.00001, 2.00001])]
)
def test_slerp_without_an_angle_is_straight(a: list[float], b: list[float]) -> None:
    t = np.linspace(0, 1, 5)
    np.testing.assert_allclose(paths.slerp(a, b, t), paths.lerp(a, b, t), atol=1e-6)


def test_slerp_between_opposite_codes_goes_around_not_through() -> None:
    z = paths.slerp([2.0, 0, 0], [-4.0, 0, 0], np.linspace(0, 1, 9))
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), np.linspace(2, 4, 9), rtol=1e-6)
    np.testing.assert_allclose(z[[0, -1]], [[2, 0, 0], [-4, 0, 0]])
    assert np.isfinite(paths.slerp([1.0], [-1.0], 0.5)).all()


def test_slerp_in_a_model_turns_about_its_mean_code() -> None:
    path = last(Line(), "slerp", [[1.0, 1.0], [0.0, 2.0]], 5)
    np.testing.assert_allclose(np.linalg.norm(path.z - [0, 1], axis=1), 1.0, rtol=1e-5)
    given = last(Line(), "slerp", [[1.0, 0.0], [0.0, 1.0]], 5, centre=[0.0, 0.0])
    np.testing.assert_allclose(np.linalg.norm(given.z, axis=1), 1.0, rtol=1e-5)


# What is measured --------------------------------------------------------------------------------


def test_speed_length_energy_and_the_worst_step_are_what_they_say() -> None:
    path = last(Line(), "lerp", [[0.0, 0.0], [2.0, 0.0]], 5)
    speed = np.diff(np.linspace(0, 2, 5) ** 3)
    np.testing.assert_allclose(path.speed, speed, rtol=1e-5)
    assert path.length == pytest.approx(8.0, rel=1e-6)
    assert path.energy == pytest.approx(4 * float((speed**2).sum()), rel=1e-5)
    assert path.latent_length == pytest.approx(2.0)
    assert path.worst == 3
    np.testing.assert_allclose(path.images[:, 0, 0, 0], np.linspace(0, 2, 5) ** 3, rtol=1e-5)
    assert not path.z.flags.writeable and not path.images.flags.writeable


def test_every_knot_is_a_frame() -> None:
    knots = np.float32([[0, 0], [1, 0], [1, 5], [2, 2]])
    for frames in (4, 5, 6, 12, 33):
        path = last(Line(), "lerp", knots, frames)
        assert path.z.shape == (frames, 2)
        near = np.abs(path.z[:, None] - knots).sum(2).min(0)
        assert (near == 0).all()
    np.testing.assert_allclose(np.diff(paths.parameters(4, 13)), 0.25)


@pytest.mark.parametrize("kind", paths.KINDS)
def test_even_frames_are_equally_far_apart(kind: str) -> None:
    knots = [[0.1, 0.3], [2.0, -1.0]]
    path = last(Sphere(), kind, knots, even=True, centre=[0.0, 0.0])
    assert path.speed.std() / path.speed.mean() <= 0.05
    np.testing.assert_array_equal(path.z[[0, -1]], np.float32(knots))
    straight = last(Line(), "lerp", [[0.0, 0.0], [2.0, 0.0]], 9, even=True)
    np.testing.assert_allclose(straight.z[:, 0], np.cbrt(np.linspace(0, 8, 9)), rtol=0.03)


def test_a_path_along_which_nothing_moves_stays_whole() -> None:
    for kind in paths.KINDS:
        path = last(Line(), kind, [[0.5, 0.0], [0.5, 3.0]], 5, even=True, centre=[9.0, 9.0])
        assert np.isfinite(path.z).all()


# Geodesics ---------------------------------------------------------------------------------------


def test_the_geodesic_of_a_sphere_is_the_great_circle() -> None:
    knots = np.array([[0.0, 0.6], [2.2, 0.9]])
    model = Sphere()
    ends = model.decode(torch.tensor(knots)).view(2, 3).numpy()
    angle = math.acos(float(ends[0] @ ends[1]))
    path = last(model, "geodesic", knots)
    straight = last(model, "lerp", knots)
    assert straight.length > 1.1 * angle  # so that there is something to find
    assert fine_energy(model, path.z) == pytest.approx(angle**2, rel=0.02)  # length within 1 %
    assert path.length == pytest.approx(angle, rel=0.01)
    normal = np.cross(ends[0], ends[1])
    off = path.images.reshape(-1, 3) @ (normal / np.linalg.norm(normal))
    assert np.abs(off).max() < 0.01
    assert path.speed.std() / path.speed.mean() < 0.05


def test_a_geodesic_passes_its_way_points_and_is_one_piece_by_piece() -> None:
    knots = np.float32([[0.0, 0.6], [1.1, 0.2], [2.2, 0.9]])
    path = last(Sphere(), "geodesic", knots, 33)
    assert (path.z[16] == knots[1]).all()
    for first, piece in ((0, knots[:2]), (16, knots[1:])):
        alone = last(Sphere(), "geodesic", piece, 17)
        np.testing.assert_allclose(path.z[first : first + 17], alone.z, atol=0.02)


@pytest.mark.parametrize("frames", [2, 3, 6, 20, 150])
def test_few_and_many_frames_never_have_more_energy_than_the_straight_path(frames: int) -> None:
    knots = np.float32([[0.0, 0.6], [2.2, 0.9]])
    path = last(Sphere(), "geodesic", knots, frames)
    straight = last(Sphere(), "lerp", knots, frames)
    assert path.z.shape == (frames, 2)
    assert fine_energy(Sphere(), path.z) <= fine_energy(Sphere(), straight.z)


def test_the_first_geodesic_is_the_straight_path_and_the_rest_are_better() -> None:
    knots = np.float32([[0.0, 0.6], [2.2, 0.9]])
    seen = [p for p in paths.trace(Sphere(), "geodesic", knots, 33) if p is not None]
    np.testing.assert_array_equal(seen[0].z, last(Sphere(), "lerp", knots).z)
    assert seen[0].done < 1.0 and len(seen) > 3
    energies = [p.energy for p in seen]
    assert energies[-1] < 0.9 * energies[0]
    assert (np.diff(energies) <= 1e-3 * energies[0]).all()


def test_the_gradient_is_that_of_finite_differences_in_float64() -> None:
    rng = np.random.default_rng(0)
    corners = rng.normal(size=(5, 2))
    fixed = np.array([True, False, False, False, True])

    class Wide(Sphere):
        def decode(self, z: Tensor) -> Tensor:
            return super().decode(z.double())

    task = _geodesic._Task(Wide(), corners, fixed)
    point = _end(task.measure(corners, 8))
    for i in range(5):
        for k in range(2):
            step = np.zeros_like(corners)
            step[i, k] = 1e-2
            up, down = (_end(task.measure(corners + s * step, 8)).value for s in (1, -1))
            want = 0.0 if fixed[i] else (up - down) / 2e-2
            assert point.gradient[i, k] == pytest.approx(want, rel=2e-3, abs=2e-2)


def test_the_block_solver_solves() -> None:
    rng = np.random.default_rng(0)
    n, dim = 6, 3
    blocks = rng.normal(size=(n, dim, dim))
    diagonal = blocks @ blocks.transpose(0, 2, 1) + 10 * np.eye(dim)
    upper = rng.normal(size=(n - 1, dim, dim))
    free = np.array([False, True, True, False, True, False])
    whole = np.zeros((n * dim, n * dim))
    for i in range(n):
        rows = slice(i * dim, (i + 1) * dim)
        whole[rows, rows] = diagonal[i] if free[i] else np.eye(dim)
        if i + 1 < n and free[i] and free[i + 1]:
            after = slice((i + 1) * dim, (i + 2) * dim)
            whole[rows, after], whole[after, rows] = upper[i], upper[i].T
    right = rng.normal(size=(n, dim))
    found = _geodesic._BlockTridiagonal(diagonal, upper, free).solve(right)
    np.testing.assert_allclose(found.ravel(), np.linalg.solve(whole, right.ravel()), rtol=1e-9)


def _end(work: Any) -> Any:
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


# Shipped models ----------------------------------------------------------------------------------


def _pairs(source: str, n: int, seed: int = 0) -> tuple[Any, np.ndarray]:
    model: Any = genstudio.load(source)
    test = genstudio.dataset("mnist").test
    rows = torch.randperm(len(test), generator=torch.Generator().manual_seed(seed))[: 2 * n]
    with torch.no_grad():
        z = model.encode(test.batch(rows)).mean
    return model, z.view(n, 2, -1).numpy()


def _check_pairs(source: str, n: int) -> None:
    model, pairs = _pairs(source, n)
    for knots in pairs:
        path = last(model, "geodesic", knots, 17)
        straight = paths.lerp(*knots, np.linspace(0, 1, 17))
        assert fine_energy(model, path.z) <= fine_energy(model, straight) * (1 + 1e-6)
        ends = model.decode(torch.from_numpy(knots)).numpy()
        np.testing.assert_allclose(path.images[[0, -1]], ends, atol=1e-5)


@torch.no_grad()
def test_geodesics_on_mnist_are_never_above_the_straight_path() -> None:
    _check_pairs("vae-mnist-2d", 5)


@pytest.mark.slow
@torch.no_grad()
@pytest.mark.parametrize("source", ["vae-mnist-2d", "ae-mnist-2d"])
@pytest.mark.timeout(900)
def test_geodesics_of_200_pairs_are_never_above_the_straight_path(source: str) -> None:
    _check_pairs(source, 200)


@torch.no_grad()
@pytest.mark.parametrize("kind", ["lerp", "slerp"])
def test_even_frames_on_mnist_vary_by_a_twentieth_at_most(kind: str) -> None:
    model, pairs = _pairs("ae-mnist-2d", 10)
    for knots in pairs:
        path = last(model, kind, knots, 17, even=True)
        assert path.speed.std() / path.speed.mean() <= 0.05


# What is refused, and the square -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "knots", "options", "named"),
    [
        ("loop", [[0, 0], [1, 1]], {}, "'loop'"),
        ("lerp", [[0, 0], [0, 0]], {}, "same point"),
        ("geodesic", [[0, 0], [1, 1], [1, 1]], {}, "same point"),
        ("lerp", [[0, 0]], {}, "two points"),
        ("lerp", [[0, 0, 0], [1, 1, 1]], {}, "2 latent dimensions, got 3"),
        ("lerp", [[0, 0], [1, math.nan]], {}, "NaN"),
        ("lerp", [[0, 0], [1, 1], [2, 0]], {"frames": 2}, "got 2"),
        ("geodesic", [[0, 0], [1, 1]], {"density": -1.0}, "-1"),
        ("geodesic", [[0, 0], [1, 1]], {"density": 1.0}, "data set"),
        ("slerp", [[0, 0], [1, 1]], {"centre": [0.0]}, "centre"),
    ],
)
def test_what_no_path_can_be_traced_through_is_refused(
    kind: str, knots: Any, options: dict[str, Any], named: str
) -> None:
    with pytest.raises(BadInput, match=named) as refused:
        last(Line(), kind, knots, **options)
    assert str(refused.value).endswith(".")


def test_the_square_of_four_has_its_corners_at_its_corners() -> None:
    corners = np.float32([[0, 0], [1, 0], [0, 2], [3, 3]])
    for (u, v), corner in zip([(0, 0), (1, 0), (0, 1), (1, 1)], corners, strict=True):
        assert (paths.bilinear(Line(), corners, u, v).z == corner).all()
    middle = paths.bilinear(Line(), corners, 0.5, 0.5)
    np.testing.assert_allclose(middle.z, corners.mean(0))
    assert middle.image.shape == (1, 1, 1) and middle.image[0, 0, 0] == 1.0
    with pytest.raises(BadInput, match="four"):
        paths.bilinear(Line(), corners[:3], 0, 0)


@pytest.mark.parametrize("shape", [(1, 12, 12), (3, 12, 12)])
@pytest.mark.parametrize("kind", paths.KINDS)
@pytest.mark.parametrize(
    ("family", "config"),
    [
        ("vae", {"net": "conv", "latent_dim": 5, "width": 16, "channels": 4}),
        ("ae", {"width": 16}),
        ("dae", {"latent_dim": 1, "width": 16}),
        ("pca", {"latent_dim": 4}),
    ],
)
def test_every_family_with_codes_has_paths(
    family: str, config: dict[str, Any], kind: str, shape: tuple[int, ...]
) -> None:
    model = genstudio.create(family, shape, seed=1, **config).eval()  # its weights want gradients
    rng = torch.Generator().manual_seed(0)
    knots = torch.randn(3, model.latent_dim or 0, generator=rng).numpy()
    path = last(model, kind, knots, 9, even=True)
    assert path.images.shape == (9, *shape) and np.isfinite(path.images).all()
    assert path.speed.std() / path.speed.mean() <= 0.05
    assert all(p.grad is None for p in model.parameters())
