"""The two lanes: one thread gives each running job one step in turn, the other answers asks about
models being looked at.

No model is touched by two threads, so no model is locked: a model in training reaches the ask lane
as a copy of its weights. Where the device cannot bear two threads (MPS), both lanes run in turn on
one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from genstudio.engine.asks import AskLane, ModelStore, Priority
from genstudio.engine.jobs import (
    PUBLISH_INTERVAL_S,
    Change,
    Command,
    Flush,
    Job,
    JobLane,
    Report,
    Save,
    Steps,
    live_name,
)
from genstudio.engine.messages import Failure
from genstudio.engine.outbox import Outbox

__all__ = [
    "Change",
    "Engine",
    "Flush",
    "Job",
    "ModelStore",
    "Priority",
    "Report",
    "Save",
    "Steps",
    "live_name",
]

JOIN_S = 5.0

log = logging.getLogger(__name__)


def unknown_failure(error: BaseException) -> Failure:
    return Failure(f"{type(error).__name__}: {error}", "The log has the details.")


class Engine:
    """Both lanes and their outbox. Every method may be called from the window's thread and returns
    at once.

    `store` builds the ask lane's models inside the ask lane, so that torch is imported there and
    the window is up before it. `prepare_jobs` runs once in the job lane before its first job
    (thread counts).
    """

    def __init__(
        self,
        store: Callable[[], ModelStore],
        wake: Callable[[], None] = lambda: None,
        *,
        one_thread: bool = False,
        explain: Callable[[BaseException], Failure] = unknown_failure,
        prepare_jobs: Callable[[], None] = lambda: None,
        opened: bool = True,
    ) -> None:
        self.outbox = Outbox(wake)
        self._asks = AskLane(self.outbox, store, explain)
        self._jobs = JobLane(self.outbox, self._asks.publish, explain, self._asks.spent_s)
        self._prepare_jobs = prepare_jobs
        self._one_thread = one_thread
        self._closing = False
        if one_thread:
            self._jobs.changed = self._asks.changed
        loop = self._both_loop if one_thread else self._ask_loop
        self._ask_thread = threading.Thread(target=loop, name="ask lane", daemon=True)
        self._job_thread: threading.Thread | None = None
        if opened:
            self.open()

    def open(self) -> None:
        """Start the ask lane, which loads torch; asks made before wait for it."""
        if not self._ask_thread.is_alive():
            self._ask_thread.start()

    def ask(
        self,
        model: str,
        key: str,
        query: str,
        arguments: Mapping[str, Any],
        priority: Priority = Priority.PICTURE,
    ) -> int:
        """Ask `query` ("latent.sheet:decode") of `model` ("" for none); it replaces an older ask of
        the same (model, key).

        Returns the request's number; its answers carry it.
        """
        return self._asks.ask(model, key, query, arguments, priority)

    def cancel(self, model: str, key: str) -> None:
        """Forget the ask under (model, key); no further answer of it is sent once this returns."""
        self._asks.cancel(model, key)

    def forget(self, model: str) -> None:
        """Drop `model` from the ask lane, so that the next ask loads it again."""
        self._asks.forget(model)

    def idle(self) -> bool:
        """Whether no ask waits or is in work."""
        return self._asks.idle()

    def start(self, factory: Callable[[], Job], name: str, *, paused: bool = False) -> int:
        """Put a job on the job lane, where `factory` builds it; returns its run number."""
        run = self._jobs.start(factory, name, paused)
        if self._job_thread is None and not self._one_thread:
            self._job_thread = threading.Thread(target=self._job_loop, name="job lane", daemon=True)
            self._job_thread.start()
        return run

    def pause(self, run: int) -> None:
        """Pause after one more step, which reports everything up to it."""
        self._jobs.set(
            run, lambda entry: setattr(entry, "credit", 1 if entry.credit is None else entry.credit)
        )

    def resume(self, run: int) -> None:
        self._jobs.set(run, lambda entry: setattr(entry, "credit", None))

    def advance(self, run: int, steps: int = 1) -> None:
        """Run `steps` steps, then pause."""
        self._jobs.set(run, lambda entry: setattr(entry, "credit", steps))

    def stop(self, run: int) -> None:
        """Close the job after the step in flight; its `finally` saves."""
        self._jobs.set(run, lambda entry: setattr(entry, "stop", True))

    def command(self, run: int, command: Command) -> None:
        """Hand `command` in before the next step."""
        self._jobs.set(run, lambda entry: entry.commands.append(command))

    def watch(self, run: int, on: bool) -> None:
        """Publish the run's weights to the ask lane, or stop that: only while somebody looks."""
        self._jobs.set(run, lambda entry: setattr(entry, "watched", on))

    def running(self) -> list[int]:
        """Runs that are not over."""
        return self._jobs.running()

    def close(self, timeout_s: float = JOIN_S) -> bool:
        """Stop every job (each saves) and end both threads. True when no thread is left."""
        self._closing = True
        self._jobs.stop_all()
        with self._asks.changed:
            self._asks.changed.notify_all()
        deadline = time.monotonic() + timeout_s
        threads = [t for t in (self._job_thread, self._ask_thread) if t is not None and t.ident]
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def _ask_loop(self) -> None:
        if not self._asks.open():
            return
        lane = self._asks
        while not self._closing:
            if not lane.turn():
                with lane.changed:
                    lane.changed.wait_for(
                        lambda: self._closing or lane.has_work(), timeout=lane.rest_s()
                    )

    def _prepare(self) -> None:
        try:
            self._prepare_jobs()
        except Exception:
            log.exception("The job lane runs with torch's own thread count.")

    def _job_loop(self) -> None:
        self._prepare()
        lane = self._jobs
        while not (self._closing and not lane.running()):
            if not lane.turn():
                with lane.changed:
                    lane.changed.wait_for(
                        lambda: self._closing or lane.has_work(), timeout=PUBLISH_INTERVAL_S
                    )

    def _both_loop(self) -> None:
        if not self._asks.open():
            return
        self._prepare()
        while not (self._closing and not self._jobs.running()):
            worked = self._jobs.turn()
            while not self._closing and self._asks.turn():
                worked = True
            if not worked:
                with self._asks.changed:
                    self._asks.changed.wait_for(
                        lambda: self._closing or self._asks.has_work() or self._jobs.has_work(),
                        timeout=PUBLISH_INTERVAL_S,
                    )
