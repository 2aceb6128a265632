"""The public functions: what scripts use, and what the command line stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genstudio.abilities import Card
    from genstudio.data import Dataset
    from genstudio.models import Family, Model

__all__ = ["create", "dataset", "families", "load", "weights"]


def families() -> dict[str, Family]:
    """Every family of models by key.

    >>> sorted(families()["vae"].config.model_fields)[:2]
    ['activation', 'beta']
    """
    from genstudio import models

    return dict(models.families())


def weights() -> dict[str, Card]:
    """The card of every shipped model by name (the judge, a measuring tool, is not among them)."""
    from genstudio.engine import shelf

    return {entry.source: entry.card for entry in shelf.shipped()}


def create(
    family: str, shape: tuple[int, ...] = (1, 28, 28), seed: int = 0, **config: Any
) -> Model:
    """A fresh model of `family` for data of `shape`; `shape` is (2,) for points.

    Raises: BadInput for an unknown family, a setting that does not exist or is out of range, or a
    shape that the family cannot take.
    """
    from genstudio import models

    record = models.family(family)
    return record.build(tuple(shape), record.configure(config), seed)


def load(source: str, device: str = "cpu") -> Model:
    """The model `source` (a shipped name, a run folder or a weights file), in eval mode.

    Raises: BadInput when there is none, or its file is damaged, does not fit its description or
    holds numbers that are not finite. Nothing in a file is ever run.
    """
    from genstudio.engine import library

    return library.load(source, device=device)


def dataset(name: str) -> Dataset:
    """The data set `name`, with `.train`, `.test`, `.shape` and `.classes`.

    Raises: BadInput when there is no such data set, or its files are missing or damaged.
    """
    from genstudio import data

    return data.load(name)
