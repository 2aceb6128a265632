"""The Denoise panel's Inspector: folds in their order, and at the end "What am I seeing?"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from genstudio.ui import theme
from genstudio.ui.panels._denoise_plug import Section
from genstudio.ui.panels._interpolate_fold import Fold

if TYPE_CHECKING:
    from genstudio.latent.denoise import Process
    from genstudio.ui.session import ModelRef


class Column(QWidget):
    """The sections of the mode in front."""

    help_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.sections: dict[str, Section] = {}
        self.folds: dict[str, Fold] = {}
        self._mode = "denoise"
        self.help = QPushButton(self.tr("What am I seeing?"))
        theme.role(self.help, "link")
        self.help.setCursor(Qt.CursorShape.PointingHandCursor)
        self.help.setToolTip(self.tr("What the panel shows, with formulas and sources"))
        self.help.clicked.connect(lambda _=False: self.help_wanted.emit())
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(theme.GRID, 0, theme.GRID, 2 * theme.GRID)
        self._rows.setSpacing(theme.GRID + theme.GRID // 2)
        self._rows.addWidget(self.help, 0, Qt.AlignmentFlag.AlignLeft)
        self._rows.addStretch(1)

    def add(self, section: Section) -> Fold:
        """Put a section into its place by `order`."""
        fold = Fold(section.title, section, section.tip, shown=section.shown)
        fold.setMinimumWidth(1)  # a wide section must not push the others out of sight
        fold.toggled.connect(section.unfolded)
        orders = [each.order for each in self.sections.values()]
        place = sum(order <= section.order for order in orders)
        items = sorted([*self.sections.values(), section], key=lambda each: each.order)
        self.sections = {each.key: each for each in items}
        self.folds[section.key] = fold
        self._rows.insertWidget(place, fold)
        fold.setVisible(self._mode in section.modes)
        return fold

    def show_mode(self, mode: str) -> None:
        """Show the sections that belong to a mode."""
        self._mode = mode
        for key, section in self.sections.items():
            self.folds[key].setVisible(mode in section.modes)

    def use(self, ref: ModelRef | None, process: Process | None) -> None:
        for section in self.sections.values():
            section.use(ref, process)
