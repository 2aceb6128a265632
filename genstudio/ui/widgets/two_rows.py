"""Two parts side by side, or one below the other where there is less room."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLayout, QWidget

from genstudio.ui import theme

LEAST_PX = 320


class TwoRows(QWidget):
    """A panel's bar: the title's part and that of the controls. It never keeps a window wide, also
    where nobody sees it and it cannot turn.
    """

    turned = Signal(bool)  # to one row

    def __init__(self, one_row_px: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._one_row_px = one_row_px
        self._rows = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(theme.GRID)

    def set_parts(self, head: QLayout, tools: QLayout) -> None:
        self._rows.addLayout(head, 1)
        self._rows.addLayout(tools)

    def minimumSizeHint(self) -> QSize:
        return QSize(LEAST_PX, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        wide = self.width() >= self._one_row_px
        way = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        if self._rows.direction() != way:
            self._rows.setDirection(way)
            self.turned.emit(wide)
        super().resizeEvent(event)
