"""How much is still open at each step: forks of one image, measured when the user asks for it."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from genstudio.engine.messages import Answer, Failure
from genstudio.tape import Tape
from genstudio.ui.panels._denoise_fork_wish import adds_noise
from genstudio.ui.panels._denoise_line import Line
from genstudio.ui.panels._denoise_recipe import Run, RunState
from genstudio.ui.panels._denoise_run import Runs
from genstudio.ui.session import Priority, Session

if TYPE_CHECKING:
    from genstudio.metrics.diversity import Diversity

MOST_STEPS = 11  # at which forks begin, evenly spread over the run

Key = tuple[int, int]  # run, image


class Forking(QObject):
    """Measures one run at a time; what was measured stays with its run and image."""

    changed = Signal()

    def __init__(self, session: Session, runs: Runs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._runs = session, runs
        self._found: dict[Key, tuple[weakref.ref[Tape], Diversity, str]] = {}
        self._at: Key | None = None  # what is being measured
        self.failure = ""
        runs.changed.connect(self._look)

    def refuses(self, run: Run | None) -> str:
        """Why this run cannot be measured, or ""."""
        if run is None:
            return self.tr("There is no run yet.")
        if run.state is not RunState.DONE:
            return self.tr("The run has not come to its end.")
        return ""

    def start(self, run: Run, image: int, forks: int, seed: int, n_times: int) -> None:
        """Let `forks` forks begin at steps all along the way of `image`, and measure their ends."""
        if self.refuses(run):
            return
        line = Line(self._runs, run)
        kept = [k for k in line.steps if line.frame(k) is not None]
        places = np.unique(np.linspace(0, len(kept) - 1, min(MOST_STEPS, len(kept))).round())
        ks = [kept[int(place)] for place in places]
        frames = [line.frame(k) for k in ks]
        recipe = run.recipe
        sampler = recipe.sampler if adds_noise(recipe.sampler, recipe.eta) else "ddpm"
        last = line.frame(line.n_steps - 1)
        assert last is not None
        self.cancel()
        self.failure = ""
        self._at = run.id, image
        title = self.tr("{0} forks by {1}, seed {2}").format(forks, sampler, seed)
        self._session.ask(
            self,
            "diversity",
            "metrics.diversity:diversity",
            model=self._runs.source(),
            priority=Priority.REPORT,
            then=lambda answer, at=self._at, tape=run.tape: self._take(at, tape, title, answer),
            failed=self._refused,
            x_t=np.stack([frame.arrays["x_t"][image] for frame in frames if frame is not None]),
            ks=ks,
            times=self.times(run, n_times),
            end=last.arrays["x0_hat"][image],
            forks=forks,
            seed=seed,
            sampler=sampler,
            eta=recipe.eta if sampler == "ddim" else 1.0,
            label=recipe.label,
            classes=recipe.drawn_by,
            which=(image, recipe.n),
            guidance=recipe.guidance,
            clip=recipe.clip,
            keep=recipe.keep,
        )
        self.changed.emit()

    def times(self, run: Run, n_times: int) -> list[int]:
        """The t of every step of a run's way, its ancestors' first."""
        parent = self._runs.run(run.parent)
        before = self.times(parent, n_times)[: run.at] if parent is not None else []
        return [*before, *run.times(n_times)]

    def cancel(self) -> None:
        """Stop measuring; the steps that are done stay."""
        if self._at is not None:
            self._session.cancel(self, "diversity")
            self._at = None
            self.changed.emit()

    def measuring(self, run: Run | None, image: int) -> bool:
        return run is not None and self._at == (run.id, image)

    def busy(self) -> bool:
        return self._at is not None

    def found(self, run: Run | None, image: int) -> tuple[Diversity, str] | None:
        """What was measured of an image of a run, and how."""
        known = self._found.get((run.id, image)) if run is not None else None
        if known is None or run is None or known[0]() is not run.tape:
            return None
        return known[1], known[2]

    # Private -----------------------------------------------------------------------------------

    def _look(self) -> None:
        """A run that has gone takes its measurement with it."""
        there = {run.id for run in self._runs.all()}
        if self._at is not None and self._at[0] not in there:
            self.cancel()

    def _take(self, at: Key, tape: Tape, title: str, answer: Answer) -> None:
        if answer.value is not None:
            self._found[at] = (weakref.ref(tape), answer.value, title)
        if answer.done:
            self._at = None
        self.changed.emit()

    def _refused(self, failure: Failure) -> None:
        self._at, self.failure = None, failure.sentence()
        self.changed.emit()
