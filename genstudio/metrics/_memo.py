"""Long computations about one model or data set, done once and taken up again where they were left.

An ask that moves with the hand is ended by the next one; what it had begun must not begin anew.
Only one thread calls this.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from torch import nn

from genstudio.metrics.evaluate import Progress

T = TypeVar("T")
Work = Generator[Progress, None, T]


@dataclass(eq=False)
class _Entry:
    """A computation under way, or its result once `work` is None."""

    stamp: int
    work: Work[Any] | None
    result: Any = None


_kept: WeakKeyDictionary[Any, dict[Any, _Entry]] = WeakKeyDictionary()


def once(owner: Any, key: Any, begin: Callable[[], Work[T]]) -> Work[T]:
    """The result of `begin()` for (owner, key), kept as long as `owner` lives and is unchanged.

    Yields the progress of what is still to do. A model whose weights changed counts as another.
    """
    entries = _kept.setdefault(owner, {})
    while True:
        stamp = _stamp(owner)
        entry = entries.get(key)
        if entry is None or entry.stamp != stamp:
            entry = entries[key] = _Entry(stamp, begin())
        if entry.work is None:
            result: T = entry.result
            return result
        try:
            progress = next(entry.work)
        except StopIteration as end:
            entry.work, entry.result = None, end.value
        except BaseException:
            entries.pop(key, None)
            raise
        else:
            yield progress


def finish(work: Generator[Any, None, T]) -> T:
    """Run a generator to its result."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: T = end.value
            return result


def _stamp(owner: Any) -> int:
    """A number that grows whenever a weight is written."""
    if not isinstance(owner, nn.Module):
        return 0
    return sum(tensor._version for tensor in (*owner.parameters(), *owner.buffers()))
