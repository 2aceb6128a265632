"""The driver looks at the window only once nothing is asked any more."""

from __future__ import annotations

import time
from types import SimpleNamespace

from PySide6.QtWidgets import QApplication

from genstudio.ui.driver import FRAME_MS, QUIET_MS, Driver


def test_a_slow_look_is_no_rest(qapp: QApplication) -> None:
    ends = time.monotonic() + (FRAME_MS + 2 * QUIET_MS) / 1000
    driver = Driver.__new__(Driver)
    driver.session = SimpleNamespace(
        idle=lambda: time.monotonic() > ends, engine=SimpleNamespace(running=list)
    )
    looks = []

    def look() -> None:
        looks.append(time.monotonic())
        while time.monotonic() < looks[-1] + 1.2 * QUIET_MS / 1000:
            pass

    assert driver.settle(look)
    assert looks
    assert time.monotonic() > ends
