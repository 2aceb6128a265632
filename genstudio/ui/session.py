"""The session: models, data and seed in view, and the only road from window to lanes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QWidget

from genstudio.abilities import BadInput, Card
from genstudio.engine.lanes import Change, Engine, Job, ModelStore, Priority, Save, live_name
from genstudio.engine.messages import (
    Answer,
    Event,
    Failure,
    Progress,
    Published,
    Ready,
    Scalars,
    StateChange,
)
from genstudio.ui._open_asks import OpenAsks
from genstudio.ui._refs import JobRef, ModelRef
from genstudio.ui.tidy import Tidy

log = logging.getLogger(__name__)

DRAIN_INTERVAL_MS = 33  # training messages reach the window at most 30 times a second
SLOTS = ("A", "B", "C", "D")

__all__ = ["SLOTS", "JobRef", "ModelRef", "Priority", "Session"]


class Session(QObject):
    """Models, data, seed, jobs and asks of one window; everything here runs in its thread."""

    ready = Signal()  # the ask lane has torch
    model_changed = Signal(str)  # slot: another model is in view
    weights_moved = Signal(str, int)  # slot, step: its live model has new weights
    weights_published = Signal(int, int)  # run, step: asks about it now see these weights
    data_changed = Signal()
    seed_changed = Signal(int)
    jobs_changed = Signal()
    job_progress = Signal(object)
    job_scalars = Signal(object)
    job_event = Signal(object)
    job_state = Signal(object)
    library_changed = Signal()
    image_offered = Signal(object, str)  # float32 (C, H, W) in [0, 1], title
    failed = Signal(object)  # Failure
    first_picture = Signal()  # a panel has painted its first picture of a model
    panel_wanted = Signal(str)  # key of a panel that should come to the front
    path_wanted = Signal(object, object)  # from and to: latent points float32 (D,) of slot A
    _woken = Signal()

    def __init__(
        self, device: str = "auto", parent: QObject | None = None, *, opened: bool = True
    ) -> None:
        """`opened` False leaves torch alone until `open`, so that the window is up before it."""
        super().__init__(parent)
        self.undo = QUndoStack(self)
        self.device = device
        self.torch_ready = False
        self._data = "mnist"
        self._seed = 0
        self._models: dict[str, ModelRef] = {}
        self._jobs: dict[int, JobRef] = {}
        self._watched: set[int] = set()
        self._closed = False
        self._pictured = False
        self._tidy = Tidy(self)
        self._woken.connect(self._take_urgent)
        self._drain = QTimer(self)
        self._drain.setInterval(DRAIN_INTERVAL_MS)
        self._drain.timeout.connect(self._take_rest)
        self.engine = Engine(
            lambda: _open_store(device),
            self._wake,
            one_thread=_one_thread(device),
            explain=_explain,
            prepare_jobs=_prepare_jobs,
            opened=opened,
        )
        self._asks = OpenAsks(self.engine)

    def open(self) -> None:
        """Load torch in the ask lane, if that has not begun."""
        self.engine.open()

    # What is in view ---------------------------------------------------------------------------

    @property
    def data(self) -> str:
        return self._data

    def set_data(self, name: str) -> None:
        if name != self._data:
            self._data = name
            self.data_changed.emit()

    @property
    def seed(self) -> int:
        return self._seed

    def set_seed(self, seed: int) -> None:
        if seed != self._seed:
            self._seed = seed
            self.seed_changed.emit(seed)

    def model(self, slot: str = "A") -> ModelRef | None:
        return self._models.get(slot)

    def slots(self) -> dict[str, ModelRef]:
        """The models in view, in the order of their slots."""
        return {slot: self._models[slot] for slot in SLOTS if slot in self._models}

    def show(self, slot: str, source: str | None) -> None:
        """Bring `source` into `slot`, one of A to D; None empties it.

        A source is a shipped name, a run folder, a weights file, or "live:RUN".

        Raises: BadInput when there is no such slot, or when the source cannot be used; the slot
        then keeps what it has.
        """
        if slot not in SLOTS:
            raise BadInput(f"Models have the places A to D, got {slot!r}. Choose one of them.")
        if source is None:
            self._models.pop(slot, None)
        else:
            ref = self._describe(source)
            self._models[slot] = ref
            if ref.run is not None:
                self.watch(ref.run, True)
        self._drop_idle_watches()
        self.model_changed.emit(slot)

    def try_show(self, slot: str, source: str) -> bool:
        """`show`, with a refusal sent to `failed`; True when it is in view."""
        try:
            self.show(slot, source)
        except BadInput as error:
            self.failed.emit(Failure(str(error)))
            return False
        return True

    def lasting(self, source: str) -> str:
        """What `source` is called in another session: a live model by the folder of its run."""
        job = self._live(source)
        return str(job.folder) if job is not None and job.folder is not None else source

    def _live(self, source: str) -> JobRef | None:
        """The job whose model "live:RUN" names."""
        return next((job for run, job in self._jobs.items() if live_name(run) == source), None)

    def _describe(self, source: str) -> ModelRef:
        from genstudio.engine import shelf

        if source.startswith("live:"):
            job = self._live(source)
            if job is None or job.card is None:
                raise BadInput(f"There is no live model {source}. Start a training first.")
            return ModelRef(source, job.card, job.name, job.run, job.snapshots)
        card = shelf.describe(source)
        return ModelRef(source, card, card.name, None, shelf.snapshots(source))

    # Asks --------------------------------------------------------------------------------------

    def ask(
        self,
        owner: QObject,
        key: str,
        query: str,
        *,
        then: Callable[[Answer], None],
        failed: Callable[[Failure], None] | None = None,
        slot: str = "A",
        model: str | None = None,
        priority: Priority = Priority.PICTURE,
        **arguments: Any,
    ) -> int:
        """Ask `query` of the model in `slot` (or of `model`; "" for none) in the ask lane.

        A newer ask of the same (owner, key) replaces an older one, whose answers never arrive;
        but the hand's ask that is in work already is answered first, so that it sees something.
        `then` gets each Answer, coarse ones with `done` False first; `failed` gets the Failure
        (without it, `Session.failed` does). Both stop when `owner` is destroyed.
        Returns the request number, or 0 when the slot is empty.
        """
        if model is None:
            ref = self._models.get(slot)
            if ref is None:
                return 0
            model = ref.source
        failed = failed or self.failed.emit
        return self._asks.ask(owner, key, query, model, priority, arguments, then, failed)

    def cancel(self, owner: QObject, key: str) -> None:
        """No further answer to the ask of (owner, key); its work ends at the next yield."""
        self._asks.cancel(owner, key)

    def note_picture(self, widget: QWidget) -> None:
        """A panel has given `widget` a model's picture; the first one is painted at once."""
        if not self._pictured:
            self._pictured = True
            widget.repaint()
            self.first_picture.emit()

    def idle(self) -> bool:
        """Whether nothing asked is still to come."""
        return not self._asks and self.engine.idle()

    # Jobs --------------------------------------------------------------------------------------

    def start(
        self,
        factory: Callable[[], Job],
        name: str,
        *,
        card: Card | None = None,
        folder: Path | None = None,
        paused: bool = False,
    ) -> int:
        """Put a job on the job lane, where `factory` builds it; returns its run number."""
        run = self.engine.start(factory, name, paused=paused)
        self._jobs[run] = JobRef(run, name, card=card, folder=folder)
        self._drain.start()
        self.jobs_changed.emit()
        return run

    def jobs(self) -> dict[int, JobRef]:
        return dict(self._jobs)

    def pause(self, run: int) -> None:
        self.engine.pause(run)

    def resume(self, run: int) -> None:
        self.engine.resume(run)

    def advance(self, run: int, steps: int = 1) -> None:
        self.engine.advance(run, steps)

    def stop(self, run: int) -> None:
        self.engine.stop(run)

    def change(self, run: int, key: str, value: Any) -> None:
        """A live change before the next step; `key` as in --set (beta, train.lr)."""
        self.engine.command(run, Change(key, value))

    def save(self, run: int) -> None:
        self.engine.command(run, Save())

    def watch(self, run: int, on: bool) -> None:
        """Publish the run's weights for asks on "live:RUN"; a model in a slot is watched anyway."""
        (self._watched.add if on else self._watched.discard)(run)
        self.engine.watch(run, on)

    def forget_job(self, run: int) -> None:
        """Take a job that is over off the list, and its live model unless a slot shows it."""
        job = self._jobs.get(run)
        if job is not None and job.state.over:
            del self._jobs[run]
            if all(ref.run != run for ref in self._models.values()):
                self.engine.forget(live_name(run))
            self.jobs_changed.emit()

    def _drop_idle_watches(self) -> None:
        shown = {ref.run for ref in self._models.values() if ref.run is not None}
        for run in self._watched - shown:
            if self._jobs.get(run) is None or self._jobs[run].state.over:
                self.watch(run, False)

    # Up ----------------------------------------------------------------------------------------

    def _wake(self) -> None:
        """Called in the ask lane."""
        try:
            self._woken.emit()
        except RuntimeError:
            log.debug("An answer came after the window was gone.")

    def _take_urgent(self) -> None:
        for message in self.engine.outbox.take_urgent():
            if isinstance(message, Ready):
                self._greet(message)
            else:
                self._asks.take(message)

    def _greet(self, message: Ready) -> None:
        self.torch_ready = message.failure is None
        if message.failure is not None:
            self.failed.emit(message.failure)
        else:
            self.ready.emit()

    def _take_rest(self) -> None:
        newest: dict[int, Published] = {}
        for message in self.engine.outbox.take_rest():
            if isinstance(message, Published):
                newest[message.run] = message
            elif isinstance(message, StateChange):
                self._on_state(message)
            elif isinstance(message, Progress):
                self._update_job(message.run, progress=message)
                self.job_progress.emit(message)
            elif isinstance(message, Scalars):
                self.job_scalars.emit(message)
            elif isinstance(message, Event):
                self._on_event(message)
        for message in newest.values():
            self.weights_published.emit(message.run, message.step)
            for slot, ref in self._models.items():
                if ref.run == message.run:
                    self.weights_moved.emit(slot, message.step)
        if not self.engine.running() and all(job.state.over for job in self._jobs.values()):
            self._drain.stop()

    def _on_state(self, message: StateChange) -> None:
        self._update_job(message.run, state=message.state, failure=message.failure)
        self.job_state.emit(message)
        self.jobs_changed.emit()
        if message.failure is not None:
            self.failed.emit(message.failure)
        if message.state.over:
            self.library_changed.emit()

    def _on_event(self, message: Event) -> None:
        job = self._jobs.get(message.run)
        if job is not None and message.kind == "card":
            self._update_job(message.run, card=message.facts["card"])
            self.jobs_changed.emit()
        if job is not None and message.kind == "snapshot":
            moment = (message.step, str(message.facts["path"]))
            self._update_job(message.run, snapshots=(*job.snapshots, moment))
            for slot, ref in list(self._models.items()):
                if ref.run == message.run:
                    self._models[slot] = replace(ref, snapshots=self._jobs[message.run].snapshots)
        self.job_event.emit(message)

    def _update_job(self, run: int, **changes: Any) -> None:
        job = self._jobs.get(run)
        if job is not None:
            self._jobs[run] = replace(job, **changes)

    # The end -----------------------------------------------------------------------------------

    def close(self) -> bool:
        """Stop every job (each saves) and both lanes in five seconds; True when none is left."""
        if self._closed:
            return True
        self._closed = True
        self._drain.stop()
        self._asks.clear()
        self.undo.clear()  # commands that the collector finds together with their stack crash it
        ended = self.engine.close()
        self._tidy.end()
        return ended


def _open_store(device: str) -> ModelStore:
    """Runs in the ask lane: torch is imported there."""
    from genstudio.engine.device import prepare_ask_lane
    from genstudio.engine.library import Store

    return Store(prepare_ask_lane(device))


def _prepare_jobs() -> None:
    from genstudio.engine.device import prepare_job_lane

    prepare_job_lane()


def _explain(error: BaseException) -> Failure:
    from genstudio.engine.faults import explain

    return explain(error)


def _one_thread(device: str) -> bool:
    """MPS aborts the process when two threads use it."""
    import sys

    return device == "mps" or (device == "auto" and sys.platform == "darwin")
