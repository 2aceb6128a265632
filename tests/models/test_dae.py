"""The denoising autoencoder: statistics of its corruptions, and what it is asked to rebuild."""

from __future__ import annotations

import pytest
import torch
from torch import distributions as D

from genstudio.models import family

SHAPE = (1, 20, 20)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def build(**settings):
    dae = family("dae")
    return dae.build(SHAPE, dae.configure({"width": 12, **settings}))


def images(n: int = 200) -> torch.Tensor:
    return 0.1 + 0.9 * torch.rand(n, *SHAPE, generator=rng(1))


@pytest.mark.parametrize("share", [0.0, 0.25, 0.7, 1.0])
def test_masking_blackens_that_share_and_leaves_the_rest(share):
    x = images()
    damaged = build(corruption="masking", mask_share=share).corrupt(x, rng())
    black = damaged == 0
    assert abs(black.float().mean().item() - share) < 0.009  # 5 sigma of 80,000 values
    assert torch.equal(damaged[~black], x[~black])
    per_image = black.float().mean((1, 2, 3))
    if 0 < share < 1:
        assert per_image.std() > 0  # each value is decided by itself


@pytest.mark.parametrize("std", [0.0, 0.3, 2.0])
def test_gaussian_noise_has_mean_zero_and_that_deviation(std):
    x = images()
    noise = build(corruption="gaussian", noise_std=std).corrupt(x, rng()) - x
    assert abs(noise.mean().item()) <= 0.02 * std + 1e-9
    assert noise.std().item() == pytest.approx(std, rel=0.02, abs=1e-9)
    if std:
        scaled = (noise / std).flatten()
        assert abs((scaled.abs() < 1).float().mean().item() - 0.6827) < 0.01


def test_corruption_is_read_live():
    model, x = build(corruption="masking"), images(2)
    model.config = model.config.model_copy(update={"mask_share": 1.0})
    assert (model.corrupt(x, rng()) == 0).all()


@pytest.mark.parametrize("corruption", ["gaussian", "masking"])
def test_loss_compares_with_the_clean_image(corruption):
    model, x = build(corruption=corruption).double(), images(10).double()
    damaged = model.corrupt(x, rng(3))
    logits = model.decoder(model.encoder(damaged))
    expected = -D.Bernoulli(logits=logits, validate_args=False).log_prob(x).sum((1, 2, 3)).mean()
    assert torch.allclose(model.losses(x, rng(3))["loss"], expected, atol=1e-9)
    model.eval()
    assert torch.allclose(model.losses(x, rng(3))["loss"], expected, atol=1e-9)


def test_encode_sees_the_clean_image():
    model, x = build(), images(4)
    assert torch.equal(model.encode(x).mean, model.encoder(x))


def test_training_removes_noise():
    """What comes back is nearer to the clean image, of one stripe, than what went in."""
    model = build(width=64, depth=1, latent_dim=8, corruption="gaussian", noise_std=0.5)
    clean = torch.zeros(20, *SHAPE)
    clean[torch.arange(20), 0, torch.arange(20)] = 1.0
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(150):
        optimizer.zero_grad()
        model.losses(clean, rng(step))["loss"].backward()
        optimizer.step()
    damaged = model.corrupt(clean, rng(1000))
    rebuilt = model.decode(model.encode(damaged).mean)
    assert (rebuilt - clean).square().mean() < 0.2 * (damaged - clean).square().mean()
