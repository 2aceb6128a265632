"""The ask lane: latest-wins questions about models being looked at, the most urgent first."""

from __future__ import annotations

import importlib
import inspect
import itertools
import logging
import threading
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol, cast

from genstudio.engine.messages import Answer, Failure, Published, Ready, Refusal
from genstudio.engine.outbox import Outbox

log = logging.getLogger(__name__)

HAND_S = 0.1  # so long after its last ask the pointer counts as moving
REST = 4.0  # then work on a model in training rests this many times as long as a piece took


class Priority(IntEnum):
    """Which ask goes first when several wait."""

    POINTER = 0  # the hand is moving
    PICTURE = 1  # something the user sees
    SHEET = 2  # many pictures at once
    REPORT = 3  # seconds of work


class NotYet(LookupError):
    """A live model has not been published yet; asks about it wait until it is."""


class ModelStore(Protocol):
    """Where the ask lane finds models by name. Only the ask lane calls it.

    `get` raises NotYet for a live model that was not published so far. `publish` leaves the model
    that it gave out before as it is where that one is `in_use`: no answer may mix two steps.
    """

    def get(self, name: str) -> Any: ...

    def publish(self, name: str, weights: Any, step: int, *, in_use: bool = False) -> None: ...

    def step(self, name: str) -> int | None: ...

    def forget(self, name: str) -> None: ...


@dataclass(eq=False)
class _Ask:
    model: str
    key: str
    request: int
    query: str
    arguments: Mapping[str, Any]
    priority: Priority
    values: Generator[Any, None, Any] | None = None  # set once a generator has begun
    newest: Any = None  # the last value that it yielded
    step: int | None = None  # training step of the weights that answer
    waits: bool = False  # for a live model's first weights


class AskLane:
    """Asks that wait, the one in work, and how the next is chosen. `turn` does one piece of work in
    the calling thread.
    """

    def __init__(
        self,
        outbox: Outbox,
        store: Callable[[], ModelStore],
        explain: Callable[[BaseException], Failure],
    ) -> None:
        self.changed = threading.Condition()
        self._outbox = outbox
        self._make_store = store
        self._store: ModelStore  # once `open` has run
        self._explain = explain
        self._asks: dict[tuple[str, str], _Ask] = {}
        self._left: list[Generator[Any, None, Any]] = []  # overtaken, to be closed in the lane
        self._forget: list[str] = []
        self._published: dict[str, tuple[Any, int, int]] = {}
        self._numbers = itertools.count(1)
        self._busy = False
        self._hand_at = -HAND_S  # when the pointer asked last
        self._rests_until = 0.0
        self._spent_s: dict[str, float] = {}  # on live models since their weights were taken over

    def ask(
        self, model: str, key: str, query: str, arguments: Mapping[str, Any], priority: Priority
    ) -> int:
        with self.changed:
            if priority is Priority.POINTER:
                self._hand_at = time.monotonic()
            request = next(self._numbers)
            self._leave(model, key)
            self._asks[(model, key)] = _Ask(model, key, request, query, arguments, priority)
            self.changed.notify()
        return request

    def cancel(self, model: str, key: str) -> None:
        with self.changed:
            self._leave(model, key)
            self.changed.notify()

    def _leave(self, model: str, key: str) -> None:
        """Take an ask off the list; what it began ends in the lane, whose contexts it holds."""
        ask = self._asks.pop((model, key), None)
        if ask is not None and ask.values is not None:
            self._left.append(ask.values)

    def forget(self, model: str) -> None:
        with self.changed:
            self._forget.append(model)
            self.changed.notify()

    def publish(self, model: str, weights: Any, step: int, run: int) -> None:
        with self.changed:
            self._published[model] = (weights, step, run)
            self.changed.notify()

    def spent_s(self, model: str) -> float:
        """Seconds of work on the weights that were published last, without the pointer's asks."""
        return self._spent_s.get(model, 0.0)

    def idle(self) -> bool:
        with self.changed:
            asked = any(not ask.waits for ask in self._asks.values())
            return not (asked or self._forget or self._published or self._busy)

    def has_work(self) -> bool:
        """Whether something can be done now; call it with `changed` held."""
        due = any(not (ask.waits or self._rests(ask)) for ask in self._asks.values())
        return bool(due or self._left or self._forget or self._published)

    def rest_s(self) -> float | None:
        """How long work that makes room for the hand still waits; None where there is none."""
        if any(self._rests(ask) for ask in self._asks.values()):
            return max(0.001, self._rests_until - time.monotonic())
        return None

    def open(self) -> bool:
        """Load torch and the models' store in the calling thread; False when that failed."""
        try:
            self._store = self._make_store()
        except Exception as error:
            log.exception("The ask lane could not start.")
            self._outbox.put(Ready(self._explain(error)))
            return False
        self._outbox.put(Ready())
        return True

    def turn(self) -> bool:
        """One piece of work: take over published weights, or bring the most urgent ask one value
        further.
        """
        with self.changed:
            self._busy = False
            left, self._left = self._left, []
            forget, self._forget = self._forget, []
            published, self._published = self._published, {}
            due = (a for a in self._asks.values() if not (a.waits or self._rests(a)))
            ask = min(due, key=lambda a: (a.priority, a.request), default=None)
            self._busy = bool(left or forget or published or ask)
        for values in left:
            self._close(values)
        for model in forget:
            self._store.forget(model)
        for model, (weights, step, run) in published.items():
            self._take_over(model, weights, step, run)
        if ask is not None:
            self._work(ask)
        if self._busy:
            with self.changed:
                self._busy = False
        return bool(left or forget or published or ask)

    def _close(self, values: Generator[Any, None, Any]) -> None:
        try:
            values.close()
        except Exception:
            log.exception("A piece of work failed while it was given up.")

    def _rests(self, ask: _Ask) -> bool:
        """Whether this work on a model in training makes room for the hand that is moving."""
        now = time.monotonic()
        moving = now - self._hand_at < HAND_S
        mine = ask.model in self._spent_s and ask.priority >= Priority.SHEET
        return moving and mine and now < self._rests_until

    def _take_over(self, model: str, weights: Any, step: int, run: int) -> None:
        with self.changed:
            mine = [ask for ask in self._asks.values() if ask.model == model]
        for ask in mine:
            ask.waits = False
        try:
            in_use = any(ask.values is not None for ask in mine)
            self._store.publish(model, weights, step, in_use=in_use)
        except Exception as error:
            log.exception("Weights of run %s could not be taken over.", run)
            self._outbox.put(Refusal(model, "", 0, self._explain(error)))
            return
        self._spent_s[model] = 0.0
        self._outbox.put(Published(run, model, step))

    def _work(self, ask: _Ask) -> None:
        began = time.perf_counter()
        try:
            value, done = self._advance(ask)
        except NotYet:
            ask.waits = True
            return
        except Exception as error:
            if not isinstance(error, ValueError):
                log.exception("%s failed.", ask.query)
            if self._still_wanted(ask, done=True):
                self._outbox.put(Refusal(ask.model, ask.key, ask.request, self._explain(error)))
            return
        finally:
            self._count(ask, time.perf_counter() - began)
        if self._still_wanted(ask, done) and (done or value is not None):
            self._outbox.put(Answer(ask.model, ask.key, ask.request, value, done, ask.step))

    def _count(self, ask: _Ask, seconds: float) -> None:
        if ask.model in self._spent_s and ask.priority is not Priority.POINTER:
            self._spent_s[ask.model] += seconds
            self._rests_until = time.monotonic() + REST * seconds

    def _advance(self, ask: _Ask) -> tuple[Any, bool]:
        if ask.values is None:
            model = self._store.get(ask.model) if ask.model else None
            ask.step = self._store.step(ask.model) if ask.model else None
            value = _resolve(ask.query)(model, **ask.arguments)
            if not inspect.isgenerator(value):
                return value, True
            ask.values = cast(Generator[Any, None, Any], value)
        try:
            value = next(ask.values)
        except StopIteration as end:
            return (ask.newest if end.value is None else end.value), True
        if value is not None:
            ask.newest = value
        return value, False

    def _still_wanted(self, ask: _Ask, done: bool) -> bool:
        """Whether no newer ask has taken its place; a finished one is taken off the list.

        The hand's ask that was overtaken while it was answered is still worth showing: it is newer
        than what is shown, and a hand that never rests would otherwise see nothing.
        """
        with self.changed:
            current = self._asks.get((ask.model, ask.key)) is ask
            if current and done:
                del self._asks[(ask.model, ask.key)]
        return current or (done and ask.priority is Priority.POINTER and ask.values is None)


def _resolve(query: str) -> Callable[..., Any]:
    module, _, function = query.partition(":")
    return getattr(importlib.import_module(f"genstudio.{module}"), function)
