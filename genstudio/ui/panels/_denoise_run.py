"""The runs of the Denoise panel: a tree of walks that are started, cancelled, taken up and forked.

How others use it: read `run(id).tape` and draw; listen to `grew` for frames, to `changed` for
another tree or state, to `chosen` for another run in front. Start walks with `begin`, `restart` and
`fork`; nothing else asks for `latent.denoise:walk`.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from genstudio.abilities import BadInput
from genstudio.engine import room
from genstudio.engine.messages import Answer, Failure
from genstudio.tape import Frame, Plan, Tape, plan
from genstudio.ui.panels import _denoise_onward as onward
from genstudio.ui.panels._denoise_family import Tree
from genstudio.ui.panels._denoise_history import Put, let_go
from genstudio.ui.panels._denoise_recipe import Recipe, Run, RunState, spread
from genstudio.ui.session import Priority, Session

if TYPE_CHECKING:
    from genstudio.latent.denoise import Process

__all__ = ["Recipe", "Run", "RunState", "Runs", "spread"]

MEMORY_SHARE = 0.5  # of the memory that is free, for the records of all runs together
LEAST_BYTES = 256 << 20
PATIENCE_BYTES = 64_000_000  # a walk with a larger record lets every other picture go first
MOST_ROOTS = 12  # the oldest without forks make room for new ones


class Runs(QObject):
    """The runs of the model in view. Another model's are put away and come back with it."""

    grew = Signal(int)  # run id: its tape has another frame, or it began anew
    changed = Signal()  # runs came or went, or the state of one is another
    chosen = Signal(int)  # run id: this run is in front; -1 for none

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._source = ""
        self._process: Process | None = None
        self.tree = Tree()
        self._shelf: dict[str, Tree] = {}
        self._numbers = 0
        self._classes: tuple[str, ...] = ()
        self._live = False
        self._tapes: weakref.WeakSet[Tape] = weakref.WeakSet()
        self.budget_bytes = records_budget()

    # The model ---------------------------------------------------------------------------------

    def use(self, source: str, process: Process | None, *, live: bool = False) -> None:
        """The model that walks from now on: its source, and what `latent.denoise:process` said.

        `live` says that it is in training. Walks of the model before are cancelled, not lost.
        """
        if source != self._source:
            self.stop()
            if self.tree.runs:
                self._shelf[self._source] = self.tree
            self._source, self._classes = source, ()
            self.tree = self._shelf.pop(source, Tree())
        self._process, self._live = process, live
        self.changed.emit()
        self.chosen.emit(-1 if self.tree.current is None else self.tree.current)

    def name_classes(self, names: Sequence[str]) -> None:
        """What the classes of the model in view are called."""
        if self._classes != tuple(names):
            self._classes = tuple(names)
            for run in self.tree.runs.values():
                run.classes = self._classes
            self.changed.emit()

    def process(self) -> Process | None:
        """The model's process, once it is known."""
        return self._process

    def source(self) -> str:
        return self._source

    # The tree ----------------------------------------------------------------------------------

    def run(self, number: int | None) -> Run | None:
        return self.tree.run(number)

    def current(self) -> Run | None:
        """The run in front."""
        return self.run(self.tree.current)

    def all(self) -> list[Run]:
        """Every run, each fork below its parent, in the order in which they were made."""
        return self.tree.all()

    def children(self, parent: int | None) -> list[Run]:
        """The forks of a run in the order they were made; the roots for None."""
        return self.tree.children(parent)

    def family(self, number: int) -> list[Run]:
        """A run and everything forked from it."""
        return self.tree.family(number)

    def running(self) -> list[Run]:
        return [run for run in self.all() if run.state is RunState.RUNNING]

    def choose(self, number: int) -> None:
        """Bring a run to the front."""
        if number in self.tree.runs and number != self.tree.current:
            self.tree.current = number
            self.chosen.emit(number)

    # Starting ----------------------------------------------------------------------------------

    def planned(self, recipe: Recipe, instead: Tape | None = None) -> Plan:
        """What the record of such a walk would take, and what would be kept of it; `instead` is the
        record whose room it gets.

        Raises: BadInput when it does not fit, or when there are fewer noise levels than steps.
        """
        process = self._known()
        if recipe.times is None:
            spread(process.n_steps, recipe.steps)
        others = (tape for tape in self._tapes if tape is not instead)
        free = self.budget_bytes - sum(tape.plan.kept_bytes for tape in others)
        shape = tuple(process.shape)
        return plan(recipe.n, shape, recipe.n_steps, max(0, free // 2), first=recipe.first)

    def begin(self, recipe: Recipe, *, choose: bool = True) -> int:
        """A new root run that starts now; its id. Beyond `MOST_ROOTS` the oldest roots without
        forks go.

        Raises: BadInput as `planned`.
        """
        self._make_room(recipe)
        run = self._made(recipe, None)
        self.tree.runs[run.id] = run
        self._drop_oldest()
        self._ask(run, recipe)
        if choose:
            self.tree.current = run.id
        self.changed.emit()
        if choose:
            self.chosen.emit(run.id)
        return run.id

    def restart(self, number: int, recipe: Recipe) -> int:
        """The run anew with another recipe, in its place; a run with forks stays, and a new one
        starts. The id of the run that walks now.

        Raises: BadInput as `planned`; the run then stays as it is.
        """
        run = self.tree.runs[number]
        if self.children(number):
            return self.begin(recipe)
        self._make_room(recipe, run.tape)
        self._session.cancel(self, _key(number))
        run.recipe, run.tape = recipe, self._tape(recipe, run.tape)
        run.recent, run.failure, run.step = (), None, None
        self._ask(run, recipe)
        self.changed.emit()
        self.grew.emit(number)
        return number

    def fork(self, parent: int, k: int, **how: Any) -> int:
        """Another way from step k of `parent` on, as one entry of the history; its id. `how` is as
        in `_denoise_onward.forked`.

        Raises: BadInput for a step that is not in the record, or as `planned`.
        """
        recipe = self.forked(parent, k, **how)
        self._make_room(recipe)
        mother = self.tree.runs[parent]
        run = self._made(recipe, mother)
        text = self.tr("Fork run {0} at step {1}").format(mother.name, k)
        self._session.undo.push(Put(self, text, [run], there=True))
        return run.id

    def forked(self, parent: int, k: int, **how: Any) -> Recipe:
        """The recipe that `fork` would start, for its size and for showing it first."""
        return onward.forked(self.tree.runs[parent], k, self._known().n_steps, **how)

    # Stopping and going on ---------------------------------------------------------------------

    def stop(self) -> None:
        """Cancel every walk."""
        for run in self.all():
            self.cancel(run.id)

    def cancel(self, number: int) -> None:
        """Stop a walk at once; what has come stays, and `go_on` takes it up."""
        run = self.tree.runs.get(number)
        if run is not None and run.state is RunState.RUNNING:
            self._session.cancel(self, _key(number))
            run.state = RunState.PAUSED
            self.changed.emit()

    def go_on(self, number: int) -> None:
        """Take a cancelled walk up where it stopped, bit by bit as if it never had; a failed one,
        and one of a model that has been trained further since, begins anew.

        Raises: BadInput where it would begin anew under its own forks.
        """
        run = self.tree.runs.get(number)
        if run is None or run.state not in (RunState.PAUSED, RunState.FAILED):
            return
        recipe = run.recipe
        if self._live or run.state is RunState.FAILED or not run.recent:
            if self.children(number):
                raise BadInput(
                    f"Run {run.name} would begin anew, and it has forks. Delete them, or fork it."
                )
            run.tape, run.recent = self._tape(recipe, run.tape), ()
        else:
            recipe = onward.rest(run, self._known().n_steps)
        self._ask(run, recipe)
        self.changed.emit()

    def delete(self, number: int) -> None:
        """Take a run and all its forks away, as one entry of the history."""
        if number in self.tree.runs:
            family = self.family(number)
            text = self.tr("Delete run {0}").format(family[0].name)
            self._session.undo.push(Put(self, text, family, there=False))

    # Private -----------------------------------------------------------------------------------

    def _known(self) -> Process:
        if self._process is None:
            raise BadInput("No diffusion model is shown. Choose one in the Library.")
        return self._process

    def _made(self, recipe: Recipe, parent: Run | None) -> Run:
        tape = self._tape(recipe)
        self._numbers += 1
        run = Run(self._numbers, self.tree.name_next(parent), recipe, tape, parent)
        run.classes = self._classes
        return run

    def _drop_oldest(self) -> None:
        for run in self.tree.beyond(MOST_ROOTS):
            self._session.cancel(self, _key(run.id))
            del self.tree.runs[run.id]

    def _tape(self, recipe: Recipe, instead: Tape | None = None) -> Tape:
        tape = Tape(recipe.n, tuple(self._known().shape), self.planned(recipe, instead))
        self._tapes.add(tape)
        return tape

    def _make_room(self, recipe: Recipe, instead: Tape | None = None) -> None:
        """Give up the runs of models out of view, and deleted ones that the history holds, where
        the new record would not fit whole.

        Raises: BadInput where there is no room even so.
        """
        try:
            short = self.planned(recipe, instead).every > 1
        except BadInput:
            short = True
        if short:
            self._shelf.clear()
            let_go(self._session.undo)
        self.planned(recipe, instead)

    def _ask(self, run: Run, recipe: Recipe) -> None:
        run.state = RunState.RUNNING
        long = run.tape.plan.full_bytes > PATIENCE_BYTES
        self._session.ask(
            self,
            _key(run.id),
            "latent.denoise:walk",
            model=self._source,
            then=lambda answer, run=run: self._take(run, answer),
            failed=lambda failure, run=run: self._refused(run, failure),
            priority=Priority.REPORT if long else Priority.PICTURE,
            **recipe.arguments(),
        )

    def _take(self, run: Run, answer: Answer) -> None:
        if answer.done:
            run.state = RunState.DONE
            self.changed.emit()
            return
        frame: Frame = answer.value
        if run.recent and frame.index <= run.recent[-1].index:
            return
        run.step = answer.step
        run.recent = (*run.recent[-1:], frame)
        run.tape.append(frame)
        self.grew.emit(run.id)

    def _refused(self, run: Run, failure: Failure) -> None:
        run.state, run.failure = RunState.FAILED, failure
        self.changed.emit()
        self._session.failed.emit(failure)

    def put(self, tree: Tree, runs: list[Run], there: bool) -> None:
        """Runs come (back) into their tree, or leave it."""
        for run in runs:
            if there:
                tree.runs[run.id] = run
                self._ask_unfinished(run)
            else:
                self._session.cancel(self, _key(run.id))
                if run.state is RunState.RUNNING:
                    run.state = RunState.PAUSED
                del tree.runs[run.id]
        gone = tree.current not in tree.runs
        if there:
            tree.current = runs[0].id
        else:
            tree.choose_after(runs[0])
        self.changed.emit()
        if there or gone:
            self.chosen.emit(-1 if tree.current is None else tree.current)

    def _ask_unfinished(self, run: Run) -> None:
        if not run.recent:
            self._ask(run, run.recipe)
        elif run.state is RunState.PAUSED and not self._live:
            self._ask(run, onward.rest(run, self._known().n_steps))


def _key(number: int) -> str:
    return f"walk-{number}"


def records_budget() -> int:
    """Bytes for the records of all runs: a share of the memory that is free."""
    return max(LEAST_BYTES, int(MEMORY_SHARE * room.free_bytes()))
