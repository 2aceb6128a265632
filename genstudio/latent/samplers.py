"""Where z comes from: the prior, a density fitted to encoded training images, or held-out ones."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from genstudio.abilities import BadInput, has_noise_space
from genstudio.data import Dataset
from genstudio.latent import _kde, _mixture
from genstudio.latent.encodings import fixed_order, opened, split_of

N_FIT = 10_000  # training images whose encodings a density is fitted to
N_COMPONENTS = 10
CHUNK = 500  # images decoded at once
PIECE = 100  # images encoded in one piece of work


class Sampler(Protocol):
    """Draws of z."""

    def sample(self, n: int, rng: torch.Generator) -> Tensor: ...


Making = Generator[None, None, Sampler]


@dataclass(frozen=True, eq=False)
class Gaussian:
    """N(mean, cov); a covariance without spread in some direction is allowed."""

    mean: Tensor  # (D,)
    cov: Tensor  # (D, D)

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """n draws (n, D), float32."""
        noise = torch.randn(n, len(self.mean), generator=rng)
        values, vectors = torch.linalg.eigh(self.cov.cpu().double())
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
    """q(z | x) of some images; a sampler that draws from one of them at random."""

    mean: Tensor  # (N, D)
    std: Tensor | None  # (N, D)

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """n draws (n, D), float32."""
        which = torch.randint(len(self.mean), (n,), generator=rng)
        z = self.mean[which]
        if self.std is None:
            return z
        return z + self.std[which] * torch.randn(z.shape, generator=rng)

    def draw_each(self, rng: torch.Generator) -> Tensor:
        """One draw of q(z | x) for each image, (N, D)."""
        if self.std is None:
            return self.mean
        return self.mean + self.std * torch.randn(self.mean.shape, generator=rng)


@dataclass(frozen=True, eq=False)
class Mixture:
    """One state of a mixture that is being fitted: weights (K,), means (K, D), covs (K, D, D).

    `log_likelihood` is the mean of log p(z) in nats over the encodings after `step` rounds.
    """

    weights: np.ndarray
    means: np.ndarray
    covs: np.ndarray
    log_likelihood: float
    step: int


def make(
    name: str,
    model: Any,
    data: str | Dataset | None,
    rng: torch.Generator,
    n_fit: int = N_FIT,
) -> Sampler:
    """The sampler `name` of NAMES for the latent space of `model`; see `making`."""
    work = making(name, model, data, rng, n_fit)
    while True:
        try:
            next(work)
        except StopIteration as end:
            sampler: Sampler = end.value
            return sampler


def making(
    name: str,
    model: Any,
    data: str | Dataset | None,
    rng: torch.Generator,
    n_fit: int = N_FIT,
) -> Making:
    """The same in pieces of work.

    "prior" is N(0, I), as `walks` says; "gaussian" takes the model's own z_mean and z_cov where it
    has them, else it is fitted as "mixture" and "kde" are: to one draw of q(z | x) for each of
    `n_fit` training images of `data`. "encodings" draws from q(z | x) of held-out images, those of
    the test split.

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
            f"The sampler {name} stands on encoded images, and this model names no data set. "
            "Choose prior or gaussian."
        )
    dataset = yield from opened(data)
    if name == "encodings":
        return (yield from encoding(model, dataset, "test", n_fit))
    encoded = yield from encoding(model, dataset, "train", n_fit)
    return (yield from _FITS[name](encoded.draw_each(rng), rng))


def encoding(model: Any, dataset: Dataset, split: str, n: int) -> Generator[None, None, Encoded]:
    """q(z | x) of n images of a split in a fixed random order, in pieces of work.

    Raises: BadInput when data and model do not fit.
    """
    part = split_of(dataset, split)
    if tuple(dataset.shape) != tuple(model.shape):
        raise BadInput(
            f"{dataset.title} has the shape {dataset.shape}, this model {model.shape}. "
            "Choose data that fit."
        )
    means, stds = [], []
    for rows in fixed_order(len(part), n).split(PIECE):
        with torch.no_grad():
            q = model.encode(part.batch(rows).to(model.device))
        means.append(q.mean.float().cpu())
        if q.std is not None:
            stds.append(q.std.float().cpu())
        yield None
    return Encoded(torch.cat(means), torch.cat(stds) if stds else None)


def mixture_steps(
    model: Any, data: str | Dataset, seed: int = 0, n_components: int = N_COMPONENTS
) -> Generator[Mixture | None, None, Mixture]:
    """Query: the mixture of the encodings, from its start on, one round of EM each time.

    None, nothing to show, while the images are encoded.

    Raises: BadInput for a model without an encoder, data that do not fit, or no components.
    """
    if n_components < 1:
        raise BadInput(f"A mixture has 1 component or more, got {n_components}. Choose more.")
    if model.latent_dim is None:
        raise BadInput("This model has no latent space. Choose a model that has one.")
    dataset = yield from opened(data)
    rng = torch.Generator().manual_seed(seed)
    encoded = yield from encoding(model, dataset, "train", N_FIT)
    z = encoded.draw_each(rng)
    for state in _mixture.steps(z, _mixture.start(z, n_components, rng)):
        arrays = [t.float().numpy() for t in (state.weights, state.means, state.covs)]
        for array in arrays:
            array.setflags(write=False)
        shown = Mixture(arrays[0], arrays[1], arrays[2], state.log_likelihood, state.step)
        yield shown
    return shown


def _gaussian(z: Tensor, rng: torch.Generator) -> Making:
    cov = torch.cov(z.double().T, correction=0).reshape(z.shape[1], z.shape[1])
    yield None
    return Gaussian(z.double().mean(0), cov)


def _fit_mixture(z: Tensor, rng: torch.Generator) -> Making:
    for mixture in _mixture.steps(z, _mixture.start(z, N_COMPONENTS, rng)):
        fitted = mixture
        yield None
    return fitted


def _fit_kde(z: Tensor, rng: torch.Generator) -> Making:
    for density in _kde.steps(z, rng):
        fitted = density
        yield None
    return fitted


_FITS: dict[str, Callable[[Tensor, torch.Generator], Making]] = {
    "gaussian": _gaussian,
    "mixture": _fit_mixture,
    "kde": _fit_kde,
}
NAMES = ("prior", *_FITS, "encodings")


def walks(model: Any, sampler: Sampler) -> bool:
    """Whether draws become images by the model's own walk, its classes included, not by `decode`:
    noise of the prior, where the latent space is that noise.
    """
    return isinstance(sampler, Prior) and has_noise_space(model)


def images(model: Any, sampler: Sampler, n: int, rng: torch.Generator) -> Iterator[Tensor]:
    """n draws as images, in chunks (m, C, H, W) on the CPU."""
    done = 0
    while done < n:
        m = min(CHUNK, n - done)
        with torch.no_grad():
            if walks(model, sampler):
                x = model.sample(m, rng)
            else:
                x = model.decode(sampler.sample(m, rng).to(model.device))
        done += m
        yield x.cpu()
