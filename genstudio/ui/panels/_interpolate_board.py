"""What stands in the four slots, and the way-points between them, with undo."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtGui import QUndoStack

from genstudio.ui.undo import Kept

LETTERS = ("A", "B", "C", "D")
MAX_WAYS = 12


@dataclass(frozen=True, eq=False)
class Slot:
    """An image to encode, or a latent point to decode; with neither, image `index` of a split."""

    title: str = ""
    image: np.ndarray | None = None  # float32 (C, H, W) in [0, 1]
    code: np.ndarray | None = None  # float32 (D,)
    data: str = ""
    split: str = "test"
    index: int | None = None


Way = tuple[float, ...]  # a latent point between the ends


@dataclass(frozen=True)
class Board:
    """Four slots, and the points that a path from A to B goes by, in their order."""

    slots: tuple[Slot | None, ...] = (None, None, None, None)
    ways: tuple[Way, ...] = ()

    def with_slot(self, place: int, slot: Slot | None) -> Board:
        slots = list(self.slots)
        slots[place] = slot
        return replace(self, slots=tuple(slots))

    def with_way(self, number: int, z: np.ndarray) -> Board:
        ways = list(self.ways)
        ways[number] = as_way(z)
        return replace(self, ways=tuple(ways))


class SlotBoard(Kept[Board]):
    """The board and its history."""

    def __init__(self, undo: QUndoStack, parent: QObject | None = None) -> None:
        super().__init__(undo, Board(), parent)

    # Slots -------------------------------------------------------------------------------------

    def fill(self, place: int, slot: Slot, *, merge: bool = False) -> None:
        """Put `slot` there; with `merge`, as one with the fill before, as strokes of a drawing."""
        text = self.tr("Fill slot %1").replace("%1", LETTERS[place])
        board = self._value.with_slot(place, slot)
        self.push(text, board, f"{place} {slot.title}" if merge else "")

    def join(self, first: Slot, second: Slot) -> None:
        """A path from one slot to another, without way-points."""
        board = Board((first, second, *self._value.slots[2:]))
        self.push(self.tr("Path between two points"), board)

    def clear(self, place: int) -> None:
        if self._value.slots[place] is not None:
            text = self.tr("Clear slot %1").replace("%1", LETTERS[place])
            self.push(text, self._value.with_slot(place, None))

    def swap(self, first: int, second: int) -> None:
        slots = list(self._value.slots)
        slots[first], slots[second] = slots[second], slots[first]
        ways = self._value.ways[::-1] if {first, second} == {0, 1} else self._value.ways
        if first != second:
            self.push(self.tr("Swap two slots"), Board(tuple(slots), ways))

    # Way-points --------------------------------------------------------------------------------

    def add_way(self, number: int, z: np.ndarray) -> None:
        """A way-point before the one that is `number` now."""
        ways = list(self._value.ways)
        if len(ways) < MAX_WAYS:
            ways.insert(number, as_way(z))
            self.push(self.tr("Add a way-point"), replace(self._value, ways=tuple(ways)))

    def remove_way(self, number: int) -> None:
        ways = list(self._value.ways)
        del ways[number]
        self.push(self.tr("Remove a way-point"), replace(self._value, ways=tuple(ways)))

    def clear_ways(self) -> None:
        if self._value.ways:
            self.push(self.tr("Remove all way-points"), replace(self._value, ways=()))


def as_way(z: np.ndarray) -> Way:
    return tuple(float(v) for v in np.asarray(z, np.float32).reshape(-1))
