"""compare: one object or one table, files beside it, one sentence for what cannot be compared."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import torch

import genstudio
from genstudio import cli
from genstudio.data import Dataset, Split
from genstudio.metrics import bank, gap, judge

MODELS = ["vae-mnist-2d", "ae-mnist-2d"]
QUICK = ["--data", "mnist", "-n", "60", "--sampler", "prior", "--sampler", "gaussian"]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small banks, few paths, and every fourth pixel in place of the judge's features."""

    def pixels(images: torch.Tensor) -> torch.Tensor:
        grey = images.float() / 255 if images.dtype == torch.uint8 else images.float()
        return grey[:, 0, 2::4, 2::4].flatten(1)

    monkeypatch.setattr(judge, "features", pixels)
    monkeypatch.setattr(gap, "N_PAIRS", 10)
    monkeypatch.setattr(bank, "N_BANK", 300)
    monkeypatch.setattr(bank, "N_HELD_OUT", 300)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = cli.run(["compare", *words])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_json_is_one_object_by_source(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, *MODELS, *QUICK, "--json")
    assert code == 0
    assert "compare" in err  # the bar is on standard error
    reports = json.loads(out)
    assert list(reports) == MODELS
    for source, own in zip(MODELS, ("prior", "gaussian")):
        report = reports[source]
        assert report["sampler"] == own
        assert list(report["samplers"]) == ["prior", "gaussian"]
        for key in ("hole_share", "precision", "recall", "coverage", "path_gap"):
            assert 0 <= report[key] <= 1
        assert report["frechet"] > report["frechet_floor"] > 0
        assert report["density"] >= 0
        assert report["samplers"][own] == {k: report[k] for k in report["samplers"][own]}
        assert report["note"] is None
    again = json.loads(run(capsys, MODELS[1], *QUICK, "--json")[1])
    assert again == {MODELS[1]: reports[MODELS[1]]}


def test_table_has_prior_and_gaussian_side_by_side(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    files = ["--csv", str(tmp_path / "a.csv"), "--markdown", str(tmp_path / "a.md")]
    code, out, _ = run(capsys, *MODELS, *QUICK, *files)
    assert code == 0
    lines = out.splitlines()
    assert lines[0].split() == ["model", "figure", "prior", "gaussian"]
    shares = [line.split() for line in lines if "hole share" in line and "z drawn" not in line]
    assert [len(words) for words in shares[:2]] == [4, 4]
    assert "ae-mnist-2d with a fitted Gaussian" in out
    with (tmp_path / "a.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(r["model"], r["sampler"], r["own"]) for r in rows] == [
        ("vae-mnist-2d", "prior", "yes"),
        ("vae-mnist-2d", "gaussian", "no"),
        ("ae-mnist-2d", "prior", "no"),
        ("ae-mnist-2d", "gaussian", "yes"),
    ]
    assert float(rows[0]["frechet_low"]) <= float(rows[0]["frechet"])
    text = (tmp_path / "a.md").read_text()
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len(table) == 6 and len({line.count("|") for line in table}) == 1
    cells = [cell.strip() for cell in table[5].split("|")]
    assert cells[1:3] == ["ae-mnist-2d", "gaussian (own)"]
    ends = [f"{100 * float(rows[3][f'hole_share_{end}']):.1f}" for end in ("low", "high")]
    share = 100 * float(rows[3]["hole_share"])
    assert cells[4] == f"{share:.1f} ({ends[0]} to {ends[1]})"
    assert "- With z drawn from N(0, I)" in text


def test_what_cannot_be_compared_is_one_sentence_and_code_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refused(*words: str) -> str:
        code, out, err = run(capsys, *words)
        assert (code, out) == (2, "")
        sentence = err.strip().splitlines()[-1].strip()
        assert sentence.endswith(".")
        return sentence

    assert "no-such-model" in refused("no-such-model", "--data", "mnist")
    assert "1 x 28 x 28, got" not in refused(MODELS[0], "--data", "toy2d")
    assert "Choose data that fit" in refused(MODELS[0], "--data", "toy2d")
    assert "-n" in refused(MODELS[0], "--data", "mnist", "-n", "5")
    assert ".csv" in refused(MODELS[0], "--data", "mnist", "--csv", str(tmp_path / "a.txt"))
    assert "SOURCE" in refused("--data", "mnist")
    zeros = Split(images=torch.zeros(30, 1, 28, 28, dtype=torch.uint8), labels=torch.zeros(30))
    single = Dataset("one", "One", (1, 28, 28), ["a"], zeros, zeros)
    monkeypatch.setattr(genstudio, "dataset", lambda name: single)
    assert "One has one class only" in refused(MODELS[0], "--data", "one")


def test_a_model_of_another_shape_is_refused_before_any_is_measured(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(source: str) -> Any:
        shape = (1, 28, 28) if source == "a" else (3, 8, 8)
        return genstudio.create("pca", shape, latent_dim=2)

    monkeypatch.setattr(genstudio, "load", load)
    monkeypatch.setattr(gap, "report", None)
    code, out, err = run(capsys, "a", "b", "--data", "mnist")
    assert (code, out) == (2, "")
    assert "this model makes 3 x 8 x 8" in err
