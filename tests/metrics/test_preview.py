"""A look shows the same images and the same noise for the same seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from genstudio.abilities import BadInput
from genstudio.data import load
from genstudio.metrics import preview
from genstudio.metrics.preview import Look
from genstudio.models import family

TINY = {"n_steps": 30, "channels": 4, "levels": 1, "blocks_per_level": 1, "attention": False}


def look(*args: Any, **options: Any) -> Look:
    work = preview.look(*args, **options)
    while True:
        try:
            assert next(work) is None
        except StopIteration as end:
            return end.value


def diffusion(**settings: Any) -> Any:
    record = family("ddpm")
    return record.build((1, 28, 28), record.configure({**TINY, **settings}), seed=2).eval()


def test_pairs_are_test_images_above_their_reconstructions() -> None:
    model = family("ae").build((1, 28, 28))
    model.train()
    seen = look(model, "mnist", n=6, seed=3)
    assert seen.pairs is not None
    assert seen.pairs.shape == (56, 168)
    assert seen.title == "test images and their reconstructions"
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
    for model in (family("vae").build((1, 28, 28)), diffusion()):
        first, again, other = (look(model, "mnist", 4, seed) for seed in (1, 1, 2))
        np.testing.assert_array_equal(first.samples, again.samples)
        np.testing.assert_array_equal(first.pairs, again.pairs)
        np.testing.assert_array_equal(first.index, again.index)
        assert not np.array_equal(first.samples, other.samples)


def test_data_that_do_not_fit_and_too_many_images_are_refused() -> None:
    model = family("ae").build((1, 8, 8))
    with pytest.raises(BadInput, match="Choose data that fit"):
        look(model, "mnist")
    with pytest.raises(BadInput, match="1 to 400"):
        look(family("ae").build((1, 28, 28)), "mnist", n=500)


def test_a_diffusion_model_shows_what_it_is_taught() -> None:
    """Images, x_t from t = 1 to T, and x0_hat of one step; each is what the model makes of it."""
    model = diffusion()
    seen = look(model, "mnist", n=5, seed=3)
    assert seen.pairs is not None
    assert seen.pairs.shape == (3 * 28, 5 * 28)
    assert "x0_hat" in seen.title
    x_t = seen.pairs[28:56]
    np.testing.assert_allclose(x_t[:, :28].astype(int), seen.inputs[:, :28], atol=60)  # t = 1
    far = np.corrcoef(x_t[:, -28:].ravel(), seen.inputs[:, -28:].ravel())[0, 1]
    assert abs(far) < 0.2  # t = T
    x = load("mnist").test.batch(torch.from_numpy(seen.index))
    t = torch.tensor([1, 8, 16, 23, 30])  # spread from 1 to 30
    a = model.alpha_bar[t].view(-1, 1, 1, 1)
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        noised = a.sqrt() * (2 * x - 1) + (1 - a).sqrt() * noise
        v = model.at_time(noised, t, model.labels(5, None))
        guess = (a.sqrt() * noised - (1 - a).sqrt() * v).clamp(-1, 1)
    shown = torch.cat(list((guess[:, 0] + 1) / 2 * 255), 1).numpy()
    np.testing.assert_allclose(seen.pairs[56:], shown, atol=0.6)
    assert seen.outputs is None  # nothing is reconstructed


def test_a_look_at_a_diffusion_model_runs_its_net_few_times_and_one_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = diffusion()
    calls: list[int] = []
    inner = model.net.forward
    monkeypatch.setattr(model.net, "forward", lambda x, *a: calls.append(len(x)) or inner(x, *a))
    work = preview.look(model, "mnist", n=4)
    before = 0
    for _ in work:
        assert len(calls) == before + 1
        before = len(calls)
    assert calls == [4] + [8] * 10  # the lesson, then ten steps of two rows
    assert not model.training
