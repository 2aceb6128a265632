"""Denoising diffusion: noise is added in T small steps, and a net learns to take it away.

Equations (Ho, Jain & Abbeel 2020, Denoising Diffusion Probabilistic Models; alpha-bar_t is a_t):
x_t = sqrt(a_t) x_0 + sqrt(1 - a_t) noise (eq. 4); the loss is the mean squared error of the net's
output against noise (their eq. 14), x_0, or v = sqrt(a_t) noise - sqrt(1 - a_t) x_0 (Salimans & Ho
2022). Samplers stand in `_diffusion`. Guidance adds g times the difference that a class makes to
the output without one: out = out(none) + g (out(class) - out(none)) (Ho & Salimans 2022).
log_prob is the variational bound (eq. 5) with the posterior variances, of 8-bit pixels divided by
their width, so a density over x itself.

Differs: the net is far smaller: pixels are folded into patches of 2 x 2 first, and skip connections
are added, not set beside.
Differs: the times of a batch are spread evenly over 1..T (Kingma et al. 2021, appendix I.1), which
lowers the variance of the loss and leaves its mean as it is.
Differs: the latent space is x_T, reached by DDIM without noise in both directions (Song et al.
2021); it is exact only in the limit of many steps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor

from genstudio.abilities import BadInput
from genstudio.models._base import Family, Model, Posterior, Step, explain
from genstudio.models._config import N_
from genstudio.models._ddpm_bound import bound
from genstudio.models._ddpm_config import DDPMConfig, Label, Sampling
from genstudio.models._ddpm_net import build_net
from genstudio.models._diffusion import (
    SAMPLERS,
    SCHEDULES,
    Denoise,
    Noise,
    Prediction,
    State,
    invert,
    noise_of,
    predict,
)

POINT_SCALE = 2.0  # data units of a point set to one unit of the net
QUARTERS = 4  # of the noise levels, each with a loss of its own
QUICK_STEPS = 10  # of samples that are only glanced at


class DDPM(Model):
    """Diffusion model of images or of points in the plane. Its latent space is x_T."""

    config: DDPMConfig
    own_sampler = "prior"
    reconstruction_unit = N_("mean squared error")
    lesson_title = N_("test images; x_t with t from 1 to T; x0_hat of it")
    latent_dim: int
    alpha_bar: Tensor
    gain: Tensor  # signal-to-noise ratio at t - 1 less that at t, for t of 2 and more

    def __init__(self, config: DDPMConfig, shape: tuple[int, ...]) -> None:
        super().__init__(config, shape)
        self.latent_dim = math.prod(shape)
        self.schedule = SCHEDULES[config.schedule](config.n_steps)
        a = torch.tensor(self.schedule.alpha_bar, dtype=torch.float64).float()
        self.register_buffer("alpha_bar", a, persistent=False)
        snr = self.schedule.snr
        gain = [0.0, 0.0, *(snr(t - 1) - snr(t) for t in range(2, config.n_steps + 1))]
        self.register_buffer("gain", torch.tensor(gain), persistent=False)
        self.points = len(shape) == 1
        self.discrete = not self.points
        self.net = build_net(config, shape)

    # Inside and outside ------------------------------------------------------------------------

    @property
    def limit(self) -> float | None:
        """Where x0_hat may be clipped: the range of pixels inside; none for points."""
        return None if self.points else 1.0

    def inside(self, x: Tensor) -> Tensor:
        """x as the net sees it: images from [0, 1] to [-1, 1], points to about unit spread."""
        return x / POINT_SCALE if self.points else 2.0 * x - 1.0

    def outside(self, x: Tensor) -> Tensor:
        """The reverse of `inside`; images are clipped to [0, 1]."""
        return x * POINT_SCALE if self.points else ((x + 1.0) / 2.0).clamp(0.0, 1.0)

    @property
    def unit(self) -> float:
        """What the bound is the probability of, in units of x: a pixel's step of 1/256, or the
        density in units of the net.
        """
        return POINT_SCALE if self.points else 1.0 / 256

    def labels(self, n: int, label: Label) -> Tensor:
        """(n,) classes for the net; None is the class that means none.

        Raises: BadInput for a class that there is not, or not one class for each of n.
        """
        n_classes = self.config.n_classes
        if label is None:
            return torch.full((n,), n_classes, device=self.device)
        each = label if isinstance(label, tuple) else (label,) * n
        wrong = [one for one in each if not 0 <= one < n_classes]
        if wrong:
            can = f"a class from 0 to {n_classes - 1}" if n_classes else "no class"
            raise BadInput(
                f"This model was trained without class {wrong[0]}, got label {wrong[0]}. "
                f"Choose {can}."
            )
        if len(each) != n:
            raise BadInput(
                f"{n} samples need one class for all or {n} classes, got {len(each)}. "
                "Choose as many classes as samples."
            )
        return torch.tensor(each, device=self.device)

    def at_time(
        self, x_t: Tensor, t: Tensor, label: Tensor, rng: torch.Generator | None = None
    ) -> Tensor:
        """The net's output for x_t (N, *shape), times t (N,) and classes (N,)."""
        return self.net(x_t, t * (1000.0 / self.config.n_steps), label, rng)

    # Training -----------------------------------------------------------------------------------

    def losses(self, x: Tensor, rng: torch.Generator, y: Tensor | None = None) -> dict[str, Tensor]:
        """Mean squared error of the prediction, and that of each quarter of the noise levels where
        every batch of n has a time in each.

        `loss_t250` of T = 1000 is the mean over t from 1 to 250.
        """
        x0, n = self.inside(x), len(x)
        T = self.config.n_steps
        spread, row = (
            torch.rand(n, generator=rng, device=x.device),
            torch.arange(n, device=x.device),
        )
        place = ((row + spread) * (T / n)).long()  # rounded, but never out of the row's own share
        t = 1 + place.clamp(row * T // n, ((row + 1) * T - 1) // n)
        noise = torch.randn(x.shape, generator=rng, device=x.device, dtype=x.dtype)
        label = self.labels(n, None)
        if self.config.n_classes:
            self._check_classes(y)
        if y is not None and self.config.n_classes:
            told = torch.rand(n, generator=rng, device=x.device) >= self.config.class_drop
            label = torch.where(told & (y >= 0), y, label)
        a = self.alpha_bar[t].view(-1, *[1] * (x0.ndim - 1))
        x_t = a.sqrt() * x0 + (1 - a).sqrt() * noise
        out = self.at_time(x_t, t, label, rng if self.training else None)
        error = (out.to(x0.dtype) - self._target(x0, noise, a)).square().flatten(1).mean(1)  # (N,)
        losses = {"loss": error.mean()}
        if not _fills_quarters(n, T):
            return losses
        quarter = (t - 1) * QUARTERS // T
        for q in range(QUARTERS):
            mine = quarter == q
            mean = (error * mine).sum() / mine.sum()
            losses[f"loss_t{-(-T * (q + 1) // QUARTERS)}"] = mean.detach()
        return losses

    def _check_classes(self, y: Tensor | None) -> None:
        """Raises: BadInput where the data have a class that the net is not told of, or where it is
        trained without any, so that later it would be asked for classes that it never saw.
        """
        highest, n_classes = -1 if y is None else int(y.max()), self.config.n_classes
        if highest < 0 and self.training:
            raise BadInput(
                f"This model is told {n_classes} classes, got data without labels. "
                "Choose n_classes = 0, or data with labels."
            )
        if highest >= n_classes:
            raise BadInput(
                f"This model is told {n_classes} classes, got data with class {highest}. "
                f"Choose n_classes = {highest + 1} or more, or 0 to train without labels."
            )

    def lesson(self, x: Tensor, rng: torch.Generator) -> tuple[Tensor, ...]:
        """x_t and x0_hat of images x, the first at t = 1, the last at T."""
        t = torch.linspace(1, self.config.n_steps, len(x), device=x.device).round().long()
        x_t, x0_hat = self.seen(self.inside(x), t, rng)
        return self.outside(x_t), self.outside(x0_hat)

    def _target(self, x0: Tensor, noise: Tensor, a: Tensor) -> Tensor:
        if self.config.predict == "noise":
            return noise
        if self.config.predict == "x0":
            return x0
        return a.sqrt() * noise - (1 - a).sqrt() * x0

    # Sampling -----------------------------------------------------------------------------------

    def denoiser(self, label: Label = None, guidance: float = 1.0, clip: bool = True) -> Denoise:
        """What a sampler asks: x0_hat and noise_hat at (x_t, t), after guidance and clipping.

        `label` is one class for all, or one for each row of x_t.

        Raises: BadInput for a class that there is not, or guidance without one.
        """
        if guidance != 1.0 and label is None:
            can = (
                "Choose a class, or guidance 1." if self.config.n_classes else "Choose guidance 1."
            )
            why = "" if self.config.n_classes else ", and this model was trained without classes"
            raise BadInput(
                f"Guidance needs a class to guide to{why}, got guidance {guidance:g} without a "
                f"class. {can}"
            )
        self.labels(len(label) if isinstance(label, tuple) else 1, label)
        limit = self.limit if clip else None

        def denoise(x_t: Tensor, t: int) -> Prediction:
            rows, each = self.n_at_once, self.labels(len(x_t), label)
            parts = [
                self._guided(x, t, own, guidance)
                for x, own in zip(x_t.split(rows), each.split(rows), strict=True)
            ]
            out = parts[0] if len(parts) == 1 else torch.cat(parts)
            a = self.schedule.alpha_bar[t]
            return predict(self.config.predict, out.to(x_t.dtype), x_t, a, limit)

        return denoise

    def _guided(self, x_t: Tensor, t: int, label: Tensor, guidance: float) -> Tensor:
        """The net's output (N, *shape) at time t for classes (N,), with guidance."""
        n = len(x_t)
        time = torch.full((n,), t, device=x_t.device)
        if guidance == 1.0:
            return self.at_time(x_t, time, label)
        both = torch.cat([self.labels(n, None), label])  # (2 N,)
        free, told = self.at_time(torch.cat([x_t, x_t]), torch.cat([time, time]), both).chunk(2)
        return free + guidance * (told - free)

    def sampling(self, **options: Any) -> Sampling:
        """The checked options of a walk.

        Raises: BadInput in one sentence.
        """
        try:
            return Sampling.model_validate(options)
        except ValidationError as error:
            raise BadInput(explain(error, f"sampling from {self.family}", Sampling)) from error

    def begin(self, n: int, rng: torch.Generator) -> tuple[Tensor, Noise, Label]:
        """x_T (n, *shape), the noise of the steps after it, and a class for each image.

        Drawn where `rng` lives, so that a seed means the same on every device; the noise of the
        steps comes first, so that it is the same for every n. There are no classes for points, so
        that the score of the plane is that which they follow, nor without labels.
        """
        like = self.alpha_bar
        seed = int(torch.randint(1 << 31, (1,), generator=rng, device=rng.device))
        x = torch.randn(n, *self.shape, generator=rng, device=rng.device, dtype=like.dtype)
        if self.points or not self.config.n_classes:
            return x.to(like.device), noise_of(seed), None
        own = torch.Generator().manual_seed(seed)
        drawn = torch.randint(self.config.n_classes, (n,), generator=own)
        return x.to(like.device), noise_of(seed), tuple(drawn.tolist())

    @torch.no_grad()
    def generate(self, n: int, rng: torch.Generator, **options: Any) -> Iterator[Step]:
        """n samples, one Step for each denoising step; options as in `Sampling`.

        Images: `x`, which is x0_hat in [0, 1], and `x_t`, `x0_hat`, `noise_hat` in the model's own
        scale. Scalars: t, alpha_bar, snr, and `change`, the root mean square of x_next - x_t.

        Raises: BadInput for options that this model cannot follow.
        """
        chosen = self.sampling(**options)
        most = self.config.n_steps  # a short schedule is walked whole unless steps are asked for
        times = self.schedule.times(chosen.steps if "steps" in options else min(chosen.steps, most))
        self.labels(n, chosen.label)
        x, noise, drawn = self.begin(n, rng)
        told = drawn if chosen.label is None else chosen.label
        denoise = self.denoiser(told, chosen.guidance, chosen.clip)
        walk = SAMPLERS[chosen.sampler](denoise, x, times, self.schedule, noise, eta=chosen.eta)
        for k, state in enumerate(walk):
            yield self.step(k, len(times), state)

    def step(self, index: int, n_steps: int, state: State) -> Step:
        """A sampler's State as a Step."""
        images = {
            "x": self.outside(state.x0_hat),
            "x_t": state.x_t,
            "x0_hat": state.x0_hat,
            "noise_hat": state.noise_hat,
        }
        scalars = {
            "t": float(state.t),
            "alpha_bar": self.schedule.alpha_bar[state.t],
            "snr": self.schedule.snr(state.t),
            "change": float((state.x_next - state.x_t).square().mean().sqrt()),
        }
        return Step(index, n_steps, images, scalars)

    @property
    def quick(self) -> dict[str, Any]:
        return {"steps": min(QUICK_STEPS, self.config.n_steps)}

    def step_names(self) -> list[str]:
        """The times of the default walk, as "t = 950"."""
        return [f"t = {t}" for t in self.schedule.times(min(20, self.config.n_steps))]

    # The noise as a latent space ----------------------------------------------------------------

    def encode(self, x: Tensor) -> Posterior:
        """x (N, *shape) to x_T, flat (N, D), by DDIM backwards; no spread.

        Raises: BadInput for images of another shape.
        """
        if tuple(x.shape[1:]) != self.shape:
            got, need = tuple(x.shape[1:]), " x ".join(map(str, self.shape))
            raise BadInput(
                f"This model takes data of {need} values, got {got}. Choose data of that shape."
            )
        for x_t in self.encoding(x):
            last = x_t
        return Posterior(last.flatten(1), None)

    def encoding(self, x: Tensor) -> Iterator[Tensor]:
        """The steps of `encode`: x_t (N, *shape) after each, one call of the net apart."""
        walk = invert(
            self.denoiser(clip=False), self.inside(x), self._latent_times(), self.schedule
        )
        return (state.x_next for state in walk)

    def decode(self, z: Tensor) -> Tensor:
        """x_T (N, D) to x (N, *shape) by DDIM without noise."""
        for x in self.decoding(z):
            last = x
        return last

    def decoding(self, z: Tensor) -> Iterator[Tensor]:
        """The steps of `decode`: x_t as data (N, *shape) after each; the last is the result."""
        x_t, times = z.reshape(-1, *self.shape), self._latent_times()
        walk = SAMPLERS["ddim"](self.denoiser(), x_t, times, self.schedule, noise_of(0))
        return (self.outside(state.x_next) for state in walk)

    def _latent_times(self) -> Sequence[int]:
        return self.schedule.times(min(self.config.latent_steps, self.config.n_steps))

    # Likelihood ---------------------------------------------------------------------------------

    def log_prob_kind(self) -> str:
        return "lower bound"

    @torch.no_grad()
    def log_prob(self, x: Tensor, *, rng: torch.Generator, k: int | None = None) -> Tensor:
        """An unbiased estimate of the variational bound on log p(x) in nats over x itself, (N,).

        Images are taken as 8-bit: the bound is log P(x) + D ln 256. k times are drawn for each
        row, more often where the terms are large; n_steps - 1 and more visit every time.
        Source: Ho et al. 2020, eq. 5, its terms as in Kingma et al. 2021, eq. 13.

        Raises: BadInput for k below 1.
        """
        draws = self.config.k if k is None else k
        if draws < 1:
            raise BadInput(f"The bound needs noise levels, got k = {draws}. Choose k = 1 or more.")
        parts = x.split(self.n_at_once)
        return torch.cat([bound(self, part, draws, rng) for part in parts])

    def seen(self, x0: Tensor, t: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """A draw of x_t at times t (N,), and x0_hat there."""
        a = self.alpha_bar[t].view(-1, *[1] * (x0.ndim - 1))
        noise = torch.randn(x0.shape, generator=rng, device=x0.device, dtype=x0.dtype)
        x_t = a.sqrt() * x0 + (1 - a).sqrt() * noise
        out = self.at_time(x_t, t, self.labels(len(x0), None)).to(x0.dtype)
        return x_t, predict(self.config.predict, out, x_t, a, self.limit).x0_hat


@cache
def _fills_quarters(n: int, T: int) -> bool:
    """Whether n times, one from each nth of 1..T, reach every quarter of it whatever is drawn."""
    shares = ((row * T // n, ((row + 1) * T - 1) // n) for row in range(n))
    reached = [(low * QUARTERS // T, high * QUARTERS // T) for low, high in shares]
    return T >= QUARTERS and len({low for low, high in reached if low == high}) == QUARTERS


FAMILY = Family(
    key="ddpm",
    title=N_("Denoising diffusion"),
    paper="Ho et al. 2020, Denoising Diffusion Probabilistic Models",
    config=DDPMConfig,
    model=DDPM,
    kinds=("images", "points"),
    recommended={
        "lr": 1e-3,
        "batch_size": 128,
        "epochs": 30,
        "lr_schedule": "cosine",
        "warmup_steps": 500,
        "ema_decay": 0.9995,
    },
)
