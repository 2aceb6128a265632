"""Values that the hand changes, with their entries in the window's history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

MERGE_ID = 0x4753

T = TypeVar("T")


class Change(QUndoCommand):
    """From one value to another. Changes of the same `merge`, one right after the other, become one
    entry: steps of a pin by the arrow keys, say.
    """

    def __init__(
        self, text: str, before: T, after: T, put: Callable[[T], Any], merge: str = ""
    ) -> None:
        super().__init__(text)
        self._before, self._after, self._put, self._merge = before, after, put, merge

    def id(self) -> int:
        return MERGE_ID if self._merge else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, Change) or other._key() != self._key():
            return False
        self._after = other._after
        return True

    def _key(self) -> tuple[Any, ...]:
        return self._put, self._merge

    def undo(self) -> None:
        self._put(self._before)

    def redo(self) -> None:
        self._put(self._after)


class Kept(QObject, Generic[T]):
    """A value and its history. What the hand drags is shown by `preview`, and is an entry once it
    lets go.
    """

    changed = Signal()

    def __init__(self, undo: QUndoStack, value: T, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._undo = undo
        self._value = value
        self._grabbed: tuple[T] | None = None  # as it was when the hand took it

    def value(self) -> T:
        return self._value

    def set_value(self, value: T) -> None:
        """Take `value` over without an entry in the history."""
        if value != self._value:
            self._value = value
            self.changed.emit()

    def push(self, text: str, after: T, merge: str = "") -> None:
        """Change to `after`, with an entry."""
        self._grabbed = None
        self._undo.push(Change(text, self._value, after, self.set_value, merge))

    def preview(self, value: T) -> None:
        """What the hand drags: no entry until `drop`."""
        if self._grabbed is None:
            self._grabbed = (self._value,)
        self.set_value(value)

    def give_up(self) -> None:
        """Put back what `preview` has shown."""
        grabbed, self._grabbed = self._grabbed, None
        if grabbed is not None:
            self.set_value(grabbed[0])

    def drop(self, text: str, merge: str = "") -> None:
        """The hand has let go of what `preview` showed."""
        grabbed, self._grabbed = self._grabbed, None
        if grabbed is not None and grabbed[0] != self._value:
            after, self._value = self._value, grabbed[0]
            self.push(text, after, merge)
