"""Can a model make the moon between? How far its pictures are from every true moon.

distance(x) = min over moons m of sqrt(mean over pixels of (x - m)^2), grey values in [0, 1], where
m is any moon that `moon-phases` draws: lit fraction, side, shift and radius are free in the data's
ranges. A picture farther than OFF is off every true moon: 15 pixels wrong by a half are that far,
and so is a cross-fade of half and full moon for three fifths of its way.

half_grey(x) is the share of the disc's pixels whose grey lies in the middle half between earthshine
and full light, 0.34 to 0.78; the disc is that of the nearest moon, one pixel inside its rim. A true
moon has there only the few pixels that its terminator cuts; a cross-fade has whole regions.

The lit area is not measured: a cross-fade of half and full moon has at each share t exactly the
light of the true moon of lit fraction (1 + t) / 2, and is no moon.

A step is the pixel distance between two frames over that between the ends. Small steps are no
virtue: a cross-fade has the smallest possible ones, and a terminator that moves evenly has larger
ones (the changed area goes by its square root), which is why true moons are measured beside it.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from genstudio.abilities import BadInput
from genstudio.data.moon_phases import DATASET, EARTHSHINE, MAX_SHIFT, RADIUS, SIDE, draw
from genstudio.latent import samplers
from genstudio.metrics._moon_fit import fit
from genstudio.models import HasLatent

OFF = 0.07  # root mean square over pixels
GREY = (EARTHSHINE + 0.25 * (1 - EARTHSHINE), EARTHSHINE + 0.75 * (1 - EARTHSHINE))
REPORTED = ("prior", "gaussian")  # samplers
MAX_FRAMES = 1000
_PIECE = 11  # pictures measured at once: a few hundredths of a second
_STREAM = 238855  # keeps the drags' moons apart from those of the data


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest true moon of each of N images."""

    distance: np.ndarray  # float32 (N,), root mean square over pixels
    lit: np.ndarray  # float32 (N,) in [0, 1]
    waxing: np.ndarray  # bool (N,)
    shift: np.ndarray  # float32 (N, 2), pixels to the right and down
    radius: np.ndarray  # float32 (N,), pixels


@dataclass(frozen=True, eq=False)
class Strip:
    """Pictures from one moon to another, and their measures; NaN where not measured yet."""

    images: np.ndarray  # float32 (F, 1, 28, 28)
    distance: np.ndarray  # float32 (F,), to the nearest true moon
    half_grey: np.ndarray  # float32 (F,), share of the disc
    step: np.ndarray  # float32 (F - 1,), over the distance of the ends

    def with_measures(self, where: slice, distance: np.ndarray, half_grey: np.ndarray) -> Strip:
        """The strip with the measures of the frames `where` filled in."""
        filled = replace(self, distance=self.distance.copy(), half_grey=self.half_grey.copy())
        filled.distance[where], filled.half_grey[where] = distance, half_grey
        return filled

    @property
    def figures(self) -> dict[str, float]:
        """The strip in four numbers."""
        return {
            "mean_distance": float(self.distance.mean()),
            "off_share": float((self.distance > OFF).mean()),
            "most_half_grey": float(self.half_grey.max()),
            "largest_step": float(self.step.max()),
        }


@dataclass(frozen=True, eq=False)
class Drag:
    """A straight path between two encoded moons, beside the cross-fade and the true moons."""

    z: np.ndarray  # float32 (F, D)
    sigmas: float | None  # between the ends' codes, see `apart`; None without a spread
    lit: np.ndarray  # float32 (F,), of the true moons
    model: Strip
    crossfade: Strip
    moons: Strip
    done: float  # 1.0 when everything is measured


@dataclass(frozen=True, eq=False)
class Off:
    """How many samples are off every true moon."""

    share: float  # in [0, 1]
    distance: np.ndarray  # float32 (N,)


@dataclass(frozen=True)
class Progress:
    """How many pictures are measured."""

    done: int
    total: int


def distance(images: np.ndarray) -> Nearest:
    """The nearest true moon of each of the images (N, 1, 28, 28) in [0, 1].

    Raises: BadInput for images of another shape.
    """
    found, moons = fit(_flat(images))
    return Nearest(found, *moons)


def half_grey(images: np.ndarray, nearest: Nearest | None = None) -> np.ndarray:
    """Share (N,) of the disc's pixels that are half grey, of images (N, 1, 28, 28) in [0, 1].

    Raises: BadInput for images of another shape.
    """
    pixels = _flat(images)
    moon = distance(images) if nearest is None else nearest
    at = np.arange(SIDE, dtype=np.float32) + 0.5 - SIDE / 2
    x = at[None, None, :] - moon.shift[:, 0, None, None]  # (N, 1, 28)
    y = at[None, :, None] - moon.shift[:, 1, None, None]  # (N, 28, 1)
    inside = x**2 + y**2 <= np.square(moon.radius - 1.0)[:, None, None]
    inside = inside.reshape(pixels.shape)
    grey = (pixels > GREY[0]) & (pixels < GREY[1]) & inside
    return (grey.sum(1) / inside.sum(1)).astype(np.float32)


def drag(
    model: Any,
    data: str | None = DATASET.key,
    from_lit: float = 0.5,
    to_lit: float = 1.0,
    frames: int = 33,
    seed: int = 0,
) -> Generator[Drag, None, Drag]:
    """Query: the straight path between the codes of two moons that differ in lit fraction alone.

    `seed` draws their side, shift and radius as the data do. The pictures come first, then the
    measures; ends in the whole.

    Raises: BadInput for a model of other data or without an encoder, and for ends without a path.
    """
    _check(model, data)
    _check_path(from_lit, to_lit, frames)
    path = (float(from_lit), float(to_lit), int(frames), int(seed))
    crossfade, moons = references(*path)
    z, images, sigmas = _decoded(model, moons)
    lit = np.linspace(from_lit, to_lit, frames, dtype=np.float32)
    ours, fade, true = (_unmeasured(part) for part in (images, crossfade, moons))
    now = Drag(z, sigmas, lit, ours, fade, true, done=0.0)
    yield now
    pieces = [slice(first, first + _PIECE) for first in range(0, frames, _PIECE)]
    todo = [(name, piece) for name in ("model", "crossfade", "moons") for piece in pieces]
    for i, (name, piece) in enumerate(todo):
        strip: Strip = getattr(now, name)
        if name == "model":
            found = _measure(images[piece])
        else:
            found = _measured_reference(name == "moons", path, piece.start)
        measured: dict[str, Any] = {name: strip.with_measures(piece, *found)}
        now = replace(now, **measured, done=(i + 1) / len(todo))
        yield now
    return now


def off_share(
    model: Any, data: str | None = DATASET.key, sampler: str = "prior", n: int = 500, seed: int = 0
) -> Generator[Progress, None, Off]:
    """Query: the share of n samples that are off every true moon; `sampler` as in latent.samplers.

    Raises: BadInput for a model of other data, or a sampler that it cannot have.
    """
    _check(model, data)
    if n < 1:
        raise BadInput(f"A share needs samples, got n = {n}. Choose 1 or more.")
    rng = torch.Generator().manual_seed(seed)
    source = samplers.make(sampler, model, data, rng)
    found: list[np.ndarray] = []
    done = 0
    for images in samplers.images(model, source, n, rng):
        for part in images.float().split(_PIECE):
            found.append(distance(part.numpy()).distance)
            done += len(part)
            yield Progress(done, n)
    distances = np.concatenate(found)
    return Off(float((distances > OFF).mean()), distances)


def report(
    model: Any, data: str | None = DATASET.key, seed: int = 0, n: int = 500, n_drags: int = 32
) -> Generator[Progress, None, dict[str, Any]]:
    """The figures of one model beside those of cross-fade and true moons; ends in a dict.

    `off_share` and the mean `sample_distance` by sampler, and under `drag` the means over `n_drags`
    paths from half to full moon for "model", "crossfade" and "moons"; `sigmas` is the mean of
    theirs. Drag i is between the same two moons for every model.

    Raises: BadInput as `drag` and `off_share`.
    """
    total = len(REPORTED) * n + n_drags
    off: dict[str, Off] = {}
    for k, name in enumerate(REPORTED):
        asked = off_share(model, data, name, n, seed)
        while True:
            try:
                yield Progress(k * n + next(asked).done, total)
            except StopIteration as end:
                off[name] = end.value
                break
    rows: dict[str, list[dict[str, float]]] = {"model": [], "crossfade": [], "moons": []}
    sigmas: list[float] = []
    for i in range(n_drags):
        *_, whole = drag(model, data, seed=i)
        sigmas += [] if whole.sigmas is None else [whole.sigmas]
        for name, found in rows.items():
            found.append(getattr(whole, name).figures)
        yield Progress(len(REPORTED) * n + i + 1, total)
    means = {
        name: {key: float(np.mean([row[key] for row in found])) for key in found[0]}
        for name, found in rows.items()
    }
    between = float(np.mean(sigmas)) if sigmas else None
    return {
        "n": n,
        "n_drags": n_drags,
        "off_share": {name: found.share for name, found in off.items()},
        "sample_distance": {name: float(found.distance.mean()) for name, found in off.items()},
        "drag": means,
        "sigmas": between,
    }


@lru_cache(maxsize=64)
def references(
    from_lit: float, to_lit: float, frames: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Cross-fade and true moons of a drag, read-only float32 (F, 1, 28, 28) each."""
    rng = np.random.default_rng([_STREAM, seed])
    waxing = rng.random() < 0.5
    shift = (2.0 * rng.random(2) - 1.0) * MAX_SHIFT
    radius = RADIUS[0] + (RADIUS[1] - RADIUS[0]) * rng.random()
    lit = np.linspace(from_lit, to_lit, frames)
    one = np.ones(frames)
    drawn = draw(lit, one * waxing > 0, one[:, None] * shift, one * radius)
    moons = (drawn / 255.0).astype(np.float32)
    share = np.linspace(0.0, 1.0, frames, dtype=np.float32)[:, None, None, None]
    crossfade = (1 - share) * moons[0] + share * moons[-1]
    for strip in (crossfade, moons):
        strip.setflags(write=False)
    return crossfade, moons


@lru_cache(maxsize=1024)
def _measured_reference(
    true: bool, path: tuple[float, float, int, int], first: int
) -> tuple[np.ndarray, np.ndarray]:
    """Measures of a piece of the true moons or of the cross-fade, which no model changes."""
    return _measure(references(*path)[int(true)][first : first + _PIECE])


def _measure(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance to the nearest moon and half-grey share of images (N, 1, 28, 28), (N,) each."""
    nearest = distance(images)
    return nearest.distance, half_grey(images, nearest)


@torch.no_grad()
def _decoded(model: Any, moons: np.ndarray) -> tuple[np.ndarray, np.ndarray, float | None]:
    """Codes (F, D) on the straight line from the first moon to the last, their pictures, and how
    many sigmas the ends are apart.
    """
    ends = torch.from_numpy(moons[[0, -1]]).to(model.device)
    mean, std = model.encode(ends)
    share = torch.linspace(0, 1, len(moons), device=model.device)[:, None]
    z = mean[0] + share * (mean[1] - mean[0])  # (F, D)
    images = model.decode(z).float().cpu().numpy()
    return z.float().cpu().numpy(), images, None if std is None else apart(mean, std)


def apart(mean: torch.Tensor, std: torch.Tensor) -> float:
    """Distance of two diagonal Gaussians' means (2, D), in standard deviations along their line.

    sqrt(sum_d (difference_d / s_d)^2), s_d^2 the mean of both variances.
    """
    difference = (mean[1] - mean[0]).double()
    variance = std.double().square().mean(0)
    return float((difference.square() / variance).sum().sqrt())


def _unmeasured(images: np.ndarray) -> Strip:
    """A strip whose steps alone are known."""
    flat = images.reshape(len(images), -1)
    ends = np.linalg.norm(flat[-1] - flat[0])
    step = np.linalg.norm(np.diff(flat, axis=0), axis=1) / max(ends, 1e-6)
    unknown = np.full(len(images), np.nan, np.float32)
    return Strip(images, unknown, unknown, step.astype(np.float32))


def _flat(images: np.ndarray) -> np.ndarray:
    pixels = np.asarray(images, np.float32)
    if pixels.ndim != 4 or pixels.shape[1:] != (1, SIDE, SIDE):
        got = " x ".join(map(str, pixels.shape[1:]))
        raise BadInput(
            f"Only pictures of 1 x {SIDE} x {SIDE} are compared with moons, got {got}. "
            "Choose a model of moon-phases."
        )
    return pixels.reshape(len(pixels), -1)


def _check(model: Any, data: str | None) -> None:
    """The model makes pictures of the moons' size, from codes, and is asked about moons."""
    if (data or "").partition(":")[0] != DATASET.key:
        raise BadInput(
            f"Moons are measured in models of {DATASET.key}, got data {data or 'of no name'!r}. "
            "Choose ae-moons or vae-moons."
        )
    if tuple(model.shape) != (1, SIDE, SIDE):
        got = " x ".join(map(str, model.shape))
        raise BadInput(
            f"Moons have 1 x {SIDE} x {SIDE} pixels, this model's images {got}. "
            "Choose a model of moon-phases."
        )
    if not isinstance(model, HasLatent):
        raise BadInput("This model does not encode images. Choose one that does, ae-moons say.")


def _check_path(from_lit: float, to_lit: float, frames: int) -> None:
    if not (0 <= from_lit <= 1 and 0 <= to_lit <= 1) or from_lit == to_lit:
        raise BadInput(
            "A drag goes between two different lit fractions from 0 to 1, "
            f"got {from_lit:g} and {to_lit:g}. Choose others."
        )
    if not 2 <= frames <= MAX_FRAMES:
        raise BadInput(f"A drag has 2 to {MAX_FRAMES} frames, got {frames}. Choose another number.")
