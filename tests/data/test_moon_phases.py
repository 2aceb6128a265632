"""data/moon_phases.py: the drawn moons against the geometry, and which phases are held back."""

from __future__ import annotations

import numpy as np
import pytest

from genstudio import data
from genstudio.data import moon_phases


def measured(images: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Lit fraction (N,) from the brightness alone: what is above earthshine over the disc."""
    e = moon_phases.EARTHSHINE
    disc = np.pi * radius**2
    light = images.reshape(len(images), -1).astype(float).sum(1) / 255
    return (light / disc - e) / (1 - e)


def reference(lit: float, waxing: bool, shift: np.ndarray, radius: float, fine: int) -> np.ndarray:
    """The same moon drawn another way: a lit sphere seen from afar, one sample per fine pixel.

    The sphere's surface normal (x, y, z) is lit where it faces the sun at (sin a, 0, -cos a), with
    the lit fraction (1 - cos a) / 2.
    """
    at = (np.arange(28 * fine) + 0.5) / fine - 14
    x = (at[None, :] - shift[0]) / radius
    y = (at[:, None] - shift[1]) / radius
    inside = x**2 + y**2 <= 1
    z = np.sqrt(np.maximum(1 - x**2 - y**2, 0))
    angle = np.arccos(1 - 2 * lit)
    facing = (1 if waxing else -1) * x * np.sin(angle) - z * np.cos(angle) > 0
    grey = np.where(inside, np.where(facing, 1.0, moon_phases.EARTHSHINE), 0.0)
    return grey.reshape(28, fine, 28, fine).mean((1, 3))


@pytest.mark.parametrize("waxing", [True, False])
@pytest.mark.parametrize("lit", [0.0, 0.03, 0.25, 0.5, 0.75, 0.9, 1.0])
def test_a_moon_is_a_sphere_lit_from_the_side(lit: float, waxing: bool) -> None:
    shift, radius = np.array([1.3, -0.7]), 9.6
    drawn = moon_phases.draw(np.array([lit]), np.array([waxing]), shift[None], np.array([radius]))
    expected = reference(lit, waxing, shift, radius, fine=40)
    # Eight lines a pixel are coarse only where the rim is level, at the top and the bottom.
    assert np.abs(drawn[0, 0] / 255 - expected).max() < 0.06
    assert np.abs(drawn[0, 0] / 255 - expected).mean() < 0.002


@pytest.mark.parametrize("name", ["moon-phases", "moon-phases:three"])
@pytest.mark.parametrize("split", ["train", "test"])
def test_brightness_gives_back_the_lit_fraction(name: str, split: str) -> None:
    part = getattr(data.load(name), split)
    factors = part.factors.numpy().astype(float)
    error = measured(part.images.numpy(), factors[:, 4]) - factors[:, 0]
    assert np.abs(error).max() < 0.006


def test_shift_is_where_the_disc_is() -> None:
    part = data.load("moon-phases").test
    images, factors = part.images.numpy()[:, 0], part.factors.numpy()
    seen = images > 255 * moon_phases.EARTHSHINE / 2
    at = np.arange(28) + 0.5
    centre_x = (seen.any(1) * at).sum(1) / seen.any(1).sum(1) - 14
    centre_y = (seen.any(2) * at).sum(1) / seen.any(2).sum(1) - 14
    assert np.abs(centre_x - factors[:, 2]).max() < 0.75
    assert np.abs(centre_y - factors[:, 3]).max() < 0.75
    assert not images[:, 0].any()  # no moon is cut off
    assert not images[:, -1].any()
    assert not images[:, :, 0].any()
    assert not images[:, :, -1].any()


def test_waxing_moons_are_lit_on_the_right() -> None:
    part = data.load("moon-phases").train
    lit, phase, shift = part.factors.numpy()[:, :3].T
    middle = (lit > 0.2) & (lit < 0.6)
    columns = part.images.numpy()[:, 0].sum(1).astype(float)
    to_the_right = (columns * (np.arange(28) - 13.5)).sum(1) / columns.sum(1) > shift
    waxing = phase < 0.5
    assert 0.45 < waxing.mean() < 0.55
    np.testing.assert_array_equal(to_the_right[middle], waxing[middle])
    np.testing.assert_allclose(lit, (1 - np.cos(2 * np.pi * phase)) / 2, atol=1e-6)


@pytest.mark.parametrize("name", ["moon-phases", "moon-phases:three"])
def test_no_held_back_phase_is_in_training(name: str) -> None:
    dataset = data.load(name)
    low, high = moon_phases.HELD_BACK
    train = dataset.train.factors[:, 0].numpy()
    test = dataset.test.factors[:, 0].numpy()
    assert not ((train > low) & (train < high)).any()
    assert ((test >= np.float32(low)) & (test <= np.float32(high))).all()
    assert np.ptp(test) > 0.19  # all of the band is tested
    # The images say so too, whatever the factors say.
    radius = dataset.train.factors[:, 4].numpy().astype(float)
    seen = measured(dataset.train.images.numpy(), radius)
    assert not ((seen > low + 0.01) & (seen < high - 0.01)).any()


def test_what_training_sees() -> None:
    lit = data.load("moon-phases").train.factors[:, 0].numpy()
    share = np.histogram(lit, bins=(0, 0.2, 0.4, 0.65, 0.85, 1))[0] / len(lit)
    np.testing.assert_allclose(share, np.array([0.2, 0.2, 0.25, 0, 0.15]) / 0.8, atol=0.02)
    three = data.load("moon-phases:three").train
    counts = np.bincount(three.labels, minlength=5) / len(three)
    np.testing.assert_allclose(counts, [1 / 3, 0, 1 / 3, 0, 1 / 3], atol=0.02)


def test_classes_follow_the_lit_fraction() -> None:
    lit = np.array([0.0, 0.02, 0.2, 0.47, 0.5, 0.53, 0.75, 0.95, 0.99, 1.0])
    names = [moon_phases.CLASSES[k] for k in moon_phases.classify(lit)]
    assert names == [
        *("new", "new", "crescent", "crescent", "half"),
        *("gibbous", "gibbous", "gibbous", "full", "full"),
    ]


def test_the_same_moons_every_time() -> None:
    first, again = data.load("moon-phases"), data.load("moon-phases", fresh=True)
    assert first is not again
    assert first.test.images.equal(again.test.images)
    assert first.test.factors.equal(again.test.factors)
    assert not first.test.factors[:100, 1:].equal(first.train.factors[:100, 1:])
