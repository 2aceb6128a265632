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
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from genstudio.abilities import BadInput
from genstudio.data.moon_phases import DATASET
from genstudio.latent import samplers
from genstudio.metrics._moon_drag import PIECE, Drag, Strip, apart, drag, references
from genstudio.metrics._moon_measure import GREY, OFF, Nearest, check, distance, half_grey

__all__ = [
    "GREY", "OFF", "Drag", "Nearest", "Off", "Progress", "Strip",
    "apart", "distance", "drag", "half_grey", "off_share", "references", "report",
]  # fmt: skip

REPORTED = ("prior", "gaussian")  # samplers


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


def off_share(
    model: Any, data: str | None = DATASET.key, sampler: str = "prior", n: int = 500, seed: int = 0
) -> Generator[Progress, None, Off]:
    """Query: the share of n samples that are off every true moon; `sampler` as in latent.samplers.

    Raises: BadInput for a model of other data, or a sampler that it cannot have.
    """
    check(model, data)
    if n < 1:
        raise BadInput(f"A share needs samples, got n = {n}. Choose 1 or more.")
    rng = torch.Generator().manual_seed(seed)
    source = samplers.make(sampler, model, data, rng)
    found: list[np.ndarray] = []
    done = 0
    for images in samplers.images(model, source, n, rng):
        for part in images.float().split(PIECE):
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
    for name in REPORTED:
        before = len(off) * n
        off[name] = yield from _telling(off_share(model, data, name, n, seed), before, total)
    rows: dict[str, list[dict[str, float]]] = {"model": [], "crossfade": [], "moons": []}
    sigmas: list[float] = []
    for i in range(n_drags):
        before = len(REPORTED) * n + i
        whole: Drag = yield from _telling(drag(model, data, seed=i), before, total)
        sigmas += [] if whole.sigmas is None else [whole.sigmas]
        for name, found in rows.items():
            found.append(getattr(whole, name).figures)
        yield Progress(before + 1, total)
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


def _telling(work: Generator[Any, None, Any], before: int, total: int) -> Generator[Any, None, Any]:
    """`work` and what it ends in, its steps told as progress after `before` of `total`."""
    while True:
        try:
            step = next(work)
        except StopIteration as end:
            return end.value
        more = step.done if isinstance(step, Progress) else 0
        yield Progress(before + more, total)
