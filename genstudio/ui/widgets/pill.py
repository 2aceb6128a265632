"""Pill-shaped toggle buttons, such as the switches of a picture's layers."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from genstudio.ui import theme


class Pill(QPushButton):
    """A toggle that is filled while it is on."""

    def __init__(
        self, text: str, parent: QWidget | None = None, *, on: bool = False, tip: str = ""
    ) -> None:
        super().__init__(text, parent)
        self.setCheckable(True)
        self.setChecked(on)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(text)
        self.setToolTip(tip or text)
        self.setAutoDefault(False)
        theme.role(self, "pill")
