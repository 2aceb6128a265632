"""How much is still open at step k of a walk: forks of x_t go on with other noise, and end apart.

A fork at k takes the x_t that the walk had there and finishes with noise of its own. While the
forks still become different images, nothing is decided; where they end alike, all is.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from genstudio.abilities import MAX_SEED, BadInput
from genstudio.latent.denoise import classes_of, walk
from genstudio.metrics import judge
from genstudio.metrics._judge_net import SHAPE

MOST_FORKS = 64
FEWEST_FORKS = 2


@dataclass(frozen=True, eq=False)
class Diversity:
    """Of the forks at each step `ks` (K,) so far, rising; F forks of one image each.

    `distance` (K,) is the mean distance of two forks' ends and `spread` (K,) the standard deviation
    of it over the pairs: root mean square over pixels in [0, 1], or Euclidean in data units for
    points. `same` (K,) is the share of forks that the judge names as the walk's own end, None where
    the judge does not know such images. `done` is the share of steps measured.
    """

    ks: np.ndarray
    distance: np.ndarray
    spread: np.ndarray
    same: np.ndarray | None
    done: float


def diversity(
    model: Any,
    x_t: np.ndarray,
    ks: Sequence[int],
    *,
    times: Sequence[int],
    end: np.ndarray,
    forks: int = 8,
    seed: int = 0,
    sampler: str = "ddpm",
    eta: float = 1.0,
    label: int | None = None,
    guidance: float = 1.0,
    clip: bool = True,
    keep: tuple[ArrayLike, ArrayLike] | None = None,
    classes: int | None = None,
    which: tuple[int, int] = (0, 1),
) -> Generator[Diversity | None, None, Diversity]:
    """Query: the diversity of forks at each of `ks`, growing, the first and last step first.

    `x_t` (K, *shape) is one image of a walk before each step of `ks`, and `end` (*shape) its result
    x_0, both in the model's scale; `times` are those of the whole walk. The forks are drawn by
    `sampler`, which must add noise: "ddpm", "ddpm-large", or "ddim" with eta above 0. They
    hold what the walk was held to, `keep` as in `walk`. Without `label`, `classes` is the seed by
    which the walk drew its classes, and `which` is (which of its images this is, how many there
    were).

    Raises: BadInput for a sampler without noise, steps the walk has not, too few or many forks.
    """
    stack, steps = np.asarray(x_t, np.float32), [int(k) for k in ks]
    _check(model, stack, steps, len(times), forks, sampler, eta)
    known = tuple(model.shape) == SHAPE
    drawn = classes_of(model, which[1], classes)
    if label is None and isinstance(drawn, tuple):
        label = drawn[which[0]]
    own = _named(np.asarray(end, np.float32)[None])[0] if known else -1
    rows: dict[int, tuple[float, float, float]] = {}
    for place in coarse_first(len(steps)):
        k = steps[place]
        start = np.repeat(stack[place][None], forks, 0)  # (F, *shape)
        frames = walk(
            model,
            n=forks,
            # noise that is neither the walk's nor of other steps
            seed=(seed * 1_000_003 + k + 1) % (MAX_SEED + 1),
            sampler=sampler,
            eta=eta,
            label=label,
            guidance=guidance,
            clip=clip,
            keep=keep,
            start=start,
            times=list(times[k:]),
            first=k,
            n_steps=len(times),
        )
        for frame in frames:
            last = frame
            yield None
        ends = last.arrays["x0_hat"]  # (F, *shape)
        same = float((_named(ends) == own).mean()) if known else 0.0
        rows[k] = (*_apart(model, ends), same)
        found = _table(rows, known, len(rows) / len(steps))
        yield found
    return found


def coarse_first(n: int) -> list[int]:
    """The places 0 to n - 1, both ends first, then the middles of what is left, ever finer."""
    order = list(dict.fromkeys([0, n - 1]))
    gaps = [(0, n - 1)]
    while gaps:
        low, high = gaps.pop(0)
        if high - low > 1:
            middle = (low + high) // 2
            order.append(middle)
            gaps += [(low, middle), (middle, high)]
    return order


def _apart(model: Any, ends: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of the distances of all pairs of ends (F, *shape)."""
    x = model.outside(torch.from_numpy(np.array(ends))).flatten(1).double()  # (F, D)
    distances = torch.pdist(x)
    if len(model.shape) == 3:
        distances = distances / x.shape[1] ** 0.5
    return float(distances.mean()), float(distances.std(correction=0))


def _named(images: np.ndarray) -> np.ndarray:
    """The judge's label of images (F, 1, 28, 28) in [-1, 1], (F,)."""
    x = ((torch.from_numpy(np.array(images)) + 1) / 2).clamp(0, 1)
    return judge.classify(x).argmax(1).numpy()


def _table(rows: dict[int, tuple[float, float, float]], known: bool, done: float) -> Diversity:
    ks = sorted(rows)
    columns = np.array([rows[k] for k in ks], np.float64).T  # (3, K)
    columns.setflags(write=False)
    steps = np.array(ks, np.int64)
    steps.setflags(write=False)
    return Diversity(steps, columns[0], columns[1], columns[2] if known else None, done)


def _check(
    model: Any,
    stack: np.ndarray,
    ks: list[int],
    n_steps: int,
    forks: int,
    sampler: str,
    eta: float,
) -> None:
    if not FEWEST_FORKS <= forks <= MOST_FORKS:
        raise BadInput(
            f"Diversity is measured over {FEWEST_FORKS} to {MOST_FORKS} forks, got {forks}."
        )
    if sampler == "dpmpp" or (sampler == "ddim" and eta <= 0):
        raise BadInput(
            f"Forks by {sampler} without noise all end alike. Choose ddpm, or ddim with an eta "
            "above 0."
        )
    if not ks or len(set(ks)) < len(ks) or not all(0 <= k < n_steps for k in ks):
        raise BadInput(f"This walk has steps 0 to {n_steps - 1}, got {ks}. Choose among them.")
    if stack.shape != (len(ks), *model.shape):
        raise BadInput(
            f"Forks at {len(ks)} steps need x_t of shape {(len(ks), *model.shape)}, got "
            f"{stack.shape}."
        )
