from __future__ import annotations

import shlex

import pytest

from genstudio.abilities import BadInput
from genstudio.engine.settings import (
    TrainSettings,
    command_line,
    live_change,
    parse_settings,
    split_settings,
    train_settings,
)
from genstudio.models import family

VAE = family("vae")


def test_text_becomes_both_records() -> None:
    pairs = ["beta=2", "net=conv", "train.lr=1e-4", "train.clip_norm=5", "train.precision=float32"]
    config, settings = split_settings(parse_settings(pairs, VAE), VAE)
    values = config.model_dump()
    assert (values["beta"], values["net"]) == (2.0, "conv")
    assert (settings.lr, settings.clip_norm, settings.precision) == (1e-4, 5.0, "float32")


def test_the_family_recommends_and_the_user_decides() -> None:
    recommended = train_settings(VAE.recommended)
    assert split_settings({}, VAE)[1] == recommended
    assert split_settings({"train.batch_size": 7}, VAE)[1].batch_size == 7
    assert split_settings({"train.lr": 0.5}, VAE, {"lr": 0.25})[1].lr == 0.25
    steps = split_settings({}, VAE, {"steps": 9})[1]
    assert (steps.steps, steps.epochs) == (9, None)


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ("beta", ["KEY=VALUE", "'beta'"]),
        ("=3", ["KEY=VALUE"]),
        ("nonsense=3", ["nonsense", "Choose one of", "beta"]),
        ("train.nonsense=3", ["train.nonsense", "train.lr"]),
        ("beta=-1", ["beta", "-1", "greater than or equal to 0"]),
        ("beta=much", ["beta", "much"]),
        ("train.lr=0", ["train.lr", "0", "greater than 0"]),
        ("train.batch_size=1000000", ["train.batch_size", "65536"]),
        ("train.precision=half", ["train.precision", "half", "float32"]),
        ("train.lr=nan", ["train.lr"]),
        ("train.lr=inf", ["train.lr"]),
    ],
)
def test_bad_text_is_one_sentence(pair: str, words: list[str]) -> None:
    with pytest.raises(BadInput) as refused:
        split_settings(parse_settings([pair], VAE), VAE)
    for word in words:
        assert word in str(refused.value)


def test_twice_and_both_lengths_are_refused() -> None:
    with pytest.raises(BadInput, match="twice"):
        parse_settings(["beta=1", "beta=2"], VAE)
    with pytest.raises(BadInput, match="not both"):
        train_settings({"steps": 3, "epochs": 3})


def test_length() -> None:
    assert TrainSettings(steps=7).total_steps(100) == 7
    assert TrainSettings(epochs=3).total_steps(100) == 300
    assert TrainSettings().total_steps(100) == 2000


def test_every_field_can_be_shown() -> None:
    for name, field in TrainSettings.model_fields.items():
        assert field.title, name
        assert field.description, name
        assert isinstance(field.json_schema_extra, dict)
    live = [
        name
        for name, field in TrainSettings.model_fields.items()
        if isinstance(field.json_schema_extra, dict) and field.json_schema_extra["live"]
    ]
    assert live == ["lr", "clip_norm"]


def test_live_change_gives_new_records() -> None:
    config, settings = VAE.config(), TrainSettings()
    config2, same = live_change("beta", 2.0, config, settings, VAE)
    assert config2.model_dump()["beta"] == 2.0
    assert same is settings
    unchanged, settings2 = live_change("train.lr", "0.5", config, settings, VAE)
    assert settings2.lr == 0.5
    assert unchanged is config


def test_the_command_line_makes_the_same_settings() -> None:
    config, settings = split_settings(
        {
            "beta": 2.5,
            "net": "conv",
            "train.lr": 3e-4,
            "train.ema_decay": 0.0,
            "train.lr_schedule": "constant",
            "train.threads": 2,
            "train.seed": 5,
        },
        VAE,
        {"steps": 12},
    )
    words = shlex.split(command_line(VAE, "folder:my pictures", "out dir", config, settings))
    assert words[:3] == ["genstudio", "train", "vae"]
    assert words[words.index("--data") + 1] == "folder:my pictures"
    pairs = [words[i + 1] for i, word in enumerate(words) if word == "--set"]
    options = {
        name: int(words[words.index(f"--{name}") + 1]) for name in ("steps", "threads", "seed")
    }
    assert split_settings(parse_settings(pairs, VAE), VAE, options) == (config, settings)
