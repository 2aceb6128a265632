"""One sentence where something went wrong, or where there is nothing yet."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from genstudio.ui import icons, theme

WIDEST_PX = 480  # of an empty panel's sentence; more breaks into lines
_KINDS = {"error": "alert", "warning": "alert", "info": "info"}
_COLOURS = {"error": "error", "warning": "warning", "info": "accent"}


class Banner(QWidget):
    """An icon, a sentence, at most one action, Copy details, and a cross; Esc dismisses it."""

    dismissed = Signal()
    acted = Signal()  # the action's button was pressed

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = "error"
        self._details = ""
        self._icon = QLabel(self)
        self._words = QLabel(self)
        self._words.setWordWrap(True)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._action = QPushButton(self)
        self._action.clicked.connect(self.acted)
        self._copy = QPushButton(self.tr("Copy details"), self)
        self._copy.setToolTip(self.tr("Copy what happened, for a report"))
        self._copy.clicked.connect(self.copy_details)
        self._close = QToolButton(self)
        self._close.setToolTip(self.tr("Dismiss (Esc)"))
        self._close.setAccessibleName(self.tr("Dismiss"))
        self._close.clicked.connect(self.dismiss)
        icons.wear(self._close, "close", "quiet")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 8, 6)
        row.setSpacing(theme.GRID)
        row.addWidget(self._icon)
        row.addWidget(self._words, 1)
        for button in (self._action, self._copy):
            theme.role(button, "flat")
            row.addWidget(button)
        row.addWidget(self._close)
        theme.notifier().changed.connect(self._dress)
        self.hide()

    # Get and set ------------------------------------------------------------

    def text(self) -> str:
        return self._words.text()

    def kind(self) -> str:
        """error, warning or info."""
        return self._kind

    def details(self) -> str:
        return self._details

    def show_error(self, sentence: str, details: str = "") -> None:
        """Say what went wrong and what to do; `details` are for Copy details."""
        self.show_message("error", sentence, details)

    def show_message(self, kind: str, sentence: str, details: str = "", action: str = "") -> None:
        """Show a sentence of kind error, warning or info, with an action's button where named."""
        self._kind, self._details = kind, details
        self._words.setText(sentence)
        self._action.setText(action)
        self._action.setVisible(bool(action))
        self._copy.setVisible(bool(details))
        self.setAccessibleName(sentence)
        self._dress()
        self.show()

    def dismiss(self) -> None:
        """Take the banner away."""
        if not self.isHidden():
            self.hide()
            self.dismissed.emit()

    def copy_details(self) -> None:
        """Put the sentence and its details on the clipboard."""
        QGuiApplication.clipboard().setText(f"{self.text()}\n\n{self._details}".strip())

    # Private ------------------------------------------------------------

    def _dress(self) -> None:
        ratio = self.devicePixelRatioF()
        picture = icons.pixmap(_KINDS[self._kind], 18, _COLOURS[self._kind], ratio)
        self._icon.setPixmap(picture)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        name = _COLOURS[self._kind]
        painter.setPen(QPen(theme.colour(name, 0.55), 1))
        painter.setBrush(theme.colour("pane"))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(name, 0.10))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)


class EmptyState(QWidget):
    """What an empty panel holds: one sentence and the one button that fills it."""

    pressed = Signal()

    def __init__(
        self, text: str = "", button: str = "", icon: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._icon_name = icon
        self._icon = QLabel(self)
        self._words = theme.quiet(QLabel(text, self))
        self._words.setWordWrap(True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._words.setMinimumWidth(360)
        self._words.setMaximumWidth(WIDEST_PX)
        self._button = theme.primary(QPushButton(button, self))
        self._button.setCursor(Qt.CursorShape.PointingHandCursor)
        self._button.clicked.connect(self.pressed)
        column = QVBoxLayout(self)
        column.setSpacing(2 * theme.GRID)
        column.addStretch(1)
        column.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignHCenter)
        row = QHBoxLayout()  # an aligned label would be given the height of its widest width
        row.addStretch(1)
        row.addWidget(self._words, 100)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self._button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        theme.notifier().changed.connect(self._dress)
        self.set_text(text)
        self.set_button(button)
        self._dress()

    def text(self) -> str:
        return self._words.text()

    def set_text(self, text: str) -> None:
        self._words.setText(text)
        self.setAccessibleName(text)

    def button(self) -> str:
        return self._button.text()

    def set_button(self, text: str) -> None:
        """The words on the button; without words there is none."""
        self._button.setText(text)
        self._button.setVisible(bool(text))

    def set_icon(self, name: str) -> None:
        self._icon_name = name
        self._dress()

    def sizeHint(self) -> QSize:
        return QSize(420, 200)

    def _dress(self) -> None:
        self._icon.setVisible(bool(self._icon_name))
        if self._icon_name:
            ratio = self.devicePixelRatioF()
            self._icon.setPixmap(icons.pixmap(self._icon_name, 32, "faint", ratio))
