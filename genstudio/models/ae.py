"""Autoencoder: a code z = f(x) from which g(z) rebuilds the image (Hinton & Salakhutdinov 2006).

Equations: minimise E[-log p(x | z = f(x))], where p(x | z) is Bernoulli with mean sigmoid(g(z))
(their cross-entropy), or the squared error |x - sigmoid(g(z))|^2.

Differs: trained from random weights by Adam, not layer by layer as restricted Boltzmann machines.
Differs: encoder and decoder share no weights, so that the nets are those of the VAE.
Differs: `binarize` may show the encoder a black-and-white draw of the image, as in the VAE.
Differs: samples come from a Gaussian with mean and covariance of the training encodings; the paper
draws none.
"""

from __future__ import annotations

import torch
from torch import Tensor

from genstudio.models._autoencoder import RECOMMENDED, Autoencoder, AutoencoderConfig
from genstudio.models._base import Family, Posterior
from genstudio.models._config import N_


class AEConfig(AutoencoderConfig):
    """Settings of the autoencoder."""


class AE(Autoencoder):
    """Deterministic autoencoder."""

    config: AEConfig

    def encode(self, x: Tensor) -> Posterior:
        """z = f(x), (N, C, H, W) to (N, D), without a spread."""
        return Posterior(self.encoder(self.check(x)), None)

    def losses(self, x: Tensor, rng: torch.Generator, y: Tensor | None = None) -> dict[str, Tensor]:
        """`reconstruction` per image, in `reconstruction_unit`; it is the loss."""
        seen, target = self._input_and_target(x, rng)
        z = self.encoder(seen, self._dropout(rng))  # (N, D)
        reconstruction = self.reconstruction(target, z).mean()
        return {"loss": reconstruction, "reconstruction": reconstruction}


FAMILY = Family(
    key="ae",
    title=N_("Autoencoder"),
    paper="Hinton & Salakhutdinov 2006, Reducing the Dimensionality of Data with Neural Networks",
    config=AEConfig,
    model=AE,
    recommended=RECOMMENDED,
)
