"""Denoising autoencoder: rebuild the clean image from a damaged one (Vincent et al. 2008, 2010).

Equations: minimise E[-log p(x | z = f(x~))] with x~ drawn from the corruption q(x~ | x):
x~ = x + sigma * noise, or each value of x set to 0 with probability v ("masking noise").

Differs: one autoencoder trained in one go, not a stack trained layer by layer; encoder and decoder
share no weights.
Differs: masking decides about each value by itself; the paper zeroes a fixed number v * d of them.
Differs: `encode` sees the clean image; samples come from a Gaussian with mean and covariance of
those encodings.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from genstudio.models._autoencoder import RECOMMENDED, Autoencoder, AutoencoderConfig
from genstudio.models._base import Family, Posterior
from genstudio.models._config import N_, setting


class DAEConfig(AutoencoderConfig):
    """Settings of the denoising autoencoder."""

    corruption: Literal["gaussian", "masking"] = setting(
        "masking",
        N_("Corruption"),
        N_("gaussian: add noise to every pixel. masking: set pixels to black."),
    )
    noise_std: float = setting(
        0.5,
        N_("Noise"),
        N_("Standard deviation of the Gaussian noise; a pixel goes from 0 to 1."),
        ge=0.0,
        le=5.0,
        live=True,
    )
    mask_share: float = setting(
        0.25,
        N_("Masked share"),
        N_("Share of the pixels that masking sets to black."),
        ge=0.0,
        le=1.0,
        live=True,
    )


class DAE(Autoencoder):
    """Autoencoder that is shown damaged images and asked for the clean ones."""

    config: DAEConfig

    def encode(self, x: Tensor) -> Posterior:
        """z = f(x) of the image as it is, (N, C, H, W) to (N, D), without a spread."""
        return Posterior(self.encoder(self.check(x)), None)

    def corrupt(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """One draw of q(x~ | x); Gaussian noise may leave [0, 1]."""
        if self.config.corruption == "gaussian":
            noise = torch.randn(x.shape, generator=rng, device=x.device, dtype=x.dtype)
            return x + self.config.noise_std * noise
        keep = torch.empty_like(x).bernoulli_(1.0 - self.config.mask_share, generator=rng)
        return x * keep

    def losses(self, x: Tensor, rng: torch.Generator, y: Tensor | None = None) -> dict[str, Tensor]:
        """`reconstruction` of the clean image from a damaged one, damaged in training and test."""
        seen, target = self._input_and_target(x, rng)
        z = self.encoder(self.corrupt(seen, rng), self._dropout(rng))  # (N, D)
        reconstruction = self.reconstruction(target, z).mean()
        return {"loss": reconstruction, "reconstruction": reconstruction}


FAMILY = Family(
    key="dae",
    title=N_("Denoising autoencoder"),
    paper="Vincent et al. 2010, Stacked Denoising Autoencoders",
    config=DAEConfig,
    model=DAE,
    recommended=RECOMMENDED,
)
