"""Dropout that draws from the generator it is handed, and the chain of layers that hands it on."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Dropout(nn.Module):
    """Each value is zeroed with probability p, the rest divided by 1 - p (Srivastava et al. 2014).

    It acts where `forward` gets a generator and is the identity where it gets none. The module's
    train or eval mode plays no part, so looking at a model in training never meets dropout and
    never moves a random stream.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor, rng: torch.Generator | None = None) -> Tensor:
        if rng is None or self.p == 0.0:
            return x
        keep = torch.empty_like(x).bernoulli_(1.0 - self.p, generator=rng)
        return x * keep.div_(1.0 - self.p)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class Chain(nn.Sequential):
    """Layers one after another; `rng` reaches every Dropout among them, however deep."""

    def forward(self, input: Tensor, rng: torch.Generator | None = None) -> Tensor:
        for layer in self:
            takes_rng = isinstance(layer, Dropout | Chain)
            input = layer(input, rng) if takes_rng else layer(input)
        return input


class Residual(Chain):
    """x + chain(x) (He et al. 2016)."""

    def forward(self, input: Tensor, rng: torch.Generator | None = None) -> Tensor:
        return input + super().forward(input, rng)
