"""Pins of the Manifold: latent points that stay, with undo."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from genstudio.ui.undo import Change


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
        self._pins = Pins(tuple(old), number)
        self._push(self.tr("Move a pin"), Pins(tuple(new), number), str(number) if merge else "")

    def _push(self, text: str, after: Pins, merge: str = "") -> None:
        self._undo.push(Change(text, self._pins, after, self.set_pins, merge))


def _tuple(z: np.ndarray) -> tuple[float, ...]:
    return tuple(float(v) for v in np.asarray(z, np.float32).reshape(-1))
