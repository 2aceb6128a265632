"""Samples by sampler: the same seed the same pictures, each decoded from its own z."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import pytest
import torch

from genstudio.abilities import BadInput
from genstudio.latent import draws, samplers
from genstudio.models import family


@pytest.fixture
def model() -> Any:
    record = family("vae")
    config = record.configure({"latent_dim": 2, "width": 16, "depth": 1})
    return record.build((1, 28, 28), config, 0).eval()


def last(work: Generator[None, None, draws.Draws]) -> draws.Draws:
    while True:
        try:
            assert next(work) is None, "nothing is shown before the end"
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


@pytest.mark.parametrize("sampler", samplers.NAMES)
def test_each_picture_is_the_decoded_z(model: Any, sampler: str) -> None:
    found = last(draws.draw(model, sampler, "mnist", 130, 3))
    assert found.z.shape == (130, 2) and found.images.shape == (130, 1, 28, 28)
    with torch.no_grad():
        wanted = model.decode(torch.tensor(found.z)).numpy()
    np.testing.assert_allclose(found.images, wanted, atol=1e-6)


def test_the_seed_makes_the_draws(model: Any) -> None:
    first, again, other = (last(draws.draw(model, "prior", None, 20, s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.z, again.z)
    assert not np.allclose(first.z, other.z)


def test_the_prior_is_a_standard_normal(model: Any) -> None:
    z = last(draws.draw(model, "prior", None, 4000, 0)).z
    np.testing.assert_allclose(z.mean(0), 0, atol=0.08)
    np.testing.assert_allclose(z.std(0), 1, atol=0.05)


def test_bad_numbers_and_names_are_refused(model: Any) -> None:
    for n in (0, draws.MAX_DRAWS + 1):
        with pytest.raises(BadInput, match="samples"):
            last(draws.draw(model, "prior", None, n))
    with pytest.raises(BadInput, match="luck"):
        last(draws.draw(model, "luck", "mnist"))
    with pytest.raises(BadInput, match="no data set"):
        last(draws.draw(model, "kde", None))


@pytest.mark.parametrize("shape", [(1, 4, 6), (2,)])
def test_the_prior_of_noise_is_walked_as_the_model_samples(shape: tuple[int, ...]) -> None:
    """One name, one meaning: classes and sampler are the model's own, in pieces of work."""
    record = family("ddpm")
    config = {"channels": 4, "width": 8, "depth": 1, "n_steps": 9, "latent_steps": 3}
    ddpm = record.build(shape, record.configure({**config, "n_classes": 3}), 0).eval()
    found = last(draws.draw(ddpm, "prior", None, 130, 3))
    rng = torch.Generator().manual_seed(3)
    wanted = torch.cat([ddpm.sample(n, rng) for n in (100, 30)])
    np.testing.assert_array_equal(found.images, wanted)
    assert found.z.shape == (130, ddpm.latent_dim)
    assert found.z.std() == pytest.approx(1, abs=0.15)
    rng = torch.Generator().manual_seed(3)
    parts = list(samplers.images(ddpm, samplers.Prior(ddpm.latent_dim), 130, rng))
    rng = torch.Generator().manual_seed(3)
    np.testing.assert_array_equal(torch.cat(parts), ddpm.sample(130, rng))
