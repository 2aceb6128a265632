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

RECOMMENDED = {
    "lr": 1e-3,
    "batch_size": 256,
    "epochs": 60,
    "lr_schedule": "cosine",
    "warmup_steps": 500,
    "ema_decay": 0.999,
}


class AutoencoderConfig(NetConfig):
    """Nets, and the likelihood p(x | z) that plain and variational autoencoders train with."""

    likelihood: Literal["bernoulli", "gaussian"] = setting(
        "bernoulli",
        N_("Likelihood"),
        N_("bernoulli: cross-entropy. gaussian: squared error; a VAE learns its noise level."),
    )
    binarize: Literal["off", "input", "all"] = setting(
        "off",
        N_("Binarize"),
        N_(
            "What training replaces by a fresh black-and-white draw of the image at each step. "
            "input: what the encoder sees, against overfitting. "
            "all: the target too (dynamic binarization)."
        ),
        advanced=True,
    )


class Autoencoder(LatentModel):
    """Encoder and decoder; p(x | z) is Bernoulli or Gaussian with mean sigmoid(decoder(z))."""

    config: AutoencoderConfig
    codes_per_latent = 1  # numbers the encoder gives for each latent dimension

    def __init__(self, config: AutoencoderConfig, shape: tuple[int, ...]) -> None:
        super().__init__(config, shape, config.latent_dim)
        n_code = self.codes_per_latent * config.latent_dim
        self.encoder, self.decoder = build_nets(config, shape, n_code)

    def decode(self, z: Tensor) -> Tensor:
        """Mean of p(x | z): z (N, D) to x (N, C, H, W) in [0, 1]."""
        return torch.sigmoid(self.decoder(z))

    def reconstruction(self, x: Tensor, z: Tensor) -> Tensor:
        """How badly z explains x, (N,): -log p(x | z), in `reconstruction_unit`."""
        return self._misfit(x, self.decoder(z))

    @property
    def reconstruction_unit(self) -> str:
        """What `reconstruction` and the losses are measured in: nats, or squared error."""
        return "nats" if self.config.likelihood == "bernoulli" else "squared error"

    def _misfit(self, x: Tensor, logits: Tensor) -> Tensor:
        """Cross-entropy or squared error of the decoder's logits (N, C, H, W), summed to (N,)."""
        logits = full(logits)
        if self.config.likelihood == "bernoulli":
            each = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
        else:
            each = F.mse_loss(torch.sigmoid(logits), x, reduction="none")
        return each.flatten(1).sum(1)

    def _input_and_target(self, x: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """What the encoder sees and what the decoder shall give; the settings act in training."""
        if self.config.binarize == "off" or not self.training:
            return x, x
        uniform = torch.rand(x.shape, generator=rng, device=x.device, dtype=x.dtype)
        drawn = uniform.lt_(x)  # four times as fast as torch.bernoulli(x)
        return drawn, drawn if self.config.binarize == "all" else x

    def _dropout(self, rng: torch.Generator) -> torch.Generator | None:
        """The generator for dropout: `rng` in training, none when a loss is only measured."""
        return rng if self.training else None


class LearnedNoise(nn.Module):
    """One learned standard deviation of a Gaussian likelihood, shared by all pixels.

    Source: Rybkin et al. 2021, "Simple and Effective VAE Training with Calibrated Decoders".
    """

    def __init__(self) -> None:
        super().__init__()
        self.log_sigma = nn.Parameter(torch.tensor(-1.0))

    def nll(self, squared_error: Tensor, n_values: int) -> Tensor:
        """-log N(x; mean, sigma^2) in nats, (N,), from the squared error over `n_values` values."""
        log_sigma = self.log_sigma.clamp(min=MIN_LOG_SIGMA)
        norm = n_values * (log_sigma + 0.5 * math.log(2 * math.pi))
        return 0.5 * squared_error * (-2 * log_sigma).exp() + norm


def full(x: Tensor) -> Tensor:
    """x in at least float32: sums over pixels lose too much in half precision."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
