"""The four slots beside the map: what stands in each, chosen by a click, filled by a drop."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QFont,
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from genstudio.ui import theme
from genstudio.ui.panels._interpolate_board import LETTERS
from genstudio.ui.widgets.image_view import fit
from genstudio.ui.widgets.latent_plane import small_image

CAPTION_PX = 16
RIM = 4
LEAST_PX, MOST_PX = 44, 104  # height of a card


class SlotCard(QWidget):
    """One slot. A click or Enter chooses it, Delete clears it, the right button opens its menu, an
    image can be dropped on it.
    """

    chosen = Signal()
    cleared = Signal()
    menu_wanted = Signal(QPoint)
    dropped = Signal(object)  # QMimeData

    def __init__(self, letter: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._letter = letter
        self._image: QImage | None = None
        self._title = ""
        self._says = ""
        self._on = self._over = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAcceptDrops(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setMaximumHeight(MOST_PX)
        self.setAccessibleName(self.tr("Slot %1").replace("%1", letter))
        self.show_slot(None, "", "")
        theme.notifier().changed.connect(self.update)

    def title(self) -> str:
        return self._title

    def says(self) -> str:
        """The sentence shown in the place of the picture, or ""."""
        return self._says

    def image(self) -> QImage | None:
        return self._image

    def show_slot(self, image: np.ndarray | None, title: str, says: str) -> None:
        """Show an image (C, H, W) in [0, 1] with its title, or why there is none."""
        self._image = None if image is None else small_image(image)
        self._title, self._says = title, says
        told = says or title or self.tr("empty")
        self.setAccessibleDescription(told)
        how = self.tr("Click to choose; drop, paste or draw an image to fill it. Delete clears it.")
        self.setToolTip(f"{self._letter}: {told}\n{how}")
        self.update()

    def set_on(self, on: bool) -> None:
        """Whether this is the slot that the next image goes to."""
        if on != self._on:
            self._on = on
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(self.width(), MOST_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, LEAST_PX)

    # Events ------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.cleared.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.chosen.emit()
        self.menu_wanted.emit(event.globalPos())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        mime = event.mimeData()
        if mime.hasImage() or any(url.isLocalFile() for url in mime.urls()):
            self._over = True
            self.update()
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._over = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        self._over = False
        self.update()
        self.chosen.emit()
        self.dropped.emit(event.mimeData())
        event.acceptProposedAction()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        rim = theme.colour("accent") if self._on or self._over else theme.colour("line")
        dashed = Qt.PenStyle.DashLine if self._image is None and not self._on else None
        painter.setPen(QPen(rim, 1.5 if self._on else 1, dashed or Qt.PenStyle.SolidLine))
        painter.setBrush(theme.colour("field"))
        painter.drawRoundedRect(box, theme.RADIUS, theme.RADIUS)
        self._paint_picture(painter)
        self._paint_caption(painter)
        painter.end()

    def _paint_picture(self, painter: QPainter) -> None:
        room = QSize(self.width() - 2 * RIM, self.height() - RIM - CAPTION_PX)
        if self._image is None:
            painter.setPen(theme.colour("error" if self._says else "faint"))
            painter.setFont(theme.text_font(20))
            area = QRectF(RIM, RIM / 2, room.width(), room.height())
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "!" if self._says else "+")
            return
        rect = fit(self._image.size(), room, self.devicePixelRatioF()).translated(RIM, RIM)
        shrunk = rect.width() * self.devicePixelRatioF() < self._image.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrunk)
        painter.drawImage(rect, self._image)
        if self._says:
            painter.fillRect(rect, theme.colour("pane", 0.6))
            painter.setPen(theme.colour("error"))
            painter.setFont(theme.text_font(20))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, "!")

    def _paint_caption(self, painter: QPainter) -> None:
        painter.setFont(theme.text_font(theme.CAPTION_PX, QFont.Weight.DemiBold))
        line = QRectF(RIM, self.height() - CAPTION_PX, self.width() - 2 * RIM, CAPTION_PX - 2)
        left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setPen(theme.colour("accent" if self._on else "text"))
        painter.drawText(line, left, self._letter)
        font = theme.text_font(theme.CAPTION_PX)
        painter.setFont(font)
        painter.setPen(theme.colour("quiet"))
        words = line.adjusted(14, 0, 0, 0)
        text = QFontMetricsF(font).elidedText(
            self._title, Qt.TextElideMode.ElideLeft, words.width()
        )
        painter.drawText(words, left, text)


class SlotColumn(QWidget):
    """The four cards one below the other; one of them is chosen."""

    chosen = Signal(int)
    cleared = Signal(int)
    menu_wanted = Signal(int, QPoint)
    dropped = Signal(int, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards = [SlotCard(letter) for letter in LETTERS]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        for place, card in enumerate(self.cards):
            card.chosen.connect(lambda place=place: self.choose(place))
            card.cleared.connect(lambda place=place: self.cleared.emit(place))
            card.menu_wanted.connect(lambda at, place=place: self.menu_wanted.emit(place, at))
            card.dropped.connect(lambda mime, place=place: self.dropped.emit(place, mime))
            column.addWidget(card, 1)
        column.addStretch(0)
        self._place = 0
        self.cards[0].set_on(True)

    def place(self) -> int:
        """The slot that the next image goes to."""
        return self._place

    def choose(self, place: int) -> None:
        self._place = place
        for number, card in enumerate(self.cards):
            card.set_on(number == place)
        self.chosen.emit(place)

    def set_width(self, px: int) -> None:
        self.setFixedWidth(px)
        for card in self.cards:
            card.setFixedWidth(px)
