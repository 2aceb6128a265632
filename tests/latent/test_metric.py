"""The pull-back metric equals the Jacobian of reverse mode, and known surfaces have known areas."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

import genstudio
from genstudio.abilities import BadInput
from genstudio.latent import metric
from genstudio.models import Config, Model

FAMILIES = [
    ("vae", {"net": "dense", "latent_dim": 2, "width": 32}),
    ("vae", {"net": "conv", "latent_dim": 5, "width": 32, "channels": 4}),
    ("ae", {"net": "dense", "latent_dim": 3, "blocks": "plain", "width": 32}),
    ("dae", {"latent_dim": 2, "width": 16}),
    ("pca", {"latent_dim": 4}),
]


def by_reverse_mode(model: Any, z: Tensor) -> Tensor:
    with torch.enable_grad():
        rows = [
            torch.autograd.functional.jacobian(lambda p: model.decode(p[None])[0].flatten(), point)
            for point in z
        ]
    j = torch.stack(rows)  # (N, P, D)
    return j.transpose(1, 2) @ j


@pytest.mark.parametrize(("family", "config"), FAMILIES)
def test_gram_equals_autograd_in_float64(family: str, config: dict[str, Any]) -> None:
    model = genstudio.create(family, (1, 12, 12), seed=1, **config).double().eval()
    z = 0.3 * torch.randn(
        5, model.latent_dim, generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    exact = by_reverse_mode(model, z)
    assert exact.abs().max() > 0
    found = metric.gram(model, z)
    assert found.dtype == torch.float64
    assert ((found - exact).norm() / exact.norm()).item() < 1e-10
    volume = torch.linalg.det(exact).sqrt()
    torch.testing.assert_close(metric.volume(model, z), volume, rtol=1e-8, atol=0)


@pytest.mark.parametrize(("family", "config"), FAMILIES)
def test_float32_without_gradients_is_near_enough(family: str, config: dict[str, Any]) -> None:
    model = genstudio.create(family, (1, 12, 12), seed=1, **config).eval()
    z = 0.3 * torch.randn(5, model.latent_dim, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found = metric.gram(model, z)
    assert found.dtype == torch.float32 and not found.requires_grad
    exact = by_reverse_mode(model.double(), z.double())
    assert ((found - exact).norm() / exact.norm()).item() < 1e-4


class Torus(Model):
    """A doughnut with radii 3 and 1: the area of a unit square of angles is 3 + cos z1."""

    latent_dim = 2

    def __init__(self) -> None:
        super().__init__(Config(), (1, 1, 3))

    def decode(self, z: Tensor) -> Tensor:
        ring = 3.0 + z[:, 1].cos()
        x = (ring * z[:, 0].cos(), ring * z[:, 0].sin(), z[:, 1].sin())
        return torch.stack(x, 1).view(-1, 1, 1, 3)


def test_the_volumes_of_a_torus_sum_to_its_area() -> None:
    n = 40
    angle = (torch.arange(n) + 0.5) * 2 * math.pi / n
    z = torch.cartesian_prod(angle, angle)
    area = metric.volume(Torus(), z).mean() * (2 * math.pi) ** 2
    assert area.item() == pytest.approx(4 * math.pi**2 * 3 * 1, rel=1e-5)
    torch.testing.assert_close(metric.volume(Torus(), z), 3 + z[:, 1].cos(), rtol=1e-5, atol=0)


def test_a_direction_that_moves_no_pixel_has_no_volume() -> None:
    class Flat(Torus):
        def decode(self, z: Tensor) -> Tensor:
            return super().decode(z * torch.tensor([1.0, 0.0]))

    z = torch.randn(4, 2, generator=torch.Generator().manual_seed(0))
    assert (metric.volume(Flat(), z) == 0).all()
    assert (metric.log_volume(Flat(), z) == -math.inf).all()


def test_many_codes_pass_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    z = torch.randn(50, 2, generator=torch.Generator().manual_seed(0))
    whole = metric.gram(Torus(), z)
    monkeypatch.setattr(metric, "MAX_VALUES", 20)
    torch.testing.assert_close(metric.gram(Torus(), z), whole)
    assert metric.gram(Torus(), z[:0]).shape == (0, 2, 2)


def test_codes_of_another_space_are_refused() -> None:
    with pytest.raises(BadInput, match=r"2 latent dimensions.*\(4, 3\)"):
        metric.gram(Torus(), torch.zeros(4, 3))
    model = Torus()
    model.latent_dim = None  # type: ignore[assignment]
    with pytest.raises(BadInput, match="no latent space"):
        metric.volume(model, torch.zeros(4, 2))
