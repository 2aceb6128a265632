"""When each image of a run has made up its mind: the judge's label of every clean guess."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from genstudio.engine.messages import Answer, Failure
from genstudio.metrics.settled import settled
from genstudio.tape import Tape
from genstudio.ui.panels._denoise_recipe import Run, RunState
from genstudio.ui.panels._denoise_run import Runs
from genstudio.ui.session import ModelRef, Priority, Session

if TYPE_CHECKING:
    from genstudio.latent.denoise import Process

JUDGED = (1, 28, 28)  # what the judge knows: grey digits
AT_ONCE = 2_000  # clean guesses that are named without being asked to


@dataclass(frozen=True, eq=False)
class Named:
    """The judge's labels along the way of a run."""

    steps: np.ndarray  # (S,) the steps that are kept
    times: np.ndarray  # (S,) their t
    labels: np.ndarray  # (S, N)
    sure: np.ndarray  # (S, N) the label's probability

    def settled(self) -> np.ndarray:
        """The step from which on each image's label stays, (N,)."""
        return self.steps[settled(self.labels)]


class Judging(QObject):
    """Has runs named by the judge: small ones when they are done, large ones when asked to."""

    changed = Signal()  # a run has been named, or is being named

    def __init__(self, session: Session, runs: Runs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._runs = session, runs
        self.reason = ""  # why the judge cannot name this model's images
        self.failure = ""
        self._known: dict[int, tuple[weakref.ref[Tape], np.ndarray, np.ndarray]] = {}
        self._asked: dict[int, Tape] = {}
        runs.changed.connect(self.look)

    def use(self, ref: ModelRef | None, process: Process | None) -> None:
        """Another model."""
        self.reason, self.failure = "", ""
        if ref is None or process is None:
            self.reason = self.tr("No diffusion model is shown.")
        elif tuple(process.shape) != JUDGED:
            size = " x ".join(map(str, process.shape))
            said = self.tr("The judge names grey images of 28 x 28, and this model makes {0}.")
            self.reason = said.format(size)
        elif ref.card.data != "mnist":
            said = self.tr("The judge names digits, and this model was trained on {0}.")
            self.reason = said.format(ref.card.data or self.tr("other images"))
        self.look()

    def look(self) -> None:
        """Have small runs that are done named, and forget those that are gone."""
        runs = {run.id: run for run in self._runs.all()}
        for number in [n for n in self._asked if n not in runs]:
            self._session.cancel(self, _key(number))
            del self._asked[number]
        self._known = {n: known for n, known in self._known.items() if n in runs}
        if self.reason or self.failure:
            return
        for run in runs.values():
            size = len(run.tape) * run.tape.n
            if run.state is RunState.DONE and size <= AT_ONCE:
                self.name(run)

    def name(self, run: Run) -> None:
        """Ask the judge about every clean guess that a run has kept."""
        if self.reason or not len(run.tape) or self._asked.get(run.id) is run.tape:
            return
        if self._fresh(run) is not None:
            return
        self._asked[run.id] = tape = run.tape
        self.failure = ""
        self._session.ask(
            self,
            _key(run.id),
            "metrics.settled:labels",
            model="",
            priority=Priority.SHEET,
            then=lambda answer: self._take(run.id, tape, answer),
            failed=lambda failure: self._refused(run.id, failure),
            x0_hat=tape.stack("x0_hat"),
        )
        self.changed.emit()

    def busy(self, run: Run) -> bool:
        return self._asked.get(run.id) is run.tape

    def cancel(self, run: Run) -> None:
        """Stop naming a run."""
        if self._asked.pop(run.id, None) is not None:
            self._session.cancel(self, _key(run.id))
            self.changed.emit()

    def named(self, run: Run) -> Named | None:
        """The labels along a run's way, those of its ancestors before it where they are known."""
        fresh = self._fresh(run)
        if fresh is None:
            return None
        labels, sure = fresh
        own = Named(
            np.array(run.tape.indices[: len(labels)]), run.tape.scalars("t")[: len(labels)],
            labels, sure,
        )  # fmt: skip
        parent = self._runs.run(run.parent)
        before = self.named(parent) if parent is not None else None
        if before is None:
            return own
        kept = before.steps < run.at
        pairs = (
            (before.steps, own.steps),
            (before.times, own.times),
            (before.labels, own.labels),
            (before.sure, own.sure),
        )
        return Named(*(np.concatenate([first[kept], second]) for first, second in pairs))

    def marks(self, run: Run, image: int) -> list[tuple[int, str]]:
        """(step, words) where an image of a run settles, on its own strip."""
        named = self.named(run)
        if named is None or image >= named.labels.shape[1]:
            return []
        step = int(named.settled()[image])
        if step < run.at:
            return []  # on an ancestor's strip
        words = self.tr("Image {0} settles here as {1}.")
        return [(step, words.format(image + 1, int(named.labels[-1, image])))]

    # Private -----------------------------------------------------------------------------------

    def _fresh(self, run: Run) -> tuple[np.ndarray, np.ndarray] | None:
        """The labels of the record that the run has now, all of it."""
        known = self._known.get(run.id)
        if known is None or known[0]() is not run.tape or len(known[1]) != len(run.tape):
            return None
        return known[1], known[2]

    def _take(self, number: int, tape: Tape, answer: Answer) -> None:
        if answer.done and answer.value is not None:
            self._asked.pop(number, None)
            self._known[number] = (weakref.ref(tape), *answer.value)
            self.changed.emit()

    def _refused(self, number: int, failure: Failure) -> None:
        self._asked.pop(number, None)
        self.failure = failure.sentence()
        self.changed.emit()


def _key(number: int) -> str:
    return f"labels-{number}"
