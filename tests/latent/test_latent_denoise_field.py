"""Score and density in the plane against mixtures whose gradients are known."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from genstudio.abilities import BadInput
from genstudio.data import Dataset, Split
from genstudio.data.toy2d import mixture
from genstudio.latent import denoise
from genstudio.models import family

T = 100
GRID = np.linspace(-9, 9, 181)
AREA = (GRID[1] - GRID[0]) ** 2


def build(shape: tuple[int, ...] = (2,), **config: Any) -> Any:
    record = family("ddpm")
    tiny = {"channels": 4, "width": 16, "depth": 2, "n_steps": T, "predict": "noise"}
    return record.build(shape, record.configure({**tiny, **config})).eval()


def log_density(model: Any, t: int, y: Tensor, name: str = "ring") -> Tensor:
    """log q(y_t) of the noised ring, y (P, 2) in data units, written with torch.distributions."""
    ring = mixture(name)
    a = model.schedule.alpha_bar[t]
    centres = math.sqrt(a) * torch.from_numpy(ring.centres)
    std = math.sqrt(a * ring.std**2 + (1 - a) * 4.0)
    parts = torch.distributions.Independent(torch.distributions.Normal(centres, std), 1)
    weights = torch.distributions.Categorical(probs=torch.ones(len(centres)).double())
    mix = torch.distributions.MixtureSameFamily(weights, parts)
    found: Tensor = mix.log_prob(y)
    return found


class Exact:
    """The noise that the best net would see: -sqrt(1 - a) times the true score, by autograd."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def __call__(self, x_t: Tensor, t: Tensor, label: Tensor, rng: object = None) -> Tensor:
        step = int(t[0])
        with torch.enable_grad():
            x = x_t.double().requires_grad_()
            (slope,) = torch.autograd.grad(log_density(self.model, step, 2 * x).sum(), x)
        spread = math.sqrt(1 - self.model.schedule.alpha_bar[step])
        return (-spread * slope).float()


@pytest.mark.parametrize("t", [1, 30, 100])
def test_the_score_of_a_perfect_net_is_the_gradient_of_the_true_density(t: int) -> None:
    model = build()
    model.at_time = Exact(model)
    points = np.random.default_rng(1).uniform(-3, 3, (50, 2)).astype(np.float32)
    got = denoise.score(model, t, points)
    y = torch.from_numpy(points).double().requires_grad_()
    (wanted,) = torch.autograd.grad(log_density(model, t, y).sum(), y)
    assert got.shape == (50, 2) and got.dtype == np.float32
    np.testing.assert_allclose(got, wanted.numpy(), rtol=1e-4, atol=1e-4 * wanted.abs().max())
    assert denoise.score(model, t, points[0]).shape == (1, 2)


@pytest.mark.parametrize("predict", ["v", "noise", "x0"])
def test_the_score_is_the_noise_that_a_walk_sees(predict: str) -> None:
    model = build(predict=predict, n_classes=2)
    frame = next(denoise.walk(model, n=4, seed=0, steps=3, label=1))
    got = denoise.score(model, T, 2 * frame.arrays["x_t"], label=1)
    a = frame.scalars["alpha_bar"]
    wanted = -frame.arrays["noise_hat"] / math.sqrt(1 - a) / 2
    np.testing.assert_allclose(got, wanted, atol=1e-4)


@pytest.mark.parametrize("name", ["ring", "grid", "moons", "spiral"])
def test_the_density_is_the_true_one_and_sums_to_one(name: str) -> None:
    model = build()
    xs, ys = np.linspace(-9, 9, 401), np.linspace(-8, 8, 361)
    for t in (0, 20, 100):
        got = denoise.density(model, f"toy2d:{name}", t, xs, ys)
        assert got.shape == (361, 401)
        cell = (xs[1] - xs[0]) * (ys[1] - ys[0])
        assert got.sum(dtype=np.float64) * cell == pytest.approx(1, abs=1e-3)
    spots = np.stack(np.meshgrid(xs[::40], ys[::40]), -1).reshape(-1, 2)
    for t in (0, 20):
        got = denoise.density(model, f"toy2d:{name}", t, xs[::40], ys[::40])
        wanted = log_density(model, t, torch.from_numpy(spots), name).exp().numpy()
        np.testing.assert_allclose(got.reshape(-1), wanted, rtol=1e-4, atol=1e-12)


def test_the_density_is_that_of_noised_points() -> None:
    """Points noised to t, counted in cells, fill them as the density says."""
    model, t = build(), 40
    points = mixture("ring").sample(200_000, np.random.default_rng(0))[0]
    x_t, _ = denoise.noised(model, points[:10_000], t, seed=1)
    for part in range(1, 20):
        more, _ = denoise.noised(model, points[part * 10_000 : (part + 1) * 10_000], t, part + 1)
        x_t = np.concatenate([x_t, more])
    edges = np.linspace(-4, 4, 9)
    counted = np.histogram2d(2 * x_t[:, 1], 2 * x_t[:, 0], [edges, edges])[0]
    fine = np.linspace(-4, 4, 161)[:-1] + 0.025
    density = denoise.density(model, "toy2d", t, fine, fine).reshape(8, 20, 8, 20)
    wanted = density.sum((1, 3), dtype=np.float64) * 0.05**2 * len(points)
    assert np.abs(counted - wanted).max() < 4.5 * math.sqrt(wanted.max())


def test_the_density_of_one_class_and_of_single_points() -> None:
    model = build()
    one = denoise.density(model, "toy2d", 5, GRID, GRID, label=2)  # the Gaussian at 90 degrees
    row, column = np.unravel_index(one.argmax(), one.shape)
    a = model.schedule.alpha_bar[5]
    assert GRID[column] == pytest.approx(0, abs=0.06)
    assert GRID[row] == pytest.approx(2 * math.sqrt(a), abs=0.06)
    points = torch.tensor([[1.0, 2.0], [-1.0, 0.0], [0.5, 0.5]])
    split = Split(points=points, labels=torch.tensor([0, 1, 1]))
    data = Dataset("three", "Three points", (2,), ["a", "b"], split, split)
    got = denoise.density(model, data, 60, GRID, GRID)
    assert got.sum(dtype=np.float64) * AREA == pytest.approx(1, abs=1e-3)
    a = model.schedule.alpha_bar[60]
    spot = denoise.density(model, data, 60, [0.3], [0.2], label=1)
    squares = np.square(np.array([0.3, 0.2]) - math.sqrt(a) * points[1:].numpy()).sum(1)
    v = 4 * (1 - a)
    assert spot[0, 0] == pytest.approx(np.exp(-squares / (2 * v)).mean() / (2 * math.pi * v))
    with pytest.raises(BadInput, match="no density at t = 0"):
        denoise.density(model, data, 0, GRID, GRID)


@pytest.mark.parametrize(
    ("ask", "what"),
    [
        (lambda m: denoise.score(m, 0, np.zeros((3, 2))), "times are 1 to 100, got 0"),
        (lambda m: denoise.score(m, 101, np.zeros((3, 2))), "got 101"),
        (lambda m: denoise.score(m, 5, np.zeros((3, 4))), "got 3 x 4"),
        (lambda m: denoise.score(m, 5, np.zeros((3, 2)), label=1), "no class"),
        (lambda m: denoise.density(m, "toy2d", 101, GRID, GRID), "got 101"),
        (lambda m: denoise.density(m, "toy2d", 1, [], GRID), "coarser grid"),
        (lambda m: denoise.density(m, "toy2d", 1, GRID, GRID, label=8), "classes 0 to 7, got 8"),
        (lambda m: denoise.density(m, "mnist", 1, GRID, GRID), "holds images"),
    ],
)
def test_bad_input_is_one_sentence(ask: Any, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        ask(build())


def test_images_have_no_plane() -> None:
    images = build((1, 8, 8))
    with pytest.raises(BadInput, match="model of points, got one of images of 1 x 8 x 8"):
        denoise.score(images, 5, np.zeros((3, 2)))
    with pytest.raises(BadInput, match="model of points"):
        denoise.density(images, "toy2d", 5, GRID, GRID)


def test_a_class_is_a_whole_number() -> None:
    model = build(n_classes=8)
    with pytest.raises(BadInput, match=r"whole number, got 2\.5"):
        denoise.score(model, T, np.zeros((1, 2)), label=2.5)
    with pytest.raises(BadInput, match=r"whole number, got 2\.5"):
        denoise.density(model, "toy2d", T, [0.0], [0.0], label=2.5)
    with pytest.raises(BadInput, match="one class or of all, got 2"):
        denoise.density(model, "toy2d", T, [0.0], [0.0], label=(0, 1))
