"""One cursor in several models: all pictures of a frame come from one request number and are shown
together, never mixed with those of another.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal

from genstudio.engine.messages import Answer, Failure
from genstudio.ui.session import Priority, Session

PATIENCE_S = 2.0  # a frame that is older gives way to a newer one, answered or not

__all__ = ["Frame", "Part", "Together"]


@dataclass(frozen=True, eq=False)
class Part:
    """What one pane asks for: z (D,) of a model, which stands at the map point `at`."""

    slot: str
    model: str
    z: np.ndarray
    at: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Frame:
    """The answers to one move of the hand; `failures` where a model could not answer."""

    number: int
    parts: Mapping[str, Part]
    answers: Mapping[str, Answer]
    failures: Mapping[str, Failure]

    def image(self, slot: str) -> np.ndarray | None:
        """The picture (C, H, W) of a pane, None where there is none."""
        answer = self.answers.get(slot)
        return None if answer is None else answer.value.image


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

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._number = 0
        self._flight: _Flight | None = None
        self._wanted: tuple[Part, ...] | None = None

    def busy(self) -> bool:
        """Whether a frame is still to come."""
        return self._flight is not None

    def ask(self, parts: Sequence[Part]) -> None:
        """Show these points next."""
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
                "latent.probe:decode",
                model=part.model,
                priority=Priority.POINTER,
                then=partial(self._take, number, part.slot),
                failed=partial(self._refused, number, part.slot),
                z=part.z,
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
