"""Walks of a diffusion model: the same pictures as `generate`, whole, in parts and held."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from genstudio.abilities import BadInput
from genstudio.latent import denoise
from genstudio.models import family
from genstudio.tape import Frame

SHAPE = (1, 10, 12)
WAYS = [("ddpm", 0.0), ("ddpm-large", 0.0), ("ddim", 0.0), ("ddim", 0.5), ("ddim", 1.0),
        ("dpmpp", 0.0)]  # fmt: skip
every_way = pytest.mark.parametrize(("sampler", "eta"), WAYS)


def build(shape: tuple[int, ...] = SHAPE, **config: Any) -> Any:
    record = family("ddpm")
    tiny = {"channels": 4, "width": 16, "depth": 2, "n_classes": 3, "n_steps": 100}
    model = record.build(shape, record.configure({**tiny, **config})).eval()
    rng = torch.Generator().manual_seed(1)
    with torch.no_grad():  # layers that begin at zero get something to say
        for p in model.parameters():
            p.add_(0.05 * torch.randn(p.shape, generator=rng))
    return model


@pytest.fixture(scope="module")
def model() -> Any:
    return build()


def frames(model: Any, **options: Any) -> list[Frame]:
    return list(denoise.walk(model, **{"n": 3, "seed": 5, "steps": 8, **options}))


def assert_same(first: Sequence[Frame], second: Sequence[Frame]) -> None:
    assert len(first) == len(second)
    for a, b in zip(first, second, strict=True):
        assert (a.index, a.n_steps) == (b.index, b.n_steps)
        assert a.scalars == b.scalars
        assert a.arrays.keys() == b.arrays.keys()
        for name, array in a.arrays.items():
            np.testing.assert_array_equal(array, b.arrays[name])


def test_the_process_is_the_models_own(model: Any) -> None:
    process = denoise.process(model)
    assert (process.n_steps, process.n_classes, process.shape) == (100, 3, SHAPE)
    assert process.alpha_bar.dtype == np.float64
    np.testing.assert_array_equal(process.alpha_bar, model.schedule.alpha_bar)
    np.testing.assert_allclose(np.cumprod(1 - process.beta), process.alpha_bar, rtol=1e-12)
    assert process.snr[0] == math.inf and process.snr[-1] < 1e-3
    assert process.times(5) == [100, 80, 60, 40, 20]
    assert set(process.samplers) == {name for name, _ in WAYS}
    assert not process.points and process.title
    points = denoise.process(build((2,)))
    assert points.points and points.scale == 2.0


@every_way
@pytest.mark.parametrize(("label", "guidance"), [(None, 1.0), (2, 3.0), ((0, 2, 1), 1.5)])
def test_a_walk_is_generate_bit_for_bit(
    model: Any, sampler: str, eta: float, label: Any, guidance: float
) -> None:
    options = {"sampler": sampler, "eta": eta, "label": label, "guidance": guidance}
    steps = list(model.generate(3, torch.Generator().manual_seed(5), steps=8, **options))
    got = frames(model, **options)
    assert [f.index for f in got] == list(range(8))
    assert {f.n_steps for f in got} == {8}
    for step, frame in zip(steps, got, strict=True):
        for name in ("x_t", "x0_hat", "noise_hat"):
            assert frame.arrays[name].dtype == np.float32
            assert not frame.arrays[name].flags.writeable
            np.testing.assert_array_equal(frame.arrays[name], step.images[name].numpy())
        for name in ("t", "alpha_bar", "snr", "change"):
            assert frame.scalars[name] == step.scalars[name]
    np.testing.assert_array_equal((got[-1].arrays["x0_hat"] + 1) / 2, steps[-1].images["x"].numpy())


@every_way
def test_a_walk_that_was_left_goes_on_to_the_same_end(model: Any, sampler: str, eta: float) -> None:
    options = {"sampler": sampler, "eta": eta, "label": 1, "guidance": 2.0}
    whole = frames(model, **options)
    times = denoise.process(model).times(8)
    for k in (1, 4, 7):
        rest = frames(
            model,
            **options,
            start=whole[k].arrays["x_t"],
            times=times[k:],
            before=(times[k - 1], whole[k - 1].arrays["x0_hat"]),
            first=k,
            n_steps=8,
        )
        assert_same(rest, whole[k:])


@every_way
def test_the_last_step_goes_to_its_clean_guess(
    model: Any, sampler: str, eta: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    from genstudio.latent import _denoise_walk

    states = []
    frame = _denoise_walk.frame
    monkeypatch.setattr(_denoise_walk, "frame", lambda *a: (states.append(a[3]), frame(*a))[1])
    mask = np.zeros(SHAPE[1:], bool)
    mask[:4] = True
    for keep in (None, (mask, np.full(SHAPE, 0.25, np.float32))):
        got = frames(model, sampler=sampler, eta=eta, keep=keep)
        assert states[-1].t_next == 0
        assert torch.equal(states[-1].x_next, states[-1].x0_hat)
        for before, after in pairwise(got):
            moved = after.arrays["x_t"] - before.arrays["x_t"]
            assert before.scalars["change"] == pytest.approx(
                float(np.sqrt(np.square(moved).mean())), rel=1e-5
            )
            assert before.scalars["t_next"] == after.scalars["t"]


def test_an_unedited_fork_is_its_parent_and_another_seed_is_not(model: Any) -> None:
    whole = frames(model, sampler="ddpm")
    times = denoise.process(model).times(8)
    same = denoise.edited(
        *(whole[3].arrays[name] for name in ("x_t", "x0_hat", "noise_hat")),
        whole[3].scalars["alpha_bar"],
        whole[3].arrays["x0_hat"].copy(),
    )
    rest = {"sampler": "ddpm", "start": same, "times": times[3:], "first": 3, "n_steps": 8}
    rest["classes"] = 5  # what the seed of the whole drew
    assert_same(frames(model, **rest), whole[3:])
    other = frames(model, **rest, seed=6)
    np.testing.assert_array_equal(other[0].arrays["x0_hat"], whole[3].arrays["x0_hat"])
    assert np.abs(other[1].arrays["x_t"] - whole[4].arrays["x_t"]).mean() > 0.01


def test_an_edit_keeps_the_noise_and_changes_nothing_elsewhere(model: Any) -> None:
    frame = frames(model)[4]
    x_t, x0_hat, noise = (frame.arrays[name] for name in ("x_t", "x0_hat", "noise_hat"))
    a = frame.scalars["alpha_bar"]
    new = x0_hat.copy()
    new[1, 0, 2:5, 3] = 0.123
    got = denoise.edited(x_t, x0_hat, noise, a, new)
    touched = new != x0_hat
    assert touched.sum() == 3
    np.testing.assert_array_equal(got[~touched], x_t[~touched])
    np.testing.assert_allclose((got - math.sqrt(1 - a) * noise) / math.sqrt(a), new, atol=2e-5)
    with pytest.raises(BadInput, match="3 x 1 x 10 x 12"):
        denoise.edited(x_t, x0_hat, noise, a, new[:1])


def test_the_first_images_of_a_larger_batch_begin_alike(model: Any) -> None:
    """So that 4 images become 9 with the first four as they were (blocks of 16 values whole)."""
    shape = (1, 8, 8)
    net = build(shape)
    few = frames(net, n=2, sampler="ddpm")
    many = frames(net, n=5, sampler="ddpm")
    for a, b in zip(few, many, strict=True):
        np.testing.assert_allclose(a.arrays["x_t"], b.arrays["x_t"][:2], atol=1e-4)


@every_way
def test_kept_pixels_hold_the_image_and_the_identity(model: Any, sampler: str, eta: float) -> None:
    rng = np.random.default_rng(0)
    image = rng.uniform(-1, 1, SHAPE).astype(np.float32)
    mask = np.zeros(SHAPE[1:], bool)
    mask[:, :6] = True
    got = frames(model, sampler=sampler, eta=eta, keep=(mask, image))
    free = frames(model, sampler=sampler, eta=eta)
    fixed = got[0].arrays["noise_hat"][..., mask]
    assert abs(fixed.std() - 1) < 0.2
    for frame in got:
        a = frame.scalars["alpha_bar"]
        x_t, x0_hat, noise = (frame.arrays[k] for k in ("x_t", "x0_hat", "noise_hat"))
        np.testing.assert_allclose(math.sqrt(a) * x0_hat + math.sqrt(1 - a) * noise, x_t, atol=2e-5)
        np.testing.assert_array_equal(
            x0_hat[..., mask], np.broadcast_to(image, x_t.shape)[..., mask]
        )
        np.testing.assert_array_equal(noise[..., mask], fixed)
    assert np.abs(got[-1].arrays["x0_hat"] - free[-1].arrays["x0_hat"])[..., ~mask].max() > 0
    times = denoise.process(model).times(8)
    rest = frames(model, sampler=sampler, eta=eta, keep=(mask, image), times=times[5:], first=5,
                  start=got[5].arrays["x_t"], n_steps=8, classes=5,
                  before=(times[4], got[4].arrays["x0_hat"]))  # fmt: skip
    assert_same(rest, got[5:])


def test_classes_are_drawn_by_the_seed_and_go_on_with_a_walk(model: Any) -> None:
    drawn = denoise.classes_of(model, 300, 5)
    assert drawn == denoise.classes_of(model, 300, 5) != denoise.classes_of(model, 300, 6)
    assert drawn[:3] == denoise.classes_of(model, 3, 5), "whatever the number of images"
    counts = np.bincount(drawn, minlength=3)
    assert len(counts) == 3 and counts.min() > 60
    free = frames(model)
    assert_same(free, frames(model, label=drawn[:3]))
    start, times = free[3].arrays["x_t"], denoise.process(model).times(8)[3:]
    options = {"start": start, "times": times, "first": 3, "n_steps": 8, "sampler": "ddpm"}
    told = frames(model, **options, seed=6, classes=5)
    assert_same(told, frames(model, **options, seed=6, label=drawn[:3]))
    untold = frames(model, **options, seed=6)
    assert np.abs(untold[0].arrays["x0_hat"] - told[0].arrays["x0_hat"]).max() > 0
    assert denoise.classes_of(build((2,)), 3, 5) is None, "points follow the score that is drawn"
    assert denoise.classes_of(build(n_classes=0), 3, 5) is None


def test_points_walk_too() -> None:
    net = build((2,))
    start = np.array([[0.5, -1.0], [2.0, 0.1]], np.float32)
    got = frames(net, n=2, start=start)
    np.testing.assert_array_equal(got[0].arrays["x_t"], start)
    assert got[-1].arrays["x0_hat"].shape == (2, 2)


IMAGE = np.zeros(SHAPE, np.float32)
MASK = np.zeros(SHAPE[1:], bool)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"steps": 101}, "schedule has 100 steps, got 101"),
        ({"steps": 0}, "steps"),
        ({"sampler": "euler"}, "sampler"),
        ({"eta": 1.5}, "eta"),
        ({"label": 3}, "class 3"),
        ({"label": (0, 1)}, "3 classes, got 2"),
        ({"n": 0}, "got 0"),
        ({"seed": -1}, "seed is 0 to 4294967295, got -1"),
        ({"seed": 1 << 32}, "seed is 0 to 4294967295, got 4294967296"),
        ({"label": 2.5}, r"whole number, got 2\.5"),
        ({"label": [0, 1, np.float32(2.5)]}, "whole number, got"),
        ({"start": np.zeros((3, 1, 28, 28))}, "1 x 10 x 12, got 3 x 1 x 28 x 28"),
        ({"start": np.zeros((2, *SHAPE))}, "3 images, got a start of 2"),
        ({"start": np.full((3, *SHAPE), np.nan)}, "not finite"),
        ({"times": [50, 60]}, "must fall"),
        ({"times": [50, 0]}, "must fall"),
        ({"times": []}, "must fall"),
        ({"before": (90, np.zeros((1, 2, 2))), "times": [50]}, "step before"),
        ({"before": (50, np.zeros((3, *SHAPE))), "times": [50]}, "of 51 to 100, got 50"),
        ({"before": (101, np.zeros((3, *SHAPE))), "times": [50]}, "of 51 to 100, got 101"),
        (
            {"before": (60, np.zeros((2, *SHAPE))), "times": [50]},
            "3 images, got a step before of 2",
        ),
        ({"start": np.full((3, *SHAPE), 1e38), "clip": False}, "ends at t = .* no longer finite"),
        ({"keep": (MASK[:4], IMAGE)}, "mask must be 10 x 12 pixels, got 4 x 12"),
        ({"keep": (MASK, IMAGE[:, :4])}, "image to keep"),
        ({"keep": (MASK, np.zeros((2, *SHAPE)))}, "keeps one image"),
    ],
)
def test_bad_options_are_one_sentence(model: Any, options: dict[str, Any], what: str) -> None:
    with pytest.raises(BadInput, match=what):
        frames(model, **options)


def test_what_a_model_cannot_do_is_one_sentence() -> None:
    plain = build(n_classes=0)
    with pytest.raises(BadInput, match="trained without classes"):
        frames(plain, guidance=2.0)
    with pytest.raises(BadInput, match="no class"):
        frames(plain, label=1)
    with pytest.raises(BadInput, match="makes points"):
        frames(build((2,)), keep=(np.zeros((2,), bool), np.zeros(2)))
    vae = family("vae").build((1, 8, 8), family("vae").configure({"width": 8}))
    for ask in (denoise.process, lambda m: frames(m)):
        with pytest.raises(BadInput, match="diffusion model, got vae"):
            ask(vae)


def test_guidance_needs_no_class_where_each_image_has_one_by_lot(model: Any) -> None:
    drawn = denoise.classes_of(model, 3, 5)
    assert isinstance(drawn, tuple)
    free, told = frames(model, guidance=2.0), frames(model, guidance=2.0, label=drawn)
    assert_same(free, told)
    assert np.abs(free[-1].arrays["x0_hat"] - frames(model)[-1].arrays["x0_hat"]).max() > 0
    steps = list(model.generate(3, torch.Generator().manual_seed(5), steps=8, guidance=2.0))
    np.testing.assert_array_equal(steps[-1].images["x0_hat"], free[-1].arrays["x0_hat"])
    rest = {"start": free[3].arrays["x_t"], "times": [50, 20], "guidance": 2.0}
    with pytest.raises(BadInput, match="needs a class"):
        frames(model, **rest)
    frames(model, **rest, classes=5)


def test_the_largest_seed_is_not_the_smallest(model: Any) -> None:
    first, last = (frames(model, seed=seed)[0].arrays["x_t"] for seed in (0, (1 << 32) - 1))
    assert np.abs(first - last).max() > 0.1


def test_classes_may_be_numbers_of_numpy(model: Any) -> None:
    assert_same(frames(model, label=np.array([0, 2, 1])), frames(model, label=(0, 2, 1)))
    assert_same(frames(model, label=np.int64(2)), frames(model, label=2))
