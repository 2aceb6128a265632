"""The bound of a diffusion model: its times, their weights, grey levels, class and unit."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from genstudio.models import family
from genstudio.models._ddpm_bound import _first, _last, bound
from genstudio.models._diffusion import Schedule
from genstudio.models.ddpm import DDPM

Net = Callable[..., Tensor]


def build(net: Net, shape: tuple[int, ...] = (2,), **settings: object) -> DDPM:
    """A model whose net, which tells x0_hat, is `net(x_t, t, label, rng)`."""
    record = family("ddpm")
    tiny = {"predict": "x0", "channels": 4, "levels": 1, "width": 8, "depth": 1}
    model = record.build(shape, record.configure({**tiny, **settings}))
    model.at_time = net
    return model


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def off_by(x0: Tensor, error: Tensor) -> Net:
    """A net that is wrong by error[t] in every value, whatever the noise."""
    return lambda x_t, t, *_: x0 + error[t].view(-1, *[1] * (x0.ndim - 1))


def steps(model: DDPM, x: Tensor, draws: int, seed: int = 0) -> Tensor:
    """The estimated sum over t = 2..T alone, for points (N,)."""
    x0 = model.inside(x)
    rest = _last(model, x0, rng()) - _first(model, x0) - 2 * math.log(model.unit)
    return rest - bound(model, x, draws, rng(seed))


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
@pytest.mark.parametrize("draws", [1, 3, 20, 39, 98, 99, 130, 297])
def test_the_mean_of_the_draws_is_the_sum_over_all_times(draws: int, schedule: str) -> None:
    n, T = 20_000, 100
    x = torch.zeros(n, 2)
    error = 1 + torch.rand(T + 1, generator=rng(1))
    model = build(off_by(x, error), n_steps=T, schedule=schedule)
    snr = [math.inf, *map(model.schedule.snr, range(1, T + 1))]
    error /= (1 + torch.tensor(snr)).sqrt()  # 0 at t = 0; at t = 1 the same in every draw
    terms = [0.5 * (snr[t - 1] - snr[t]) * 2 * float(error[t]) ** 2 for t in range(2, T + 1)]
    got = steps(model, x, draws).double()
    spread = float(got.std()) / math.sqrt(n)
    assert spread < 0.02 * sum(terms)
    assert float(got.mean()) == pytest.approx(sum(terms), abs=4 * spread + 1e-5 * sum(terms))
    if draws % (T - 1) == 0:  # every time equally often: nothing is left to chance
        assert float(got.std()) < 1e-5 * sum(terms)


def gaussian(shape: tuple[int, ...]) -> DDPM:
    """E[x_0 | x_t] of data N(0, 0.25^2) in the net's own scale, under 1000 times."""

    def net(x_t: Tensor, t: Tensor, *_: object) -> Tensor:
        a = model.alpha_bar[t].view(-1, *[1] * len(shape))
        return a.sqrt() * 0.0625 / (a * 0.0625 + 1 - a) * x_t

    model = build(net, shape, n_steps=1000)  # `net` asks it for alpha_bar
    return model


def uniform(model: DDPM, x: Tensor, draws: int) -> Tensor:
    """The sum over 2..T from times drawn evenly, one from each of `draws` equal ranges (N,)."""
    x0, last = model.inside(x), model.config.n_steps - 1
    offset, total = torch.rand(len(x), generator=rng(2)), torch.zeros(len(x))
    for i in range(draws):
        t = 2 + ((i + offset) * (last / draws)).long().clamp(max=last - 1)
        error = (x0 - model.seen(x0, t, rng(3 + i))[1]).square().flatten(1).sum(1)
        total += 0.5 * model.gain[t] * error * last / draws
    return total


@pytest.mark.parametrize(("shape", "most"), [((2,), 0.3), ((1, 6, 6), 0.15)])
def test_twenty_times_spread_far_less_than_if_drawn_evenly(
    shape: tuple[int, ...], most: float
) -> None:
    model = gaussian(shape)
    one = 0.5 * torch.randn(1, *shape, generator=rng(1))
    x = one if len(shape) == 1 else (0.25 * one + 0.5)
    x = x.expand(1500, *shape)
    mine, evenly = bound(model, x, 20, rng()), uniform(model, x, 20)
    assert float(mine.std()) < most * float(evenly.std())
    every = bound(model, x[:30], 999, rng(1))
    error = math.hypot(float(mine.std()) / 1500**0.5, float(every.std()) / 30**0.5)
    assert float(mine.mean()) == pytest.approx(float(every.mean()), abs=4 * error)


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
@pytest.mark.parametrize(("draws", "each"), [(20, 1), (500, 1), (999, 1), (1998, 2)])
def test_no_time_is_drawn_again_before_all_are(draws: int, each: int, schedule: str) -> None:
    asked: list[Tensor] = []

    def net(x_t: Tensor, t: Tensor, *_: object) -> Tensor:
        asked.append(t)
        return x_t

    model = build(net, n_steps=1000, schedule=schedule)
    model.log_prob(torch.zeros(50, 2), rng=rng(), k=draws)
    times = torch.stack(asked)  # (draws + 1, 50)
    for row in times.T:
        often = torch.bincount(row, minlength=1001)
        assert (int(often[0]), int(often[1]), int(often[2:].sum())) == (0, 1, draws)
        assert int(often[2:].max()) == each
    assert draws > 100 or not torch.equal(times[:, 0], times[:, 1])  # each row draws its own


def test_an_offset_of_nothing_visits_every_time_too(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def net(x_t: Tensor, t: Tensor, *_: object) -> Tensor:
        asked.append(int(t))
        return x_t

    model = build(net, n_steps=50)
    monkeypatch.setattr(torch, "rand", lambda n, **_: torch.zeros(n))
    model.log_prob(torch.zeros(1, 2), rng=rng(), k=49)
    assert sorted(asked) == list(range(1, 51))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("mean", [-1.0, -0.98, 0.3, 0.999, 1.0])
def test_the_256_levels_of_a_pixel_have_probability_one(mean: float, dtype: torch.dtype) -> None:
    """Of p(x_0 | x_1) itself: the lowest level takes all below it, the highest all above."""
    model = build(lambda x_t, *_: torch.full_like(x_t, mean), (1, 1, 1), n_steps=1000).to(dtype)
    levels = torch.arange(256, dtype=dtype).view(-1, 1, 1, 1) / 255
    mass = _last(model, model.inside(levels), rng()).double().exp()
    assert float(mass.sum()) == pytest.approx(1, abs=1e-5)
    half = 1 / 255 / math.sqrt(model.schedule.beta[1])
    edge = float(torch.special.ndtr(torch.tensor(half, dtype=torch.float64)))
    if abs(mean) == 1:
        assert float(mass[0 if mean < 0 else 255]) == pytest.approx(edge, rel=1e-4)


def test_pixels_known_for_sure_have_the_bound_in_units_of_one_level() -> None:
    x = torch.full((4, 1, 6, 6), 100 / 255)
    model = build(lambda *_: 2 * x - 1, (1, 6, 6), n_steps=2)
    model.schedule = Schedule((1.0, 0.9999, 0.5))  # an end that is not yet pure noise
    half = torch.tensor(1 / 255 / math.sqrt(model.schedule.beta[1]), dtype=torch.float64)
    last = math.log(2 * float(torch.special.ndtr(half)) - 1)
    a = model.schedule.alpha_bar[-1]
    first = 0.5 * (a * (200 / 255 - 1) ** 2 - a - math.log(1 - a))
    wanted = 36 * (last - first + math.log(256))
    assert model.log_prob(x, rng=rng()).tolist() == pytest.approx([wanted] * 4, abs=0.005)


def test_the_net_is_told_the_class_that_means_none() -> None:
    told: list[Tensor] = []

    def net(x_t: Tensor, t: Tensor, label: Tensor, *_: object) -> Tensor:
        told.append(label)
        return x_t

    build(net, n_classes=3).log_prob(torch.zeros(5, 2), rng=rng(), k=4)
    assert torch.stack(told).tolist() == [[3] * 5] * 5
