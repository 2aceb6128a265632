"""What lies on the Manifold's map: asks for sheets, encodings and the picture of the points.

Answers are put on the map so that two models, or two steps of training, are never mixed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from genstudio.engine.messages import Answer, Failure, JobState
from genstudio.latent import plane as planes
from genstudio.latent.scale import Linear
from genstudio.ui import theme
from genstudio.ui.panels._manifold_space import Space
from genstudio.ui.session import ModelRef, Priority, Session
from genstudio.ui.widgets.latent_plane import Extent, LatentPlane, SheetRequest

LIVE_POINTS = 2_000  # of a model in training, whose points move with every look
OVERHANG = 0.12  # of the view on each side, that the points' picture covers too
RIM = (10, 12, 16, 210)


@dataclass(frozen=True)
class Subset:
    """Which images are shown as points; `limit` 0 is none."""

    split: str = "test"
    limit: int = 2000


@dataclass(frozen=True, eq=False)
class Cloud:
    """Encodings as they are shown: rows of the classes that the legend leaves in."""

    mean: NDArray[np.float32]  # (N, D)
    std: NDArray[np.float32] | None
    labels: NDArray[np.int64]  # (N,)
    index: NDArray[np.int64]  # (N,)
    split: str


class Scene(QObject):
    """Sheets and points of one model, or of one of its snapshots, on one space."""

    sheet_shown = Signal(object)  # (share done, training step or None)
    encodings_changed = Signal()
    settled = Signal()  # all pictures of what was last shown stand on the map
    sheet_failed = Signal(object)  # Failure
    points_failed = Signal(object)

    def __init__(self, session: Session, plane: LatentPlane) -> None:
        super().__init__(plane)
        self._session = session
        self._plane = plane
        self.ref: ModelRef | None = None
        self.source = ""
        self.space = Space(planes.Plane.identity(), Linear())
        self.subset = Subset()
        self.style = "disc"
        self.hidden: frozenset[int] = frozenset()
        self.cloud: Cloud | None = None
        self._filtered: Cloud | None = None  # what the legend leaves of it
        self._on_map: Cloud | None = None
        self._encoded_for: tuple[object, ...] = ()
        self._epoch = 0
        self._waiting: set[str] = set()
        self._ready: dict[str, Callable[[], None]] = {}
        self._refresh_again = False
        self._move_again = False
        self._held = False
        self._xy: NDArray[np.float32] = np.empty((0, 2), np.float32)
        self._encoded_at: int | None = None  # training step of the encodings
        self._sheet_busy = self._sheet_again = False
        self._points_busy = self._points_again = False
        plane.view_wanted.connect(self.ask_pictures)

    def encoded_at(self) -> int | None:
        """The training step of the model that encoded the points."""
        return self._encoded_at

    # What is shown -----------------------------------------------------------------------------

    @property
    def epoch(self) -> int:
        """Changes with the model, the step, the plane and the scale."""
        return self._epoch

    def show(
        self, ref: ModelRef | None, source: str, space: Space, *, keep: bool, hold: bool = False
    ) -> None:
        """Show `source` (the model, or a snapshot of it) on `space`.

        With `keep` the old pictures stay until all new ones have come, and then change together.
        With `hold` only encodings are asked for until `release`: where to look is not known yet.
        """
        self.ref, self.source = ref, source
        self._held = hold
        self._encoded_for = ()
        self._begin(space, keep, again=True)

    def release(self) -> None:
        """Where to look is known now: ask for the pictures."""
        self._held = False
        self.ask_pictures()

    def set_space(self, space: Space) -> None:
        """Show the same model on another plane or scale."""
        self._begin(space, keep=False)
        self._cloud_moved()

    def move_plane(self, space: Space) -> None:
        """Show a plane beside the one there is, on the same map: the old pictures stay until the
        new ones have come, and the hand that moves it never waits.
        """
        self.space = space
        if self._waiting:
            self._move_again = True
            return
        self._begin(space, keep=True)
        self._cloud_moved()

    def refresh(self) -> None:
        """The live model has new weights; pictures that are awaited come first."""
        if self._waiting:
            self._refresh_again = True
            return
        self._refresh_again = False
        self._encoded_for = ()
        self._begin(self.space, keep=True, again=True)

    def _begin(self, space: Space, keep: bool, again: bool = False) -> None:
        """Ask for the pictures of another epoch; `again` asks for encodings too."""
        self._epoch += 1
        self.space = space
        self._ready.clear()
        self._waiting = set()
        if not keep:
            self._plane.clear_pictures()
        elif self._plane.sheets():
            self._waiting = {"sheet"} | ({"points"} if self.subset.limit else set())
        for key in ("sheet", "points"):
            self._session.cancel(self, key)
        self._sheet_busy = self._sheet_again = False
        self._points_busy = self._points_again = False
        if again and len(self._waiting) == 2:
            self._ask_together()
            return
        self.ask_sheet()
        if again:
            self.ask_encodings()

    def _arrive(self, kind: str, epoch: int, put: Callable[[], None]) -> None:
        """Put a picture on the map, together with the others where several are awaited."""
        if epoch != self._epoch:
            return
        if not self._waiting:
            put()
            return
        self._ready[kind] = put
        self._waiting.discard(kind)
        if not self._waiting:
            self._put_all()

    def _put_all(self) -> None:
        ready, self._ready = self._ready, {}
        for put in ready.values():
            put()
        self.settled.emit()
        if self._move_again:
            self._move_again = False
            self.move_plane(self.space)
        elif self._refresh_again:
            self.refresh()
        elif self._sheet_again:
            self.ask_sheet()

    def _no_longer_wait(self, kind: str) -> None:
        if kind in self._waiting:
            self._waiting.discard(kind)
            if not self._waiting:
                self._put_all()

    def ask_pictures(self) -> None:
        """The view has changed: ask for its sheet and points."""
        self.ask_sheet()
        self.ask_points()

    # Sheet -------------------------------------------------------------------------------------

    def ask_sheet(self) -> None:
        """Ask for the cells in view; while an answer is awaited, once it has come."""
        if not self.source or self.ref is None or self._held:
            return
        if self._sheet_busy:
            self._sheet_again = True
            return
        request = self._plane.request()
        if request is None:
            return
        self._sheet_busy, self._sheet_again = True, False
        self._session.ask(
            self,
            "sheet",
            "latent.sheet:decode",
            model=self.source,
            priority=Priority.SHEET if self._plane.sheets() else Priority.POINTER,
            then=partial(self._take_sheet, request, self._epoch),
            failed=partial(self._sheet_refused, self._epoch),
            **self._cells(request),
        )

    def _cells(self, request: SheetRequest) -> dict[str, Any]:
        scale = self.space.scale
        return {
            "plane": self.space.plane,
            "xs": scale.inverse(request.xs),
            "ys": scale.inverse(request.ys),
            "shell": self.space.shell,
            "coarse": request.coarse,
        }

    def _ask_together(self) -> None:
        """Ask for sheet and encodings in one: while a model trains, both are of one step."""
        request = self._plane.request()
        if request is None or self._held:
            self._waiting.clear()
            self.ask_encodings()
            return
        self._sheet_busy = True
        self._encoded_for = (
            self.source,
            self._session.data,
            self.subset,
            self.points_wanted(),
        )
        self._session.ask(
            self,
            "sheet",
            "latent.pictures:sheet_and_encodings",
            model=self.source,
            priority=Priority.SHEET,
            then=partial(self._take_together, request, self._epoch, self.subset.split),
            failed=partial(self._together_refused, self._epoch),
            cells={**self._cells(request), "coarse": 0},
            images={
                "data": self._session.data,
                "split": self.subset.split,
                "limit": self.points_wanted(),
            },
        )

    def _take_together(self, request: SheetRequest, epoch: int, split: str, answer: Answer) -> None:
        if answer.value is None or epoch != self._epoch:
            return
        sheet, encodings = answer.value
        self._take_sheet(request, epoch, replace(answer, value=sheet))
        self._take_encodings(self.source, split, replace(answer, value=encodings))

    def _together_refused(self, epoch: int, failure: Failure) -> None:
        """One of the two failed: ask for each by itself, so that the right one says so."""
        if epoch == self._epoch:
            self._waiting.clear()
            self._sheet_busy = False
            self._encoded_for = ()
            self.ask_sheet()
            self.ask_encodings()

    def _take_sheet(self, request: SheetRequest, epoch: int, answer: Answer) -> None:
        if epoch != self._epoch:
            return
        sheet = answer.value
        whole = sheet.done >= 1.0
        self._sheet_busy = not (whole or answer.done)
        if whole or not self._waiting:
            put = partial(self._put_sheet, request, answer, whole)
            self._arrive("sheet", epoch, put)
        if self._sheet_again and epoch == self._epoch and not self._waiting:
            self._sheet_busy = False
            self.ask_sheet()

    def _put_sheet(self, request: SheetRequest, answer: Answer, whole: bool) -> None:
        tag = (self._epoch, answer.step)
        sheet = answer.value
        if self._plane.put_sheet(sheet.mosaic, request.extent, tag, answer.request, whole):
            self._session.note_picture(self._plane)
            self.sheet_shown.emit((sheet.done, answer.step))

    def _sheet_refused(self, epoch: int, failure: Failure) -> None:
        if epoch == self._epoch:
            self._sheet_busy = self._sheet_again = False
            self._waiting.clear()
            self._ready.clear()
            self._plane.clear_pictures()
            self.sheet_failed.emit(failure)

    # Points ------------------------------------------------------------------------------------

    def set_subset(self, subset: Subset) -> None:
        """Show other images as points."""
        self.subset = subset
        self._encoded_for = ()
        self.ask_encodings()

    def set_style(self, style: str) -> None:
        """Draw points as "disc", "shape" or "digit"."""
        self.style = style
        self.ask_points()

    def set_hidden(self, classes: frozenset[int]) -> None:
        """Leave the points of these classes out."""
        self.hidden = classes
        self._cloud_moved()

    def shown(self) -> Cloud | None:
        """The points on the map; row i is point i of the map."""
        return self._on_map

    def ask_encodings(self) -> None:
        """Encode the subset, unless that has been done."""
        what = (self.source, self._session.data, self.subset, self.points_wanted())
        if not self.source or what == self._encoded_for:
            return
        self._encoded_for = what
        if not self.subset.limit:
            self._session.cancel(self, "encodings")
            self.cloud = None
            self._cloud_moved()
            return
        self._session.ask(
            self,
            "encodings",
            "latent.encodings:encode",
            model=self.source,
            priority=Priority.SHEET,
            then=partial(self._take_encodings, self.source, self.subset.split),
            failed=self._points_refused,
            data=self._session.data,
            split=self.subset.split,
            limit=self.points_wanted(),
        )

    def points_wanted(self) -> int:
        """How many images are encoded: of a model in training a few, again for every look."""
        run = self.ref.run if self.ref is not None else None
        job = self._session.jobs().get(run) if run is not None else None
        training = job is not None and job.state is JobState.RUNNING
        return min(self.subset.limit, LIVE_POINTS) if training else self.subset.limit

    def _take_encodings(self, source: str, split: str, answer: Answer) -> None:
        if source != self.source:
            return
        got = answer.value
        self._encoded_at = answer.step
        self.cloud = Cloud(got.mean, got.std, got.labels, got.index, split)
        self.encodings_changed.emit()
        self._cloud_moved()

    def _points_refused(self, failure: Failure) -> None:
        self.cloud = None
        self._cloud_moved()
        self._no_longer_wait("points")
        self.points_failed.emit(failure)

    def _cloud_moved(self) -> None:
        """Other points, or the same ones elsewhere."""
        cloud = self.cloud
        if cloud is not None and self.hidden:
            rows = np.flatnonzero(~np.isin(cloud.labels, list(self.hidden)))
            std = None if cloud.std is None else cloud.std[rows]
            cloud = Cloud(cloud.mean[rows], std, cloud.labels[rows], cloud.index[rows], cloud.split)
        self._filtered = cloud
        self._xy = np.empty((0, 2), np.float32) if cloud is None else self.space.to_map(cloud.mean)
        self.ask_points()

    def ask_points(self) -> None:
        """Ask for the picture of the points; while one is awaited, once it has come."""
        cloud = self._filtered
        if cloud is None or not len(cloud.mean):
            self._session.cancel(self, "points")
            self._points_busy = False
            if not self._waiting:
                self._on_map = None
                self._plane.take_points_away()
            return
        if self._held:
            return
        if self._points_busy:
            self._points_again = True
            return
        self._points_busy, self._points_again = True, False
        frame = self._plane.wanted_frame()
        pad_x, pad_y = round(frame.width * OVERHANG), round(frame.height * OVERHANG)
        area = frame.extent
        extent = Extent(
            area.left - pad_x * frame.unit,
            area.bottom - pad_y * frame.unit,
            area.right + pad_x * frame.unit,
            area.top + pad_y * frame.unit,
        )
        self._session.ask(
            self,
            "points",
            "latent.points:raster",
            model="",
            priority=Priority.PICTURE,
            then=partial(self._take_points, extent, cloud, self._xy, self._epoch),
            failed=self._points_refused,
            map_xy=self._xy,
            colours=_colours(cloud.labels),
            classes=np.maximum(cloud.labels, 0),
            view=(extent.left, extent.bottom, extent.right, extent.top),
            size=(frame.width + 2 * pad_x, frame.height + 2 * pad_y),
            radius=point_radius(len(cloud.mean), self.style) * self._plane.devicePixelRatioF(),
            style=self.style,
            rim=RIM,
        )

    def _take_points(
        self,
        extent: Extent,
        cloud: Cloud,
        xy: NDArray[np.float32],
        epoch: int,
        answer: Answer,
    ) -> None:
        if epoch != self._epoch:
            return
        self._points_busy = False
        put = partial(self._put_points, extent, cloud, xy, answer)
        self._arrive("points", epoch, put)
        if self._points_again:
            self.ask_points()

    def _put_points(
        self, extent: Extent, cloud: Cloud, xy: NDArray[np.float32], answer: Answer
    ) -> None:
        if self._plane.put_points(answer.value, extent, answer.request):
            self._on_map = cloud
            self._plane.set_cloud(xy)


def point_radius(n: int, style: str) -> float:
    """Logical pixels of a point's mark: the more points, the smaller; shapes must be told apart."""
    if style != "disc":
        return 3.5
    return 2.0 if n <= 3000 else 1.6 if n <= 15000 else 1.2


def _colours(labels: NDArray[np.int64]) -> NDArray[np.uint8]:
    """RGBA (N, 4) of the classes; quiet grey where there is no label."""
    table = np.array([[*_rgb(c), 255] for c in theme.CLASSES] + [[154, 160, 168, 255]], np.uint8)
    return table[np.where(labels < 0, len(theme.CLASSES), labels % len(theme.CLASSES))]


def _rgb(text: str) -> tuple[int, int, int]:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)
