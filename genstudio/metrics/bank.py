"""What a model can do, as a bank of its own pictures, and how far another picture is from it.

The bank holds the judge's features of the model's reconstructions dec(z), z ~ q(z | x), of 4,000
training images. A picture is off support when its nearest neighbour in the bank is farther than
that of 95 % of the model's held-out reconstructions. Where a family has no encoder, or codes that
are noise and keep all of an image, real images take the place of reconstructions.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from genstudio.abilities import BadInput, has_noise_space
from genstudio.data import Dataset, Split, load
from genstudio.latent._decode import latent_batch, to_numpy, to_tensor
from genstudio.latent.encodings import split_of
from genstudio.metrics import _memo, judge
from genstudio.metrics._judge_net import SHAPE
from genstudio.metrics._targets import evaluating
from genstudio.metrics.evaluate import Progress
from genstudio.models import HasLatent

N_BANK = 4000  # training images
N_HELD_OUT = 4000  # test images
QUANTILE = 0.95
CHUNK = 50  # pictures of one piece of work: some 20 ms
ROWS = 1000  # rows of a distance matrix held at once
SEED = 0  # of the draws of q(z | x): one bank for each model and data set

T = TypeVar("T")

RECONSTRUCTIONS, REAL_IMAGES = "reconstructions", "real images"


@dataclass(frozen=True, eq=False)
class Bank:
    """Features (M, 128) of what the model can do, as `kind` says: its reconstructions or real
    images.

    `held_out` (H,) are the distances of held-out ones to the bank; `threshold` is their 95 %
    quantile.
    """

    features: Tensor
    held_out: Tensor
    threshold: float
    kind: str = RECONSTRUCTIONS

    def distance(self, features: Tensor) -> Tensor:
        """Distance of features (N, 128) to the nearest of the bank, (N,)."""
        return nearest(features, self.features)

    def ratio(self, features: Tensor) -> Tensor:
        """The same in units of the threshold: above 1 is off support."""
        return self.distance(features) / self.threshold


def nearest(a: Tensor, b: Tensor) -> Tensor:
    """Euclidean distance of each row of a (N, F) to the nearest row of b (M, F): (N,).

    Which one is nearest comes from a matrix product, how far it is from the difference itself.
    """
    centre = b.mean(0)
    b0 = b - centre
    half = 0.5 * b0.square().sum(1)
    parts = []
    for rows in a.split(ROWS):
        which = torch.addmm(half, rows - centre, b0.T, alpha=-1).argmin(1)  # (n, M) to (n,)
        parts.append((rows - b[which]).norm(dim=1))
    return torch.cat(parts)


def build(model: Any, data: str | Dataset) -> Generator[Progress, None, Bank]:
    """Query: the bank of a model, built once for each model and data set; yields its progress.

    Raises: BadInput when the judge does not know such images, or data and model do not fit.
    """
    dataset = check(model, data)
    key = ("bank", dataset.name)
    return (yield from _memo.once(model, key, lambda: _build(model, dataset), dataset))


def check(model: Any, data: str | Dataset | None) -> Dataset:
    """The data set, if the judge can measure this model by it.

    Raises: BadInput otherwise.
    """
    if data is None or data == "":
        raise BadInput("This model names no data set to be measured by. Choose a data set.")
    if tuple(model.shape) != SHAPE:
        raise BadInput(
            f"Gaps are measured by a judge of {_size(SHAPE)} pictures, this model makes "
            f"{_size(model.shape)}. Choose a model of such pictures."
        )
    dataset = load(data) if isinstance(data, str) else data
    if tuple(dataset.shape) != tuple(model.shape):
        raise BadInput(
            f"{dataset.title} has the shape {_size(dataset.shape)}, this model "
            f"{_size(model.shape)}. Choose data that fit."
        )
    return dataset


def has_encoder(model: Any) -> bool:
    """Whether the model has a latent space with an encoder into it that leaves something out.

    Where codes are noise, nothing is left out: reconstructions are the images themselves.
    """
    if model.latent_dim is None or has_noise_space(model):
        return False
    return isinstance(model, HasLatent)


def interleaved(n_rows: int, n: int) -> Tensor:
    """n of n_rows rows, spread evenly over all of them (all where there are fewer)."""
    n = min(n, n_rows)
    return torch.arange(n) * n_rows // max(1, n)


def _build(model: Any, dataset: Dataset) -> Generator[Progress, None, Bank]:
    train, test = split_of(dataset, "train"), split_of(dataset, "test")
    rows = (interleaved(len(train), N_BANK), interleaved(len(test), N_HELD_OUT))
    total, done = len(rows[0]) + len(rows[1]), 0
    kind = RECONSTRUCTIONS if has_encoder(model) else REAL_IMAGES
    rng = torch.Generator(model.device).manual_seed(SEED)
    parts: list[list[Tensor]] = [[], []]
    for split, index, kept in zip((train, test), rows, parts):
        for chunk in index.split(CHUNK):
            kept.append(_features(model, split, chunk, kind, rng))
            done += len(chunk)
            yield Progress(done, total, "what the model can do")
    features = torch.cat(parts[0])
    held_out = nearest(torch.cat(parts[1]), features)
    threshold = max(float(held_out.double().quantile(QUANTILE)), 1e-12)
    return Bank(features, held_out, threshold, kind)


def _features(model: Any, split: Split, rows: Tensor, kind: str, rng: torch.Generator) -> Tensor:
    x = split.batch(rows)
    if kind == RECONSTRUCTIONS:
        with evaluating(model):
            x = model.decode(model.encode(x.to(model.device)).sample(rng)).cpu()
    return judge.features(x)


def distance(
    model: Any, data: str | Dataset, z: ArrayLike | None = None, images: ArrayLike | None = None
) -> Generator[None, None, np.ndarray]:
    """Query: how far the pictures of z (N, D), or images (N, 1, 28, 28), are from what the model
    can do, in units of the threshold: (N,), above 1 is off support.

    Raises: BadInput as `build`, or where neither or both are given.
    """
    if (z is None) == (images is None):
        raise BadInput("A distance needs either latent points or images. Give one of them.")
    bank = yield from quietly(build(model, data))
    rows = latent_batch(model, z) if z is not None else to_tensor(np.asarray(images), model)
    parts = []
    for chunk in rows.split(CHUNK):
        if z is not None:
            with evaluating(model):
                chunk = model.decode(chunk)
        parts.append(bank.ratio(judge.features(chunk.cpu())))
        yield None
    return to_numpy(torch.cat(parts))


def quietly(work: Generator[Any, None, T]) -> Generator[None, None, T]:
    """The same work, yielding nothing to show."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: T = end.value
            return result
        yield None


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
