"""The shipped weights: what is compared differs in nothing but what the comparison is about."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from genstudio import paths
from genstudio.abilities import Card

ONLY_VAE = {"beta", "k", "reconstruction_weight"}
BETAS = {
    "vae-mnist-2d": (1.0, 1.0),  # weight of reconstruction, beta
    "vae-mnist-2d-beta0": (1.0, 0.0),
    "vae-mnist-2d-beta0.1": (1.0, 0.1),
    "vae-mnist-2d-beta4": (1.0, 4.0),
    "vae-mnist-2d-kl": (0.0, 1.0),
}
PAIRS = [
    ("ae-moons", "vae-moons"),
    ("ae-moons3", "vae-moons3"),
    ("ae-mnist-2d", "vae-mnist-2d"),
    ("ae-mnist-2d", "dae-mnist-2d"),
    ("ae-mnist-16d", "vae-mnist-16d"),
]
NAMES = sorted({*BETAS, *(name for pair in PAIRS for name in pair)})

if not (paths.weights() / "vae-mnist-2d").is_dir():
    pytest.skip("the weights are not here", allow_module_level=True)


def card(name: str) -> Card:
    return Card.read(paths.weights() / name / "card.json")


def options(of: Card) -> list[str]:
    """What the command says beside family, folder, family's own settings and kept snapshots."""
    words = of.command.split()
    assert words[:2] == ["genstudio", "train"]
    kept = []
    for flag, value in zip(words[3::2], words[4::2], strict=True):
        own = value.split("=")[0] in ONLY_VAE | {"train.n_snapshots"}
        if flag != "--out" and not own:
            kept.append(f"{flag} {value}")
    return sorted(kept)


def config(of: Card) -> dict[str, Any]:
    own = {*ONLY_VAE, "corruption", "noise_std", "mask_share"}
    return {key: value for key, value in of.config.items() if key not in own}


@pytest.mark.parametrize("name", NAMES)
def test_a_card_tells_of_its_file(name: str) -> None:
    file, told = paths.weights() / name / "model.safetensors", card(name)
    assert told.name == name
    assert told.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert told.metrics["evaluate"]["n"] > 0
    assert file.stat().st_size < 4 << 20


@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
def test_a_pair_shares_net_data_and_training(pair: tuple[str, str]) -> None:
    first, second = map(card, pair)
    assert first.family != second.family
    assert (first.data, first.seed, first.latent_dim) == (second.data, 0, second.latent_dim)
    assert config(first) == config(second)
    assert options(first) == options(second)
    assert first.metrics["steps"] == second.metrics["steps"]


@pytest.mark.parametrize("name", BETAS)
def test_the_betas_differ_in_their_weights_alone(name: str) -> None:
    told, plain = card(name), card("vae-mnist-2d")
    weights = (told.config.get("reconstruction_weight", 1.0), told.config["beta"])
    assert weights == BETAS[name]
    assert config(told) == config(plain)
    assert options(told) == options(plain)
    assert told.metrics["steps"] == plain.metrics["steps"]


def test_more_beta_is_less_information_and_a_worse_reconstruction() -> None:
    order = ("vae-mnist-2d-beta0", "vae-mnist-2d-beta0.1", "vae-mnist-2d", "vae-mnist-2d-beta4")
    figures = [card(name).metrics["evaluate"] for name in (*order, "vae-mnist-2d-kl")]
    kl = [of["kl_nats"] for of in figures]
    assert kl == sorted(kl, reverse=True)
    assert kl[-1] < 0.001
    mse = [of["mse"] for of in figures[1:]]
    assert mse == sorted(mse)


def test_the_moons_are_the_two_cases() -> None:
    assert {card(f"{family}-moons").data for family in ("ae", "vae")} == {"moon-phases"}
    assert {card(f"{family}-moons3").data for family in ("ae", "vae")} == {"moon-phases:three"}
