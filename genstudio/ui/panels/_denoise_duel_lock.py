"""The record of two walks locked on t: every time that one of them has is one frame."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal

from genstudio.ui.panel import Timeline
from genstudio.ui.panels._denoise_compare_numbers import Film, partner
from genstudio.ui.panels._denoise_recipe import Run
from genstudio.ui.panels._denoise_run import Runs


class Lock(Timeline):
    """The cursor of both walks. It can stand at times that are still to come; then the last frames
    that have come are shown.
    """

    scrubbed = Signal(float)  # t: the hand, or playing, went there

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._times = np.zeros(0)  # falling
        self._sides: tuple[tuple[Run, Film], ...] = ()
        self._t: float | None = None

    # Get and set -------------------------------------------------------------------------------

    def times(self) -> np.ndarray:
        """Every time that one of the walks has or will have, falling."""
        return self._times

    def t(self) -> float | None:
        return self._t

    def set_t(self, t: float | None) -> None:
        """Move the cursor without a signal to the hand."""
        self._t = t
        self.changed.emit()

    def show(self, sides: tuple[tuple[Run, Film], ...], times: np.ndarray) -> None:
        """Another pair: each run with its film; `times` as of `all_times`."""
        self._sides, self._times = sides, times
        if len(times) and self._t is not None:
            self._t = float(times[partner(times, self._t) or 0])
        self.changed.emit()

    def frontier(self) -> float | None:
        """The lowest t that stands in both, or in the one that walks; None before the first."""
        lows = [
            float(film.times[-1]) for run, film in self._sides if len(film) and not film.finished
        ]
        done = [float(film.times[-1]) for _, film in self._sides if film.finished]
        if lows:
            return max(lows)
        return min(done) if done else None

    # Timeline ----------------------------------------------------------------------------------

    def count(self) -> int:
        return len(self._times)

    def index(self) -> int:
        return 0 if self._t is None else partner(self._times, self._t) or 0

    def set_index(self, index: int) -> None:
        if len(self._times):
            self.scrubbed.emit(float(self._times[min(max(index, 0), len(self._times) - 1)]))

    def label(self, index: int) -> str:
        """ "t = 600, A 400/1,000, B 8/20"."""
        if not len(self._times):
            return ""
        t = float(self._times[min(index, len(self._times) - 1)])
        words = [self.tr("t = {0}").format(f"{t:,.0f}")]
        for letter, (_run, film) in zip("AB", self._sides, strict=False):
            place = film.beside(t)
            if place is not None:
                step = f"{film.indices[place]:,}"
                words.append(self.tr("{0} {1}/{2}").format(letter, step, f"{film.n_steps:,}"))
        return ", ".join(words)

    def title(self) -> str:
        if len(self._sides) < 2:
            return self.tr("Two runs locked on t")
        names = (run.name for run, _ in self._sides)
        return self.tr("Run {0} and run {1}, locked on t").format(*names)


def all_times(runs: Runs, chosen: tuple[Run, ...]) -> np.ndarray:
    """The times of every frame that these runs keep, those to come included; falling."""
    process = runs.process()
    if process is None:
        return np.zeros(0)
    found: set[float] = set()
    for run in chosen:
        until, each = 0.0, run  # what is not above it the forks have
        while each is not None:
            times = each.times(process.n_steps)
            kept = [float(times[k - each.at]) for k in each.tape.plan.kept if k >= each.at]
            found.update(t for t in kept if t > until)
            until, each = max(until, float(times[0])), runs.run(each.parent)
    return np.array(sorted(found, reverse=True), np.float64)
