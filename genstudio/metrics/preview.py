"""A quick look at a model: test images beside their reconstructions, and samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genstudio.abilities import BadInput
from genstudio.data import Dataset, load
from genstudio.latent.encodings import split_of
from genstudio.latent.sheet import mosaic
from genstudio.metrics._targets import evaluating
from genstudio.models import HasLatent

MAX_IMAGES = 400


@dataclass(frozen=True, eq=False)
class Look:
    """Pictures without gaps, uint8 (height, width) or (height, width, 3).

    `pairs` has n test images above their reconstructions, None where nothing is reconstructed;
    `inputs` and `outputs` are its two rows. `index` (n,) are the images' places in the test split.
    """

    samples: np.ndarray
    pairs: np.ndarray | None
    inputs: np.ndarray
    outputs: np.ndarray | None
    index: np.ndarray


def look(model: Any, data: str | Dataset, n: int = 10, seed: int = 0, sample_rows: int = 5) -> Look:
    """Query: n test images with reconstructions and sample_rows x n samples.

    The seed fixes images and noise, so that pictures of two steps of training can be compared.

    Raises: BadInput for points, other shapes, or too many images.
    """
    dataset = load(data) if isinstance(data, str) else data
    if tuple(dataset.shape) != tuple(model.shape) or len(dataset.shape) != 3:
        raise BadInput(
            f"A look needs images of {tuple(model.shape)}, got {tuple(dataset.shape)} from "
            f"{dataset.title}. Choose data that fit."
        )
    if not 0 < n * max(1, sample_rows) <= MAX_IMAGES:
        raise BadInput(f"A look shows 1 to {MAX_IMAGES} images, got {n} x {sample_rows}.")
    split = split_of(dataset, "test")
    index = _choice(len(split), n, seed)
    x, device = split.batch(index), model.device
    with evaluating(model):
        back: Tensor | None = None
        if isinstance(model, HasLatent):
            back = model.decode(model.encode(x.to(device)).mean).cpu()
        rng = torch.Generator(device).manual_seed(seed)
        drawn = model.sample(n * sample_rows, rng).cpu()
    columns = len(index)
    inputs = mosaic(x, columns)
    outputs = None if back is None else mosaic(back, columns)
    pairs = None if outputs is None else np.concatenate([inputs, outputs])
    return Look(mosaic(drawn, n), pairs, inputs, outputs, index.numpy())


def _choice(n_rows: int, n: int, seed: int) -> Tensor:
    """n rows by the seed, in their order."""
    order = torch.randperm(n_rows, generator=torch.Generator().manual_seed(seed))
    return order[:n].sort().values
