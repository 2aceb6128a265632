"""Points in the plane on their way from noise to data: whole paths at once, where they end, and
how densely a model lays them.

A hand that drags a start wants the whole path before it has moved on, so `paths` answers in one
piece where `denoise:walk` answers step by step. Everything here is in data units.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from genstudio.abilities import BadInput
from genstudio.data import Dataset, load
from genstudio.data.toy2d import mixture
from genstudio.latent._denoise_checks import batch, in_plane
from genstudio.latent._denoise_walk import walk
from genstudio.models.ddpm import POINT_SCALE
from genstudio.tape import Frame

FAR = 4.0  # standard deviations from every component at which a point lies between them
CHUNK = 4_000  # points at once
MAX_POINTS = 1 << 17
MAX_BINS = 1 << 22


# Arguments of `walk`; how many of its steps are taken, None for all; whether its first step looks
# back to the last one of the walk before.
Leg = tuple[Mapping[str, Any], int | None, bool]


@dataclass(frozen=True, eq=False)
class Paths:
    """N points over S steps, in data units, read-only."""

    x_t: np.ndarray  # float32 (S + 1, N, 2): before each step, and after the last
    x0_hat: np.ndarray  # float32 (S, N, 2)
    times: np.ndarray  # int64 (S + 1,), falling to 0


@dataclass(frozen=True, eq=False)
class Ends:
    """Which class each of N points has come to."""

    labels: np.ndarray  # int64 (N,); -1 lies between them
    classes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Histograms:
    """How densely `n` points of a model's lie at each of some steps, per squared data unit: float32
    (steps, rows, cols).
    """

    values: np.ndarray
    n: int


def paths(
    model: Any,
    start: ArrayLike,
    legs: Sequence[Leg],
    *,
    room: int = 0,
    take: Sequence[int] | None = None,
) -> Paths:
    """Query: where the points that start at `start` (N, 2) go, whole.

    Each of `legs` is a walk that goes on where the one before was left; one with another class or
    guidance does not look back, as a fork does not. The noise of a stochastic sampler depends on
    how many points walk together: with `room`, so many do whatever N is, and a point's path does
    not change when another comes. `take` picks rows.

    Raises: BadInput as `walk`, and for more points than there is room.
    """
    net = in_plane(model)
    given = batch(net, start, "The start of a path").cpu().numpy()
    if room and len(given) > room:
        raise BadInput(f"There is room for {room} points, got {len(given)}. Take some away.")
    x = np.zeros((max(room, len(given)), 2), np.float32)
    x[: len(given)] = given / np.float32(POINT_SCALE)
    frames: list[Frame] = []
    for walking, n_steps, looks_back in legs:
        before = None
        if looks_back and frames:
            before = int(frames[-1].scalars["t"]), frames[-1].arrays["x0_hat"]
        asked = {**walking, "n": len(x), "start": x, "before": before, "first": 0, "n_steps": None}
        for frame in walk(model, **asked):
            x = frame.arrays["x_t"]
            if frame.index == n_steps:
                break
            frames.append(frame)
    wanted = np.arange(len(given)) if take is None else np.asarray(take, np.int64)
    x_t, x0_hat = (
        np.stack([frame.arrays[name][wanted] for frame in frames]) * np.float32(POINT_SCALE)
        for name in ("x_t", "x0_hat")
    )
    times = np.array([*(frame.scalars["t"] for frame in frames), 0], np.int64)
    found = Paths(np.concatenate([x_t, x0_hat[-1:]]), x0_hat, times)
    for array in (found.x_t, found.x0_hat, found.times):
        array.setflags(write=False)
    return found


def ends(model: Any, data: str | Dataset, points: ArrayLike) -> Ends:
    """Query: the class of the component of a toy2d set that each of points (N, 2) is nearest to; -1
    where none is within 4 of its standard deviations. Other sets have no components to name:
    every label is -1 and there are no classes. `model` is not used.
    """
    dataset = load(data) if isinstance(data, str) else data
    xy = np.asarray(points, np.float64).reshape(-1, 2)
    labels = np.full(len(xy), -1, np.int64)
    if not dataset.name.startswith("toy2d"):
        return Ends(labels, ())
    known = mixture(dataset.name)
    for begin in range(0, len(xy), CHUNK):
        part = xy[begin : begin + CHUNK]
        away = np.square(part[:, None] - known.centres).sum(2)  # (n, K)
        nearest = away.argmin(1)
        near = away.min(1) <= (FAR * known.std) ** 2
        labels[begin : begin + len(part)] = np.where(near, known.labels[nearest], -1)
    labels.setflags(write=False)
    return Ends(labels, known.classes)


def histograms(
    model: Any,
    xs: ArrayLike,
    ys: ArrayLike,
    walking: Mapping[str, Any],
    at: Sequence[int],
    count: int,
) -> Generator[Histograms | None, None, Histograms]:
    """Query: where a model's own points lie before steps `at` of a walk from noise, as histograms
    over the cells between the edges xs (cols + 1,) and ys (rows + 1,), of ever more points up to
    `count`. `walking` are arguments of `walk`; the step after the last is the result.

    Raises: BadInput as `walk`, and for sizes out of range.
    """
    in_plane(model)
    columns, rows = (np.asarray(v, np.float64).reshape(-1) for v in (xs, ys))
    wanted = {int(step): place for place, step in enumerate(at)}
    cells = len(wanted) * (len(columns) - 1) * (len(rows) - 1)
    if not 1 <= count <= MAX_POINTS or not 0 < cells <= MAX_BINS:
        raise BadInput(
            f"Histograms are of 1 to {MAX_POINTS} points in 1 to {MAX_BINS} cells, got {count} "
            f"points in {cells}. Choose fewer."
        )
    counts = np.zeros((len(wanted), len(rows) - 1, len(columns) - 1))
    area = np.outer(np.diff(rows), np.diff(columns))
    seed, done = int(walking.get("seed", 0)), 0

    def lay(step: int, x: np.ndarray) -> None:
        if step in wanted:
            xy = x.astype(np.float64) * POINT_SCALE
            counts[wanted[step]] += np.histogram2d(xy[:, 1], xy[:, 0], (rows, columns))[0]

    while True:
        chunk = min(CHUNK, count - done)
        again = {**walking, "n": chunk, "seed": seed, "start": None, "before": None}
        for frame in walk(model, **again):
            lay(frame.index, frame.arrays["x_t"])
            yield None
        lay(frame.index + 1, frame.arrays["x0_hat"])
        done, seed = done + chunk, seed + 1
        values = np.asarray(counts / (done * area), np.float32)
        values.setflags(write=False)
        result = Histograms(values, done)
        if done >= count:
            return result
        yield result
