"""Schedules and samplers against the papers' formulas, in float64, without any net."""

from __future__ import annotations

import math
from itertools import pairwise

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


def test_the_linear_schedule_is_that_of_ho_et_al():
    beta = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)
    wanted = torch.cumprod(1 - beta, 0)
    got = torch.tensor(linear(1000).alpha_bar[1:], dtype=torch.float64)
    assert torch.allclose(got, wanted, rtol=1e-12, atol=0)
    assert torch.allclose(torch.tensor(linear(1000).beta[1:], dtype=torch.float64), beta, rtol=1e-9)


def test_the_cosine_schedule_is_that_of_nichol_and_dhariwal():
    t = torch.arange(1001, dtype=torch.float64) / 1000
    f = torch.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2
    wanted = f / f[0]
    got = torch.tensor(cosine(1000).alpha_bar, dtype=torch.float64)
    kept = 1 - f[1:] / f[:-1] < 0.999
    assert kept.sum() == 999  # the last beta alone is cut
    assert torch.allclose(got[:1000], wanted[:1000], rtol=1e-10, atol=0)
    assert max(cosine(1000).beta) <= 0.999 + 1e-12


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
