"""Pins of the Manifold: latent points that stay, with undo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

MERGE_ID = 0x4D50  # steps of one pin by the arrow keys become one entry


@dataclass(frozen=True)
class Pins:
    """Latent points (D,) as tuples, so that states compare; `active` is the one the keys move."""

    points: tuple[tuple[float, ...], ...] = ()
    active: int = -1

    def z(self, number: int) -> np.ndarray:
        return np.array(self.points[number], np.float32)


class PinBoard(QObject):
    """The pins and their history."""

    changed = Signal()

    def __init__(self, undo: QUndoStack, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._undo = undo
        self._pins = Pins()

    def pins(self) -> Pins:
        return self._pins

    def set_pins(self, pins: Pins) -> None:
        """Take `pins` over without an entry in the history."""
        if pins != self._pins:
            self._pins = pins
            self.changed.emit()

    def choose(self, number: int) -> None:
        """Make a pin the active one."""
        self.set_pins(replace(self._pins, active=number))

    def add(self, z: np.ndarray) -> None:
        points = (*self._pins.points, _tuple(z))
        self._push(self.tr("Pin a point"), Pins(points, len(points) - 1))

    def remove(self, number: int) -> None:
        points = list(self._pins.points)
        del points[number]
        self._push(self.tr("Remove a pin"), Pins(tuple(points), len(points) - 1))

    def clear(self) -> None:
        if self._pins.points:
            self._push(self.tr("Remove all pins"), Pins())

    def preview(self, number: int, z: np.ndarray) -> None:
        """A pin under the hand: no entry until it is dropped."""
        points = list(self._pins.points)
        points[number] = _tuple(z)
        self._pins = Pins(tuple(points), number)

    def drop(self, number: int, before: np.ndarray, after: np.ndarray, merge: bool) -> None:
        """The hand has let go of a pin that stood at `before`."""
        old, new = list(self._pins.points), list(self._pins.points)
        old[number], new[number] = _tuple(before), _tuple(after)
        merge_id = MERGE_ID if merge else -1
        self._pins = Pins(tuple(old), number)
        self._push(self.tr("Move a pin"), Pins(tuple(new), number), merge_id)

    def _push(self, text: str, after: Pins, merge_id: int = -1) -> None:
        self._undo.push(_Change(text, self._pins, after, self.set_pins, merge_id))


class _Change(QUndoCommand):
    def __init__(
        self, text: str, before: Pins, after: Pins, put: Callable[[Pins], None], merge_id: int
    ) -> None:
        super().__init__(text)
        self._before, self._after, self._put, self._id = before, after, put, merge_id

    def id(self) -> int:
        return self._id

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Change) or other._before.active != self._after.active:
            return False
        self._after = other._after
        return True

    def undo(self) -> None:
        self._put(self._before)

    def redo(self) -> None:
        self._put(self._after)


def _tuple(z: np.ndarray) -> tuple[float, ...]:
    return tuple(float(v) for v in np.asarray(z, np.float32).reshape(-1))
