"""A Gaussian kernel at every encoding, as wide as explains held-out encodings best."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass

import torch
from torch import Tensor

WIDTHS = tuple(
    10 ** (-2.0 + 0.125 * i) for i in range(19)
)  # of each dimension's spread: 0.01 to 1.8
HELD_OUT = 0.1
MAX_HELD_OUT = 1000


@dataclass(frozen=True, eq=False)
class KernelDensity:
    """Kernels at `centres` (N, D) with standard deviation `bandwidth` * `spread` (D,), float64.

    `held_out` is the mean log-likelihood in nats of the held-out encodings for each of `widths`.
    """

    centres: Tensor
    spread: Tensor
    bandwidth: float
    widths: tuple[float, ...] = ()
    held_out: tuple[float, ...] = ()

    def log_density(self, z: Tensor) -> Tensor:
        """log p(z) in nats, (N, D) to (N,)."""
        squared = _squared_distances(z.double() / self.spread, self.centres / self.spread)
        return (
            _log_density(squared, self.bandwidth, self.centres.shape[1]) - self.spread.log().sum()
        )

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """n draws (n, D), float32."""
        which = torch.randint(len(self.centres), (n,), generator=rng)
        noise = torch.randn(n, self.centres.shape[1], generator=rng, dtype=torch.float64)
        return (self.centres[which] + self.bandwidth * self.spread * noise).float()


def fit(z: Tensor, rng: torch.Generator) -> KernelDensity:
    """Kernels at all of z (N, D), of the width that does best on a tenth held out."""
    for density in steps(z, rng):
        fitted = density
    return fitted


def steps(z: Tensor, rng: torch.Generator) -> Generator[KernelDensity, None, None]:
    """The best kernels of the widths tried so far, one more each time; the last are fitted."""
    x = z.double()
    spread = x.std(0, correction=0).clamp(min=1e-9)
    order = torch.randperm(len(x), generator=rng)
    n_held = min(MAX_HELD_OUT, max(1, int(HELD_OUT * len(x))))
    held, rest = x[order[:n_held]] / spread, x[order[n_held:]] / spread
    if len(rest) == 0:
        yield KernelDensity(x, spread, 1.0)
        return
    squared = _squared_distances(held, rest)
    scores: list[float] = []
    for width in WIDTHS:
        scores.append(float(_log_density(squared, width, x.shape[1]).mean()))
        tried = WIDTHS[: len(scores)]
        best = max(range(len(tried)), key=lambda i: scores[i])
        yield KernelDensity(x, spread, tried[best], tried, tuple(scores))


def _squared_distances(a: Tensor, b: Tensor) -> Tensor:
    return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist").square_()  # (A, B)


def _log_density(squared: Tensor, width: float, dim: int) -> Tensor:
    """log (1/B) sum_b N(a; b, width^2 I) in nats from squared distances (A, B): (A,)."""
    norm = math.log(squared.shape[1]) + dim * (math.log(width) + 0.5 * math.log(2 * math.pi))
    return torch.logsumexp(squared * (-0.5 / width**2), 1) - norm
