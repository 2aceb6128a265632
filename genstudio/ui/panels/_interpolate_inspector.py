"""Interpolate's Inspector: the chosen slot, the paths, and folded away what is done with codes."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from genstudio.ui import theme
from genstudio.ui.panels._interpolate_codes import Codes
from genstudio.ui.panels._interpolate_dims import Dimensions
from genstudio.ui.panels._interpolate_fold import Fold
from genstudio.ui.panels._interpolate_path_section import PathSection
from genstudio.ui.panels._interpolate_slot_section import SlotSection
from genstudio.ui.panels._interpolate_sums import Analogy, ClassStep
from genstudio.ui.session import Session


class Inspector(QWidget):
    """The column at the right of the picture."""

    help_wanted = Signal()

    def __init__(self, session: Session, codes: Codes) -> None:
        super().__init__()
        self.slot = SlotSection()
        self.paths = PathSection()
        self.analogy = Analogy(session, codes)
        self.classes = ClassStep(session, codes)
        self.dims = Dimensions(session)
        tr = self.tr
        self.folds = {
            "slot": Fold(tr("Slot"), self.slot, tr("Where images come from"), shown=True),
            "paths": Fold(tr("Paths"), self.paths, tr("How they are traced"), shown=True),
            "analogy": Fold(tr("Arithmetic a − b + c"), self.analogy, tr("Codes added up")),
            "classes": Fold(
                tr("From class to class"), self.classes, tr("A step along class means")
            ),
            "dims": Fold(tr("Traversal table"), self.dims, tr("Sorted by what they carry")),
        }
        self.help = QPushButton(self.tr("What am I seeing?"))
        theme.role(self.help, "link")
        self.help.setCursor(Qt.CursorShape.PointingHandCursor)
        self.help.setToolTip(self.tr("What the panel shows, with formulas and sources"))
        self.help.clicked.connect(lambda _=False: self.help_wanted.emit())
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GRID, 0, theme.GRID, 2 * theme.GRID)
        column.setSpacing(theme.GRID + theme.GRID // 2)
        for fold in self.folds.values():
            column.addWidget(fold)
        column.addWidget(self.help, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        for key in ("analogy", "classes", "dims"):
            self.folds[key].toggled.connect(self._look)

    def _look(self) -> None:
        """What has just been unfolded is computed."""
        for part in (self.analogy, self.classes, self.dims):
            part.again()

    def use(self, source: str, data: str) -> None:
        """Another model or data set."""
        self.analogy.use(source, data)
        self.classes.use(source, data)
        self.dims.use(source, data)
