"""What stands in the four slots, and the way-points between them, with undo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

LETTERS = ("A", "B", "C", "D")
MERGE_ID = 0x4950  # steps of one pin by the arrow keys become one entry
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


class SlotBoard(QObject):
    """The board and its history."""

    changed = Signal()

    def __init__(self, undo: QUndoStack, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._undo = undo
        self._board = Board()
        self._grabbed: Board | None = None  # as it was when the hand took a pin

    def board(self) -> Board:
        return self._board

    def set_board(self, board: Board) -> None:
        """Take `board` over without an entry in the history."""
        if board != self._board:
            self._board = board
            self.changed.emit()

    # Slots -------------------------------------------------------------------------------------

    def fill(self, place: int, slot: Slot, *, merge: bool = False) -> None:
        """Put `slot` there; with `merge`, as one with the fill before, as strokes of a drawing."""
        text = self.tr("Fill slot %1").replace("%1", LETTERS[place])
        board = self._board.with_slot(place, slot)
        self._push(text, board, MERGE_ID if merge else -1, f"{place} {slot.title}")

    def join(self, first: Slot, second: Slot) -> None:
        """A path from one slot to another, without way-points."""
        board = Board((first, second, *self._board.slots[2:]))
        self._push(self.tr("Path between two points"), board)

    def clear(self, place: int) -> None:
        if self._board.slots[place] is not None:
            text = self.tr("Clear slot %1").replace("%1", LETTERS[place])
            self._push(text, self._board.with_slot(place, None))

    def swap(self, first: int, second: int) -> None:
        slots = list(self._board.slots)
        slots[first], slots[second] = slots[second], slots[first]
        ways = self._board.ways[::-1] if {first, second} == {0, 1} else self._board.ways
        if first != second:
            self._push(self.tr("Swap two slots"), Board(tuple(slots), ways))

    # Way-points --------------------------------------------------------------------------------

    def add_way(self, number: int, z: np.ndarray) -> None:
        """A way-point before the one that is `number` now."""
        ways = list(self._board.ways)
        if len(ways) < MAX_WAYS:
            ways.insert(number, as_way(z))
            self._push(self.tr("Add a way-point"), replace(self._board, ways=tuple(ways)))

    def remove_way(self, number: int) -> None:
        ways = list(self._board.ways)
        del ways[number]
        self._push(self.tr("Remove a way-point"), replace(self._board, ways=tuple(ways)))

    def clear_ways(self) -> None:
        if self._board.ways:
            self._push(self.tr("Remove all way-points"), replace(self._board, ways=()))

    # Under the hand ----------------------------------------------------------------------------

    def preview(self, board: Board) -> None:
        """What the hand drags: no entry until `drop`."""
        if self._grabbed is None:
            self._grabbed = self._board
        self.set_board(board)

    def give_up(self) -> None:
        """Put back what `preview` has shown."""
        before, self._grabbed = self._grabbed, None
        if before is not None:
            self.set_board(before)

    def drop(self, text: str, merge: bool = False) -> None:
        """The hand has let go of what `preview` showed."""
        before, self._grabbed = self._grabbed, None
        if before is not None and before != self._board:
            after, self._board = self._board, before
            self._push(text, after, MERGE_ID if merge else -1)

    def _push(self, text: str, after: Board, merge_id: int = -1, what: str = "") -> None:
        self._grabbed = None
        self._undo.push(_Change(text, self._board, after, self.set_board, merge_id, what))


class _Change(QUndoCommand):
    def __init__(
        self,
        text: str,
        before: Board,
        after: Board,
        put: Callable[[Board], None],
        merge_id: int,
        what: str,
    ) -> None:
        super().__init__(text)
        self._before, self._after, self._put = before, after, put
        self._id, self._what = merge_id, f"{text} {what}"

    def id(self) -> int:
        return self._id

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Change) or other._what != self._what:
            return False
        self._after = other._after
        return True

    def undo(self) -> None:
        self._put(self._before)

    def redo(self) -> None:
        self._put(self._after)


def as_way(z: np.ndarray) -> Way:
    return tuple(float(v) for v in np.asarray(z, np.float32).reshape(-1))
