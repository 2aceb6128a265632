"""Which moment of the chosen run is in view, and what is asked for so that it can be shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from genstudio.abilities import has_noise_space
from genstudio.engine.messages import JobState
from genstudio.ui.panels._train_looks import Aim, Looker
from genstudio.ui.panels._train_timeline import TrainTimeline

if TYPE_CHECKING:
    from genstudio.ui.panels._train_runs import Slot
    from genstudio.ui.session import Session


class Sight(QObject):
    """The timeline of the chosen run, and the looks at the frame that it points at; `chosen` gives
    the slot in front.
    """

    def __init__(
        self, session: Session, chosen: Callable[[], Slot | None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._chosen = session, chosen
        self.looker = Looker(session, parent)
        self.timeline = TrainTimeline(parent)
        self.seen = False  # somebody looks at the panel
        self.timeline.changed.connect(self.aim)
        session.seed_changed.connect(lambda _seed: self.aim())

    def set_seen(self, seen: bool) -> None:
        self.seen = seen
        self.looker.set_seen(seen)

    def pointed_step(self) -> int | None:
        """The step that the timeline points at; None while it follows the training."""
        slot, frame = self._chosen(), self.timeline.frame()
        if slot is None or slot.frames.following or frame is None:
            return None
        return frame.step

    def is_live(self) -> bool:
        """Whether the frame in view is the model as it is now."""
        frame = self.timeline.frame()
        return frame is not None and frame.live

    def show_frames(self) -> None:
        """The chosen run has other frames, or another run is chosen."""
        slot = self._chosen()
        if slot is not None:
            progress = slot.view.progress
            self.timeline.show(slot.frames, slot.view.name, progress.total if progress else None)
            self.aim()

    def aim(self) -> None:
        """Look at the frame in view."""
        slot, frame = self._chosen(), self.timeline.frame()
        if slot is None or frame is None or slot.card is None:
            self.looker.aim(None)
            return
        recipe = slot.view.recipe
        dim = None if has_noise_space(slot.card) else slot.card.latent_dim
        self.looker.aim(Aim(slot.view.run, frame, recipe.data, dim, self._session.seed))

    def watch(self, slot: Slot | None) -> None:
        """Have the weights of a run published while it is seen here, or in another panel."""
        if slot is None or slot.card is None:
            return
        elsewhere = any(ref.run == slot.view.run for ref in self._session.slots().values())
        soon = slot.view.state is not JobState.RUNNING or self.looker.hungry()
        wanted = elsewhere or (self.seen and slot is self._chosen() and soon)
        if wanted != slot.watched:
            slot.watched = wanted
            self._session.watch(slot.view.run, wanted)
