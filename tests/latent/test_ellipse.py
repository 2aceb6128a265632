"""Ellipses hold the mass they claim: 39 % within one sigma, 86 % within two, by Monte Carlo."""

from __future__ import annotations

import numpy as np
import pytest

from genstudio.abilities import BadInput
from genstudio.latent import ellipse
from genstudio.latent.plane import Plane, axes, through
from genstudio.latent.scale import Quantile

RNG = np.random.default_rng(0)
MEAN = RNG.normal(size=5)
STD = np.array([0.3, 1.0, 0.6, 0.2, 0.8])


def contains(polygon: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Even-odd rule: which points (N, 2) lie inside a polygon (n, 2)."""
    inside = np.zeros(len(points), bool)
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, 0), strict=True):
        crosses = (y0 > points[:, 1]) != (y1 > points[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            at = x0 + (points[:, 1] - y0) * (x1 - x0) / (y1 - y0)
        inside ^= crosses & (points[:, 0] < at)
    return inside


@pytest.mark.parametrize(("n_sigma", "share"), [(1, 0.3935), (2, 0.8647)])
def test_marginal_outline_holds_its_mass(n_sigma: float, share: float) -> None:
    plane = through(*RNG.normal(size=(3, 5)))
    draws = plane.to_plane(MEAN + STD * RNG.normal(size=(40_000, 5)))
    outline = ellipse.outline(*ellipse.marginal(MEAN, STD, plane), n_sigma, n=128)
    assert contains(outline, draws).mean() == pytest.approx(share, abs=0.01)
    assert ellipse.mass(n_sigma) == pytest.approx(share, abs=1e-4)


def test_outline_holds_its_mass_on_the_quantile_map_too() -> None:
    scale, plane = Quantile(), axes(5, 1, 4)
    draws = plane.to_plane(MEAN + STD * RNG.normal(size=(40_000, 5)))
    outline = ellipse.outline(*ellipse.marginal(MEAN, STD, plane), 1, n=128)
    share = contains(scale.forward(outline), scale.forward(draws)).mean()
    assert share == pytest.approx(0.3935, abs=0.01)


@pytest.mark.parametrize(("n_sigma", "share"), [(1, 0.3935), (2, 0.8647)])
def test_slice_holds_the_mass_of_draws_that_lie_in_the_plane(n_sigma: float, share: float) -> None:
    """Draws from a proposal in the plane, weighted by the full density there."""
    plane = Plane(RNG.normal(size=5) * 0.3, RNG.normal(size=(2, 5)))
    centre, cov = ellipse.slice_(MEAN, STD, plane)
    wide = 3 * np.linalg.cholesky(cov)
    points = centre + RNG.normal(size=(60_000, 2)) @ wide.T
    log_density = -0.5 * (((plane.to_z(points) - MEAN) / STD) ** 2).sum(1)
    log_proposal = -0.5 * (np.linalg.solve(wide, (points - centre).T) ** 2).sum(0)
    weight = np.exp(log_density - log_proposal - (log_density - log_proposal).max())
    inside = contains(ellipse.outline(centre, cov, n_sigma, n=128), points)
    assert (weight * inside).sum() / weight.sum() == pytest.approx(share, abs=0.02)


def test_slice_and_marginal_agree_in_two_dimensions() -> None:
    plane = Plane.identity()
    for a, b in zip(
        ellipse.slice_([1, 2], [0.5, 0.1], plane),
        ellipse.marginal([1, 2], [0.5, 0.1], plane),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    np.testing.assert_allclose(
        ellipse.marginal([1, 2], [0.5, 0.1], plane).cov, np.diag([0.25, 0.01])
    )


def test_slice_of_a_skew_plane_is_no_wider_than_the_marginal() -> None:
    plane = through(*RNG.normal(size=(3, 5)))
    wide, narrow = ellipse.marginal(MEAN, STD, plane).cov, ellipse.slice_(MEAN, STD, plane).cov
    assert np.all(np.linalg.eigvalsh(wide - narrow) > -1e-9)


def test_prior_marginal_on_an_orthonormal_plane_is_the_unit_circle() -> None:
    plane = through(*RNG.normal(size=(3, 5)))
    circle = ellipse.outline(*ellipse.marginal(np.zeros(5), np.ones(5), plane), 2.0)
    assert circle.shape == (64, 2)
    np.testing.assert_allclose(np.linalg.norm(circle, axis=1), 2.0, rtol=1e-5)


def test_many_at_once_equal_one_at_a_time() -> None:
    plane = through(*RNG.normal(size=(3, 5)))
    means, stds = RNG.normal(size=(7, 5)), RNG.uniform(0.1, 1, size=(7, 5))
    for function in (ellipse.marginal, ellipse.slice_):
        many = ellipse.outline(*function(means, stds, plane), 1.5)
        one = ellipse.outline(*function(means[3], stds[3], plane), 1.5)
        assert many.shape == (7, 64, 2)
        np.testing.assert_allclose(many[3], one, rtol=1e-9, atol=1e-12)


def test_inside_agrees_with_the_outline() -> None:
    centre, cov = ellipse.marginal(MEAN, STD, through(*RNG.normal(size=(3, 5))))
    outline = ellipse.outline(centre, cov, 2.0)
    assert ellipse.inside(centre + 0.999 * (outline - centre), centre, cov, 2.0).all()
    assert not ellipse.inside(centre + 1.001 * (outline - centre), centre, cov, 2.0).any()


def test_a_slice_of_a_flat_gaussian_is_refused() -> None:
    with pytest.raises(BadInput, match="marginal"):
        ellipse.slice_([0, 0, 0], [1, 1, 0], axes(3))
