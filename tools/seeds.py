"""The five-seed study: AE and VAE by one recipe, every figure with its spread over the seeds.

python tools/seeds.py [--rows moons mnist-2d ...] [--runs DIR] [--only train|measure|write]

In each row AE and VAE are trained with each of five seeds and differ in nothing but the family. The
MNIST recipes are shorter than those of the shipped weights, so that the study can be made again in
about an hour on two cores; the moons' are the shipped ones. What is done is not done again.
docs/study.json and docs/study.md hold the rows of which every run is measured.

Intervals: mean and 95 % interval of the mean by Student's t with four degrees of freedom. A model
is called better only where the interval of the difference does not hold 0; its standard error is
that of two independent samples, its degrees of freedom the smaller sample's, four.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SEEDS = (1, 2, 3, 4, 5)
FAMILIES = ("ae", "vae")
OWN = {"ae": "gaussian", "vae": "prior"}  # what each family itself samples from
T_4 = 2.7764451  # 97.5 % quantile of Student's t with four degrees of freedom
N_GAP = 2_000  # samples of a gap report
N_MOONS, N_DRAGS = 500, 32
FIXED = "--precision float32 --threads 1"
HEAD = "<!-- Written by tools/seeds.py; do not edit. -->\n"


@dataclass(frozen=True)
class Row:
    """One comparison: a data set, and the options of `genstudio train` that both families share."""

    title: str
    data: str
    options: str


ROWS = {
    "moons": Row(
        "Moons, lit fractions 0.65 to 0.85 held back",
        "moon-phases",
        "--steps 3000 --set latent_dim=5 --set blocks=plain --set depth=2",
    ),
    "mnist-2d": Row("MNIST, 2-D, dense, 10 epochs", "mnist", "--epochs 10 --set binarize=input"),
    "moons3": Row(
        "Moons, new, half and full alone",
        "moon-phases:three",
        "--steps 3000 --set latent_dim=5 --set blocks=plain --set depth=2",
    ),
    "mnist-16d": Row(
        "MNIST, 16-D, convolutional, 6 epochs",
        "mnist",
        "--epochs 6 --set latent_dim=16 --set net=conv --set channels=16",
    ),
}


@dataclass(frozen=True)
class Figure:
    """A column: how it reads, and whether less of it is better (None: neither is)."""

    title: str
    less_is_better: bool | None


FIGURES = {
    "hole_share": Figure("Hole share", True),
    "off_share": Figure("Samples off every true moon", True),
    "sample_distance": Figure("Mean distance of a sample to the nearest moon", True),
    "frechet": Figure("Frechet distance", True),
    "precision": Figure("Precision", False),
    "recall": Figure("Recall", False),
    "density": Figure("Density", False),
    "coverage": Figure("Coverage", False),
    "path_gap": Figure("Path gap", True),
    "drag_off_share": Figure("Frames of the drag off every true moon", True),
    "drag_mean_distance": Figure("Mean distance of a frame to the nearest moon", True),
    "drag_most_half_grey": Figure("Largest half-grey share of a frame", True),
    "drag_largest_step": Figure("Largest step over the distance of the ends", None),
}

BESIDE = {"crossfade": "the plain cross-fade", "true moons": "true moons"}

Measured = dict[str, dict[str, float]]  # of one run: figures by sampler, "any" for those of none


# Training and measuring


def train(row: Row, family: str, seed: int, run: Path) -> None:
    """Train one run; a finished one is left alone, an unfinished one goes on."""
    command = [sys.executable, "-m", "genstudio", "train", family, "--data", row.data]
    command += ["--out", str(run), "--seed", str(seed), *FIXED.split(), *row.options.split()]
    command += ["--set", "train.n_snapshots=0", "--resume"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def measure(row: Row, run: Path) -> None:
    """Write study.json into a run unless it is there."""
    if (run / "study.json").is_file():
        return
    import torch

    import genstudio

    torch.set_num_threads(1)
    model = genstudio.load(str(run))
    found = _of_digits(model, row) if row.data == "mnist" else _of_moons(model, row)
    (run / "study.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _of_moons(model: Any, row: Row) -> Measured:
    from genstudio.metrics import moon

    found = finish(moon.report(model, row.data, seed=0, n=N_MOONS, n_drags=N_DRAGS))
    samplers = {
        name: {key: found[key][name] for key in ("off_share", "sample_distance")}
        for name in found["off_share"]
    }
    drags = {f"drag_{key}": value for key, value in found["drag"]["model"].items()}
    if found["sigmas"] is not None:
        drags["sigmas"] = found["sigmas"]
    return {**samplers, "any": drags, "crossfade": found["drag"]["crossfade"],
            "true moons": found["drag"]["moons"]}  # fmt: skip


def _of_digits(model: Any, row: Row) -> Measured:
    from genstudio.metrics import gap

    found = finish(gap.report(model, row.data, seed=0, n=N_GAP, samplers=("prior", "gaussian")))
    samplers = {
        name: {key: of[key] for key in FIGURES if key in of and key != "path_gap"}
        for name, of in found["samplers"].items()
    }
    return {**samplers, "any": {"path_gap": found["path_gap"]}}


def finish(work: Generator[Any, None, Any]) -> Any:
    """What a generator ends in."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


# Counting


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Mean of five values, and half the width of its 95 % interval."""
    mean, squared_error = _mean(values)
    return mean, T_4 * math.sqrt(squared_error)


def difference(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    """Mean of `second` less that of `first`, and half the width of its 95 % interval."""
    (a, a_error), (b, b_error) = _mean(first), _mean(second)
    return b - a, T_4 * math.sqrt(a_error + b_error)


def _mean(values: Sequence[float]) -> tuple[float, float]:
    """Mean and the square of its standard error."""
    if len(values) != len(SEEDS):
        raise ValueError(f"The study takes {len(SEEDS)} seeds, got {len(values)} values.")
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return mean, variance / len(values)


def better(figure: Figure, ae: Sequence[float], vae: Sequence[float]) -> str:
    """AE, VAE, or neither where the interval of the difference holds 0; "" where none can be."""
    if figure.less_is_better is None:
        return ""
    more, half = difference(ae, vae)
    if abs(more) <= half:
        return "neither"
    return "VAE" if (more < 0) == figure.less_is_better else "AE"


def lines_of(found: dict[str, list[Measured]]) -> list[dict[str, Any]]:
    """One row's comparisons: each figure with prior, Gaussian, and each family's own sampler."""
    lines = []
    for key, figure in FIGURES.items():
        pairs = [{"ae": name, "vae": name} for name in ("prior", "gaussian", "any")] + [OWN]
        for pair in pairs:
            if any(key not in run.get(pair[f], {}) for f in FAMILIES for run in found[f]):
                continue
            values = {f: [run[pair[f]][key] for run in found[f]] for f in FAMILIES}
            name = "each its own" if pair is OWN else pair["ae"].replace("any", "")
            line: dict[str, Any] = {"figure": key, "sampler": name, "values": values}
            for f in FAMILIES:
                line[f] = dict(zip(("mean", "half"), interval(values[f]), strict=True))
            lines.append({**line, "better": better(figure, values["ae"], values["vae"])})
    return lines


# Writing


def study(runs: Path) -> dict[str, Any]:
    """Every row whose runs are all measured."""
    rows: dict[str, Any] = {}
    for key, row in ROWS.items():
        files = {f: [runs / key / f"{f}-{s}" / "study.json" for s in SEEDS] for f in FAMILIES}
        if not all(file.is_file() for f in FAMILIES for file in files[f]):
            continue
        found = {f: [json.loads(file.read_text("utf-8")) for file in files[f]] for f in FAMILIES}
        options = f"--data {row.data} {row.options} {FIXED} --seed 1..5"
        rows[key] = {
            "title": row.title,
            "command": f"genstudio train ae|vae {options}",
            "lines": lines_of(found),
            "beside": {k: found["ae"][0][k] for k in BESIDE if k in found["ae"][0]},
        }
        sigmas = [run["any"]["sigmas"] for run in found["vae"] if "sigmas" in run["any"]]
        if sigmas:
            rows[key]["sigmas"] = dict(zip(("mean", "half"), interval(sigmas), strict=True))
    return {"seeds": SEEDS, "n_gap": N_GAP, "n_moons": N_MOONS, "n_drags": N_DRAGS, "rows": rows}


def markdown(found: dict[str, Any]) -> str:
    """The study as tables, better models named."""
    parts = [HEAD]
    for row in found["rows"].values():
        parts.append(f"\n## {row['title']}\n\n`{row['command']}`\n\n")
        parts.append("| figure | z drawn from | AE | VAE | better |\n|---|---|---:|---:|---|\n")
        for line in row["lines"]:
            numbers = [f"{line[f]['mean']:.3f} ± {line[f]['half']:.3f}" for f in FAMILIES]
            cells = [FIGURES[line["figure"]].title, line["sampler"], *numbers, line["better"]]
            parts.append(f"| {' | '.join(cells)} |\n")
        for name, figures in row["beside"].items():
            told = [f"{FIGURES[f'drag_{k}'].title.lower()} {v:.3f}" for k, v in figures.items()]
            parts.append(f"\nThe same by {BESIDE[name]}: {', '.join(told)}.\n")
        if "sigmas" in row:
            mean, half = row["sigmas"]["mean"], row["sigmas"]["half"]
            parts.append(
                f"\nThe VAE's codes of half and full moon lie {mean:.0f} ± {half:.0f} standard "
                "deviations of q(z | x) apart.\n"
            )
    return "".join(parts)


def write(runs: Path, folder: Path) -> None:
    """docs/study.json, and the tables below whatever docs/study.md holds above its marker."""
    found = study(runs)
    (folder / "study.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    page = folder / "study.md"
    head = page.read_text("utf-8").partition(HEAD)[0] if page.is_file() else ""
    page.write_text(head + markdown(found), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "study")
    parser.add_argument("--only", choices=("train", "measure", "write"))
    parser.add_argument("--docs", type=Path, default=ROOT / "docs")
    chosen = parser.parse_args()
    for key in chosen.rows:
        for seed in SEEDS:
            for family in FAMILIES:
                run = chosen.runs / key / f"{family}-{seed}"
                if chosen.only in (None, "train"):
                    train(ROWS[key], family, seed, run)
                if chosen.only in (None, "measure"):
                    measure(ROWS[key], run)
        write(chosen.runs, chosen.docs)


if __name__ == "__main__":
    main()
