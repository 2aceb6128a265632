"""The picture of a map's points: asks for it, a little wider than the view, one ask at a time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from genstudio.engine.messages import Answer
from genstudio.ui import theme
from genstudio.ui.panels._map_encodings import Cloud
from genstudio.ui.panels._map_epoch import Epoch
from genstudio.ui.session import Priority, Session
from genstudio.ui.widgets.latent_plane import Extent, Frame, LatentPlane

OVERHANG = 0.12  # of the view on each side, that the points' picture covers too
RIM = (10, 12, 16, 210)


class Points(QObject):
    """A cloud of encodings as marks in the colours of their classes."""

    failed = Signal(object)  # Failure

    def __init__(self, session: Session, plane: LatentPlane, epoch: Epoch, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._plane, self._epoch = session, plane, epoch
        self.style = "disc"
        self.on_map: Cloud | None = None  # row i is point i of the map
        self.fresh: Callable[[], bool] = lambda: True  # whether the cloud is of what is shown now
        self._cloud: Cloud | None = None
        self._xy: NDArray[np.float32] = np.empty((0, 2), np.float32)
        self._busy = self._again = False

    def set_cloud(self, cloud: Cloud | None) -> None:
        """Other points, or the same ones elsewhere."""
        self._cloud = cloud
        nowhere = np.empty((0, 2), np.float32)
        self._xy = nowhere if cloud is None else self._epoch.space.to_map(cloud.mean)
        self.ask()

    def stop(self) -> None:
        """Await no answer."""
        self._session.cancel(self, "points")
        self._busy = self._again = False

    def ask(self) -> None:
        """Ask for the picture of the points; while one is awaited, once it has come."""
        cloud = self._cloud
        if cloud is None or not len(cloud.mean):
            self._take_away()
            return
        if self._epoch.held or not self.fresh():
            return
        if self._busy:
            self._again = True
            return
        self._busy, self._again = True, False
        frame = self._plane.wanted_frame()
        extent, size = around(frame)
        self._session.ask(
            self,
            "points",
            "latent.points:raster",
            model="",
            priority=Priority.PICTURE,
            then=partial(self._take, extent, cloud, self._xy, self._epoch.number),
            failed=self.failed.emit,
            map_xy=self._xy,
            colours=_colours(cloud.labels),
            classes=np.maximum(cloud.labels, 0),
            view=(extent.left, extent.bottom, extent.right, extent.top),
            size=size,
            radius=point_radius(len(cloud.mean), self.style) * self._plane.devicePixelRatioF(),
            style=self.style,
            rim=RIM,
        )

    def _take_away(self) -> None:
        self._session.cancel(self, "points")
        self._busy = False
        if not self._epoch.waiting:
            self.on_map = None
            self._plane.take_points_away()

    def _take(
        self,
        extent: Extent,
        cloud: Cloud,
        xy: NDArray[np.float32],
        number: int,
        answer: Answer,
    ) -> None:
        if number != self._epoch.number:
            return
        self._busy = False
        self._epoch.arrive("points", number, partial(self._put, extent, cloud, xy, answer))
        if self._again:
            self.ask()

    def _put(self, extent: Extent, cloud: Cloud, xy: NDArray[np.float32], answer: Answer) -> None:
        if self._plane.put_points(answer.value, extent, answer.request):
            self.on_map = cloud
            self._plane.set_cloud(xy)


def around(frame: Frame) -> tuple[Extent, tuple[int, int]]:
    """The extent of the map that the points' picture covers, and its (width, height) in pixels."""
    pad_x, pad_y = round(frame.width * OVERHANG), round(frame.height * OVERHANG)
    area = frame.extent
    extent = Extent(
        area.left - pad_x * frame.unit,
        area.bottom - pad_y * frame.unit,
        area.right + pad_x * frame.unit,
        area.top + pad_y * frame.unit,
    )
    return extent, (frame.width + 2 * pad_x, frame.height + 2 * pad_y)


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
