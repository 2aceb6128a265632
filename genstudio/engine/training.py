"""Training as a job: a generator that makes one step per `next`, saves itself, and can be resumed
to the bit.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from genstudio import data as data_sets
from genstudio.abilities import BadInput, Card
from genstudio.data import Dataset
from genstudio.engine import checkpoint, device, files, runs
from genstudio.engine import resume as resumption
from genstudio.engine.checkpoint import Checkpoint
from genstudio.engine.device import Choice
from genstudio.engine.faults import NotFinite
from genstudio.engine.jobs import Change, Command, Flush, Report, Save, Steps
from genstudio.engine.keeper import Keeper
from genstudio.engine.learner import Learner
from genstudio.engine.live import LiveWeights
from genstudio.engine.live_settings import LiveSettings
from genstudio.engine.opening import Opening, Parts
from genstudio.engine.origin import Origin
from genstudio.engine.recorder import PAUSE_S, Recorder
from genstudio.engine.schedule import curve_points, log_spaced
from genstudio.engine.settings import TrainSettings, train_settings
from genstudio.models import Config, Family
from genstudio.models import family as family_named

if TYPE_CHECKING:
    from genstudio.engine.parallel import Group

log = logging.getLogger(__name__)

N_CURVE_POINTS = 50
ALARM_FROM_STEP = 200  # before that a posterior has not yet had time to say anything


class Training:
    """Trains a family on a data set in run folder `out`.

    `run` yields once when all is set up (the reports of step 0, or of where it goes on), then once
    per training step: None, or a list of reports. Closing it saves a checkpoint. Its result is the
    card.

    With `group`, several processes train it together: all make and run a Training of their own in
    step, the first writes and reports, the others yield None.

    Raises: BadInput when `out` holds something else, or a run with other settings.
    """

    def __init__(
        self,
        family: Family | str,
        data: Dataset | str,
        out: Path | str,
        config: Config | None = None,
        settings: TrainSettings | None = None,
        seed: int | None = None,
        *,
        resume: bool = False,
        group: Group | None = None,
    ) -> None:
        self._group = group
        self.family = family_named(family) if isinstance(family, str) else family
        self.out = Path(out)
        if settings is None:
            settings = train_settings(self.family.recommended)
        if seed is not None:
            settings = train_settings({**settings.model_dump(), "seed": seed})
        self._live = LiveSettings(
            self.family, self.family.config() if config is None else config, settings
        )
        self._data = data
        self.name = self.out.name
        self._found = resumption.find(self.out, resume)
        if self._found is not None:
            resumption.check_same(
                resumption.state_of(self._found),
                self.out,
                self.family.key,
                self.data_name,
                self.config,
                self.settings,
            )
        n_processes = 1 if group is None else group.size
        self._origin = Origin(self.family, self.data_name, self.out, self._live, n_processes)
        self._parts: Parts | None = None
        self._alarmed = False

    @classmethod
    def resuming(cls, out: Path | str) -> Training:
        """The run in folder `out` with the data and settings it was begun with.

        Raises: BadInput when there is nothing to resume.
        """
        found = checkpoint.latest(Path(out))
        if found is None:
            raise BadInput(f"{out} holds no complete checkpoint. Start a new run.")
        state = resumption.state_of(found)
        family = family_named(state["family"])
        config = family.configure(state["config"])
        settings = train_settings(state["settings"])
        return cls(family, state["data"]["name"], out, config, settings, resume=True)

    # What it is ----------------------------------------------------------------------------------

    @cached_property
    def data(self) -> Dataset:
        """The data set, loaded when it is first needed."""
        return data_sets.load(self._data) if isinstance(self._data, str) else self._data

    @property
    def data_name(self) -> str:
        return self._data if isinstance(self._data, str) else self._data.name

    @property
    def config(self) -> Config:
        """The family's settings as they are now."""
        return self._live.config

    @property
    def settings(self) -> TrainSettings:
        """The trainer's settings as they are now."""
        return self._live.settings

    @property
    def step(self) -> int:
        return self._parts.learner.step if self._parts is not None else 0

    @property
    def command(self) -> str:
        """The command line that makes this run."""
        return self._origin.command

    def card(self) -> Card:
        """What is known of the model as it is now."""
        if self._parts is not None:
            return self._keeper.card()
        with torch.device("meta"):
            model = self.family.build(self.data.shape, self.config)
        return self._origin.card(model, metrics={"steps": 0})

    def weights(self) -> tuple[LiveWeights, int] | None:
        """A copy of the weights of now and their step; None before the model stands."""
        if self._parts is None:
            return None
        return self._learner.live(), self._learner.step

    # The run -------------------------------------------------------------------------------------

    def run(self, run: int) -> Steps:
        """The training itself; see Job."""
        if self._group is not None and not self._group.is_first:
            return (yield from self._run_beside(run))
        threads = torch.get_num_threads()
        try:
            learner, recorder = self._open(run)
            self._use_threads(learner.choice)
            snapshots = log_spaced(learner.total, self.settings.n_snapshots)
            points = curve_points(learner.total, N_CURVE_POINTS)
            save_due = time.perf_counter() + self.settings.checkpoint_every_s
            commands = yield self._take()
            while learner.step < learner.total:
                flush = bool(commands) and self._obey(commands)
                self._use_threads(learner.choice)
                parts = learner.advance()
                step = learner.step
                recorder.add(step, parts)
                last = step == learner.total
                if step in points or last:
                    self._measure(last)
                if step in snapshots:
                    self._keeper.snapshot()
                now = time.perf_counter()
                if last:
                    self._keeper.save(final=True)
                elif self._save_now(now >= save_due):
                    self._keeper.save()
                    save_due = time.perf_counter() + self.settings.checkpoint_every_s
                reports = self._take() if flush or last or now >= recorder.due else None
                given = time.perf_counter()
                commands = yield reports
                gap = time.perf_counter() - given
                if gap > PAUSE_S:
                    recorder.paused(gap)
            return self.card()
        except GeneratorExit:
            self._save_at_close()
            raise
        except NotFinite as error:
            saved = None if self._parts is None else self._keeper.saved
            error.kept = None if saved is None else saved[0]
            raise
        finally:
            torch.set_num_threads(threads)

    def _run_beside(self, run: int) -> Steps:
        """The same steps in a process beside the first: it writes and reports nothing."""
        threads = torch.get_num_threads()
        try:
            learner, _ = self._open(run)
            yield None
            while learner.step < learner.total:
                self._use_threads(learner.choice)
                learner.advance()
                if learner.step == learner.total or self._save_now(False):
                    self._keeper.save()
                yield None
            return self.card()
        except GeneratorExit:
            self._save_at_close()
            raise
        finally:
            torch.set_num_threads(threads)

    def _save_now(self, due: bool) -> bool:
        """Whether to save after this step. Several processes do so one step after the first of them
        found it due, when all know.
        """
        if self._group is None:
            return due
        agreed, self._group.save_asked = self._group.save, due and not self._group.save
        return agreed

    def _use_threads(self, choice: Choice) -> None:
        """Two runs may take turns on one thread with different counts."""
        if choice.device == "cpu" and torch.get_num_threads() != choice.threads:
            device.use_threads(choice.threads)

    def _take(self) -> list[Report]:
        update = self._learner.update
        facts = {"lr": update.lr, "grad_norm": update.grad_norm}
        return self._recorder.take(time.perf_counter(), self._learner.step, **facts)

    @property
    def _learner(self) -> Learner:
        assert self._parts is not None
        return self._parts.learner

    @property
    def _recorder(self) -> Recorder:
        assert self._parts is not None
        return self._parts.recorder

    @property
    def _keeper(self) -> Keeper:
        assert self._parts is not None
        return self._parts.keeper

    # Opening -------------------------------------------------------------------------------------

    def _open(self, run: int) -> tuple[Learner, Recorder]:
        """Build or restore everything; the recorder then holds the first reports."""
        found, group = self._found, self._group
        state = resumption.state_of(found) if found is not None else None
        opening = Opening(self._origin, lambda: self.data, group, found, state)
        self._parts = opening.parts(run)
        learner, recorder, keeper = self._learner, self._recorder, self._keeper
        if group is not None and not group.is_first:
            if state is None:
                keeper.save()
            return learner, recorder
        with files.saving(self.out):
            (self.out / runs.SNAPSHOTS).mkdir(parents=True, exist_ok=True)
        if found is None or state is None:
            with files.saving(self.out):
                runs.clear(self.out)
            self._start(learner.choice)
        else:
            self._restore(found, state)
        recorder.event(learner.step, "card", "The model stands.", card=self.card())
        return learner, recorder

    def _start(self, choice: Choice) -> None:
        facts = {**choice.to_json(), "ms_per_step": dict(choice.ms_per_step)}
        self._recorder.event(0, "choice", choice.sentence(), **facts)
        self._measure(True)
        if 0 in log_spaced(self._learner.total, self.settings.n_snapshots):
            self._keeper.snapshot()
        self._keeper.save()

    def _restore(self, found: Checkpoint, state: Mapping[str, Any]) -> None:
        """What the process that writes takes from a checkpoint, and the run folder as it was."""
        self._keeper.restore(found, state)
        step = self._learner.step
        was, now = state.get("world_size", 1), self._origin.n_processes
        other = "" if was == now else f" Processes then: {was}, now: {now}; the noise is another."
        self._recorder.event(step, "resumed", f"Resumed at step {step:,}.{other}")

    # Commands ------------------------------------------------------------------------------------

    def _obey(self, commands: Sequence[Command]) -> bool:
        """Carry out what was sent; True when it is to be reported at once."""
        for command in commands:
            if isinstance(command, Change):
                self._change(command)
            elif isinstance(command, Save):
                self._keeper.save()
            else:
                assert isinstance(command, Flush)
        return True

    def _change(self, command: Change) -> None:
        try:
            change = self._live.change(self.step, command.key, command.value)
        except BadInput as refused:
            self._recorder.event(self.step, "alarm", str(refused), key=command.key)
            return
        self._learner.change(self.config, self.settings)
        text = f"{command.key} changed from {change['before']} to {change['value']}."
        self._recorder.event(self.step, "change", text, **change)

    # Measuring and closing ------------------------------------------------------------------------

    def _measure(self, always: bool) -> None:
        """A point of the test curve."""
        assert self._parts is not None
        parts = self._parts.held_out.measure(self._learner, always)
        if parts:
            self._recorder.test(self._learner.step, parts)
            self._keeper.metrics["test"] = {name: round(value, 5) for name, value in parts.items()}
        if parts and self._learner.step >= ALARM_FROM_STEP:
            alarm = self._parts.held_out.alarm(self._learner)
            if alarm and not self._alarmed:
                self._recorder.event(self._learner.step, "alarm", alarm, key="collapse")
            self._alarmed = bool(alarm)

    def _save_at_close(self) -> None:
        if self._parts is None or self._keeper.is_saved:
            return
        if self._group is not None and not self._group.stop:
            return  # the others are not here to save with
        try:
            if self._group is not None and not self._group.is_first:
                self._keeper.save()
                return
            self._take()  # what was not yet written of the curves
            self._keeper.save()
            self._take()
        except NotFinite as error:
            log.warning("The run was stopped without saving: %s", error)
