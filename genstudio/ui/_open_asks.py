"""The asks whose answers are awaited: the newest of each (owner, key), and nobody who is gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject

from genstudio.engine.lanes import Engine, Priority
from genstudio.engine.messages import Answer, Failure, Refusal


@dataclass
class _Open:
    """An ask whose answer is awaited."""

    owner: int
    key: str
    model: str
    then: Callable[[Answer], None]
    failed: Callable[[Failure], None]


class OpenAsks:
    """Asks on their way to the ask lane of `engine`, and whom its messages go to."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._open: dict[int, _Open] = {}
        self._newest: dict[tuple[int, str], int] = {}
        self._owners: set[int] = set()

    def __len__(self) -> int:
        return len(self._open)

    def ask(
        self,
        owner: QObject,
        key: str,
        query: str,
        model: str,
        priority: Priority,
        arguments: dict[str, Any],
        then: Callable[[Answer], None],
        failed: Callable[[Failure], None],
    ) -> int:
        """Ask, in the place of an older ask of (owner, key); see `Session.ask`."""
        who = id(owner)
        if who not in self._owners:
            self._owners.add(who)
            owner.destroyed.connect(lambda _=None, who=who: self._forget_owner(who))
        before = self._open.get(self._newest.get((who, key), 0))
        if before is not None and (before.model != model or priority is not Priority.POINTER):
            self._drop(who, key)
            if before.model != model:
                self._engine.cancel(before.model, f"{who}:{key}")
        request = self._engine.ask(model, f"{who}:{key}", query, arguments, priority)
        self._open[request] = _Open(who, key, model, then, failed)
        self._newest[(who, key)] = request
        return request

    def cancel(self, owner: QObject, key: str) -> None:
        """No further answer to the ask of (owner, key); its work ends at the next yield."""
        opened = self._open.get(self._newest.get((id(owner), key), 0))
        self._drop(id(owner), key)
        if opened is not None:
            self._engine.cancel(opened.model, f"{opened.owner}:{key}")

    def take(self, message: Answer | Refusal) -> None:
        """Hand a message to whoever asked, unless that has been dropped."""
        opened = self._open.get(message.request)
        if opened is None:
            return
        if isinstance(message, Refusal) or message.done:
            self._drop(opened.owner, opened.key, message.request)
        if isinstance(message, Refusal):
            opened.failed(message.failure)
        else:
            opened.then(message)

    def clear(self) -> None:
        """Nobody is answered any more."""
        self._open.clear()
        self._newest.clear()

    def _drop(self, who: int, key: str, upto: int | None = None) -> None:
        """Forget what (who, key) has asked, up to request `upto`."""
        newest = self._newest.get((who, key), 0)
        if upto is None or newest <= upto:
            self._newest.pop((who, key), None)
            upto = newest
        old = [n for n, o in self._open.items() if o.owner == who and o.key == key and n <= upto]
        for request in old:
            del self._open[request]

    def _forget_owner(self, who: int) -> None:
        self._owners.discard(who)
        for request, opened in list(self._open.items()):
            if opened.owner == who:
                del self._open[request]
                self._newest.pop((who, opened.key), None)
                self._engine.cancel(opened.model, f"{who}:{opened.key}")
