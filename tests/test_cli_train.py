"""train, sample, reconstruct and evaluate, as a user types them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import genstudio
from genstudio import cli

SMALL = ["--set", "width=16", "--set", "depth=1", "--set", "train.batch_size=32"]
FIXED = ["--precision", "float32", "--threads", "1", "--device", "cpu"]
ENDLESS = ["--set", "train.lr_schedule=constant"]  # so that another total may be resumed


def _train(out: Path, *more: str, steps: int = 4) -> int:
    words = ["train", "vae", "--data", "moon-phases", "--out", str(out), "--steps", str(steps)]
    return cli.run([*words, *SMALL, *FIXED, *more])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained run folder."""
    out = tmp_path_factory.mktemp("runs") / "moons"
    assert _train(out) == 0
    return out


def test_training_leaves_a_card_with_its_command(run: Path) -> None:
    card = json.loads((run / "card.json").read_text())
    assert card["family"] == "vae"
    assert card["config"]["width"] == 16
    assert "genstudio train vae" in card["command"]


def test_a_folder_in_use_is_refused_and_a_finished_run_resumes_at_once(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _train(run) == 2
    assert "not empty" in capsys.readouterr().err
    assert _train(run, "--resume") == 0


def test_other_settings_cannot_be_resumed(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _train(run, "--resume", "--set", "beta=3") == 2
    assert "beta" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (["--set", "betaa=2"], "betaa"),
        (["--set", "beta"], "KEY=VALUE"),
        (["--set", "train.lr=-1"], "lr"),
        (["--epochs", "2"], "--epochs"),
        (["--precision", "float8"], "float8"),
    ],
)
def test_what_cannot_be_trained_is_named(
    more: list[str], named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _train(tmp_path / "run", *more) == 2
    assert named in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_an_interrupted_run_is_saved_and_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = ["train", "vae", "--data", "moon-phases", "--out", str(out), "--steps", "10000000"]
    process = subprocess.Popen(
        [sys.executable, "-m", "genstudio", *words, *SMALL, *FIXED, *ENDLESS],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ},
    )
    assert process.stderr is not None
    first = process.stderr.readline()  # the choice is made: training has begun
    assert "float32" in first
    process.send_signal(signal.SIGTERM)
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 130
    assert "--resume" in said
    latest = json.loads((out / "latest.json").read_text())
    assert _train(out, "--resume", *ENDLESS, steps=latest["step"] + 3) == 0
    assert json.loads((out / "latest.json").read_text())["step"] == latest["step"] + 3


def test_samples_are_the_model_s_own_for_that_seed(run: Path, tmp_path: Path) -> None:
    png, npz = tmp_path / "x.png", tmp_path / "x.npz"
    words = ["sample", str(run), "-n", "5", "--seed", "3", "--out", str(png), "--npz", str(npz)]
    assert cli.run(words) == 0
    x = np.load(npz)["x"]
    assert x.dtype == np.float32 and x.shape == (5, 1, 28, 28)
    own = genstudio.load(str(run)).sample(5, torch.Generator().manual_seed(3)).numpy()
    assert np.array_equal(x, own)
    with Image.open(png) as picture:
        assert picture.size == (3 * 28, 2 * 28)
        pixels = np.asarray(picture)
    assert np.array_equal(pixels[:28, 28:56], np.rint(x[1, 0] * 255).astype(np.uint8))


@pytest.mark.parametrize("sampler", ["prior", "gaussian", "mixture", "kde", "encodings"])
def test_every_sampler_draws(run: Path, tmp_path: Path, sampler: str) -> None:
    npz = tmp_path / "x.npz"
    words = ["sample", str(run), "-n", "3", "--seed", "1", "--sampler", sampler]
    assert cli.run([*words, "--out", str(tmp_path / "x.png"), "--npz", str(npz)]) == 0
    assert np.load(npz)["x"].shape == (3, 1, 28, 28)


def test_reconstructions_stand_beside_their_input(run: Path, tmp_path: Path) -> None:
    png, npz = tmp_path / "x.png", tmp_path / "x.npz"
    words = ["reconstruct", str(run), "--data", "moon-phases", "-n", "3"]
    assert cli.run([*words, "--out", str(png), "--npz", str(npz)]) == 0
    with Image.open(png) as picture:
        assert picture.size == (2 * 28, 3 * 28)
        pixels = np.asarray(picture)
    images = genstudio.dataset("moon-phases").test.images
    assert images is not None
    assert np.array_equal(pixels[28:56, :28], images[1, 0].numpy())
    assert np.load(npz)["x"].shape == (3, 1, 28, 28)


def test_data_of_another_shape_are_refused(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["reconstruct", str(run), "--data", "toy2d", "--out", str(tmp_path / "x.png")]
    assert cli.run(words) == 2
    assert "1 x 28 x 28" in capsys.readouterr().err


def test_evaluate_prints_every_key(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["evaluate", str(run), "--data", "moon-phases", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    wanted = (
        "source family data split n seed targets reconstruction_nats kl_nats neg_elbo_nats "
        "log_prob_nats log_prob_kind k pixels bits_per_dim mse seconds neg_elbo_binary_nats "
        "log_prob_se_nats"
    )
    assert set(wanted.split()) <= set(figures)
    assert figures["source"] == str(run)
    assert figures["targets"] == "grey"
