"""The VAE's mathematics against torch.distributions, numerical integration and sample moments."""

from __future__ import annotations

import math

import pytest
import torch
from torch import distributions as D

from genstudio.abilities import BadInput
from genstudio.models import Posterior, family
from genstudio.models._latent import StandardNormal

TINY = {"width": 16, "depth": 1, "latent_dim": 2}


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def build(shape=(1, 3, 3), seed=0, **settings):
    vae = family("vae")
    return vae.build(shape, vae.configure({**TINY, **settings}), seed).double()


def images(n: int = 8, shape=(1, 3, 3)) -> torch.Tensor:
    return torch.rand(n, *shape, generator=rng(1), dtype=torch.float64).round()


def widen(model, scale: float = 30.0):
    """Make the posterior depend strongly on x, so that a missing term would show."""
    with torch.no_grad():
        model.encoder[-1].weight.mul_(scale)
        model.decoder[-2].weight.mul_(scale)
    return model


def test_kl_is_that_of_torch_distributions():
    mean = torch.randn(50, 7, generator=rng(), dtype=torch.float64)
    log_std = torch.randn(50, 7, generator=rng(1), dtype=torch.float64)
    expected = D.kl_divergence(D.Normal(mean, log_std.exp()), D.Normal(0.0, 1.0))
    assert torch.allclose(StandardNormal(7).kl(mean, log_std), expected, atol=1e-10)


def test_prior_density_is_that_of_torch_distributions():
    z = torch.randn(50, 3, generator=rng(), dtype=torch.float64)
    expected = D.Normal(0.0, 1.0).log_prob(z).sum(1)
    assert torch.allclose(StandardNormal(3).log_prob(z), expected, atol=1e-12)


def test_reparameterised_draws_have_the_posterior_moments():
    mean, std = torch.tensor([[1.0, -2.0]]), torch.tensor([[0.5, 3.0]])
    n = 40_000
    z = Posterior(mean.expand(n, 2), std.expand(n, 2)).sample(rng())
    assert torch.allclose(z.mean(0), mean[0], atol=0.08)  # 5 sigma of the wider one
    assert torch.allclose(z.std(0), std[0], rtol=0.02)
    mean.requires_grad_()
    std.requires_grad_()
    draw = Posterior(mean, std).sample(rng(2))
    draw.sum().backward()
    assert torch.equal(mean.grad, torch.ones(1, 2))
    noise = (draw - mean) / std
    assert torch.allclose(std.grad, noise)


@pytest.mark.parametrize("beta", [1.0, 0.25, 0.0])
def test_loss_is_reconstruction_plus_beta_kl_of_independent_distributions(beta):
    model, x = widen(build(beta=beta)), images()
    losses = model.losses(x, rng(4))
    mean, std = model.encode(x)
    z = mean + std * torch.randn(mean.shape, generator=rng(4), dtype=torch.float64)
    p = D.Bernoulli(logits=model.decoder(z))
    reconstruction = -p.log_prob(x).sum((1, 2, 3)).mean()
    kl = D.kl_divergence(D.Normal(mean, std), D.Normal(0.0, 1.0)).sum(1).mean()
    assert torch.allclose(losses["reconstruction"], reconstruction, atol=1e-9)
    assert torch.allclose(losses["kl"], kl, atol=1e-9)
    assert torch.allclose(losses["loss"], reconstruction + beta * kl, atol=1e-9)


@pytest.mark.parametrize("weight", [1.0, 0.25, 0.0])
def test_reconstruction_weight_scales_that_term_alone(weight):
    model, x = widen(build(reconstruction_weight=weight, beta=2.0)), images()
    losses = model.losses(x, rng(4))
    plain = widen(build()).losses(x, rng(4))
    assert torch.equal(losses["reconstruction"], plain["reconstruction"])
    assert torch.equal(losses["kl"], plain["kl"])
    assert torch.allclose(losses["loss"], weight * plain["reconstruction"] + 2.0 * plain["kl"])


def test_kl_only_gives_the_decoder_no_gradient():
    model = widen(build(reconstruction_weight=0.0))
    model.losses(images(), rng(4))["loss"].backward()
    assert all(not parameter.grad.any() for parameter in model.decoder.parameters())
    assert any(parameter.grad.any() for parameter in model.encoder.parameters())


def test_a_config_of_before_the_reconstruction_weight_means_one():
    vae = family("vae")
    old = vae.configure(TINY).model_dump()
    del old["reconstruction_weight"]
    assert vae.configure(old).reconstruction_weight == 1.0


def test_beta_is_read_at_each_step():
    model, x = build(), images()
    model.config = model.config.model_copy(update={"beta": 3.0})
    losses = model.losses(x, rng())
    assert torch.allclose(losses["loss"], losses["reconstruction"] + 3 * losses["kl"])


def test_grey_targets_are_a_cross_entropy():
    model = widen(build())
    x = torch.full((1, 1, 3, 3), 0.3, dtype=torch.float64)
    z = torch.zeros(1, 2, dtype=torch.float64)
    p = model.decode(z)
    expected = -(0.3 * p.log() + 0.7 * (1 - p).log()).sum()
    assert torch.allclose(model.reconstruction(x, z).sum(), expected, atol=1e-9)


def test_gaussian_likelihood_is_a_density_over_x():
    model, x = widen(build(likelihood="gaussian")), images()
    z = torch.randn(len(x), 2, generator=rng(), dtype=torch.float64)
    p = D.Normal(model.decode(z), model.noise.log_sigma.exp())
    assert torch.allclose(model.reconstruction(x, z), -p.log_prob(x).sum((1, 2, 3)), atol=1e-9)


def exact_log_prob(model, x):
    """log p(x) by summing p(x | z) p(z) over a fine grid of the 2-D latent space."""
    side = torch.linspace(-7, 7, 281, dtype=torch.float64)
    z = torch.cartesian_prod(side, side)
    logits = model.decoder(z)  # (M, C, H, W)
    log_prior = D.Normal(0.0, 1.0).log_prob(z).sum(1) + 2 * math.log(14 / 280)
    each = [D.Bernoulli(logits=logits).log_prob(image).sum((1, 2, 3)) + log_prior for image in x]
    return torch.stack(each).logsumexp(1)


@torch.no_grad()
def test_bound_rises_with_k_from_the_elbo_to_log_p():
    model, x = widen(build(), 4.0), images(3)
    exact = exact_log_prob(model, x).mean().item()
    many = x.repeat(4000, 1, 1, 1)
    reconstruction, kl = model.terms(many, rng(3))
    elbos = -(reconstruction + kl.sum(1))
    elbo, error = elbos.mean().item(), elbos.std().item() / len(many) ** 0.5
    bounds = [model.log_prob(many, rng=rng(5), k=k).mean().item() for k in (1, 5, 50)]
    assert bounds[0] == pytest.approx(elbo, abs=6 * error)  # k = 1 is the ELBO
    assert exact - elbo > 20 * error  # there is a gap to close
    assert elbo < bounds[1] < bounds[2] < exact + error
    assert bounds[2] == pytest.approx(exact, abs=0.2 * (exact - elbo))


@pytest.mark.parametrize("values", [500 * 9 * 7, 100 * 9, 1])  # of draws, of images, one by one
def test_bound_does_not_depend_on_how_the_draws_are_cut(monkeypatch, values):
    model = widen(build(), 4.0)
    x = images(1).expand(500 if values > 1 else 40, 1, 3, 3)
    whole = model.log_prob(x, rng=rng(1), k=50)
    monkeypatch.setattr("genstudio.models.vae.MAX_VALUES", values)
    cut = model.log_prob(x, rng=rng(2), k=50)
    error = (whole.var() / len(x) + cut.var() / len(x)).sqrt()
    assert cut.shape == whole.shape
    assert (cut.mean() - whole.mean()).abs() < 5 * error


def test_k_of_the_settings_is_used_unless_given():
    model, x = build(k=7), images()
    assert torch.equal(model.log_prob(x, rng=rng()), model.log_prob(x, rng=rng(), k=7))
    with pytest.raises(BadInput, match="k = 0"):
        model.log_prob(x, rng=rng(), k=0)


def test_grey_images_have_no_probability_under_bernoulli():
    grey = torch.full((2, 1, 3, 3), 0.5, dtype=torch.float64)
    with pytest.raises(BadInput, match="Binarize"):
        build().log_prob(grey, rng=rng())
    assert build(likelihood="gaussian").log_prob(grey, rng=rng()).shape == (2,)


def test_no_images_have_no_log_probs():
    assert build().log_prob(images(0), rng=rng()).shape == (0,)


def test_own_sampler_is_the_prior_of_training():
    model = build()
    model.z_mean.fill_(50.0)
    z = model.draw(20_000, rng())
    assert torch.allclose(z.mean(0), torch.zeros(2).double(), atol=0.04)
    assert torch.allclose(torch.cov(z.T), torch.eye(2).double(), atol=0.06)
    assert torch.equal(z, model.prior.sample(20_000, rng(), like=z))


def test_aggregate_posterior_counts_the_spread_of_each_image():
    model, x = widen(build(), 3.0), images(30)
    model.calibrate(lambda: x.split(8))
    mean, std = model.encode(x)
    rounds = 3000
    draws = torch.cat([Posterior(mean, std).sample(rng(seed)) for seed in range(rounds)]).detach()
    assert torch.allclose(draws.mean(0), model.z_mean, atol=0.05)
    assert torch.allclose(torch.cov(draws.T), model.z_cov, rtol=0.03, atol=0.05)


def test_a_wild_image_stays_finite():
    model = widen(build(), 1e6)
    losses = model.losses(images(), rng())
    losses["loss"].backward()
    assert losses["loss"].isfinite()


def test_half_precision_sums_in_float32():
    model = build().float()
    with torch.autocast("cpu", torch.bfloat16):
        losses = model.losses(images().float(), rng())
    assert losses["loss"].dtype == torch.float32
    exact = model.losses(images().float(), rng())["loss"]
    assert losses["loss"].item() == pytest.approx(exact.item(), rel=0.02)


def test_many_samples_are_decoded_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    record = family("vae")
    model = record.build((1, 28, 28), record.configure({"latent_dim": 2, "width": 16}), 0).eval()
    whole = model.sample(11, torch.Generator().manual_seed(0))
    made: list[int] = []
    decode = model.decode
    monkeypatch.setattr(model, "decode", lambda z: made.append(len(z)) or decode(z))
    monkeypatch.setattr("genstudio.models._base.MAX_VALUES", 4 * 8 * 784)
    parts = model.sample(11, torch.Generator().manual_seed(0))
    assert made == [4, 4, 3]
    torch.testing.assert_close(parts, whole, atol=1e-5, rtol=0)
