"""A mixture of Gaussians, fitted by expectation maximisation (Dempster, Laird & Rubin 1977)."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass

import torch
from torch import Tensor

from genstudio.abilities import BadInput

REGULARISATION = 1e-6  # of the data's mean variance: keeps a component off a single point
ROUNDS = 100
TOLERANCE = 1e-5  # nats for each point


@dataclass(frozen=True, eq=False)
class Mixture:
    """Weights (K,), means (K, D), covariances (K, D, D), float64, after `step` rounds.

    `log_likelihood` is the mean of log p(z) in nats over the points that it is fitted to.
    """

    weights: Tensor
    means: Tensor
    covs: Tensor
    log_likelihood: float = math.nan
    step: int = 0

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
    z: Tensor,
    n_components: int,
    rng: torch.Generator,
    rounds: int = ROUNDS,
    tolerance: float = TOLERANCE,
) -> Mixture:
    """A mixture of at most n_components full Gaussians for z (N, D)."""
    for mixture in steps(z, start(z, n_components, rng), None, rounds, tolerance):
        fitted = mixture
    return fitted


def start(z: Tensor, n_components: int, rng: torch.Generator) -> Mixture:
    """Equal components of z (N, D), at most n_components, their means far from each other."""
    x = z.double()
    k = max(1, min(n_components, len(x) // (x.shape[1] + 1)))
    cov = torch.cov(x.T, correction=0).reshape(x.shape[1], -1) / k
    cov = cov + regularisation_of(x) * torch.eye(x.shape[1], dtype=x.dtype)
    return Mixture(
        torch.full((k,), 1 / k, dtype=x.dtype), _spread_out(x, k, rng), cov.repeat(k, 1, 1)
    )


def regularisation_of(z: Tensor) -> float:
    """What is added to the diagonal of every covariance unless told otherwise."""
    return max(REGULARISATION * float(z.double().var(0, correction=0).mean()), 1e-12)


def steps(
    z: Tensor,
    begin: Mixture,
    regularisation: float | None = None,
    rounds: int = ROUNDS,
    tolerance: float = TOLERANCE,
) -> Generator[Mixture, None, None]:
    """The mixture before the first round and after each, for z (N, D).

    Without regularisation its log-likelihood never falls. It ends after `rounds`, or once a round
    gains less than `tolerance`; 0 takes them all.

    Raises: BadInput when a component closes in on too few points.
    """
    x = z.double()
    added = regularisation_of(x) if regularisation is None else regularisation
    ridge = added * torch.eye(x.shape[1], dtype=x.dtype)
    weights, means, covs = begin.weights, begin.means, begin.covs
    before = -math.inf
    for step in range(rounds + 1):
        joint = _joint(x, weights, means, covs)  # (N, K)
        log_density = torch.logsumexp(joint, 1)
        now = float(log_density.mean())
        yield Mixture(weights, means, covs, now, step)
        if step == rounds or (tolerance > 0 and abs(now - before) < tolerance):
            return
        before = now
        share = (joint - log_density[:, None]).exp()  # (N, K)
        weights, means, covs = _maximise(x, share, ridge)


def _maximise(x: Tensor, share: Tensor, ridge: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The M step: cov_k = scatter_k / n_k + ridge."""
    mass = share.sum(0) + 10 * torch.finfo(x.dtype).eps  # (K,)
    means = share.T @ x / mass[:, None]
    covs = []
    for k in range(len(mass)):
        centred = x - means[k]
        covs.append((share[:, k, None] * centred).T @ centred / mass[k] + ridge)
    return mass / mass.sum(), means, torch.stack(covs)


def _joint(x: Tensor, weights: Tensor, means: Tensor, covs: Tensor) -> Tensor:
    """log weight_k + log N(x; mean_k, cov_k) in nats, (N, K)."""
    roots, failed = torch.linalg.cholesky_ex(covs)
    if bool(failed.any()):
        raise BadInput(
            f"One of {len(weights)} components of the mixture closed in on too few points. "
            "Choose fewer components."
        )
    columns = []
    for weight, mean, root in zip(weights, means, roots, strict=True):
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
