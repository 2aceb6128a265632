"""Convolutional encoder and decoder for images of any height and width that can be halved often enough."""

from __future__ import annotations

from itertools import pairwise

from torch import nn

from genstudio.abilities import BadInput
from genstudio.nn.dropout import Chain, Dropout
from genstudio.nn.mlp import ACTIVATIONS

_KERNEL = 4  # divisible by the stride of 2, so a transposed convolution leaves no chequered pattern
Shape = tuple[int, int, int]  # (C, H, W)


def pyramid(shape: Shape, channels: int, levels: int) -> list[Shape]:
    """The shapes that an image passes: (C, H, W), then channels * 2**i maps of half the height and width, rounded down.

    Raises: BadInput when a side is shorter than 2**levels.
    """
    _, height, width = shape
    if min(height, width) < 2**levels:
        raise BadInput(
            f"A convolutional net of {levels} levels needs images of at least {2**levels} x {2**levels} pixels, "
            f"got {height} x {width}. Choose fewer levels or the dense net."
        )
    return [shape] + [(channels * 2**i, height >> (i + 1), width >> (i + 1)) for i in range(levels)]


def conv_encoder(
    shape: Shape,
    channels: int,
    levels: int,
    width: int,
    n_out: int,
    activation: str,
    dropout: float = 0.0,
) -> Chain:
    """x (N, C, H, W) to a code (N, n_out): strided convolutions, one hidden layer of `width`, one linear layer."""
    act = ACTIVATIONS[activation]
    stages = pyramid(shape, channels, levels)
    layers: list[nn.Module] = []
    for (c_in, _, _), (c_out, _, _) in pairwise(stages):
        layers += [
            nn.Conv2d(c_in, c_out, _KERNEL, stride=2, padding=1),
            act(),
        ]  # (N, c_out, H // 2, W // 2)
        if dropout:
            layers.append(Dropout(dropout))
    c, h, w = stages[-1]
    layers += [nn.Flatten(1), nn.Linear(c * h * w, width), act()]  # (N, width)
    if dropout:
        layers.append(Dropout(dropout))
    return Chain(*layers, nn.Linear(width, n_out))  # (N, n_out)


def conv_decoder(
    shape: Shape, channels: int, levels: int, width: int, n_in: int, activation: str
) -> Chain:
    """z (N, n_in) to logits (N, C, H, W): the encoder's stages in reverse, by transposed convolutions."""
    act = ACTIVATIONS[activation]
    stages = pyramid(shape, channels, levels)[::-1]
    c, h, w = stages[0]
    layers: list[nn.Module] = [
        nn.Linear(n_in, width),
        act(),  # (N, width)
        nn.Linear(width, c * h * w),
        act(),
        nn.Unflatten(1, (c, h, w)),  # (N, c, h, w)
    ]
    for (c_in, _, _), (c_out, h_out, w_out) in pairwise(stages):
        odd = (h_out % 2, w_out % 2)  # a side of 15 was halved to 7; 7 comes back as 14 + 1
        layers += [
            nn.ConvTranspose2d(c_in, c_out, _KERNEL, stride=2, padding=1, output_padding=odd),
            act(),
        ]
    return Chain(*layers[:-1])  # (N, C, H, W)


def conv_weights(
    shape: Shape, channels: int, levels: int, width: int, n_encoder: int, n_decoder: int
) -> int:
    """How many weights `conv_encoder(..., n_encoder)` and `conv_decoder(..., n_decoder)` have together."""
    stages = pyramid(shape, channels, levels)
    c, h, w = stages[-1]
    flat = c * h * w
    total = (flat + 1) * width + (width + 1) * n_encoder  # encoder's linear layers
    total += (n_decoder + 1) * width + (width + 1) * flat  # decoder's
    for (c_in, _, _), (c_out, _, _) in pairwise(stages):
        total += 2 * c_in * c_out * _KERNEL**2 + c_in + c_out
    return total
