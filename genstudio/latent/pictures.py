"""Images of a data set by their number, and what else the map of a latent space asks in one go."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from genstudio.abilities import BadInput
from genstudio.data import Dataset, load
from genstudio.latent import sheet
from genstudio.latent.encodings import Encodings, encode, opened, split_of
from genstudio.latent.sheet import Sheet


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


def classes(model: Any, data: str | Dataset) -> Generator[None, None, tuple[str, ...]]:
    """Query: the names of a data set's classes; the model is not asked anything.

    The yields carry nothing.
    """
    dataset = yield from opened(data)
    return tuple(dataset.classes)


def sheet_and_encodings(
    model: Any, cells: Mapping[str, Any], images: Mapping[str, Any]
) -> Generator[None, None, tuple[Sheet | None, Encodings | None]]:
    """Query: (Sheet, Encodings) as the result of one ask, so that both are of the same weights.

    `cells` are the arguments of `sheet.decode`, `images` those of `encodings.encode`. The yields
    between, at which a newer ask may take over, carry nothing.
    """
    whole: Sheet | None = None
    for part in sheet.decode(model, **cells):
        whole = part or whole
        yield None
    encoded: Encodings | None = None
    for some in encode(model, **images):
        encoded = some
        yield None
    return whole, encoded
