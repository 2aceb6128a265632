"""Where z comes from: the prior, or a density fitted to the encodings of training images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from genstudio.abilities import BadInput
from genstudio.data import Dataset, load
from genstudio.latent import _kde, _mixture
from genstudio.latent.encodings import fixed_order, split_of

N_FIT = 10_000  # training images whose encodings a density is fitted to
N_COMPONENTS = 10
CHUNK = 500


class Sampler(Protocol):
    """Draws of z."""

    def sample(self, n: int, rng: torch.Generator) -> Tensor: ...


@dataclass(frozen=True, eq=False)
class Gaussian:
    """N(mean, cov); a covariance without spread in some direction is allowed."""

    mean: Tensor  # (D,)
    cov: Tensor  # (D, D)

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """n draws (n, D), float32."""
        noise = torch.randn(n, len(self.mean), generator=rng)
        values, vectors = torch.linalg.eigh(self.cov.double().cpu())
        root = (vectors * values.clamp(min=0).sqrt()).float()
        return self.mean.float().cpu() + noise @ root.T


@dataclass(frozen=True)
class Prior:
    """N(0, I)."""

    dim: int

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """n draws (n, D), float32."""
        return torch.randn(n, self.dim, generator=rng)


@dataclass(frozen=True, eq=False)
class Encoded:
    """The encodings themselves: q(z | x) of training images drawn at random."""

    mean: Tensor  # (N, D)
    std: Tensor | None  # (N, D)

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """n draws (n, D), float32."""
        which = torch.randint(len(self.mean), (n,), generator=rng)
        z = self.mean[which]
        if self.std is None:
            return z
        return z + self.std[which] * torch.randn(z.shape, generator=rng)


Fit = Callable[[Encoded, torch.Generator], Sampler]


def _gaussian(encoded: Encoded, rng: torch.Generator) -> Sampler:
    z = _draw_all(encoded, rng).double()
    cov = torch.cov(z.T, correction=0).reshape(z.shape[1], z.shape[1])
    return Gaussian(z.mean(0), cov)


def _fit_mixture(encoded: Encoded, rng: torch.Generator) -> Sampler:
    return _mixture.fit(_draw_all(encoded, rng), N_COMPONENTS, rng)


def _fit_kde(encoded: Encoded, rng: torch.Generator) -> Sampler:
    return _kde.fit(_draw_all(encoded, rng), rng)


def _itself(encoded: Encoded, rng: torch.Generator) -> Sampler:
    return encoded


_FITS: dict[str, Fit] = {
    "gaussian": _gaussian,
    "mixture": _fit_mixture,
    "kde": _fit_kde,
    "encodings": _itself,
}
NAMES = ("prior", *_FITS)


def make(
    name: str,
    model: Any,
    data: str | Dataset | None,
    rng: torch.Generator,
    n_fit: int = N_FIT,
) -> Sampler:
    """The sampler `name` of NAMES for the latent space of `model`.

    "prior" is N(0, I); "gaussian" takes the model's own z_mean and z_cov where it has them. The
    others are fitted to one draw of q(z | x) for each of `n_fit` training images of `data`.

    Raises: BadInput for another name, a model without latent space, or data that are needed.
    """
    if name not in NAMES:
        raise BadInput(f"There is no sampler {name!r}. Choose one of: {', '.join(NAMES)}.")
    if model.latent_dim is None:
        raise BadInput("This model has no latent space to sample from. Leave the sampler out.")
    if name == "prior":
        return Prior(model.latent_dim)
    if name == "gaussian" and hasattr(model, "z_cov"):
        return Gaussian(model.z_mean, model.z_cov)
    if data is None or data == "":
        raise BadInput(
            f"The sampler {name} is fitted to training images, and this model names no data set. "
            "Choose prior or gaussian."
        )
    dataset = load(data) if isinstance(data, str) else data
    return _FITS[name](encode_training(model, dataset, n_fit), rng)


@torch.no_grad()
def encode_training(model: Any, dataset: Dataset, n: int) -> Encoded:
    """q(z | x) of n training images in a fixed random order."""
    split = split_of(dataset, "train")
    if tuple(dataset.shape) != tuple(model.shape):
        raise BadInput(
            f"{dataset.title} has the shape {dataset.shape}, this model {model.shape}. "
            "Choose data that fit."
        )
    means, stds = [], []
    for rows in fixed_order(len(split), n).split(CHUNK):
        q = model.encode(split.batch(rows).to(model.device))
        means.append(q.mean.float().cpu())
        if q.std is not None:
            stds.append(q.std.float().cpu())
    return Encoded(torch.cat(means), torch.cat(stds) if stds else None)


def _draw_all(encoded: Encoded, rng: torch.Generator) -> Tensor:
    """One draw of q(z | x) for each image, (N, D)."""
    if encoded.std is None:
        return encoded.mean
    return encoded.mean + encoded.std * torch.randn(encoded.mean.shape, generator=rng)


def images(model: Any, sampler: Sampler, n: int, rng: torch.Generator) -> Iterator[Tensor]:
    """n decoded draws, in chunks (m, C, H, W) on the CPU."""
    done = 0
    while done < n:
        z = sampler.sample(min(CHUNK, n - done), rng)
        with torch.no_grad():
            x = model.decode(z.to(model.device)).cpu()
        done += len(z)
        yield x
