"""The job lane: long work as generators, one step of each in turn; paused, stepped, stopped between
steps.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from genstudio.engine.memory import give_back
from genstudio.engine.messages import Event, Failure, JobState, Progress, Scalars, StateChange
from genstudio.engine.outbox import Outbox

log = logging.getLogger(__name__)

PUBLISH_INTERVAL_S = 0.1  # weights of a watched model reach the ask lane at most ten times a second
LIVE_SHARE = 0.02  # of one processor's time that looking at a model in training may take
LONGEST_PAUSE_S = 20.0  # one dear look, the first above all, must not stop the pictures for minutes


@dataclass(frozen=True)
class Change:
    """A live change of a setting, handed into the generator: `key` as in --set (beta, train.lr)."""

    key: str
    value: Any


@dataclass(frozen=True)
class Save:
    """Write a checkpoint now."""


@dataclass(frozen=True)
class Flush:
    """Report everything up to and including this step: the job pauses after it."""


Command = Change | Save | Flush
Report = Progress | Scalars | Event
Steps = Generator[Sequence[Report] | None, Sequence[Command], Any]


class Job(Protocol):
    """Long work. `run(number)` is a generator that yields once per step: None, or reports to send
    up.

    What is sent into it are the commands since the last step (None at the very first). Its return
    value is the result. `close()` of the generator stops it, so its `finally` must leave everything
    saved. `weights()` gives (weights, step) for the ask lane's copy, or None where there is nothing
    to watch; it is called between steps, in the job's thread, and must copy.
    """

    name: str

    def run(self, run: int) -> Steps: ...

    def weights(self) -> tuple[Any, int] | None: ...


def live_name(run: int) -> str:
    """The name under which the ask lane holds the copy of a run's weights."""
    return f"live:{run}"


@dataclass(eq=False)
class _Entry:
    run: int
    name: str
    factory: Callable[[], Job]
    state: JobState = JobState.WAITING
    job: Job | None = None
    steps: Steps | None = None
    credit: int | None = None  # steps left before it pauses; None runs on
    step: int = 0
    commands: list[Command] = field(default_factory=list)
    watched: bool = False
    published_at: float = 0.0
    published_step: int = -1
    stop: bool = False

    @property
    def due(self) -> bool:
        return not self.state.over and (self.stop or self.credit is None or self.credit > 0)


class JobLane:
    """The jobs, and whose turn it is. `turn` gives every running job one step in the calling
    thread.
    """

    def __init__(
        self,
        outbox: Outbox,
        publish: Callable[[str, Any, int, int], None],
        explain: Callable[[BaseException], Failure],
        spent_s: Callable[[str], float] = lambda model: 0.0,
    ) -> None:
        self.changed = threading.Condition()
        self._outbox = outbox
        self._publish = publish
        self._spent_s = spent_s
        self._explain = explain
        self._entries: dict[int, _Entry] = {}
        self._runs = itertools.count(1)

    def start(self, factory: Callable[[], Job], name: str, paused: bool) -> int:
        with self.changed:
            entry = _Entry(next(self._runs), name, factory, credit=0 if paused else None)
            self._entries[entry.run] = entry
            self.changed.notify()
        return entry.run

    def set(self, run: int, change: Callable[[_Entry], None]) -> None:
        with self.changed:
            entry = self._entries.get(run)
            if entry is not None and not entry.state.over:
                change(entry)
                self.changed.notify()

    def running(self) -> list[int]:
        with self.changed:
            return [run for run, entry in self._entries.items() if not entry.state.over]

    def stop_all(self) -> None:
        with self.changed:
            for entry in self._entries.values():
                entry.stop = True
            self.changed.notify()

    def has_work(self) -> bool:
        """Whether a step is due or an idle job's weights wait to be published; call it with
        `changed` held.
        """
        return any(entry.due or self._publishable(entry) for entry in self._entries.values())

    def turn(self) -> bool:
        with self.changed:
            entries = [e for e in self._entries.values() if e.due or self._publishable(e)]
        for entry in entries:
            if entry.stop and not entry.state.over:
                self._stop(entry)
            elif entry.due:
                self._step(entry)
            if self._publishable(entry):
                self._hand_over(entry)
        return bool(entries)

    def _publishable(self, entry: _Entry) -> bool:
        """New weights go to the ask lane only as often as looking at them stays a small share."""
        fresh = entry.step > entry.published_step
        if not (entry.watched and fresh and entry.job is not None and entry.steps is not None):
            return False
        pause_s = PUBLISH_INTERVAL_S
        if entry.state is JobState.RUNNING:
            share_s = self._spent_s(live_name(entry.run)) / LIVE_SHARE
            pause_s = min(max(pause_s, share_s), LONGEST_PAUSE_S)
        return time.monotonic() - entry.published_at >= pause_s

    def _hand_over(self, entry: _Entry) -> None:
        entry.published_at, entry.published_step = time.monotonic(), entry.step
        try:
            copy = entry.job.weights() if entry.job is not None else None
        except Exception:  # no memory for the copy: looking on must not end the lane
            log.exception("The weights of %s could not be shown.", entry.name)
            return
        if copy is not None:
            weights, step = copy
            self._publish(live_name(entry.run), weights, step, entry.run)

    def _step(self, entry: _Entry) -> None:
        with self.changed:
            if entry.credit is not None:
                entry.credit -= 1
                if entry.credit == 0:
                    entry.commands.append(Flush())
            commands, entry.commands = entry.commands, []
        failure: Failure | None = None
        try:
            if entry.steps is None:
                self._change_state(entry, JobState.RUNNING)
                entry.job = entry.factory()
                entry.steps = entry.job.run(entry.run)
                reports = next(entry.steps)
                with self.changed:
                    entry.commands = [*commands, *entry.commands]
            else:
                if entry.state is not JobState.RUNNING:
                    self._change_state(entry, JobState.RUNNING)
                reports = entry.steps.send(commands)
        except StopIteration as end:
            self._finish(entry, JobState.DONE, result=end.value)
            return
        except Exception as error:
            log.exception("%s failed.", entry.name)
            failure = self._explain(error)
        if failure is not None:  # out here the error is gone, with the tensors that it held
            self._finish(entry, JobState.FAILED, failure=failure)
            return
        entry.step += 1
        if reports:
            self._outbox.put(*reports)
        if entry.credit == 0:
            self._change_state(entry, JobState.PAUSED)

    def _stop(self, entry: _Entry) -> None:
        self._change_state(entry, JobState.STOPPING)
        try:
            if entry.steps is not None:
                entry.steps.close()
        except Exception as error:
            log.exception("%s failed while it was stopped.", entry.name)
            self._finish(entry, JobState.FAILED, failure=self._explain(error))
            return
        self._finish(entry, JobState.STOPPED)

    def _finish(
        self, entry: _Entry, state: JobState, result: Any = None, failure: Failure | None = None
    ) -> None:
        if entry.watched and entry.job is not None and state is not JobState.FAILED:
            self._hand_over(entry)
        entry.steps = entry.job = None  # drops the model, and the traceback that holds its tensors
        give_back()
        self._change_state(entry, state, result, failure)

    def _change_state(
        self, entry: _Entry, state: JobState, result: Any = None, failure: Failure | None = None
    ) -> None:
        entry.state = state
        self._outbox.put(StateChange(entry.run, entry.name, state, entry.step, result, failure))
