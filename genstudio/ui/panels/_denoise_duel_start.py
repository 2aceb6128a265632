"""Starts two walks from the same noise, one after the other, so that each is timed alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from genstudio.abilities import BadInput
from genstudio.engine.messages import Failure
from genstudio.tape import Plan
from genstudio.ui.panels._denoise_compare_clock import net_calls
from genstudio.ui.panels._denoise_fork_fields import Values
from genstudio.ui.panels._denoise_recipe import Recipe, Run, RunState
from genstudio.ui.panels._denoise_run import Runs
from genstudio.ui.session import Session

SETTINGS = ("n", "seed", "sampler", "steps", "eta", "label", "guidance", "clip")


@dataclass(frozen=True)
class Preset:
    """A duel worth seeing: sampler, steps (None for all of T) and eta of each side."""

    a: tuple[str, int | None, float]
    b: tuple[str, int | None, float]


PRESETS = {
    "all": Preset(("ddpm", None, 0.0), ("dpmpp", 20, 0.0)),
    "few": Preset(("ddim", 10, 0.0), ("dpmpp", 10, 0.0)),
    "eta": Preset(("ddim", 50, 0.0), ("ddim", 50, 1.0)),
}


def sides_of(preset: Preset, values: Values, n_times: int) -> tuple[Values, Values]:
    """The settings of both sides; seed, class and guidance are those of `values`."""
    both = [
        replace(values, sampler=sampler, steps=min(steps or n_times, n_times), eta=eta)
        for sampler, steps, eta in (preset.a, preset.b)
    ]
    return both[0], both[1]


class Duel(QObject):
    """The two runs of a duel: A and B, one of them perhaps still to come."""

    changed = Signal()
    ready = Signal(int, int)  # run ids of A and B: both have begun

    def __init__(self, session: Session, runs: Runs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._runs = session, runs
        self._recipes: tuple[Recipe, Recipe] | None = None
        self._ids: list[int | None] = [None, None]
        self._beginning = False
        self.live = False  # a model in training: a run of older weights is none of these
        runs.changed.connect(self._go_on)

    # Get and set -------------------------------------------------------------------------------

    def recipes(self) -> tuple[Recipe, Recipe] | None:
        """What both sides are, while the second is still to come."""
        return self._recipes

    def sides(self) -> tuple[Run | None, Run | None]:
        """The runs of A and B while the second is still to come."""
        a, b = (self._runs.run(number) for number in self._ids)
        return a, b

    def waiting(self) -> bool:
        """Whether one side is still to begin."""
        return self._recipes is not None

    def planned(self, a: Recipe, b: Recipe) -> tuple[Plan, Plan]:
        """What both records take.

        Raises: BadInput as `Runs.planned`.
        """
        return self._runs.planned(a), self._runs.planned(b)

    # Doing -------------------------------------------------------------------------------------

    def start(self, a: Recipe, b: Recipe) -> None:
        """Begin the side with fewer calls of the net, then the other. A run that there is already
        is not run again.

        Raises: BadInput as `Runs.planned`; nothing has begun then.
        """
        self.planned(a, b)
        self._recipes = (a, b)
        self._ids = [self._known(a), self._known(b)]
        if self._ids[0] is not None and self._ids[0] == self._ids[1]:
            self._ids[1] = None  # a duel of one with itself is walked twice
        self._go_on()
        self.changed.emit()

    def stop(self) -> None:
        """The side that has not begun does not begin."""
        if self._recipes is not None:
            self._recipes, self._ids = None, [None, None]
            self.changed.emit()

    # Private -----------------------------------------------------------------------------------

    def _known(self, recipe: Recipe) -> int | None:
        """A finished run that was asked for just that."""
        if self.live:
            return None
        for run in self._runs.all():
            plain = run.parent is None and run.recipe.start is None and run.recipe.keep is None
            same = all(getattr(run.recipe, key) == getattr(recipe, key) for key in SETTINGS)
            if plain and same and run.state is RunState.DONE:
                return run.id
        return None

    def _go_on(self) -> None:
        """Begin what is to begin, once nothing walks."""
        recipes = self._recipes
        if recipes is None or self._beginning:
            return
        begun = [run for run in self.sides() if run is not None]
        gone = len(begun) < sum(number is not None for number in self._ids)
        if gone or any(run.state in (RunState.PAUSED, RunState.FAILED) for run in begun):
            self.stop()  # cancelled, deleted or refused: the other is not started behind it
            return
        missing = [side for side in (0, 1) if self._ids[side] is None]
        if not missing:
            a, b = self._ids
            self._recipes, self._ids = None, [None, None]
            assert a is not None and b is not None
            self.ready.emit(a, b)
            self.changed.emit()
        elif not self._runs.running():
            side = min(missing, key=lambda each: net_calls(recipes[each]))
            self._begin(side, recipes[side])

    def _begin(self, side: int, recipe: Recipe) -> None:
        self._beginning = True
        try:
            self._ids[side] = self._runs.begin(recipe, choose=False)
        except BadInput as error:
            self._recipes, self._ids = None, [None, None]
            self._session.failed.emit(Failure(str(error)))
        finally:
            self._beginning = False
        self.changed.emit()
        self._go_on()
