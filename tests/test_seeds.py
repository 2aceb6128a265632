"""tools/seeds.py: intervals against arithmetic by hand, and no row with fewer than five seeds."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).resolve().parent.parent / "tools" / "seeds.py"


@pytest.fixture(scope="module")
def seeds() -> Any:
    if not FILE.is_file():
        pytest.skip("the tools are not part of an installed package")
    spec = importlib.util.spec_from_file_location("seeds", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["seeds"] = module
    spec.loader.exec_module(module)
    return module


def test_interval_by_hand(seeds) -> None:
    """1 to 5: mean 3, standard error sqrt(2.5 / 5), times the t quantile 2.776."""
    mean, half = seeds.interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert mean == 3.0
    assert half == pytest.approx(1.9632, abs=1e-4)


def test_the_interval_holds_the_mean_in_19_of_20_cases(seeds) -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    draws = [seeds.interval(list(row)) for row in rng.normal(7.0, 2.0, (4000, 5))]
    held = np.mean([abs(mean - 7.0) <= half for mean, half in draws])
    assert held == pytest.approx(0.95, abs=0.015)


def test_who_is_better(seeds) -> None:
    low, high = [1.0, 1.1, 0.9, 1.0, 1.0], [2.0, 2.1, 1.9, 2.0, 2.0]
    wide = [0.0, 1.0, 2.0, 3.0, 4.0]
    less, more = seeds.FIGURES["hole_share"], seeds.FIGURES["recall"]
    assert seeds.better(less, low, high) == "AE"
    assert seeds.better(less, high, low) == "VAE"
    assert seeds.better(more, low, high) == "VAE"
    assert seeds.better(more, high, low) == "AE"
    assert seeds.better(less, wide, high) == "neither"
    assert seeds.better(seeds.FIGURES["drag_largest_step"], low, high) == ""


def test_fewer_than_five_seeds_are_no_study(seeds) -> None:
    with pytest.raises(ValueError, match="5 seeds"):
        seeds.interval([1.0, 2.0])


def fill(runs: Path, row: str, seeds: Any, without: str = "") -> None:
    for f in seeds.FAMILIES:
        for s in seeds.SEEDS:
            run = runs / row / f"{f}-{s}"
            run.mkdir(parents=True)
            share = (0.4 if f == "ae" else 0.1) + 0.01 * s
            found = {
                "prior": {"off_share": share + 0.2},
                "gaussian": {"off_share": share},
                "any": {"drag_largest_step": 0.1},
                "crossfade": {"largest_step": 1 / 32},
            }
            if f"{f}-{s}" != without:
                (run / "study.json").write_text(json.dumps(found))


def test_rows_are_whole_or_not_there(seeds, tmp_path: Path) -> None:
    fill(tmp_path, "moons", seeds)
    fill(tmp_path, "moons3", seeds, without="vae-4")
    found = seeds.study(tmp_path)
    assert list(found["rows"]) == ["moons"]
    lines = {(line["figure"], line["sampler"]): line for line in found["rows"]["moons"]["lines"]}
    gaussian = lines["off_share", "gaussian"]
    assert gaussian["ae"]["mean"] == pytest.approx(0.43)
    assert gaussian["values"]["vae"] == pytest.approx([0.11, 0.12, 0.13, 0.14, 0.15])
    assert gaussian["better"] == "VAE"
    own = lines["off_share", "each its own"]  # AE from its Gaussian, VAE from the prior
    assert own["ae"]["mean"] == pytest.approx(0.43)
    assert own["vae"]["mean"] == pytest.approx(0.33)
    assert lines["drag_largest_step", ""]["better"] == ""


def test_the_page_keeps_what_stands_above_the_tables(seeds, tmp_path: Path) -> None:
    runs, docs = tmp_path / "runs", tmp_path / "docs"
    docs.mkdir()
    (docs / "study.md").write_text(f"# Mine\n\n{seeds.HEAD}\nold tables\n")
    fill(runs, "moons", seeds)
    seeds.write(runs, docs)
    page = (docs / "study.md").read_text()
    assert page.startswith("# Mine\n")
    assert "old tables" not in page
    assert (
        "| Samples off every true moon | gaussian | 0.430 ± 0.020 | 0.130 ± 0.020 | VAE |" in page
    )
    assert json.loads((docs / "study.json").read_text())["seeds"] == list(seeds.SEEDS)
    seeds.write(runs, docs)
    assert (docs / "study.md").read_text() == page


def test_the_tables_are_those_of_the_figures(seeds) -> None:
    docs = FILE.parent.parent / "docs"
    if not (docs / "study.json").is_file():
        pytest.skip("the study is not part of an installed package")
    found = json.loads((docs / "study.json").read_text("utf-8"))
    page = (docs / "study.md").read_text("utf-8")
    assert page.endswith(seeds.markdown(found))
    for row in found["rows"].values():
        for line in row["lines"]:
            figure, values = seeds.FIGURES[line["figure"]], line["values"]
            assert line["better"] == seeds.better(figure, values["ae"], values["vae"])
            for f in seeds.FAMILIES:
                assert (line[f]["mean"], line[f]["half"]) == pytest.approx(
                    seeds.interval(values[f])
                )
