"""Pieces of the Manifold's Inspector: rows of numbers, and the large picture with its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from genstudio.ui import theme
from genstudio.ui.widgets.image_view import fit
from genstudio.ui.widgets.latent_plane import small_image

ROW_PX = 24

Row = tuple[str, str]  # name, value


def heading(text: str) -> QLabel:
    """The title of a section."""
    label = QLabel(text)
    label.setWordWrap(True)
    return theme.heading(label)


class Rows(QWidget):
    """Names at the left, numbers in tabular figures at the right."""

    def __init__(self, rows: Sequence[Row] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[Row, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_rows(rows)

    def rows(self) -> tuple[Row, ...]:
        return self._rows

    def set_rows(self, rows: Sequence[Row]) -> None:
        if len(rows) != len(self._rows):
            self.setFixedHeight(ROW_PX * len(rows))
        self._rows = tuple(rows)
        self.setAccessibleDescription("; ".join(f"{name} {value}" for name, value in rows))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_rows(painter, QRectF(self.rect()), self._rows)


def paint_rows(painter: QPainter, area: QRectF, rows: Sequence[Row]) -> None:
    """Draw rows into `area` from its top."""
    plain, tabular = theme.text_font(), theme.figure_font()
    quiet, text = theme.colour("quiet"), theme.colour("text")
    for number, (name, value) in enumerate(rows):
        line = QRectF(area.left(), area.top() + number * ROW_PX, area.width(), ROW_PX)
        painter.setFont(plain)
        painter.setPen(quiet)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
        painter.setFont(tabular)
        painter.setPen(text)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, value)


@dataclass(frozen=True, eq=False)
class Probed:
    """A decoded point as it stands in the Inspector."""

    z: np.ndarray  # (D,)
    image: np.ndarray  # (C, H, W)
    request: int
    source: str
    step: int | None


class ProbeView(QWidget):
    """The decoded image at a whole factor and, in the same painting, the numbers it belongs to."""

    PICTURE_PX = 224  # logical pixels; less where the column is narrower

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._probed: Probed | None = None
        self._image: QImage | None = None
        self._rows: tuple[Row, ...] = ()
        self._more: tuple[Row, ...] = ()
        self._empty = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Decoded image of the latent point"))

    def probed(self) -> Probed | None:
        """What is shown."""
        return self._probed

    def rows(self) -> tuple[Row, ...]:
        """Names and numbers as they are shown."""
        return (*self._rows, *self._more)

    def show_probe(self, probed: Probed, rows: Sequence[Row], more: Sequence[Row]) -> bool:
        """Show another point at once; False when a newer one is shown already."""
        if self._probed is not None and probed.request < self._probed.request:
            return False
        self._probed, self._image = probed, small_image(probed.image)
        self._rows, self._more = tuple(rows), tuple(more)
        self._make_room()
        self.repaint(0, 0, self.width(), min(self.width(), self.PICTURE_PX))  # the picture first
        self.update()
        return True

    def show_more(self, request: int, more: Sequence[Row]) -> None:
        """The numbers that take longer, if they belong to the point shown."""
        if self._probed is not None and self._probed.request == request:
            self._more = tuple(more)
            self._make_room()
            self.setAccessibleDescription("; ".join(" ".join(row) for row in self.rows()))
            self.update()

    def clear(self, text: str = "") -> None:
        self._probed, self._image, self._rows, self._more = None, None, (), ()
        self._empty = text
        self.update()

    def image(self) -> QImage | None:
        return self._image

    def sizeHint(self) -> QSize:
        return QSize(272, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._make_room()

    def _make_room(self) -> None:
        rows = max(4, len(self.rows()))
        height = min(self.width(), self.PICTURE_PX) + theme.GRID + rows * ROW_PX
        if height != self.height():
            self.setFixedHeight(height)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        side = min(self.width(), self.PICTURE_PX)
        room = QSize(self.width(), side)
        if self._image is None:
            painter.setPen(theme.colour("quiet"))
            middle = QRectF(0, 0, self.width(), side)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(middle, int(flags), self._empty)
            return
        rect = fit(self._image.size(), room, self.devicePixelRatioF())
        painter.drawImage(rect, self._image)
        if event.rect().bottom() >= side:
            below = QRectF(0, side + 8, self.width(), self.height())
            paint_rows(painter, below, self.rows())
