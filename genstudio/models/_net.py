"""The nets that AE, DAE and VAE share: one record of settings, one place that builds them."""

from __future__ import annotations

import math
from typing import Literal

from torch import nn

from genstudio.abilities import BadInput
from genstudio.models._config import N_, Config, setting
from genstudio.nn.conv import Shape, conv_decoder, conv_encoder, conv_weights
from genstudio.nn.dropout import Chain
from genstudio.nn.mlp import mlp, mlp_weights

MAX_WEIGHTS = 50_000_000  # 200 MB in float32, and three times that again while training


class NetConfig(Config):
    """Size and kind of encoder and decoder; each size is bounded, `build_nets` bounds the sum."""

    latent_dim: int = setting(
        2, N_("Latent dimensions"), N_("Length of the code z."), ge=1, le=1024
    )
    net: Literal["dense", "conv"] = setting(
        "dense",
        N_("Net"),
        N_("Fully connected layers, or convolutions that halve the image at each level."),
    )
    width: int = setting(
        256,
        N_("Width"),
        N_("Units of each hidden layer; in a convolutional net, of its one dense layer."),
        unit=N_("units"),
        ge=4,
        le=8192,
    )
    depth: int = setting(
        3, N_("Depth"), N_("Hidden layers of a dense net."), unit=N_("layers"), ge=1, le=16
    )
    channels: int = setting(
        32,
        N_("Channels"),
        N_("Feature maps of a convolutional net's first level; each level doubles them."),
        unit=N_("maps"),
        ge=1,
        le=256,
    )
    levels: int = setting(
        2,
        N_("Levels"),
        N_("How often a convolutional net halves height and width."),
        ge=1,
        le=6,
        advanced=True,
    )
    blocks: Literal["plain", "residual"] = setting(
        "residual",
        N_("Blocks"),
        N_("Hidden layers of a dense net: plain, or normalised and added to their input."),
        advanced=True,
    )
    activation: Literal["relu", "gelu", "silu", "softplus", "tanh"] = setting(
        "gelu", N_("Activation"), N_("Nonlinearity of each hidden layer."), advanced=True
    )
    dropout: float = setting(
        0.0,
        N_("Dropout"),
        N_("Share of the encoder's hidden units switched off in each training step."),
        ge=0.0,
        le=0.9,
        advanced=True,
    )


def check_images(shape: tuple[int, ...]) -> Shape:
    """`shape` as (C, H, W).

    Raises: BadInput when it is not three positive numbers.
    """
    if len(shape) != 3 or min(shape) < 1:
        got = " x ".join(map(str, shape))
        raise BadInput(f"Images need channels, height and width, got {got}. Choose other data.")
    channels, height, width = shape
    return channels, height, width


def build_nets(config: NetConfig, shape: tuple[int, ...], n_code: int) -> tuple[Chain, Chain]:
    """Encoder x (N, C, H, W) to (N, n_code), and decoder z (N, latent_dim) to logits (N, C, H, W).

    Raises: BadInput, before anything is allocated, when the nets are too large or the images too
    small.
    """
    images = check_images(shape)
    pixels = math.prod(images)
    hidden = [config.width] * config.depth
    to_code, to_image = [pixels, *hidden, n_code], [config.latent_dim, *hidden, pixels]
    sizes = (images, config.channels, config.levels, config.width)
    residual = config.blocks == "residual"
    if config.net == "dense":
        total = mlp_weights(to_code, residual) + mlp_weights(to_image, residual)
    else:
        total = conv_weights(*sizes, n_code, config.latent_dim)
    if total > MAX_WEIGHTS:
        raise BadInput(
            f"These nets would have {total / 1e6:,.0f} million weights, more than the "
            f"{MAX_WEIGHTS / 1e6:.0f} million allowed. Choose a smaller width, depth or number of "
            "channels, or smaller images."
        )
    act = config.activation
    if config.net == "dense":
        encoder = Chain(nn.Flatten(1), *mlp(to_code, act, config.dropout, residual))
        decoder = Chain(*mlp(to_image, act, residual=residual), nn.Unflatten(1, images))
        return encoder, decoder
    encoder = conv_encoder(*sizes, n_code, act, config.dropout)
    return encoder, conv_decoder(*sizes, config.latent_dim, act)
