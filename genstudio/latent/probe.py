"""One point of a latent space: its image at once, and what can be said of it a moment later."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from genstudio.latent._decode import latent_batch, to_numpy


@dataclass(frozen=True, eq=False)
class Probe:
    """A decoded z. `details` fills what `decode` leaves None.

    `log_prior_nats` is log p(z) under what the model samples from: N(0, I), or the Gaussian of its
    training encodings, as `prior` says ("prior" or "gaussian"). `cycle` is how far encoding the
    image leads away from z: root mean square over dimensions, in standard deviations of that prior.
    """

    z: np.ndarray  # (D,)
    image: np.ndarray  # float32 (C, H, W) in [0, 1]
    log_prior_nats: float | None = None
    cycle: float | None = None
    prior: str = ""


def decode(model: Any, z: ArrayLike) -> Probe:
    """Query: the image of z (D,), and nothing that would delay it."""
    batch = latent_batch(model, z)
    with torch.no_grad():
        image = model.decode(batch)
    return Probe(np.asarray(z, np.float32), to_numpy(image[0]))


def details(model: Any, z: ArrayLike) -> Probe:
    """Query: the image of z (D,) with its log prior density and its cycle error."""
    batch = latent_batch(model, z)
    kind, mean, cov = prior_of(model)
    with torch.no_grad():
        image = model.decode(batch)
        back = model.encode(image).mean
    spread = cov.diagonal().clamp(min=1e-12).sqrt()
    z64 = batch[0].cpu().double()
    cycle = ((back[0].cpu().double() - z64) / spread).square().mean().sqrt()
    if kind == "prior":
        log_prior = float(-0.5 * (z64.square() + math.log(2 * math.pi)).sum())
    else:
        log_prior = gaussian_log_density(z64, mean, cov)
    return Probe(np.asarray(z, np.float32), to_numpy(image[0]), log_prior, float(cycle), kind)


def prior_of(model: Any) -> tuple[str, Tensor, Tensor]:
    """What the model itself samples z from: its name, mean (D,) and covariance (D, D), in
    float64 on the CPU.
    """
    kind = getattr(model, "own_sampler", "prior")
    dim = model.latent_dim
    if kind == "gaussian" and hasattr(model, "z_cov"):
        return kind, model.z_mean.cpu().double(), model.z_cov.cpu().double()
    return "prior", torch.zeros(dim, dtype=torch.float64), torch.eye(dim, dtype=torch.float64)


def gaussian_log_density(z: Tensor, mean: Tensor, cov: Tensor) -> float:
    """log N(z; mean, cov) in nats; directions without spread count as a spread of 1e-6."""
    values, vectors = torch.linalg.eigh(cov)
    values = values.clamp(min=1e-12)
    white = (z - mean) @ vectors / values.sqrt()
    norm = values.log().sum() + len(z) * math.log(2 * math.pi)
    return float(-0.5 * (white.square().sum() + norm))
