"""First in the suite: this PySide6 on this Python counts its references right."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, Signal

CALLS = 2_000
ALLOWED = 50


class _Bell(QObject):
    rung = Signal(bool)


def _counts() -> tuple[int, int]:
    return sys.getrefcount(None), sys.getrefcount(True)


def _moved(before: tuple[int, int]) -> tuple[int, int]:
    none, true = _counts()
    return abs(none - before[0]), abs(true - before[1])


def test_void_calls_keep_the_reference_counts_of_none_and_true() -> None:
    thing = QObject()
    before = _counts()
    for _ in range(CALLS):
        thing.setObjectName("canary")
    assert max(_moved(before)) < ALLOWED


def test_signal_emissions_keep_the_reference_counts_of_none_and_true() -> None:
    heard = 0

    def listen(_value: bool) -> None:
        nonlocal heard
        heard += 1

    bell = _Bell()
    bell.rung.connect(listen)
    before = _counts()
    for _ in range(CALLS):
        bell.rung.emit(True)
    assert max(_moved(before)) < ALLOWED
    assert heard == CALLS
