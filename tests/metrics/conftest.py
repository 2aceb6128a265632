"""A toy model of 28x28 pictures whose gap is known: it is told what each code decodes to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from genstudio.data import Dataset, Split
from genstudio.models import Config, Model, Posterior

SIDE = 28


def blobs(z: Tensor) -> Tensor:
    """A grey disc around the place that z (N, 2) names, (N, 1, 28, 28)."""
    axis = torch.arange(SIDE, dtype=torch.float32)
    centre = SIDE / 2 + 2.5 * z  # (N, 2)
    dx = axis - centre[:, :1]
    dy = axis - centre[:, 1:]
    square = dx.square()[:, None, :] + dy.square()[:, :, None]
    return torch.exp(-square / 18.0)[:, None]


class Holed(Model):
    """Codes within `radius` of 0 decode to a grid that no image looks like; the others to discs.

    Under N(0, I) that happens with the chance 1 - exp(-radius^2 / 2). No image is encoded there.
    """

    own_sampler = "prior"
    family = "holed"

    def __init__(self, radius: float = 0.0) -> None:
        super().__init__(Config(), (1, SIDE, SIDE))
        self.latent_dim = 2
        self.radius = radius
        self.register_buffer("z_mean", torch.zeros(2))
        self.register_buffer("z_cov", torch.eye(2))

    def decode(self, z: Tensor) -> Tensor:
        lines = torch.arange(SIDE) % 4 < 2
        grid = (lines[:, None] ^ lines[None, :]).float()
        inside = (z.norm(dim=1) < self.radius).view(-1, 1, 1, 1)
        return torch.where(inside, grid, blobs(z))

    def encode(self, x: Tensor) -> Posterior:
        axis = torch.arange(SIDE, dtype=torch.float32)
        mass = x.sum((1, 2, 3))
        column, row = (x.sum((1, 2)) @ axis) / mass, (x.sum((1, 3)) @ axis) / mass
        z = (torch.stack([column, row], 1) - SIDE / 2) / 2.5
        norm = z.norm(dim=1, keepdim=True).clamp(min=1e-9)
        return Posterior(z / norm * norm.clamp(min=self.radius + 1e-4), None)


def _images(n: int, radius: float, seed: int) -> Tensor:
    """Discs at codes of N(0, I) outside the hole."""
    rng = torch.Generator().manual_seed(seed)
    # |z|^2 / 2 is exponential: beyond the hole it is that of the hole's edge and an exponential
    reach = (radius**2 + 2 * torch.empty(n).exponential_(generator=rng)).sqrt()
    turn = 2 * torch.pi * torch.rand(n, generator=rng)
    z = reach[:, None] * torch.stack([turn.cos(), turn.sin()], 1)
    return (blobs(z) * 255).round().to(torch.uint8)


@pytest.fixture
def holed() -> Callable[..., tuple[Holed, Dataset]]:
    """make(radius, n_train, n_test): the model and images of its reach, in two classes."""

    def make(radius: float, n_train: int = 400, n_test: int = 200) -> tuple[Holed, Dataset]:
        def split(n: int, seed: int) -> Split:
            return Split(images=_images(n, radius, seed), labels=torch.arange(n) % 2)

        data = Dataset(
            "discs", "Discs", (1, SIDE, SIDE), ["a", "b"], split(n_train, 1), split(n_test, 2)
        )
        return Holed(radius).eval(), data

    return make
