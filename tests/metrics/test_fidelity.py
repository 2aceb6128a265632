"""Figures agree with naive loops and with what is known of Gaussians; intervals cover."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from genstudio.metrics import _memo, fidelity


def cloud(n: int, dim: int = 8, seed: int = 0, shift: float = 0.0, scale: float = 1.0) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return shift + scale * torch.randn(n, dim, generator=rng)


def compare(real: Tensor, made: Tensor, k: int = 5) -> fidelity.Overlap:
    own = _memo.finish(fidelity.radii(real, k))
    return _memo.finish(fidelity.overlap(real, made, own, k))


def naive(real: Tensor, made: Tensor, k: int = 5) -> dict[str, float]:
    """Precision, recall, density and coverage by loops over all pairs in float64."""
    r, g = real.double().numpy(), made.double().numpy()

    def radius(x: np.ndarray, i: int) -> float:
        return float(np.sort([np.linalg.norm(x[i] - y) for j, y in enumerate(x) if j != i])[k - 1])

    of_real, of_made = ([radius(x, i) for i in range(len(x))] for x in (r, g))
    far = np.linalg.norm(r[:, None] - g[None], axis=2)
    inside = far < np.array(of_real)[:, None]
    return {
        "precision": inside.any(0).mean(),
        "recall": (far < np.array(of_made)[None]).any(1).mean(),
        "density": inside.sum() / (k * len(g)),
        "coverage": inside.any(1).mean(),
    }


@pytest.mark.parametrize("shift", [0.0, 0.7, 100.0])
def test_overlap_agrees_with_loops(shift: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fidelity, "ROWS", 17)
    real, made = cloud(90, seed=1) + 20, cloud(70, seed=2, shift=shift, scale=0.8) + 20
    assert compare(real, made).figures() == pytest.approx(naive(real, made))


def test_one_cloud_against_itself_and_far_away() -> None:
    real = cloud(300)
    same = compare(real, real).figures()
    assert same["precision"] == same["recall"] == same["coverage"] == 1.0
    away = compare(real, real + 50).figures()
    assert away == {"precision": 0, "recall": 0, "density": 0, "coverage": 0}
    two = compare(cloud(1000), cloud(1000, seed=5)).figures()
    assert two["density"] == pytest.approx(1.0, abs=0.1)  # Naeem et al. 2020, section 3.3
    assert two["coverage"] == pytest.approx(1 - 0.5**5, abs=0.03)


def test_a_lost_mode_costs_recall_and_an_invented_one_precision() -> None:
    left, right = cloud(300, seed=1), cloud(300, seed=2, shift=40.0)
    lost = compare(torch.cat([left, right]), cloud(600, seed=3)).figures()
    assert lost["precision"] > 0.7
    assert 0.3 < lost["recall"] <= 0.5 and lost["coverage"] <= 0.5
    invented = compare(cloud(600, seed=3), torch.cat([left, right])).figures()
    assert invented["precision"] <= 0.5
    assert invented["recall"] > 0.6


def test_frechet_of_gaussians_in_closed_form() -> None:
    a = fidelity.Moments(torch.zeros(3).double(), torch.diag(torch.tensor([1.0, 4, 9])).double())
    b = fidelity.Moments(torch.ones(3).double(), torch.diag(torch.tensor([4.0, 4, 1])).double())
    assert fidelity.frechet(a, b) == pytest.approx(3 + 1 + 0 + 4)  # sum of (s - t)^2 and the shift
    turn, _ = torch.linalg.qr(cloud(3, 3, seed=7).double())
    a, b = (fidelity.Moments(turn @ m.mean, turn @ m.cov @ turn.T) for m in (a, b))
    assert fidelity.frechet(a, b) == pytest.approx(8.0)
    assert fidelity.frechet(a, a) == pytest.approx(0.0, abs=1e-9)


def test_frechet_agrees_with_a_matrix_root() -> None:
    from scipy.linalg import sqrtm

    rng = torch.Generator().manual_seed(3)
    mix = torch.randn(12, 12, generator=rng)
    a, b = cloud(200, 12, 1) @ mix, cloud(150, 12, 2, shift=0.5) @ mix.T
    b[:, 3] = b[:, 4]  # a direction without spread
    x, y = a.double().numpy(), b.double().numpy()
    ca, cb = np.cov(x.T), np.cov(y.T)
    want = ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(ca + cb - 2 * sqrtm(ca @ cb).real)
    assert fidelity.frechet_distance(a, b) == pytest.approx(want, rel=1e-6)


def test_frechet_of_draws_nears_that_of_their_densities() -> None:
    a, b = cloud(40_000, 4, 1), cloud(40_000, 4, 2, shift=0.5, scale=2.0)
    assert fidelity.frechet_distance(a, b) == pytest.approx(4 * 0.25 + 4 * 1.0, rel=0.03)


def test_intervals_cover_as_often_as_they_say() -> None:
    hits = {"mean": 0, "share": 0, "frechet": 0}
    rng = torch.Generator().manual_seed(0)
    for seed in range(60):
        x = cloud(300, 2, seed)
        low, high = fidelity.mean_interval(x[:, 0], rng)
        hits["mean"] += low <= 0 <= high
        held = torch.rand(400, generator=rng)
        work = fidelity.share_interval(torch.rand(400, generator=rng), held, 0.9, rng)
        low, high = _memo.finish(work)
        hits["share"] += low <= 0.1 <= high
        y = cloud(300, 2, seed + 1000, shift=2.0)
        low, high = _memo.finish(fidelity.frechet_interval(x, y, rng))
        hits["frechet"] += low <= 8.0 <= high
    assert all(n >= 50 for n in hits.values()), hits
    assert hits["mean"] < 60 or hits["share"] < 60


def test_weights_are_rows_taken_several_times() -> None:
    x = cloud(20, 3)
    counts = torch.arange(20) % 3
    want = fidelity.moments(x.repeat_interleave(counts, 0))
    got = fidelity.moments(x, counts)
    torch.testing.assert_close(got.mean, want.mean)
    torch.testing.assert_close(got.cov, want.cov)
