"""genstudio interpolate: what it writes, and what it refuses with one sentence and code 2."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import genstudio
from genstudio import cli

WORDS = ["interpolate", "vae-mnist-2d", "--data", "mnist", "--from", "3", "--to", "8"]


@pytest.mark.parametrize("kind", ["lerp", "slerp", "geodesic"])
def test_a_path_is_one_row_and_its_codes(kind: str, tmp_path: Path) -> None:
    png, npz = tmp_path / "row.png", tmp_path / "row.npz"
    words = [*WORDS, "--path", kind, "--frames", "6", "--out", str(png), "--npz", str(npz)]
    assert cli.run(words) == 0
    saved = np.load(npz)
    assert saved["x"].shape == (6, 1, 28, 28) and saved["x"].dtype == np.float32
    assert saved["z"].shape == (6, 2)
    row = np.asarray(Image.open(png))
    assert row.shape == (28, 6 * 28)
    np.testing.assert_array_equal(row, np.rint(np.concatenate(list(saved["x"][:, 0]), 1) * 255))
    model, test = genstudio.load("vae-mnist-2d"), genstudio.dataset("mnist").test
    with torch.no_grad():
        means = model.encode(test.batch(torch.tensor([3, 8]))).mean
        ends = model.decode(means)
    np.testing.assert_allclose(saved["z"][[0, -1]], means, atol=1e-5)
    np.testing.assert_allclose(saved["x"][[0, -1]], ends, atol=1e-5)
    if kind == "lerp":
        np.testing.assert_allclose(np.diff(saved["z"], 2, axis=0), 0, atol=1e-5)


def test_a_gif_has_every_frame(tmp_path: Path) -> None:
    gif = tmp_path / "path.gif"
    assert cli.run([*WORDS, "--path", "lerp", "--even", "--frames", "7", "--out", str(gif)]) == 0
    with Image.open(gif) as film:
        assert film.n_frames == 7 and film.size == (28, 28)
        assert film.info["loop"] == 0


def test_the_ending_of_the_picture_may_be_capital(tmp_path: Path) -> None:
    assert cli.run([*WORDS, "--frames", "2", "--out", str(tmp_path / "A.GIF")]) == 0
    assert cli.run([*WORDS, "--frames", "2", "--out", str(tmp_path / "A.PNG")]) == 0


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"--to": "10000"}, "0 to 9999"),
        ({"--from": "-1"}, "--from -1"),
        ({"--to": "3"}, "two different ends"),
        ({"--data": "toy2d"}, "toy2d"),
        ({"--data": "nope"}, "nope"),
        ({"--path": "loop"}, "loop"),
        ({"--frames": "1"}, "--frames"),
        ({"--frames": "0"}, "--frames"),
        ({"--out": "x.jpg"}, ".png or .gif"),
        ({"--out": "missing/x.png"}, "missing"),
        ({"--npz": "missing/x.npz"}, "missing"),
        ({"--density": "0.5"}, "geodesic"),
        ({"--density": "-1", "--path": "geodesic"}, "--density"),
        ({"--density": "nan", "--path": "geodesic"}, "--density"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_written(
    change: dict[str, str],
    named: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    options = {"--data": "mnist", "--from": "3", "--to": "8", "--out": "x.png", "--npz": "x.npz"}
    words = [word for pair in {**options, **change}.items() for word in pair]
    assert cli.run(["interpolate", "vae-mnist-2d", *words]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert named in told.err
    assert told.err.strip().splitlines()[-1][-1] in ".'?`"
    assert "Traceback" not in told.err
    assert list(tmp_path.iterdir()) == []
