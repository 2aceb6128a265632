"""What a likelihood is measured on: grey pixels, one fixed black-and-white draw, or 8 bits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

BLOCK = 100  # rows drawn by one generator, so that row i's draw does not depend on how many follow


def is_binary(images: Tensor) -> bool:
    """Whether images uint8 hold black (0) and white (255) only."""
    return bool(((images == 0) | (images == 255)).all())


def binary_draw(x: Tensor, seed: int, block: int) -> Tensor:
    """The fixed draw with P(pixel = 1) = x for block number `block` of BLOCK rows.

    The same seed gives every model the same black-and-white test images.
    """
    return torch.bernoulli(x, generator=_generator(seed, block))


def dequantize(x: Tensor, seed: int, block: int) -> Tensor:
    """(255 x + u) / 256 with u uniform in [0, 1): a density over it bounds the 8-bit likelihood.

    Source: Theis, van den Oord & Bethge 2016, section 3.1.
    """
    u = torch.rand(x.shape, generator=_generator(seed, block))
    return (255.0 * x + u) / 256.0


def bits_per_dim(log_prob_nats: float, n_values: int) -> float:
    """Bits for each of `n_values` 8-bit values, from a density over x in [0, 1]."""
    return (-log_prob_nats / n_values + math.log(256)) / math.log(2)


def _generator(seed: int, block: int) -> torch.Generator:
    return torch.Generator().manual_seed((seed * 1_000_003 + block) % (1 << 63))


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients, for one piece of work; never held across a yield."""
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        model.train(was_training)
