"""The Manifold's Inspector: probe, image, plane, points, help."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from genstudio.ui import theme
from genstudio.ui.panels._manifold_image import NARROW_PX, ImageSection
from genstudio.ui.panels._manifold_planes import PlaneSection
from genstudio.ui.panels._manifold_rows import ProbeView, heading
from genstudio.ui.panels._map_scene import Subset
from genstudio.ui.widgets.segmented import Segmented


class Inspector(QWidget):
    """The column at the right of the map."""

    copy_text = Signal()
    copy_python = Signal()
    subset_chosen = Signal(object)  # Subset
    style_chosen = Signal(str)  # "disc", "shape" or "digit"
    help_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.probe = ProbeView()
        self.image = ImageSection()
        self.plane = PlaneSection()
        self.text = self._button(
            self.tr("Copy z"), self.tr("Copy the numbers of z, separated by commas"), self.copy_text
        )
        self.python = self._button(
            self.tr("Copy as Python"),
            self.tr("Copy a script that decodes this z with this model"),
            self.copy_python,
        )
        self.subset = QComboBox()
        for text, subset in (
            (self.tr("2,000 test images"), Subset("test", 2000)),
            (self.tr("10,000 test images"), Subset("test", 10000)),
            (self.tr("60,000 training images"), Subset("train", 60000)),
            (self.tr("None"), Subset("test", 0)),
        ):
            self.subset.addItem(text, subset)
        self.subset.setAccessibleName(self.tr("Images shown as points"))
        self.subset.setToolTip(self.tr("Which images of the data set are encoded and shown"))
        self.subset.activated.connect(lambda _: self.subset_chosen.emit(self.subset.currentData()))
        self.style_choice = Segmented(
            [
                ("disc", self.tr("Discs")),
                ("shape", self.tr("Shapes")),
                ("digit", self.tr("Digits")),
            ]
        )
        self.style_choice.setAccessibleName(self.tr("Marks of the points"))
        self.style_choice.setToolTip(
            self.tr("Shapes and digits tell the classes apart without colour")
        )
        self.style_choice.changed.connect(lambda value: self.style_chosen.emit(str(value)))
        self._points_say = QLabel()
        self._points_say.setWordWrap(True)
        theme.error(self._points_say)
        self._points_say.hide()
        self.help = QPushButton(self.tr("What am I seeing?"))
        theme.role(self.help, "link")
        self.help.setCursor(Qt.CursorShape.PointingHandCursor)
        self.help.setToolTip(self.tr("What the map shows, with formulas and sources"))
        self.help.clicked.connect(self.help_wanted)
        self.subset.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.subset.setMinimumContentsLength(8)
        self._lay_out()

    def _button(self, text: str, tip: str, signal: Signal) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.clicked.connect(signal)
        return button

    def _lay_out(self) -> None:
        copies = self._copies = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        copies.setSpacing(theme.GRID)
        copies.addWidget(self.text, 1)
        copies.addWidget(self.python, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, 2 * theme.GRID)
        column.setSpacing(theme.GRID)
        column.addWidget(heading(self.tr("Probe")))
        column.addWidget(self.probe)
        column.addLayout(copies)
        column.addSpacing(theme.GRID)
        column.addWidget(self.image)
        column.addSpacing(theme.GRID)
        column.addWidget(self.plane)
        column.addSpacing(theme.GRID)
        column.addWidget(heading(self.tr("Points")))
        column.addWidget(self.subset)
        column.addWidget(self.style_choice)
        column.addWidget(self._points_say)
        column.addWidget(self.help, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        wide = self.width() >= NARROW_PX
        way = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        if self._copies.direction() != way:
            self._copies.setDirection(way)
        super().resizeEvent(event)

    def say_of_points(self, sentence: str) -> None:
        """Why there are no points; an empty sentence takes it back."""
        self._points_say.setText(sentence)
        self._points_say.setVisible(bool(sentence))

    def set_subset(self, subset: Subset) -> None:
        """Show the choice. No signal."""
        for row in range(self.subset.count()):
            if self.subset.itemData(row) == subset:
                self.subset.setCurrentIndex(row)
