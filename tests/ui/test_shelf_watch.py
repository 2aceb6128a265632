"""Runs that another program trains appear in the window by themselves."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from genstudio import paths
from genstudio.ui import shelf_watch
from genstudio.ui.session import Session
from genstudio.ui.shelf_watch import ShelfWatch
from tests.engine.test_shelf import make_run


@pytest.fixture
def session(qtbot: QtBot) -> Iterator[Session]:
    session = Session("cpu")
    yield session
    assert session.close()


def test_a_run_of_another_program_is_noticed_once(
    session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf_watch, "INTERVAL_MS", 20)
    changes: list[int] = []
    session.library_changed.connect(lambda: changes.append(1))
    watch = ShelfWatch(session)
    make_run("from elsewhere")
    qtbot.waitUntil(lambda: len(changes) == 1)
    watch.look()
    assert len(changes) == 1
    card = paths.user_runs() / "from elsewhere" / "card.json"
    os.utime(card, ns=(1, 1))
    qtbot.waitUntil(lambda: len(changes) == 2)
    shutil.rmtree(card.parent)
    qtbot.waitUntil(lambda: len(changes) == 3)
    watch.end()


def test_it_looks_when_the_program_comes_to_the_front_and_rests_behind(session: Session) -> None:
    changes: list[int] = []
    session.library_changed.connect(lambda: changes.append(1))
    watch = ShelfWatch(session)
    watch._came_or_went(Qt.ApplicationState.ApplicationInactive)
    assert not watch._timer.isActive()
    make_run("from elsewhere")
    watch._came_or_went(Qt.ApplicationState.ApplicationActive)
    assert changes == [1] and watch._timer.isActive()
    watch.end()
