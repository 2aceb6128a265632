"""The diffusion family: forward process, losses, guidance, record, latent space, bound."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from genstudio.abilities import LATENT, LIKELIHOOD, STEPS, BadInput
from genstudio.models import family

TINY = {"channels": 4, "latent_steps": 4, "k": 2, "width": 16, "depth": 2}


def build(shape: tuple[int, ...] = (1, 10, 12), **config: object):
    record = family("ddpm")
    return record.build(shape, record.configure({**TINY, **config}))


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def stir(model) -> None:
    """Give the layers that begin at zero something to say."""
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.05 * torch.randn(p.shape, generator=rng(1)))


class Exact:
    """E[x_0 | x_t] for data N(mean, std^2) in the plane, in place of the net (predict = x0)."""

    mean, std = 0.4, 0.25  # in the net's own units

    def __init__(self, model) -> None:
        self.alpha_bar = model.alpha_bar

    def __call__(self, x_t: Tensor, t: Tensor, label: Tensor, rng: object = None) -> Tensor:
        a = self.alpha_bar[t].view(-1, 1)
        shrink = a.sqrt() * self.std**2 / (a * self.std**2 + 1 - a)
        return self.mean + shrink * (x_t - a.sqrt() * self.mean)


def test_it_has_latent_space_likelihood_and_steps():
    assert set(build().abilities) >= {LATENT, LIKELIHOOD, STEPS}


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_moments_of_the_forward_process(schedule, monkeypatch):
    """x_t given x_0, pooled over pixels, has the closed form's mean and variance."""
    model = build((1, 20, 20), schedule=schedule).eval()
    seen: list[tuple[Tensor, Tensor]] = []

    def net(x_t: Tensor, t: Tensor, label: Tensor, rng: object = None) -> Tensor:
        seen.append((x_t, t))
        return torch.zeros_like(x_t)

    monkeypatch.setattr(model, "at_time", net)
    x = torch.full((256, 1, 20, 20), 0.8)
    model.losses(x, rng(3))
    x_t, t = seen[0]
    a = model.alpha_bar[t].view(-1, 1, 1, 1)
    standard = (x_t - a.sqrt() * (2 * 0.8 - 1)) / (1 - a).sqrt()
    n = standard.numel()
    assert abs(float(standard.mean())) < 3 / math.sqrt(n)
    assert abs(float(standard.var()) - 1) < 3 * math.sqrt(2 / n)
    assert t.min() >= 1
    assert t.max() <= 1000
    assert torch.bincount((t - 1) // 250).sub(64).abs().max() <= 1  # evenly spread


@pytest.mark.parametrize("predict", ["noise", "x0", "v"])
def test_the_loss_is_the_error_of_what_is_predicted(predict, monkeypatch):
    """A net that knows x_0 has no loss, whatever it is asked for."""
    model = build(predict=predict).eval()
    x = torch.rand(8, 1, 10, 12, generator=rng())
    x0 = 2 * x - 1

    def net(x_t: Tensor, t: Tensor, label: Tensor, rng: object = None) -> Tensor:
        a = model.alpha_bar[t].view(-1, 1, 1, 1)
        noise = (x_t - a.sqrt() * x0) / (1 - a).sqrt()
        return {"noise": noise, "x0": x0, "v": a.sqrt() * noise - (1 - a).sqrt() * x0}[predict]

    monkeypatch.setattr(model, "at_time", net)
    losses = model.losses(x, rng(1))
    assert float(losses["loss"]) < 1e-8
    quarters = [name for name in losses if name != "loss"]
    assert quarters == ["loss_t250", "loss_t500", "loss_t750", "loss_t1000"]


def test_the_loss_is_the_mean_of_its_quarters():
    model = build()
    stir(model)
    losses = model.losses(torch.rand(64, 1, 10, 12, generator=rng()), rng(2))
    quarters = torch.stack([value for name, value in losses.items() if name != "loss"])
    assert float(losses["loss"].detach()) == pytest.approx(float(quarters.mean()), rel=1e-5)


def test_labels_are_told_and_some_dropped(monkeypatch):
    model = build(n_classes=10, class_drop=0.25)
    told: list[Tensor] = []

    def net(x_t: Tensor, t: Tensor, label: Tensor, rng: object = None) -> Tensor:
        told.append(label)
        return x_t

    monkeypatch.setattr(model, "at_time", net)
    y = torch.arange(10).repeat(400)
    model.losses(torch.rand(4000, 1, 10, 12, generator=rng()), rng(1), y)
    kept = told[0] == y
    assert ((told[0] == 10) | kept).all()
    assert float(kept.float().mean()) == pytest.approx(0.75, abs=0.03)


def test_guidance_goes_from_no_class_towards_the_class():
    model = build(n_classes=3)
    stir(model)
    x_t = torch.randn(2, 1, 10, 12, generator=rng())

    def output(label: int | None) -> Tensor:
        return model.at_time(x_t, torch.full((2,), 500), model.labels(2, label)).detach()

    def v_of(guidance: float) -> Tensor:
        a = model.schedule.alpha_bar[500]
        with torch.no_grad():
            got = model.denoiser(1, guidance, clip=False)(x_t, 500)
        return math.sqrt(a) * got.noise_hat - math.sqrt(1 - a) * got.x0_hat

    free, told = output(None), output(1)
    assert not torch.allclose(free, told)
    for guidance in (0.0, 1.0, 2.5):
        wanted = free + guidance * (told - free)
        assert torch.allclose(v_of(guidance), wanted, atol=1e-5)


@pytest.mark.parametrize("guidance", [1.0, 2.5])
def test_the_net_is_given_few_samples_at_once_and_the_pictures_stay(guidance, monkeypatch):
    """Noise and classes are drawn whole, so that pieces change nothing but the memory."""
    model = build(n_classes=3)
    stir(model)
    label = tuple(k % 3 for k in range(11))
    x_t = torch.randn(11, 1, 10, 12, generator=rng())
    drawn = model.sample(11, rng(), steps=3)
    asked: list[int] = []
    at_time = model.at_time

    def net(x: Tensor, *rest: object) -> Tensor:
        asked.append(len(x))
        return at_time(x, *rest)

    monkeypatch.setattr(model, "at_time", net)
    with torch.no_grad():
        whole = model.denoiser(label, guidance)(x_t, 500)
        assert asked == [11 if guidance == 1.0 else 22]
        assert build((1, 28, 28)).n_at_once >= 64
        monkeypatch.setattr("genstudio.models._base.MAX_VALUES", 4 * 8 * 120)
        parts = model.denoiser(label, guidance)(x_t, 500)
    assert asked[1:] == ([4, 4, 3] if guidance == 1.0 else [8, 8, 6])
    for one, other in zip(whole, parts, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=0)
    torch.testing.assert_close(model.sample(11, rng(), steps=3), drawn, atol=1e-5, rtol=0)


@pytest.mark.parametrize("sampler", ["ddpm", "ddpm-large", "ddim", "dpmpp"])
def test_every_step_of_the_record_holds_together(sampler):
    model = build(n_classes=2)
    stir(model)
    steps = list(model.generate(3, rng(), sampler=sampler, steps=8, eta=0.3, label=1, guidance=3.0))
    assert [step.scalars["t"] for step in steps] == [1000, 875, 750, 625, 500, 375, 250, 125]
    for step in steps:
        a = step.scalars["alpha_bar"]
        images = step.images
        again = math.sqrt(a) * images["x0_hat"] + math.sqrt(1 - a) * images["noise_hat"]
        assert torch.allclose(again, images["x_t"], atol=2e-5)
        assert images["x0_hat"].abs().max() <= 1
        assert step.scalars["snr"] == pytest.approx(a / (1 - a))
    for before, after in pairwise(steps):
        moved = (after.images["x_t"] - before.images["x_t"]).square().mean().sqrt()
        assert before.scalars["change"] == pytest.approx(float(moved), rel=1e-4)
    assert torch.equal(model.sample(3, rng(), sampler=sampler, steps=8, eta=0.3, label=1,
                                    guidance=3.0), steps[-1].images["x"])  # fmt: skip


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"label": 3}, "class 3"),
        ({"label": (0, 3)}, "class 3"),
        ({"label": (0, 1)}, "1 samples need one class for all or 1 classes, got 2"),
        ({"eta": float("nan")}, "eta"),
        ({"steps": 1001}, "1000 steps"),
        ({"sampler": "euler"}, "sampler"),
    ],
)
def test_bad_options_are_one_sentence(options, what):
    with pytest.raises(BadInput, match=what):
        next(build(n_classes=3).generate(1, rng(), **options))


def test_a_model_without_classes_takes_none():
    with pytest.raises(BadInput, match="no class"):
        next(build().generate(1, rng(), label=0))
    with pytest.raises(BadInput, match="trained without classes, got guidance 2"):
        next(build().generate(1, rng(), guidance=2.0))


def test_each_image_may_have_a_class_of_its_own():
    model = build(n_classes=3)
    stir(model)
    options = {"steps": 3, "guidance": 2.0}
    several = model.sample(3, rng(), label=(2, 0, 2), **options)
    for label in (0, 2):
        alone = model.sample(3, rng(), label=label, **options)
        same = [torch.allclose(a, b, atol=1e-5) for a, b in zip(several, alone, strict=True)]
        assert same == [label == 2, label == 0, label == 2]


def test_data_with_a_class_that_the_net_is_not_told_of_are_refused():
    model = build(n_classes=3)
    x = torch.rand(4, 1, 10, 12, generator=rng())
    with pytest.raises(BadInput, match=r"3 classes, got data with class 3\. Choose n_classes = 4"):
        model.losses(x, rng(), torch.tensor([0, 1, 3, 2]))
    model.losses(x, rng(), torch.tensor([-1, 0, 2, 1]))  # -1 is an image without a class
    build().losses(x, rng(), torch.tensor([0, 1, 3, 2]))


@pytest.mark.parametrize("y", [None, torch.full((4,), -1)])
def test_classes_are_not_trained_on_data_without_labels(y):
    x = torch.rand(4, 1, 10, 12, generator=rng())
    model = build(n_classes=3)
    with pytest.raises(BadInput, match=r"3 classes, got data without labels. Choose n_classes = 0"):
        model.losses(x, rng(), y)
    assert model.eval().losses(x, rng(), y)["loss"].isfinite()  # measured, as without a class
    build().losses(x, rng(), y)


@pytest.mark.parametrize("share", [0.0, 0.005, 0.95, 1.0])
def test_neither_all_labels_nor_none_can_be_dropped(share):
    """Else the class that means none, or every other, would stay as it was drawn."""
    with pytest.raises(BadInput, match="class_drop of family ddpm: got"):
        build(n_classes=3, class_drop=share)


def test_a_seed_begins_every_batch_alike():
    model = build((1, 8, 8))
    few, noise, _ = model.begin(2, rng(7))
    many, also, _ = model.begin(5, rng(7))
    assert torch.equal(few, many[:2])
    assert torch.equal(noise(9, few), also(9, many)[:2])
    assert not torch.equal(noise(9, few), noise(8, few))


@pytest.mark.parametrize("predict", ["v", "noise", "x0"])
@pytest.mark.parametrize("shape", [(1, 10, 12), (2,)])
def test_double_precision_agrees_with_single(shape, predict):
    model = build(shape, n_steps=50, predict=predict, n_classes=2).eval()
    stir(model)
    start = torch.randn(3, *shape, generator=rng())
    x = torch.rand(3, *shape, generator=rng())
    walks = []
    for dtype in (torch.float32, torch.float64):
        model.to(dtype)
        assert model.sample(2, rng(), steps=2).dtype == dtype
        assert model.losses(x.to(dtype), rng())["loss"].dtype == dtype
        assert model.log_prob(x.to(dtype), rng=rng()).dtype == dtype
        with torch.no_grad():
            walks.append(model.decode(start.flatten(1).to(dtype)).double())
    assert float((walks[0] - walks[1]).abs().max()) < 1e-3


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
@pytest.mark.parametrize("n_steps", [2, 3, 5])
def test_few_noise_levels_work(n_steps, schedule):
    model = build(n_steps=n_steps, schedule=schedule)
    stir(model)
    x = torch.rand(6, 1, 10, 12, generator=rng())
    for n in (1, 6):
        losses = model.losses(x[:n], rng())
        assert all(value.isfinite() for value in losses.values())
        assert list(losses) == ["loss"]  # 6 rows may leave t = 3 of 5 out
    assert model.log_prob(x, rng=rng()).isfinite().all()
    for sampler in ("ddpm", "ddpm-large", "ddim", "dpmpp"):
        got = model.sample(2, rng(), sampler=sampler, steps=n_steps, eta=0.5)
        assert got.isfinite().all()
    assert model.decode(model.encode(x).mean).isfinite().all()


@pytest.mark.parametrize(
    ("shape", "settings"),
    [((2,), {"width": 8192, "depth": 16}), ((1, 64, 64), {"channels": 512, "levels": 6})],
)
def test_a_net_too_large_is_refused_before_it_takes_memory(shape, settings):
    with pytest.raises(BadInput, match="million weights, more than the 50 million"):
        build(shape, **settings)


def test_noise_is_a_latent_space_that_comes_back():
    model = build((2,), predict="x0", n_steps=1000, latent_steps=500)
    model.at_time = Exact(model)  # type: ignore[method-assign]
    x = torch.randn(6, 2, generator=rng()) * 0.5 + 0.8  # data units: twice the net's
    z = model.encode(x).mean
    assert z.shape == (6, 2)
    a = model.schedule.alpha_bar[-1]
    assert torch.allclose(z, (x / 2 - 0.4) / 0.25 * math.sqrt(a * 0.0625 + 1 - a), atol=0.06)
    assert torch.allclose(model.decode(z), x, atol=0.05)


def test_the_bound_of_gaussian_data_is_that_of_the_closed_form():
    """Data N(0.8, 0.5^2) in the plane and the exact denoiser: every term of eq. 5 has a value."""
    model = build((2,), predict="x0", schedule="linear", n_steps=1000)
    model.at_time = Exact(model)  # type: ignore[method-assign]
    x = 0.8 + 0.5 * torch.randn(4000, 2, generator=rng())
    a, schedule = model.schedule.alpha_bar, model.schedule

    def left(t: int) -> float:
        """Variance of x_0 given x_t."""
        return Exact.std**2 * (1 - a[t]) / (a[t] * Exact.std**2 + 1 - a[t])

    steps = sum(0.5 * (schedule.snr(t - 1) - schedule.snr(t)) * left(t) for t in range(2, 1001))
    first = 0.5 * (a[-1] * (Exact.mean**2 + Exact.std**2) - a[-1] - math.log(1 - a[-1]))
    beta = schedule.beta[1]
    last = -0.5 * left(1) / beta - 0.5 * math.log(2 * math.pi * beta)
    wanted = 2 * (last - steps - first - math.log(2))
    bound = model.log_prob(x, rng=rng(1), k=200)
    assert float(bound.mean()) == pytest.approx(wanted, abs=3 * float(bound.std()) / 4000**0.5)
    exact = torch.distributions.Normal(0.8, 0.5).log_prob(x).sum(1).mean()
    assert float(bound.mean()) < float(exact)


def test_images_of_another_shape_are_refused():
    with pytest.raises(BadInput, match="1 x 10 x 12"):
        build().encode(torch.zeros(1, 1, 28, 28))


def test_odd_sizes_and_patches_fit():
    for shape, patch in (((3, 11, 13), 2), ((1, 9, 9), 1), ((1, 7, 15), 4)):
        model = build(shape, patch=patch, levels=3)
        assert model.sample(2, rng(), steps=2).shape == (2, *shape)
