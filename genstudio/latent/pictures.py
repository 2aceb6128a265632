"""Images of a data set, by their number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from genstudio.abilities import BadInput
from genstudio.data import Dataset, load
from genstudio.latent.encodings import split_of


@dataclass(frozen=True, eq=False)
class DataImage:
    """One image of a split, with the name of its class where there is one."""

    image: np.ndarray  # float32 (C, H, W)
    index: int
    split: str
    count: int  # images in the split
    label: int  # -1 where there is none
    name: str  # "" where there is none


def pick(model: Any, data: str | Dataset, split: str, index: int) -> DataImage:
    """Query: image `index` of a split; the model is not asked anything.

    Raises: BadInput when there is no such image, or the data are points.
    """
    dataset = load(data) if isinstance(data, str) else data
    part = split_of(dataset, split)
    if part.images is None:
        raise BadInput(f"{dataset.title} holds points, not images. Choose another data set.")
    if not 0 <= index < len(part):
        raise BadInput(
            f"The {split} split of {dataset.title} has images 0 to {len(part) - 1}, got {index}."
        )
    image = part.batch(slice(index, index + 1))[0].numpy()
    image.setflags(write=False)
    label = -1 if part.labels is None else int(part.labels[index])
    name = dataset.classes[label] if 0 <= label < len(dataset.classes) else ""
    return DataImage(image, index, split, len(part), label, name)


def classes(model: Any, data: str | Dataset) -> tuple[str, ...]:
    """Query: the names of a data set's classes; the model is not asked anything."""
    dataset = load(data) if isinstance(data, str) else data
    return tuple(dataset.classes)
