"""What lies on a map: a model's sheet and the encodings, joined to the widget that shows them.

Answers are put on the map so that two models, or two steps of training, are never mixed.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Signal

from genstudio.engine.messages import Answer, Failure
from genstudio.latent import plane as planes
from genstudio.latent.scale import Linear
from genstudio.ui.panels._map_encodings import Cloud, Encodings, Subset
from genstudio.ui.panels._map_epoch import Epoch
from genstudio.ui.panels._map_points import Points
from genstudio.ui.panels._map_sheet import Sheet
from genstudio.ui.panels._map_space import Space
from genstudio.ui.session import ModelRef, Priority, Session
from genstudio.ui.widgets.latent_plane import LatentPlane, SheetRequest

__all__ = ["Cloud", "Scene", "Space", "Subset"]


class Scene(QObject):
    """Sheet and points of one model, or of one of its snapshots, on one space."""

    sheet_shown = Signal(object)  # (share done, training step or None)
    encodings_changed = Signal()
    settled = Signal()  # all pictures of what was last shown stand on the map
    sheet_failed = Signal(object)  # Failure
    points_failed = Signal(object)

    def __init__(self, session: Session, plane: LatentPlane) -> None:
        super().__init__(plane)
        self._session = session
        self._plane = plane
        self._epoch = Epoch(Space(planes.Plane.identity(), Linear()), self)
        self._sheet = Sheet(session, plane, self._epoch, self)
        self._encodings = Encodings(session, self._epoch, self)
        self._points = Points(session, plane, self._epoch, self)
        self._points.fresh = lambda: self._encodings.fresh
        self._refresh_again = False
        self._move_again = False
        self._epoch.complete.connect(self._go_on)
        self._sheet.shown.connect(self.sheet_shown)
        self._sheet.failed.connect(self.sheet_failed)
        self._encodings.came.connect(self.encodings_changed)
        self._encodings.moved.connect(self._cloud_moved)
        self._encodings.failed.connect(self._points_refused)
        self._points.failed.connect(self._points_refused)
        plane.view_wanted.connect(self.ask_pictures)

    # What is shown -----------------------------------------------------------------------------

    @property
    def ref(self) -> ModelRef | None:
        return self._epoch.ref

    @property
    def source(self) -> str:
        """What asks of the model shown go to: the model, or a snapshot of it; "" for none."""
        return self._epoch.source

    @property
    def space(self) -> Space:
        return self._epoch.space

    @property
    def epoch(self) -> int:
        """Changes with the model, the step, the plane and the scale."""
        return self._epoch.number

    @property
    def subset(self) -> Subset:
        return self._encodings.subset

    @property
    def style(self) -> str:
        return self._points.style

    @property
    def hidden(self) -> frozenset[int]:
        return self._encodings.hidden

    @property
    def cloud(self) -> Cloud | None:
        """All encodings there are of the subset, those of hidden classes too."""
        return self._encodings.cloud

    def shown(self) -> Cloud | None:
        """The points on the map; row i is point i of the map."""
        return self._points.on_map

    def encoded_at(self) -> int | None:
        """The training step of the model that encoded the points."""
        return self._encodings.step

    # Another of it -----------------------------------------------------------------------------

    def show(
        self, ref: ModelRef | None, source: str, space: Space, *, keep: bool, hold: bool = False
    ) -> None:
        """Show `source` (the model, or a snapshot of it) on `space`.

        With `keep` the old pictures stay until all new ones have come, and then change together.
        With `hold` only encodings are asked for until `release`: where to look is not known yet.
        """
        self._epoch.ref, self._epoch.source = ref, source
        self._epoch.held = hold
        self._encodings.outdate()
        self._begin(space, keep, again=True)

    def release(self) -> None:
        """Where to look is known now: ask for the pictures."""
        self._epoch.held = False
        self.ask_pictures()

    def set_space(self, space: Space) -> None:
        """Show the same model on another plane or scale."""
        self._begin(space, keep=False)
        self._cloud_moved()

    def move_plane(self, space: Space) -> None:
        """Show a plane beside the one there is, on the same map: the old pictures stay until the
        new ones have come, and the hand that moves it never waits.
        """
        self._epoch.space = space
        if self._epoch.waiting:
            self._move_again = True
            return
        self._begin(space, keep=True)
        self._cloud_moved()

    def refresh(self) -> None:
        """The live model has new weights; pictures that are awaited come first."""
        if self._epoch.waiting:
            self._refresh_again = True
            return
        self._refresh_again = False
        self._encodings.outdate()
        self._begin(self.space, keep=True, again=True)

    def set_subset(self, subset: Subset) -> None:
        """Show other images as points."""
        self._encodings.subset = subset
        self._encodings.outdate()
        self._encodings.ask()

    def set_style(self, style: str) -> None:
        """Draw points as "disc", "shape" or "digit"."""
        self._points.style = style
        self._points.ask()

    def set_hidden(self, classes: frozenset[int]) -> None:
        """Leave the points of these classes out."""
        self._encodings.hidden = classes
        self._cloud_moved()

    def ask_pictures(self) -> None:
        """The view has changed: ask for its sheet and points."""
        self._sheet.ask()
        self._points.ask()

    # The join ----------------------------------------------------------------------------------

    def _begin(self, space: Space, keep: bool, again: bool = False) -> None:
        """Ask for the pictures of another epoch; `again` asks for encodings too."""
        together: set[str] = set()
        if keep and self._plane.sheets():
            together = {"sheet"} | ({"points"} if self.subset.limit else set())
        self._epoch.begin(space, together)
        if not keep:
            self._plane.clear_pictures()
        self._sheet.stop()
        self._points.stop()
        if self._encodings.asked_elsewhere():  # the ask that would bring them has just been stopped
            self._encodings.outdate()
            again = True
        if again and len(together) == 2:
            self._ask_together()
            return
        self._sheet.ask()
        if again:
            self._encodings.ask()

    def _go_on(self) -> None:
        """All that was awaited stands on the map: on to what came in the meantime."""
        self.settled.emit()
        if self._move_again:
            self._move_again = False
            self.move_plane(self.space)
        elif self._refresh_again:
            self.refresh()
        elif self._sheet.again:
            self._sheet.ask()

    def _ask_together(self) -> None:
        """Ask for sheet and encodings in one: while a model trains, both are of one step."""
        request = self._plane.request()
        if request is None or self._epoch.held:
            self._epoch.drop()
            self._encodings.ask()
            return
        self._sheet.note_asked()
        self._encodings.note_asked()
        self._session.ask(
            self._sheet,
            "sheet",
            "latent.pictures:sheet_and_encodings",
            model=self.source,
            priority=Priority.SHEET,
            then=partial(self._take_together, request, self.epoch, self.subset.split),
            failed=partial(self._together_refused, self.epoch),
            cells={**self._sheet.cells(request), "coarse": 0},
            images=self._encodings.images(),
        )

    def _take_together(
        self, request: SheetRequest, number: int, split: str, answer: Answer
    ) -> None:
        if answer.value is None or number != self.epoch:
            return
        sheet, encodings = answer.value
        self._sheet.take(request, number, replace(answer, value=sheet))
        self._encodings.take(self.source, split, replace(answer, value=encodings))

    def _together_refused(self, number: int, _failure: Failure) -> None:
        """One of the two failed: ask for each by itself, so that the right one says so."""
        if number == self.epoch:
            self._epoch.drop()
            self._sheet.stop()
            self._encodings.outdate()
            self._sheet.ask()
            self._encodings.ask()

    def _cloud_moved(self) -> None:
        if self._encodings.cloud is not None and not self._encodings.fresh:
            return  # another model's: not even the number of dimensions need be the same
        self._points.set_cloud(self._encodings.visible())

    def _points_refused(self, failure: Failure) -> None:
        self._encodings.cloud = None
        self._cloud_moved()
        self._epoch.leave_out("points")
        self.points_failed.emit(failure)
