"""Views of which one is seen."""

from __future__ import annotations

from PySide6.QtWidgets import QStackedWidget


class Stage(QStackedWidget):
    """A stack of views. A sentence that is wrapped in one of them makes no window taller."""

    def hasHeightForWidth(self) -> bool:
        return False
