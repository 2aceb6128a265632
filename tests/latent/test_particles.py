"""Whole paths against the walk they are made of; ends and histograms against counting by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from genstudio.abilities import BadInput
from genstudio.data.toy2d import mixture
from genstudio.latent import denoise, particles
from genstudio.models import family
from genstudio.models.ddpm import DDPM, POINT_SCALE

T = 30


@pytest.fixture(scope="module")
def model() -> DDPM:
    kind = family("ddpm")
    made = kind.build(
        (2,), kind.configure({"n_steps": T, "n_classes": 2, "width": 16, "depth": 1}), seed=3
    )
    with torch.no_grad():
        for parameter in made.parameters():
            drawn = torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
            parameter.add_(0.05 * drawn)
    return made.eval()


def noise(n: int, seed: int = 0) -> np.ndarray:
    drawn = np.random.default_rng(seed).standard_normal((n, 2))
    return np.asarray(POINT_SCALE * drawn, np.float32)


def settings(sampler: str, steps: int = 10) -> dict[str, object]:
    return {"n": 1, "seed": 5, "sampler": sampler, "steps": steps}


@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "dpmpp"])
def test_paths_are_the_frames_of_the_walk_in_data_units(model: DDPM, sampler: str) -> None:
    start = noise(6)
    found = particles.paths(model, start, [(settings(sampler), None, False)])
    walking = {**settings(sampler), "n": 6, "start": start / POINT_SCALE}
    frames = list(denoise.walk(model, **walking))
    assert np.array_equal(
        found.x_t[:-1], np.stack([f.arrays["x_t"] * np.float32(POINT_SCALE) for f in frames])
    )
    assert np.array_equal(found.x_t[0], start)
    assert np.array_equal(found.x_t[-1], frames[-1].arrays["x0_hat"] * np.float32(POINT_SCALE))
    assert found.times.tolist() == [int(f.scalars["t"]) for f in frames] + [0]


@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "dpmpp"])
def test_a_walk_in_two_legs_is_the_whole_walk(model: DDPM, sampler: str) -> None:
    start, whole = noise(5), settings(sampler)
    times = denoise.process(model).times(10)
    rest = {**whole, "times": times[4:], "steps": 6, "first": 4, "n_steps": 10}
    one = particles.paths(model, start, [(whole, None, False)])
    two = particles.paths(model, start, [(whole, 4, False), (rest, None, True)])
    assert np.array_equal(one.x_t, two.x_t)
    assert np.array_equal(one.times, two.times)


def test_a_leg_that_does_not_look_back_begins_as_a_fork_with_another_class_does(
    model: DDPM,
) -> None:
    start, whole = noise(5), settings("dpmpp")
    times = denoise.process(model).times(10)
    rest = {**whole, "times": times[4:], "steps": 6, "label": 1}
    two = particles.paths(model, start, [(whole, 4, False), (rest, None, False)])
    left = two.x_t[4] / POINT_SCALE
    fork = list(denoise.walk(model, **{**rest, "n": 5, "start": left, "before": None}))
    assert np.array_equal(two.x_t[-1], fork[-1].arrays["x0_hat"] * np.float32(POINT_SCALE))
    looking = particles.paths(model, start, [(whole, 4, False), (rest, None, True)])
    assert not np.array_equal(two.x_t[6:], looking.x_t[6:])


def test_with_room_a_path_does_not_change_when_another_point_comes(model: DDPM) -> None:
    legs = [(settings("ddpm"), None, False)]
    alone = particles.paths(model, noise(1), legs, room=8)
    company = particles.paths(model, np.concatenate([noise(1), noise(3, 9)]), legs, room=8)
    assert np.array_equal(alone.x_t[:, 0], company.x_t[:, 0])
    crowded = particles.paths(model, noise(4), legs)
    alone_without = particles.paths(model, noise(4)[:1], legs)
    assert not np.array_equal(crowded.x_t[:, 0], alone_without.x_t[:, 0])


def test_take_picks_rows_of_the_same_walk(model: DDPM) -> None:
    legs = [(settings("ddpm"), None, False)]
    whole = particles.paths(model, noise(7), legs)
    some = particles.paths(model, noise(7), legs, take=[4, 1])
    assert np.array_equal(some.x_t, whole.x_t[:, [4, 1]])
    assert np.array_equal(some.x0_hat, whole.x0_hat[:, [4, 1]])


def test_more_points_than_room_and_models_of_images_are_refused(model: DDPM) -> None:
    with pytest.raises(BadInput, match="room for 2 points, got 3"):
        particles.paths(model, noise(3), [(settings("ddim"), None, False)], room=2)
    kind = family("ddpm")
    tiny = {"channels": 4, "levels": 1, "blocks_per_level": 1, "patch": 4, "attention": False}
    images = kind.build((1, 8, 8), kind.configure({"n_steps": T, **tiny}), seed=0)
    with pytest.raises(BadInput, match="needs a model of points"):
        particles.paths(images, noise(3), [(settings("ddim"), None, False)])


def test_an_end_has_the_class_of_the_component_it_lies_at() -> None:
    ring = mixture("ring")
    off = ring.centres + 3.9 * ring.std * np.array([1.0, 0.0])
    found = particles.ends(None, "toy2d:ring", np.concatenate([ring.centres, off, [[0.0, 0.0]]]))
    assert found.labels.tolist() == [*range(8), *range(8), -1]
    assert found.classes == ring.classes
    arms = mixture("spiral")
    both = particles.ends(None, "toy2d:spiral", arms.centres)
    assert np.array_equal(both.labels, arms.labels)


def test_histograms_count_the_points_of_the_walk(model: DDPM) -> None:
    edges = np.linspace(-8, 8, 33)
    walking = {**settings("ddim", 6), "seed": 2}
    answers = list(particles.histograms(model, edges, edges, walking, at=[0, 3, 6], count=500))
    assert all(answer is None for answer in answers)
    last = yielded(particles.histograms(model, edges, edges, walking, at=[0, 3, 6], count=500))
    assert last.n == 500
    frames = list(denoise.walk(model, **{**walking, "n": 500}))
    for place, x in enumerate(
        (frames[0].arrays["x_t"], frames[3].arrays["x_t"], frames[5].arrays["x0_hat"])
    ):
        x = x.astype(np.float64) * POINT_SCALE
        inside = (np.abs(x) < 8).all(1)
        assert last.values[place].sum() * 0.25 == pytest.approx(inside.mean(), abs=1e-6)
        column, row = np.floor((x[inside][0] + 8) / 0.5).astype(int)
        assert last.values[place, row, column] >= 1 / 500 / 0.25 * (1 - 1e-6)


def test_histograms_refine_with_more_points(model: DDPM, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(particles, "CHUNK", 40)
    edges = np.linspace(-8, 8, 9)
    asked = particles.histograms(model, edges, edges, settings("ddim", 3), at=[0], count=100)
    counted = [answer.n for answer in asked if answer is not None]
    assert counted == [40, 80]  # the last, of 100, is returned
    with pytest.raises(BadInput, match="1 to"):
        next(particles.histograms(model, edges, edges, settings("ddim", 3), at=[0], count=0))


def yielded(values):  # type: ignore[no-untyped-def]
    while True:
        try:
            next(values)
        except StopIteration as end:
            return end.value
