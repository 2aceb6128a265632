"""Where the image to be noised comes from: a number, the dice, a file, the clipboard, a drawing."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from genstudio.ui import icons, theme
from genstudio.ui.panels._denoise_settings_range import out_of_range
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.number_field import NumberField

MOST_INDEX = 2**31 - 1  # what a signal carries


class SourceBar(QWidget):
    """An image of the test set by its number or by lot; other sources in a menu."""

    index_wanted = Signal(int)
    wrong = Signal(str)  # what is wrong with the number in the field; nothing where it is one
    random_wanted = Signal()
    open_wanted = Signal()
    paste_wanted = Signal()
    drawing_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = theme.quiet(QLabel(self.tr("Test image")))
        self.index = NumberField(integer=True, minimum=0)
        self.index.setFixedWidth(72)
        self.index.setAccessibleName(self.tr("Number of the test image"))
        self.index.setToolTip(self.tr("Number of an image of the test set, from 0; Enter shows it"))
        self.index.committed.connect(self._typed)
        self.index.edited.connect(self._check)
        self._most = MOST_INDEX
        self.random = QToolButton()
        icons.wear(self.random, "dice")
        theme.role(self.random, "tool")
        self.random.setToolTip(self.tr("A test image by lot (R)"))
        self.random.setAccessibleName(self.tr("Random test image"))
        self.random.clicked.connect(lambda _=False: self.random_wanted.emit())
        self.more = QToolButton()
        icons.wear(self.more, "image")
        theme.role(self.more, "tool")
        self.more.setToolTip(
            self.tr("An image from a file, the clipboard or your drawing; it can be dropped, too")
        )
        self.more.setAccessibleName(self.tr("Another image"))
        self.more.clicked.connect(lambda _=False: self.show_menu())
        self.says = theme.caption(ElidedLabel())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GRID)
        for widget in (words, self.index, self.random, self.more):
            row.addWidget(widget)
        row.addWidget(self.says, 1)

    def set_image(self, index: int | None, words: str, count: int | None = None) -> None:
        """What is shown: its number, if it is of the test set, and what it is called."""
        self.index.set_value(index)
        self.index.set_invalid(False)
        self.says.setText(words)
        if count is not None:
            self.set_count(count)
            self.index.setToolTip(
                self.tr("Number of an image of the test set, 0 to {0}; Enter shows it").format(
                    f"{count - 1:,}"
                )
            )

    def set_count(self, count: int | None) -> None:
        """How many images there are to choose from; None where that is not known."""
        self._most = MOST_INDEX if count is None else count - 1
        self.index.set_range(0, self._most)

    def menu(self) -> QMenu:
        """The other sources."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Open image…"), self.open_wanted.emit)
        menu.addAction(self.tr("Paste image"), self.paste_wanted.emit)
        menu.addAction(self.tr("My drawing in the Library"), self.drawing_wanted.emit)
        return menu

    def show_menu(self) -> None:
        self.menu().popup(self.more.mapToGlobal(QPoint(0, self.more.height())))

    def _typed(self) -> None:
        if self._check():
            self.index_wanted.emit(int(self.index.value() or 0))

    def _check(self) -> bool:
        wrong = out_of_range(self.index, self.tr("The number of a test image"), self._most)
        self.wrong.emit(wrong)
        return not wrong
