"""Schedules and samplers against an independent implementation, the schedulers of diffusers.

At every step of a walk theirs is given the same x_t, the same output of a net and the same noise.
Their schedules are checked by themselves; for the updates both count with the same alpha-bar in
float64, so that what is left is the update. A time t of 1..T here is t - 1 there.
"""

from __future__ import annotations

import importlib
import warnings
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

import genstudio
from genstudio.bench_parts import sampling
from genstudio.models._diffusion import (
    SAMPLERS,
    SCHEDULES,
    Prediction,
    Schedule,
    State,
    noise_of,
    predict,
)

pytestmark = pytest.mark.slow  # importing diffusers takes seconds

T = 1000
SEED = 7
WITHIN = 1e-5
THEIR_SCHEDULES = {"linear": "linear", "cosine": "squaredcos_cap_v2"}
THEIR_PREDICTIONS = {"noise": "epsilon", "x0": "sample", "v": "v_prediction"}
CASES = [("linear", "noise"), ("linear", "v"), ("cosine", "v"), ("cosine", "x0")]


@pytest.fixture(scope="module")
def diffusers() -> SimpleNamespace:
    """Their schedulers. Importing them takes seconds, so it is done here, once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what their import says of other packages is not ours
        ddpm, ddim, dpm = (
            importlib.import_module(f"diffusers.schedulers.scheduling_{name}")
            for name in ("ddpm", "ddim", "dpmsolver_multistep")
        )
    return SimpleNamespace(
        ddpm=ddpm,
        ddim=ddim,
        DDPM=ddpm.DDPMScheduler,
        DDIM=ddim.DDIMScheduler,
        DPM=dpm.DPMSolverMultistepScheduler,
    )


def net(x: Tensor, t: int) -> Tensor:
    """A random net of x (N, C, H, W) and t."""
    rng = torch.Generator().manual_seed(1)
    first, last = (torch.randn(12, 12, generator=rng, dtype=x.dtype) / 12**0.5 for _ in range(2))
    waves = torch.sin(torch.arange(12, dtype=x.dtype) * t / T)
    return (torch.tanh(x.flatten(1) @ first + waves) @ last).view_as(x)


def walk(
    sampler: str, schedule: Schedule, kind: str, steps: int, *, limit: float | None, eta: float = 0
) -> list[State]:
    def denoise(x_t: Tensor, t: int) -> Prediction:
        return predict(kind, net(x_t, t), x_t, schedule.alpha_bar[t], limit)

    rng = torch.Generator().manual_seed(0)
    x = torch.randn(5, 3, 2, 2, generator=rng, dtype=torch.float64)
    times, noise = schedule.times(steps), noise_of(SEED)
    return list(SAMPLERS[sampler](denoise, x, times, schedule, noise, eta=eta))


def scheduler_of(kind_of: Any, name: str, kind: str, **settings: Any) -> tuple[Any, Schedule]:
    """Their scheduler with our alpha-bar in its tables, and our schedule."""
    scheduler = kind_of(
        num_train_timesteps=T,
        beta_schedule=THEIR_SCHEDULES[name],
        prediction_type=THEIR_PREDICTIONS[kind],
        timestep_spacing="trailing",
        **settings,
    )
    schedule = SCHEDULES[name](T)
    scheduler.alphas_cumprod = torch.tensor(schedule.alpha_bar[1:], dtype=torch.float64)
    scheduler.one = scheduler.final_alpha_cumprod = torch.ones((), dtype=torch.float64)
    return scheduler, schedule


def clipping(limit: float | None) -> dict[str, Any]:
    return {"clip_sample": limit is not None, "clip_sample_range": limit or 1.0}


def largest_gap(scheduler: Any, states: list[State], **options: Any) -> float:
    """Between their x_next and ours over all steps, in parts of the largest value or of 1."""
    scheduler.set_timesteps(len(states))
    assert [state.t - 1 for state in states] == scheduler.timesteps.tolist()
    gaps = []
    for state in states:
        output = net(state.x_t, state.t)
        theirs = scheduler.step(output, state.t - 1, state.x_t, **options).prev_sample
        gap = (theirs - state.x_next).abs().max() / state.x_next.abs().max().clamp(min=1)
        gaps.append(float(gap))
    return max(gaps)


@pytest.mark.parametrize("name", ["linear", "cosine"])
def test_schedules_are_the_same(diffusers: SimpleNamespace, name: str) -> None:
    scheduler = diffusers.DDPM(
        num_train_timesteps=T,
        beta_schedule=THEIR_SCHEDULES[name],
        timestep_spacing="trailing",
    )
    schedule = SCHEDULES[name](T)
    alpha_bar, beta = (torch.tensor(row[1:]) for row in (schedule.alpha_bar, schedule.beta))
    torch.testing.assert_close(alpha_bar, scheduler.alphas_cumprod, rtol=0, atol=WITHIN)
    torch.testing.assert_close(beta, scheduler.betas, rtol=0, atol=WITHIN)
    for steps in (1, 7, 20, 333, T):
        scheduler.set_timesteps(steps)
        assert schedule.times(steps) == (scheduler.timesteps + 1).tolist()


@pytest.mark.parametrize(("sampler", "variance"), [("ddpm", "small"), ("ddpm-large", "large")])
@pytest.mark.parametrize(("name", "kind"), CASES)
@pytest.mark.parametrize(("steps", "limit"), [(20, None), (30, 0.7), (T, 1.0)])
def test_ancestral_updates_are_the_same(
    diffusers: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    sampler: str,
    variance: str,
    name: str,
    kind: str,
    steps: int,
    limit: float | None,
) -> None:
    """The last step takes the mean (Ho et al., algorithm 2); theirs only where it starts at 1."""
    scheduler, schedule = scheduler_of(
        diffusers.DDPM, name, kind, variance_type=f"fixed_{variance}", **clipping(limit)
    )
    states = walk(sampler, schedule, kind, steps, limit=limit)
    noises = iter([noise_of(SEED)(s.t, s.x_t) * (s.t_next > 0) for s in states])
    monkeypatch.setattr(diffusers.ddpm, "randn_tensor", lambda *_args, **_how: next(noises))
    assert largest_gap(scheduler, states) < WITHIN


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(("name", "kind"), CASES)
@pytest.mark.parametrize(("steps", "limit"), [(20, None), (50, 0.7), (T, 1.0)])
def test_ddim_updates_are_the_same(
    diffusers: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    eta: float,
    name: str,
    kind: str,
    steps: int,
    limit: float | None,
) -> None:
    """Step counts divide T, since theirs takes T // steps for the way to the next time."""
    scheduler, schedule = scheduler_of(diffusers.DDIM, name, kind, **clipping(limit))
    states = walk("ddim", schedule, kind, steps, limit=limit, eta=eta)
    noises = iter([noise_of(SEED)(s.t, s.x_t) for s in states])
    monkeypatch.setattr(diffusers.ddim, "randn_tensor", lambda *_args, **_how: next(noises))
    assert largest_gap(scheduler, states, eta=eta, use_clipped_model_output=True) < WITHIN


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # is theirs
@pytest.mark.parametrize(("name", "kind"), CASES)
@pytest.mark.parametrize("steps", [1, 2, 20, 333])
def test_dpm_solver_updates_are_the_same(
    diffusers: SimpleNamespace, name: str, kind: str, steps: int
) -> None:
    """Theirs counts in float32."""
    scheduler, schedule = scheduler_of(
        diffusers.DPM,
        name,
        kind,
        algorithm_type="dpmsolver++",
        solver_order=2,
        solver_type="midpoint",
        final_sigmas_type="zero",
    )
    states = walk("dpmpp", schedule, kind, steps, limit=None)
    assert largest_gap(scheduler, states) < WITHIN


def test_the_net_that_sampling_is_measured_beside_is_of_our_size(
    diffusers: SimpleNamespace,
) -> None:
    with torch.device("meta"):
        theirs = sampling.their_net()
    ours = genstudio.create("ddpm", n_classes=sampling.N_CLASSES)
    ratio = sum(p.numel() for p in theirs.parameters()) / ours.n_parameters()
    assert 0.97 < ratio < 1.03
