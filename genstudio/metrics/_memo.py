"""Long computations about one model or data set, done once and taken up again where they were left.

An ask that moves with the hand is ended by the next one; what it had begun must not begin anew.
What is done is kept as long as its model lives. What is half done holds its model, so only the
last few such works are kept. Only one thread calls this.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, ref

from torch import nn

from genstudio.metrics.evaluate import Progress

T = TypeVar("T")
Work = Generator[Progress, None, T]


MAX_BEGUN = 8  # works left half done; each holds its model and what it made so far


@dataclass(frozen=True, eq=False)
class _Done:
    """A result, of which weights it is, and of which data."""

    stamp: int
    of: ref[Any] | None
    result: Any


@dataclass(frozen=True, eq=False)
class _Begun:
    """A computation under way."""

    stamp: int
    of: Any
    work: Work[Any]


_done: WeakKeyDictionary[Any, dict[Any, _Done]] = WeakKeyDictionary()
_begun: OrderedDict[tuple[Any, Any], _Begun] = OrderedDict()  # the one gone on with last is last


def once(owner: Any, key: Any, begin: Callable[[], Work[T]], of: Any = None) -> Work[T]:
    """The result of `begin()` for (owner, key), kept as long as `owner` lives and is unchanged.

    Yields the progress of what is still to do. A model whose weights changed counts as another, and
    so do data `of` which the result is, when they were read anew under the same name.
    """
    place = (owner, key)
    while True:
        stamp = _stamp(owner)
        done = _done.get(owner, {}).get(key)
        if done is not None and done.stamp == stamp and (done.of and done.of()) is of:
            result: T = done.result
            return result
        begun = _begun.get(place)
        if begun is None or begun.stamp != stamp or begun.of is not of:
            begun = _begun[place] = _Begun(stamp, of, begin())
        _begun.move_to_end(place)
        while len(_begun) > MAX_BEGUN:
            _begun.popitem(last=False)
        try:
            progress = next(begun.work)
        except StopIteration as end:
            del _begun[place]
            about = None if of is None else ref(of)
            _done.setdefault(owner, {})[key] = _Done(stamp, about, end.value)
        except BaseException:
            _begun.pop(place, None)
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
