"""metrics/moon.py: distances against moons drawn by the data's formula and shares known by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from genstudio.abilities import BadInput
from genstudio.data.moon_phases import EARTHSHINE, draw
from genstudio.metrics import moon
from genstudio.models._base import Posterior


def true_moons(n: int, seed: int = 0, **fixed: Any) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    factors = {
        "lit": rng.uniform(0, 1, n),
        "waxing": rng.random(n) < 0.5,
        "shift": rng.uniform(-2, 2, (n, 2)),
        "radius": rng.uniform(8.5, 11, n),
    }
    for name, value in fixed.items():
        factors[name] = np.full(n, value)
    drawn = draw(**factors)
    return (drawn / 255).astype(np.float32), factors


class Fake:
    """A "model" whose code is (lit fraction, side, shift, radius) and that draws what it says."""

    latent_dim = 5
    device = torch.device("cpu")

    def __init__(
        self, wrong: bool = False, shape: tuple[int, ...] = (1, 28, 28), spread: float = 0.0
    ) -> None:
        self.wrong = wrong
        self.spread = spread
        self.shape = shape

    def encode(self, x: torch.Tensor) -> Posterior:
        found = moon.distance(x.numpy())
        side = np.full(len(x), 1.0 if found.waxing[0] else -1.0)  # a full moon has none
        code = np.column_stack([found.lit, side, found.shift, found.radius])
        mean = torch.from_numpy(code.astype(np.float32))
        return Posterior(mean, torch.full_like(mean, self.spread) if self.spread else None)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        code = z.numpy().astype(np.float64)
        lit = np.clip(code[:, 0], 0, 1)
        drawn = draw(lit, code[:, 1] > 0, code[:, 2:4], code[:, 4])
        x = torch.from_numpy(drawn / 255).float()
        return 0.5 * (x + x.flip(3)) if self.wrong else x


def finished(query: Any) -> Any:
    while True:
        try:
            next(query)
        except StopIteration as end:
            return end.value


def test_a_true_moon_is_its_own_nearest() -> None:
    images, factors = true_moons(60)
    found = moon.distance(images)
    assert found.distance.dtype == np.float32
    assert np.quantile(found.distance, 0.9) < 0.0015  # half a grey level of 8 bits is 0.002
    assert found.distance.max() < 0.015
    np.testing.assert_allclose(found.lit, factors["lit"], atol=0.02)
    clear = (factors["lit"] > 0.1) & (factors["lit"] < 0.9)
    np.testing.assert_array_equal(found.waxing[clear], factors["waxing"][clear])
    exact = found.distance < 0.0015
    np.testing.assert_allclose(found.shift[exact], factors["shift"][exact], atol=0.05)
    np.testing.assert_allclose(found.radius[exact], factors["radius"][exact], atol=0.05)


def test_no_moon_of_a_dense_random_search_is_nearer() -> None:
    images, _ = true_moons(4, seed=1)
    noise = np.random.default_rng(2).normal(0, 0.15, images.shape)
    images = np.clip(images + noise, 0, 1).astype(np.float32)
    bank, _ = true_moons(3000, seed=3)
    by_search = np.sqrt(np.square(images[:, None] - bank[None]).mean((2, 3, 4))).min(1)
    assert (moon.distance(images).distance < by_search).all()


def test_a_known_disturbance_is_the_distance() -> None:
    """Grey far from the disc cannot be explained by any moon: the distance is its size."""
    images, _ = true_moons(5, seed=4)
    images[:, 0, 0, :] = 0.6  # 28 of 784 pixels, outside every disc
    np.testing.assert_allclose(
        moon.distance(images).distance, 0.6 * np.sqrt(28 / 784), atol=2e-4, rtol=0.02
    )


def test_a_moon_outside_the_ranges_is_off() -> None:
    inside, _ = true_moons(1, lit=0.3, waxing=True, radius=10.9)
    far = draw(np.array([0.3]), np.array([True]), np.array([[0.0, 3.0]]), np.array([10.0]))
    assert moon.distance(inside).distance[0] < 0.002
    assert moon.distance((far / 255).astype(np.float32)).distance[0] > moon.OFF


def test_a_cross_fade_has_the_light_of_a_moon_and_is_none() -> None:
    crossfade, moons = moon.references(0.5, 1.0, 33, 0)
    light, true_light = crossfade.sum((1, 2, 3)), moons.sum((1, 2, 3))
    np.testing.assert_allclose(light, true_light, rtol=1e-3)  # 8-bit rounding of the true moons
    found = moon.distance(crossfade).distance
    assert found[[0, -1]].max() < 0.015
    assert found[16] > 0.12
    assert moon.distance(moons).distance.max() < 0.015


def test_half_grey_counts_the_disc() -> None:
    crossfade, moons = moon.references(0.5, 1.0, 33, 1)
    nearest = moon.distance(crossfade)
    share = moon.half_grey(crossfade, nearest)
    grey = EARTHSHINE + (1 - EARTHSHINE) * np.linspace(0, 1, 33)  # of the half that fades in
    inside = (grey > 0.35) & (grey < 0.77)
    outside = (grey < 0.33) | (grey > 0.79)
    assert (share[inside] > 0.4).all()  # half the disc, less what the terminator's column takes
    assert (share[inside] < 0.6).all()
    assert (share[outside] < 0.1).all()
    assert moon.half_grey(moons).max() < 0.1


def test_a_drag_of_a_perfect_model_is_the_true_moons() -> None:
    stages = list(moon.drag(Fake(), "moon-phases:three", seed=3))
    assert [stage.done for stage in stages] == pytest.approx(np.linspace(0, 1, 10))
    assert np.isnan(stages[0].model.distance).all()
    half = stages[2].model.distance
    assert not np.isnan(half[:22]).any()
    assert np.isnan(half[22:]).all()
    assert np.isnan(stages[3].crossfade.half_grey).all()
    found = stages[-1]
    assert found.z.shape == (33, 5)
    assert found.model.images.shape == found.crossfade.images.shape == (33, 1, 28, 28)
    np.testing.assert_allclose(found.lit, np.linspace(0.5, 1, 33), atol=1e-6)
    for strip in (found.model, found.crossfade, found.moons):
        nearest = moon.distance(strip.images)
        np.testing.assert_allclose(strip.distance, nearest.distance, atol=1e-5)
        np.testing.assert_allclose(strip.half_grey, moon.half_grey(strip.images, nearest))
    assert found.model.distance.max() < 0.015
    assert found.model.figures["off_share"] == 0
    assert np.abs(found.model.images - found.moons.images).max() < 0.1
    np.testing.assert_allclose(found.crossfade.step, 1 / 32, rtol=1e-4)
    assert found.crossfade.figures["off_share"] > 0.4
    assert found.model.figures["largest_step"] > 1.5 / 32  # a moving edge, not a fade


def test_sigmas_between_two_codes() -> None:
    mean = torch.tensor([[0.0, 0.0, 5.0], [3.0, 4.0, 5.0]])
    assert moon.apart(mean, torch.full((2, 3), 0.5)) == pytest.approx(10.0)
    wide = torch.tensor([[1.0, 1.0, 9.0], [7.0**0.5, 7.0**0.5, 9.0]])  # mean variance 4
    assert moon.apart(mean, wide) == pytest.approx(2.5)
    first, *_ = moon.drag(Fake())
    assert first.sigmas is None
    first, *_ = moon.drag(Fake(spread=0.1))
    assert first.sigmas == pytest.approx(np.linalg.norm(first.z[-1] - first.z[0]) / 0.1, rel=1e-4)


def test_the_seed_draws_the_moon() -> None:
    first, other = moon.references(0.5, 1.0, 5, 0)[1], moon.references(0.5, 1.0, 5, 1)[1]
    assert np.abs(first - other).max() > 0.5
    assert not first.flags.writeable


def test_off_share_of_a_model_that_draws_moons_and_of_one_that_does_not(monkeypatch) -> None:
    class Draws:
        def sample(self, n: int, rng: torch.Generator) -> torch.Tensor:
            u = torch.rand(n, 5, generator=rng)
            low, width = torch.tensor([0, -1, -2, -2, 8.5]), torch.tensor([1, 2, 4, 4, 2.5])
            return low + width * u

    monkeypatch.setattr(moon.samplers, "make", lambda *_: Draws())
    good = finished(moon.off_share(Fake(), n=40))
    bad = finished(moon.off_share(Fake(wrong=True), n=40))
    assert good.share == 0.0
    assert good.distance.shape == (40,)
    assert bad.share == float((bad.distance > moon.OFF).mean()) > 0.5
    again = finished(moon.off_share(Fake(), n=40))
    np.testing.assert_array_equal(good.distance, again.distance)


def test_the_report_is_the_mean_of_its_drags(monkeypatch) -> None:
    monkeypatch.setattr(moon, "REPORTED", ("prior",))
    monkeypatch.setattr(
        moon,
        "off_share",
        lambda *_: iter_then(moon.Off(0.25, np.array([0.01, 0.03])), moon.Progress(7, 7)),
    )
    query = moon.report(Fake(), n=7, n_drags=2)
    steps = []
    while True:
        try:
            steps.append(next(query))
        except StopIteration as end:
            found = end.value
            break
    assert sorted({step.done for step in steps}) == [7, 8, 9]
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert len(steps) > 20  # no long piece between two yields
    assert found["off_share"] == {"prior": 0.25}
    assert found["sample_distance"] == {"prior": 0.02}
    drags = [finished(moon.drag(Fake(), seed=i)) for i in range(2)]
    for name in ("model", "crossfade", "moons"):
        expected = np.mean([getattr(d, name).figures["most_half_grey"] for d in drags])
        assert found["drag"][name]["most_half_grey"] == pytest.approx(expected)


def iter_then(result: Any, *values: Any) -> Any:
    yield from values
    return result


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"data": "mnist"}, "moon-phases"),
        ({"data": None}, "moon-phases"),
        ({"from_lit": 1.0}, "two different"),
        ({"to_lit": 1.5}, "two different"),
        ({"frames": 1}, "2 to 1000"),
    ],
)
def test_bad_drags_are_told(change: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        next(moon.drag(Fake(), **change))


def test_other_pictures_are_told() -> None:
    with pytest.raises(BadInput, match="3 x 64 x 64"):
        moon.distance(np.zeros((2, 3, 64, 64), np.float32))
    with pytest.raises(BadInput, match="1 x 28 x 28"):
        next(moon.drag(Fake(shape=(3, 64, 64))))
    with pytest.raises(BadInput, match="does not encode"):
        next(moon.drag(SimpleNamespace(shape=(1, 28, 28))))
    with pytest.raises(BadInput, match="n = 0"):
        next(moon.off_share(Fake(), n=0))
