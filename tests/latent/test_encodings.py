"""Encodings grow, are fair at every moment, and rows already given out never change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from genstudio.abilities import BadInput
from genstudio.data import Dataset, Split
from genstudio.latent import encodings


def test_encodings_grow_to_all_images_and_match_the_encoder(plain: Any, dataset: Dataset) -> None:
    seen = list(encodings.encode(plain, dataset, "train"))
    fractions = [one.done_fraction for one in seen]
    assert fractions == sorted(fractions)
    assert len(seen) > 1
    end = seen[-1]
    assert end.done_fraction == 1
    assert sorted(end.index.tolist()) == list(range(1000))
    exact = plain.encode(dataset.train.batch(torch.from_numpy(end.index.copy()))).mean
    np.testing.assert_allclose(end.mean, exact.numpy(), rtol=1e-5)
    np.testing.assert_array_equal(end.labels, dataset.train.labels.numpy()[end.index])
    assert end.std is not None
    assert (end.std == 0.5).all()
    np.testing.assert_array_equal(seen[0].mean, end.mean[: len(seen[0].mean)])
    assert not end.mean.flags.writeable


def test_a_part_is_a_fair_part_even_of_sorted_data(plain: Any, dataset: Dataset) -> None:
    labels = torch.arange(1000) // 500
    train = Split(images=dataset.train.images, labels=labels)
    data = Dataset("sorted", "Sorted", (1, 4, 6), ["a", "b"], train, dataset.test)
    *_, end = encodings.encode(plain, data, "train", limit=200)
    assert len(end.mean) == 200
    assert 60 < int((end.labels == 0).sum()) < 140


def test_a_deterministic_encoder_has_no_spread(make: Any, dataset: Dataset) -> None:
    *_, end = encodings.encode(make(spread=False), dataset, "test")
    assert end.std is None


def test_data_without_labels_are_marked(plain: Any, dataset: Dataset) -> None:
    bare = Split(images=dataset.train.images)
    data = Dataset("bare", "Bare", (1, 4, 6), [], bare, bare)
    *_, end = encodings.encode(plain, data, "train", limit=10)
    assert (end.labels == -1).all()


def test_other_shapes_and_splits_are_refused(make: Any, plain: Any, dataset: Dataset) -> None:
    with pytest.raises(BadInput, match="1 x 4 x 6, this model works on 1 x 5 x 5"):
        next(encodings.encode(make(shape=(1, 5, 5)), dataset))
    with pytest.raises(BadInput, match="train or test"):
        next(encodings.encode(plain, dataset, "all"))


def test_grad_mode_is_left_alone_between_pieces(plain: Any, dataset: Dataset) -> None:
    for _ in encodings.encode(plain, dataset):
        assert torch.is_grad_enabled()


def test_posterior_of_one_image(plain: Any, dataset: Dataset) -> None:
    image = dataset.test.batch(slice(4, 5))
    seen = encodings.posterior(plain, image[0].numpy())
    q = plain.encode(image)
    np.testing.assert_allclose(seen.mean, q.mean[0], rtol=1e-6)
    np.testing.assert_allclose(seen.std, q.std[0])
    np.testing.assert_allclose(seen.reconstruction, plain.decode(q.mean)[0], rtol=1e-6)
    with pytest.raises(BadInput, match="got 2 x 4 x 6"):
        encodings.posterior(plain, np.zeros((2, 4, 6)))


def test_draw_shows_mean_plus_sigma_times_noise(plain: Any) -> None:
    mean, std = np.array([1.0, -2.0], np.float32), np.array([0.1, 3.0], np.float32)
    one = encodings.draw(plain, mean, std, seed=5)
    np.testing.assert_allclose(one.z, mean + std * one.noise, rtol=1e-6)
    np.testing.assert_array_equal(encodings.draw(plain, mean, std, seed=5).noise, one.noise)
    assert not np.array_equal(encodings.draw(plain, mean, std, seed=6).noise, one.noise)
    z = torch.from_numpy(one.z.copy())[None]
    np.testing.assert_allclose(one.image, plain.decode(z)[0], rtol=1e-6)
    np.testing.assert_array_equal(encodings.draw(plain, mean, None, seed=5).z, mean)
