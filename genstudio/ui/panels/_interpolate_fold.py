"""A section of the Inspector that can be folded away."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from genstudio.ui import icons, theme


class Fold(QWidget):
    """A title with a chevron, and a content that it shows or hides."""

    toggled = Signal(bool)

    def __init__(self, title: str, content: QWidget, tip: str, *, shown: bool = False) -> None:
        super().__init__()
        self.content = content
        self.head = QToolButton()
        self.head.setText(title)
        self.head.setCheckable(True)
        self.head.setChecked(shown)
        self.head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.head.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.head.setFont(theme.text_font(theme.TEXT_PX, QFont.Weight.DemiBold))
        self.head.setToolTip(tip)
        self.head.setMinimumWidth(96)
        self.head.setAccessibleName(title)
        theme.role(self.head, "fold")
        self.head.toggled.connect(self._show)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self.head)
        column.addWidget(content)
        self._show(shown)

    def shown(self) -> bool:
        return self.head.isChecked()

    def set_shown(self, shown: bool) -> None:
        self.head.setChecked(shown)

    def _show(self, shown: bool) -> None:
        icons.wear(self.head, "chevron-down" if shown else "chevron-right", "quiet")
        self.content.setVisible(shown)
        self.toggled.emit(shown)
