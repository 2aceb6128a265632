"""The last session: written when it changed, offered after a crash, set aside when damaged."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pytestqt.qtbot import QtBot

from genstudio import paths, project
from genstudio.project import Project
from genstudio.ui.autosave import Autosave

CRASH = """
import os
from PySide6.QtCore import QCoreApplication
from genstudio.project import Project
from genstudio.ui.autosave import Autosave
app = QCoreApplication([])
autosave = Autosave(lambda: Project(seed=42))
autosave.save()
os._exit(1)
"""


def test_a_clean_end_leaves_the_session_and_no_marker(qtbot: QtBot, home: Path) -> None:
    autosave = Autosave(lambda: Project(seed=5))
    assert autosave.owner
    assert not autosave.crashed
    autosave.end()
    again = Autosave(lambda: Project())
    assert not again.crashed
    assert again.last() == (Project(seed=5), "")
    again.end()


def test_after_a_crash_the_session_is_offered(qtbot: QtBot, home: Path) -> None:
    subprocess.run([sys.executable, "-c", CRASH], check=False)
    autosave = Autosave(lambda: Project())
    assert autosave.crashed
    assert autosave.last()[0] == Project(seed=42)
    autosave.end()


def test_a_second_window_is_no_crash_and_leaves_the_file_alone(qtbot: QtBot, home: Path) -> None:
    first = Autosave(lambda: Project(seed=1))
    first.save()
    second = Autosave(lambda: Project(seed=2))
    assert not second.owner
    assert not second.crashed
    second.save()
    second.end()
    assert first.last()[0] == Project(seed=1)
    first.end()


def test_nothing_is_written_while_nothing_changes(qtbot: QtBot, home: Path) -> None:
    autosave = Autosave(lambda: Project(seed=1))
    autosave.save()
    written = paths.user_session().stat().st_mtime_ns
    autosave.save()
    assert paths.user_session().stat().st_mtime_ns == written
    autosave.end()


def test_a_damaged_session_is_set_aside_with_one_notice(qtbot: QtBot, home: Path) -> None:
    home.mkdir(parents=True)
    paths.user_session().write_bytes(b"{ half")
    autosave = Autosave(lambda: Project())
    last, notice = autosave.last()
    assert last is None
    assert "set aside as session.bad" in notice
    assert paths.user_session().with_suffix(".bad").read_bytes() == b"{ half"
    assert autosave.last() == (None, "")
    autosave.end()


def test_a_full_disk_is_never_in_the_way(qtbot: QtBot, home: Path, monkeypatch) -> None:
    from genstudio.engine import files

    autosave = Autosave(lambda: Project(seed=1))

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files, "replace", full)
        autosave.save()
    assert not paths.user_session().exists()
    autosave.end()
    assert project.loads(paths.user_session().read_bytes()) == Project(seed=1)
