"""The Inspector's page of the Train panel: the start form while nothing runs, live settings and
numbers while it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from genstudio.ui import theme
from genstudio.ui.panels._train_live import LivePage
from genstudio.ui.panels._train_runs import Slot
from genstudio.ui.panels._train_setup import SetupPage

if TYPE_CHECKING:
    from genstudio.ui.session import Session


class Inspector(QWidget):
    """Both pages; a run that is over shows its numbers above the form for the next one."""

    def __init__(self, session: Session, help_text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.live = LivePage(self)
        self.setup = SetupPage(session, self)
        self._note = theme.caption(QLabel(self))
        self._note.setWordWrap(True)
        self._note.hide()
        self.what = QPushButton(self.tr("What am I seeing?"), self)
        theme.role(self.what, "link")
        self.what.setCheckable(True)
        self.what.setToolTip(self.tr("Formula and source of what this panel shows."))
        self._help = QLabel(self.tr(help_text), self)
        self._help.setTextFormat(Qt.TextFormat.RichText)
        self._help.setWordWrap(True)
        self._help.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._help.hide()
        self.what.toggled.connect(self._help.setVisible)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        column.setSpacing(2 * theme.GRID)
        for widget in (self.live, self.setup, self._note, self.what, self._help):
            column.addWidget(widget)
        column.addStretch(1)
        self.live.hide()

    def shows_setup(self) -> bool:
        """Whether the start form is what the hand sees first."""
        return self.live.isHidden()

    def show_slot(self, slot: Slot | None) -> None:
        self._note.hide()
        self.live.setVisible(slot is not None)
        self.setup.setVisible(slot is None or slot.view.over)
        if slot is not None:
            self.live.show_run(slot)

    def tell(self, sentence: str) -> None:
        """A quiet sentence until the next thing happens."""
        self._note.setText(sentence)
        self._note.show()
