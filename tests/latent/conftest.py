"""A tiny model whose every answer is known in closed form, and tiny data."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from genstudio.data import Dataset, Split
from genstudio.models import Config, Model, Posterior


class Plain(Model):
    """decode: pixel p of channel c is (z0 + 10 z1 + c) / 255 + p / 1000; encode: two pixel sums."""

    own_sampler = "prior"

    def __init__(
        self, shape: tuple[int, ...] = (1, 4, 6), dim: int = 2, spread: bool = True
    ) -> None:
        super().__init__(Config(), shape)
        self.latent_dim = dim
        self.spread = spread
        self.register_buffer("z_mean", torch.zeros(dim))
        self.register_buffer("z_cov", torch.eye(dim))
        self.calls: list[int] = []

    def decode(self, z: Tensor) -> Tensor:
        self.calls.append(len(z))
        channels, height, width = self.shape
        level = (z[:, 0] + 10 * z[:, 1]).view(-1, 1, 1, 1) / 255
        channel = torch.arange(channels).view(1, -1, 1, 1) / 255
        pixel = torch.arange(height * width).view(1, 1, height, width) / 1000
        return level + channel + pixel

    def encode(self, x: Tensor) -> Posterior:
        mean = torch.stack([x.flatten(1).mean(1) * (i + 1) for i in range(self.latent_dim)], 1)
        return Posterior(mean, torch.full_like(mean, 0.5) if self.spread else None)


@pytest.fixture
def plain() -> Plain:
    return Plain()


@pytest.fixture
def make() -> type[Plain]:
    return Plain


@pytest.fixture
def dataset() -> Dataset:
    rng = torch.Generator().manual_seed(0)

    def split(n: int) -> Split:
        images = torch.randint(0, 256, (n, 1, 4, 6), generator=rng, dtype=torch.uint8)
        return Split(images=images, labels=torch.arange(n) % 3)

    return Dataset("tiny", "Tiny", (1, 4, 6), ["a", "b", "c"], split(1000), split(90))
