"""What every family with a latent space shares: prior, Gaussian of the encodings, samplers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import torch
from pydantic import ValidationError
from torch import Tensor

from genstudio.abilities import BadInput
from genstudio.models._base import Model, Posterior, Step, explain
from genstudio.models._config import N_, Config, setting


@dataclass(frozen=True)
class StandardNormal:
    """N(0, I) in `dim` dimensions: the same object is the prior in training and in sampling."""

    dim: int

    def sample(self, n: int, rng: torch.Generator, like: Tensor) -> Tensor:
        """n draws (n, dim) on the device and in the precision of `like`."""
        return torch.randn(n, self.dim, generator=rng, device=like.device, dtype=like.dtype)

    def log_prob(self, z: Tensor) -> Tensor:
        """log N(z; 0, I) in nats, (..., dim) to (...)."""
        return -0.5 * (z.square().sum(-1) + self.dim * math.log(2 * math.pi))

    def kl(self, mean: Tensor, log_std: Tensor) -> Tensor:
        """KL(N(mean, std^2) || N(0, 1)) of each dimension in nats, (..., dim) to (..., dim).

        Source: Kingma & Welling 2014, appendix B.
        """
        return 0.5 * (mean.square() + (2 * log_std).exp() - 1) - log_std


class LatentSampling(Config):
    """How `generate` draws z."""

    sampler: Literal["own", "prior", "gaussian"] = setting(
        "own",
        N_("Sampler"),
        N_(
            "prior: N(0, I). gaussian: mean and covariance of the training encodings. "
            "own: what the family itself uses."
        ),
    )


def double(x: Tensor) -> Tensor:
    """x in float64 on the CPU, since not every device has float64."""
    return x.cpu().double()  # in this order: MPS converts before it copies


class LatentModel(Model):
    """A model of images with a code z (N, latent_dim).

    Buffers: `z_mean` (D,) and `z_cov` (D, D), mean and covariance of z over the training images
    (where the encoder is probabilistic: of the aggregate posterior), set by `calibrate`; N(0, I)
    before.
    """

    own_sampler: Literal["prior", "gaussian"] = "gaussian"
    sampling: type[LatentSampling] = LatentSampling
    latent_dim: int
    z_mean: Tensor
    z_cov: Tensor

    def __init__(self, config: Config, shape: tuple[int, ...], latent_dim: int) -> None:
        super().__init__(config, shape)
        self.latent_dim = latent_dim
        self.prior = StandardNormal(latent_dim)
        self.register_buffer("z_mean", torch.zeros(latent_dim))
        # torch.eye on the meta device, where shapes are compared, imports torch's compiler: 1 s
        self.register_buffer("z_cov", torch.zeros(latent_dim, latent_dim).fill_diagonal_(1.0))

    def encode(self, x: Tensor) -> Posterior:
        raise NotImplementedError

    def decode(self, z: Tensor) -> Tensor:
        raise NotImplementedError

    def check(self, x: Tensor) -> Tensor:
        """x, if it is (N, *shape).

        Raises: BadInput otherwise.
        """
        if x.shape[1:] != self.shape:
            got, need = tuple(x.shape[1:]), " x ".join(map(str, self.shape))
            raise BadInput(
                f"This model takes images of {need} values, got {got}. Choose data of that shape."
            )
        return x

    @torch.no_grad()
    def calibrate(self, batches: Callable[[], Iterable[Tensor]]) -> None:
        """z_mean and z_cov over all batches, in float64, divided by N.

        Cov(z) = Cov(E[z | x]) + E[Var(z | x)], the law of total covariance.
        """
        n = 0
        total = torch.zeros(self.latent_dim, dtype=torch.float64)
        outer = torch.diag(total)
        for x in batches():
            mean, std = self.encode(x)
            mean = double(mean)
            n += len(mean)
            total += mean.sum(0)
            outer += mean.T @ mean
            if std is not None:
                outer += torch.diag(double(std).square().sum(0))
        if n:
            centre = total / n
            self.z_mean.copy_(centre)
            self.z_cov.copy_(outer / n - torch.outer(centre, centre))

    def draw(self, n: int, rng: torch.Generator, sampler: str = "own") -> Tensor:
        """n codes z (n, latent_dim) by `sampler`: "own", "prior" or "gaussian"."""
        noise = self.prior.sample(n, rng, like=self.z_mean)
        if (self.own_sampler if sampler == "own" else sampler) == "prior":
            return noise
        values, vectors = torch.linalg.eigh(double(self.z_cov))  # a flat direction breaks no root
        root = (vectors * values.clamp(min=0).sqrt()).to(noise)  # (D, D)
        return self.z_mean + noise @ root.T

    @torch.no_grad()
    def generate(self, n: int, rng: torch.Generator, **options: Any) -> Iterator[Step]:
        """n samples in one step; `sampler` as in LatentSampling."""
        try:
            chosen = self.sampling.model_validate(options)
        except ValidationError as error:
            raise BadInput(explain(error, f"sampling from {self.family}", self.sampling)) from error
        z = self.draw(n, rng, chosen.sampler)  # (n, D)
        parts = [self.decode(part) for part in z.split(self.n_at_once)]
        yield Step(0, 1, {"x": parts[0] if len(parts) == 1 else torch.cat(parts)})
