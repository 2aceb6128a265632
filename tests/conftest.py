"""What every test runs under: no screen, no network, its own user folder, nothing left behind."""

from __future__ import annotations

import gc
import itertools
import os
import socket
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_API", "pyside6")
os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")

import pytest
import torch
from hypothesis import HealthCheck, settings
from PySide6.QtCore import QCoreApplication, QEvent, QThread, QTimer
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

settings.register_profile(
    "default", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

THREADS_END_WITHIN_S = 5.0
_homes = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """A connection that leaves this machine is an error: nothing goes out unless the user asks."""
    connect = socket.socket.connect

    def only_here(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in (
            "127.0.0.1",
            "::1",
            "localhost",
        ):
            raise AssertionError(f"A test tried to reach {address[0]} over the network.")
        connect(self, address)

    def no_names(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in (None, "", "127.0.0.1", "::1", "localhost", socket.gethostname()):
            raise AssertionError(f"A test tried to look up {host!r} over the network.")
        return look_up(host, *args, **kwargs)

    look_up = socket.getaddrinfo
    socket.socket.connect = only_here  # type: ignore[method-assign]
    socket.getaddrinfo = no_names
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]
    socket.getaddrinfo = look_up


@pytest.fixture(scope="session")
def _homes_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(autouse=True)
def home(_homes_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This test's own GENSTUDIO_HOME (not created here), and one torch thread."""
    folder = _homes_folder / str(next(_homes))
    monkeypatch.setenv("GENSTUDIO_HOME", str(folder))
    torch.set_num_threads(1)
    return folder


def _settle() -> None:
    """Let Qt delete what was told to go."""
    if QCoreApplication.instance() is not None:
        QCoreApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _threads() -> set[threading.Thread]:
    """Python threads, without the test runner's own watchman and Qt's shadows."""
    return {
        thread
        for thread in threading.enumerate()
        if not thread.name.startswith("pytest_timeout")
        and not isinstance(thread, threading._DummyThread)
    }


def _leaked_threads(before: set[threading.Thread]) -> list[str]:
    deadline = time.monotonic() + THREADS_END_WITHIN_S
    for thread in _threads() - before:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [f"thread {thread.name!r}" for thread in _threads() - before]


def _windows() -> set[Any]:
    return set(QApplication.topLevelWidgets()) if QApplication.instance() is not None else set()


def _leaked_windows(before: set[Any]) -> list[str]:
    if not _windows() - before:
        return []
    _settle()
    gc.collect()
    _settle()
    return [
        f"window {type(w).__name__} {w.objectName() or w.windowTitle()!r}"
        for w in _windows() - before
    ]


def _leaked_clocks(started: list[weakref.ref[Any]]) -> list[str]:
    """Timers and QThreads that this test started and that still run."""
    names = []
    for reference in started:
        thing = reference()
        if thing is None or not isValid(thing):
            continue
        if thing.isActive() if isinstance(thing, QTimer) else thing.isRunning():
            parent = thing.parent()
            owner = f" of {type(parent).__name__}" if parent is not None else ""
            names.append(f"{type(thing).__name__} {thing.objectName()!r}{owner}")
    return names


@pytest.fixture(autouse=True)
def _nothing_left_behind(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A window, a running timer or a thread that outlives its test fails the test, by name."""
    started: list[weakref.ref[Any]] = []
    for kind in (QTimer, QThread):

        def start(self: Any, *args: Any, _start: Any = kind.start) -> None:
            started.append(weakref.ref(self))
            _start(self, *args)

        monkeypatch.setattr(kind, "start", start)
    windows, threads = _windows(), _threads()
    yield
    _settle()
    left = _leaked_windows(windows) + _leaked_clocks(started) + _leaked_threads(threads)
    if left:
        pytest.fail("Left behind: " + "; ".join(left), pytrace=False)
