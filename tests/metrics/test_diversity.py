"""Forks of a walk end the farther apart the earlier they leave it."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import pytest
import torch

from genstudio.abilities import BadInput
from genstudio.data import load
from genstudio.latent.denoise import walk
from genstudio.metrics.diversity import Diversity, coarse_first, diversity
from genstudio.models import family

STEPS = 6


def build(shape: tuple[int, ...] = (1, 28, 28), **settings: Any) -> Any:
    record = family("ddpm")
    config = {"n_steps": 40, "channels": 4, "levels": 1, "blocks_per_level": 1, "attention": False}
    return record.build(shape, record.configure({**config, **settings}), seed=1).eval()


def parent(model: Any) -> tuple[np.ndarray, list[int], np.ndarray]:
    """x_t (S, *shape) of one walk, its times, and its end."""
    frames = list(walk(model, n=1, seed=5, sampler="ddpm", steps=STEPS))
    x_t = np.stack([frame.arrays["x_t"][0] for frame in frames])
    return x_t, [int(frame.scalars["t"]) for frame in frames], frames[-1].arrays["x0_hat"][0]


def run(work: Generator[Diversity | None, None, Diversity]) -> list[Diversity]:
    return [found for found in work if found is not None]


def measured(model: Any, ks: list[int], **options: Any) -> list[Diversity]:
    x_t, times, end = parent(model)
    return run(diversity(model, x_t[ks], ks, times=times, end=end, **options))


def test_forks_at_the_last_step_end_alike_and_early_ones_do_not() -> None:
    found = measured(build(), list(range(STEPS)), forks=5, seed=2)[-1]
    assert found.ks.tolist() == list(range(STEPS))
    assert found.done == 1.0
    assert found.distance[-1] == 0.0
    assert found.spread[-1] == 0.0
    assert found.same is not None
    assert found.same[-1] == 1.0
    assert found.distance[0] > 0.05
    assert found.distance[0] > found.distance[-2] > 0.0


def test_the_distance_is_that_of_all_pairs_of_walks_taken_by_hand() -> None:
    model = build()
    x_t, times, end = parent(model)
    found = run(diversity(model, x_t[[2]], [2], times=times, end=end, forks=3, seed=7))[-1]
    start = np.repeat(x_t[2][None], 3, 0)
    seed = 7 * 1_000_003 + 3
    *_, last = walk(
        model, n=3, seed=seed, sampler="ddpm", eta=1.0, start=start, times=times[2:], first=2
    )
    x = np.clip((last.arrays["x0_hat"].astype(np.float64) + 1) / 2, 0, 1).reshape(3, -1)
    pairs = [float(np.sqrt(np.square(x[i] - x[j]).mean())) for i, j in ((0, 1), (0, 2), (1, 2))]
    assert found.distance[0] == pytest.approx(np.mean(pairs), rel=1e-5)
    assert found.spread[0] == pytest.approx(np.std(pairs), rel=1e-4)


def test_forks_of_a_walk_that_keeps_pixels_differ_in_the_others_alone() -> None:
    model = build()
    mask = np.ones((28, 28), bool)
    image = np.zeros((1, 28, 28), np.float32)
    held = measured(model, [0], forks=3, keep=(mask, image))[-1]
    assert held.distance[0] == 0.0
    mask = np.arange(28)[:, None] < 14 + np.zeros(28, int)
    half = measured(model, [0], forks=3, keep=(mask, image))[-1]
    whole = measured(model, [0], forks=3)[-1]
    assert 0.0 < half.distance[0] < whole.distance[0]


def test_the_seed_fixes_it_whichever_steps_are_asked_for() -> None:
    model = build()
    whole = measured(model, [0, 2, 4], forks=3, seed=1)[-1]
    again = measured(model, [2], forks=3, seed=1)[-1]
    other = measured(model, [2], forks=3, seed=2)[-1]
    assert again.distance[0] == whole.distance[1]
    assert other.distance[0] != whole.distance[1]


def test_the_seeds_of_forks_stay_seeds() -> None:
    model = build()
    far = measured(model, [2], forks=3, seed=2**31 - 1)[-1]
    near = measured(model, [2], forks=3, seed=1)[-1]
    assert far.distance[0] != near.distance[0]


def test_both_ends_come_first() -> None:
    stages = measured(build(), [0, 1, 3, 5], forks=2)
    assert [each.ks.tolist() for each in stages] == [[0], [0, 5], [0, 1, 5], [0, 1, 3, 5]]
    assert [each.done for each in stages] == [0.25, 0.5, 0.75, 1.0]
    assert coarse_first(1) == [0]
    assert sorted(coarse_first(9)) == list(range(9))


def test_the_judge_counts_the_forks_that_keep_the_digit() -> None:
    """A model that always sees one image: every fork becomes it."""
    model = build()
    image, another = (load("mnist").test.batch(slice(i, i + 1)) * 2 - 1 for i in (0, 1))  # 7, 2

    def net(x: torch.Tensor, t: torch.Tensor, label: torch.Tensor, rng: Any) -> torch.Tensor:
        a = model.alpha_bar[(t * 40 / 1000).round().long()].view(-1, 1, 1, 1)
        return (a.sqrt() * x - image) / (1 - a).sqrt()  # v of x0_hat = image

    model.net.forward = net
    x_t, times, end = parent(model)
    np.testing.assert_allclose(end, image[0].numpy(), atol=1e-3)
    found = run(diversity(model, x_t[[0, 3]], [0, 3], times=times, end=end, forks=4))[-1]
    assert found.same is not None
    assert found.same.tolist() == [1.0, 1.0]
    assert found.distance.max() < 1e-3
    other = run(diversity(model, x_t[[0]], [0], times=times, end=another[0].numpy(), forks=4))[-1]
    assert other.same is not None
    assert other.same.tolist() == [0.0]


def test_points_are_measured_in_data_units_and_not_judged() -> None:
    found = measured(build((2,), width=8, depth=1), [0, 3, 5], forks=4)[-1]
    assert found.same is None
    assert found.distance[0] > found.distance[-1] == 0.0


def test_what_cannot_fork_is_refused() -> None:
    model = build()
    with pytest.raises(BadInput, match="without noise"):
        measured(model, [0], sampler="dpmpp")
    with pytest.raises(BadInput, match="without noise"):
        measured(model, [0], sampler="ddim", eta=0.0)
    with pytest.raises(BadInput, match="2 to 64 forks"):
        measured(model, [0], forks=1)
    x_t, times, end = parent(model)
    with pytest.raises(BadInput, match="steps 0 to 5"):
        run(diversity(model, x_t[:1], [6], times=times, end=end))
    with pytest.raises(BadInput, match="need x_t of shape"):
        run(diversity(model, x_t[:2], [0], times=times, end=end))
