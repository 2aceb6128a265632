"""Variational autoencoder (Kingma & Welling 2014, Auto-Encoding Variational Bayes).

Equations: q(z | x) = N(mean(x), diag std(x)^2); z = mean + std * noise (section 2.4);
loss = E_q[-log p(x | z)] + beta * KL(q(z | x) || N(0, I)), the KL in closed form (appendix B).
beta = 1 is the negative ELBO; other values are the beta-VAE of Higgins et al. 2017, eq. 4;
beta = 0 is reconstruction only.
log_prob is the importance-weighted bound of Burda et al. 2016, eq. 8:
log (1/k) sum_i p(x, z_i) / q(z_i | x), at most log p(x) in expectation.
A Gaussian p(x | z) has one learned standard deviation for all pixels (Rybkin et al. 2021).

Differs: deeper nets and Adam; the paper has one hidden layer of tanh units and Adagrad.
Differs: `reconstruction_weight` times the first term; 1 is the paper's, 0 leaves the KL alone.
Differs: log std is held within [-10, 10], so that one wild image cannot overflow.
Differs: `binarize` may show the encoder a black-and-white draw of the image while the target stays
grey. Cross-entropy is linear in the target, so this is the expected bound of such draws with an
encoder that sees another draw of the same image: a regulariser of q, not another objective for p.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from genstudio.abilities import BadInput
from genstudio.models._autoencoder import (
    RECOMMENDED,
    Autoencoder,
    AutoencoderConfig,
    LearnedNoise,
    full,
)
from genstudio.models._base import Family, Posterior
from genstudio.models._config import N_, setting

MAX_LOG_STD = 10.0
MAX_VALUES = 1 << 18  # pixels decoded at once for log_prob: 1 MB stays in the cache


class VAEConfig(AutoencoderConfig):
    """Settings of the variational autoencoder."""

    beta: float = setting(
        1.0,
        N_("Beta"),
        N_("Weight of the KL term. 1 is the ELBO; more gives tidier codes and blurrier images."),
        ge=0.0,
        le=1000.0,
        live=True,
    )
    reconstruction_weight: float = setting(
        1.0,
        N_("Reconstruction weight"),
        N_("Weight of the reconstruction term. 1 is the ELBO; 0 trains by the KL term alone."),
        ge=0.0,
        le=1000.0,
        live=True,
        advanced=True,
    )
    k: int = setting(
        64,
        N_("Importance samples"),
        N_("Draws of z for the bound on log p(x); more makes it tighter and slower."),
        ge=1,
        le=10_000,
        advanced=True,
    )


class VAE(Autoencoder):
    """Variational autoencoder with a diagonal Gaussian posterior and the prior N(0, I)."""

    config: VAEConfig
    own_sampler = "prior"
    codes_per_latent = 2  # mean and log std

    def __init__(self, config: VAEConfig, shape: tuple[int, ...]) -> None:
        super().__init__(config, shape)
        self.noise = LearnedNoise() if config.likelihood == "gaussian" else None

    def encode(self, x: Tensor) -> Posterior:
        """q(z | x): x (N, C, H, W) to mean and std (N, D)."""
        mean, log_std = self._posterior(self.check(x))
        return Posterior(mean, log_std.exp())

    def _posterior(
        self, x: Tensor, dropout: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Mean and log std (N, D)."""
        mean, log_std = full(self.encoder(x, dropout)).chunk(2, dim=1)
        return mean, log_std.clamp(-MAX_LOG_STD, MAX_LOG_STD)

    @property
    def reconstruction_unit(self) -> str:
        return "nats"

    def reconstruction(self, x: Tensor, z: Tensor) -> Tensor:
        """-log p(x | z) in nats, (N,); a cross-entropy where x is grey and p is Bernoulli."""
        misfit = self._misfit(x, self.decoder(z))
        return misfit if self.noise is None else self.noise.nll(misfit, math.prod(self.shape))

    def terms(
        self, x: Tensor, rng: torch.Generator, target: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """-log p(target | z) (N,) at one draw of z from q(z | x), and the KL (N, D), in nats.

        `target` is x unless given. Their sum over D is the negative ELBO of each image.
        """
        mean, log_std = self._posterior(x, self._dropout(rng))
        z = Posterior(mean, log_std.exp()).sample(rng)  # (N, D)
        reconstruction = self.reconstruction(x if target is None else target, z)
        return reconstruction, self.prior.kl(mean, log_std)

    def losses(self, x: Tensor, rng: torch.Generator, y: Tensor | None = None) -> dict[str, Tensor]:
        """`reconstruction_weight` * `reconstruction` + beta * `kl`, in nats per image."""
        seen, target = self._input_and_target(x, rng)
        reconstructions, kls = self.terms(seen, rng, target)
        reconstruction, kl = reconstructions.mean(), kls.sum(1).mean()
        loss = self.config.reconstruction_weight * reconstruction + self.config.beta * kl
        return {"loss": loss, "reconstruction": reconstruction, "kl": kl}

    def log_prob_kind(self) -> str:
        return "lower bound"

    @torch.no_grad()
    def log_prob(self, x: Tensor, *, rng: torch.Generator, k: int | None = None) -> Tensor:
        """Importance-weighted bound on log p(x) in nats over x itself, (N,).

        `k` draws of z; the config's k unless given. Source: Burda et al. 2016, eq. 8.
        Raises: BadInput for grey images under a Bernoulli likelihood, which cannot explain them.
        """
        if self.config.likelihood == "bernoulli" and not ((x == 0) | (x == 1)).all():
            raise BadInput(
                "A Bernoulli likelihood knows only the pixel values 0 and 1, got values between. "
                "Binarize the images first, or train with likelihood=gaussian."
            )
        draws = self.config.k if k is None else k
        if draws < 1:
            raise BadInput(f"The bound needs draws of z, got k = {draws}. Choose k = 1 or more.")
        rows = max(1, MAX_VALUES // math.prod(self.shape))
        parts = [self._bound(chunk, draws, rng) for chunk in x.split(rows)]
        return torch.cat(parts)

    def _bound(self, x: Tensor, draws: int, rng: torch.Generator) -> Tensor:
        """log (1/k) sum_i w_i of a chunk of images, as many draws at once as fit: (N,)."""
        mean, log_std = self._posterior(self.check(x))
        std = log_std.exp()
        n = len(x)
        at_once = max(1, MAX_VALUES // max(1, x.numel()))
        total = torch.full((n,), -math.inf, device=x.device, dtype=mean.dtype)
        for first in range(0, draws, at_once):
            m = min(at_once, draws - first)
            size = (m, n, self.latent_dim)
            noise = torch.randn(size, generator=rng, device=x.device, dtype=mean.dtype)
            z = mean + std * noise  # (m, n, D)
            repeated = x.expand(m, *x.shape).flatten(0, 1)  # (m * n, C, H, W)
            log_likelihood = -self.reconstruction(repeated, z.flatten(0, 1)).view(m, n)
            log_q = self.prior.log_prob(noise) - log_std.sum(1)  # of z = mean + std * noise
            log_w = log_likelihood + self.prior.log_prob(z) - log_q  # (m, n)
            total = torch.logaddexp(total, torch.logsumexp(log_w, dim=0))
        return total - math.log(draws)


FAMILY = Family(
    key="vae",
    title=N_("Variational autoencoder"),
    paper="Kingma & Welling 2014, Auto-Encoding Variational Bayes",
    config=VAEConfig,
    model=VAE,
    recommended=RECOMMENDED,
)
