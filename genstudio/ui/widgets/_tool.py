"""The small flat button with an icon that stands in a widget's own bar."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QToolButton, QWidget

from genstudio.ui import icons


def small_tool(parent: QWidget, icon: str, tip: str, run: Callable[[], object]) -> QToolButton:
    """A quiet button of 26 x 24 pixels; `tip` is also its accessible name."""
    button = QToolButton(parent)
    icons.wear(button, icon, "quiet")
    button.setIconSize(QSize(16, 16))
    button.setFixedSize(26, 24)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.clicked.connect(lambda _checked=False: run())
    return button
