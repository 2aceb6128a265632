"""The starts that the hand has put or moved, with undo, and the walks that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from genstudio.engine.messages import Answer
from genstudio.ui.panels._denoise_plane_record import Record, Start
from genstudio.ui.session import Priority, Session

if TYPE_CHECKING:
    from genstudio.latent.particles import Paths

MAX_STARTS = 32  # also the room in which they walk together
MERGE_ID = 0x4450  # steps of one start by the arrow keys become one entry

Starts = tuple[Start, ...]


class StartBoard(QObject):
    """The starts and their history."""

    changed = Signal()

    def __init__(self, undo: QUndoStack, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._undo = undo
        self._starts: Starts = ()
        self._grabbed: Starts | None = None  # as they were when the hand took one

    def starts(self) -> Starts:
        return self._starts

    def set_starts(self, starts: Starts) -> None:
        """Take `starts` over without an entry in the history."""
        if starts != self._starts:
            self._starts = starts
            self.changed.emit()

    def add(self, start: Start) -> None:
        if len(self._starts) < MAX_STARTS:
            self._push(self.tr("Put a start"), (*self._starts, start))

    def remove(self, number: int) -> None:
        text = self.tr("Remove a start")
        self._push(text, (*self._starts[:number], *self._starts[number + 1 :]))

    def clear(self) -> None:
        if self._starts:
            self._push(self.tr("Remove all starts"), ())

    def preview(self, starts: Starts) -> None:
        """What the hand drags: no entry until `drop`."""
        if self._grabbed is None:
            self._grabbed = self._starts
        self.set_starts(starts)

    def give_up(self) -> None:
        """Put back what `preview` has shown."""
        before, self._grabbed = self._grabbed, None
        if before is not None:
            self.set_starts(before)

    def drop(self, merge: bool = False) -> None:
        """The hand has let go; `merge` makes one entry of several steps."""
        before, self._grabbed = self._grabbed, None
        if before is not None and before != self._starts:
            after, self._starts = self._starts, before
            self._push(self.tr("Move a start"), after, MERGE_ID if merge else -1)

    def _push(self, text: str, after: Starts, merge_id: int = -1) -> None:
        self._undo.push(_Change(self, text, after, merge_id))


class _Change(QUndoCommand):
    def __init__(self, board: StartBoard, text: str, after: Starts, merge_id: int) -> None:
        super().__init__(text)
        self._put, self._before, self._after = board.set_starts, board.starts(), after
        self._id = merge_id

    def id(self) -> int:
        return self._id

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Change) or len(other._before) != len(self._after):
            return False
        if _moved(self._before, self._after) != _moved(other._before, other._after):
            return False
        self._after = other._after
        return True

    def undo(self) -> None:
        self._put(self._before)

    def redo(self) -> None:
        self._put(self._after)


def _moved(before: Starts, after: Starts) -> list[int]:
    return [i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b]


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
        among = any(_draws_noise(walking) for walking, _ in legs)
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
        legs: list[tuple[dict[str, Any], int | None]],
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


def legs_of(record: Record) -> list[tuple[dict[str, Any], int | None]]:
    """The walks that a record is made of, and how many steps of each: those of its ancestors up to
    where the next leaves, then its own.
    """
    line = record.line
    runs = [line.run]
    while runs[0].at > line.steps[0]:
        runs.insert(0, line.of(runs[0].at - 1))
    cuts = [after.at - before.at for before, after in pairwise(runs)]
    return [
        ({**run.recipe.arguments(), "start": None, "before": None, "keep": None}, cut)
        for run, cut in zip(runs, [*cuts, None], strict=True)
    ]


def _draws_noise(walking: Mapping[str, Any]) -> bool:
    return walking["sampler"].startswith("ddpm") or walking["eta"] > 0.0


def _xy(starts: Starts) -> NDArray[np.float32]:
    return np.array([(s.x, s.y) for s in starts], np.float32).reshape(-1, 2)
