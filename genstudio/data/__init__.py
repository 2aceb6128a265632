"""The data sets, found by themselves: each file without a leading underscore ends with DATASET.

A name is `key` or `key:argument` (mnist, toy2d:ring, folder:PATH?size=64). Only `fetch` touches the
network.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from genstudio._found import records
from genstudio.abilities import BadInput
from genstudio.data._base import Dataset, LazySplit, Progress, Reading, Source, Split

__all__ = [
    "Dataset",
    "LazySplit",
    "Progress",
    "Reading",
    "Source",
    "Split",
    "fetch",
    "listing",
    "load",
    "loading",
    "source",
    "sources",
]

MAX_KEPT = 4  # data sets kept by `load`, least recently used dropped first

_kept: OrderedDict[str, Dataset] = OrderedDict()
_lock = Lock()


@cache
def sources() -> dict[str, Source]:
    """All data sets by key, in the order of their file names.

    Raises: RuntimeError when a file has no DATASET record.
    """
    return {record.key: record for record in records(__name__, "DATASET", Source)}


def listing() -> list[dict[str, Any]]:
    """One row per data set, ready for JSON; loads nothing."""
    return [source.row() for source in sources().values()]


def source(name: str) -> tuple[Source, str]:
    """The record that `name` stands for and the argument behind its colon.

    Raises: BadInput naming the data sets there are, or the argument that is missing or too much.
    """
    key, _, argument = name.partition(":")
    found = sources().get(key)
    if found is None:
        known = ", ".join(_grammar(source) for source in sources().values())
        raise BadInput(f"There is no data set {key!r}. Choose one of: {known}.")
    if found.needs_argument and not argument:
        raise BadInput(f"{key} needs to know which one, got {name!r}. Write {_grammar(found)}.")
    if argument and not found.argument:
        raise BadInput(f"{key} takes nothing behind a colon, got {argument!r}. Write {key}.")
    return found, argument


def load(name: str, *, fresh: bool = False) -> Dataset:
    """The data set `name`, kept from an earlier call unless `fresh`; its splits may be read later.

    Raises: BadInput when there is no such data set, or its files are missing, damaged or too big.
    """
    kept = None if fresh else _kept_as(name)
    if kept is not None:
        return kept
    found, argument = source(name)
    dataset = found.load(argument)  # unlocked: a slow folder holds up nobody who wants another
    return _keep(name, dataset, fresh)


def loading(name: str) -> Generator[Reading, None, Dataset]:
    """The same in pieces of work, between which it can be given up; yields how far it is.

    Data that were kept, or take no time, come without a yield. Raises: BadInput as `load`.
    """
    kept = _kept_as(name)
    if kept is not None:
        return kept
    found, argument = source(name)
    if found.reading is None:
        return load(name)
    return _keep(name, (yield from found.reading(argument)))


def _kept_as(name: str) -> Dataset | None:
    with _lock:
        if name in _kept:
            _kept.move_to_end(name)
        return _kept.get(name)


def _keep(name: str, dataset: Dataset, fresh: bool = False) -> Dataset:
    """What is kept under `name` from now on: of two read at the same time the first."""
    with _lock:
        if fresh or name not in _kept:
            _kept[name] = dataset
        _kept.move_to_end(name)
        while len(_kept) > MAX_KEPT:
            _kept.popitem(last=False)
        return _kept[name]


def fetch(name: str, progress: Progress | None = None) -> Path:
    """Download the data set `name`, because the user asked for it; the folder where it now lies.

    Raises: BadInput when it cannot be downloaded, or no mirror answers with the right files.
    """
    found, _ = source(name)
    if found.fetch is None:
        raise BadInput(f"{found.key} cannot be downloaded. Load it by its name, {name!r}.")
    return found.fetch(progress)


def _grammar(source: Source) -> str:
    if not source.argument:
        return source.key
    return (
        f"{source.key}:{source.argument}"
        if source.needs_argument
        else f"{source.key}[:{source.argument}]"
    )
