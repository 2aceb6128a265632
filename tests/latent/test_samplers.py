"""Samplers draw from the density they name; EM climbs; the kernel's width is the held-out best."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from itertools import pairwise, takewhile
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from genstudio.abilities import BadInput
from genstudio.data import Dataset
from genstudio.latent import _kde, _mixture, samplers
from genstudio.models import family


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def two_clouds(n: int = 2000) -> torch.Tensor:
    z = torch.randn(n, 2, generator=rng(3))
    left = torch.tensor([-4.0, 0.0]) + z * torch.tensor([0.5, 1.0])
    right = torch.tensor([4.0, 1.0]) + z * torch.tensor([1.0, 0.3])
    return torch.where(torch.rand(n, 1, generator=rng(4)) < 0.25, left, right)


def test_prior_is_the_standard_normal(plain: Any) -> None:
    z = samplers.make("prior", plain, None, rng()).sample(20_000, rng(1))
    torch.testing.assert_close(z.mean(0), torch.zeros(2), atol=0.03, rtol=0)
    torch.testing.assert_close(torch.cov(z.T), torch.eye(2), atol=0.04, rtol=0)


def test_gaussian_takes_the_moments_the_model_keeps(plain: Any) -> None:
    plain.z_mean.copy_(torch.tensor([1.0, -2.0]))
    plain.z_cov.copy_(torch.tensor([[2.0, 0.6], [0.6, 0.5]]))
    z = samplers.make("gaussian", plain, None, rng()).sample(20_000, rng(1))
    torch.testing.assert_close(z.mean(0), plain.z_mean, atol=0.05, rtol=0)
    torch.testing.assert_close(torch.cov(z.T), plain.z_cov, atol=0.08, rtol=0)


def test_gaussian_of_a_model_without_moments_is_that_of_draws_from_the_posterior(
    plain: Any, dataset: Dataset
) -> None:
    del plain.z_cov
    fitted = samplers.make("gaussian", plain, dataset, rng())
    assert isinstance(fitted, samplers.Gaussian)
    means = plain.encode(dataset.train.batch(slice(None))).mean
    want = torch.cov(means.T.double(), correction=0) + 0.25 * torch.eye(2)  # std is 0.5
    torch.testing.assert_close(fitted.cov, want, atol=0.04, rtol=0)


def test_a_flat_gaussian_stays_flat() -> None:
    flat = samplers.Gaussian(torch.zeros(2), torch.tensor([[1.0, 1.0], [1.0, 1.0]]))
    z = flat.sample(100, rng())
    torch.testing.assert_close(z[:, 0], z[:, 1], atol=1e-5, rtol=0)


def run(
    z: torch.Tensor, k: int, seed: int = 0, regularisation: float | None = None, rounds: int = 100
) -> list[_mixture.Mixture]:
    begin = _mixture.start(z, k, rng(seed))
    return list(_mixture.steps(z, begin, regularisation, rounds, tolerance=0.0))


def test_em_never_goes_down_and_finds_both_clouds() -> None:
    seen = run(two_clouds(), 2, regularisation=0.0)
    assert [m.step for m in seen] == list(range(101))
    assert (torch.tensor([m.log_likelihood for m in seen]).double().diff() >= -1e-12).all()
    mixture = seen[-1]
    left, right = (int(i) for i in mixture.means[:, 0].argsort())
    torch.testing.assert_close(
        mixture.means[[left, right]].float(), torch.tensor([[-4.0, 0], [4, 1]]), atol=0.15, rtol=0
    )
    assert float(mixture.weights[left]) == pytest.approx(0.25, abs=0.03)
    assert float(mixture.covs[right, 1, 1]) == pytest.approx(0.09, abs=0.02)


def until_it_ends(z: torch.Tensor, k: int, seed: int) -> Iterator[_mixture.Mixture]:
    """30 rounds without regularisation, or those before a component closes in on a few points,
    where the likelihood has no bound.
    """
    with contextlib.suppress(BadInput):
        yield from _mixture.steps(z, _mixture.start(z, k, rng(seed)), 0.0, 30, 0.0)


def is_sound(mixture: _mixture.Mixture) -> bool:
    """Whether every covariance is far from singular, so that float64 can tell a gain."""
    spread = torch.linalg.eigvalsh(mixture.covs)
    return bool((spread[:, 0] > 1e-8 * spread[:, -1]).all())


@given(
    seed=st.integers(0, 2**31),
    k=st.integers(1, 5),
    dim=st.integers(1, 6),
    scale=st.sampled_from([1e-3, 1.0, 1e3]),
)
@example(seed=326, k=3, dim=2, scale=1e-3)  # one component ends on two points
@example(seed=1, k=4, dim=4, scale=1e-3)  # one is nearly flat in its last round
@settings(max_examples=25)
def test_em_never_goes_down_without_regularisation(
    seed: int, k: int, dim: int, scale: float
) -> None:
    centres = 2 * torch.randn(3, dim, generator=rng(seed))
    z = centres[torch.arange(300) % 3] + torch.randn(300, dim, generator=rng(seed + 1))
    sound = list(takewhile(is_sound, until_it_ends(scale * z, k, seed)))
    assert len(sound) > 1
    gains = torch.tensor([m.log_likelihood for m in sound], dtype=torch.float64).diff()
    assert (gains >= -1e-9).all()
    assert sound[-1].log_likelihood == pytest.approx(
        float(sound[-1].log_density(scale * z).mean()), abs=1e-12
    )


@pytest.mark.parametrize("regularisation", [0.0, 1e-3])
def test_em_is_that_of_scikit_learn(regularisation: float) -> None:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    z = torch.cat([two_clouds(800), 2 * torch.randn(200, 2, generator=rng(9))]).double()
    begin = _mixture.start(z, 4, rng(1))
    *_, ours = _mixture.steps(z, begin, regularisation, 40, tolerance=0.0)
    theirs = GaussianMixture(
        4,
        tol=0.0,
        reg_covar=regularisation,
        max_iter=40,
        weights_init=begin.weights.numpy(),
        means_init=begin.means.numpy(),
        precisions_init=torch.linalg.inv(begin.covs).numpy(),
    )
    with pytest.warns(ConvergenceWarning):
        theirs.fit(z.numpy())
    assert theirs.n_iter_ == 40
    np.testing.assert_allclose(ours.weights, theirs.weights_, atol=1e-6, rtol=0)
    np.testing.assert_allclose(ours.means, theirs.means_, atol=1e-6, rtol=0)
    np.testing.assert_allclose(ours.covs, theirs.covariances_, atol=1e-6, rtol=0)
    assert ours.log_likelihood == pytest.approx(theirs.score(z.numpy()), abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_regularisation_keeps_components_off_a_single_point(seed: int) -> None:
    z = torch.cat([two_clouds(60), torch.zeros(20, 2)])  # twenty equal points tempt to collapse
    mixture = run(z, 12, seed)[-1]
    assert torch.linalg.eigvalsh(mixture.covs).min() > 0.9 * _mixture.regularisation_of(z)
    assert torch.isfinite(mixture.means).all()
    assert math.isfinite(mixture.log_likelihood)


def test_a_component_that_collapses_says_so() -> None:
    z = torch.cat([torch.randn(40, 2, generator=rng()), torch.full((20, 2), 30.0)])
    with pytest.raises(BadInput, match="closed in on too few points"):
        run(z, 2, regularisation=0.0)


def test_em_stops_once_a_round_gains_less_than_the_tolerance() -> None:
    seen = list(
        _mixture.steps(two_clouds(), _mixture.start(two_clouds(), 2, rng()), tolerance=1e-3)
    )
    gains = [b.log_likelihood - a.log_likelihood for a, b in pairwise(seen)]
    assert len(seen) < 100
    assert all(gain >= 1e-3 for gain in gains[:-1])
    assert gains[-1] < 1e-3


def test_mixture_steps_show_the_fit_of_the_sampler(plain: Any, dataset: Dataset) -> None:
    states = list(samplers.mixture_steps(plain, dataset, seed=5, n_components=3))
    shown = [state for state in states if state is not None]
    assert states.index(shown[0]) == 10  # a thousand images are encoded first
    assert [state.step for state in shown] == list(range(len(shown)))
    last = shown[-1]
    assert (last.weights.shape, last.means.shape, last.covs.shape) == ((3,), (3, 2), (3, 2, 2))
    assert not last.means.flags.writeable
    assert shown[0].log_likelihood < last.log_likelihood
    encoded = samplers.Encoded(plain.encode(dataset.train.batch(slice(None))).mean, None)
    z = encoded.mean + 0.5 * torch.randn(1000, 2, generator=rng(8))  # std is 0.5
    np.testing.assert_allclose(last.weights @ last.means, z.mean(0), atol=0.1)
    with pytest.raises(BadInput, match="1 component or more"):
        next(samplers.mixture_steps(plain, dataset, n_components=0))


def test_mixture_density_agrees_with_torch_distributions() -> None:
    mixture = _mixture.fit(two_clouds(300), 3, rng())
    exact = torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(mixture.weights),
        torch.distributions.MultivariateNormal(mixture.means, mixture.covs),
    )
    z = two_clouds(50).double()
    torch.testing.assert_close(mixture.log_density(z), exact.log_prob(z))
    draws = mixture.sample(20_000, rng(1)).double()
    torch.testing.assert_close(draws.mean(0), exact.mean, atol=0.1, rtol=0)
    torch.testing.assert_close(draws.var(0), exact.variance, rtol=0.05, atol=0)


def test_kernel_width_is_the_best_on_held_out_points() -> None:
    kde = _kde.fit(two_clouds(), rng())
    assert kde.bandwidth == kde.widths[max(range(len(kde.widths)), key=kde.held_out.__getitem__)]
    assert kde.widths[0] < kde.bandwidth < kde.widths[-1]
    fresh = two_clouds(2600)[2000:]
    wide = _kde.KernelDensity(kde.centres, kde.spread, 4 * kde.bandwidth)
    narrow = _kde.KernelDensity(kde.centres, kde.spread, kde.bandwidth / 6)
    best = kde.log_density(fresh).mean()
    assert best > wide.log_density(fresh).mean()
    assert best > narrow.log_density(fresh).mean()


def test_kernel_density_integrates_to_one_and_draws_from_itself() -> None:
    kde = _kde.fit(two_clouds(300), rng())
    axis = torch.linspace(-10, 10, 101, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    assert float(kde.log_density(grid).exp().sum() * 0.04) == pytest.approx(1.0, abs=0.01)
    draws = kde.sample(20_000, rng(1)).double()
    want = kde.centres.var(0, correction=0) + (kde.bandwidth * kde.spread) ** 2
    torch.testing.assert_close(draws.var(0), want, rtol=0.05, atol=0)


def test_encodings_are_draws_around_encoded_images_of_the_test_split(
    make: Any, dataset: Dataset
) -> None:
    model = make(spread=False)
    z = samplers.make("encodings", model, dataset, rng()).sample(50, rng(1))
    means = model.encode(dataset.test.batch(slice(None))).mean
    assert all((means == one).all(1).any() for one in z)
    assert len(z.unique(dim=0)) > 20
    spread = samplers.make("encodings", make(), dataset, rng()).sample(20_000, rng(1))
    want = torch.cov(means.T.double()) + 0.25 * torch.eye(2)  # std is 0.5
    torch.testing.assert_close(torch.cov(spread.T.double()), want, atol=0.02, rtol=0)


@pytest.mark.parametrize("name", ["mixture", "kde"])
def test_fits_stand_on_draws_not_means(name: str, plain: Any, dataset: Dataset) -> None:
    means = plain.encode(dataset.train.batch(slice(None))).mean
    z = samplers.make(name, plain, dataset, rng()).sample(20_000, rng(1))
    want = means.var(0) + 0.25  # std is 0.5
    assert ((z.var(0) / want - 1).abs() < 0.4).all()  # the means' own variance is below 0.02


@pytest.mark.parametrize("name", ["prior", "gaussian"])
def test_the_families_own_samplers_draw_the_same(name: str) -> None:
    model = family("ae").build((1, 28, 28))
    model.z_cov.copy_(torch.tensor([[2.0, 0.6], [0.6, 0.5]]))
    own = model.sample(5, rng(7), sampler=name)
    ours = torch.cat(list(samplers.images(model, samplers.make(name, model, "", rng()), 5, rng(7))))
    torch.testing.assert_close(ours, own, atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", samplers.NAMES)
def test_same_seed_same_images(name: str, plain: Any, dataset: Dataset) -> None:
    def once() -> torch.Tensor:
        sampler = samplers.make(name, plain, dataset, rng(), n_fit=200)
        return torch.cat(list(samplers.images(plain, sampler, 7, rng(1))))

    assert once().shape == (7, 1, 4, 6)
    assert torch.equal(once(), once())


def test_what_cannot_be_sampled_is_refused(make: Any, plain: Any) -> None:
    with pytest.raises(BadInput, match="Choose one of: prior, gaussian, mixture, kde, encodings"):
        samplers.make("flow", plain, None, rng())
    with pytest.raises(BadInput, match="names no data set"):
        samplers.make("kde", plain, None, rng())
    plain.latent_dim = None
    with pytest.raises(BadInput, match="no latent space"):
        samplers.make("prior", plain, None, rng())
