"""How like one set of images is to another, by their features (N, F); pure functions of tensors.

Frechet distance: Heusel et al. 2017, eq. 6. Precision and recall: Kynkaanniemi et al. 2019.
Density and coverage: Naeem et al. 2020. Both pairs take the k-nearest-neighbour balls of one set.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import torch
from torch import Tensor

K = 5
ROWS = 250  # rows of a distance matrix held at once: 10 MB for 10,000 columns
ROUNDS = 200  # of the bootstrap
FRECHET_ROUNDS = 50
LEVEL = 0.95

Interval = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean (F,) and covariance (F, F), float64, of N features; divided by N - 1."""

    mean: Tensor
    cov: Tensor


def moments(features: Tensor, counts: Tensor | None = None) -> Moments:
    """Of features (N, F), each taken `counts` (N,) times."""
    x = features.double()
    if counts is None:
        mean = x.mean(0)
        centred = x - mean
        return Moments(mean, centred.T @ centred / max(1, len(x) - 1))
    weight = counts.double()
    mean = weight @ x / weight.sum()
    centred = x - mean
    return Moments(mean, (weight[:, None] * centred).T @ centred / (weight.sum() - 1))


def frechet(a: Moments, b: Moments) -> float:
    """|mean_a - mean_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2)), in squared units of a feature.

    The trace of the root is that of (R C_b R)^(1/2) with R = C_a^(1/2), which is symmetric: the sum
    of the roots of its eigenvalues.
    """
    values, vectors = torch.linalg.eigh(a.cov)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    inner = torch.linalg.eigvalsh(root @ b.cov @ root).clamp(min=0).sqrt().sum()
    shift = (a.mean - b.mean).square().sum()
    return max(0.0, float(shift + a.cov.trace() + b.cov.trace() - 2 * inner))


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """The Frechet distance of two sets of features (N, F) and (M, F)."""
    return frechet(moments(a), moments(b))


@dataclass(frozen=True, eq=False)
class Overlap:
    """What each image says of precision, recall, density and coverage; their means are the figures.

    `precise`, `dense` (M,) are of generated, `recalled`, `covered` (N,) of real images.
    """

    precise: Tensor
    recalled: Tensor
    dense: Tensor
    covered: Tensor

    def figures(self) -> dict[str, float]:
        """precision, recall, density, coverage."""
        return {name: float(values.double().mean()) for name, values in self.by_name().items()}

    def by_name(self) -> dict[str, Tensor]:
        return {
            "precision": self.precise,
            "recall": self.recalled,
            "density": self.dense,
            "coverage": self.covered,
        }


def radii(features: Tensor, k: int = K) -> Generator[None, None, Tensor]:
    """Squared distance of each of features (N, F) to its k-th nearest neighbour, (N,).

    In pieces of work.
    """
    k = min(k, len(features) - 1)
    parts = []
    for start in range(0, len(features), ROWS):
        square = _squared(features[start : start + ROWS], features)  # (n, N)
        rows = torch.arange(len(square))
        square[rows, start + rows] = -1.0  # itself is the nearest, whatever rounding says
        parts.append(square.topk(k + 1, largest=False, sorted=True).values[:, -1])
        yield None
    return torch.cat(parts)


def overlap(
    real: Tensor, made: Tensor, real_radii: Tensor, k: int = K
) -> Generator[None, None, Overlap]:
    """Compare made features (M, F) with real ones (N, F), whose `radii` are given.

    In pieces of work.
    """
    made_radii = yield from radii(made, k)
    recalled, covered = [], []
    balls = torch.zeros(len(made), dtype=torch.long)  # of real images, around each made one
    for start in range(0, len(real), ROWS):
        rows = slice(start, start + ROWS)
        square = _squared(real[rows], made)  # (n, M)
        inside = square < real_radii[rows, None]  # made j lies in the ball of real i
        balls += inside.sum(0)
        covered.append(inside.any(1))
        recalled.append((square < made_radii).any(1))
        yield None
    return Overlap(balls > 0, torch.cat(recalled), balls.double() / k, torch.cat(covered))


def _squared(a: Tensor, b: Tensor) -> Tensor:
    """Squared distances (A, B) by one matrix product, about b's mean so that little is lost."""
    centre = b.mean(0)
    a0, b0 = a - centre, b - centre
    square = torch.addmm(b0.square().sum(1), a0, b0.T, alpha=-2)
    return square.add_(a0.square().sum(1, keepdim=True)).clamp_(min=0)


# Intervals --------------------------------------------------------------------------------------


def mean_interval(values: Tensor, rng: torch.Generator, rounds: int = ROUNDS) -> Interval:
    """Percentile bootstrap interval of the mean of values (N,), at 95 %."""
    x = values.double()
    means = torch.stack([x[_again(len(x), rng)].mean() for _ in range(rounds)])
    return _percentiles(means)


def frechet_interval(
    real: Tensor, made: Tensor, rng: torch.Generator, rounds: int = FRECHET_ROUNDS
) -> Generator[None, None, Interval]:
    """Bootstrap interval of the Frechet distance, at 95 %: both sets are drawn anew each round.

    A set drawn with replacement lies farther away than the set itself, so the spread of the rounds
    is laid around the distance of the sets themselves. In pieces of work.
    """
    real, made = real.double(), made.double()
    point = frechet_distance(real, made)
    distances = []
    for _ in range(rounds):
        both = [moments(x, _again(len(x), rng).bincount(minlength=len(x))) for x in (real, made)]
        distances.append(frechet(both[0], both[1]))
        yield None
    spread = torch.tensor(distances, dtype=torch.float64)
    low, high = _percentiles(spread - spread.mean())
    return max(0.0, point + low), point + high


def share_interval(
    made: Tensor, held_out: Tensor, quantile: float, rng: torch.Generator, rounds: int = ROUNDS
) -> Generator[None, None, Interval]:
    """Bootstrap interval of the share of distances `made` (N,) beyond the quantile of `held_out`
    (H,), at 95 %: both are drawn anew each round. In pieces of work.
    """
    made, held_out = made.double().sort().values, held_out.double()
    shares = []
    for i in range(rounds):
        if i % 20 == 19:
            yield None
        threshold = held_out[_again(len(held_out), rng)].quantile(quantile)
        counts = _again(len(made), rng).bincount(minlength=len(made))
        first = int(torch.searchsorted(made, threshold, right=True))
        shares.append(counts[first:].sum().double() / len(made))
    return _percentiles(torch.stack(shares))


def _again(n: int, rng: torch.Generator) -> Tensor:
    return torch.randint(n, (n,), generator=rng)


def _percentiles(values: Tensor) -> Interval:
    ends = torch.tensor([(1 - LEVEL) / 2, (1 + LEVEL) / 2], dtype=torch.float64)
    low, high = values.double().quantile(ends).tolist()
    return low, high
