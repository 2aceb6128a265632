"""Put a finished run among the shipped weights: model, card with `genstudio evaluate`, snapshots.

python tools/ship.py RUN NAME [--snapshots]

The card's command is what `genstudio train` wrote; `evaluate` below its metrics is reproduced by
`genstudio evaluate NAME --data DATA --json`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

from genstudio import paths
from genstudio.abilities import Card
from genstudio.engine import weights_file

FIGURES = (
    "n", "seed", "targets", "reconstruction_nats", "kl_nats", "neg_elbo_nats",
    "neg_elbo_binary_nats", "log_prob_nats", "log_prob_se_nats", "log_prob_kind", "k",
    "bits_per_dim", "mse",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("name")
    parser.add_argument("--snapshots", action="store_true", help="ship the stored steps too")
    chosen = parser.parse_args()
    target = paths.weights() / chosen.name
    target.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(chosen.run / "model.safetensors", target / "model.safetensors")
    abilities = weights_file.load(target / "model.safetensors", "cpu").abilities  # as named now
    card = Card.read(chosen.run / "card.json")
    card = card.model_copy(update={"name": chosen.name, "abilities": abilities})
    (target / "card.json").write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "genstudio", "evaluate", chosen.name, "--data", card.data]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    figures = {key: found[key] for key in FIGURES if found.get(key) is not None}
    card = card.model_copy(update={"metrics": {**card.metrics, "evaluate": figures}})
    (target / "card.json").write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")
    if chosen.snapshots:
        shutil.copytree(chosen.run / "snapshots", target / "snapshots", dirs_exist_ok=True)


if __name__ == "__main__":
    main()
