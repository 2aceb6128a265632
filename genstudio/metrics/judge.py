"""The judge: one frozen classifier of digits, by which generated digits are measured.

It was trained on the first 50,000 MNIST training images only; `python -m genstudio.metrics.judge
--out DIR` makes it anew. Its features stand for an image where two sets of images are compared.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from genstudio import paths
from genstudio.abilities import BadInput, Card
from genstudio.metrics._judge_net import SHAPE, WIDTH, JudgeNet
from genstudio.metrics._judge_training import Best, Recipe, accuracy, train

NAME = "judge-mnist"
FAMILY = "judge"
N_TRAINING = 50_000  # the rest of the training images choose the epoch
CHUNK = 500
MAX_BYTES = 16 << 20


class Verdict(NamedTuple):
    """What the judge sees in one image."""

    label: int
    probability: float
    probabilities: np.ndarray  # (10,)


@cache
def load_judge(folder: Path | None = None) -> JudgeNet:
    """The judge in `folder`, the shipped one unless given; eval mode, no gradients.

    Raises: BadInput when the file is missing, damaged or another model's.
    """
    file = (folder or paths.weights() / NAME) / "model.safetensors"
    if not file.is_file() or file.stat().st_size > MAX_BYTES:
        raise BadInput(f"The judge is not in {file.parent}. Install GenStudio again.")
    net = JudgeNet()
    try:
        with safe_open(file, framework="pt") as tensors:
            state = {name: tensors.get_tensor(name) for name in tensors.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise BadInput(f"The judge in {file} is damaged. Install GenStudio again.") from error
    want = net.state_dict()
    fits = state.keys() == want.keys() and all(
        state[k].shape == want[k].shape and state[k].dtype == want[k].dtype for k in want
    )
    if not fits or not all(bool(torch.isfinite(v).all()) for v in state.values()):
        raise BadInput(f"{file} does not hold the judge's weights. Install GenStudio again.")
    net.load_state_dict(state)
    return net.eval().requires_grad_(False)


def features(images: Tensor, judge: JudgeNet | None = None) -> Tensor:
    """Penultimate features (N, 128) of images (N, 1, 28, 28), float in [0, 1] or uint8.

    Raises: BadInput for images of another shape.
    """
    net = judge or load_judge()
    return _in_chunks(net.features, images)


def classify(images: Tensor, judge: JudgeNet | None = None) -> Tensor:
    """Probabilities (N, 10) of the digits in images (N, 1, 28, 28), float in [0, 1] or uint8.

    Raises: BadInput for images of another shape.
    """
    net = judge or load_judge()
    return _in_chunks(net, images).softmax(1)


def verdict(model: Any, image: np.ndarray) -> Verdict:
    """Query: which digit the judge sees in an image (1, 28, 28) in [0, 1]; `model` is not used."""
    probabilities = classify(torch.from_numpy(np.array(image, np.float32))[None])[0].numpy()
    label = int(probabilities.argmax())
    return Verdict(label, float(probabilities[label]), probabilities)


@torch.no_grad()
def _in_chunks(function: Any, images: Tensor) -> Tensor:
    if images.ndim != 4 or tuple(images.shape[1:]) != SHAPE:
        raise BadInput(
            f"The judge knows digits of 1 x 28 x 28 only, got {tuple(images.shape[1:])}. "
            "Choose MNIST or a model of it."
        )
    parts = []
    for i in range(0, len(images), CHUNK):
        x = images[i : i + CHUNK]
        x = x.float().div_(255) if x.dtype == torch.uint8 else x.float()
        parts.append(function(x))
    return torch.cat(parts) if parts else torch.zeros(0, 0)


# Making it -------------------------------------------------------------------------------------


def make(out: Path, recipe: Recipe, command: str) -> Card:
    """Train by `recipe` on MNIST and write model.safetensors and card.json into `out`, at once.

    Raises: BadInput when `out` holds something already.
    """
    from genstudio.data import load

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
    return _write(best.net, card, out)


def _write(net: JudgeNet, card: Card, out: Path) -> Card:
    """Both files into a folder beside `out`, synced, then renamed."""
    import hashlib

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


def _watch(steps: Any) -> Best:
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
    return f"{model}, {torch.get_num_threads()} threads"


def main(argv: Sequence[str] | None = None) -> int:
    """`python -m genstudio.metrics.judge`; exit code 0 done, 2 bad input."""
    parser = argparse.ArgumentParser(prog="python -m genstudio.metrics.judge", description=__doc__)
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


if __name__ == "__main__":
    sys.exit(main())
