"""Fully connected nets."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from genstudio.nn.dropout import Chain, Dropout

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "tanh": nn.Tanh,
}


def mlp(sizes: Sequence[int], activation: str, dropout: float = 0.0) -> Chain:
    """Linear layers sizes[0] -> ... -> sizes[-1], with activation and dropout after each but the last."""
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), ACTIVATIONS[activation]()]
        if dropout:
            layers.append(Dropout(dropout))
    return Chain(*layers[: -2 if dropout else -1])


def mlp_weights(sizes: Sequence[int]) -> int:
    """How many weights `mlp(sizes, ...)` has, without building it."""
    return sum((n_in + 1) * n_out for n_in, n_out in pairwise(sizes))
