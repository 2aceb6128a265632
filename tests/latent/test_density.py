"""The density term: its value and gradient, and that it leads a path around a hole."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from genstudio.data import Dataset, Split
from genstudio.latent import _density, _geodesic, _kde, encodings, paths
from genstudio.models import Config, Model, Posterior


class Flat(Model):
    """Two pixels that are the code itself: every geodesic is straight."""

    latent_dim = 2

    def __init__(self) -> None:
        super().__init__(Config(), (1, 1, 2))
        self.register_buffer("zero", torch.zeros(1))

    def encode(self, x: Tensor) -> Posterior:
        return Posterior(x.flatten(1), None)

    def decode(self, z: Tensor) -> Tensor:
        return z.view(-1, 1, 1, 2)


def ring() -> Dataset:
    """Images whose codes lie on the upper half of a ring about (0.5, 0.5)."""
    angle = torch.linspace(0, torch.pi, 600)
    codes = 0.5 + 0.4 * torch.stack([angle.cos(), angle.sin()], 1)
    split = Split(images=(codes * 255).to(torch.uint8).view(-1, 1, 1, 2), labels=None)
    return Dataset("ring", "Ring", (1, 1, 2), [], split, split)


def iter_to(data: Dataset) -> Generator[None, None, Dataset]:
    yield None
    return data


@pytest.fixture
def _ring(monkeypatch: pytest.MonkeyPatch) -> None:
    data = ring()
    monkeypatch.setattr(encodings, "opened", lambda name: iter_to(data))


def last(model: Any, **options: Any) -> Any:
    knots = [[0.1, 0.5], [0.9, 0.5]]
    *_, path = (p for p in paths.trace(model, "geodesic", knots, 33, **options) if p is not None)
    return path


def test_the_cost_is_that_of_the_kernels_and_its_gradient_autograd_s() -> None:
    rng = torch.Generator().manual_seed(0)
    z = torch.randn(50, 3, generator=rng, dtype=torch.float64)
    std = torch.tensor([0.3, 0.5, 0.2], dtype=torch.float64)
    where = torch.randn(20, 3, generator=rng, dtype=torch.float64).requires_grad_()
    kernels = _kde.KernelDensity(z, std / 0.5, 0.5)
    exact = -torch.logsumexp(
        torch.distributions.Independent(torch.distributions.Normal(z, std), 1).log_prob(
            where[:, None]
        ),
        1,
    ) + np.log(50)
    slope = torch.autograd.grad(exact.sum(), where)[0]
    cost = _density.KernelCost(z.numpy(), std.numpy(), z.numpy())
    nats, gradient = cost.cost(where.detach().numpy())
    np.testing.assert_allclose(nats, exact.detach(), rtol=1e-9)
    np.testing.assert_allclose(nats, -kernels.log_density(where.detach()), rtol=1e-9)
    np.testing.assert_allclose(gradient, slope, rtol=1e-7, atol=1e-9)


def test_the_curvature_bounds_the_hessian() -> None:
    rng = np.random.default_rng(0)
    cost = _density.KernelCost(
        rng.normal(size=(30, 2)), np.array([0.4, 0.7]), rng.normal(size=(9, 2))
    )
    step = 1e-4
    for z in rng.normal(size=(10, 2)):
        rows = [
            (cost.cost(z[None] + step * e)[1] - cost.cost(z[None] - step * e)[1])[0] / (2 * step)
            for e in np.eye(2)
        ]
        values = np.linalg.eigvalsh(np.diag(cost.curvature()) - np.array(rows))
        assert values.min() > -1e-4


def test_the_gradient_of_the_dearer_energy_is_that_of_finite_differences() -> None:
    rng = np.random.default_rng(1)
    density = _density.KernelCost(*rng.normal(size=(1, 30, 2)), np.full(2, 0.6), np.ones((9, 2)))
    corners = rng.normal(size=(4, 2))
    fixed = np.array([True, False, False, True])

    class Exact(Flat):
        def decode(self, z: Tensor) -> Tensor:
            return super().decode(z.double())

    def measure(where: np.ndarray) -> Any:
        work = _geodesic._Task(Exact(), corners, fixed, density, 0.7).measure(where, 8)
        while True:
            try:
                next(work)
            except StopIteration as end:
                return end.value

    found = measure(corners).gradient
    for i in range(4):
        for k in range(2):
            step = np.zeros_like(corners)
            step[i, k] = 1e-3
            want = (measure(corners + step).value - measure(corners - step).value) / 2e-3
            assert found[i, k] == pytest.approx(0.0 if fixed[i] else want, rel=5e-3, abs=5e-2)


@pytest.mark.usefixtures("_ring")
def test_a_density_leads_the_path_around_a_hole() -> None:
    model = Flat()
    straight = last(model)
    np.testing.assert_allclose(straight.z[:, 1], 0.5, atol=1e-3)
    bent = last(model, density=1.0, data="ring")
    off = np.abs(np.linalg.norm(bent.z - 0.5, axis=1) - 0.4)
    assert off.max() < 0.1  # the straight path passes 0.4 from the ring
    assert bent.z[16, 1] > 0.75
    np.testing.assert_array_equal(bent.z[[0, -1]], straight.z[[0, -1]])
    weak = last(model, density=1e-4, data="ring")
    assert np.abs(weak.z[:, 1] - 0.5).max() < 0.5 * np.abs(bent.z[:, 1] - 0.5).max()


@pytest.mark.usefixtures("_ring")
def test_kernels_are_kept_until_the_weights_change(monkeypatch: pytest.MonkeyPatch) -> None:
    fits = []
    monkeypatch.setattr(_kde, "fit", lambda z, rng, _fit=_kde.fit: fits.append(1) or _fit(z, rng))
    model = Flat()

    def ask(**options: Any) -> None:
        for _ in _density.fitted(model, **{"data": "ring", "seed": 0, **options}):
            pass

    ask()
    ask()
    assert len(fits) == 1
    model.zero.copy_(torch.ones(1))
    ask()
    assert len(fits) == 2
    ask(seed=1)
    assert len(fits) == 3


@pytest.mark.usefixtures("_ring")
def test_kernels_are_kept_until_the_data_are_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    def fitted() -> Any:
        work = _density.fitted(model, "ring", 0)
        while True:
            try:
                next(work)
            except StopIteration as end:
                return end.value

    model = Flat()
    first = fitted()
    assert fitted()[0] is first[0]
    other = ring()
    monkeypatch.setattr(encodings, "opened", lambda name: iter_to(other))
    assert fitted()[0] is not first[0]
