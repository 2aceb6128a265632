"""Gap reports of the models in view: asked for at a button, told while they run, kept while they
hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from genstudio.engine.messages import Answer, Failure
from genstudio.ui.panels._compare_slots import Slots
from genstudio.ui.session import Priority, Session

SAMPLES = (1_000, 2_000, 10_000)


@dataclass(frozen=True)
class Asked:
    """What a report is of; one with the same is the same."""

    source: str
    data: str
    seed: int
    n: int


class Reports(QObject):
    """One report for each model. `changed` says that one has begun, come, failed or gone."""

    changed = Signal()
    progressed = Signal()

    def __init__(self, session: Session, slots: Slots, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._slots = session, slots
        self.n = SAMPLES[1]
        self._found: dict[Asked, Mapping[str, Any]] = {}
        self._failed: dict[Asked, str] = {}
        self._running: dict[Asked, tuple[int, int, str]] = {}  # done, total, of what
        slots.changed.connect(self._slots_changed)
        session.data_changed.connect(self._slots_changed)
        session.seed_changed.connect(lambda _seed: self._slots_changed())
        session.weights_moved.connect(self._weights_moved)

    def set_n(self, n: int) -> None:
        """Samples of a report."""
        if n != self.n:
            self.cancel()
            self.n = n
            self.changed.emit()

    def wanted(self) -> dict[str, Asked]:
        """What stands in each slot."""
        refs = self._slots.refs()
        return {
            slot: Asked(ref.source, self._session.data, self._session.seed, self.n)
            for slot, ref in refs.items()
        }

    def start(self) -> None:
        """Measure every model that has no report yet."""
        for asked in dict.fromkeys(self.wanted().values()):
            if asked not in self._found and asked not in self._running:
                self._failed.pop(asked, None)
                self._running[asked] = (0, 1, "")
                self._ask(asked)
        self.changed.emit()

    def _ask(self, asked: Asked) -> None:
        self._session.ask(
            self,
            f"{asked.source}:{asked.n}",
            "metrics.gap:report",
            model=asked.source,
            priority=Priority.REPORT,
            then=partial(self._take, asked),
            failed=partial(self._refused, asked),
            data=asked.data,
            seed=asked.seed,
            n=asked.n,
        )

    def cancel(self) -> None:
        """Stop measuring, at once; reports that are done stay."""
        for asked in self._running:
            self._session.cancel(self, f"{asked.source}:{asked.n}")
        self._running.clear()
        self.changed.emit()

    def running(self) -> bool:
        return bool(self._running)

    def progress(self) -> tuple[float, str]:
        """The share of all reports under way that is done, and what is measured now."""
        wanted = set(self.wanted().values())
        done = len(wanted & self._found.keys())
        parts = [part for asked, part in self._running.items() if asked in wanted]
        share = sum(at / max(1, total) for at, total, _ in parts)
        notes = [note for at, _total, note in parts if at]
        return (done + share) / max(1, len(wanted)), notes[0] if notes else ""

    def found(self) -> dict[str, Mapping[str, Any]]:
        """The reports of the models in view, by slot."""
        wanted = self.wanted().items()
        return {slot: self._found[asked] for slot, asked in wanted if asked in self._found}

    def failures(self) -> dict[str, str]:
        """Why a model has no report, by slot."""
        wanted = self.wanted().items()
        return {slot: self._failed[asked] for slot, asked in wanted if asked in self._failed}

    def _take(self, asked: Asked, answer: Answer) -> None:
        if asked not in self._running:
            return
        if answer.done:
            self._found[asked] = answer.value
            del self._running[asked]
            self.changed.emit()
        elif answer.value is not None:
            value = answer.value
            self._running[asked] = (value.done, value.total, value.note)
            self.progressed.emit()

    def _refused(self, asked: Asked, failure: Failure) -> None:
        self._running.pop(asked, None)
        self._failed[asked] = failure.sentence()
        self.changed.emit()

    def _slots_changed(self) -> None:
        """Reports of models that have gone are not waited for."""
        wanted = set(self.wanted().values())
        for asked in [asked for asked in self._running if asked not in wanted]:
            self._session.cancel(self, f"{asked.source}:{asked.n}")
            del self._running[asked]
        self.changed.emit()

    def _weights_moved(self, slot: str, _step: int) -> None:
        """A model in training is another one now."""
        ref = self._slots.refs().get(slot)
        if ref is not None:
            self._found = {k: v for k, v in self._found.items() if k.source != ref.source}
            self.changed.emit()
