"""Open the window: what runs before torch is loaded, and what is put right at the end."""

from __future__ import annotations

import os
import signal
import sys
import time

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from genstudio.engine.messages import Failure
from genstudio.ui import errors, theme, tidy
from genstudio.ui.autosave import Autosave
from genstudio.ui.main_window import MainWindow, settings_file
from genstudio.ui.session import Session


def open_window(panel: str = "", weights: str = "", device: str = "auto") -> int:
    """Run the window until it is closed; returns the exit code."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    app.setApplicationName("GenStudio")
    app.setDesktopFileName("genstudio")
    settings = settings_file()
    theme.apply(app, str(settings.value("theme", "system")))
    session = Session(device, opened=False)
    session.ready.connect(tidy.settle)
    crash = errors.install(lambda failure: session.failed.emit(failure))
    window = MainWindow(session)
    autosave = Autosave(window.project)
    _quit_on_signals(window)
    _report_times(window, session)
    window.painted.connect(lambda: _begin(window, autosave, panel, weights, crash))
    window.show()
    try:
        code = app.exec()
    finally:
        autosave.end()
        ended = session.close()
        errors.clean_exit()
    return code if ended else 1


def _begin(
    window: MainWindow, autosave: Autosave, panel: str, weights: str, crash: str | None
) -> None:
    """The window is painted: load torch; bring back the last session, or offer it after a crash."""
    window.session.open()
    last, notice = autosave.last()
    if autosave.crashed and last is not None:
        window.start(panel, weights)
        window.offer_restore(last, crash or "")
    else:
        window.start(panel, weights, project=last)
    if notice:
        window.session.failed.emit(Failure(notice))
    autosave.start()


def _quit_on_signals(window: MainWindow) -> None:
    """Ctrl+C and SIGTERM close the window as the mouse does: everything saved."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: QTimer.singleShot(0, window.close))
    beat = QTimer(window)  # lets Python see the signal while Qt waits
    beat.start(500)
    beat.timeout.connect(lambda: None)


def _report_times(window: MainWindow, session: Session) -> None:
    """For `genstudio bench startup`: times of first paint and first picture, then quit."""
    if os.environ.get("GENSTUDIO_BENCH_STARTUP") != "1":
        return
    window.painted.connect(lambda: print(f"window {time.monotonic()}", flush=True))  # noqa: T201

    def pictured() -> None:
        print(f"manifold {time.monotonic()}", flush=True)  # noqa: T201
        QTimer.singleShot(0, window.close)

    session.first_picture.connect(pictured)
