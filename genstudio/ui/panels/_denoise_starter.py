"""From settings to runs: when a walk starts by itself, when it waits, what new noise means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from genstudio.abilities import BadInput
from genstudio.engine.messages import Failure
from genstudio.tape import Plan
from genstudio.ui.panels._denoise_recipe import Recipe, Run, RunState, spread
from genstudio.ui.panels._denoise_run import PATIENCE_BYTES
from genstudio.ui.panels._denoise_settings import MOST_SEED, Settings, Wanted

if TYPE_CHECKING:
    from genstudio.ui.panels.denoise import Denoise

REST_MS = 250  # so long after the hand's last change a run starts
OWN_MODES = ("denoise", "plane")  # the views that show runs


class Starter(QObject):
    """Starts the panel's root runs.

    A changed setting restarts the run in front where it is a root without forks, else it starts
    another; a new seed always starts another. A record beyond `PATIENCE_BYTES`, or one that would
    be thinned, waits for the button.
    """

    def __init__(self, panel: Denoise, settings: Settings) -> None:
        super().__init__(panel)
        self.panel, self.settings = panel, settings
        self.pending = False  # settings wait for the button
        self._owed = False  # a run is due when its view comes to the front
        self._newest: int | None = None  # training step of a live model's weights
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._rested)
        self._seeds = QTimer(self, singleShot=True, interval=REST_MS)
        self._seeds.timeout.connect(self._seed_rested)
        self._seed_due = False
        settings.changed.connect(self._edited)
        settings.seed_wanted.connect(self._seed_wanted)
        settings.run_wanted.connect(self.apply)
        settings.again_wanted.connect(self.again)

    # What would run ----------------------------------------------------------------------------

    def recipe(self) -> Recipe:
        """A run from noise with the settings as they stand."""
        return self.settings.wanted().recipe()

    def show_record(self) -> Plan | None:
        """Say what the next run's record takes, or why it cannot be."""
        recipe, root, runs = self._next(), self._root(), self.panel.runs
        if self.panel.process is None:  # the panel itself says so
            self.settings.show_record(None, recipe.n, False)
            return None
        alone = root is not None and not runs.children(root.id)
        try:
            plan = runs.planned(recipe, root.tape if alone else None)
        except BadInput as error:
            self.settings.show_record(None, recipe.n, False, str(error))
            return None
        self.settings.show_record(plan, recipe.n, self.pending)
        return plan

    def _next(self) -> Recipe:
        """What `apply` would start: a run from an image keeps its image, one from noise of its own
        that noise, where there is enough of it.
        """
        root, recipe = self._root(), self.recipe()
        if root is None:
            return recipe
        old = root.recipe
        if old.kind != "image" or not old.times:
            if old.start is None or old.times is not None or recipe.n > len(old.start):
                return recipe
            return replace(recipe, note=old.note, start=old.start[: recipe.n])
        top = old.times[0]
        steps = min(recipe.steps, top)
        return replace(
            recipe, kind=old.kind, note=old.note, n=old.n, start=old.start, keep=old.keep,
            steps=steps, times=spread(top, steps),
        )  # fmt: skip

    def _root(self) -> Run | None:
        """The root that the run in front goes back to."""
        runs = self.panel.runs
        run = runs.current()
        while run is not None and run.parent is not None:
            run = runs.run(run.parent)
        return run

    # Starting ----------------------------------------------------------------------------------

    def owe(self) -> None:
        """A model has come into view: a first run is due, if there is none yet."""
        self._newest = None
        if self.panel.process is not None and not self.panel.runs.all():
            self._owed = True
        self.show_record()  # in the words of this model

    def pay(self) -> None:
        """Start what is due, now that its view is in front; a long run waits for the button."""
        if self._owed and self._in_front():
            self._owed = False
            self._begin_or_wait()

    def begin(self, recipe: Recipe) -> None:
        """Start another run; where it cannot be, say so and keep what is shown."""
        self._calm()
        with self._told():
            self.panel.runs.begin(recipe)
        self.show_record()

    def apply(self) -> None:
        """Start the settings as they stand: in the place of the run in front, or beside it."""
        self._calm()
        root, recipe, runs = self._root(), self._next(), self.panel.runs
        with self._told():
            if root is None:
                runs.begin(recipe)
            else:
                runs.choose(runs.restart(root.id, recipe))
        self.show_record()

    def act(self) -> None:
        """What the run button says."""
        runs = self.panel.runs
        run, root = runs.current(), self._root()
        if self.pending or run is None or root is None:
            self.apply()
        elif run.state is RunState.RUNNING:
            runs.cancel(run.id)
        elif run.state in (RunState.PAUSED, RunState.FAILED):
            with self._told():
                runs.go_on(run.id)
        elif runs.children(run.id):
            self.begin(root.recipe)
        else:
            with self._told():
                runs.restart(run.id, run.recipe)

    def again(self) -> None:
        """The root in front once more, from the same noise with the weights of now."""
        root = self._root()
        if root is not None:
            with self._told():
                self.panel.runs.choose(self.panel.runs.restart(root.id, root.recipe))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What cannot be started is said in a sentence."""
        try:
            yield
        except BadInput as error:
            self.panel.session.failed.emit(Failure(str(error)))

    def restore(self, wanted: Wanted) -> None:
        """Settings of an earlier session; runs that are shown already follow them."""
        before = self.settings.wanted()
        self.settings.set_wanted(wanted)
        if self.panel.process is not None and self.panel.runs.all() and wanted != before:
            self._edited()

    # Noise -------------------------------------------------------------------------------------

    def new_noise(self) -> None:
        """Another run from the next seed."""
        self._seed_wanted((self.settings.wanted().seed + 1) % (MOST_SEED + 1))

    def same_noise(self) -> None:
        """Another run from the same noise, or image, beside the one in front."""
        self.begin(self._next())

    def _seed_wanted(self, seed: int) -> None:
        if seed != self.panel.session.seed:
            self.panel.session.set_seed(seed)
        elif seed != self.settings.wanted().seed:
            self.seed_changed(seed)

    def seed_changed(self, seed: int) -> None:
        """The window's seed is another: another run, at once or when the hand comes to rest."""
        self.settings.set_wanted(replace(self.settings.wanted(), seed=seed))
        if self.panel.process is None:
            return
        if self._seeds.isActive():
            self._seed_due = True
        else:
            self._begin_seed()
        self._seeds.start()

    def _seed_rested(self) -> None:
        if self._seed_due:
            self._seed_due = False
            self._begin_seed()

    def _begin_seed(self) -> None:
        if self._in_front():
            self._begin_or_wait()
        else:
            self._owed = True

    def _begin_or_wait(self) -> None:
        if self._waits(self.show_record()):
            self._wait()
        else:
            self.begin(self.recipe())

    # Settings ----------------------------------------------------------------------------------

    def follow(self) -> None:
        """Another run is in front: its settings stand in the section."""
        root = self._root()
        if root is not None:
            wanted = Wanted.of(root.recipe)
            if root.recipe.kind == "image":  # what an image dictates is no setting
                now = self.settings.wanted()
                wanted = replace(wanted, n=now.n, seed=now.seed)
            self._calm()
            self.settings.set_wanted(wanted)
        self.show_record()

    def _edited(self) -> None:
        self.pending = False
        if self.panel.process is None:
            return
        if self._waits(self.show_record()) or not self._in_front():
            self._wait()
        else:
            self._rest.start()
            self.panel.bar.show_run(self.panel.runs.current())

    def _waits(self, plan: Plan | None) -> bool:
        return plan is None or plan.every > 1 or plan.full_bytes > PATIENCE_BYTES

    def _wait(self) -> None:
        self._rest.stop()
        self.pending = True
        self.show_record()
        self.panel.bar.show_run(self.panel.runs.current(), pending=True)

    def _rested(self) -> None:
        if self._in_front():
            self.apply()
        else:
            self._wait()

    def _calm(self) -> None:
        self.pending = self._owed = False
        self._rest.stop()

    def _in_front(self) -> bool:
        return self.panel.in_front and self.panel.mode in OWN_MODES

    # A model in training -----------------------------------------------------------------------

    def weights_moved(self, step: int) -> None:
        self._newest = step
        self.keep_up()

    def keep_up(self) -> None:
        """Sample again where the section says so, a run is done and the weights have moved."""
        root = self._root()
        if (
            self.settings.auto.isChecked()
            and not self.settings.live.isHidden()
            and self._in_front()
            and root is not None
            and root.state is RunState.DONE
            and root.step != self._newest
            and not self.panel.runs.children(root.id)
        ):
            self.again()

    def behind(self) -> tuple[int, int] | None:
        """(training step of the run in front, that of the weights of now), where they differ."""
        run = self.panel.runs.current()
        if run is None or run.step is None or self._newest in (None, run.step):
            return None
        return run.step, int(self._newest or 0)
