"""Convolutional encoder and decoder for images of any size that can be halved often enough."""

from __future__ import annotations

from itertools import pairwise

from torch import nn

from genstudio.abilities import BadInput
from genstudio.nn.dropout import Chain, Dropout
from genstudio.nn.mlp import ACTIVATIONS

_KERNEL = 4  # divisible by the stride of 2, so that transposed convolutions leave no chequers
Shape = tuple[int, int, int]  # (C, H, W)


def pyramid(shape: Shape, channels: int, levels: int) -> list[Shape]:
    """The shapes that an image passes: (C, H, W), then half the height and width each time.

    Level i has channels * 2**i maps; odd sides are rounded down.
    Raises: BadInput when a side is shorter than 2**levels.
    """
    _, height, width = shape
    if min(height, width) < 2**levels:
        raise BadInput(
            f"A convolutional net of {levels} levels needs images of at least "
            f"{2**levels} x {2**levels} pixels, got {height} x {width}. "
            "Choose fewer levels or the dense net."
        )
    halved = [(channels * 2**i, height >> (i + 1), width >> (i + 1)) for i in range(levels)]
    return [shape, *halved]


def conv_encoder(
    shape: Shape,
    channels: int,
    levels: int,
    width: int,
    n_out: int,
    activation: str,
    dropout: float = 0.0,
) -> Chain:
    """x (N, C, H, W) to a code (N, n_out): strided convolutions, a hidden layer, a linear one."""
    act = ACTIVATIONS[activation]
    stages = pyramid(shape, channels, levels)
    layers: list[nn.Module] = []
    for (c_in, _, _), (c_out, _, _) in pairwise(stages):
        layers += [nn.Conv2d(c_in, c_out, _KERNEL, stride=2, padding=1), act()]  # H // 2, W // 2
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
    """z (N, n_in) to logits (N, C, H, W): the encoder's stages in reverse, transposed."""
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
        odd = (h_out % 2, w_out % 2)  # 15 was halved to 7; 7 comes back as 14 + 1
        layers += [
            nn.ConvTranspose2d(c_in, c_out, _KERNEL, stride=2, padding=1, output_padding=odd),
            act(),
        ]  # (N, c_out, h_out, w_out)
    return Chain(*layers[:-1])  # (N, C, H, W)


def conv_weights(
    shape: Shape, channels: int, levels: int, width: int, n_code: int, n_in: int
) -> int:
    """How many weights the encoder to (N, n_code) and the decoder from (N, n_in) have together."""
    stages = pyramid(shape, channels, levels)
    c, h, w = stages[-1]
    flat = c * h * w
    total = (flat + 1) * width + (width + 1) * n_code  # the encoder's linear layers
    total += (n_in + 1) * width + (width + 1) * flat  # the decoder's
    for (c_in, _, _), (c_out, _, _) in pairwise(stages):
        total += 2 * c_in * c_out * _KERNEL**2 + c_in + c_out
    return total
