"""The two slots in which models train: what the lanes say about each run, kept for the panel that
shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from genstudio.abilities import Card
from genstudio.engine.messages import Event, JobState, Progress, Scalars, StateChange
from genstudio.ui.panels._train_curves import MARKED, Curves, mark_text
from genstudio.ui.panels._train_frames import Frame, Frames, stored
from genstudio.ui.panels._train_run import Recipe, RunView, controls, loss_scale

if TYPE_CHECKING:
    from genstudio.engine.lanes import Job
    from genstudio.ui.session import Session

N_SLOTS = 2


@dataclass
class Slot:
    """One place to train in: the run, its curves, its frames, and what it chose and was told."""

    view: RunView
    curves: Curves
    frames: Frames
    facts: dict[str, Any] = field(
        default_factory=dict
    )  # device, precision, threads, ... as the run says
    live: dict[str, Any] = field(default_factory=dict)  # what was changed while it ran, by key
    alarm: str = ""
    card: Card | None = None
    watched: bool = False  # whether its weights are published for the pictures
    then_epoch: bool = False  # one epoch was asked for before the run could say how long that is

    @property
    def steps_per_epoch(self) -> int:
        """Steps of one pass through the training images; 1 until the run has said."""
        total = self.view.progress.total if self.view.progress is not None else None
        epochs = self.facts.get("epochs")
        return max(1, round(total / epochs)) if total and epochs else 1


class Runs(QObject):
    """Both slots. Signals carry the slot's index; the data lie in `slots`."""

    changed = Signal(int)  # state, progress, facts or alarm
    curves_grew = Signal(int, object)  # Scalars, to be put at the end of what is drawn
    curves_moved = Signal(int)  # anything else about the curves
    frames_moved = Signal(int)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.slots: list[Slot | None] = [None] * N_SLOTS
        session.job_state.connect(self._on_state)
        session.job_progress.connect(self._on_progress)
        session.job_scalars.connect(self._on_scalars)
        session.job_event.connect(self._on_event)

    def views(self) -> tuple[RunView | None, ...]:
        """The run of each slot as it stands."""
        return tuple(slot.view if slot is not None else None for slot in self.slots)

    # Commands ----------------------------------------------------------------------------------

    def start(
        self,
        index: int,
        recipe: Recipe,
        factory: Callable[[], Job],
        *,
        paused: bool = False,
        before: Curves | None = None,
    ) -> int:
        """Train `recipe` in slot `index`; `before` are the curves of the run that goes on. Returns
        the run number.
        """
        old = self.slots[index]
        if old is not None and not old.view.over:
            raise ValueError(f"Slot {index} is training.")
        if old is not None:
            self.session.forget_job(old.view.run)
        name = recipe.out.name
        run = self.session.start(factory, name, folder=recipe.out, paused=paused)
        state = JobState.PAUSED if paused else JobState.WAITING
        slot = Slot(RunView(run, name, recipe, state), before or Curves(name), Frames())
        slot.curves.scale = loss_scale(recipe.family, recipe.config)
        slot.frames.replace(stored(recipe.out))
        self.slots[index] = slot
        for moved in (self.changed, self.curves_moved, self.frames_moved):
            moved.emit(index)
        return run

    def put_before(self, run: int, earlier: Curves) -> None:
        """Put the curves that a resumed run has written before under those of now."""
        found = self._slot_of(run)
        if found is not None:
            found[1].curves.put_before(earlier)
            self.curves_moved.emit(found[0])

    def pause(self, index: int) -> None:
        self._command(index, self.session.pause, "pause")

    def resume(self, index: int) -> None:
        """Go on with a paused run; one that is over is started again by the panel."""
        self._command(index, self.session.resume, "resume")

    def step(self, index: int) -> None:
        """One training step, then pause; the first step of a fresh run needs one more turn, to set
        up.
        """
        slot = self.slots[index]
        turns = 2 if slot is not None and slot.view.progress is None else 1
        self._command(index, lambda run: self.session.advance(run, turns), "advance")

    def epoch(self, index: int) -> None:
        """As many steps as one pass through the training images takes, then pause."""
        slot = self.slots[index]
        if slot is None:
            return
        if slot.view.progress is None:
            slot.then_epoch = True
            self._command(index, self.session.advance, "advance")
        else:
            n_steps = slot.steps_per_epoch
            self._command(index, lambda run: self.session.advance(run, n_steps), "advance")

    def stop(self, index: int) -> None:
        self._command(index, self.session.stop, "stop")

    def change(self, index: int, key: str, value: Any) -> None:
        """A live change; the run answers with an event that marks where."""
        slot = self.slots[index]
        if slot is not None and not slot.view.over:
            self.session.change(slot.view.run, key, value)

    def _command(self, index: int, command: Callable[[int], None], need: str) -> None:
        slot = self.slots[index]
        if slot is not None and not slot.view.over and getattr(controls(slot.view.state), need):
            command(slot.view.run)

    # What the lanes say ------------------------------------------------------------------------

    def _slot_of(self, run: int) -> tuple[int, Slot] | None:
        for index, slot in enumerate(self.slots):
            if slot is not None and slot.view.run == run:
                return index, slot
        return None

    def _on_state(self, message: StateChange) -> None:
        found = self._slot_of(message.run)
        if found is None:
            return
        index, slot = found
        slot.view = slot.view.moved(message)
        self._refresh_live(slot)
        self.changed.emit(index)
        self.frames_moved.emit(index)

    def _on_progress(self, message: Progress) -> None:
        found = self._slot_of(message.run)
        if found is None:
            return
        index, slot = found
        slot.view = slot.view.advanced(message)
        slot.facts.update(message.facts)
        if slot.then_epoch:
            slot.then_epoch = False
            self.epoch(index)
        self._refresh_live(slot)
        self.changed.emit(index)
        self.frames_moved.emit(index)

    def _on_scalars(self, message: Scalars) -> None:
        found = self._slot_of(message.run)
        if found is not None:
            replaced = found[1].curves.add(message.split, message.steps, message.values)
            if replaced:
                self.curves_moved.emit(found[0])
            else:
                self.curves_grew.emit(found[0], message)

    def _on_event(self, message: Event) -> None:
        found = self._slot_of(message.run)
        if found is None:
            return
        index, slot = found
        if message.kind == "snapshot":
            slot.frames.store(Frame(message.step, str(message.facts["path"])))
            self.frames_moved.emit(index)
        elif message.kind in MARKED:
            if "key" in message.facts:
                slot.live[str(message.facts["key"])] = message.facts["value"]
            slot.curves.mark(
                message.step, mark_text({"text": message.text, **message.facts}), message.kind
            )
            self.curves_moved.emit(index)
        elif message.kind == "alarm":
            slot.alarm = message.text
        elif message.kind == "choice":
            slot.facts.update(_plain(message.facts))
            slot.facts["choice"] = message.text
        elif message.kind == "card":
            slot.view = replace(slot.view, step=max(slot.view.step, message.step))
            slot.card = message.facts["card"]
        self.changed.emit(index)

    def _refresh_live(self, slot: Slot) -> None:
        """The last frame is the live model while it trains, and after that what the run saved at
        its end, where no stored step is as new.
        """
        view = slot.view
        newest = slot.frames.newest_stored()
        failed = view.state is JobState.FAILED
        fresh = not view.over or newest is None or newest.step < view.step
        if view.step > 0 and fresh and not failed:
            source = str(view.recipe.out) if view.over else view.source
            slot.frames.live(Frame(view.step, source, live=not view.over))
        else:
            slot.frames.live(None)


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value for key, value in facts.items() if isinstance(value, str | int | float | bool)
    }
