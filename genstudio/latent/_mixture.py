"""A mixture of Gaussians, fitted by expectation maximisation (Dempster, Laird & Rubin 1977)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

RIDGE = 1e-6  # of the data's mean variance: keeps a component from closing in on one point


@dataclass(frozen=True, eq=False)
class Mixture:
    """Weights (K,), means (K, D), covariances (K, D, D), float64.

    `trace` is the objective after each round: the mean log-likelihood in nats with the penalty of
    the ridge, -1/2 tr(ridge / cov) for each component. It never decreases.
    """

    weights: Tensor
    means: Tensor
    covs: Tensor
    trace: tuple[float, ...] = ()

    def log_density(self, z: Tensor) -> Tensor:
        """log p(z) in nats, (N, D) to (N,)."""
        return torch.logsumexp(_joint(z.double(), self.weights, self.means, self.covs), 1)

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """n draws (n, D), float32."""
        which = torch.multinomial(self.weights, n, replacement=True, generator=rng)
        noise = torch.randn(n, self.means.shape[1], 1, generator=rng, dtype=torch.float64)
        root = torch.linalg.cholesky(self.covs)[which]  # (n, D, D)
        return (self.means[which] + (root @ noise)[..., 0]).float()


def fit(
    z: Tensor, n_components: int, rng: torch.Generator, rounds: int = 100, tolerance: float = 1e-5
) -> Mixture:
    """A mixture of at most n_components full Gaussians for z (N, D)."""
    x = z.double()
    k = max(1, min(n_components, len(x) // (x.shape[1] + 1)))
    variance = x.var(0, correction=0).mean().clamp(min=1e-12)
    ridge = RIDGE * variance * torch.eye(x.shape[1], dtype=x.dtype)
    means = _spread_out(x, k, rng)
    weights = torch.full((k,), 1 / k, dtype=x.dtype)
    covs = (torch.cov(x.T, correction=0).reshape(x.shape[1], -1) / k + ridge).repeat(k, 1, 1)
    trace: list[float] = []
    for _ in range(rounds):
        joint = _joint(x, weights, means, covs)  # (N, K)
        log_density = torch.logsumexp(joint, 1)
        trace.append(float(log_density.mean() - _penalty(covs, ridge) / len(x)))
        if len(trace) > 1 and trace[-1] - trace[-2] < tolerance:
            break
        share = (joint - log_density[:, None]).exp()  # (N, K)
        weights, means, covs = _maximise(x, share, ridge)
    return Mixture(weights, means, covs, tuple(trace))


def _maximise(x: Tensor, share: Tensor, ridge: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The M step under the penalty: cov_k = (scatter_k + ridge) / n_k."""
    mass = share.sum(0).clamp(min=1e-10)  # (K,)
    means = share.T @ x / mass[:, None]
    covs = []
    for k in range(len(mass)):
        centred = x - means[k]
        scatter = (share[:, k, None] * centred).T @ centred
        covs.append((scatter + ridge) / mass[k])
    return mass / mass.sum(), means, torch.stack(covs)


def _penalty(covs: Tensor, ridge: Tensor) -> Tensor:
    return 0.5 * torch.linalg.solve(covs, ridge.expand_as(covs)).diagonal(dim1=1, dim2=2).sum()


def _joint(x: Tensor, weights: Tensor, means: Tensor, covs: Tensor) -> Tensor:
    """log weight_k + log N(x; mean_k, cov_k) in nats, (N, K)."""
    columns = []
    for weight, mean, cov in zip(weights, means, covs, strict=True):
        root = torch.linalg.cholesky(cov)
        white = torch.linalg.solve_triangular(root, (x - mean).T, upper=False)  # (D, N)
        norm = root.diagonal().log().sum() + 0.5 * x.shape[1] * math.log(2 * math.pi)
        columns.append(weight.log() - 0.5 * white.square().sum(0) - norm)
    return torch.stack(columns, 1)


def _spread_out(x: Tensor, k: int, rng: torch.Generator) -> Tensor:
    """k points, each drawn far from those before (k-means++, Arthur & Vassilvitskii 2007)."""
    chosen = [int(torch.randint(len(x), (1,), generator=rng))]
    distance = (x - x[chosen[0]]).square().sum(1)
    for _ in range(k - 1):
        chance = distance + 1e-12
        chosen.append(int(torch.multinomial(chance, 1, generator=rng)))
        distance = torch.minimum(distance, (x - x[chosen[-1]]).square().sum(1))
    return x[chosen]
