"""The road of errors: slots, threads, Qt's messages and crashes all arrive."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer, qWarning

from genstudio.abilities import BadInput
from genstudio.engine.messages import Failure
from genstudio.ui import errors


@pytest.fixture
def told(qapp) -> Iterator[list[Failure]]:
    failures: list[Failure] = []
    before = (sys.excepthook, threading.excepthook)
    errors.install(failures.append)
    yield failures
    errors.clean_exit()
    assert (sys.excepthook, threading.excepthook) == before


def test_an_error_in_a_slot_reaches_banner_and_log(qtbot, told: list[Failure]) -> None:
    hook = sys.excepthook

    def slot() -> None:
        raise RuntimeError("the sheet is gone")

    with qtbot.captureExceptions():
        sys.excepthook = hook  # pytest-qt put its own in
        QTimer.singleShot(0, slot)
        qtbot.waitUntil(lambda: len(told) == 1)
    assert "RuntimeError: the sheet is gone" in told[0].title
    assert "Traceback" in told[0].details
    assert "the sheet is gone" in errors.log_file().read_text(encoding="utf-8")


def test_an_error_in_a_thread_is_told_on_the_gui_thread(qtbot, qapp) -> None:
    where: list[int] = []
    errors.install(lambda failure: where.append(threading.get_ident()))
    try:
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
        assert where == []
        qtbot.waitUntil(lambda: len(where) == 1)
        assert where == [threading.get_ident()]
    finally:
        errors.clean_exit()


def test_the_users_own_mistakes_keep_their_words() -> None:
    failure = errors.explain(BadInput("beta must be at least 0, got -1."))
    assert failure.sentence() == "beta must be at least 0, got -1."


def test_qt_messages_go_into_the_log(told: list[Failure], caplog) -> None:
    with caplog.at_level(logging.WARNING, "genstudio.ui"):
        qWarning("a pixmap is null")
    assert "a pixmap is null" in caplog.text
    assert told == []


def test_a_banner_that_fails_does_not_go_round_in_circles(qtbot, qapp) -> None:
    calls: list[Failure] = []

    def report(failure: Failure) -> None:
        calls.append(failure)
        errors._hook(ValueError, ValueError("banner broke"), None)
        qapp.processEvents()

    errors.install(report)
    try:
        errors._hook(RuntimeError, RuntimeError("first"), None)
        qtbot.waitUntil(lambda: bool(calls))
        for _ in range(5):
            qapp.processEvents()
        assert len(calls) == 1
    finally:
        errors.clean_exit()


CRASH = """
import os, sys
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from PySide6.QtCore import QCoreApplication
app = QCoreApplication([])
from genstudio.ui import errors
print(repr(errors.install(lambda failure: None)), flush=True)
if sys.argv[1] == "crash":
    os.kill(os.getpid(), {signal})
errors.clean_exit()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_crash_is_told_at_the_next_start_and_once(home: Path) -> None:
    def start(how: str) -> str:
        code = CRASH.replace("{signal}", str(int(signal.SIGSEGV)))
        folder = Path(errors.__file__).parents[2]
        done = subprocess.run(
            [sys.executable, "-c", code, how],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=folder,
            env={**os.environ, "GENSTUDIO_HOME": str(home)},
            check=False,
        )
        return done.stdout

    assert start("crash").strip() == "''"
    found = start("end")
    assert "Segmentation fault" in found
    assert "GenStudio" in found
    assert start("end").strip() == "''"
    assert list((home / "logs").glob("crash-*")) == []


def test_a_folder_that_cannot_be_written_does_not_stop_the_start(qapp, home: Path, caplog) -> None:
    home.parent.mkdir(parents=True, exist_ok=True)
    home.write_text("a file stands where the folder should be", encoding="utf-8")
    try:
        assert errors.install(lambda failure: None) == ""
        assert "No log is written" in caplog.text
    finally:
        errors.clean_exit()
        home.unlink()
