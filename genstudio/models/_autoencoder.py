"""What AE, DAE and VAE share: the nets, and how far a reconstruction is from its image."""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genstudio.models._config import N_, setting
from genstudio.models._latent import LatentModel
from genstudio.models._net import NetConfig, build_nets

MIN_LOG_SIGMA = math.log(1 / 255)  # sharper than one grey level means nothing


class AutoencoderConfig(NetConfig):
    """Nets, and the likelihood p(x | z) that both plain and variational autoencoders are trained with."""

    likelihood: Literal["bernoulli", "gaussian"] = setting(
        "bernoulli",
        N_("Likelihood"),
        N_(
            "bernoulli: cross-entropy of each pixel. gaussian: squared error, in a VAE with a learned noise level."
        ),
    )
    binarize: bool = setting(
        False,
        N_("Binarize"),
        N_(
            "Train on a fresh black-and-white draw of each image at each step (dynamic binarization)."
        ),
        advanced=True,
    )


class Autoencoder(LatentModel):
    """Encoder and decoder of one record of settings. p(x | z) is Bernoulli or Gaussian with mean sigmoid(decoder(z))."""

    config: AutoencoderConfig
    codes_per_latent = 1  # numbers the encoder gives for each latent dimension

    def __init__(self, config: AutoencoderConfig, shape: tuple[int, ...]) -> None:
        super().__init__(config, shape, config.latent_dim)
        self.encoder, self.decoder = build_nets(
            config, shape, self.codes_per_latent * config.latent_dim
        )

    def decode(self, z: Tensor) -> Tensor:
        """Mean of p(x | z): z (N, D) to x (N, C, H, W) in [0, 1]."""
        return torch.sigmoid(self.decoder(z))

    def reconstruction(self, x: Tensor, z: Tensor) -> Tensor:
        """How badly z explains x, (N,): -log p(x | z) in nats where p is Bernoulli, the squared error where it is not."""
        return self._misfit(x, self.decoder(z))

    @property
    def reconstruction_unit(self) -> str:
        """ "nats" or "squared error": what `reconstruction` and the losses are measured in."""
        return "nats" if self.config.likelihood == "bernoulli" else "squared error"

    def _misfit(self, x: Tensor, logits: Tensor) -> Tensor:
        """`reconstruction` from the decoder's logits (N, C, H, W), summed over pixels: (N,)."""
        logits = full(logits)
        if self.config.likelihood == "bernoulli":
            each = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
        else:
            each = F.mse_loss(torch.sigmoid(logits), x, reduction="none")
        return each.flatten(1).sum(1)

    def _targets(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """x, or in training its black-and-white draw where the settings ask for it."""
        if self.config.binarize and self.training:
            return torch.bernoulli(x, generator=rng)
        return x

    def _dropout(self, rng: torch.Generator) -> torch.Generator | None:
        """The generator for dropout: `rng` in training, none when a loss is only measured."""
        return rng if self.training else None


class LearnedNoise(nn.Module):
    """One learned standard deviation sigma of a Gaussian likelihood (Rybkin et al. 2021, shared by all pixels)."""

    def __init__(self) -> None:
        super().__init__()
        self.log_sigma = nn.Parameter(torch.tensor(-1.0))

    def nll(self, squared_error: Tensor, n_values: int) -> Tensor:
        """-log N(x; mean, sigma^2) in nats, (N,), from the squared error summed over `n_values` values."""
        log_sigma = self.log_sigma.clamp(min=MIN_LOG_SIGMA)
        return 0.5 * squared_error * (-2 * log_sigma).exp() + n_values * (
            log_sigma + 0.5 * math.log(2 * math.pi)
        )


def full(x: Tensor) -> Tensor:
    """x in at least float32: sums over pixels lose too much in half precision."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
