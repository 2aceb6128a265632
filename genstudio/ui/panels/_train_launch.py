"""How a run begins in a slot of the Train panel: from the form's recipe, or from a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from genstudio.abilities import BadInput
from genstudio.engine.messages import Failure, JobState
from genstudio.ui.panels._train_curves import Curves
from genstudio.ui.panels._train_job import recipe_in, resuming, starting
from genstudio.ui.panels._train_run import Recipe, free_slot
from genstudio.ui.panels._train_runs import Runs

if TYPE_CHECKING:
    from genstudio.engine.lanes import Job

Fetch = Callable[[Path, Callable[[Curves], None]], None]  # reads the curves of a run's folder


class Launcher(QObject):
    """Starts and resumes runs, each in the slot that was asked for or in the other one while that
    is busy.
    """

    began = Signal(int)  # slot in which a run has begun
    refused = Signal(object)  # Failure

    def __init__(self, runs: Runs, fetch: Fetch, parent: QObject) -> None:
        super().__init__(parent)
        self._runs, self._fetch = runs, fetch

    def start(self, recipe: Recipe, index: int, *, paused: bool = False) -> int:
        """Train `recipe` in slot `index`; the run's number, 0 where it cannot."""
        return self._begin(recipe, starting(recipe), index, paused=paused)

    def resume(self, index: int) -> int:
        """Go on with the run of slot `index`: paused, or stopped and saved."""
        slot = self._runs.slots[index]
        if slot is None:
            return 0
        if slot.view.state is JobState.PAUSED:
            self._runs.resume(index)
            return slot.view.run
        return self.resume_folder(slot.view.recipe.out, index, slot.curves)

    def resume_folder(self, folder: Path, index: int, before: Curves | None = None) -> int:
        """Go on with the run in `folder` from its last checkpoint, under its curves of `before`
        or, without them, those that it has written; 0 where it cannot.
        """
        try:
            recipe = recipe_in(folder)
        except BadInput as error:
            self.refused.emit(Failure(str(error)))
            return 0
        run = self._begin(recipe, resuming(folder), index, before=before)
        if run and before is None:
            self._fetch(folder, lambda curves: self._runs.put_before(run, curves))
        return run

    def _begin(
        self,
        recipe: Recipe,
        factory: Callable[[], Job],
        wanted: int,
        *,
        paused: bool = False,
        before: Curves | None = None,
    ) -> int:
        index = free_slot(self._runs.views(), wanted)
        if index is None:
            words = self.tr("Two runs are training. Stop one of them to start another.")
            self.refused.emit(Failure(words))
            return 0
        run = self._runs.start(index, recipe, factory, paused=paused, before=before)
        self.began.emit(index)
        return run
