"""The same drag between many moons, and samples: what one moon shows, measured with more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from genstudio.engine.messages import Answer, Failure
from genstudio.ui.session import Priority, Session

N_MOONS, N_SAMPLES = 32, 500


@dataclass(frozen=True)
class Job:
    """One model of a case."""

    case: str
    name: str  # "AE" or "VAE"
    source: str
    data: str


class Many(QObject):
    """Measures every model one after the other, at a button; what is measured stays."""

    changed = Signal()

    def __init__(self, session: Session, jobs: Sequence[Job], parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, tuple(jobs)
        self._found: dict[Job, Mapping[str, Any]] = {}
        self._running: dict[Job, float] = {}
        self.failure = ""

    def start(self) -> None:
        """Measure what is not measured yet."""
        self.failure = ""
        for job in self._jobs:
            if job not in self._found and job not in self._running:
                self._running[job] = 0.0
                self._session.ask(
                    self,
                    job.source,
                    "metrics.moon:report",
                    model=job.source,
                    priority=Priority.REPORT,
                    then=partial(self._take, job),
                    failed=partial(self._refused, job),
                    data=job.data,
                    n=N_SAMPLES,
                    n_drags=N_MOONS,
                )
        self.changed.emit()

    def cancel(self) -> None:
        """Stop at once; models that are done stay."""
        for job in self._running:
            self._session.cancel(self, job.source)
        self._running.clear()
        self.changed.emit()

    def running(self) -> bool:
        return bool(self._running)

    def complete(self) -> bool:
        """Whether every model is measured."""
        return len(self._found) == len(self._jobs)

    def progress(self) -> float:
        """The share that is done."""
        return (len(self._found) + sum(self._running.values())) / max(1, len(self._jobs))

    def found(self, case: str) -> dict[str, Mapping[str, Any]]:
        """The reports of a case by "AE" and "VAE", empty until both are there."""
        here = {job.name: report for job, report in self._found.items() if job.case == case}
        return here if len(here) == sum(job.case == case for job in self._jobs) else {}

    def _take(self, job: Job, answer: Answer) -> None:
        if job not in self._running:
            return
        if answer.done:
            self._found[job] = answer.value
            del self._running[job]
        elif answer.value is not None:
            self._running[job] = answer.value.done / max(1, answer.value.total)
        self.changed.emit()

    def _refused(self, job: Job, failure: Failure) -> None:
        self._running.pop(job, None)
        self.failure = failure.sentence()
        self.changed.emit()
