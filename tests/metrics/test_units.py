"""Active units by Burda's rule, KL against torch.distributions, and the sentence of a collapse."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import torch

from genstudio.metrics import units

RNG = np.random.default_rng(0)


def test_a_unit_is_active_above_a_variance_of_one_hundredth() -> None:
    mean = RNG.normal(size=(5000, 4)) * np.sqrt([1.0, 0.02, 0.005, 0.0])
    seen = units.units_of(mean, np.full_like(mean, 0.5))
    assert seen.active.tolist() == [True, True, False, False]
    assert seen.n_active == 2
    assert seen.alarm == ""
    assert not seen.collapsed


def test_kl_agrees_with_torch_distributions() -> None:
    mean, std = RNG.normal(size=(50, 3)), RNG.uniform(0.1, 2, size=(50, 3))
    exact = torch.distributions.kl_divergence(
        torch.distributions.Normal(torch.from_numpy(mean), torch.from_numpy(std)),
        torch.distributions.Normal(0.0, 1.0),
    )
    np.testing.assert_allclose(units.kl_per_unit(mean, std), exact.mean(0), rtol=1e-9)


def test_total_collapse_is_said_with_what_to_do() -> None:
    mean = RNG.normal(size=(500, 2)) * 0.01
    seen = units.units_of(mean, np.ones_like(mean))
    assert seen.collapsed
    assert seen.alarm.startswith(
        "Posterior collapse: every image gets the same code (KL 0.00 nats)."
    )
    assert "Lower beta" in seen.alarm


def test_collapse_of_most_units_is_said_with_how_many() -> None:
    mean = RNG.normal(size=(500, 16)) * np.where(np.arange(16) < 5, 1.0, 0.01)
    seen = units.units_of(mean, np.ones_like(mean))
    assert "11 of 16 latent units: only 5" in seen.alarm


def test_a_deterministic_encoder_has_no_kl_and_no_beta_to_lower() -> None:
    seen = units.units_of(np.zeros((10, 2)), None)
    assert seen.kl is None
    assert "beta" not in seen.alarm
    assert seen.collapsed


def test_query_over_a_data_set_ends_in_units() -> None:
    from genstudio.models import family

    model = family("vae").build((1, 28, 28))
    ends = []

    def run() -> Generator[float, None, None]:
        ends.append((yield from units.active(model, "mnist", 200)))

    assert list(run())[-1] == 1.0
    assert ends[0].variance.shape == (2,)
    assert ends[0].kl.shape == (2,)
