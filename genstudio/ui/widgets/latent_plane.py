"""A map that the hand moves over: hover peeks, leaving restores, a click pins, the wheel zooms.

It knows nothing of models. Whoever owns it puts pictures on rectangles of the map and hears where
the hand is; coordinates are those of the map throughout, y upwards, with equal aspect.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from genstudio.ui.widgets._latent_canvas import MapCanvas, MarkMaker
from genstudio.ui.widgets._latent_cloud import PointCloud
from genstudio.ui.widgets._latent_hand import CLICK_PX, Fine, Grip, zoom_factor
from genstudio.ui.widgets._latent_layers import rgba_image, sheet_image, small_image
from genstudio.ui.widgets._latent_marks import Mark, Outline, Pin, PointCard
from genstudio.ui.widgets._latent_view import Extent, Frame, SheetRequest, View

__all__ = [
    "Extent",
    "Frame",
    "LatentPlane",
    "Mark",
    "MarkMaker",
    "Outline",
    "Pin",
    "PointCard",
    "SheetRequest",
    "View",
    "rgba_image",
    "sheet_image",
    "small_image",
]

GRAB_PX = 11.0  # a press this near to a pin takes it
REST_MS = 12  # what is under the pointer is looked up at most so often
POINT_PX = 6.0  # a pointer this near to a point is on it

_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


class LatentPlane(MapCanvas):
    """Hover peeks, leaving restores, a click pins; empty ground pans, the wheel zooms."""

    peek = Signal(float, float)  # the pointer, or the keyboard's probe, is at (x, y)
    left = Signal()  # the pointer has left: show again what was shown before
    clicked = Signal(float, float)
    pin_chosen = Signal(int)
    pin_moved = Signal(int, float, float)  # while the hand drags it or an arrow key steps it
    pin_dropped = Signal(int, float, float, float, float)  # number, from (x, y), to (x, y)
    pin_stepped = Signal(int, float, float, float, float)  # the same, by an arrow key
    pin_removed = Signal(int)
    pin_joined = Signal(int, int)  # the hand has let go of a pin on another; it goes back
    point_hovered = Signal(int)  # number of the point under the pointer, -1 for none
    menu_wanted = Signal(QPoint, float, float)  # global position, map point

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.joins_pins = False  # a pin let go on another joins the two instead of moving
        self._cloud = PointCloud()
        self._resting: tuple[float, float, QPointF] | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._look_under)
        self._hovered = -1
        self._keyboard: tuple[float, float] | None = None
        self._grip = Grip.NOTHING
        self._held = -1
        self._held_from = (0.0, 0.0)
        self._pressed = QPointF()
        self._panned = QPointF()
        self._fine = Fine()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Map of the latent space"))

    def set_cloud(self, xy: NDArray[np.float32]) -> None:
        """Map points (N, 2) that answer to the pointer."""
        self._cloud = PointCloud(xy)
        self._hover(-1)

    def set_layer_shown(self, layer: str, shown: bool) -> None:
        super().set_layer_shown(layer, shown)
        if layer == "points" and not shown:
            self._hover(-1)

    def take_points_away(self) -> None:
        super().take_points_away()
        self.set_cloud(np.empty((0, 2), np.float32))

    def hovered_point(self) -> int:
        """Number of the point under the pointer, -1 for none."""
        return self._hovered

    # The hand ----------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self._over_picture(event.position()):
            event.ignore()
            return
        self._pressed = self._panned = event.position()
        self._held = self._pin_at(event.position())
        if self._held >= 0:
            pin = self._pins[self._held]
            self._grip, self._probe_shown = Grip.PIN, False
            self._held_from = (pin.x, pin.y)
            place = self.to_widget(pin.x, pin.y)
            self._fine.take(event.position().x(), event.position().y(), (place.x(), place.y()))
            self._active = self._held
            self.pin_chosen.emit(self._held)
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self._hover(-1)
        else:
            self._grip = Grip.PRESS
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = event.position()
        if self._grip is Grip.PRESS and (position - self._pressed).manhattanLength() > CLICK_PX:
            self._grip = Grip.MAP
            self._animation.stop()
            self._wanted = self._view
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        if self._grip is Grip.MAP:
            self._pan(position)
        elif self._grip is Grip.PIN:
            fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            place = QPointF(*self._fine.place(position.x(), position.y(), fine, held=True))
            self._move_pin(self._held, *self.to_map(place))
        elif self._grip is Grip.NOTHING:
            self._hover_at(position, event.modifiers())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        grip, self._grip, self._probe_shown = self._grip, Grip.NOTHING, True
        if grip is Grip.PRESS:
            fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            place = self._fine.place(event.position().x(), event.position().y(), fine)
            self.clicked.emit(*self.to_map(QPointF(*place)))
        elif grip is Grip.PIN and 0 <= self._held < len(self._pins):
            pin, other = self._pins[self._held], self._under_held(event.position())
            if other >= 0:
                self._move_pin(self._held, *self._held_from)
                self.pin_joined.emit(self._held, other)
            elif (pin.x, pin.y) != self._held_from:
                self.pin_dropped.emit(self._held, *self._held_from, pin.x, pin.y)
        self._held = -1
        self._set_cursor(event.position())
        self.update()

    def _pan(self, position: QPointF) -> None:
        moved = position - self._panned
        _, _, ratio = self._measure()
        unit = self.frame().unit * ratio
        self._panned = position
        self._go(self._view.moved(-moved.x() * unit, moved.y() * unit))

    def _hover_at(self, position: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        if not self._over_picture(position):
            if self._fine.present:
                self.leaveEvent(None)
            self._set_cursor(position)
            return
        fine = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        x, y = self.to_map(QPointF(*self._fine.place(position.x(), position.y(), fine)))
        self._keyboard = None
        self.peek.emit(x, y)
        self._resting = (x, y, position)
        if not self._rest.isActive():  # what is under the pointer waits, so that the probe does not
            self._rest.start()

    def _look_under(self) -> None:
        """The point under the pointer and the cursor's shape, for the place it was at last."""
        if self._resting is None:
            return
        x, y, position = self._resting
        self._resting = None
        self._hover(self.point_at(x, y))
        self._set_cursor(position)

    def leaveEvent(self, event: QEvent | None) -> None:
        self._fine.leave()
        self._resting = None
        self._hover(-1)
        if self._grip is Grip.NOTHING:
            self.left.emit()

    def point_at(self, x: float, y: float) -> int:
        """Number of the point that a pointer at map point (x, y) is on, -1 for none."""
        if not self._layers_shown["points"]:
            return -1
        _, _, ratio = self._measure()
        return self._cloud.nearest(x, y, POINT_PX * ratio * self.frame().unit)

    def _hover(self, point: int) -> None:
        if point != self._hovered:
            self._hovered = point
            self.point_hovered.emit(point)

    def _under_held(self, position: QPointF) -> int:
        """The pin that the dragged one is let go on, -1 for none; a click alone joins nothing."""
        dragged = (position - self._pressed).manhattanLength() > CLICK_PX
        return self._pin_at(position, but=self._held) if self.joins_pins and dragged else -1

    def _pin_at(self, position: QPointF, but: int = -1) -> int:
        found, nearest = -1, GRAB_PX
        for number, pin in enumerate(self._pins):
            if number == but:
                continue
            offset = self.to_widget(pin.x, pin.y) - position
            distance = (offset.x() ** 2 + offset.y() ** 2) ** 0.5
            if distance <= nearest:
                found, nearest = number, distance
        return found

    def _set_cursor(self, position: QPointF) -> None:
        if not self._over_picture(position):
            shape = Qt.CursorShape.ArrowCursor
        elif self._pins and self._pin_at(position) >= 0:
            shape = Qt.CursorShape.OpenHandCursor
        else:
            shape = Qt.CursorShape.CrossCursor
        if self.cursor().shape() != shape:
            self.setCursor(shape)

    def _move_pin(self, number: int, x: float, y: float) -> None:
        if 0 <= number < len(self._pins):
            old = self._pins[number]
            self._pins[number] = Pin(x, y, old.label, False)
            self.update()
            self.pin_moved.emit(number, x, y)

    # Wheel, pinch, keys ------------------------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = event.angleDelta().y() / 120
        if not notches or not self._over_picture(event.position()):
            event.ignore()
            return
        at = self.to_map(event.position())
        view = self._wanted.zoomed(zoom_factor(notches), *at)
        self.set_view(view, animated=event.pixelDelta().isNull())
        event.accept()

    def event(self, event: QEvent) -> bool:
        if (
            isinstance(event, QNativeGestureEvent)
            and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture
        ):
            at = self.to_map(event.position())
            self.set_view(self._wanted.zoomed(1 / (1 + max(event.value(), -0.9)), *at))
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if key in _ARROWS and not control:
            ten = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._step(*_ARROWS[Qt.Key(key)], 10 if ten else 1)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(zoom_factor(1), self._probe_in_view())
        elif key in (Qt.Key.Key_Minus, Qt.Key.Key_Underscore):
            self.zoom(zoom_factor(-1), self._probe_in_view())
        elif key == Qt.Key.Key_Home or (key == Qt.Key.Key_0 and control):
            self.reset_view()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._active >= 0:
            self.pin_removed.emit(self._active)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._keyboard is not None:
            self.clicked.emit(*self._keyboard)
            self._keyboard = None
        elif key == Qt.Key.Key_Escape and self._let_go():
            pass
        elif key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp) and self._pins:
            by = 1 if key == Qt.Key.Key_PageDown else -1
            self._active = (self._active + by) % len(self._pins)
            self.pin_chosen.emit(self._active)
            self.update()
        else:
            super().keyPressEvent(event)

    def _step(self, right: int, up: int, times: int) -> None:
        """Move the active pin, or without one the keyboard's probe."""
        by = self.step() * times
        if self._active >= 0:
            pin = self._pins[self._active]
            x, y = self._inside(pin.x + right * by, pin.y + up * by)
            self._move_pin(self._active, x, y)
            self.pin_stepped.emit(self._active, pin.x, pin.y, x, y)
            return
        x, y = self._keyboard or self._probe_in_view() or (self._view.x, self._view.y)
        self._keyboard = self._inside(x + right * by, y + up * by)
        self.peek.emit(*self._keyboard)

    def _inside(self, x: float, y: float) -> tuple[float, float]:
        if self._bounds is None:
            return x, y
        low, high = self._bounds
        rim = 1e-9 * (high - low)
        return min(max(x, low + rim), high - rim), min(max(y, low + rim), high - rim)

    def _let_go(self) -> bool:
        """Esc: put back what is dragged, or leave with the keyboard's probe."""
        if self._grip is Grip.PIN and 0 <= self._held < len(self._pins):
            self._grip, held, self._held = Grip.NOTHING, self._held, -1
            self._probe_shown = True
            self._move_pin(held, *self._held_from)
            return True
        if self._keyboard is not None:
            self._keyboard = None
            self.left.emit()
            return True
        return False

    def _probe_in_view(self) -> tuple[float, float] | None:
        if self._probe is None:
            return None
        extent = self._frame_of(self._wanted).extent
        x, y = self._probe
        inside = extent.left <= x <= extent.right and extent.bottom <= y <= extent.top
        return self._probe if inside else None

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        position = QPointF(event.pos())
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            at = self._probe_in_view() or (self._view.x, self._view.y)
            self.menu_wanted.emit(self.mapToGlobal(self.to_widget(*at).toPoint()), *at)
        elif self._over_picture(position):
            self.menu_wanted.emit(event.globalPos(), *self.to_map(position))

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._repaint_all()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._keyboard = None
        self._repaint_all()
