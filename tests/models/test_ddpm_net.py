"""The net of a diffusion model: which data it takes, and that it fits into memory."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from genstudio.abilities import BadInput
from genstudio.models import _ddpm_net, family
from genstudio.nn.unet import Attention


def build(shape: tuple[int, ...], **config: Any) -> Any:
    record = family("ddpm")
    return record.build(shape, record.configure({"channels": 4, **config}))


@pytest.mark.parametrize(
    ("settings", "places"),
    [
        ({"levels": 1, "patch": 1}, "256 x 255"),
        ({"levels": 2, "patch": 2}, "64 x 64"),
        ({"levels": 1, "patch": 7}, "37 x 37"),
    ],
)
def test_attention_over_too_many_places_is_refused(settings: dict[str, int], places: str) -> None:
    with pytest.raises(BadInput, match=f"{places} places .* Choose more levels, a larger patch"):
        build((1, 256, 255), **settings)
    build((1, 256, 255), **settings, attention=False)
    build((1, 256, 255), **{**settings, "levels": 4})


def test_the_places_counted_are_those_that_attention_compares(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[int] = []
    whole = Attention.forward
    monkeypatch.setattr(
        Attention, "forward", lambda net, x: compared.append(x[0, 0].numel()) or whole(net, x)
    )
    for shape, config in (((1, 37, 30), {"levels": 3}), ((1, 9, 50), {"levels": 2, "patch": 3})):
        model = build(shape, **config)
        model.sample(1, torch.Generator().manual_seed(0), steps=1)
        monkeypatch.setattr(_ddpm_net, "MAX_PLACES", compared[-1])
        build(shape, **config)
        monkeypatch.setattr(_ddpm_net, "MAX_PLACES", compared[-1] - 1)
        with pytest.raises(BadInput, match="places"):
            build(shape, **config)
        monkeypatch.setattr(_ddpm_net, "MAX_PLACES", 1024)


@pytest.mark.parametrize("shape", [(1,), (3,), (28, 28), (1, 1, 28, 28), ()])
def test_data_that_are_neither_images_nor_in_the_plane_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(
        BadInput, match=r"need two coordinates, got|need channels, height and width"
    ):
        build(shape)
