"""Where codes are noise, queries go one call of the net at a time, and those that make no sense say
so.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import numpy as np
import pytest
import torch

from genstudio.abilities import BadInput, has_noise_space
from genstudio.latent import arithmetic, encodings, paths, probe, sheet
from genstudio.latent._decode import decoded, encoded
from genstudio.latent.plane import shell_radius, through
from genstudio.models import family

STEPS = 4


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A tiny diffusion model on the data set of these tests, and how often its net is called."""
    record = family("ddpm")
    config = {"n_steps": 12, "channels": 4, "levels": 1, "blocks_per_level": 1, "attention": False}
    net = record.build((1, 4, 6), record.configure({**config, "latent_steps": STEPS}), seed=1)
    rng = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=rng))
    calls: list[int] = []
    inner = net.net.forward
    net.net.forward = lambda x, *rest: calls.append(len(x)) or inner(x, *rest)  # type: ignore
    net.calls = calls
    return net.eval()


def finish(work: Generator[Any, None, Any]) -> tuple[Any, int]:
    """The result, and how many yields came before it."""
    n = 0
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value, n
        n += 1


def codes(n: int, dim: int = 24) -> torch.Tensor:
    return torch.randn(n, dim, generator=torch.Generator().manual_seed(0))


def test_it_is_told_by_abilities(model: Any, plain: Any) -> None:
    assert has_noise_space(model)
    assert not has_noise_space(plain)


def test_codes_are_decoded_and_images_encoded_one_call_of_the_net_at_a_time(model: Any) -> None:
    z = codes(3)
    with torch.no_grad():
        want = model.decode(z)
        back = model.encode(want).mean
    model.calls.clear()
    x, n = finish(decoded(model, z))
    assert n == STEPS
    assert model.calls == [3] * STEPS
    assert torch.equal(x, want)
    assert not x.requires_grad
    (mean, std), n = finish(encoded(model, want))
    assert n == STEPS
    assert torch.equal(mean, back)
    assert std is None


def test_models_that_decode_at_once_do_not_yield(plain: Any) -> None:
    z = torch.randn(3, 2)
    x, n = finish(decoded(plain, z))
    assert n == 0
    assert torch.equal(x, plain.decode(z))


def test_a_sheet_of_noise_is_the_decoded_shell_and_can_be_left_between_calls(model: Any) -> None:
    plane = through(*codes(3).numpy())
    radius = shell_radius(24)
    axis = np.array([-5.0, 0.0, 5.0])
    work = sheet.decode(model, plane, axis, axis[::-1], shell=radius)
    model.calls.clear()
    assert next(work) is None
    assert len(model.calls) == 1
    whole, _ = finish(work)
    z = np.stack([plane.to_z((x, y)) for y in axis[::-1] for x in axis])
    z *= radius / np.linalg.norm(z, axis=1, keepdims=True)
    with torch.no_grad():
        cells = model.decode(torch.from_numpy(z))
    picture = cells.view(3, 3, 4, 6).permute(0, 2, 1, 3).reshape(12, 18)
    np.testing.assert_allclose(whole.mosaic, picture.numpy() * 255, atol=0.51)


def test_a_spherical_path_keeps_the_strength_of_the_noise(model: Any) -> None:
    ends = codes(2).numpy()
    path, _ = finish(paths.trace(model, "slerp", ends, frames=9))
    norms = np.linalg.norm(path.z, axis=1)
    low, high = sorted(np.linalg.norm(ends, axis=1))
    assert norms.min() > 0.95 * low
    assert norms.max() < 1.05 * high
    straight, _ = finish(paths.trace(model, "lerp", ends, frames=9))
    assert np.linalg.norm(straight.z, axis=1).min() < 0.85 * low
    with torch.no_grad():
        want = model.decode(torch.from_numpy(path.z[4][None].copy()))[0].numpy()
    np.testing.assert_allclose(path.images[4], want, atol=1e-5)


def test_what_noise_does_not_tell_is_refused_in_a_sentence(model: Any, dataset: Any) -> None:
    with pytest.raises(BadInput, match="Choose the spherical path"):
        next(paths.trace(model, "geodesic", codes(2).numpy()))
    with pytest.raises(BadInput, match="codes of this model are noise"):
        next(encodings.whole(model, dataset))
    with pytest.raises(BadInput, match="codes of this model are noise"):
        next(arithmetic.class_means(model, dataset))
    assert model.calls == []


def test_the_density_of_a_code_is_that_of_the_prior(model: Any) -> None:
    z = codes(1)[0].numpy()
    told = probe.details(model, z)
    want = -0.5 * float(np.square(z.astype(np.float64)).sum() + 24 * math.log(2 * math.pi))
    assert told.log_prior_nats == pytest.approx(want, rel=1e-9)
    assert told.prior == "prior"
