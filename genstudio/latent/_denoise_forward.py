"""The way from an image to noise: in closed form, step by step, and by DDIM backwards."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Generator, Sequence
from typing import Any

import torch
from numpy import ndarray
from numpy.typing import ArrayLike
from torch import Tensor

from genstudio.abilities import BadInput
from genstudio.latent._decode import BUDGET_S, to_numpy
from genstudio.latent._denoise_checks import as_label, batch, diffusion, generator, time
from genstudio.latent._denoise_walk import frame
from genstudio.models._diffusion import Schedule, State, invert
from genstudio.models.ddpm import DDPM
from genstudio.tape import Frame


def noised(model: Any, image: ArrayLike, t: int, seed: int) -> tuple[ndarray, ndarray]:
    """Query: x_t = sqrt(a_t) x_0 + sqrt(1 - a_t) noise, and that noise, (N, *shape) each.

    `image` (*shape) or (N, *shape) is in [0, 1], or points in data units; the answer is float32 in
    the model's scale. The noise is of the seed alone, so that x_t moves smoothly with t; it is the
    x_T of a walk of that seed.

    Raises: BadInput for a time or a shape that the model has not.
    """
    net = diffusion(model)
    x0, noise = _apart(net, image, seed)
    return to_numpy(_closed(net.schedule, x0, noise, time(net, t))), to_numpy(noise)


@torch.no_grad()
def stroll(
    model: Any, image: ArrayLike, seed: int, stride: int = 1
) -> Generator[Frame | None, None, None]:
    """Query: the noising walk x_t = sqrt(1 - beta_t) x_(t-1) + sqrt(beta_t) noise beside the closed
    form, from t = 0 to T (Ho et al. 2020, eqs. 2 and 4).

    Every step is taken; frames are those of each `stride`-th t, and of T. A yield of None shows
    nothing new. Arrays "walk" and "closed" (N, *shape), each of its own noise; the closed form's is
    that of `noised`. Scalars: t, alpha_bar, beta, snr; over all values the mean and standard
    deviation of both ("walk_mean", "closed_std", ...) and those of the formula, "mean" =
    sqrt(a) mean(x_0) and "std" = sqrt(a var(x_0) + 1 - a).

    Raises: BadInput for another shape or stride.
    """
    net = diffusion(model)
    T = net.schedule.n_steps
    if not 1 <= stride <= T:
        raise BadInput(f"A stride is 1 to {T} steps, got {stride}. Choose one of them.")
    x0, own = _apart(net, image, seed)
    _, draw, _ = net.begin(1, generator(seed))
    n_frames = 1 + math.ceil(T / stride)
    walk, index, begun = x0, 0, clock.perf_counter()
    for t in range(T + 1):
        if t:
            beta = net.schedule.beta[t]
            walk = math.sqrt(1.0 - beta) * walk + math.sqrt(beta) * draw(t, walk)
        if t % stride == 0 or t == T:
            closed = _closed(net.schedule, x0, own, t)
            yield _beside(net.schedule, index, n_frames, t, x0, walk, closed)
            index, begun = index + 1, clock.perf_counter()
        elif clock.perf_counter() - begun > BUDGET_S:
            yield None
            begun = clock.perf_counter()


@torch.no_grad()
def inverted(
    model: Any,
    image: ArrayLike,
    steps: int = 50,
    label: int | Sequence[int] | None = None,
    guidance: float = 1.0,
    clip: bool = False,
) -> Generator[Frame, None, None]:
    """Query: DDIM backwards from an image to the noise that it comes from (Song et al. 2021,
    section 4.3); steps + 1 frames with t rising from 0, the last of which holds x_T.

    `image` as in `noised`. `walk` with sampler "ddim", eta 0, as many steps and `start` = x_T leads
    back, the closer the more steps. At t = 0 x0_hat is the image itself. Where an image is flat
    (the black around a digit) the first step sees no noise, and x_T there has less spread than
    N(0, I).

    Raises: BadInput as `walk` does.
    """
    net = diffusion(model)
    chosen = net.sampling(steps=steps, label=as_label(label), guidance=guidance, clip=clip)
    times = net.schedule.times(chosen.steps)
    x0 = net.inside(batch(net, image, "The image"))
    net.labels(len(x0), chosen.label)
    denoise = net.denoiser(chosen.label, chosen.guidance, chosen.clip)
    total = len(times) + 1
    for k, state in enumerate(invert(denoise, x0, times, net.schedule)):
        yield frame(net, k, total, state._replace(x0_hat=x0) if k == 0 else state)
    top, x_T = state.t_next, state.x_next
    yield frame(net, total - 1, total, State(top, top, x_T, *denoise(x_T, top), x_T))


def _apart(model: DDPM, image: ArrayLike, seed: int) -> tuple[Tensor, Tensor]:
    """x_0 in the model's scale, and noise for it."""
    x0 = model.inside(batch(model, image, "The image"))
    return x0, model.begin(len(x0), generator(seed))[0]


def _closed(schedule: Schedule, x0: Tensor, noise: Tensor, t: int) -> Tensor:
    a = schedule.alpha_bar[t]
    return math.sqrt(a) * x0 + math.sqrt(1.0 - a) * noise


def _beside(
    schedule: Schedule, index: int, n_steps: int, t: int, x0: Tensor, walk: Tensor, closed: Tensor
) -> Frame:
    a = schedule.alpha_bar[t]
    scalars = {
        "t": float(t),
        "alpha_bar": a,
        "beta": schedule.beta[t],
        "snr": schedule.snr(t),
        "mean": math.sqrt(a) * float(x0.mean()),
        "std": math.sqrt(a * float(x0.var(correction=0)) + 1.0 - a),
    }
    for name, x in (("walk", walk), ("closed", closed)):
        scalars[f"{name}_mean"] = float(x.mean())
        scalars[f"{name}_std"] = float(x.std(correction=0))
    return Frame(index, n_steps, {"walk": to_numpy(walk), "closed": to_numpy(closed)}, scalars)
