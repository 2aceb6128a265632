"""The public functions, as a script uses them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import genstudio
from genstudio.abilities import BadInput


def test_families_are_handed_out_as_a_copy() -> None:
    found = genstudio.families()
    found.clear()
    assert {"pca", "ae", "dae", "vae"} <= set(genstudio.families())


def test_create_takes_settings_and_a_seed() -> None:
    make = {"width": 16, "depth": 1, "latent_dim": 3}
    one, same = genstudio.create("vae", seed=5, **make), genstudio.create("vae", seed=5, **make)
    other = genstudio.create("vae", seed=6, **make)
    assert one.family == "vae" and one.latent_dim == 3 and one.shape == (1, 28, 28)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters()))
    assert not all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters()))


def test_create_leaves_the_global_generator_alone() -> None:
    before = torch.random.get_rng_state()
    genstudio.create("vae", width=16, depth=1)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize(
    ("family", "settings", "named"),
    [
        ("vaee", {}, "vaee"),
        ("vae", {"widht": 3}, "widht"),
        ("vae", {"latent_dim": 0}, "latent_dim"),
    ],
)
def test_what_cannot_be_created_is_named(family: str, settings: dict[str, int], named: str) -> None:
    with pytest.raises(BadInput, match=named):
        genstudio.create(family, **settings)


def test_weights_are_cards_by_name_without_the_judge() -> None:
    cards = genstudio.weights()
    assert all(card.name == name for name, card in cards.items())
    assert not any(name.startswith("judge") for name in cards)


def test_shipped_weights_load_in_eval_mode_and_fit_their_cards() -> None:
    for name, card in genstudio.weights().items():
        model = genstudio.load(name)
        assert not model.training and not any(p.requires_grad for p in model.parameters())
        assert (model.family, model.shape, model.latent_dim) == (
            card.family,
            card.shape,
            card.latent_dim,
        )
        x = model.sample(2, torch.Generator().manual_seed(0))
        assert x.shape == (2, *card.shape) and bool(x.isfinite().all())
        if len(card.shape) == 3:  # points have data units
            assert float(x.min()) >= 0 and float(x.max()) <= 1


def test_a_source_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no-such-model"):
        genstudio.load("no-such-model")


def test_mnist_is_complete() -> None:
    mnist = genstudio.dataset("mnist")
    assert mnist.shape == (1, 28, 28) and len(mnist.classes) == 10
    assert mnist.train.images is not None and mnist.train.images.dtype == torch.uint8
    assert (len(mnist.train), len(mnist.test)) == (60_000, 10_000)


def test_the_module_lists_its_functions_and_refuses_others() -> None:
    assert {"create", "dataset", "families", "load", "weights"} <= set(dir(genstudio))
    with pytest.raises(AttributeError, match="nothing"):
        _ = genstudio.nothing
