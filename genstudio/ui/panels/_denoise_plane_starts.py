"""The starts that the hand has put or moved, with undo, and the walks that follow from them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from genstudio.engine.messages import Answer
from genstudio.ui.panels._denoise_fork_wish import adds_noise
from genstudio.ui.panels._denoise_plane_record import Record, Start
from genstudio.ui.session import Priority, Session
from genstudio.ui.undo import Kept

if TYPE_CHECKING:
    from genstudio.latent.particles import Leg, Paths

MAX_STARTS = 32  # also the room in which they walk together

Starts = tuple[Start, ...]


class StartBoard(Kept[Starts]):
    """The starts and their history."""

    def __init__(self, undo: QUndoStack, parent: QObject | None = None) -> None:
        super().__init__(undo, (), parent)

    def add(self, start: Start) -> None:
        if len(self._value) < MAX_STARTS:
            self.push(self.tr("Put a start"), (*self._value, start))

    def remove(self, number: int) -> None:
        text = self.tr("Remove a start")
        self.push(text, (*self._value[:number], *self._value[number + 1 :]))

    def let_go(self, merge: bool = False) -> None:
        """The hand has let go of a start; steps of the same one are one entry with `merge`."""
        before = self._value if self._grabbed is None else self._grabbed[0]
        moved = [i for i, pair in enumerate(zip(before, self._value)) if pair[0] != pair[1]]
        self.drop(self.tr("Move a start"), f"{len(before)} {moved}" if merge else "")

    def clear(self) -> None:
        if self._value:
            self.push(self.tr("Remove all starts"), ())


@dataclass(frozen=True, eq=False)
class Walked:
    """Starts and where they went."""

    starts: Starts
    paths: Paths


class Walker(QObject):
    """Keeps the paths of the starts of a record, computed anew while the hand moves them.

    The hand's own points walk in a room of fixed size. A moved particle of a batch walks in its
    place among the others where the sampler draws noise, so that its noise stays what it was.
    """

    walked = Signal()
    failed = Signal(object)  # Failure

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._found: dict[str, Walked] = {}

    def found(self) -> Walked | None:
        """All starts that have walked, with their paths side by side."""
        parts = [part for part in self._found.values() if part.starts]
        if not parts:
            return None
        if len(parts) == 1:
            return parts[0]
        joined = [
            np.concatenate([getattr(p.paths, name) for p in parts], 1) for name in ("x_t", "x0_hat")
        ]
        paths = type(parts[0].paths)(joined[0], joined[1], parts[0].paths.times)
        return Walked((*parts[0].starts, *parts[1].starts), paths)

    def stop(self) -> None:
        for key in ("own", "moved"):
            self._session.cancel(self, key)
        self._found.clear()

    def ask(self, model: str, record: Record, starts: Starts) -> None:
        """Where `starts` go, which all belong to `record`."""
        legs = legs_of(record)
        among = any(adds_noise(walking["sampler"], walking["eta"]) for walking, *_ in legs)
        moved = tuple(start for start in starts if start.row >= 0 and among)
        own = tuple(start for start in starts if start.row < 0 or not among)
        self._ask_for("own", model, legs, own, _xy(own), room=MAX_STARTS)
        if not moved:
            self._ask_for("moved", model, legs, (), _xy(()))
            return
        batch = record.x_t(0).copy()
        rows = [start.row for start in moved]
        batch[rows] = _xy(moved)
        self._ask_for("moved", model, legs, moved, batch, take=rows)

    def _ask_for(
        self,
        key: str,
        model: str,
        legs: list[Leg],
        starts: Starts,
        xy: NDArray[np.float32],
        **how: Any,
    ) -> None:
        if not starts:
            self._session.cancel(self, key)
            if self._found.pop(key, None) is not None:
                self.walked.emit()
            return

        def take(answer: Answer) -> None:
            self._found[key] = Walked(starts, answer.value)
            self.walked.emit()

        self._session.ask(
            self,
            key,
            "latent.particles:paths",
            model=model,
            priority=Priority.POINTER,
            then=take,
            failed=self.failed.emit,
            start=xy,
            legs=legs,
            **how,
        )


def legs_of(record: Record) -> list[Leg]:
    """The walks that a record is made of: those of its ancestors up to where the next leaves, then
    its own.
    """
    line = record.line
    runs = [line.run]
    while runs[0].at > line.steps[0]:
        runs.insert(0, line.of(runs[0].at - 1))
    cuts = [after.at - before.at for before, after in pairwise(runs)]
    return [
        (
            {**run.recipe.arguments(), "start": None, "before": None, "keep": None},
            cut,
            run.recipe.before is not None,
        )
        for run, cut in zip(runs, [*cuts, None], strict=True)
    ]


def _xy(starts: Starts) -> NDArray[np.float32]:
    return np.array([(s.x, s.y) for s in starts], np.float32).reshape(-1, 2)
