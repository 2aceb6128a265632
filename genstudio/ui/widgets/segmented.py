"""A choice of a few words side by side, one of them selected."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from genstudio.ui import theme

_HEIGHT = 24


class Segmented(QWidget):
    """Options in one rounded field. Click or Left and Right choose."""

    changed = Signal(object)  # the value chosen by the user

    def __init__(
        self, options: Iterable[tuple[object, str]] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._options: list[tuple[object, str]] = []
        self._index = 0
        self._hover = -1
        self._disabled: set[int] = set()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.set_options(options)

    # Get and set ------------------------------------------------------------

    def options(self) -> list[tuple[object, str]]:
        return list(self._options)

    def set_options(self, options: Iterable[tuple[object, str]]) -> None:
        """(value, words) of each option."""
        self._options = list(options)
        self._index = min(self._index, max(0, len(self._options) - 1))
        self._disabled.clear()
        self._describe()
        self.updateGeometry()
        self.update()

    def value(self) -> object:
        return self._options[self._index][0] if self._options else None

    def set_value(self, value: object) -> None:
        """Select the option of this value; another value changes nothing. No signal."""
        for index, (each, _words) in enumerate(self._options):
            if each == value:
                self._index = index
        self._describe()
        self.update()

    def set_option_enabled(self, value: object, enabled: bool) -> None:
        """Whether this option can be chosen."""
        for index, (each, _words) in enumerate(self._options):
            if each == value:
                (self._disabled.discard if enabled else self._disabled.add)(index)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(sum(self._wish(i) for i in range(len(self._options))) + 4, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def segment_rect(self, index: int) -> QRectF:
        """Where option `index` lies."""
        total = sum(self._wish(i) for i in range(len(self._options))) or 1
        scale = (self.width() - 4) / total
        left = 2 + scale * sum(self._wish(i) for i in range(index))
        return QRectF(left, 2, scale * self._wish(index), self.height() - 4)

    # Events ------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._choose(self._at(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        hover = self._at(event)
        if hover != self._hover:
            self._hover = hover
            self.update()

    def leaveEvent(self, event: object) -> None:
        self._hover = -1
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ways = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Down: 1,
        }
        way = ways.get(Qt.Key(event.key()))
        if way is None:
            super().keyPressEvent(event)
            return
        index = self._index + way
        while 0 <= index < len(self._options) and index in self._disabled:
            index += way
        self._choose(index)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        focus = QPen(theme.colour("accent"), 1) if self.hasFocus() else Qt.PenStyle.NoPen
        painter.setPen(focus)
        painter.setBrush(theme.colour("field"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        for index, (_value, words) in enumerate(self._options):
            rect = self.segment_rect(index)
            chosen = index == self._index
            if chosen or (index == self._hover and self.isEnabled()):
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.colour("selected" if chosen else "hover"))
                painter.drawRoundedRect(rect, 5, 5)
            usable = self.isEnabled() and index not in self._disabled
            painter.setPen(theme.colour(("text" if chosen else "quiet") if usable else "faint"))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, words)

    # Private ------------------------------------------------------------

    def _wish(self, index: int) -> int:
        return self.fontMetrics().horizontalAdvance(self._options[index][1]) + 16

    def _at(self, event: QMouseEvent) -> int:
        for index in range(len(self._options)):
            if self.segment_rect(index).contains(event.position()):
                return index
        return -1

    def _choose(self, index: int) -> None:
        inside = 0 <= index < len(self._options)
        if inside and index != self._index and index not in self._disabled:
            self._index = index
            self._describe()
            self.update()
            self.changed.emit(self.value())

    def _describe(self) -> None:
        """Tell a screen reader what is chosen, of what."""
        if self._options:
            words = [text for _value, text in self._options]
            text = self.tr("{0} is chosen, of {1}").format(words[self._index], ", ".join(words))
            self.setAccessibleDescription(text)
