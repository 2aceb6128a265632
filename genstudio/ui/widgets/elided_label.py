"""A label that shortens its text with an ellipsis and gives the whole of it as tooltip."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QStyle, QWidget


class ElidedLabel(QLabel):
    """One line of text, cut at `mode` where the width is too small."""

    def __init__(
        self,
        parent: QWidget | None = None,
        text: str = "",
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._mode = mode
        self._own_tip = False

    def shown(self) -> str:
        """The text as it is drawn now."""
        return self.fontMetrics().elidedText(self.text(), self._mode, self.contentsRect().width())

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance("…"), super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        shown = self.shown()
        cut = shown != self.text()
        if cut and not self.toolTip():
            self.setToolTip(self.text())
            self._own_tip = True
        elif self._own_tip and self.toolTip() != (self.text() if cut else ""):
            self.setToolTip(self.text() if cut else "")
            self._own_tip = cut
        painter = QPainter(self)
        flags = QStyle.visualAlignment(self.layoutDirection(), self.alignment()).value
        self.style().drawItemText(
            painter,
            self.contentsRect(),
            flags,
            self.palette(),
            self.isEnabled(),
            shown,
            self.foregroundRole(),
        )
