"""What a map shows now, and which pictures of it come onto the map together."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from genstudio.ui.panels._map_space import Space
from genstudio.ui.session import ModelRef


class Epoch(QObject):
    """A model or one of its snapshots, on one space; another of them begins another epoch.

    Pictures of an epoch that has passed are never shown. Those that are awaited together are kept
    until the last has come, and then change in one go.
    """

    complete = Signal()  # all that was awaited stands on the map

    def __init__(self, space: Space, parent: QObject) -> None:
        super().__init__(parent)
        self.number = 0
        self.ref: ModelRef | None = None
        self.source = ""
        self.space = space
        self.held = False  # where to look is not known yet
        self._waiting: set[str] = set()
        self._ready: dict[str, Callable[[], None]] = {}

    @property
    def waiting(self) -> bool:
        """Whether pictures are awaited that will change together."""
        return bool(self._waiting)

    def begin(self, space: Space, together: set[str]) -> None:
        """Another epoch on `space`, of whose pictures those named in `together` change together."""
        self.number += 1
        self.space = space
        self._ready.clear()
        self._waiting = set(together)

    def arrive(self, kind: str, number: int, put: Callable[[], None]) -> None:
        """Put a picture of epoch `number` on the map, once the others that are awaited are here."""
        if number != self.number:
            return
        if not self._waiting:
            put()
            return
        self._ready[kind] = put
        self.leave_out(kind)

    def leave_out(self, kind: str) -> None:
        """Wait for this picture no longer."""
        if kind in self._waiting:
            self._waiting.discard(kind)
            if not self._waiting:
                self._put_all()

    def drop(self) -> None:
        """Wait for no picture, and show none of those that have come."""
        self._waiting.clear()
        self._ready.clear()

    def _put_all(self) -> None:
        ready, self._ready = self._ready, {}
        for put in ready.values():
            put()
        self.complete.emit()
