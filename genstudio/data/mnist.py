"""MNIST: 70,000 handwritten digits (LeCun, Bottou, Bengio & Haffner 1998). Ships with GenStudio."""

from __future__ import annotations

from genstudio import paths
from genstudio.abilities import BadInput
from genstudio.data import _mnist_format
from genstudio.data._base import Dataset, Source

_CLASSES = tuple("0123456789")


def _missing() -> str | None:
    folder = paths.resources() / "mnist"
    if _mnist_format.find(folder) is None:
        return f"MNIST is not in {folder}, where GenStudio keeps it. Install GenStudio again."
    return None


def _load(argument: str) -> Dataset:
    files = _mnist_format.find(paths.resources() / "mnist")
    if files is None:
        raise BadInput(_missing() or "")
    train, test = _mnist_format.splits(files)
    return Dataset("mnist", "MNIST", _mnist_format.SHAPE, list(_CLASSES), train, test)


DATASET = Source(
    key="mnist",
    title="MNIST",
    load=_load,
    shape=_mnist_format.SHAPE,
    classes=_CLASSES,
    ships=True,
    description="70,000 handwritten digits, 28 x 28 grey, white ink on black.",
    missing=_missing,
)
