"""A look shows the same images and the same noise for the same seed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from genstudio.abilities import BadInput
from genstudio.data import load
from genstudio.metrics.preview import look
from genstudio.models import family


def test_pairs_are_test_images_above_their_reconstructions() -> None:
    model = family("ae").build((1, 28, 28))
    model.train()
    seen = look(model, "mnist", n=6, seed=3)
    assert seen.pairs is not None
    assert seen.pairs.shape == (56, 168)
    test = load("mnist").test
    for place, row in enumerate(seen.index):
        shown = seen.pairs[:28, 28 * place : 28 * (place + 1)]
        np.testing.assert_array_equal(shown, test.images[row, 0].numpy())
    x = test.batch(torch.from_numpy(seen.index))
    with torch.no_grad():
        back = model.decode(model.encode(x).mean)[2, 0].numpy()
    np.testing.assert_allclose(seen.pairs[28:, 56:84], back * 255, atol=0.51)
    assert seen.samples.shape == (5 * 28, 168)
    assert model.training


def test_the_seed_fixes_images_and_noise() -> None:
    model = family("vae").build((1, 28, 28))
    first, again, other = (look(model, "mnist", 4, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.samples, again.samples)
    np.testing.assert_array_equal(first.index, again.index)
    assert not np.array_equal(first.samples, other.samples)


def test_data_that_do_not_fit_and_too_many_images_are_refused() -> None:
    model = family("ae").build((1, 8, 8))
    with pytest.raises(BadInput, match="Choose data that fit"):
        look(model, "mnist")
    with pytest.raises(BadInput, match="1 to 400"):
        look(family("ae").build((1, 28, 28)), "mnist", n=500)
