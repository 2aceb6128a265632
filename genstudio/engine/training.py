"""Training as a job: a generator that makes one step per `next`, saves itself, and can be resumed
to the bit.
"""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from genstudio import data as data_sets
from genstudio.abilities import BadInput, Card
from genstudio.data import Dataset
from genstudio.engine import checkpoint, device, files, runs
from genstudio.engine import resume as resumption
from genstudio.engine.batches import Batches
from genstudio.engine.checkpoint import Checkpoint
from genstudio.engine.device import Choice
from genstudio.engine.faults import NotFinite
from genstudio.engine.held_out import HeldOut
from genstudio.engine.jobs import Change, Command, Flush, Report, Save, Steps
from genstudio.engine.learner import CALIBRATE_N, MODEL, OPTIMIZER, Learner, encode_state
from genstudio.engine.live import LiveWeights
from genstudio.engine.recorder import PAUSE_S, Recorder
from genstudio.engine.schedule import curve_points, log_spaced
from genstudio.engine.settings import (
    TrainSettings,
    command_line,
    live_change,
    train_settings,
)
from genstudio.engine.weights_file import header_of, to_bytes
from genstudio.models import Config, Family, Model
from genstudio.models import family as family_named

if TYPE_CHECKING:
    from genstudio.engine.parallel import Group

log = logging.getLogger(__name__)
T = TypeVar("T")

N_CURVE_POINTS = 50
ALARM_FROM_STEP = 200  # before that a posterior has not yet had time to say anything


@dataclass(frozen=True)
class _Parts:
    """What a run consists of once it is under way."""

    learner: Learner
    recorder: Recorder
    held_out: HeldOut


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
        self.config = config if config is not None else self.family.config()
        self.settings = (
            settings if settings is not None else train_settings(self.family.recommended)
        )
        if seed is not None:
            self.settings = train_settings({**self.settings.model_dump(), "seed": seed})
        self._data = data
        self.name = self.out.name
        self._first_config, self._first_settings = self.config, self.settings
        self._changes: list[dict[str, Any]] = []
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
        self._saved: tuple[int, int] | None = None  # step and live changes of the last checkpoint
        self._seconds = 0.0
        self._metrics: dict[str, Any] = {}
        self._sha256 = ""
        self._parts: _Parts | None = None
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
    def step(self) -> int:
        return self._parts.learner.step if self._parts is not None else 0

    @property
    def command(self) -> str:
        """The command line that makes this run."""
        command = command_line(
            self.family, self.data_name, str(self.out), self._first_config, self._first_settings
        )
        if self._group is None:
            return command
        return f"torchrun --nproc-per-node {self._group.size} -m {command}"

    def card(self) -> Card:
        """What is known of the model as it is now."""
        if self._parts is not None:
            model = self._learner.model
        else:
            with torch.device("meta"):
                model = self.family.build(self.data.shape, self.config)
        return Card(
            name=self.name,
            family=self.family.key,
            title=self.family.title,
            abilities=model.abilities,
            shape=model.shape,
            latent_dim=model.latent_dim,
            data=self.data_name,
            config=self.config.model_dump(mode="json"),
            command=self.command,
            seed=self.settings.seed,
            machine=_machine(1 if self._group is None else self._group.size),
            seconds=round(self._seconds, 1),
            n_parameters=model.n_parameters(),
            metrics={**self._metrics, "steps": self.step},
            sha256=self._sha256,
        )

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
                    self._snapshot()
                now = time.perf_counter()
                if last:
                    self._save(final=True)
                elif self._save_now(now >= save_due):
                    self._save()
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
            error.kept = self._saved[0] if self._saved is not None else None
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
                    self._save()
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

    def _together(self, work: Callable[[], T]) -> T:
        return work() if self._group is None else self._group.together(work)

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

    # Opening -------------------------------------------------------------------------------------

    def _open(self, run: int) -> tuple[Learner, Recorder]:
        """Build or restore everything; the recorder then holds the first reports."""
        found, group = self._found, self._group
        state = resumption.state_of(found) if found is not None else None
        model, batches = self._together(lambda: self._prepare(state))
        if group is not None:
            group.check_start(self.out, None if found is None else found.step)
        total = self.settings.total_steps(batches.per_epoch)
        choice = Choice.from_json(state["choice"]) if state else self._choose(model, batches)
        learner = Learner(model, batches, self.settings, choice, total, group)
        recorder = Recorder(run, self.out, total, batches.per_epoch, batches.batch_size)
        held_out = HeldOut(self.data.test, batches.device, self.settings.seed)
        self._parts = _Parts(learner, recorder, held_out)
        if found is not None and state is not None:
            self._together(lambda: self._restore_learner(found, state))
        if group is not None and not group.is_first:
            if state is None:
                self._save()
            return learner, recorder
        with files.saving(self.out):
            (self.out / runs.SNAPSHOTS).mkdir(parents=True, exist_ok=True)
        if found is None or state is None:
            with files.saving(self.out):
                runs.clear(self.out)
            self._start(choice)
        else:
            self._restore(found, state)
        recorder.event(learner.step, "card", "The model stands.", card=self.card())
        return learner, recorder

    def _prepare(self, state: Mapping[str, Any] | None) -> tuple[Model, Batches]:
        """Model and data on their device."""
        group, settings = self._group, self.settings
        where = device.pick(settings.device) if group is None else group.pick(settings.device)
        share = (0, 1) if group is None else (group.rank, group.size)
        batches = Batches(self.data.train, settings.batch_size, settings.seed, where, share)
        if state is not None and state["data"]["sha256"] != self.data.sha256:
            raise BadInput(
                f"The data {self.data_name} are not those that the run in {self.out} was begun "
                "with. Bring those back, or start a new run."
            )
        model = self.family.build(self.data.shape, self.config, settings.seed).to(where)
        if group is not None:
            group.check(model, settings, batches.batch_size)
        return model, batches

    def _choose(self, model: Model, batches: Batches) -> Choice:
        """How to compute; the first of several processes decides, all measure at the same time."""
        group, where = self._group, batches.device
        n_processors = None if group is None else group.processors
        choice = device.choose(
            model, self.settings, lambda f: batches.at(0, f), where, n_processors=n_processors
        )
        return choice if group is None else group.gather(choice)[0]

    def _start(self, choice: Choice) -> None:
        self._recorder.event(
            0,
            "choice",
            choice.sentence(),
            **{**choice.to_json(), "ms_per_step": dict(choice.ms_per_step)},
        )
        self._measure(True)
        if 0 in log_spaced(self._learner.total, self.settings.n_snapshots):
            self._snapshot()
        self._save()

    def _restore_learner(self, found: Checkpoint, state: Mapping[str, Any]) -> None:
        """What every process takes from a checkpoint."""
        contents = {name: found.read(name) for name in (MODEL, OPTIMIZER)}
        self._learner.restore(contents, state)
        for change in state["changes"]:
            self._apply(change["key"], change["value"])
        self._changes = list(state["changes"])
        self._saved = (self._learner.step, len(self._changes))

    def _restore(self, found: Checkpoint, state: Mapping[str, Any]) -> None:
        """What the process that writes takes from a checkpoint, and the run folder as it was."""
        self._seconds = self._recorder.seconds = float(state["seconds"])
        self._metrics = dict(state["metrics"])
        step = self._learner.step
        runs.drop_after(self.out, step)
        self._sha256 = resumption.weights_of(self.out, step)
        if not self._sha256:  # killed after the checkpoint and before the weights at the top
            self._export(step >= self._learner.total)
        for note in found.notes:
            self._recorder.event(step, "alarm", note)
        was, now = state.get("world_size", 1), 1 if self._group is None else self._group.size
        other = "" if was == now else f" Processes then: {was}, now: {now}; the noise is another."
        self._recorder.event(step, "resumed", f"Resumed at step {step:,}.{other}")

    # Commands ------------------------------------------------------------------------------------

    def _obey(self, commands: Sequence[Command]) -> bool:
        """Carry out what was sent; True when it is to be reported at once."""
        for command in commands:
            if isinstance(command, Change):
                self._change(command)
            elif isinstance(command, Save):
                self._save()
            else:
                assert isinstance(command, Flush)
        return True

    def _change(self, command: Change) -> None:
        record = self.settings if command.key.startswith("train.") else self.config
        before = getattr(record, command.key.removeprefix("train."), None)
        try:
            value = self._apply(command.key, command.value)
        except BadInput as refused:
            self._recorder.event(self.step, "alarm", str(refused), key=command.key)
            return
        change = {"step": self.step, "key": command.key, "value": value, "before": before}
        self._changes.append(change)
        text = f"{command.key} changed from {before} to {value}."
        self._recorder.event(self.step, "change", text, **change)

    def _apply(self, key: str, value: Any) -> Any:
        """Let live setting `key` be `value`; returns it as the setting holds it."""
        config, settings = live_change(key, value, self.config, self.settings, self.family)
        self._learner.change(config, settings)
        self.config, self.settings = config, settings
        record = settings if key.startswith("train.") else config
        return record.model_dump(mode="json")[key.removeprefix("train.")]

    # Saving --------------------------------------------------------------------------------------

    def _measure(self, always: bool) -> None:
        """A point of the test curve."""
        assert self._parts is not None
        parts = self._parts.held_out.measure(self._learner, always)
        if parts:
            self._recorder.test(self._learner.step, parts)
            self._metrics["test"] = {name: round(value, 5) for name, value in parts.items()}
        if parts and self._learner.step >= ALARM_FROM_STEP:
            alarm = self._parts.held_out.alarm(self._learner)
            if alarm and not self._alarmed:
                self._recorder.event(self._learner.step, "alarm", alarm, key="collapse")
            self._alarmed = bool(alarm)

    def _snapshot(self) -> None:
        step = self._learner.step
        path = runs.snapshot_path(self.out, step)
        shadow = self._learner.calibrate()
        files.replace(path, to_bytes(shadow.state_dict(), self._header(step)))
        self._recorder.event(step, "snapshot", f"Snapshot of step {step:,}.", path=str(path))

    def _header(self, step: int) -> Any:
        return header_of(
            self._learner.shadow,
            title=self.family.title,
            data=self.data_name,
            seed=self.settings.seed,
            step=step,
        )

    def _save(self, final: bool = False) -> None:
        """Write a checkpoint, then the weights and card at the top of the run folder."""
        learner, recorder = self._learner, self._recorder
        step = learner.step
        learner.check_weights()
        if self._group is not None and not self._group.is_first:
            learner.rng_states()  # the first process keeps them
            self._saved = (step, len(self._changes))
            return
        self._seconds = recorder.seconds
        contents, state = learner.contents()
        state |= {
            "schema_version": resumption.SCHEMA_VERSION,
            "epoch": step // learner.batches.per_epoch,
            "family": self.family.key,
            "config": self._first_config.model_dump(mode="json"),
            "settings": self._first_settings.model_dump(mode="json"),
            "changes": self._changes,
            "choice": learner.choice.to_json(),
            "data": {"name": self.data_name, "sha256": self.data.sha256},
            "seconds": self._seconds,
            "metrics": self._metrics,
            "versions": {"python": platform.python_version(), "torch": torch.__version__},
            "total": learner.total,
        }
        kept = checkpoint.write(self.out, step, {**contents, resumption.STATE: encode_state(state)})
        self._saved = (step, len(self._changes))
        self._export(final)
        recorder.event(step, "checkpoint", f"Saved at step {step:,}.", path=str(kept.path))

    def _export(self, final: bool) -> None:
        """Put weights and card at the top of the run folder; calibrated on all data at the end."""
        shadow = self._learner.calibrate(None if final else CALIBRATE_N)
        weights = to_bytes(shadow.state_dict(), self._header(self._learner.step))
        self._sha256 = files.sha256(weights)
        files.replace(self.out / runs.MODEL, weights)
        files.replace(self.out / runs.CARD, self.card().model_dump_json(indent=1).encode())

    def _save_at_close(self) -> None:
        if self._parts is None or self._saved == (self._learner.step, len(self._changes)):
            return
        if self._group is not None and not self._group.stop:
            return  # the others are not here to save with
        try:
            if self._group is not None and not self._group.is_first:
                self._save()
                return
            self._take()  # what was not yet written of the curves
            self._save()
            self._take()
        except NotFinite as error:
            log.warning("The run was stopped without saving: %s", error)


def _machine(n_processes: int) -> str:
    """The kind of machine, for the card."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    several = f"{n_processes} processes, " if n_processes > 1 else ""
    return f"{name}, {several}{device.processors()} processors, torch {torch.__version__}"
