"""From an image to noise: moments against the closed form, and inversion that comes back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from genstudio.abilities import BadInput
from genstudio.latent import denoise
from genstudio.models import family
from genstudio.tape import Frame

SHAPE = (1, 20, 20)


def build(shape: tuple[int, ...] = SHAPE, **config: Any) -> Any:
    record = family("ddpm")
    tiny = {"channels": 4, "width": 16, "depth": 2, "n_steps": 100}
    return record.build(shape, record.configure({**tiny, **config})).eval()


def strolled(model: Any, image: np.ndarray, **options: Any) -> list[Frame]:
    return [f for f in denoise.stroll(model, image, **options) if f is not None]


def assert_normal(z: np.ndarray) -> None:
    """Mean and variance of all values are within three standard errors of 0 and 1."""
    z = z.astype(np.float64)
    assert abs(z.mean()) < 3 / math.sqrt(z.size)
    assert abs(z.var() - 1) < 3 * math.sqrt(2 / z.size)


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_moments_of_the_closed_form(schedule: str) -> None:
    model = build(schedule=schedule)
    rng = np.random.default_rng(2)
    x = rng.uniform(0, 1, (50, *SHAPE)).astype(np.float32)
    for t in (1, 37, 100):
        x_t, noise = denoise.noised(model, x, t, seed=3)
        a = model.schedule.alpha_bar[t]
        assert_normal((x_t - math.sqrt(a) * (2 * x - 1)) / math.sqrt(1 - a))
        np.testing.assert_allclose(
            x_t, math.sqrt(a) * (2 * x - 1) + math.sqrt(1 - a) * noise, atol=1e-6
        )


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_moments_of_the_walk_are_those_of_the_closed_form(schedule: str) -> None:
    model = build(schedule=schedule)
    x = np.random.default_rng(2).uniform(0, 1, (50, *SHAPE)).astype(np.float32)
    got = strolled(model, x, seed=4, stride=33)
    assert [f.scalars["t"] for f in got] == [0, 33, 66, 99, 100]
    assert [(f.index, f.n_steps) for f in got] == [(i, 5) for i in range(5)]
    for frame in got[1:]:
        a = frame.scalars["alpha_bar"]
        for name in ("walk", "closed"):
            x_t = frame.arrays[name]
            assert_normal((x_t - math.sqrt(a) * (2 * x - 1)) / math.sqrt(1 - a))
            n = x_t.size
            error = math.sqrt((1 - a) / n)  # of the mean
            assert frame.scalars[f"{name}_mean"] == pytest.approx(
                frame.scalars["mean"], abs=3 * error + 1e-6
            )
            assert frame.scalars[f"{name}_std"] == pytest.approx(frame.scalars["std"], rel=0.03)
        assert np.abs(frame.arrays["walk"] - frame.arrays["closed"]).mean() > 0.01
    for name in ("walk", "closed"):
        np.testing.assert_allclose(got[0].arrays[name], 2 * x - 1, atol=1e-6)


def test_each_step_of_the_walk_is_that_of_the_paper() -> None:
    """What is left of x_t without sqrt(1 - beta) x_(t-1) has variance beta, and is new."""
    model = build()
    x = np.full((40, *SHAPE), 0.7, np.float32)
    got = strolled(model, x, seed=1, stride=1)
    assert len(got) == 101
    steps = []
    for t in (1, 50, 51, 100):
        beta = model.schedule.beta[t]
        left = got[t].arrays["walk"] - math.sqrt(1 - beta) * got[t - 1].arrays["walk"]
        steps.append(left / math.sqrt(beta))
        assert_normal(steps[-1])
    assert abs(np.mean(steps[1] * steps[2])) < 3 / math.sqrt(x.size)


def test_the_noise_is_of_the_seed_alone_and_is_where_a_walk_begins() -> None:
    model = build()
    image = np.random.default_rng(0).uniform(0, 1, SHAPE).astype(np.float32)
    near, noise = denoise.noised(model, image, 3, seed=7)
    far, same = denoise.noised(model, image, 100, seed=7)
    assert near.shape == (1, *SHAPE)
    np.testing.assert_array_equal(noise, same)
    first = next(denoise.walk(model, n=1, seed=7))
    np.testing.assert_array_equal(first.arrays["x_t"], noise)
    closed = [f for f in strolled(model, image, seed=7, stride=1) if f.scalars["t"] == 3]
    np.testing.assert_array_equal(closed[0].arrays["closed"], near)
    assert not np.array_equal(denoise.noised(model, image, 3, seed=8)[0], near)
    still, _ = denoise.noised(model, image, 0, seed=7)
    np.testing.assert_allclose(still[0], 2 * image - 1, atol=1e-6)
    assert np.abs(far - noise).mean() < 0.05


class Exact:
    """E[x_0 | x_t] for independent N(mean, std^2) values, in place of the net (predict = x0)."""

    mean, std = 0.1, 0.3  # in the model's scale

    def __init__(self, model: Any) -> None:
        self.alpha_bar = model.alpha_bar

    def __call__(self, x_t: Tensor, t: Tensor, label: Tensor, rng: object = None) -> Tensor:
        a = self.alpha_bar[t].view(-1, *[1] * (x_t.ndim - 1))
        shrink = a.sqrt() * self.std**2 / (a * self.std**2 + 1 - a)
        return self.mean + shrink * (x_t - a.sqrt() * self.mean)


@pytest.mark.parametrize("shape", [SHAPE, (2,)])
def test_inversion_comes_back(shape: tuple[int, ...]) -> None:
    model = build(shape, predict="x0", n_steps=1000)
    model.at_time = Exact(model)
    rng = np.random.default_rng(3)
    inside = rng.normal(Exact.mean, Exact.std, (2, *shape)).clip(-1, 1).astype(np.float32)
    x = model.outside(torch.from_numpy(inside)).numpy()
    errors = []
    for steps in (25, 200):
        up = list(denoise.inverted(model, x, steps))
        assert len(up) == steps + 1
        assert [(f.index, f.n_steps) for f in up] == [(k, steps + 1) for k in range(steps + 1)]
        times = [f.scalars["t"] for f in up]
        assert times == [0, *reversed(denoise.process(model).times(steps))]
        for frame in up:
            a = frame.scalars["alpha_bar"]
            x_t, x0_hat, noise = (frame.arrays[k] for k in ("x_t", "x0_hat", "noise_hat"))
            again = math.sqrt(a) * x0_hat + math.sqrt(1 - a) * noise
            np.testing.assert_allclose(again, x_t, atol=2e-5)
        x_T = up[-1].arrays["x_t"]
        *_, down = denoise.walk(model, n=2, seed=0, sampler="ddim", steps=steps, start=x_T)
        errors.append(float(np.abs(down.arrays["x0_hat"] - inside).max()))
    assert errors[1] < 0.03 and errors[1] < errors[0] / 2
    a = model.schedule.alpha_bar[-1]
    spread = math.sqrt(a * Exact.std**2 + 1 - a)
    np.testing.assert_allclose(x_T, (inside - Exact.mean) / Exact.std * spread, atol=0.15)


@pytest.mark.parametrize("predict", ["v", "noise", "x0"])
def test_inversion_of_any_prediction_begins_at_the_image(predict: str) -> None:
    model = build(predict=predict, n_classes=2)
    x = np.random.default_rng(0).uniform(0, 1, SHAPE).astype(np.float32)
    first, *_, last = denoise.inverted(model, x, 5, label=1, guidance=1.5)
    np.testing.assert_allclose(first.arrays["x_t"][0], 2 * x - 1, atol=1e-6)
    np.testing.assert_array_equal(first.arrays["x0_hat"], first.arrays["x_t"])
    assert last.scalars["t"] == last.scalars["t_next"] == 100
    assert last.scalars["change"] == 0
    assert np.isfinite(last.arrays["x_t"]).all()


@pytest.mark.parametrize(
    ("ask", "what"),
    [
        (lambda m: denoise.noised(m, np.zeros((1, 28, 28)), 5, 0), "1 x 20 x 20, got 1 x 28 x 28"),
        (lambda m: denoise.noised(m, np.zeros(SHAPE), 101, 0), "times are 0 to 100, got 101"),
        (lambda m: denoise.noised(m, np.zeros(SHAPE), -1, 0), "got -1"),
        (lambda m: denoise.noised(m, np.full(SHAPE, np.inf), 5, 0), "not finite"),
        (lambda m: next(denoise.stroll(m, np.zeros(SHAPE), 0, 0)), "stride is 1 to 100"),
        (lambda m: next(denoise.stroll(m, np.zeros((3, 20, 20)), 0)), "got 3 x 20 x 20"),
        (lambda m: next(denoise.inverted(m, np.zeros(SHAPE), 101)), "100 steps, got 101"),
        (lambda m: next(denoise.inverted(m, np.zeros(SHAPE), 5, guidance=2.0)), "Guidance"),
        (lambda m: next(denoise.inverted(m, np.zeros(SHAPE), 5, label=1)), "no class"),
        (lambda m: next(denoise.inverted(m, np.zeros((20, 20)), 5)), "got 20 x 20"),
    ],
)
def test_bad_input_is_one_sentence(ask: Any, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        ask(build())
