"""The nets that the autoencoders share: every size of image, and none that asks for gigabytes."""

from __future__ import annotations

import itertools

import pytest
import torch

from genstudio.abilities import BadInput
from genstudio.models import family
from genstudio.models._net import MAX_WEIGHTS, NetConfig, build_nets

SIZES = [(1, 28, 28), (1, 28, 30), (3, 64, 64), (1, 9, 7)]


@pytest.mark.parametrize(("shape", "net"), list(itertools.product(SIZES, ["dense", "conv"])))
def test_sizes_come_back(shape, net):
    config = NetConfig(net=net, width=16, channels=4, latent_dim=3)
    encoder, decoder = build_nets(config, shape, 5)
    assert encoder(torch.rand(2, *shape)).shape == (2, 5)
    assert decoder(torch.randn(2, 3)).shape == (2, *shape)


@pytest.mark.parametrize("net", ["dense", "conv"])
def test_defaults_build_for_colour_images_of_64_by_64(net):
    vae = family("vae")
    model = vae.build((3, 64, 64), vae.configure({"net": net}))
    assert model.sample(1, torch.Generator()).shape == (1, 3, 64, 64)


def largest() -> dict[str, int]:
    """Every size of the settings at its limit: what a hostile file might hold."""
    fields = NetConfig.model_fields
    limits = {}
    for name, field in fields.items():
        upper = [m.le for m in field.metadata if hasattr(m, "le")]
        if upper and name != "dropout":
            limits[name] = upper[0]
    return limits


def allocated(monkeypatch) -> list[int]:
    """Counts the weights of every layer that is built."""
    counts: list[int] = []
    for layer in (torch.nn.Linear, torch.nn.Conv2d, torch.nn.ConvTranspose2d):
        monkeypatch.setattr(layer, "__init__", lambda self, *a, **k: counts.append(1))
    return counts


@pytest.mark.parametrize("net", ["dense", "conv"])
def test_too_large_a_net_is_refused_before_anything_is_built(net, monkeypatch):
    built = allocated(monkeypatch)
    config = NetConfig(**{**largest(), "levels": 2}, net=net)
    with pytest.raises(BadInput, match="million weights, more than the 50 million allowed"):
        build_nets(config, (3, 64, 64), 2)
    assert built == []


@pytest.mark.parametrize("net", ["dense", "conv"])
def test_too_large_an_image_is_refused_before_anything_is_built(net, monkeypatch):
    built = allocated(monkeypatch)
    with pytest.raises(BadInput, match="million weights"):
        build_nets(NetConfig(net=net), (3, 100_000, 100_000), 2)
    assert built == []


def test_every_size_has_a_limit():
    for name, field in NetConfig.model_fields.items():
        if field.annotation in (int, float):
            assert any(hasattr(m, "le") for m in field.metadata), name
            assert any(hasattr(m, "ge") for m in field.metadata), name


def test_default_nets_are_well_below_the_limit():
    encoder, decoder = build_nets(NetConfig(), (1, 28, 28), 4)
    assert sum(p.numel() for net in (encoder, decoder) for p in net.parameters()) < MAX_WEIGHTS / 20


@pytest.mark.parametrize("shape", [(28, 28), (1, 0, 28), (1, 1, 28, 28), (1, -3, 5)])
def test_shapes_that_are_no_images_are_refused(shape):
    with pytest.raises(BadInput, match="channels, height and width"):
        build_nets(NetConfig(), shape, 2)


def test_images_too_small_for_the_levels_are_refused():
    with pytest.raises(BadInput, match="Choose fewer levels"):
        build_nets(NetConfig(net="conv", levels=4), (1, 10, 40), 2)
