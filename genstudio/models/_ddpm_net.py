"""The net of a diffusion model, for points or for images, checked for its size."""

from __future__ import annotations

from genstudio.abilities import BadInput
from genstudio.models._ddpm_config import DDPMConfig
from genstudio.models._net import MAX_WEIGHTS, check_images
from genstudio.nn.unet import PointNet, UNet, point_weights, unet_weights


def build_net(config: DDPMConfig, shape: tuple[int, ...]) -> UNet | PointNet:
    """The net for points (D,), or for images (C, H, W).

    Raises: BadInput, before anything is allocated, when it would be too large.
    """
    if len(shape) == 1:
        _check_weights(point_weights(shape[0], config.width, config.depth, config.n_classes))
        return PointNet(
            shape[0],
            width=config.width,
            depth=config.depth,
            n_classes=config.n_classes,
            dropout=config.dropout,
        )
    images = check_images(shape)
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


def _check_weights(total: int) -> None:
    if total > MAX_WEIGHTS:
        raise BadInput(
            f"This net would have {total / 1e6:,.0f} million weights, more than the "
            f"{MAX_WEIGHTS / 1e6:.0f} million allowed. Choose fewer channels, levels or blocks, or "
            "a smaller width or depth."
        )
