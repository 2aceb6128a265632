"""Measure what a class-conditional diffusion model of digits draws, and write it into its card.

python tools/sampling.py NAME [-n N] [--seed S] [--threads T] [--few]

N samples by 20 steps of DPM-Solver++ and by every step of DDPM, from the same noise and of the
classes of N test images, at guidance 1: the Frechet distance of each, their excess over the floor,
the share that the judge names right, and the coverage of each class. 2,000 samples by 1,000 steps
are two million evaluations of the net. With --few, every sampler by 20 steps, and no other.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import genstudio
from genstudio import paths
from genstudio.abilities import Card
from genstudio.data import Dataset
from genstudio.metrics import bank, fidelity, judge
from genstudio.metrics.gap import JUDGE_TRAINED_ON
from genstudio.models import Model

STEPS = 20
FEW = {"sampler": "dpmpp", "steps": STEPS}
CHUNK = 250
ROUNDS = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("-n", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--few", action="store_true", help="every sampler by 20 steps")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    model = genstudio.load(chosen.name)
    file = paths.weights() / chosen.name / "card.json"
    card = Card.read(file)
    work, key = (measure_few, "sampling_few") if chosen.few else (measure, "sampling")
    found = work(model, genstudio.dataset(card.data), chosen.n, chosen.seed)
    command = f"python tools/sampling.py {chosen.name} -n {chosen.n} --seed {chosen.seed}"
    command += " --few" if chosen.few else ""
    metrics = {**card.metrics, key: {"command": command, **found}}
    text = card.model_copy(update={"metrics": metrics}).model_dump_json(indent=1)
    file.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")


def measure(model: Model, dataset: Dataset, n: int, seed: int) -> dict[str, Any]:
    """The figures of n samples; `full` is DDPM over every step of the model's schedule."""
    full = {"sampler": "ddpm", "steps": int(model.config.n_steps)}  # type: ignore[attr-defined]
    real = Real(dataset, n)
    rows, made = {}, {}
    for key, options in (("few", FEW), ("full", full)):
        rows[key], made[key] = figures(model, real, seed, options)
    rng = torch.Generator().manual_seed(seed)
    both = made["few"], made["full"]
    return {
        **real.floor_figures(seed),
        **rows,
        "excess_ratio": excess_ratio(real.features, real.floor, *both),
        "excess_ratio_interval": ratio_interval(real.features, real.floor, *both, rng),
    }


def measure_few(model: Model, dataset: Dataset, n: int, seed: int) -> dict[str, Any]:
    """The figures of n samples of each sampler by 20 steps."""
    real = Real(dataset, n)
    names = ("ddpm", "ddim", "dpmpp")
    rows = {
        name: figures(model, real, seed, {"sampler": name, "steps": STEPS})[0] for name in names
    }
    return {**real.floor_figures(seed), **rows}


class Real:
    """N test images by features (N, 128) and labels (N,), and as many of every class of those held
    back from the judge, which make the floor: samples have these numbers of each class too.
    """

    def __init__(self, dataset: Dataset, n: int) -> None:
        rows = bank.interleaved(len(dataset.test), n)
        assert dataset.test.labels is not None
        assert dataset.train.labels is not None
        self.labels = dataset.test.labels[rows]
        held_back = dataset.train.labels[JUDGE_TRAINED_ON:]
        others = JUDGE_TRAINED_ON + torch.cat(
            [
                (held_back == label).nonzero()[: int((self.labels == label).sum()), 0]
                for label in self.labels.unique().tolist()
            ]
        )
        if len(others) < len(rows):
            raise SystemExit(f"{len(others)} of {n} images are held back. Choose -n smaller.")
        self.features = judge.features(dataset.test.batch(rows))
        self.floor = judge.features(dataset.train.batch(others))
        self.floor_labels = dataset.train.labels[others]

    def floor_figures(self, seed: int) -> dict[str, Any]:
        return {
            "n": len(self.labels),
            "seed": seed,
            "guidance": 1.0,
            "frechet_floor": fidelity.frechet_distance(self.features, self.floor),
            "coverage_floor": coverage(self.features, self.labels, self.floor, self.floor_labels),
        }


def figures(
    model: Model, real: Real, seed: int, options: dict[str, Any]
) -> tuple[dict[str, Any], Tensor]:
    """What one sampler makes of the classes of the real images, and the features of it."""
    labels = real.labels.sort().values
    began = time.perf_counter()
    x = torch.cat(list(drawn(model, labels, seed, options)))
    made = judge.features(x)
    named = judge.classify(x).argmax(1)
    found = {
        **options,
        "frechet": fidelity.frechet_distance(real.features, made),
        "named_right": float((named == labels).double().mean()),
        "coverage": coverage(real.features, real.labels, made, labels),
        "seconds": round(time.perf_counter() - began, 1),
    }
    return found, made


def drawn(model: Model, labels: Tensor, seed: int, options: dict[str, Any]) -> Iterator[Tensor]:
    """Images of `labels` (N,), which are sorted; the same noise whatever the sampler."""
    for label in labels.unique().tolist():
        n = int((labels == label).sum())
        for start in range(0, n, CHUNK):
            rng = torch.Generator().manual_seed(seed * 1_000_003 + 1000 * label + start)
            size = min(CHUNK, n - start)
            yield model.sample(size, rng, label=label, guidance=1.0, **options)
            sys.stderr.write(f"{options['sampler']}: class {label}, {start + size} of {n}\n")


def coverage(real: Tensor, real_labels: Tensor, made: Tensor, labels: Tensor) -> list[float]:
    """For each class, the share of its real images that have a sample of it near (k = 5)."""
    shares = []
    for label in real_labels.unique().tolist():
        own, mine = real[real_labels == label], made[labels == label]
        overlap = _end(fidelity.overlap(own, mine, _end(fidelity.radii(own))))
        shares.append(round(overlap.figures()["coverage"], 4))
    return shares


def excess_ratio(real: Tensor, floor: Tensor, few: Tensor, full: Tensor) -> float:
    """How far `few` lies beyond the floor, in units of how far `full` does."""
    least = fidelity.frechet_distance(real, floor)
    return (fidelity.frechet_distance(real, few) - least) / (
        fidelity.frechet_distance(real, full) - least
    )


def ratio_interval(
    real: Tensor, floor: Tensor, few: Tensor, full: Tensor, rng: torch.Generator
) -> list[float]:
    """Bootstrap interval of the ratio at 95 %: samples of the same noise are drawn together."""
    ratios = []
    for _ in range(ROUNDS):
        again = [torch.randint(len(x), (len(x),), generator=rng) for x in (real, floor, few)]
        ratios.append(excess_ratio(real[again[0]], floor[again[1]], few[again[2]], full[again[2]]))
    ends = torch.tensor(ratios, dtype=torch.float64).quantile(
        torch.tensor([0.025, 0.975], dtype=torch.float64)
    )
    return [round(value, 4) for value in ends.tolist()]


def _end(work: Any) -> Any:
    """What a piece of work ends in."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


if __name__ == "__main__":
    main()
