"""The judge: one frozen classifier of digits, by which generated digits are measured.

It was trained on the first 50,000 MNIST training images only; `python -m genstudio.metrics.judge
--out DIR` makes it anew. Its features stand for an image where two sets of images are compared.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from genstudio import paths
from genstudio.abilities import BadInput
from genstudio.metrics._judge_net import NAME, SHAPE, JudgeNet

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
def _in_chunks(function: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
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


if __name__ == "__main__":
    from genstudio.metrics._judge_making import main

    sys.exit(main())
