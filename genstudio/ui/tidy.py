"""Garbage is collected in the window's thread alone.

Python collects cycles in whichever thread allocates, and a Qt object that is destroyed outside its
own thread crashes the process. So automatic collection is off while a session lives, and a timer
does the same work here. After `settle`, what stands once modules have been imported (torch, later
its optimizers, ...) is taken out of it for good: looking through it takes a tenth of a second.
"""

from __future__ import annotations

import gc
import sys
import time

from PySide6.QtCore import QObject, QTimer

INTERVAL_MS = 100
WHOLE_EVERY_S = 30.0  # how often all that lives is looked through at most


class _Process:
    ends_with_window = False


def settle() -> None:
    """Take what stands now, and after later imports, out of collections, in a process that ends
    with its window.
    """
    _Process.ends_with_window = True
    gc.freeze()


class Tidy(QObject):
    """Collects as Python would by its thresholds, until `end`."""

    _living = 0

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        Tidy._living += 1
        self._whole_at = time.monotonic()
        self._modules, self._importing = len(sys.modules), False
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Collect the oldest generation that is due; while modules are being imported, nothing."""
        if _Process.ends_with_window and self._still_importing():
            return
        counts, limits = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if generation == 2 and time.monotonic() - self._whole_at < WHOLE_EVERY_S:
                continue
            if counts[generation] > limits[generation] > 0:
                gc.collect(generation)
                if generation == 2:
                    self._whole_at = time.monotonic()
                return

    def _still_importing(self) -> bool:
        """Whether modules have come since the last look; once none do, what stands is frozen."""
        before, self._modules = self._modules, len(sys.modules)
        if self._modules > before:
            self._importing = True
        elif self._importing:
            self._importing = False
            gc.freeze()
        return self._importing

    def end(self) -> None:
        """Let Python collect again, once no session is left."""
        if self._timer.isActive():
            self._timer.stop()
            Tidy._living -= 1
            if Tidy._living == 0:
                gc.enable()
