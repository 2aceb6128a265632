"""The layer over one map: asks for its fields and keeps the newest values."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal

from genstudio.engine.messages import Answer, Failure
from genstudio.ui.panels._compare_map import FieldPlane
from genstudio.ui.panels._compare_scale import FIELDS
from genstudio.ui.panels._map_scene import Scene
from genstudio.ui.session import Priority, Session
from genstudio.ui.widgets.latent_plane import Extent

CELL_PX = 6.0  # logical pixels of a cell, about
MAX_SIDE = 160  # cells


class Layer(QObject):
    """Values of one layer in view of one map; several fields where the layer needs them."""

    grew = Signal()  # there are other values
    failed = Signal(object)  # Failure

    def __init__(self, session: Session, scene: Scene, plane: FieldPlane) -> None:
        super().__init__(plane)
        self._session, self._scene, self._plane = session, scene, plane
        self._name = ""
        self._epoch = 0
        self._extent: Extent | None = None
        self._coming: dict[str, np.ndarray] = {}
        self._coming_extent: Extent | None = None
        self._values: dict[str, np.ndarray] = {}
        self._done: dict[str, float] = {}
        plane.view_wanted.connect(self.ask)

    def show(self, name: str) -> None:
        """Show the layer `name`, or with "" none."""
        for field in FIELDS.get(self._name, ()):
            self._session.cancel(self, field)
        self._name = name
        self.clear()
        self._plane.cover(bool(name))
        self.ask()

    def clear(self) -> None:
        """Another model or plane: what was measured says nothing now."""
        self._epoch += 1
        self._values, self._coming, self._done = {}, {}, {}
        self._extent = self._coming_extent = None
        self._plane.take_field_away()

    def values(self) -> Mapping[str, np.ndarray]:
        """Fields (rows, cols) by name, all of the same rectangle; empty while one is missing."""
        return self._values

    @property
    def extent(self) -> Extent | None:
        """The rectangle of the map that the values lie on."""
        return self._extent

    def done(self) -> float:
        """The share of the values in view that stand at their own place."""
        wanted = FIELDS.get(self._name, ())
        return min((self._done.get(name, 0.0) for name in wanted), default=1.0)

    def at(self, x: float, y: float, name: str) -> float:
        """The value of field `name` at a map point, NaN where there is none."""
        values, extent = self._values.get(name), self._extent
        if values is None or extent is None:
            return float("nan")
        column = int((x - extent.left) / extent.width * values.shape[1])
        row = int((extent.top - y) / extent.height * values.shape[0])
        inside = 0 <= row < values.shape[0] and 0 <= column < values.shape[1]
        return float(values[row, column]) if inside else float("nan")

    def ask(self) -> None:
        """Ask for the layer in the view there is now."""
        if not self._name or not self._scene.source:
            return
        xs, ys, extent = self._grid()
        self._coming, self._coming_extent = {}, extent
        space = self._scene.space
        for field in FIELDS[self._name]:
            self._done[field] = 0.0
            self._session.ask(
                self,
                field,
                "metrics.fields:field",
                model=self._scene.source,
                priority=Priority.REPORT,
                then=partial(self._take, field, extent, self._epoch),
                failed=partial(self._refused, self._epoch),
                name=field,
                plane=space.plane,
                xs=space.scale.inverse(xs),
                ys=space.scale.inverse(ys),
                shell=space.shell,
                data=self._session.data,
            )

    def _grid(self) -> tuple[np.ndarray, np.ndarray, Extent]:
        frame = self._plane.wanted_frame()
        cell = CELL_PX * self._plane.devicePixelRatioF()
        cols = int(np.clip(round(frame.width / cell), 8, MAX_SIDE))
        rows = int(np.clip(round(frame.height / cell), 8, MAX_SIDE))
        extent = frame.extent
        xs = extent.left + (np.arange(cols) + 0.5) * extent.width / cols
        ys = extent.top - (np.arange(rows) + 0.5) * extent.height / rows
        return xs, ys, extent

    def _take(self, field: str, extent: Extent, epoch: int, answer: Answer) -> None:
        if epoch != self._epoch or extent is not self._coming_extent or answer.value is None:
            return
        self._coming[field] = answer.value.values
        self._done[field] = 1.0 if answer.done else min(answer.value.done, 0.999)
        if len(self._coming) == len(FIELDS[self._name]):
            self._values, self._extent = dict(self._coming), extent
            self.grew.emit()

    def _refused(self, epoch: int, failure: Failure) -> None:
        if epoch == self._epoch:
            for field in FIELDS.get(self._name, ()):
                self._session.cancel(self, field)
            self._values = {}
            self._done = dict.fromkeys(FIELDS.get(self._name, ()), 1.0)
            self._plane.take_field_away()
            self.failed.emit(failure)
