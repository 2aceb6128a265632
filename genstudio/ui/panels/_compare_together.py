"""One cursor in several models: all pictures of a frame come from one request number and are shown
together, never mixed with those of another.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from genstudio.engine.messages import Answer, Failure
from genstudio.ui.session import Priority, Session

PATIENCE_S = 2.0  # a frame that is older gives way to a newer one, answered or not

__all__ = ["Frame", "Part", "Together"]


@dataclass(frozen=True, eq=False)
class Part:
    """What one pane asks its model, and the map point `at` that it stands at, if any."""

    slot: str
    model: str
    arguments: Mapping[str, Any]
    at: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, eq=False)
class Frame:
    """The answers to one move of the hand; `failures` where a model could not answer."""

    number: int
    parts: Mapping[str, Part]
    answers: Mapping[str, Answer]
    failures: Mapping[str, Failure]

    def value(self, slot: str) -> Any:
        """What a pane's model answered, None where it could not."""
        answer = self.answers.get(slot)
        return None if answer is None else answer.value


@dataclass(eq=False)
class _Flight:
    """A frame that is asked for and not yet complete."""

    number: int
    parts: dict[str, Part]
    began: float
    answers: dict[str, Answer] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return len(self.answers) + len(self.failures) == len(self.parts)


class Together(QObject):
    """Asks every pane's model for one frame at a time; of the moves meanwhile only the last is
    kept, so that a hand that never rests sees whole frames all the way.
    """

    shown = Signal(object)  # Frame, complete

    def __init__(
        self,
        session: Session,
        parent: QObject | None = None,
        query: str = "latent.probe:decode",
        priority: Priority = Priority.POINTER,
    ) -> None:
        super().__init__(parent)
        self._session, self._query, self._priority = session, query, priority
        self._number = 0
        self._flight: _Flight | None = None
        self._wanted: tuple[Part, ...] | None = None

    def busy(self) -> bool:
        """Whether a frame is still to come."""
        return self._flight is not None

    def ask(self, parts: Sequence[Part]) -> None:
        """Show the answers to these next."""
        if not parts:
            return
        self._wanted = tuple(parts)
        flight = self._flight
        if flight is None or time.monotonic() - flight.began > PATIENCE_S:
            self._begin()

    def forget(self) -> None:
        """Other models: nothing that was asked for is shown any more."""
        flight, self._flight, self._wanted = self._flight, None, None
        if flight is not None:
            for slot in flight.parts:
                self._session.cancel(self, slot)

    def _begin(self) -> None:
        parts, self._wanted = self._wanted, None
        if parts is None:
            return
        self._number += 1
        number = self._number
        self._flight = _Flight(number, {part.slot: part for part in parts}, time.monotonic())
        for part in parts:
            self._session.ask(
                self,
                part.slot,
                self._query,
                model=part.model,
                priority=self._priority,
                then=partial(self._take, number, part.slot),
                failed=partial(self._refused, number, part.slot),
                **part.arguments,
            )

    def _take(self, number: int, slot: str, answer: Answer) -> None:
        flight = self._flight
        if flight is not None and flight.number == number and answer.done:
            flight.answers[slot] = answer
            self._end(flight)

    def _refused(self, number: int, slot: str, failure: Failure) -> None:
        flight = self._flight
        if flight is not None and flight.number == number:
            flight.failures[slot] = failure
            self._end(flight)

    def _end(self, flight: _Flight) -> None:
        if not flight.complete:
            return
        self._flight = None
        self._begin()  # the next is computed while this one is painted
        self.shown.emit(Frame(flight.number, flight.parts, flight.answers, flight.failures))
