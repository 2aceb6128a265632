"""How long walks took, measured as their steps arrive."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from genstudio.tape import Tape
from genstudio.ui.panels._denoise_recipe import Recipe, Run, RunState
from genstudio.ui.panels._denoise_run import Runs


def net_calls(recipe: Recipe) -> int:
    """How often a walk asks the net for its batch: once a step, twice under guidance."""
    return recipe.steps * (1 if recipe.guidance == 1.0 else 2)


@dataclass
class _Watch:
    """One walk under way."""

    tape: weakref.ref[Tape]  # it began anew where the run has another
    first: float = 0.0
    last: float = 0.0
    came: int = 0
    disturbed: bool = False  # it was interrupted, or another walked beside it


class Clock(QObject):
    """Takes the time of every run that walks alone and without a break."""

    measured = Signal(int)  # run id: its seconds are known

    def __init__(
        self,
        runs: Runs,
        parent: QObject | None = None,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        super().__init__(parent)
        self._runs, self._now = runs, now
        self._watches: dict[int, _Watch] = {}
        runs.grew.connect(self._grew)
        runs.changed.connect(self._changed)

    def seconds(self, run: Run) -> float | None:
        """From a run's first step to its last and one step more, as all took as long; None where it
        was interrupted, walked beside another, has one step alone, or has not come to its end.
        """
        watch = self._watches.get(run.id)
        if watch is None or watch.tape() is not run.tape or watch.disturbed:
            return None
        if run.state is not RunState.DONE or watch.came != run.recipe.steps or watch.came < 2:
            return None
        return (watch.last - watch.first) * watch.came / (watch.came - 1)

    def _grew(self, number: int) -> None:
        run = self._runs.run(number)
        if run is None or not run.recent:
            return
        watch = self._watches.get(number)
        if watch is None or watch.tape() is not run.tape:
            watch = self._watches[number] = _Watch(weakref.ref(run.tape), first=self._now())
        watch.last = self._now()
        watch.came += 1
        watch.disturbed |= len(self._runs.running()) > 1

    def _changed(self) -> None:
        for number, watch in self._watches.items():
            run = self._runs.run(number)
            if run is None or watch.tape() is not run.tape:
                continue
            if run.state is RunState.PAUSED:
                watch.disturbed = True
            elif run.state is RunState.DONE:
                self.measured.emit(number)
