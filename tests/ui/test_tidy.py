"""Garbage that holds Qt objects must never be collected outside the window's thread."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from types import ModuleType
from typing import Any

from pytestqt.qtbot import QtBot

from genstudio.ui import tidy as tidy_module
from genstudio.ui.session import Session
from genstudio.ui.tidy import Tidy


class Cycle:
    """Something that only the cycle collector can free; it remembers the thread that did."""

    freed: list[int] = []  # noqa: RUF012

    def __init__(self) -> None:
        self.me = self
        weakref.finalize(self, lambda: Cycle.freed.append(threading.get_ident()))


def allocate() -> None:
    """Many times the young generation's threshold, in cycles."""
    for _ in range(20_000):
        pair: list[Any] = []
        pair.append(pair)


def test_cycles_are_collected_in_the_windows_thread(qtbot: QtBot) -> None:
    Cycle.freed.clear()
    tidy = Tidy()
    Cycle()
    worker = threading.Thread(target=allocate)
    worker.start()
    worker.join()
    assert Cycle.freed == []
    tidy._whole_at = 0.0
    for _ in range(200):
        allocate()
        tidy.look()
    qtbot.waitUntil(lambda: bool(Cycle.freed))
    assert set(Cycle.freed) == {threading.get_ident()}
    tidy.end()
    assert gc.isenabled()


def test_collection_comes_back_with_the_last_session(qtbot: QtBot) -> None:
    first, second = Session("cpu", opened=False), Session("cpu", opened=False)
    assert not gc.isenabled()
    assert first.close()
    assert not gc.isenabled()
    assert second.close()
    assert gc.isenabled()


def test_what_stands_after_imports_is_left_out_of_collections(qapp, monkeypatch) -> None:
    monkeypatch.setattr(tidy_module._Process, "ends_with_window", True)
    frozen = gc.get_freeze_count()
    tidy = Tidy()
    try:
        tidy.look()
        assert gc.get_freeze_count() == frozen, "nothing was imported"
        monkeypatch.setitem(sys.modules, "a module of this test", ModuleType("of this test"))
        alive = weakref.ref(Cycle())
        allocate()
        tidy.look()
        assert gc.get_freeze_count() == frozen, "it may go on importing"
        assert alive() is not None, "no collection while modules come"
        tidy.look()
        assert gc.get_freeze_count() > frozen
        standing = gc.get_freeze_count()
        tidy.look()
        assert gc.get_freeze_count() == standing, "once for each import"
    finally:
        tidy.end()
        gc.unfreeze()
