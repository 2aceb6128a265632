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
    """Nats (N,) over x (N, *shape) itself, from `draws` times 2..T for each row, evenly spread."""
    x0, n, T = model.inside(x), len(x), model.config.n_steps
    total = torch.zeros(n, device=x.device)
    offset = torch.rand(n, generator=rng, device=x.device)
    for i in range(draws):
        share = (offset + i / draws) % 1.0
        t = 2 + (share * (T - 1)).long().clamp(max=T - 2)
        error = (x0 - model.seen(x0, t, rng)[1]).square().flatten(1).sum(1)
        total += 0.5 * model.gain[t] * error
    steps = total * ((T - 1) / draws)
    return _last(model, x0, rng) - steps - _first(model, x0) - math.log(model.unit) * x0[0].numel()


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
