"""Fully connected nets: layers, residual sums, and the count of weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from genstudio.nn.dropout import Dropout
from genstudio.nn.mlp import ACTIVATIONS, mlp, mlp_weights


def n_weights(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("sizes", [(5, 3), (5, 7, 2), (6, 8, 8, 9, 9, 4)])
def test_count_of_weights_without_building(sizes, residual):
    assert n_weights(mlp(sizes, "relu", 0.1, residual)) == mlp_weights(sizes, residual)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_plain_net_is_the_product_of_its_layers(activation):
    net = mlp((4, 6, 6, 3), activation).double()
    linear = [layer for layer in net if isinstance(layer, nn.Linear)]
    x = torch.randn(5, 4, dtype=torch.float64)
    h = x
    for layer in linear[:-1]:
        h = ACTIVATIONS[activation]()(h @ layer.weight.T + layer.bias)
    expected = h @ linear[-1].weight.T + linear[-1].bias
    assert torch.allclose(net(x), expected, atol=1e-12)


def test_residual_net_adds_the_input_where_sizes_agree():
    net = mlp((4, 6, 6, 3), "gelu", residual=True).double()
    x = torch.randn(5, 4, dtype=torch.float64)
    first, norm, act, block, last = net
    h = act(norm(first(x)))
    inner, inner_norm, inner_act = block
    h = h + inner_act(inner_norm(inner(h)))
    assert torch.allclose(net(x), last(h), atol=1e-12)


def test_dropout_follows_each_hidden_layer_and_not_the_last():
    net = mlp((4, 6, 6, 3), "relu", 0.5)
    assert sum(isinstance(module, Dropout) for module in net.modules()) == 2
    assert isinstance(net[-1], nn.Linear)
