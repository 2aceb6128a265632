"""The nets of diffusion: every size fits, every weight learns, every condition is heard."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from genstudio.nn.unet import PointNet, UNet, point_weights, time_features, unet_weights


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def unet(shape: tuple[int, int, int] = (1, 9, 11), **options: Any) -> UNet:
    settings = {"channels": 4, "levels": 2, "blocks": 2, "patch": 1, "attention": True}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return UNet(shape, n_classes=3, **{**settings, **options})


def points(**options: Any) -> PointNet:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return PointNet(2, width=16, depth=2, n_classes=3, **options)


def louder(net: nn.Module) -> nn.Module:
    """Layers that begin near zero are given something to say."""
    with torch.no_grad():
        for p in net.parameters():
            p.add_(0.1 * torch.randn(p.shape, generator=rng(1)))
    return net


def inputs(shape: tuple[int, ...], n: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    x = torch.randn(n, *shape, generator=rng(2))
    return x, torch.linspace(1, 1000, n), torch.arange(n) % 4


@pytest.mark.parametrize("patch", [1, 2, 4])
@pytest.mark.parametrize("levels", [1, 2, 3])
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 9, 11), (1, 5, 16), (2, 1, 1)])
def test_every_size_fits_and_every_weight_learns(
    shape: tuple[int, int, int], levels: int, patch: int
) -> None:
    net = unet(shape, levels=levels, patch=patch)
    x, time, label = inputs(shape)
    out = net(x, time, label)
    assert out.shape == x.shape
    out.square().mean().backward()
    for name, p in net.named_parameters():
        assert p.grad is not None and p.grad.isfinite().all(), name
        if shape[1] > 1:  # one place alone has nothing to attend to or to normalise
            assert p.grad.abs().max() > 0, name


@pytest.mark.parametrize("attention", [True, False])
@pytest.mark.parametrize("blocks", [1, 3])
def test_blocks_and_attention_are_there_when_asked_for(attention: bool, blocks: int) -> None:
    net = unet(blocks=blocks, attention=attention)
    assert sum(type(m).__name__ == "Attention" for m in net.modules()) == attention
    assert sum(type(m).__name__ == "Block" for m in net.down) == 2 * blocks
    net(*inputs((1, 9, 11))).sum().backward()
    assert all(p.grad is not None for p in net.parameters())


@pytest.mark.parametrize("n_classes", [0, 3])
@pytest.mark.parametrize(
    ("levels", "blocks", "attention"), [(1, 1, True), (2, 2, False), (4, 3, True)]
)
def test_weights_are_counted_before_they_are_made(
    n_classes: int, levels: int, blocks: int, attention: bool
) -> None:
    net = UNet((3, 9, 11), channels=4, levels=levels, blocks=blocks, patch=2, attention=attention,
               n_classes=n_classes)  # fmt: skip
    counted = unet_weights((3, 9, 11), 4, levels, blocks, 2, attention, n_classes)
    assert counted == sum(p.numel() for p in net.parameters())
    flat = PointNet(2, width=16, depth=levels, n_classes=n_classes)
    assert point_weights(2, 16, levels, n_classes) == sum(p.numel() for p in flat.parameters())


def test_every_weight_of_the_net_for_points_learns() -> None:
    net = points()
    net(*inputs((2,), 8)).square().mean().backward()
    for name, p in net.named_parameters():
        assert p.grad is not None and p.grad.abs().max() > 0, name


@pytest.mark.parametrize(("net", "shape"), [(unet(), (1, 9, 11)), (points(), (2,))])
def test_time_and_class_are_heard_and_rows_are_apart(
    net: nn.Module, shape: tuple[int, ...]
) -> None:
    net = louder(net)
    x, time, label = inputs(shape)
    out = net(x, time, label)
    assert not torch.allclose(out, net(x, time + 100, label), atol=1e-3)
    assert not torch.allclose(out, net(x, time, (label + 1) % 4), atol=1e-3)
    assert torch.allclose(net(x[1:2], time[1:2], label[1:2]), out[1:2], atol=1e-4)


def test_what_a_level_has_seen_is_added_on_the_way_up() -> None:
    """With nothing coming up from the coarser levels, the finest one still sees x."""
    net = louder(unet((1, 16, 16), levels=3))
    coarser = [layer for layer in net.up if isinstance(layer, nn.Conv2d)]
    assert len(coarser) == 2
    x, time, label = inputs((1, 16, 16))
    whole = net(x, time, label)
    with torch.no_grad():
        for p in coarser[-1].parameters():
            p.zero_()
    assert not torch.allclose(net(x, time, label), whole, atol=1e-3)
    assert not torch.allclose(net(x.flip(3), time, label), net(x, time, label), atol=1e-3)


def test_time_features_are_sines_and_cosines_of_falling_frequency() -> None:
    got = time_features(torch.tensor([0.0, 3.0]), 8)
    for k in range(4):
        angle = 3.0 / 10_000 ** (k / 4)
        assert float(got[1, k]) == pytest.approx(math.sin(angle), abs=1e-6)
        assert float(got[1, 4 + k]) == pytest.approx(math.cos(angle), abs=1e-6)
    assert got[0].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


@pytest.mark.parametrize(("net", "shape"), [(unet(), (1, 9, 11)), (points(), (2,))])
def test_in_double_precision_the_answer_is_the_same(net: nn.Module, shape: tuple[int, ...]) -> None:
    net = louder(net)
    x, time, label = inputs(shape)
    single = net(x, time, label)
    double = net.double()(x.double(), time, label)
    assert double.dtype == torch.float64
    assert torch.allclose(double.float(), single, atol=1e-4, rtol=1e-4)


def test_dropout_is_drawn_from_the_generator_and_needs_one() -> None:
    for net, shape in ((unet(dropout=0.5), (1, 9, 11)), (points(dropout=0.5), (2,))):
        net = louder(net)
        args = inputs(shape)
        first, again, other = (net(*args, rng(seed)) for seed in (1, 1, 2))
        assert torch.equal(first, again) and not torch.equal(first, other)
        assert torch.equal(net(*args), net(*args)) and not torch.equal(net(*args), first)
