"""The net of a diffusion model, for points or for images, checked for its size."""

from __future__ import annotations

from genstudio.abilities import BadInput
from genstudio.models._ddpm_config import DDPMConfig
from genstudio.models._net import MAX_WEIGHTS, check_images
from genstudio.nn.unet import PointNet, UNet, point_weights, unet_weights

MAX_PLACES = 1024  # of the level with attention: its weights are 4 MB for each image, in float32


def build_net(config: DDPMConfig, shape: tuple[int, ...]) -> UNet | PointNet:
    """The net for points (2,), or for images (C, H, W).

    Raises: BadInput, before anything is allocated, for another shape or a net that is too large.
    """
    if len(shape) == 1:
        if shape != (2,):
            raise BadInput(
                f"Points need two coordinates, got {shape[0]}. Choose points in the plane."
            )
        _check_weights(point_weights(shape[0], config.width, config.depth, config.n_classes))
        return PointNet(
            shape[0],
            width=config.width,
            depth=config.depth,
            n_classes=config.n_classes,
            dropout=config.dropout,
        )
    images = check_images(shape)
    if config.attention:
        _check_places(config, *images[1:])
    _check_weights(
        unet_weights(
            images,
            config.channels,
            config.levels,
            config.blocks_per_level,
            config.patch,
            config.attention,
            config.n_classes,
        )
    )
    return UNet(
        images,
        channels=config.channels,
        levels=config.levels,
        blocks=config.blocks_per_level,
        patch=config.patch,
        attention=config.attention,
        n_classes=config.n_classes,
        dropout=config.dropout,
    )


def _check_places(config: DDPMConfig, height: int, width: int) -> None:
    """Every place looks at every other, so that memory grows with the square of their number."""
    sides = [height, width]
    for step in (config.patch, *[2] * (config.levels - 1)):
        sides = [-(-side // step) for side in sides]
    high, wide = sides
    if high * wide > MAX_PLACES:
        raise BadInput(
            f"Attention on images of {height} x {width} would compare {high} x {wide} places of "
            f"the coarsest level, and at most {MAX_PLACES:,} are allowed. Choose more levels, a "
            "larger patch, or attention off."
        )


def _check_weights(total: int) -> None:
    if total > MAX_WEIGHTS:
        raise BadInput(
            f"This net would have {total / 1e6:,.0f} million weights, more than the "
            f"{MAX_WEIGHTS / 1e6:.0f} million allowed. Choose fewer channels, levels or blocks, or "
            "a smaller width or depth."
        )
