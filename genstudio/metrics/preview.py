"""A quick look at a model: test images beside what it makes of them, and samples."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genstudio.abilities import BadInput, has_noise_space
from genstudio.data import Dataset, load
from genstudio.latent.encodings import split_of
from genstudio.latent.sheet import mosaic
from genstudio.metrics._sampling import drawing
from genstudio.metrics._targets import evaluating
from genstudio.models import HasSteps

MAX_IMAGES = 400
ROWS, FEW_ROWS = 5, 2  # of samples; few of models that take many steps for each


@dataclass(frozen=True, eq=False)
class Look:
    """Pictures without gaps, uint8 (height, width) or (height, width, 3).

    `pairs` has n test images above the model's rows of them, `title` says which; None where it has
    none. `inputs` is its first row, and `outputs` its last where that are reconstructions. `index`
    (n,) are the images' places in the test split.
    """

    samples: np.ndarray
    pairs: np.ndarray | None
    inputs: np.ndarray
    outputs: np.ndarray | None
    index: np.ndarray
    title: str = ""


def look(
    model: Any, data: str | Dataset, n: int = 10, seed: int = 0, sample_rows: int | None = None
) -> Generator[None, None, Look]:
    """Query: n test images with what the model makes of them, and sample_rows x n samples, in
    pieces of work.

    The seed fixes images and noise, so that pictures of two steps of training can be compared.

    Raises: BadInput for points, other shapes, or too many images.
    """
    dataset = load(data) if isinstance(data, str) else data
    if tuple(dataset.shape) != tuple(model.shape) or len(dataset.shape) != 3:
        raise BadInput(
            f"A look needs images of {tuple(model.shape)}, got {tuple(dataset.shape)} from "
            f"{dataset.title}. Choose data that fit."
        )
    rows = sample_rows
    if rows is None:
        rows = FEW_ROWS if isinstance(model, HasSteps) else ROWS
    if not 0 < n * max(1, rows) <= MAX_IMAGES:
        raise BadInput(f"A look shows 1 to {MAX_IMAGES} images, got {n} x {rows}.")
    split = split_of(dataset, "test")
    index = _choice(len(split), n, seed)
    x, device = split.batch(index), model.device
    with evaluating(model):
        lesson = model.lesson(x.to(device), torch.Generator(device).manual_seed(seed))
    yield None
    rng = torch.Generator(device).manual_seed(seed)
    drawn = yield from drawing(model, n * rows, rng, **model.quick)
    columns = len(index)
    inputs = mosaic(x, columns)
    below = [mosaic(row.cpu(), columns) for row in lesson]
    outputs = below[-1] if below and not has_noise_space(model) else None
    pairs = np.concatenate([inputs, *below]) if below else None
    title = model.lesson_title
    return Look(mosaic(drawn, n), pairs, inputs, outputs, index.numpy(), title)


def _choice(n_rows: int, n: int, seed: int) -> Tensor:
    """n rows by the seed, in their order."""
    order = torch.randperm(n_rows, generator=torch.Generator().manual_seed(seed))
    return order[:n].sort().values
