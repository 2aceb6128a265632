"""Dropout acts with a generator, is the identity without, and never touches the global one."""

from __future__ import annotations

import torch
from torch import nn

from genstudio.nn.dropout import Chain, Dropout, Residual


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_share_of_zeros_and_scale_of_the_rest():
    x = torch.ones(400, 500)
    y = Dropout(0.3)(x, generator())
    assert abs((y == 0).float().mean().item() - 0.3) < 0.005  # 5 sigma are 0.005
    assert torch.allclose(y[y != 0], torch.tensor(1 / 0.7))


def test_identity_without_a_generator_in_train_and_eval_mode():
    layer, x = Dropout(0.9), torch.randn(3, 4)
    assert torch.equal(layer.train()(x), x)
    assert torch.equal(layer.eval()(x), x)


def test_the_generator_alone_decides_and_the_global_one_is_left_alone():
    layer, x = Dropout(0.5), torch.ones(8, 8)
    before = torch.get_rng_state()
    first, second = layer(x, generator(3)), layer(x, generator(3))
    assert torch.equal(first, second)
    assert not torch.equal(first, layer(x, generator(4)))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_chain_hands_the_generator_to_dropout_however_deep():
    chain = Chain(nn.Identity(), Chain(Residual(Dropout(0.5))))
    x = torch.ones(1000)
    assert torch.equal(chain(x), 2 * x)
    assert set(chain(x, generator()).tolist()) == {1.0, 3.0}


def test_gradient_passes_only_where_kept():
    x = torch.ones(100, requires_grad=True)
    y = Dropout(0.5)(x, generator())
    y.sum().backward()
    assert torch.equal(x.grad, y.detach())
