"""The Gaussian quantile scale is exact, and ticks stand at round latent values."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest

from genstudio.latent import _normal
from genstudio.latent.scale import SCALES, Linear, Quantile


def test_phi_agrees_with_the_error_function_of_the_standard_library() -> None:
    x = np.concatenate([np.linspace(-9, 9, 2001), [-37.0, 37.0, 0.0]])
    exact = np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in x])
    np.testing.assert_allclose(_normal.cdf(x), exact, rtol=2e-14, atol=1e-300)


def test_inverse_phi_agrees_with_the_standard_library() -> None:
    p = np.concatenate([np.linspace(1e-6, 1 - 1e-6, 999), 10.0 ** -np.arange(7, 300, 13)])
    exact = np.array([statistics.NormalDist().inv_cdf(v) for v in p])
    np.testing.assert_allclose(_normal.quantile(p), exact, rtol=1e-14, atol=1e-15)


def test_inverse_phi_at_the_ends_is_infinite() -> None:
    assert _normal.quantile([0.0, 1.0]).tolist() == [-math.inf, math.inf]


def test_quantile_scale_there_and_back() -> None:
    latent = np.random.default_rng(0).normal(size=(500, 2)) * 1.5
    back = Quantile().inverse(Quantile().forward(latent))
    np.testing.assert_allclose(back, latent, atol=1e-9)
    assert Quantile().forward(np.float64(0.0)) == pytest.approx(0.5)


def test_quantile_scale_stays_finite_outside_the_map() -> None:
    assert Quantile().inverse([-0.5, 0.0, 1.0, 2.0]).tolist() == [-8.0, -8.0, 8.0, 8.0]


def test_equal_steps_of_the_quantile_map_hold_equal_mass() -> None:
    draws = np.random.default_rng(1).normal(size=40_000)
    counts, _ = np.histogram(Quantile().forward(draws), bins=10, range=(0, 1))
    assert np.all(np.abs(counts / 4000 - 1) < 0.06)


def test_linear_ticks_are_round_and_within_view() -> None:
    ticks = Linear().ticks(-3.0, 3.0, 6)
    assert [t.value for t in ticks] == [-3, -2, -1, 0, 1, 2, 3]
    assert ticks[0].label == "\N{MINUS SIGN}3"
    assert ticks[3].label == "0"
    assert all(t.position == t.value for t in ticks)


@pytest.mark.parametrize("span", [1e-4, 0.03, 1.0, 7.0, 5e3])
def test_linear_ticks_are_few_and_at_least_three(span: float) -> None:
    ticks = Linear().ticks(1.234, 1.234 + span, 7)
    assert 3 <= len(ticks) <= 8


def test_quantile_ticks_name_round_latent_values() -> None:
    ticks = Quantile().ticks(0.0, 1.0, 7)
    values = [t.value for t in ticks]
    assert {-2.0, -1.0, 0.0, 1.0, 2.0} <= set(values)
    np.testing.assert_allclose([t.position for t in ticks], _normal.cdf(values))


def test_quantile_ticks_when_zoomed_in() -> None:
    ticks = Quantile().ticks(0.5, 0.501, 5)
    assert 2 <= len(ticks) <= 8
    assert all(0.5 <= t.position <= 0.501 for t in ticks)


@pytest.mark.parametrize("name", sorted(SCALES))
def test_no_ticks_in_an_empty_view(name: str) -> None:
    assert SCALES[name].ticks(0.3, 0.3) == []
