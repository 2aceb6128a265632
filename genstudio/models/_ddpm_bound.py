"""The variational bound on log p(x) of a diffusion model.

Source: Ho et al. 2020, eq. 5; the terms over t as in Kingma et al. 2021, eq. 13.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from genstudio.models.ddpm import DDPM


def bound(model: DDPM, x: Tensor, draws: int, rng: torch.Generator) -> Tensor:
    """Nats (N,) over x (N, *shape) itself, from `draws` times 2..T for each row.

    One offset for each row sets all its draws, one apart in the running sum of `visits`; each
    term is divided by the visits expected of its time, so that the mean is the sum over all.
    """
    x0, n = model.inside(x), len(x)
    expected = visits(model, draws)
    offset = torch.rand(n, generator=rng, device=x.device).cpu().double()
    place = torch.arange(draws).view(-1, 1) + offset  # (draws, N)
    index = torch.searchsorted(expected.cumsum(0), place, right=True)
    times = (2 + index.clamp(max=len(expected) - 1)).to(x.device)
    weight = 0.5 * model.gain[2:] / expected.to(model.gain.dtype).to(x.device)  # (T - 1,)
    steps = x0.new_zeros(n)
    for t in times:
        error = (x0 - model.seen(x0, t, rng)[1]).square().flatten(1).sum(1)
        steps = steps + weight[t - 2] * error
    return _last(model, x0, rng) - steps - _first(model, x0) - math.log(model.unit) * x0[0].numel()


def visits(model: DDPM, draws: int) -> Tensor:
    """How often each of t = 2..T is visited in the mean, float64 (T - 1,); they sum to `draws`.

    In proportion to log(SNR(t-1) / SNR(t)), as the terms fall steeply with t, but no time is
    visited twice before each has been visited once: T - 1 draws are the whole sum.
    """
    T = model.config.n_steps
    if draws >= T - 1:
        return torch.full((T - 1,), draws / (T - 1), dtype=torch.float64)
    log_snr = torch.tensor([math.log(model.schedule.snr(t)) for t in range(1, T + 1)]).double()
    share = log_snr[:-1] - log_snr[1:]
    once = torch.zeros(T - 1, dtype=torch.bool)
    while True:
        expected = share * ((draws - int(once.sum())) / share[~once].sum())
        over = ~once & (expected > 1)
        if not over.any():
            return expected.masked_fill(once, 1.0)
        once |= over


def _first(model: DDPM, x0: Tensor) -> Tensor:
    """KL(q(x_T | x_0) || N(0, I)) in nats, (N,)."""
    a = model.schedule.alpha_bar[-1]
    each = 0.5 * (a * x0.square() + (1 - a) - 1 - math.log(1 - a))
    return each.flatten(1).sum(1)


def _last(model: DDPM, x0: Tensor, rng: torch.Generator) -> Tensor:
    """log p(x_0 | x_1) (N,), a Gaussian of variance beta_1: the mass of a pixel's 1/255, or a
    point's density.
    """
    t = torch.ones(len(x0), dtype=torch.int64, device=x0.device)
    mean = model.seen(x0, t, rng)[1]
    std = math.sqrt(model.schedule.beta[1])
    gap = (x0 - mean) / std
    if model.points:
        each = -0.5 * gap.square() - math.log(std) - 0.5 * math.log(2 * math.pi)
        return each.flatten(1).sum(1)
    half = 1.0 / 255 / std
    upper = torch.where(x0 > 0.999, math.inf, gap + half)
    lower = torch.where(x0 < -0.999, -math.inf, gap - half)
    return _log_mass(lower, upper).flatten(1).sum(1)


def _log_mass(lower: Tensor, upper: Tensor) -> Tensor:
    """log (Phi(upper) - Phi(lower)), taken in the tail where both are far from 0 on one side."""
    flip = lower > 0
    low = torch.where(flip, -upper, lower)
    high = torch.where(flip, -lower, upper)
    log_high = torch.special.log_ndtr(high)
    ratio = torch.exp(torch.special.log_ndtr(low) - log_high).clamp(max=1 - 1e-7)
    return log_high + torch.log1p(-ratio)
