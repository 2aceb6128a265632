"""The Inspector's part for the chosen slot: where its image comes from."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from genstudio.ui import icons, theme
from genstudio.ui.panels._interpolate_board import LETTERS
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.number_field import NumberField
from genstudio.ui.widgets.segmented import Segmented


class SlotSection(QWidget):
    """Which slot; an image of the data set by number or by lot; other sources in a menu."""

    place_chosen = Signal(int)
    index_wanted = Signal(int)
    random_wanted = Signal(int)  # class, -1 for any
    more_wanted = Signal()  # the menu of other sources
    clear_wanted = Signal()
    swap_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.place = Segmented([(k, letter) for k, letter in enumerate(LETTERS)])
        self.place.setAccessibleName(self.tr("Slot"))
        self.place.setToolTip(self.tr("The slot that the next image goes to"))
        self.place.changed.connect(lambda place: self.place_chosen.emit(int(str(place))))
        self.index = NumberField(integer=True, minimum=0)
        self.index.setAccessibleName(self.tr("Number of the test image"))
        self.index.setToolTip(self.tr("Number of an image of the test set, from 0; Enter shows it"))
        self.index.setMinimumWidth(56)
        self.index.setMaximumWidth(72)
        self.index.committed.connect(self._take_index)
        self.kinds = QComboBox()
        self.kinds.setAccessibleName(self.tr("Class of a random image"))
        self.kinds.setToolTip(self.tr("Of which class the dice takes a test image"))
        self.kinds.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.kinds.setMinimumContentsLength(1)
        self.kinds.setMinimumWidth(56)
        self.kinds.setMaximumWidth(72)
        self.random = QToolButton()
        icons.wear(self.random, "dice")
        theme.role(self.random, "tool")
        self.random.setToolTip(self.tr("A test image of that class by lot (R)"))
        self.random.setAccessibleName(self.tr("Random test image"))
        self.random.clicked.connect(lambda: self.random_wanted.emit(self.kind()))
        self.more = self._button(
            self.tr("Other…"),
            self.tr("A file, the clipboard, your drawing, or a pin of the Manifold"),
            self.more_wanted,
        )
        self.swap = self._button(
            self.tr("Swap"), self.tr("Swap A and B: go the way from B to A"), self.swap_wanted
        )
        self.clear = QToolButton()
        icons.wear(self.clear, "trash")
        theme.role(self.clear, "tool")
        self.clear.setToolTip(self.tr("Empty the slot (Delete)"))
        self.clear.setAccessibleName(self.tr("Empty the slot"))
        self.clear.clicked.connect(lambda _=False: self.clear_wanted.emit())
        self._says = theme.error(QLabel())
        self._says.setWordWrap(True)
        self._says.hide()
        self.set_classes(())
        self._lay_out()

    def _button(self, text: str, tip: str, signal: Signal) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.clicked.connect(lambda _=False: signal.emit())
        return button

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.GRID)
        grid.setVerticalSpacing(theme.GRID)
        grid.addWidget(theme.quiet(ElidedLabel(text=self.tr("Test image"))), 0, 0)
        grid.addWidget(self.index, 0, 2)
        grid.addWidget(self.clear, 0, 3)
        grid.addWidget(theme.quiet(ElidedLabel(text=self.tr("By lot, of"))), 1, 0)
        grid.addWidget(self.kinds, 1, 2)
        grid.addWidget(self.random, 1, 3)
        grid.setColumnStretch(0, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GRID)
        buttons.addWidget(self.more, 1)
        buttons.addWidget(self.swap, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self.place)
        column.addLayout(grid)
        column.addLayout(buttons)
        column.addWidget(self._says)

    def kind(self) -> int:
        """The class that is drawn from, -1 for any."""
        data = self.kinds.currentData()
        return -1 if data is None else int(data)

    def set_classes(self, names: Sequence[str]) -> None:
        """The classes of the data set."""
        kept = self.kind() if self.kinds.count() else -1
        self.kinds.clear()
        self.kinds.addItem(self.tr("any"), -1)
        for number, name in enumerate(names):
            self.kinds.addItem(name, number)
        self.kinds.setCurrentIndex(max(0, self.kinds.findData(kept)))

    def show_slot(self, place: int, index: int | None, says: str) -> None:
        """The chosen slot, its test image's number, and why it has no code."""
        self.place.set_value(place)
        self.index.set_value(index)
        self._says.setText(says)
        self._says.setVisible(bool(says))

    def _take_index(self) -> None:
        value = self.index.value()
        if value is not None:
            self.index_wanted.emit(int(value))
