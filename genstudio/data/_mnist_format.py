"""MNIST's form: four IDX files of 28 x 28 grey images and labels 0 to 9."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from genstudio.abilities import BadInput
from genstudio.data import _idx
from genstudio.data._base import LazySplit, Split

SHAPE = (1, 28, 28)
N_TRAIN, N_TEST = 60_000, 10_000
FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def find(folder: Path) -> list[Path] | None:
    """The four files in `folder`, gzip or plain, as FILES orders them; None if one is missing."""
    found = []
    for name in FILES:
        candidates = [path for path in (folder / f"{name}.gz", folder / name) if path.is_file()]
        if not candidates:
            return None
        found.append(candidates[0])
    return found


def splits(files: list[Path]) -> tuple[LazySplit, LazySplit]:
    """Train and test, each read when it is first looked at; the test split takes some 25 ms."""
    train_images, train_labels, test_images, test_labels = files
    return (
        LazySplit(N_TRAIN, lambda: read(train_images, train_labels, N_TRAIN)),
        LazySplit(N_TEST, lambda: read(test_images, test_labels, N_TEST)),
    )


def read(images: Path, labels: Path, n: int) -> Split:
    """The split of `n` images in these two files.

    Raises: BadInput when a file is damaged or holds something else.
    """
    import torch

    pixels = _idx.read(images, max_bytes=n * 28 * 28)
    if pixels.shape != (n, 28, 28) or pixels.dtype != np.uint8:
        got = f"{' x '.join(map(str, pixels.shape))} of {pixels.dtype}"
        raise BadInput(
            f"{images} should hold {n} x 28 x 28 of uint8, got {got}. Download it again."
        )
    digits = _idx.read(labels, max_bytes=n)
    if digits.shape != (n,) or digits.dtype != np.uint8 or digits.max() > 9:
        raise BadInput(
            f"{labels} should hold {n} labels from 0 to 9 and does not. Download it again."
        )
    return Split(
        images=torch.from_numpy(pixels).unsqueeze(1),  # (n, 1, 28, 28)
        labels=torch.from_numpy(digits.astype(np.int64)),  # (n,)
    )
