"""Point sets in the plane whose true density is known: ring, grid, moons and spiral.

Each is a mixture of Gaussians of equal weight and one width, so `density` is exact. Moons and
spiral are mixtures too, of many Gaussians along a curve, closer together than they are wide, so
that they look like a smeared line. Points are in data units; a square from -4 to 4 holds them all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genstudio.abilities import BadInput
from genstudio.data._base import Dataset, LazySplit, Source, Split

UNIT = "data units; a component's standard deviation is {std:g} of them"
EXTENT = 4.0  # half the side of the square, in data units, that holds them all

_N_TRAIN, _N_TEST = 20_000, 5_000
_SEED = 2014
_DENSITY_CHUNK = 1024


@dataclass(frozen=True, eq=False)
class Mixture:
    """Gaussians of equal weight: centres (K, 2) and one standard deviation, both in data units.

    `labels` (K,) is the class of each.
    """

    title: str
    centres: np.ndarray
    std: float
    labels: np.ndarray
    classes: tuple[str, ...]

    def sample(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Points float64 (n, 2) and labels int64 (n,)."""
        component = rng.integers(len(self.centres), size=n)
        points = self.centres[component] + self.std * rng.standard_normal((n, 2))
        return points, self.labels[component]

    def density(self, points: np.ndarray) -> np.ndarray:
        """p(x) per squared data unit, float64 (N,), of points (N, 2)."""
        points = np.asarray(points, np.float64)
        result = np.empty(len(points))
        for start in range(0, len(points), _DENSITY_CHUNK):
            block = points[start : start + _DENSITY_CHUNK]
            x, y = (block[:, None, axis] - self.centres[:, axis] for axis in (0, 1))  # (N, K)
            kernels = np.exp((x * x + y * y) / (-2.0 * self.std**2))
            result[start : start + _DENSITY_CHUNK] = kernels.mean(1)
        return result / (2.0 * np.pi * self.std**2)


def _ring() -> Mixture:
    """Eight Gaussians on a circle of radius 2."""
    angle = np.arange(8) * (2.0 * np.pi / 8)
    centres = 2.0 * np.stack([np.cos(angle), np.sin(angle)], 1)
    classes = tuple(f"{45 * k} degrees" for k in range(8))
    return Mixture("Eight Gaussians on a ring", centres, 0.15, np.arange(8), classes)


def _grid() -> Mixture:
    """25 Gaussians, 5 x 5, one unit apart; the class is the row and column, from the lower left."""
    y, x = np.divmod(np.arange(25), 5)
    centres = np.stack([x, y], 1) - 2.0
    classes = tuple(
        f"row {row + 1}, column {column + 1}" for row in range(5) for column in range(5)
    )
    return Mixture("25 Gaussians on a grid", centres, 0.1, np.arange(25), classes)


def _moons() -> Mixture:
    """Two half circles of radius 1.5 that reach into each other."""
    angle = (np.arange(128) + 0.5) * (np.pi / 128)
    upper = np.stack([np.cos(angle), np.sin(angle)], 1)
    lower = np.stack([1.0 - np.cos(angle), 0.5 - np.sin(angle)], 1)
    centres = 1.5 * (np.concatenate([upper, lower]) - (0.5, 0.25))
    return Mixture("Two moons", centres, 0.12, np.repeat([0, 1], 128), ("upper", "lower"))


def _spiral() -> Mixture:
    """Two arms, r = 0.4 + 0.7 angle / pi over one and a half turns, even along their length."""
    angle = np.linspace(0.0, 3.0 * np.pi, 4001)
    radius = 0.4 + 0.7 * angle / np.pi
    curve = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
    along = np.concatenate([[0.0], np.linalg.norm(np.diff(curve, axis=0), axis=1).cumsum()])
    even = (np.arange(256) + 0.5) / 256 * along[-1]
    arm = np.stack([np.interp(even, along, curve[:, axis]) for axis in (0, 1)], 1)
    centres = np.concatenate([arm, -arm])
    return Mixture("Spiral", centres, 0.1, np.repeat([0, 1], 256), ("first arm", "second arm"))


_MIXTURES = {"ring": _ring, "grid": _grid, "moons": _moons, "spiral": _spiral}


def mixture(name: str) -> Mixture:
    """The mixture behind `name`: toy2d, toy2d:ring or just ring.

    Raises: BadInput naming the shapes there are.
    """
    shape = name.removeprefix("toy2d").removeprefix(":") or "ring"
    if shape not in _MIXTURES:
        known = ", ".join(_MIXTURES)
        raise BadInput(f"There is no point set {shape!r} in toy2d. Choose one of: {known}.")
    return _MIXTURES[shape]()


def density(name: str, points: np.ndarray) -> np.ndarray:
    """True density p(x) of points (N, 2), per squared data unit, float64 (N,)."""
    return mixture(name).density(points)


def _split(drawn_from: Mixture, n: int, stream: int) -> Split:
    import torch

    points, labels = drawn_from.sample(n, np.random.default_rng([_SEED, stream]))
    return Split(
        points=torch.from_numpy(points.astype(np.float32)),
        labels=torch.from_numpy(labels.astype(np.int64)),
    )


def _load(argument: str) -> Dataset:
    drawn_from = mixture(argument)
    return Dataset(
        name=f"toy2d:{argument or 'ring'}",
        title=drawn_from.title,
        shape=(2,),
        classes=list(drawn_from.classes),
        train=LazySplit(_N_TRAIN, lambda: _split(drawn_from, _N_TRAIN, 0)),
        test=LazySplit(_N_TEST, lambda: _split(drawn_from, _N_TEST, 1)),
        unit=UNIT.format(std=drawn_from.std),
    )


DATASET = Source(
    key="toy2d",
    title="Points in the plane",
    load=_load,
    shape=(2,),
    examples=tuple(f"toy2d:{name}" for name in _MIXTURES),
    ships=True,
    argument="|".join(_MIXTURES),
    description="Points in the plane with a known density: ring, grid, moons, spiral.",
)
