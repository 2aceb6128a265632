"""Schedules and samplers against the papers' formulas, in float64, without any net."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor

from genstudio.abilities import BadInput
from genstudio.models._diffusion import (
    SAMPLERS,
    Prediction,
    cosine,
    invert,
    linear,
    noise_of,
    predict,
)

SCHEDULES = [linear(1000), cosine(1000), linear(50), cosine(7)]


def exact(schedule, mean: float = 0.5, std: float = 0.3):
    """The best denoiser there is for data N(mean, std^2): E[x_0 | x_t] in closed form."""

    def denoise(x_t: Tensor, t: int) -> Prediction:
        a = schedule.alpha_bar[t]
        variance = a * std**2 + 1 - a
        x0_hat = mean + math.sqrt(a) * std**2 / variance * (x_t - math.sqrt(a) * mean)
        return Prediction(x0_hat, (x_t - math.sqrt(a) * x0_hat) / math.sqrt(1 - a))

    return denoise


def start(n: int = 5) -> Tensor:
    return torch.randn(n, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize("T", [1000, 4000, 100, 2])
def test_the_linear_schedule_is_that_of_ho_et_al(T: int):
    """beta from 1e-4 to 0.02 in 1000 steps; with another T scaled, so that the end stays."""
    beta = np.linspace(0.1 / T, min(20 / T, 0.999), T)
    schedule = linear(T)
    np.testing.assert_allclose(schedule.alpha_bar[1:], np.cumprod(1 - beta), rtol=1e-9)
    np.testing.assert_allclose(schedule.beta[1:], beta, rtol=1e-8)
    assert schedule.alpha_bar[-1] < 1e-3
    if T == 1000:
        assert schedule.alpha_bar[-1] == pytest.approx(4.0358e-5, rel=1e-4)


@pytest.mark.parametrize("T", [1000, 4000, 10, 2])
def test_the_cosine_schedule_is_that_of_nichol_and_dhariwal(T: int):
    """Eq. 17, and beta cut at 0.999 (only the last is)."""
    f = np.cos((np.arange(T + 1) / T + 0.008) / 1.008 * np.pi / 2) ** 2
    got = np.array(cosine(T).alpha_bar)
    np.testing.assert_allclose(got[:-1], (f / f[0])[:-1], rtol=1e-9)
    assert got[-1] == pytest.approx(got[-2] * 1e-3, rel=1e-9)
    beta = np.array(cosine(T).beta)
    np.testing.assert_allclose(beta[1:-1], (1 - f[1:] / f[:-1])[:-1], rtol=1e-6)
    assert beta.max() == pytest.approx(0.999, rel=1e-12)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: str(s.n_steps))
def test_signal_only_falls(schedule):
    a = schedule.alpha_bar
    assert a[0] == 1.0
    assert all(later < earlier for earlier, later in pairwise(a))
    assert a[-1] < 0.02
    assert schedule.snr(0) == math.inf
    assert schedule.snr(3) == pytest.approx(a[3] / (1 - a[3]))


def test_times_fall_from_the_last_and_are_all_different():
    schedule = linear(1000)
    for n in (1, 2, 7, 20, 333, 1000):
        times = schedule.times(n)
        assert len(set(times)) == n
        assert times == sorted(times, reverse=True)
        assert times[0] == 1000
        assert times[-1] >= 1
    assert schedule.times(1000) == list(range(1000, 0, -1))
    for wrong in (0, 1001):
        with pytest.raises(BadInput, match="1000 steps"):
            schedule.times(wrong)


@pytest.mark.parametrize("kind", ["noise", "x0", "v"])
@pytest.mark.parametrize("limit", [None, 0.4])
def test_both_halves_of_a_prediction_agree(kind, limit):
    a = 0.3
    x0, noise = start(), start(5).flip(0)
    x_t = math.sqrt(a) * x0 + math.sqrt(1 - a) * noise
    output = {
        "noise": noise,
        "x0": x0,
        "v": math.sqrt(a) * noise - math.sqrt(1 - a) * x0,
    }[kind]
    got = predict(kind, output, x_t, a, limit)
    again = math.sqrt(a) * got.x0_hat + math.sqrt(1 - a) * got.noise_hat
    assert torch.allclose(again, x_t, rtol=0, atol=1e-12)
    wanted = x0 if limit is None else x0.clamp(-limit, limit)
    assert torch.allclose(got.x0_hat, wanted, rtol=0, atol=1e-12)


def test_ddim_at_eta_1_is_the_paper_s_ddpm_over_all_steps():
    """1,000 steps of eq. 7 with variance beta-tilde, written with betas alone."""
    schedule = linear(1000)
    noise = noise_of(4)
    denoise = exact(schedule)
    beta = np.linspace(1e-4, 0.02, 1000)
    alpha_bar = np.concatenate([[1.0], np.cumprod(1 - beta)])
    x = start(20)
    walk = SAMPLERS["ddim"](denoise, x, schedule.times(1000), schedule, noise, eta=1.0)
    worst, count = 0.0, 0
    for t, state in zip(range(1000, 0, -1), walk, strict=True):
        assert state.t == t
        a, a_before, b = alpha_bar[t], alpha_bar[t - 1], beta[t - 1]
        mean = (
            math.sqrt(a_before) * b / (1 - a) * denoise(x, t).x0_hat
            + math.sqrt(1 - b) * (1 - a_before) / (1 - a) * x
        )
        x = mean + math.sqrt((1 - a_before) / (1 - a) * b) * noise(t, x) if t > 1 else mean
        worst, count = max(worst, float((state.x_next - x).abs().max())), count + 1
    assert count == 1000
    assert worst < 1e-10


@pytest.mark.parametrize("steps", [1000, 50])
def test_ddim_at_eta_1_is_ancestral_with_the_posterior_variance(steps):
    schedule = linear(1000)
    times = schedule.times(steps)
    walks = [
        list(SAMPLERS[name](exact(schedule), start(), times, schedule, noise_of(4), eta=1.0))
        for name in ("ddim", "ddpm")
    ]
    gap = max(float((a.x_next - b.x_next).abs().max()) for a, b in zip(*walks, strict=True))
    assert gap < 1e-10


def test_ancestral_steps_have_the_posterior_of_ho_et_al():
    """Mean and variances of eq. 7 written with betas, one step of t = 400."""
    schedule, t = linear(1000), 400
    a, a_before, beta = schedule.alpha_bar[t], schedule.alpha_bar[t - 1], schedule.beta[t]
    x = start()
    x0_hat = exact(schedule)(x, t).x0_hat
    mean = (
        math.sqrt(a_before) * beta / (1 - a) * x0_hat
        + math.sqrt(1 - beta) * (1 - a_before) / (1 - a) * x
    )
    z = noise_of(9)(t, x)
    small = (1 - a_before) / (1 - a) * beta
    for name, variance in (("ddpm", small), ("ddpm-large", beta)):
        step = next(SAMPLERS[name](exact(schedule), x, [t, t - 1], schedule, noise_of(9)))
        assert torch.allclose(step.x_next, mean + math.sqrt(variance) * z, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("sampler", "eta"), [("ddpm", 0), ("ddim", 0), ("ddim", 0.5), ("dpmpp", 0)]
)
def test_an_exact_denoiser_draws_the_data(sampler, eta):
    """Samples of N(0.5, 0.3^2) from 1,000 steps have its mean and spread."""
    schedule = cosine(1000)
    x = torch.randn(20_000, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    times = schedule.times(1000 if sampler == "ddpm" else 200)
    *_, last = SAMPLERS[sampler](exact(schedule), x, times, schedule, noise_of(2), eta=eta)
    n = len(x)
    assert float(last.x_next.mean()) == pytest.approx(0.5, abs=4 * 0.3 / math.sqrt(n))
    assert float(last.x_next.std()) == pytest.approx(0.3, rel=4 / math.sqrt(2 * n) + 0.01)


def flow(schedule, x: Tensor, t: int) -> Tensor:
    """Where the probability flow takes x from T to t, for data N(0.5, 0.3^2): quantiles stay."""

    def moments(t: int) -> tuple[float, float]:
        a = schedule.alpha_bar[t]
        return math.sqrt(a) * 0.5, math.sqrt(a * 0.09 + 1 - a)

    (mean_T, std_T), (mean, std) = moments(schedule.n_steps), moments(t)
    return mean + std * (x - mean_T) / std_T


def test_dpm_solver_is_of_second_order_and_ddim_of_first():
    """With twice the steps, the error falls to a quarter, or to a half; the last step, which every
    sampler takes by the mean, is left out.
    """
    schedule, x = linear(4000), start(64)

    def error(name: str, n: int) -> float:
        times = [4000 - 3800 * k // n for k in range(n + 1)]
        *_, last = SAMPLERS[name](exact(schedule), x, times, schedule, noise_of(0))
        return float((last.x_t - flow(schedule, x, last.t)).abs().mean())

    assert 0.4 < error("ddim", 200) / error("ddim", 100) < 0.6
    assert 0.15 < error("dpmpp", 200) / error("dpmpp", 100) < 0.35
    assert error("dpmpp", 100) < 0.1 * error("ddim", 100)


@pytest.mark.parametrize("schedule", [linear(1000), cosine(1000)], ids=["linear", "cosine"])
def test_dpm_solver_with_few_steps_and_with_all(schedule):
    """One step is x0_hat; two are one Euler step of the paper's eq. 3.7 and x0_hat; all of them are
    the flow."""
    denoise, x, T = exact(schedule), start(64), schedule.n_steps

    def walk(n: int):
        return list(SAMPLERS["dpmpp"](denoise, x, schedule.times(n), schedule, noise_of(0)))

    (only,) = walk(1)
    assert torch.equal(only.x_next, denoise(x, T).x0_hat)
    first, last = walk(2)
    assert (first.t, first.t_next, last.t, last.t_next) == (T, T // 2, T // 2, 0)
    a, a_T = schedule.alpha_bar[T // 2], schedule.alpha_bar[T]
    seen = denoise(x, T)
    ddim = math.sqrt(a) * seen.x0_hat + math.sqrt(1 - a) * seen.noise_hat  # the same step
    assert torch.allclose(first.x_next, ddim, rtol=0, atol=1e-9)
    assert torch.equal(last.x_next, denoise(last.x_t, T // 2).x0_hat)
    one, two, three = walk(3)
    lam = [0.5 * math.log(schedule.snr(s.t)) for s in (one, two, three)]
    r = (lam[1] - lam[0]) / (lam[2] - lam[1])
    d = two.x0_hat + (two.x0_hat - one.x0_hat) / (2 * r)
    a, a_before = schedule.alpha_bar[three.t], schedule.alpha_bar[two.t]
    h = lam[2] - lam[1]
    wanted = math.sqrt((1 - a) / (1 - a_before)) * two.x_t - math.sqrt(a) * (math.exp(-h) - 1) * d
    assert torch.allclose(two.x_next, wanted, rtol=0, atol=1e-12)
    assert a_T < a_before
    whole = walk(T)
    assert len(whole) == T
    assert float((whole[-1].x_t - flow(schedule, x, 1)).abs().max()) < 2e-3


@pytest.mark.parametrize("sampler", ["ddpm", "ddpm-large", "ddim", "dpmpp"])
def test_a_walk_taken_up_in_the_middle_is_the_same_walk(sampler):
    schedule = linear(100)
    times = schedule.times(10)
    walk = SAMPLERS[sampler]
    whole = list(walk(exact(schedule), start(), times, schedule, noise_of(3), eta=0.5))
    before = (whole[3].t, whole[3].x0_hat)
    rest = list(
        walk(
            exact(schedule), whole[4].x_t, times[4:], schedule, noise_of(3), eta=0.5, before=before
        )
    )
    assert len(rest) == 6
    for a, b in zip(whole[4:], rest):
        assert torch.equal(a.x_next, b.x_next)
        assert (a.t, a.t_next) == (b.t, b.t_next)


def test_inversion_comes_back():
    schedule = linear(1000)
    times = schedule.times(500)
    x = 0.5 + 0.3 * start()
    *_, up = invert(exact(schedule), x, times, schedule)
    assert up.t_next == 1000
    *_, down = SAMPLERS["ddim"](exact(schedule), up.x_next, times, schedule, noise_of(0))
    assert float((down.x_next - x).abs().max()) < 0.02
