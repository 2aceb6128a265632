"""Fully connected nets."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from genstudio.nn.dropout import Chain, Dropout, Residual

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "tanh": nn.Tanh,
}


def mlp(
    sizes: Sequence[int], activation: str, dropout: float = 0.0, residual: bool = False
) -> Chain:
    """Layers sizes[0] -> ... -> sizes[-1]; the last is linear.

    A hidden layer is h = activation(linear(x)), then dropout. With `residual` it is
    h = activation(norm(linear(x))), layer-normalised (Ba et al. 2016), and x is added where sizes
    agree.
    """
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(sizes[:-1]):
        hidden: list[nn.Module] = [nn.Linear(n_in, n_out)]
        if residual:
            hidden.append(nn.LayerNorm(n_out))
        hidden.append(ACTIVATIONS[activation]())
        if dropout:
            hidden.append(Dropout(dropout))
        layers += [Residual(*hidden)] if residual and n_in == n_out else hidden
    return Chain(*layers, nn.Linear(sizes[-2], sizes[-1]))


def mlp_weights(sizes: Sequence[int], residual: bool = False) -> int:
    """How many weights `mlp(sizes, ...)` has, without building it."""
    linear = sum((n_in + 1) * n_out for n_in, n_out in pairwise(sizes))
    return linear + (2 * sum(sizes[1:-1]) if residual else 0)
