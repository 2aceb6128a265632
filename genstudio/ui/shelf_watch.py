"""Notices runs that another program trains, renames or deletes in the user's folder."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

from genstudio.engine import shelf
from genstudio.ui.session import Session

INTERVAL_MS = 3_000  # while the window is in front; a look is a few file times


class ShelfWatch(QObject):
    """Says `session.library_changed` when the shelf on disk is another than at the last look.

    It looks every few seconds while the program is in front, and at once when it comes there.
    """

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._seen = shelf.stamp()
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self.look)
        session.library_changed.connect(self._know)
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.applicationStateChanged.connect(self._came_or_went)
        self._timer.start()

    def look(self) -> None:
        """Compare the shelf with the one that was seen last."""
        if shelf.stamp() != self._seen:
            self._session.library_changed.emit()

    def end(self) -> None:
        """Look no more."""
        self._timer.stop()

    def _know(self) -> None:
        self._seen = shelf.stamp()

    def _came_or_went(self, state: Qt.ApplicationState) -> None:
        if state == Qt.ApplicationState.ApplicationActive:
            self.look()
            self._timer.start()
        else:
            self._timer.stop()
