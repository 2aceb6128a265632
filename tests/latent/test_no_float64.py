"""A device without float64 (MPS) sees float32 alone; what needs more goes to main memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from genstudio.latent import metric, paths, probe, samplers
from genstudio.models import Posterior
from genstudio.models._latent import double

_REFUSED = (Tensor.double, Tensor.numpy)


class Elsewhere(Tensor):
    """A tensor that refuses what one on MPS refuses."""

    @classmethod
    def __torch_function__(
        cls, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        wide = torch.float64 in (*args[1:], *kwargs.values())
        if func in _REFUSED or (func is Tensor.to and wide):
            raise TypeError("Cannot convert a MPS Tensor to float64 dtype.")
        result = super().__torch_function__(func, types, args, kwargs)
        here = func is Tensor.cpu or (func is Tensor.to and "cpu" in args[1:])
        return result.as_subclass(Tensor) if here else result


def away(x: Tensor) -> Tensor:
    return x.as_subclass(Elsewhere)


@pytest.fixture
def far(make: Any) -> Any:
    """A model whose pictures and codes lie on such a device."""

    class Far(make):  # type: ignore[misc]
        def decode(self, z: Tensor) -> Tensor:
            return away(super().decode(z.as_subclass(Tensor)))

        def encode(self, x: Tensor) -> Posterior:
            mean, std = super().encode(x.as_subclass(Tensor))
            return Posterior(away(mean), away(std))

    model = Far()
    model.z_mean, model.z_cov = away(model.z_mean), away(model.z_cov)
    return model


def test_the_stand_in_refuses_float64() -> None:
    x = away(torch.ones(2))
    for widen in (lambda: x.double(), lambda: (x + 1).to("cpu", torch.float64), lambda: x.numpy()):
        with pytest.raises(TypeError, match="float64"):
            widen()
    assert x.cpu().double().numpy().dtype == np.float64
    assert double(x).dtype == torch.float64


@pytest.mark.parametrize("kind", paths.KINDS)
def test_paths(far: Any, kind: str) -> None:
    *_, path = (p for p in paths.trace(far, kind, [[0, 0], [3, 4]], 9, even=True) if p is not None)
    assert path.done == 1.0 and path.length > 0


def test_the_metric(far: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    forward = metric._forward
    monkeypatch.setattr(metric, "_forward", lambda *a: away(forward(*a)))
    far.decode = lambda z: super(type(far), far).decode(z)
    assert metric.gram(far, torch.zeros(3, 2)).shape == (3, 2, 2)


def test_probe_and_gaussian(far: Any) -> None:
    far.own_sampler = "gaussian"
    told = probe.details(far, [0.5, 1.0])
    assert told.prior == "gaussian" and told.log_prior_nats == pytest.approx(-2.46288, abs=1e-4)
    drawn = samplers.make("gaussian", far, None, torch.Generator()).sample(
        5, torch.Generator().manual_seed(0)
    )
    assert drawn.shape == (5, 2)
