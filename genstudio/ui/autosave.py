"""The last session on disk: written while it changes, offered after a crash, taken back at the next
start.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, QTimer

from genstudio import paths, project
from genstudio.abilities import BadInput
from genstudio.engine import files
from genstudio.project import Project

log = logging.getLogger(__name__)

INTERVAL_MS = 15_000


class Autosave(QObject):
    """Writes `current()` to the session file when it has changed, and knows whether the last window
    ended well.

    A marker with a lock stands while a window runs: a marker whose owner is gone means a crash; one
    that is held means a second window, which then leaves the session file alone.
    """

    def __init__(self, current: Callable[[], Project], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._current = current
        self._written = b""
        self._file = paths.user_session()
        self._marker = self._file.with_name("running")
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = QLockFile(str(self._file.with_name("running.lock")))
        self._lock.setStaleLockTime(0)
        self.owner = self._lock.tryLock(0)
        self.crashed = self.owner and self._marker.exists()
        if self.owner:
            self._marker.write_text(str(os.getpid()))
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self.save)

    def last(self) -> tuple[Project | None, str]:
        """The session that was saved last, and a notice when its file was damaged and set aside."""
        return read_session(self._file)

    def start(self) -> None:
        self._timer.start()

    def save(self) -> None:
        """Write the session if it has changed. A full disk is logged, never in the way."""
        if not self.owner:
            return
        text = project.dumps(self._current())
        if text == self._written:
            return
        try:
            files.replace(self._file, text)
            self._written = text
        except OSError:
            log.exception("The session could not be saved.")

    def end(self) -> None:
        """A clean end: the session is saved and the marker goes."""
        self._timer.stop()
        if self.owner:
            self.save()
            self._marker.unlink(missing_ok=True)
            self._lock.unlock()
            self.owner = False


def read_session(file: Path) -> tuple[Project | None, str]:
    """The project in `file`, or None; a damaged one is renamed to .bad and the notice says so."""
    try:
        with file.open("rb") as stream:
            return project.loads(stream.read(project.MAX_BYTES + 1), file.name), ""
    except FileNotFoundError:
        return None, ""
    except (OSError, BadInput) as error:
        aside = file.with_suffix(".bad")
        try:
            file.replace(aside)
        except OSError:
            log.exception("The damaged session could not be set aside.")
        return (
            None,
            f"The last session could not be read and was set aside as {aside.name}. {error}",
        )
