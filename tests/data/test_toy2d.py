"""data/toy2d.py: the densities integrate to one and are those that the points were drawn from."""

from __future__ import annotations

import numpy as np
import pytest

from genstudio import data
from genstudio.abilities import BadInput
from genstudio.data import toy2d

NAMES = ("ring", "grid", "moons", "spiral")


def cells(side: float, n: int) -> tuple[np.ndarray, float]:
    """Centres (n * n, 2) of a square grid over [-side, side]^2, rows in y, and the cell's area."""
    at = (np.arange(n) + 0.5) / n * 2 * side - side
    x, y = np.meshgrid(at, at)
    return np.stack([x.ravel(), y.ravel()], 1), (2 * side / n) ** 2


@pytest.mark.parametrize("name", NAMES)
def test_density_integrates_to_one(name: str) -> None:
    points, area = cells(toy2d.EXTENT, 160)
    assert toy2d.density(name, points).sum() * area == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_points_follow_the_density(name: str) -> None:
    """Chi-squared of the counts in cells that expect ten points or more."""
    points = data.load(f"toy2d:{name}").train.points.numpy()
    fine, area = cells(toy2d.EXTENT, 160)
    mass = toy2d.density(name, fine).reshape(40, 4, 40, 4).sum((1, 3)) * area
    edges = np.linspace(-toy2d.EXTENT, toy2d.EXTENT, 41)
    counts, _, _ = np.histogram2d(points[:, 1], points[:, 0], bins=(edges, edges))
    expected = mass * len(points)
    enough = expected >= 10
    chi2 = ((counts - expected) ** 2 / expected)[enough].sum()
    dof = enough.sum()
    assert abs(chi2 - dof) < 5 * np.sqrt(2 * dof)
    assert counts[~enough].sum() == pytest.approx(expected[~enough].sum(), abs=100)


def test_ring_against_its_formula() -> None:
    """Eight Gaussians of standard deviation 0.15 on a circle of radius 2."""
    points = np.array([[2.0, 0.0], [0.0, 2.0], [0.0, 0.0], [2.1, 0.2]])
    centres = [(2 * np.cos(k * np.pi / 4), 2 * np.sin(k * np.pi / 4)) for k in range(8)]
    expected = [
        sum(
            np.exp(-((x - a) ** 2 + (y - b) ** 2) / (2 * 0.15**2)) / (2 * np.pi * 0.15**2)
            for a, b in centres
        )
        / 8
        for x, y in points
    ]
    np.testing.assert_allclose(toy2d.density("toy2d:ring", points), expected, rtol=1e-12)


def test_grid_against_its_formula() -> None:
    at_a_centre = toy2d.density("grid", np.array([[1.0, -2.0]]))
    assert at_a_centre == pytest.approx(1 / (25 * 2 * np.pi * 0.1**2))


@pytest.mark.parametrize("name", NAMES)
def test_labels_are_the_nearest_component(name: str) -> None:
    dataset = data.load(f"toy2d:{name}")
    mixture = toy2d.mixture(name)
    points, labels = dataset.test.points.numpy(), dataset.test.labels.numpy()
    nearest = ((points[:, None] - mixture.centres) ** 2).sum(2).argmin(1)
    assert (mixture.labels[nearest] == labels).mean() > 0.995
    shares = np.bincount(labels) / len(labels)
    assert len(shares) == len(dataset.classes)
    np.testing.assert_allclose(shares, 1 / len(shares), rtol=0.35)


@pytest.mark.parametrize("name", ["moons", "spiral"])
def test_curves_look_unbroken(name: str) -> None:
    mixture = toy2d.mixture(name)
    for label in np.unique(mixture.labels):
        curve = mixture.centres[mixture.labels == label]
        gap = np.linalg.norm(np.diff(curve, axis=0), axis=1)
        assert gap.max() < mixture.std
        assert gap.max() / gap.min() < 1.01  # evenly along the curve


def test_toy2d_is_the_ring_and_the_splits_differ() -> None:
    plain, ring = data.load("toy2d"), data.load("toy2d:ring")
    assert plain.name == ring.name == "toy2d:ring"
    assert plain.train.points.equal(ring.train.points)
    assert not plain.train.points[:100].equal(plain.test.points[:100])
    assert "0.15" in plain.unit


def test_another_shape_is_refused() -> None:
    with pytest.raises(BadInput, match="no point set 'torus' in toy2d"):
        toy2d.density("torus", np.zeros((1, 2)))
