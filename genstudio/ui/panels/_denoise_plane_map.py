"""The plane with particles on it: what lies under them, where they were, and where they go.

The hand is the map's own: empty ground pans, the wheel zooms, a click on empty ground or on a
particle is told, pins are starts that can be dragged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

from genstudio.ui import theme
from genstudio.ui.panels import _denoise_plane_paint as paint
from genstudio.ui.panels._denoise_plane_record import Record, colours
from genstudio.ui.panels._denoise_plane_trails import Trails
from genstudio.ui.widgets._latent_hand import CLICK_PX, Grip
from genstudio.ui.widgets._latent_view import Frame, Lattice
from genstudio.ui.widgets.latent_plane import LatentPlane

LEFT, TOP, RIGHT, BOTTOM = 56, 8, 8, 40  # logical pixels around the picture, for the axes
SETTLE_MS = 90  # after the view has moved, trails are drawn anew
MANY = 600  # particles: more are drawn smaller
RADIUS_PX, ROOMY_PX = 3.4, 480  # of a particle's mark; a smaller picture has smaller marks
LAYER_KEYS = {
    Qt.Key.Key_D: "density",
    Qt.Key.Key_S: "score",
    Qt.Key.Key_T: "trails",
    Qt.Key.Key_G: "targets",
    Qt.Key.Key_P: "particles",
    Qt.Key.Key_M: "kind",  # whose density
}


@dataclass(frozen=True, eq=False)
class Arrows:
    """A field of arrows: places (P, 2) in data units, and each one's (P, 2) share of the longest,
    y upwards.
    """

    places: NDArray[np.float32]
    ways: NDArray[np.float32]
    longest: float  # in data units


@dataclass(frozen=True, eq=False)
class Own:
    """The hand's particles: whole paths (places, M, 2), where they aim (places, M, 2)."""

    paths: NDArray[np.float32]
    targets: NDArray[np.float32]


class ParticleMap(LatentPlane):
    """Particles of one record at one of its places."""

    lifted = Signal(int)  # the hand drags particle i off its start: a pin is to stand there
    key_pressed = Signal(str)  # a layer of LAYER_KEYS
    given_up = Signal()  # Esc: what the hand dragged is to be as it was

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._record: Record | None = None
        self._place = 0
        self._kinds: NDArray[np.int64] | None = None
        self._visible: NDArray[np.bool_] | None = None
        self._arrows: Arrows | None = None
        self._own: Own | None = None
        self._chosen: NDArray[np.float32] | None = None  # a whole path (places, 2)
        self._on = {"particles": True, "trails": True, "targets": False, "score": True}
        self._trails: Trails | None = None
        self._trails_of: Frame | None = None
        self._trails_upto: NDArray[np.float32] | None = None  # the last places in pixels
        self._trails_picture: tuple[int, NDArray[np.uint32]] | None = None
        self._ground: QPixmap | None = None
        self._lift: tuple[int, QMouseEvent] | None = None
        self._rests = QTimer(self)
        self._rests.setSingleShot(True)
        self._rests.setInterval(SETTLE_MS)
        self._rests.timeout.connect(self._repaint_moving)
        self.view_changed.connect(self._rests.start)
        self.setAccessibleName(self.tr("Particles in the plane"))

    # What is shown -----------------------------------------------------------------------------

    def set_record(self, record: Record | None) -> None:
        """Another run's particles."""
        self._record, self._place = record, 0
        self._kinds = self._visible = None
        self._chosen = None
        self._forget_trails()
        self._show_place()

    def set_place(self, place: int) -> None:
        """Show the particles before step `place`; after the last, where they ended."""
        self._place = place
        self._show_place()

    def place(self) -> int:
        return self._place

    def set_kinds(
        self, labels: NDArray[np.int64] | None, visible: NDArray[np.bool_] | None
    ) -> None:
        """The class that each particle ends in, where it is known, and which are to be seen."""
        same = _equal(labels, self._kinds) and _equal(visible, self._visible)
        if not same:
            self._kinds, self._visible = labels, visible
            self._forget_trails()
            self._show_place()

    def set_arrows(self, arrows: Arrows | None) -> None:
        self._arrows = arrows
        self._repaint_all()

    def arrows(self) -> Arrows | None:
        return self._arrows

    def set_own(self, own: Own | None) -> None:
        """The particles of the hand's own starts."""
        self._own = own
        self._repaint_moving()

    def own(self) -> Own | None:
        return self._own

    def set_chosen(self, path: NDArray[np.float32] | None) -> None:
        """The whole way of the particle that is chosen or hovered."""
        if path is not None or self._chosen is not None:
            self._chosen = path
            self.update()

    def shows(self, layer: str) -> bool:
        return self._layers_shown["sheet"] if layer == "density" else self._on[layer]

    def set_shows(self, layer: str, on: bool) -> None:
        """Show or hide "density", "score", "trails", "targets" or "particles"."""
        if layer == "density":
            self.set_layer_shown("sheet", on)
            return
        self._on[layer] = on
        if layer == "particles":
            self.set_layer_shown("points", on)
        self._repaint_all()

    def trailing(self) -> tuple[int, int]:
        """How many particles have trails, and of how many."""
        n = len(self._shown_rows())
        stride = self._trails.stride if self._trails is not None else 1
        return -(-n // stride), n

    def row_of(self, point: int) -> int:
        """The particle that the point of the cloud is."""
        rows = self._shown_rows()
        return int(rows[point]) if 0 <= point < len(rows) else -1

    def _shown_rows(self) -> NDArray[np.intp]:
        if self._record is None:
            return np.empty(0, np.intp)
        if self._visible is None:
            return np.arange(self._record.n)
        return np.flatnonzero(self._visible)

    def _show_place(self) -> None:
        record = self._record
        if record is None or not record.have:
            self.set_cloud(np.empty((0, 2), np.float32))
        else:
            self._place = min(self._place, record.n_places - 1)
            self.set_cloud(record.x_t(self._place)[self._shown_rows()])
        self._repaint_moving()

    # The hand ----------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._lift = None
        left = event.button() == Qt.MouseButton.LeftButton
        if left and self._place == 0 and self._pin_at(event.position()) < 0:
            point = self.row_of(self.point_at(*self.to_map(event.position())))
            if point >= 0:
                self._lift = (point, QMouseEvent(event))
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._lift is not None:
            row, pressed = self._lift
            if (event.position() - pressed.position()).manhattanLength() <= CLICK_PX:
                return
            self._lift = None
            self.lifted.emit(row)
            super().mousePressEvent(pressed)  # takes hold of the pin that stands there now
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._lift = None
        super().mouseReleaseEvent(event)

    def held(self) -> bool:
        """Whether the hand holds a start now."""
        return self._grip is Grip.PIN

    def keyPressEvent(self, event: QKeyEvent) -> None:
        layer = LAYER_KEYS.get(Qt.Key(event.key()))
        if layer is not None and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.key_pressed.emit(layer)
            return
        held = self.held()
        super().keyPressEvent(event)
        if held and event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()

    # Painting ----------------------------------------------------------------------------------

    def _measure(self) -> tuple[QRect, Lattice, float]:
        """All the room there is: no images stand here that would want whole cells."""
        if self._geometry is None:
            ratio = self.devicePixelRatioF()
            x, y = round(LEFT * ratio), round(TOP * ratio)
            width = max(1, int((self.width() - LEFT - RIGHT) * ratio))
            height = max(1, int((self.height() - TOP - BOTTOM) * ratio))
            grid = Lattice(self._home.x, self._home.y, cell_w=1, cell_h=1)
            self._geometry = (QRect(x, y, width, height), grid, ratio)
        return self._geometry

    def _repaint_all(self) -> None:
        self._ground = None
        super()._repaint_all()

    def _repaint_moving(self) -> None:
        """What moves with the steps; the ground stays."""
        self._base = None
        self.update()

    def _paint_base(self) -> QPixmap:
        area, _, ratio = self._measure()
        if self._ground is None:
            self._ground = self._paint_ground()
        base = QPixmap(self._ground)
        painter = QPainter(base)
        painter.setClipRect(area)
        painter.translate(area.topLeft())
        seen = self.frame()
        if self._record is not None and self._record.have:
            self._paint_run(painter, seen, ratio)
        self._paint_own(painter, seen, ratio)
        painter.end()
        return base

    def _paint_ground(self) -> QPixmap:
        """Axes, density and arrows."""
        ground = super()._paint_base()
        if self._arrows is not None and self._on["score"]:
            area, _, ratio = self._measure()
            seen = self.frame()
            painter = QPainter(ground)
            painter.setClipRect(area)
            painter.translate(area.topLeft())
            px = seen.many_to_px(self._arrows.places)
            ways = self._arrows.ways * np.array([1, -1], np.float32)
            paint.paint_arrows(painter, px, ways, self._arrows.longest / seen.unit, ratio)
            painter.end()
        return ground

    def _paint_run(self, painter: QPainter, seen: Frame, ratio: float) -> None:
        record, rows = self._record, self._shown_rows()
        assert record is not None
        px = seen.many_to_px(record.x_t(self._place)[rows])
        if self._on["trails"]:
            self._paint_trails(painter, seen, ratio)
        if self._on["targets"] and self._place < record.n_steps:
            targets = seen.many_to_px(record.x0_hat(self._place)[rows])
            paint.paint_targets(painter, px, targets, ratio, min(1.0, (200 / len(rows)) ** 0.5))
        if self._on["particles"]:
            room = min(seen.width, seen.height) / (ROOMY_PX * ratio)
            radius = round(RADIUS_PX * ratio * min(1.0, max(0.7, room)), 1)
            if len(rows) > MANY:
                radius = round(0.8 * radius, 1)
            labels = None if self._kinds is None else self._kinds[rows]
            paint.paint_particles(painter, px, labels, radius, (seen.width, seen.height))

    def _paint_own(self, painter: QPainter, seen: Frame, ratio: float) -> None:
        own = self._own
        if own is None:
            return
        place, accent = min(self._place, len(own.paths) - 1), theme.colour("accent")
        for row in range(own.paths.shape[1]):
            paint.paint_path(painter, seen.many_to_px(own.paths[:, row]), place, accent, ratio)
        if self._on["targets"] and place < len(own.targets):
            px, aims = (seen.many_to_px(a[place]) for a in (own.paths, own.targets))
            paint.paint_targets(painter, px, aims, ratio, 1.0)
        for x, y in seen.many_to_px(own.paths[place]).tolist():
            paint.paint_mark(painter, (x, y), accent, ratio)

    def _paint_trails(self, painter: QPainter, seen: Frame, ratio: float) -> None:
        record = self._record
        assert record is not None
        trails = self._trails
        if trails is None or (self._trails_of != seen and not self._rests.isActive()):
            trails = self._trails = Trails(seen.width, seen.height, round(ratio))
            self._trails_of, self._trails_upto, self._trails_picture = seen, None, None
        self._lay_trails(record, trails)
        was = self._trails_of
        assert was is not None
        if self._trails_picture is None or self._trails_picture[0] != self._place:
            picture = trails.picture(self._place, record.n_steps, paint.trail_table())
            self._trails_picture = (self._place, picture)
        picture = self._trails_picture[1]
        form = QImage.Format.Format_ARGB32_Premultiplied
        image = QImage(picture.data, was.width, was.height, 4 * was.width, form)
        if was == seen:
            painter.drawImage(0, 0, image)
        else:
            painter.drawImage(QRectF(*seen.rect_px(was.extent)), image)

    def _lay_trails(self, record: Record, trails: Trails) -> None:
        """Turn the steps up to the one shown into pixels, where that has not been done yet."""
        seen, rows = self._trails_of, self._shown_rows()
        assert seen is not None
        tints = colours(self._kinds, record.n)[rows]
        while len(trails) < min(self._place, record.n_places - 1):
            done = len(trails)
            before = self._trails_upto
            if before is None:
                before = seen.many_to_px(record.x_t(done)[rows])
            after = self._trails_upto = seen.many_to_px(record.x_t(done + 1)[rows])
            trails.add(before, after, tints)
            if trails.full and trails.stride < len(rows):
                trails.restart(2 * trails.stride)
                self._trails_upto = None

    def _forget_trails(self) -> None:
        self._trails = self._trails_of = self._trails_upto = self._trails_picture = None

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._chosen is None or not len(self._chosen):
            return
        area, _, ratio = self._measure()
        painter = QPainter(self)
        painter.setClipRect(self.picture_rect())
        painter.scale(1 / ratio, 1 / ratio)
        painter.translate(area.topLeft())
        px = self.frame().many_to_px(self._chosen)
        place = min(self._place, len(px) - 1)
        paint.paint_path(painter, px, place, theme.colour("accent"), ratio)
        paint.paint_mark(painter, px[place].tolist(), theme.colour("accent"), ratio)
        painter.end()


def _equal(a: Sequence | NDArray | None, b: Sequence | NDArray | None) -> bool:
    return a is b or (a is not None and b is not None and np.array_equal(a, b))
