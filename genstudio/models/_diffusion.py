"""Noise schedules and samplers of diffusion models, apart from any net.

q(x_t | x_0) = N(sqrt(a_t) x_0, (1 - a_t) I) for t = 0..T, a_0 = 1 (Ho et al. 2020, eq. 4; their
alpha-bar is `alpha_bar` here). A sampler walks from t_1 > t_2 > ... to 0; at each step it asks
`denoise(x_t, t)` for x0_hat and noise_hat with x_t = sqrt(a_t) x0_hat + sqrt(1 - a_t) noise_hat,
and moves to the next time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from genstudio.abilities import BadInput

LINEAR_BETAS = (1e-4, 0.02)  # of 1000 steps; others are scaled (Ho et al. 2020, section 4)
COSINE_OFFSET = 0.008  # Nichol & Dhariwal 2021, eq. 17
MAX_BETA = 0.999


@dataclass(frozen=True)
class Schedule:
    """alpha_bar (T + 1,), from 1 at t = 0 falling to almost 0 at t = T."""

    alpha_bar: tuple[float, ...]

    @property
    def n_steps(self) -> int:
        return len(self.alpha_bar) - 1

    @cached_property
    def beta(self) -> tuple[float, ...]:
        """(T + 1,): beta_t = 1 - a_t / a_(t-1); 0 at t = 0."""
        a = self.alpha_bar
        return (0.0, *(1.0 - a[t] / a[t - 1] for t in range(1, len(a))))

    def snr(self, t: int) -> float:
        """Signal-to-noise ratio a_t / (1 - a_t); infinite at t = 0."""
        a = self.alpha_bar[t]
        return math.inf if a >= 1.0 else a / (1.0 - a)

    def times(self, n: int) -> list[int]:
        """n times in falling order, the first T, evenly spread ("trailing", Lin et al. 2024).

        Raises: BadInput for fewer than 1 or more than T.
        """
        if not 1 <= n <= self.n_steps:
            raise BadInput(
                f"This model's schedule has {self.n_steps} steps, got {n}. "
                f"Choose between 1 and {self.n_steps}."
            )
        return [round(self.n_steps * (n - k) / n) for k in range(n)]


def linear(n_steps: int) -> Schedule:
    """beta rises evenly (Ho et al. 2020)."""
    scale = 1000 / n_steps
    first, last = (min(beta * scale, MAX_BETA) for beta in LINEAR_BETAS)
    span = max(1, n_steps - 1)
    return _of_betas([first + (last - first) * i / span for i in range(n_steps)])


def cosine(n_steps: int) -> Schedule:
    """a_t = f(t) / f(0), f(t) = cos((t / T + s) / (1 + s) * pi / 2)^2, beta at most 0.999."""

    def f(t: int) -> float:
        return math.cos((t / n_steps + COSINE_OFFSET) / (1 + COSINE_OFFSET) * math.pi / 2) ** 2

    return _of_betas([min(1 - f(t + 1) / f(t), MAX_BETA) for t in range(n_steps)])


def _of_betas(betas: Sequence[float]) -> Schedule:
    alpha_bar = [1.0]
    for beta in betas:
        alpha_bar.append(alpha_bar[-1] * (1.0 - beta))
    return Schedule(tuple(alpha_bar))


SCHEDULES: dict[str, Callable[[int], Schedule]] = {"linear": linear, "cosine": cosine}


class Prediction(NamedTuple):
    """What a model makes of x_t; the two agree: x_t = sqrt(a) x0_hat + sqrt(1 - a) noise_hat."""

    x0_hat: Tensor
    noise_hat: Tensor


class State(NamedTuple):
    """One step of a sampler: where it was at time t, what it saw there, where it goes."""

    t: int
    t_next: int
    x_t: Tensor
    x0_hat: Tensor
    noise_hat: Tensor
    x_next: Tensor


Denoise = Callable[[Tensor, int], Prediction]
Noise = Callable[[int, Tensor], Tensor]  # the noise added on the way from t, like x_t


class Sampler(Protocol):
    """A walk from x at times[0] to 0. `before` is the x0_hat of the step before the first, where
    the walk goes on from the middle of another.
    """

    def __call__(
        self,
        denoise: Denoise,
        x: Tensor,
        times: Sequence[int],
        schedule: Schedule,
        noise: Noise,
        *,
        eta: float = 0.0,
        before: tuple[int, Tensor] | None = None,
    ) -> Iterator[State]: ...


def noise_of(seed: int) -> Noise:
    """Standard normal noise that depends on `seed` and t alone, so that a walk can be taken up at
    any step, and two walks share the noise of a time. Drawn in main memory: the same on any device.
    """

    def draw(t: int, like: Tensor) -> Tensor:
        rng = torch.Generator().manual_seed((seed * 1_000_003 + t) % (1 << 62))
        return torch.randn(like.shape, generator=rng, dtype=like.dtype).to(like.device)

    return draw


def predict(
    kind: str, output: Tensor, x_t: Tensor, alpha_bar: float | Tensor, limit: float | None
) -> Prediction:
    """A net's output of `kind` "noise", "x0" or "v" as x0_hat and noise_hat.

    v = sqrt(a) noise - sqrt(1 - a) x_0 (Salimans & Ho 2022, appendix D). With `limit`, x0_hat is
    clipped to [-limit, limit], and noise_hat always follows from x0_hat, so that both agree.
    """
    signal, spread = alpha_bar**0.5, (1.0 - alpha_bar) ** 0.5
    if kind == "noise":
        x0_hat = (x_t - spread * output) / signal
    elif kind == "v":
        x0_hat = signal * x_t - spread * output
    else:
        x0_hat = output
    if limit is not None:
        x0_hat = x0_hat.clamp(-limit, limit)
    elif kind == "noise":
        return Prediction(x0_hat, output)
    return Prediction(x0_hat, (x_t - signal * x0_hat) / spread)


class _Seen(NamedTuple):
    """A step of a sampler before it moves."""

    t: int
    t_next: int
    x: Tensor
    x0_hat: Tensor
    noise_hat: Tensor
    schedule: Schedule
    noise: Noise
    eta: float
    before: tuple[int, Tensor] | None

    @property
    def alpha_bars(self) -> tuple[float, float]:
        """alpha_bar at t and at t_next."""
        return self.schedule.alpha_bar[self.t], self.schedule.alpha_bar[self.t_next]


def _sampler(move: Callable[[_Seen], Tensor]) -> Sampler:
    """The walk that asks at each time and then moves, which is where samplers differ."""

    def walk(
        denoise: Denoise,
        x: Tensor,
        times: Sequence[int],
        schedule: Schedule,
        noise: Noise,
        *,
        eta: float = 0.0,
        before: tuple[int, Tensor] | None = None,
    ) -> Iterator[State]:
        for t, s in pairwise([*times, 0]):
            x0_hat, noise_hat = denoise(x, t)
            x_next = move(_Seen(t, s, x, x0_hat, noise_hat, schedule, noise, eta, before))
            yield State(t, s, x, x0_hat, noise_hat, x_next)
            x, before = x_next, (t, x0_hat)

    return walk


def _ancestral(seen: _Seen, large: bool) -> Tensor:
    """A draw of p(x_s | x_t) (Ho et al. 2020, eqs. 6 and 7, for any s < t)."""
    a_t, a_s = seen.alpha_bars
    alpha = a_t / a_s
    beta = 1.0 - alpha
    mean = (
        math.sqrt(a_s) * beta / (1.0 - a_t) * seen.x0_hat
        + math.sqrt(alpha) * (1.0 - a_s) / (1.0 - a_t) * seen.x
    )
    if seen.t_next == 0:
        return mean
    variance = beta if large else beta * (1.0 - a_s) / (1.0 - a_t)
    return mean + math.sqrt(variance) * seen.noise(seen.t, seen.x)


def _ddim(seen: _Seen) -> Tensor:
    """Without noise at eta = 0; eta = 1 is ancestral with the posterior variance (Song et al. 2021,
    eqs. 12 and 16).
    """
    a_t, a_s = seen.alpha_bars
    sigma = seen.eta * math.sqrt((1.0 - a_s) / (1.0 - a_t) * (1.0 - a_t / a_s))
    rest = math.sqrt(max(0.0, 1.0 - a_s - sigma**2))
    x_next = math.sqrt(a_s) * seen.x0_hat + rest * seen.noise_hat
    if sigma > 0.0:
        x_next = x_next + sigma * seen.noise(seen.t, seen.x)
    return x_next


def _dpmpp(seen: _Seen) -> Tensor:
    """DPM-Solver++ (2M) (Lu et al. 2022, algorithm 2); the last step is of first order."""
    if seen.t_next == 0:
        return seen.x0_hat
    (a_t, a_s), schedule = seen.alpha_bars, seen.schedule
    h = _log_snr(schedule, seen.t_next) - _log_snr(schedule, seen.t)
    towards = seen.x0_hat
    if seen.before is not None:
        t_before, x0_before = seen.before
        r = (_log_snr(schedule, seen.t) - _log_snr(schedule, t_before)) / h
        towards = (1.0 + 0.5 / r) * seen.x0_hat - 0.5 / r * x0_before
    shrink = math.sqrt((1.0 - a_s) / (1.0 - a_t))
    return shrink * seen.x - math.sqrt(a_s) * math.expm1(-h) * towards


ddim, dpmpp = _sampler(_ddim), _sampler(_dpmpp)


def invert(
    denoise: Denoise, x: Tensor, times: Sequence[int], schedule: Schedule
) -> Iterator[State]:
    """DDIM backwards, from an image at t = 0 up to times[0] (Song et al. 2021, section 4.3).

    Each step takes the noise seen at where it is for that of where it goes; at t = 0, where there
    is none, the net is asked about the smallest of `times`.
    """
    rising = [0, *reversed(times)]
    for t, s in pairwise(rising):
        x0_hat, noise_hat = denoise(x, t or rising[1])
        a_s = schedule.alpha_bar[s]
        start = x if t == 0 else x0_hat
        x_next = math.sqrt(a_s) * start + math.sqrt(1.0 - a_s) * noise_hat
        yield State(t, s, x, x0_hat, noise_hat, x_next)
        x = x_next


def _log_snr(schedule: Schedule, t: int) -> float:
    """Half the log of the signal-to-noise ratio: lambda_t of Lu et al."""
    return 0.5 * math.log(schedule.snr(t))


SAMPLERS: dict[str, Sampler] = {
    "ddpm": _sampler(partial(_ancestral, large=False)),
    "ddpm-large": _sampler(partial(_ancestral, large=True)),
    "ddim": ddim,
    "dpmpp": dpmpp,
}
