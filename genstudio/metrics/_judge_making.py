"""Making the judge: train, measure, write the folder whole."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file

from genstudio.abilities import BadInput, Card
from genstudio.data import load
from genstudio.metrics._judge_net import FAMILY, NAME, SHAPE, WIDTH, JudgeNet
from genstudio.metrics._judge_training import Best, Epoch, Recipe, accuracy, train

ABOUT = "Train the judge on the first 50,000 MNIST training images and write its folder."
N_TRAINING = 50_000  # the rest of the training images choose the epoch


def make(out: Path, recipe: Recipe, command: str) -> Card:
    """Train by `recipe` on MNIST and write model.safetensors and card.json into `out`, at once.

    Raises: BadInput when `out` holds something already.
    """
    if out.exists() and any(out.iterdir()):
        raise BadInput(f"{out} is not empty. Choose a new folder.")
    data = load("mnist")
    images, labels = data.train.images, data.train.labels
    assert images is not None
    assert labels is not None
    held = (images[N_TRAINING:], labels[N_TRAINING:])
    begun = time.perf_counter()
    best = _watch(train(images[:N_TRAINING], labels[:N_TRAINING], held, recipe))
    seconds = time.perf_counter() - begun
    assert data.test.images is not None
    assert data.test.labels is not None
    test_accuracy = accuracy(best.net, data.test.images, data.test.labels)
    card = Card(
        name=NAME,
        family=FAMILY,
        title="Judge of MNIST digits",
        shape=SHAPE,
        data="mnist",
        config={"width": WIDTH, **vars(recipe)},
        command=command,
        seed=recipe.seed,
        machine=_machine(),
        seconds=round(seconds, 1),
        n_parameters=sum(p.numel() for p in best.net.parameters()),
        metrics={
            "test_accuracy": round(test_accuracy, 6),
            "held_back_accuracy": round(best.held_accuracy, 6),
            "epoch": best.epoch,
            "training_images": N_TRAINING,
        },
    )
    return write(best.net, card, out)


def write(net: JudgeNet, card: Card, out: Path) -> Card:
    """Both files into a folder beside `out`, synced, then renamed."""
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        about = {
            "schema_version": 1,
            "family": FAMILY,
            "shape": list(SHAPE),
            "config": {"width": WIDTH},
        }
        state = {name: value.contiguous() for name, value in net.state_dict().items()}
        file = folder / "model.safetensors"
        save_file(state, file, metadata={"genstudio": json.dumps(about)})
        file.chmod(0o644)
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        card = card.model_copy(update={"sha256": sha256})
        (folder / "card.json").write_text(card.model_dump_json(indent=1) + "\n")
        for path in (file, folder / "card.json"):
            with path.open("rb") as handle:
                os.fsync(handle.fileno())
        folder.chmod(0o755)
        if out.exists():
            out.rmdir()
        folder.replace(out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return card


def _watch(steps: Generator[Epoch, None, Best]) -> Best:
    """Run the training to its end with a line of progress per epoch and one that moves."""
    begun = time.perf_counter()
    while True:
        try:
            at = next(steps)
        except StopIteration as end:
            best: Best = end.value
            return best
        if at.held_accuracy is None and at.step % 20:
            continue
        left = (time.perf_counter() - begun) * (at.n_steps / at.step - 1)
        line = f"epoch {at.epoch}  step {at.step:,} of {at.n_steps:,}  loss {at.loss:.4f}"
        line += f"  {left / 60:.1f} min left"
        if at.held_accuracy is not None:
            line += f"  held-back accuracy {at.held_accuracy:.4%}\n"
        sys.stderr.write("\r" + line)
        sys.stderr.flush()


def _machine() -> str:
    """Kind of processor and number of threads."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [x for x in info.read_text().splitlines() if x.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    return f"{model}, threads: {torch.get_num_threads()}"


def main(argv: Sequence[str] | None = None) -> int:
    """`python -m genstudio.metrics.judge`; exit code 0 done, 2 bad input."""
    parser = argparse.ArgumentParser(prog="python -m genstudio.metrics.judge", description=ABOUT)
    parser.add_argument("--out", type=Path, required=True, help="a new folder for the judge")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--threads", type=int, default=0, help="0: torch's own choice")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    chosen = parser.parse_args(argv)
    if chosen.threads > 0:
        torch.set_num_threads(chosen.threads)
    recipe = Recipe(
        epochs=max(1, chosen.epochs), seed=chosen.seed, bfloat16=chosen.precision == "bfloat16"
    )
    words = list(argv if argv is not None else sys.argv[1:])
    command = shlex.join(["python", "-m", "genstudio.metrics.judge", *words])
    try:
        card = make(chosen.out, recipe, command)
    except BadInput as error:
        sys.stderr.write(f"{error}\n")
        return 2
    share = card.metrics["test_accuracy"]
    sys.stdout.write(f"{chosen.out}: {share:.2%} of the test images, {card.seconds:.0f} s\n")
    return 0
