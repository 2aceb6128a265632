"""The same images through each model: originals in the first row, one row for each model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from genstudio.ui import theme
from genstudio.ui.panels._compare_slots import Slots
from genstudio.ui.panels._compare_together import Frame, Part, Together
from genstudio.ui.session import Priority, Session
from genstudio.ui.widgets.image_view import to_qimage, to_uint8

LABEL_PX = 144
GAP_PX = 8
BETWEEN_PX = 24  # groups of rows
FEWEST, MOST_IMAGES, MOST_GROUPS = 4, 24, 4
MUCH_MORE = 1.15
LARGEST = 3  # screen pixels of an image pixel


@dataclass(frozen=True, eq=False)
class Row:
    """A model's name, its n pictures side by side uint8 (H, n * W[, 3]), or why it has none."""

    title: str
    note: str
    picture: np.ndarray | None
    sentence: str = ""


class RowsSheet(QWidget):
    """Groups of rows of pictures at one whole factor; a column of a group is the same image all the
    way down. Image k stands in group k // n.
    """

    picked = Signal(int)  # number of the image

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[Row, ...] = ()
        self._images: list[QImage | None] = []
        self._n = 1  # images side by side
        self._groups = 1
        self._current = -1
        self.frame = 0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("The same images through each model"))
        self.setToolTip(self.tr("Click an image to put it under the cursor of all maps"))

    def minimumSizeHint(self) -> QSize:
        return QSize(LABEL_PX + 4 * 28, 3 * 28)

    def rows(self) -> tuple[Row, ...]:
        return self._rows

    def show_rows(self, rows: tuple[Row, ...], n: int, groups: int, frame: int) -> None:
        """All rows of one request, painted together: `groups` times `n` images each."""
        self._rows, self._n, self._groups, self.frame = rows, max(1, n), max(1, groups), frame
        self._images = []
        for row in rows:
            picture = None if row.picture is None else to_qimage(row.picture).copy()
            self._images.append(picture)
        told = "; ".join(f"{row.title} {row.note or row.sentence}" for row in rows)
        self.setAccessibleDescription(told)
        self._current = -1
        self.update()

    def _side(self) -> int:
        return next((image.height() for image in self._images if image is not None), 28)

    def factor(self) -> int:
        """Screen pixels of an image pixel."""
        high = high_of(self.height(), max(1, len(self._rows)), self._groups)
        wide = (self.width() - LABEL_PX) / self._n
        return max(1, min(LARGEST, int(min(high, wide) / self._side())))

    def row_rect(self, number: int, group: int = 0) -> QRectF:
        """Where the pictures of a row of a group lie."""
        side = self._side() * self.factor()
        tall = len(self._rows) * (side + GAP_PX) - GAP_PX + BETWEEN_PX
        return QRectF(LABEL_PX, group * tall + number * (side + GAP_PX), self._n * side, side)

    def image_at(self, position: QPointF) -> int:
        """The image under a position, -1 beside the pictures."""
        for group in range(self._groups):
            for number in range(len(self._rows)):
                rect = self.row_rect(number, group)
                if rect.contains(position):
                    column = int((position.x() - rect.left()) / (rect.width() / self._n))
                    return group * self._n + column
        return -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go(self.image_at(event.position()))

    def leaveEvent(self, event: object) -> None:
        self._go(-1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        image = self.image_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and image >= 0:
            self.picked.emit(image)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if way is not None:
            self._go(min(max(self._current + way, 0), self._n * self._groups - 1))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._current >= 0:
            self.picked.emit(self._current)
        else:
            super().keyPressEvent(event)

    def _go(self, image: int) -> None:
        if image != self._current:
            self._current = image
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        side = self._side()
        for group in range(self._groups):
            for number, row in enumerate(self._rows):
                rect = self.row_rect(number, group)
                image = self._images[number]
                if group == 0:
                    self._paint_label(painter, row, rect)
                if image is not None:
                    part = QRectF(group * self._n * side, 0, self._n * side, side)
                    painter.drawImage(rect, image, part)
                elif group == 0:
                    painter.setFont(theme.text_font())
                    painter.setPen(theme.colour("quiet"))
                    room = QRectF(LABEL_PX, rect.top(), self.width() - LABEL_PX, rect.height())
                    flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
                    painter.drawText(room, int(flags), row.sentence)
        if self._current >= 0 and self._rows:
            group, column = divmod(self._current, self._n)
            first = self.row_rect(0, group)
            last = self.row_rect(len(self._rows) - 1, group)
            wide = first.width() / self._n
            left = first.left() + column * wide
            painter.setPen(QPen(theme.colour("accent"), 2))
            painter.drawRect(QRectF(left, first.top() + 1, wide, last.bottom() - first.top() - 2))

    def _paint_label(self, painter: QPainter, row: Row, rect: QRectF) -> None:
        painter.setFont(theme.text_font())
        painter.setPen(theme.colour("text"))
        room = QRectF(0, rect.center().y() - 20, LABEL_PX - 12, 20)
        text = painter.fontMetrics().elidedText(
            row.title, Qt.TextElideMode.ElideMiddle, int(room.width())
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.setFont(theme.figure_font(theme.CAPTION_PX))
        painter.setPen(theme.colour("quiet"))
        under = room.translated(0, 18)
        painter.drawText(
            under, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, row.note
        )


class Rows(QWidget):
    """Asks each model for the same images and shows all answers at once."""

    image_picked = Signal(object)  # float32 (C, H, W)

    def __init__(self, session: Session, slots: Slots, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._slots = session, slots
        self.seed = 0
        self.sheet = RowsSheet(self)
        self.sheet.picked.connect(self._pick)
        self._inputs: np.ndarray | None = None
        self._n, self._groups = 8, 1
        self._asked: tuple[Any, ...] = ()
        self._stale = True
        self.together = Together(session, self, "metrics.preview:look", Priority.PICTURE)
        self.together.shown.connect(self._show)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.GRID, 0, 0)
        column.addWidget(self.sheet, 1)
        slots.changed.connect(self.ask)
        session.data_changed.connect(self.ask)

    def shuffle(self, seed: int) -> None:
        """Show the images of another seed."""
        self.seed = seed
        self.ask()

    def ask(self) -> None:
        """Ask for the images, unless nobody looks."""
        if not self.isVisible():
            self._stale = True
            return
        self._stale = False
        refs = self._slots.refs()
        self._fit(len(refs) + 1)
        what = (tuple(ref.source for ref in refs.values()), self._session.data, self.seed)
        what = (*what, self._n, self._groups)
        if what == self._asked:
            return
        self._asked = what
        self.together.forget()
        arguments = {
            "data": self._session.data,
            "n": self._n * self._groups,
            "seed": self.seed,
            "sample_rows": 1,
        }
        self.together.ask([Part(slot, ref.source, arguments) for slot, ref in refs.items()])

    def _fit(self, n_rows: int) -> None:
        """How many images stand side by side, in how many groups."""
        room, high = self.sheet.width() - LABEL_PX, self.sheet.height()
        factor, groups, used = 1, 1, 0.0
        for each in range(LARGEST, 0, -1):  # a smaller one only where it fills far more
            tall = n_rows * (28 * each + GAP_PX) - GAP_PX + BETWEEN_PX
            fitting = int(np.clip((high + BETWEEN_PX) // tall, 0, MOST_GROUPS))
            if fitting * tall > MUCH_MORE * used and room >= FEWEST * 28 * each:
                factor, groups, used = each, fitting, fitting * tall
        self._groups = max(1, groups)
        self._n = int(np.clip(room // (28 * factor), FEWEST, MOST_IMAGES))

    def _show(self, frame: Frame) -> None:
        looks = {slot: frame.value(slot) for slot in frame.parts}
        first = next((look for look in looks.values() if look is not None), None)
        titles = {slot: ref.title for slot, ref in self._slots.refs().items()}
        self._inputs = None if first is None else first.inputs
        rows = []
        if first is not None:
            words = self.tr("seed %1").replace("%1", str(self.seed))
            rows.append(Row(self.tr("originals"), words, first.inputs))
        for slot, look in looks.items():
            title = f"{slot}  {titles.get(slot, '')}"
            if look is None:
                rows.append(Row(title, "", None, frame.failures[slot].sentence()))
            elif look.outputs is None:
                text = self.tr(
                    "This model does not encode images, so it has no reconstructions."
                    " Choose an autoencoder or a VAE."
                )
                rows.append(Row(title, "", None, text))
            else:
                error = self.tr("error %1").replace("%1", f"{mse(look.inputs, look.outputs):.4f}")
                rows.append(Row(title, error, look.outputs))
        self.sheet.show_rows(tuple(rows), self._n, self._groups, frame.number)

    def _pick(self, number: int) -> None:
        if self._inputs is None:
            return
        side = self._inputs.shape[1] // (self._n * self._groups)
        cell = self._inputs[:, number * side : (number + 1) * side].astype(np.float32) / 255.0
        self.image_picked.emit(cell[None] if cell.ndim == 2 else np.moveaxis(cell, 2, 0))

    def showEvent(self, event: object) -> None:
        if self._stale:
            self.ask()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.ask()


def high_of(height: int, n_rows: int, groups: int) -> float:
    """Pixels that a row may take where `groups` of `n_rows` rows stand below each other."""
    gaps = groups * (n_rows - 1) * GAP_PX + (groups - 1) * BETWEEN_PX
    return (height - gaps) / (groups * n_rows)


def mse(inputs: np.ndarray, outputs: np.ndarray) -> float:
    """Mean squared error of two pictures uint8, in grey values of [0, 1]."""
    off = (to_uint8(inputs).astype(np.float64) - to_uint8(outputs)) / 255.0
    return float((off**2).mean())
