"""Paths between codes: straight, spherical, or of least energy in the pixels that they decode to.

A path is the polygon through the codes of its frames. Its discrete energy is (F - 1) times the sum
of squared pixel distances between neighbouring frames; the square of its pixel length is a lower
bound, met when every step is equally long (Shao, Kumar & Fletcher 2018; Arvanitidis et al. 2018).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from genstudio.abilities import BadInput, has_noise_space
from genstudio.latent import _density, _frames, _geodesic, probe
from genstudio.latent._decode import latent_batch, to_numpy
from genstudio.latent._frames import Curve
from genstudio.latent.probe import Probe

KINDS = ("lerp", "slerp", "geodesic")
MAX_FRAMES = 2048
SAME = 1e-6  # two codes this near to each other, relative to their size, are the same point
MIN_SIDES, MAX_SIDES = 16, 128  # of a geodesic, however few or many frames it shows


@dataclass(frozen=True, eq=False)
class Path:
    """Frames along a path, first and last exactly the first and last knot.

    `speed` is the pixel distance from each frame to the next (root of the summed squared
    difference), `length` their sum, `energy` (F - 1) times the sum of their squares,
    `latent_length` the length of the polygon through z, `worst` the index of the largest step.
    `done` is 1 in the last of a growing series.
    """

    kind: str
    z: np.ndarray  # float32 (F, D)
    images: np.ndarray  # float32 (F, C, H, W) in [0, 1]
    speed: np.ndarray  # float32 (F - 1,)
    length: float
    energy: float
    latent_length: float
    worst: int
    done: float = 1.0


def lerp(a: ArrayLike, b: ArrayLike, t: ArrayLike) -> np.ndarray:
    """(1 - t) a + t b for codes (D,), float32: (D,) for one t, (F, D) for t (F,)."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    share = np.asarray(t, np.float64)[..., None]
    return np.asarray((1.0 - share) * a + share * b, np.float32)


def slerp(a: ArrayLike, b: ArrayLike, t: ArrayLike, centre: ArrayLike | None = None) -> np.ndarray:
    """Along the arc about `centre` (0 unless given), float32 (D,) or (F, D).

    centre + sin((1 - t) w) / sin(w) u + sin(t w) / sin(w) v, where u and v lead from the centre to
    a and b and w is the angle between them (Shoemake 1985; White 2016 for codes of unequal norm).
    Where a or b is the centre or both lie in one direction it is the straight line; where they lie
    in opposite ones, the arc turns by way of a fixed perpendicular direction.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    middle = np.zeros_like(a) if centre is None else np.asarray(centre, np.float64)
    u, v = a - middle, b - middle
    norm_u, norm_v = float(np.linalg.norm(u)), float(np.linalg.norm(v))
    share = np.asarray(t, np.float64)[..., None]
    if min(norm_u, norm_v) < 1e-12:
        return lerp(a, b, t)
    cosine = float(np.clip(u @ v / (norm_u * norm_v), -1.0, 1.0))
    angle = float(np.arccos(cosine))
    if angle < 1e-4:
        return lerp(a, b, t)
    if angle > np.pi - 1e-4:
        side = _perpendicular(u / norm_u)
        radius = (1.0 - share) * norm_u + share * norm_v
        arc = radius * (np.cos(np.pi * share) * (u / norm_u) + np.sin(np.pi * share) * side)
    else:
        arc = (np.sin((1.0 - share) * angle) * u + np.sin(share * angle) * v) / np.sin(angle)
    z = middle + arc
    z = np.where(share == 0.0, a, np.where(share == 1.0, b, z))
    return np.asarray(z, np.float32)


def _perpendicular(unit: np.ndarray) -> np.ndarray:
    """A unit vector perpendicular to `unit` (D,), the same every time; 0 in one dimension."""
    axis = np.zeros_like(unit)
    axis[int(np.argmin(np.abs(unit)))] = 1.0
    side = axis - (axis @ unit) * unit
    norm = float(np.linalg.norm(side))
    return side / norm if norm > 1e-9 else np.zeros_like(unit)


def trace(
    model: Any,
    kind: str,
    knots: ArrayLike,
    frames: int = 33,
    centre: ArrayLike | None = None,
    even: bool = False,
    density: float = 0.0,
    data: str | None = None,
    seed: int = 0,
) -> Generator[Path | None, None, Path]:
    """Query: the path `kind` of KINDS through knots (K, D), better and better.

    The first geodesic is the straight path. Every knot is a frame, except that with `even` the
    frames are equally far apart in pixels and only both ends are sure to be frames. `centre` (D,)
    is what slerp turns about, the mean code `z_mean` unless given. With `density`, each nat by
    which a code is rarer than a typical encoding of `data` makes the steps of a geodesic there this
    many times their energy dearer (kernel density of encodings, drawn by `seed`).

    Raises: BadInput for another kind, knots that are not of this model's space, not finite or equal
    to their neighbours, or fewer frames than knots.
    """
    points = _checked(model, kind, knots, frames)
    if not (np.isfinite(density) and density >= 0.0):
        raise BadInput(f"The density term has a weight of 0 or more, got {density}.")
    at = parameters(len(points), frames)
    first = 0.0 if kind == "geodesic" else 1.0
    path = yield from _measured(model, kind, _curve(model, kind, points, centre), at, even, first)
    if kind == "geodesic":
        near = (yield from _density.fitted(model, data, seed)) if density > 0.0 else ()
        path = yield from _bent(model, points, at, even, near, density)
    return path


def check_kind(model: Any, kind: str) -> None:
    """Refuse a path that cannot be traced through this model's codes, before any are made.

    Raises: BadInput for a kind that is none of KINDS, and for a geodesic through noise.
    """
    if kind not in KINDS:
        raise BadInput(f"There is no path {kind!r}. Choose one of: {', '.join(KINDS)}.")
    if kind == "geodesic" and has_noise_space(model):
        raise BadInput(
            "A geodesic bends by the decoder's slope, and where codes are noise the decoder is the "
            "whole walk of the net. Choose the spherical path (slerp), which keeps the noise "
            "typical."
        )


def _checked(model: Any, kind: str, knots: ArrayLike, frames: int) -> np.ndarray:
    check_kind(model, kind)
    points = latent_batch(model, knots).cpu().numpy()
    if len(points) < 2:
        raise BadInput("A path needs two points or more, got one. Choose another point.")
    if not np.isfinite(points).all():
        raise BadInput("A path needs finite numbers, got NaN or infinity. Choose other points.")
    if not len(points) <= frames <= MAX_FRAMES:
        raise BadInput(
            f"A path through {len(points)} points has {len(points)} to {MAX_FRAMES} frames, "
            f"got {frames}. Choose a number in between."
        )
    apart = np.linalg.norm(np.diff(points, axis=0), axis=1)
    if (apart <= SAME * np.maximum(1.0, np.linalg.norm(points[1:], axis=1))).any():
        raise BadInput(
            "Two neighbouring ends of the path are the same point of the latent space. "
            "Choose two different images."
        )
    return points


def parameters(n_knots: int, frames: int) -> np.ndarray:
    """Parameters (frames,) from 0 to n_knots - 1 with every knot, a whole number, among them.

    Each piece between knots gets an equal number of frames, or one more.
    """
    pieces = n_knots - 1
    shares = [len(part) for part in np.array_split(np.arange(frames - 1), pieces)]
    parts = [i + np.arange(n) / n for i, n in enumerate(shares)]
    return np.concatenate([*parts, [float(pieces)]])


def _curve(model: Any, kind: str, knots: np.ndarray, centre: ArrayLike | None) -> Curve:
    """Codes (n, D) at parameters (n,) from 0 to K - 1; parameter i is knot i."""
    if kind != "slerp":
        return polyline(knots)
    if centre is None:
        mean = getattr(model, "z_mean", None)
        centre = None if mean is None else to_numpy(mean)
    elif np.shape(centre) != knots.shape[1:] or not np.isfinite(centre).all():
        raise BadInput(
            f"The centre of a spherical path needs {knots.shape[1]} finite numbers, got {centre}. "
            "Leave it out for the mean code."
        )

    def arcs(at: np.ndarray) -> np.ndarray:
        piece = np.minimum(at.astype(int), len(knots) - 2)
        z = np.empty((len(at), knots.shape[1]), np.float32)
        for i in np.unique(piece):
            mine = piece == i
            z[mine] = slerp(knots[i], knots[i + 1], at[mine] - i, centre)
        return z

    return arcs


def polyline(points: np.ndarray) -> Curve:
    """The polygon through points (K, D), whose corner i has the parameter i."""

    def straight(at: np.ndarray) -> np.ndarray:
        piece = np.minimum(at.astype(int), len(points) - 2)
        share = (at - piece)[:, None]
        z = (1.0 - share) * points[piece].astype(np.float64) + share * points[piece + 1]
        return np.asarray(z, np.float32)

    return straight


def _measured(
    model: Any, kind: str, curve: Curve, at: np.ndarray, even: bool, done: float = 1.0
) -> Generator[Path | None, None, Path]:
    """The path along `curve` as one Path; the yields before it, if any, carry nothing."""
    if even:
        at = yield from _frames.even(model, curve, at)
    z = curve(at)
    path = measure(kind, z, (yield from _frames.images(model, z)), done)
    yield path
    return path


def _bent(
    model: Any,
    knots: np.ndarray,
    at: np.ndarray,
    even: bool,
    near: Sequence[_density.KernelCost],
    weight: float,
) -> Generator[Path | None, None, Path]:
    """Ever better geodesics with frames at parameters `at`.

    Without a density and without `even`, the last has no more energy than the straight path, both
    measured on the path eight times as fine.
    """
    sides = _sides(at)
    path = yield from _relaxed(model, knots, at, sides, even, near, weight)
    if near or even or sides is at:
        return path
    least = yield from _fine_energy(model, polyline(knots)(at))
    if (yield from _fine_energy(model, path.z)) <= least:
        return path
    return (yield from _relaxed(model, knots, at, at, even, near, weight))


def _relaxed(
    model: Any,
    knots: np.ndarray,
    at: np.ndarray,
    sides: np.ndarray,
    even: bool,
    near: Sequence[_density.KernelCost],
    weight: float,
) -> Generator[Path | None, None, Path]:
    """Ever better geodesics, polygons with a corner at each of the parameters `sides`."""
    fixed = sides == np.round(sides)
    corners = polyline(knots)(sides)
    index = np.interp(at, sides, np.arange(len(sides)))  # of the frames among the corners
    among = not even and bool((index == np.round(index)).all())
    path: Path | None = None
    for relaxed in _geodesic.relax(model, corners, fixed, near, weight):
        if relaxed is None:
            yield None
        elif among:
            rows = index.astype(int)
            z, images = relaxed.corners[rows], relaxed.images[torch.from_numpy(rows)]
            path = measure("geodesic", z, images, relaxed.done)
            yield path
        else:
            curve = polyline(relaxed.corners)
            if even:
                index = yield from _frames.even(model, curve, index)
            path = yield from _measured(model, "geodesic", curve, index, False, relaxed.done)
    assert path is not None  # relax ends with a result
    return path


def _sides(at: np.ndarray) -> np.ndarray:
    """Parameters of a geodesic's corners for frames at `at`: the same, unless few or very many."""
    n, n_knots = len(at) - 1, int(at[-1]) + 1
    if n > MAX_SIDES >= n_knots:
        return parameters(n_knots, MAX_SIDES + 1)
    if n >= MIN_SIDES:
        return at
    times = -(-MIN_SIDES // n)
    return np.interp(np.arange(n * times + 1) / times, np.arange(n + 1), at)


def _fine_energy(model: Any, z: np.ndarray) -> Generator[None, None, float]:
    """The discrete energy of the path eight times as fine as the polygon through z (F, D)."""
    x = yield from _frames.images(model, _geodesic.finer(np.asarray(z, np.float64)))
    return _frames.energy(_frames.steps(x))


def measure(kind: str, z: np.ndarray, images: Tensor, done: float = 1.0) -> Path:
    """The Path of codes z (F, D) and their images (F, C, H, W)."""
    distances = _frames.steps(images)
    codes = np.array(z, np.float32)
    speed = distances.astype(np.float32)
    for array in (codes, speed):
        array.setflags(write=False)
    return Path(
        kind,
        codes,
        to_numpy(images),
        speed,
        float(distances.sum()),
        _frames.energy(distances),
        float(np.linalg.norm(np.diff(codes.astype(np.float64), axis=0), axis=1).sum()),
        int(np.argmax(distances)),
        done,
    )


def bilinear(model: Any, corners: ArrayLike, u: float, v: float) -> Probe:
    """Query: the image inside the square of four codes; see `mix` for their order."""
    return probe.decode(model, mix(corners, u, v))


def mix(corners: ArrayLike, u: float, v: float) -> np.ndarray:
    """The bilinear mean (D,) of four codes (4, D): top left, top right, bottom left, bottom right.

    u in [0, 1] runs to the right, v in [0, 1] downwards.

    Raises: BadInput when there are not four.
    """
    four = np.asarray(corners, np.float32)
    if four.ndim != 2 or len(four) != 4:
        raise BadInput(f"A square needs four points, got an array of shape {four.shape}.")
    return lerp(lerp(four[0], four[1], u), lerp(four[2], four[3], u), v)
