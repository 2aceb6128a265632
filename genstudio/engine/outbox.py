"""Messages on their way up from the lanes."""

from __future__ import annotations

import threading
from collections.abc import Callable

from genstudio.engine.messages import URGENT, Message


class Outbox:
    """Messages on their way up. `wake` is called at once for urgent ones, one pending call at most,
    and never for the rest.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        self._urgent: list[Message] = []
        self._rest: list[Message] = []
        self._pending = False

    def put(self, *messages: Message) -> None:
        with self._lock:
            ring = False
            for message in messages:
                if isinstance(message, URGENT):
                    self._urgent.append(message)
                    ring = True
                else:
                    self._rest.append(message)
            ring = ring and not self._pending
            self._pending = self._pending or ring
        if ring:
            self._wake()

    def take_urgent(self) -> list[Message]:
        with self._lock:
            messages, self._urgent, self._pending = self._urgent, [], False
        return messages

    def take_rest(self) -> list[Message]:
        """Everything that is not urgent; the reader calls it at most 30 times a second."""
        with self._lock:
            messages, self._rest = self._rest, []
        return messages
