"""The real window in the hands of a script: opened, driven, photographed, closed.

The tour and the measurements stand on it. It shows what a user would see; nothing is drawn for it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
from PySide6.QtCore import (
    QElapsedTimer,
    QEventLoop,
    QMessageLogContext,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from genstudio.engine.messages import Failure
from genstudio.ui import theme
from genstudio.ui.main_window import MainWindow
from genstudio.ui.session import Session

QUIET_MS = 250  # so long nothing may be asked before the window counts as idle
IDLE_WITHIN_S = 60.0
BUSY_WITHIN_S = 3.0  # a window in which a model trains is never idle: look at it after this
FRAME_MS = 100

NO_SCREEN = "This plugin does not support propagateSizeHints()"  # said offscreen, of every window

__all__ = ["Driver"]


class Driver:
    """One window. `failures` holds one sentence for everything that went wrong in it.

    Use as a context manager: leaving it closes the window and ends both lanes.
    """

    def __init__(self, width: int = 1440, height: int = 880, scheme: str = "dark") -> None:
        app = QApplication.instance() or QApplication(sys.argv[:1])
        assert isinstance(app, QApplication)
        self.app = app
        theme.apply(app, scheme)
        self.failures: list[str] = []
        self._qt_before = qInstallMessageHandler(_qt_message)
        self.session = Session("cpu")
        self.session.failed.connect(self._failed)
        self.window = MainWindow(self.session)
        self.window.resize(width, height)
        self._hook = sys.excepthook
        sys.excepthook = self._raised

    def __enter__(self) -> Driver:
        started: list[bool] = []
        self.window.painted.connect(lambda: (self.window.start(), started.append(True)))
        self.window.show()
        self.wait(lambda: bool(started), 30.0)
        self.wait(lambda: self.session.torch_ready or bool(self.failures), IDLE_WITHIN_S)
        self.settle()
        return self

    def __exit__(self, *_: object) -> None:
        sys.excepthook = self._hook
        self.window.close()
        self.session.close()
        self.window.deleteLater()
        self.run_events(0)
        qInstallMessageHandler(self._qt_before)

    # Time ----------------------------------------------------------------------------------------

    def run_events(self, ms: int) -> None:
        """Let the window live for `ms` milliseconds."""
        loop = QEventLoop()
        QTimer.singleShot(ms, loop.quit)
        loop.exec()

    def wait(self, condition: Callable[[], bool], within_s: float) -> bool:
        """Let the window live until `condition` holds; False when it did not in time."""
        deadline = time.monotonic() + within_s
        while not condition():
            if time.monotonic() > deadline:
                return False
            self.run_events(5)
        return True

    def settle(self, watch: Callable[[], None] = lambda: None) -> bool:
        """Let the window live until nothing has been asked for a while, calling `watch` meanwhile.

        Returns: False when it did not come to rest in time.
        """
        quiet, seen = QElapsedTimer(), QElapsedTimer()
        quiet.start()
        seen.start()

        def rested() -> bool:
            if seen.elapsed() >= FRAME_MS:
                watch()
                seen.restart()
            if not self.session.idle():
                quiet.restart()
            return quiet.elapsed() >= QUIET_MS

        training = bool(self.session.engine.running())
        return self.wait(rested, BUSY_WITHIN_S if training else IDLE_WITHIN_S)

    # Pictures ------------------------------------------------------------------------------------

    def photograph(self) -> np.ndarray:
        """What the window shows, uint8 (H, W, 3)."""
        image = self.window.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
        rows = np.frombuffer(image.constBits(), np.uint8)
        rows = rows.reshape(image.height(), image.bytesPerLine())
        return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()

    def panels(self) -> list[str]:
        """Keys of the panels, in their order."""
        return [spec.key for spec in self.window.panels.specs()]

    def tour(self, key: str) -> Iterator[tuple[str, np.ndarray]]:
        """Drive a panel through its own tour: (caption, photograph), once for each step.

        A picture with an empty caption was taken on the way.
        """
        area = self.window.panels
        area.show_panel(key)
        moving: list[np.ndarray] = []
        for caption in area.panel(key).tour():
            self.settle(lambda: moving.append(self.photograph()))
            for picture in moving:
                yield "", picture
            moving.clear()
            yield caption, self.photograph()

    # Failures ------------------------------------------------------------------------------------

    def _failed(self, failure: Failure) -> None:
        self.failures.append(failure.sentence())

    def _raised(self, kind: type[BaseException], error: BaseException, trace: object) -> None:
        self.failures.append(f"{kind.__name__}: {error}")
        self._hook(kind, error, trace)  # type: ignore[arg-type]


def _qt_message(_kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
    """What Qt has to say goes to standard error, but for the line that every window costs where
    there is no screen.
    """
    if text != NO_SCREEN:
        sys.stderr.write(f"{text}\n")
