"""The legend of classes: their names and marks, which also choose what is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from genstudio.ui import theme
from genstudio.ui.widgets._latent_layers import rgba_image

ROW_PX = 22
MARK_PX = 4.5  # radius of a mark, in logical pixels
Stamp = Callable[[int, float], np.ndarray]  # class, radius in pixels -> coverage (k, k) in [0, 1]


class Legend(QWidget):
    """Names of classes with the marks that `stamp` gives them. A click shows or hides a class, a
    double click shows it alone, again all.

    Keys: Up and Down go through the rows, Space shows or hides, Enter shows alone, A all, N none.
    """

    filter_changed = Signal(object)  # set of the indices shown
    hovered = Signal(int)  # row under the pointer, -1 for none

    def __init__(self, stamp: Stamp, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stamp = stamp
        self._names: list[str] = []
        self._shown: set[int] = set()
        self._current = -1
        self._hover = -1
        self._before_click: set[int] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            self.tr(
                "Click shows or hides a class, double click shows it alone."
                " Keys: Space, Enter, A for all, N for none."
            )
        )
        self._describe()

    # Get and set ------------------------------------------------------------

    def classes(self) -> list[str]:
        return list(self._names)

    def set_classes(self, names: Sequence[str]) -> None:
        """Show these classes, all of them chosen. No signal."""
        if list(names) != self._names:
            self._names = list(names)
            self._shown = set(range(len(names)))
            self._current = -1
            self._describe()
            self.updateGeometry()
            self.update()

    def set_stamp(self, stamp: Stamp) -> None:
        """The marks of the classes: coverage of class i at a radius in device pixels."""
        self._stamp = stamp
        self.update()

    def shown(self) -> set[int]:
        """Indices of the classes shown."""
        return set(self._shown)

    def set_shown(self, shown: Iterable[int]) -> None:
        """Choose what is shown. No signal."""
        self._shown = {index for index in shown if 0 <= index < len(self._names)}
        self._describe()
        self.update()

    def row_rect(self, index: int) -> QRectF:
        """Where row `index` lies."""
        return QRectF(0, index * ROW_PX, self.width(), ROW_PX)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        wide = max((metrics.horizontalAdvance(name) for name in self._names), default=16)
        return QSize(26 + wide + 8, max(1, len(self._names)) * ROW_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(48, self.sizeHint().height())

    # Events ------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._row_at(event)
        if event.button() == Qt.MouseButton.LeftButton and row >= 0:
            self._before_click = set(self._shown)
            self._current = row
            self._choose(self._shown ^ {row})

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        row = self._row_at(event)
        if event.button() == Qt.MouseButton.LeftButton and row >= 0:
            if self._before_click is not None:  # the first click of the two is taken back
                self._shown = self._before_click
                self._before_click = None
            self._alone(row)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hover(self._row_at(event))

    def leaveEvent(self, event: object) -> None:
        self._set_hover(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        last = len(self._names) - 1
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and last >= 0:
            way = 1 if key == Qt.Key.Key_Down else -1
            self._current = min(max(self._current + way, 0), last)
            self.update()
        elif key == Qt.Key.Key_Space and self._current >= 0:
            self._choose(self._shown ^ {self._current})
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._current >= 0:
            self._alone(self._current)
        elif key == Qt.Key.Key_A:
            self._choose(set(range(len(self._names))))
        elif key == Qt.Key.Key_N:
            self._choose(set())
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, name in enumerate(self._names):
            rect = self.row_rect(index)
            if index == self._hover or (self.hasFocus() and index == self._current):
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.colour("field"))
                painter.drawRoundedRect(rect.adjusted(0, 1, 0, -1), 4, 4)
            on = index in self._shown
            painter.setOpacity(1.0 if on else 0.25)
            self._paint_mark(painter, index, rect)
            painter.setOpacity(1.0)
            painter.setPen(theme.colour("text" if on else "faint"))
            words = rect.adjusted(26, 0, -4, 0)
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(words, flags, name)

    def _paint_mark(self, painter: QPainter, index: int, row: QRectF) -> None:
        ratio = self.devicePixelRatioF()
        image = self._mark(index, MARK_PX * ratio)
        w, h = image.width() / ratio, image.height() / ratio
        painter.drawImage(QRectF(12 - w / 2, row.center().y() - h / 2, w, h), image)

    def _mark(self, index: int, radius: float) -> QImage:
        """The stamp of a class in its colour."""
        coverage = self._stamp(index, radius)
        colour = theme.class_colour(index)
        rgba = np.empty((*coverage.shape, 4), np.uint8)
        rgba[..., :3] = colour.red(), colour.green(), colour.blue()
        rgba[..., 3] = np.round(255 * coverage)
        return rgba_image(rgba)

    # Private ------------------------------------------------------------

    def _row_at(self, event: QMouseEvent) -> int:
        row = int(event.position().y() // ROW_PX)
        return row if 0 <= row < len(self._names) else -1

    def _set_hover(self, row: int) -> None:
        if row != self._hover:
            self._hover = row
            self.update()
            self.hovered.emit(row)

    def _alone(self, row: int) -> None:
        every = set(range(len(self._names)))
        self._choose(every if self._shown == {row} else {row})

    def _choose(self, shown: set[int]) -> None:
        if shown != self._shown:
            self._shown = shown
            self._describe()
            self.filter_changed.emit(set(shown))
        self.update()

    def _describe(self) -> None:
        self.setAccessibleName(self.tr("Classes"))
        names = ", ".join(self._names[index] for index in sorted(self._shown))
        self.setAccessibleDescription(self.tr("Shown: {0}").format(names or self.tr("none")))
