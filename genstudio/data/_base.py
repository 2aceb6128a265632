"""What a data set is: two splits of images or points, and the record by which it is found.

No torch is imported here, so that the window and the command line list the data sets before it is
loaded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

Progress = Callable[[int, int], None]  # bytes done, bytes in all


@dataclass(frozen=True)
class Reading:
    """How far a data set is read, in steps of about equal work."""

    done: int
    total: int


@dataclass(frozen=True, eq=False)
class Split:
    """Images uint8 (N, C, H, W) or points float32 (N, 2); labels int64 (N,); factors float32 (N, K)
    where known.
    """

    images: Tensor | None = None
    points: Tensor | None = None
    labels: Tensor | None = None
    factors: Tensor | None = None

    def __len__(self) -> int:
        return len(self.images if self.images is not None else self.points)  # type: ignore[arg-type]

    def batch(self, index: Tensor | slice) -> Tensor:
        """Rows `index` as a model takes them: float32 images in [0, 1], or points."""
        if self.images is not None:
            return self.images[index].float().div_(255.0)
        assert self.points is not None
        return self.points[index]


class _Once:
    """Calls `load` at the first call and keeps what it gave.

    A load that raised is tried again at the next call.
    """

    def __init__(self, n: int, load: Callable[[], Split]) -> None:
        self.n = n
        self._load = load
        self._lock = Lock()
        self._split: Split | None = None

    def __call__(self) -> Split:
        with self._lock:
            if self._split is None:
                split = self._load()
                if len(split) != self.n:
                    raise RuntimeError(f"A split of {self.n} rows was promised, got {len(split)}.")
                self._split = split
            return self._split


class LazySplit(Split):
    """A split of `n` rows, read or drawn once, when a tensor of it is first asked for."""

    _once: _Once

    def __init__(self, n: int, load: Callable[[], Split]) -> None:
        object.__setattr__(self, "_once", _Once(n, load))  # frozen, as every Split

    @property
    def images(self) -> Tensor | None:
        return self._once().images

    @property
    def points(self) -> Tensor | None:
        return self._once().points

    @property
    def labels(self) -> Tensor | None:
        return self._once().labels

    @property
    def factors(self) -> Tensor | None:
        return self._once().factors

    def __len__(self) -> int:
        return self._once.n


@dataclass(frozen=True, eq=False)
class Dataset:
    """A named data set.

    `name` is what the command line takes, arguments included (folder:PATH?size=64).
    """

    name: str
    title: str
    shape: tuple[int, ...]
    classes: list[str]
    train: Split
    test: Split
    factor_names: list[str] = field(default_factory=list)
    notes: str = ""  # e.g. files skipped, shown once
    unit: str = ""  # of points: what 1 on an axis means

    @cached_property
    def sha256(self) -> str:
        """Hash of the training images or points: a resumed run must meet the same data."""
        tensor = self.train.images if self.train.images is not None else self.train.points
        assert tensor is not None
        return hashlib.sha256(tensor.contiguous().view(-1).numpy().data).hexdigest()


@dataclass(frozen=True)
class Source:
    """A data set's record: `load(argument)` gets what stands behind the colon of its name, or "".

    `missing()` is one sentence why it cannot be loaded now, None where nothing is known to be in
    the way; it looks for files and reads none. `fetch(progress)` downloads the files and is called
    only where the user asks for it. `reading` is the same as `load` in pieces of
    work, for data that take long.

    Raises from `load`: BadInput when files are missing, damaged or too large.
    """

    key: str
    title: str
    load: Callable[[str], Dataset]
    shape: tuple[int, ...] | None = None  # None where it depends on the argument
    classes: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()  # names offered in menus; (key,) unless given
    ships: bool = False
    description: str = ""
    argument: str = (
        ""  # grammar of what may stand behind the colon, e.g. "PATH[?size=S]"; "" for nothing
    )
    needs_argument: bool = False
    missing: Callable[[], str | None] = lambda: None
    fetch: Callable[[Progress | None], Path] | None = None
    reading: Callable[[str], Generator[Reading, None, Dataset]] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names that `load` takes as they stand; none where the user has to give an argument."""
        if self.examples or self.needs_argument:
            return self.examples
        return (self.key,)

    def available(self) -> bool:
        """Whether it can be loaded now, offline, as far as can be told without reading it."""
        return self.missing() is None

    def row(self) -> dict[str, Any]:
        """What a list of data sets says of it, ready for JSON."""
        return {
            "name": self.key,
            "title": self.title,
            "names": list(self.names),
            "argument": self.argument,
            "shape": None if self.shape is None else list(self.shape),
            "classes": list(self.classes),
            "ships": self.ships,
            "available": self.available(),
            "missing": self.missing(),
            "description": self.description,
        }
