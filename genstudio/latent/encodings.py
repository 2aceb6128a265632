"""Where images lie in the latent space: a whole data set, or one image with its posterior."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from genstudio.abilities import BadInput, has_noise_space
from genstudio.data import Dataset, Split, loading
from genstudio.latent._decode import encoded, image_batch, latent_batch, to_numpy, to_tensor

PIECE_S = 0.004  # a piece of work after which a newer ask may take over
FIRST = 128
MAX_CHUNK = 2048
ORDER_SEED = 0  # of the fixed order in which images are encoded, so that a part is a fair part


@dataclass(frozen=True, eq=False)
class Encodings:
    """q(z | x) of the images encoded so far. Row i belongs to image `index[i]` of the split."""

    mean: np.ndarray  # float32 (N, D)
    std: np.ndarray | None  # float32 (N, D), None where the encoder is deterministic
    labels: np.ndarray  # int64 (N,), -1 where there are none
    index: np.ndarray  # int64 (N,)
    done_fraction: float


@dataclass(frozen=True, eq=False)
class ImagePosterior:
    """q(z | x) of one image, and the image of its mean."""

    image: np.ndarray  # float32 (C, H, W)
    mean: np.ndarray  # (D,)
    std: np.ndarray | None  # (D,)
    reconstruction: np.ndarray  # (C, H, W)


@dataclass(frozen=True, eq=False)
class Draw:
    """One reparameterised draw: z = mean + std * noise."""

    noise: np.ndarray  # (D,)
    z: np.ndarray  # (D,)
    image: np.ndarray  # (C, H, W)


def encode(
    model: Any, data: str | Dataset, split: str = "train", limit: int | None = None
) -> Generator[Encodings | None, None, Encodings]:
    """Query: the encodings of a split, growing; the last has `done_fraction` 1 (returned too).

    Yields None, nothing to show, while a folder of images is read.

    Images come in one fixed random order, of which `limit` keeps the first. Each piece takes a few
    ms and gives views of the same arrays, so that yielding costs nothing.

    Raises: BadInput when the data have another shape than the model or the split is empty.
    """
    dataset = yield from opened(data)
    part = split_of(dataset, split)
    if model.latent_dim is None:
        raise BadInput("This model has no latent space. Choose a model that has one.")
    if tuple(dataset.shape) != tuple(model.shape):
        raise BadInput(
            f"{dataset.title} has images of {_size(dataset.shape)}, this model works on "
            f"{_size(model.shape)}. Choose data of that size."
        )
    order = fixed_order(len(part), limit)
    store = _Store(len(order), model.latent_dim, order, part.labels)
    chunk = FIRST
    done = 0
    while done < len(order):
        begun = time.perf_counter()
        rows = order[done : done + chunk]
        store.put(done, *(yield from encoded(model, part.batch(rows).to(model.device))))
        done += len(rows)
        seconds = max(time.perf_counter() - begun, 1e-5)
        chunk = int(min(MAX_CHUNK, max(16, chunk * min(2.0, PIECE_S / seconds))))
        yield store.view(done)
    return store.view(done)


def whole(
    model: Any, data: str | Dataset, split: str = "train", limit: int | None = None
) -> Generator[None, None, Encodings]:
    """The last of what `encode` yields, for a query that needs all; its yields carry nothing.

    Raises: BadInput as `encode`, and where codes are noise, which tells nothing of the images.
    """
    if has_noise_space(model):
        raise BadInput(
            "The codes of this model are noise, and noise has no classes, directions or density of "
            "its own. Choose a model with a small latent space."
        )
    work = encode(model, data, split, limit)
    while True:
        try:
            next(work)
        except StopIteration as end:
            encoded: Encodings = end.value
            return encoded
        yield None


def opened(data: str | Dataset) -> Generator[None, None, Dataset]:
    """The data set, read in pieces of work where it takes long; the yields carry nothing.

    Raises: BadInput as `genstudio.data.load`.
    """
    if not isinstance(data, str):
        return data
    work = loading(data)
    while True:
        try:
            next(work)
        except StopIteration as end:
            dataset: Dataset = end.value
            return dataset
        yield None


def split_of(dataset: Dataset, split: str) -> Split:
    """The train or the test split.

    Raises: BadInput for another name or an empty split.
    """
    if split not in ("train", "test"):
        raise BadInput(f"A split is train or test, got {split!r}.")
    part: Split = dataset.train if split == "train" else dataset.test
    if len(part) == 0:
        raise BadInput(f"The {split} split of {dataset.title} is empty. Choose other data.")
    return part


def fixed_order(n: int, limit: int | None = None) -> Tensor:
    """A fixed random order of n rows, or its first `limit`: any part of it is a fair part."""
    order = torch.randperm(n, generator=torch.Generator().manual_seed(ORDER_SEED))
    return order if limit is None else order[: max(1, limit)]


class _Store:
    """Rows written once; views of what is written never change, so they need no copy."""

    def __init__(self, n: int, dim: int, order: Tensor, labels: Tensor | None) -> None:
        self._mean = np.empty((n, dim), np.float32)
        self._std: np.ndarray | None = None
        self._index = order.numpy()
        self._labels = np.full(n, -1, np.int64) if labels is None else labels[order].numpy()

    def put(self, at: int, mean: Tensor, std: Tensor | None) -> None:
        self._mean[at : at + len(mean)] = mean.cpu().numpy()
        if std is not None:
            if self._std is None:
                self._std = np.empty_like(self._mean)
            self._std[at : at + len(mean)] = std.cpu().numpy()

    def view(self, done: int) -> Encodings:
        std = None if self._std is None else _locked(self._std[:done])
        return Encodings(
            _locked(self._mean[:done]),
            std,
            _locked(self._labels[:done]),
            _locked(self._index[:done]),
            done / len(self._mean),
        )


def _locked(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.setflags(write=False)
    return view


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def posterior(model: Any, image: ArrayLike) -> ImagePosterior:
    """Query: q(z | x) of one image (C, H, W) in [0, 1], and the image of its mean.

    Raises: BadInput when the image has another shape than the model's.
    """
    batch = image_batch(model, image)
    with torch.no_grad():
        q = model.encode(batch)
        back = model.decode(q.mean)
    std = None if q.std is None else to_numpy(q.std[0])
    return ImagePosterior(to_numpy(batch[0]), to_numpy(q.mean[0]), std, to_numpy(back[0]))


def draw(model: Any, mean: ArrayLike, std: ArrayLike | None, seed: int) -> Draw:
    """Query: z = mean + std * noise for the noise of `seed`, and its image.

    Source: Kingma & Welling 2014, eq. 4. Without a std the noise is 0.
    """
    centre = latent_batch(model, mean)
    if std is None:
        noise = torch.zeros_like(centre)
        z = centre
    else:
        rng = torch.Generator().manual_seed(seed)
        noise = torch.randn(centre.shape, generator=rng).to(centre.device)
        z = centre + to_tensor(np.atleast_2d(np.asarray(std, np.float32)), model) * noise
    with torch.no_grad():
        image = model.decode(z)
    return Draw(to_numpy(noise[0]), to_numpy(z[0]), to_numpy(image[0]))
