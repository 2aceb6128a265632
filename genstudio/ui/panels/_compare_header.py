"""The slim header of a pane: which model it shows, and the buttons that change that."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from genstudio.ui import theme
from genstudio.ui.widgets._tool import small_tool


class Badge(QWidget):
    """The letter of a slot."""

    def __init__(self, letter: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._letter = letter
        self.setFixedSize(20, 20)
        self.setAccessibleName(self.tr("Model %1").replace("%1", letter))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("field"))
        painter.drawRoundedRect(QRectF(self.rect()), 5, 5)
        painter.setPen(theme.colour("text"))
        painter.setFont(theme.text_font(theme.CAPTION_PX, QFont.Weight.DemiBold))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._letter)


class Picker(QComboBox):
    """The library as a list, in groups."""

    picked = Signal(str)  # source, chosen by the user

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.activated.connect(lambda row: self.picked.emit(str(self.itemData(row))))

    def minimumSizeHint(self) -> QSize:
        return QSize(72, super().minimumSizeHint().height())

    def set_models(self, rows: list[tuple[str, str, str]], source: str, title: str) -> None:
        """Offer (group, title, source) and show `source`, added as `title` where it is missing."""
        with QSignalBlocker(self):
            self.clear()
            group = ""
            titles = {
                "shipped": self.tr("Shipped models"),
                "run": self.tr("My runs"),
                "file": self.tr("My files"),
            }
            if source not in [row[2] for row in rows]:
                rows = [*rows, ("", title, source)]
            for kind, name, where in rows:
                if kind != group and kind:
                    self._add_head(titles[kind])
                    group = kind
                self.addItem(name, where)
            self.setCurrentIndex(self.findData(source))

    def _add_head(self, text: str) -> None:
        self.addItem(text, "")
        items = self.model()
        assert isinstance(items, QStandardItemModel)
        head = items.item(self.count() - 1)
        head.setFlags(Qt.ItemFlag.NoItemFlags)
        head.setFont(theme.text_font(theme.CAPTION_PX))
        head.setForeground(theme.colour("quiet"))


class Header(QWidget):
    """Letter, model, swap, remove."""

    chosen = Signal(str)  # source
    swap_wanted = Signal()
    remove_wanted = Signal()

    def __init__(self, slot: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picker = Picker(self)
        self.picker.setAccessibleName(self.tr("Model in slot %1").replace("%1", slot))
        self.picker.setToolTip(self.tr("Model in slot %1, from the library").replace("%1", slot))
        self.picker.picked.connect(self.chosen)
        tip = self.tr("Swap with the next model")
        self.swap = small_tool(self, "swap", tip, self.swap_wanted.emit)
        self.remove = small_tool(
            self, "close", self.tr("Remove this model from the comparison"), self.remove_wanted.emit
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GRID)
        row.addWidget(Badge(slot, self))
        row.addWidget(self.picker, 1)
        row.addWidget(self.swap)
        row.addWidget(self.remove)
        self.setFixedHeight(28)
