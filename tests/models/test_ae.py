"""The autoencoder: its losses, its sampler, and the net it shares with the VAE."""

from __future__ import annotations

import pytest
import torch
from torch import distributions as D

from genstudio.abilities import BadInput
from genstudio.models import family

SHAPE = (1, 8, 9)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def build(key="ae", shape=SHAPE, **settings):
    record = family(key)
    return record.build(shape, record.configure({"width": 12, "channels": 3, **settings}))


def images(n: int = 5) -> torch.Tensor:
    return torch.rand(n, *SHAPE, generator=rng(1))


def test_cross_entropy_is_that_of_independent_distributions():
    model, x = build().double(), images().double()
    z = model.encode(x).mean
    expected = -D.Bernoulli(logits=model.decoder(z), validate_args=False).log_prob(x)
    losses = model.losses(x, rng())
    assert torch.allclose(losses["loss"], expected.sum((1, 2, 3)).mean(), atol=1e-9)
    assert torch.equal(losses["loss"], losses["reconstruction"])
    assert model.reconstruction_unit == "nats"


def test_squared_error_is_summed_over_pixels():
    model, x = build(likelihood="gaussian").double(), images().double()
    expected = (model.decode(model.encode(x).mean) - x).square().sum((1, 2, 3)).mean()
    assert torch.allclose(model.losses(x, rng())["loss"], expected, atol=1e-9)
    assert model.reconstruction_unit == "squared error"


@pytest.mark.parametrize("net", ["dense", "conv"])
def test_ae_and_vae_share_their_net_but_for_the_log_std(net):
    ae, vae = build("ae", net=net), build("vae", net=net)
    ours = {name: p.shape for name, p in ae.named_parameters()}
    theirs = {name: p.shape for name, p in vae.named_parameters()}
    assert ours.keys() == theirs.keys()
    different = [name for name in ours if ours[name] != theirs[name]]
    last = len(ae.encoder) - 1
    assert different == [f"encoder.{last}.weight", f"encoder.{last}.bias"]
    assert theirs[f"encoder.{last}.bias"][0] == 2 * ours[f"encoder.{last}.bias"][0]


def test_own_sampler_is_the_gaussian_of_the_encodings():
    model, x = build(), images(40)
    model.calibrate(lambda: x.split(7))
    z = model.encode(x).mean.detach()
    assert torch.allclose(model.z_mean, z.mean(0), atol=1e-6)
    assert torch.allclose(model.z_cov, torch.cov(z.T, correction=0), atol=1e-6)
    model.z_mean.copy_(torch.tensor([3.0, -1.0]))
    model.z_cov.copy_(torch.tensor([[4.0, 1.0], [1.0, 0.5]]))
    drawn = model.draw(40_000, rng())
    assert torch.allclose(drawn.mean(0), model.z_mean, atol=0.05)
    assert torch.allclose(torch.cov(drawn.T), model.z_cov, atol=0.15)
    assert torch.equal(model.sample(3, rng()), model.sample(3, rng(), sampler="gaussian"))
    assert not torch.equal(model.sample(3, rng()), model.sample(3, rng(), sampler="prior"))


def test_a_flat_direction_of_the_encodings_can_be_sampled():
    model = build()
    model.z_cov.copy_(torch.tensor([[1.0, 1.0], [1.0, 1.0]]))
    z = model.draw(100, rng())
    assert torch.allclose(z[:, 0], z[:, 1], atol=1e-4)


def test_unknown_sampler_is_refused():
    with pytest.raises(BadInput, match="sampler"):
        build().sample(2, rng(), sampler="magic")


def test_images_of_another_shape_are_refused():
    with pytest.raises(BadInput, match=r"1 x 8 x 9 values, got \(1, 9, 8\)"):
        build().encode(torch.rand(2, 1, 9, 8))


def test_input_draws_reach_the_encoder_and_leave_the_target(monkeypatch):
    model, x = build(binarize="input"), images()
    seen, target = model._input_and_target(x, rng())
    assert torch.equal(target, x)
    assert set(seen.unique().tolist()) == {0.0, 1.0}
    seen, target = build(binarize="all")._input_and_target(x, rng())
    assert torch.equal(seen, target)
    model.eval()
    seen, target = model._input_and_target(x, rng())
    assert torch.equal(seen, x)
    assert torch.equal(target, x)


def test_draws_have_the_grey_value_as_their_mean():
    model = build(binarize="input")
    x = images(1).expand(4000, *SHAPE)
    seen, _ = model._input_and_target(x, rng())
    assert torch.allclose(seen.mean(0), x[0], atol=0.05)


def test_dropout_acts_in_training_only():
    model, x = build(dropout=0.5), images()
    assert model.losses(x, rng(1))["loss"] != model.losses(x, rng(2))["loss"]
    model.eval()
    assert model.losses(x, rng(1))["loss"] == model.losses(x, rng(2))["loss"]
