"""The walk from noise to an image, step by step, from its start or from the middle of another."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from genstudio.abilities import BadInput
from genstudio.latent._decode import to_numpy, to_tensor
from genstudio.latent._denoise_checks import as_label, batch, count, diffusion, generator
from genstudio.models._ddpm_config import Label, Sampling
from genstudio.models._diffusion import SAMPLERS, Denoise, Noise, Prediction, State
from genstudio.models.ddpm import DDPM
from genstudio.tape import Frame


@torch.no_grad()
def walk(
    model: Any,
    *,
    n: int,
    seed: int,
    sampler: str = "ddpm",
    steps: int = 20,
    eta: float = 0.0,
    label: int | Sequence[int] | None = None,
    guidance: float = 1.0,
    clip: bool = True,
    start: ArrayLike | None = None,
    times: Sequence[int] | None = None,
    before: tuple[int, ArrayLike] | None = None,
    first: int = 0,
    n_steps: int | None = None,
    keep: tuple[ArrayLike, ArrayLike] | None = None,
    classes: int | None = None,
) -> Generator[Frame, None, None]:
    """Query: n images from noise, a Frame for each step; the last frame's x0_hat is the result.

    The same seed gives the pictures of `DDPM.generate` with a generator of that seed. The noise of
    a step depends on seed, t and n alone, so that a walk that was left goes on where it was:
    `start` (N, *shape) is x at times[0], in the model's scale; `times` falls and replaces `steps`;
    `before` is (t, x0_hat) of the step before it, which dpmpp looks back to; `first` is the index
    of its first frame, of `n_steps` in all.

    `keep` is (mask (H, W) bool, image (C, H, W) or one for each, in the model's scale): where the
    mask is True, every x0_hat is the image and every x_t the image under one fixed noise, as in
    Lugmayr et al. 2022, eq. 8, without their resampling; x_t = sqrt(a) x0_hat + sqrt(1 - a)
    noise_hat holds there too. `label` is one class for all, or one for each image. Without it, a
    walk from noise draws a class for each image by `seed`, and one from `start` is told none,
    unless it goes on with another: `classes` is the seed by which that one drew them.

    Scalars: t, t_next, alpha_bar, snr, and change, the root mean square of x_next - x_t.

    Raises: BadInput for options that the model cannot follow or arrays that do not fit it.
    """
    net = diffusion(model)
    chosen = net.sampling(
        sampler=sampler, steps=steps, eta=eta, label=as_label(label), guidance=guidance, clip=clip
    )
    path = net.schedule.times(chosen.steps) if times is None else _falling(net, times)
    net.labels(count(n), chosen.label)
    ask = _denoiser(net, chosen, n, seed if start is None else classes)
    x, noise, _ = net.begin(n, generator(seed))
    if start is not None:
        x = _begun(net, start, n)
    last = None if before is None else _before(net, before, n, path[0])
    held = None if keep is None else _Held(net, keep, noise(0, x))
    total = first + len(path) if n_steps is None else n_steps
    for k, state in enumerate(_steps(net, chosen, ask, x, path, noise, last, held)):
        yield frame(net, first + k, total, state)


def _denoiser(net: DDPM, chosen: Sampling, n: int, classes: int | None) -> Denoise:
    """What the sampler asks. Where no class was chosen, the net is told those of the seed
    `classes`.
    """
    told = classes_of(net, n, classes) if chosen.label is None else chosen.label
    return net.denoiser(told, chosen.guidance, chosen.clip)


def _begun(net: DDPM, start: ArrayLike, n: int) -> Tensor:
    """`start` as x (n, *shape)."""
    x = batch(net, start, "The start of a walk")
    if len(x) != n:
        raise BadInput(f"This walk is of {n} images, got a start of {len(x)}. Choose n = {len(x)}.")
    return x


def _before(net: DDPM, before: tuple[int, ArrayLike], n: int, first: int) -> tuple[int, Tensor]:
    """`before` as the time and the clean guess (n, *shape) of the step before time `first`."""
    t, T = int(before[0]), net.schedule.n_steps
    if not first < t <= T:
        raise BadInput(
            f"The step before a walk from t = {first} is at a t of {first + 1} to {T}, got {t}. "
            "Choose that step, or none."
        )
    x0_hat = batch(net, before[1], "The step before")
    if len(x0_hat) != n:
        raise BadInput(
            f"This walk is of {n} images, got a step before of {len(x0_hat)}. Choose as many."
        )
    return t, x0_hat


def _steps(
    net: DDPM,
    chosen: Sampling,
    ask: Denoise,
    x: Tensor,
    path: Sequence[int],
    noise: Noise,
    before: tuple[int, Tensor] | None,
    held: _Held | None,
) -> Iterator[State]:
    """The sampler's steps, one at a time, so that held pixels are put back after each."""

    def denoise(x_t: Tensor, t: int) -> Prediction:
        return ask(x_t, t) if held is None else held.seen(ask(x_t, t))

    sample = SAMPLERS[chosen.sampler]
    if held is not None:
        x = held.put(x, path[0])
    for t, s in pairwise([*path, 0]):
        steps = sample(denoise, x, [t, s], net.schedule, noise, eta=chosen.eta, before=before)
        state = next(steps)
        if held is not None:
            state = state._replace(x_next=held.put(state.x_next, s))
        yield state
        x, before = state.x_next, (t, state.x0_hat)


def classes_of(model: Any, n: int, seed: int | None) -> Label:
    """The classes of n images that a walk of `seed` drew; None where it is told none."""
    return None if seed is None else diffusion(model).begin(n, generator(seed))[2]


def frame(model: DDPM, index: int, n_steps: int, state: State) -> Frame:
    """A sampler's State as a Frame.

    Raises: BadInput where numbers have grown beyond what they can hold.
    """
    arrays = {
        "x_t": to_numpy(state.x_t),
        "x0_hat": to_numpy(state.x0_hat),
        "noise_hat": to_numpy(state.noise_hat),
    }
    scalars = {
        "t": float(state.t),
        "t_next": float(state.t_next),
        "alpha_bar": model.schedule.alpha_bar[state.t],
        "snr": model.schedule.snr(state.t),
        "change": float((state.x_next - state.x_t).square().mean().sqrt()),
    }
    finite = all(np.isfinite(array).all() for array in arrays.values())
    if not (finite and math.isfinite(scalars["change"])):
        raise BadInput(
            f"The walk ends at t = {state.t}: its values are no longer finite. Choose another "
            "start, less guidance, or clipping."
        )
    return Frame(index, n_steps, arrays, scalars)


def _falling(model: DDPM, times: Sequence[int]) -> list[int]:
    path = [int(t) for t in times]
    T = model.schedule.n_steps
    if not path or path[0] > T or path[-1] < 1 or any(s >= t for t, s in pairwise(path)):
        raise BadInput(
            f"The times of a walk must fall from at most {T} to at least 1, got {path[:8]}. "
            "Choose times that fall."
        )
    return path


class _Held:
    """Pixels that a walk is held to: the image under one fixed noise."""

    def __init__(self, model: DDPM, keep: tuple[ArrayLike, ArrayLike], noise: Tensor) -> None:
        if model.points:
            raise BadInput("A mask to keep needs a model of images, and this one makes points.")
        mask = np.asarray(keep[0], bool)
        if mask.shape != model.shape[1:]:
            need, got = (" x ".join(map(str, v)) for v in (model.shape[1:], mask.shape))
            raise BadInput(
                f"The mask must be {need} pixels, got {got}. Choose a mask of that size."
            )
        image = batch(model, keep[1], "The image to keep")
        if len(image) not in (1, len(noise)):
            raise BadInput(
                f"A walk of {len(noise)} images keeps one image or as many, got {len(image)}. "
                "Choose one."
            )
        self._mask = to_tensor(mask, model) > 0
        self._image, self._noise = image, noise
        self._alpha_bar = model.schedule.alpha_bar

    def put(self, x: Tensor, t: int) -> Tensor:
        """x at time t with the kept pixels in it."""
        a = self._alpha_bar[t]
        return torch.where(
            self._mask, math.sqrt(a) * self._image + math.sqrt(1.0 - a) * self._noise, x
        )

    def seen(self, prediction: Prediction) -> Prediction:
        """A prediction with what is known of the kept pixels in it."""
        return Prediction(
            torch.where(self._mask, self._image, prediction.x0_hat),
            torch.where(self._mask, self._noise, prediction.noise_hat),
        )
