"""The walk to noise as a strip of thumbnails, t = 0 at the left and T at the right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from genstudio.ui import theme
from genstudio.ui.panels._denoise_picture_look import pixels
from genstudio.ui.widgets.image_view import to_qimage
from genstudio.ui.widgets.track import COARSE, FINE

MOST_PX = 56  # side of a thumbnail
LEAST_PX = 28
GAP_PX = 4
LABEL_PX = 16  # below the thumbnails

Frames = Callable[[int], np.ndarray | None]  # x_t (C, H, W) of the walk at t, None where not here


class NoiseStrip(QWidget):
    """Drag or click goes to a t, Shift finely; arrows step, with Shift ten times."""

    scrubbed = Signal(int)  # t under the hand

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frames: Frames = lambda t: None
        self._n_steps = 0
        self._t = 0
        self._held: tuple[float, float] | None = None  # x and t where the hand took it
        self._cache: dict[int, np.ndarray] = {}
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._side = MOST_PX
        self.setAccessibleName(self.tr("The walk to noise"))
        self.setToolTip(
            self.tr(
                "The image step by step on its way to noise: t = 0 at the left, T at the right. "
                "Drag to go to a t, with Shift finely; arrows step"
            )
        )

    # Get and set -------------------------------------------------------------------------------

    def show_walk(self, n_steps: int, frames: Frames) -> None:
        """A walk of T = `n_steps` steps; 0 for none."""
        self._n_steps, self._frames = n_steps, frames
        self._cache.clear()
        self.update()

    def grow(self) -> None:
        """More of the walk is here."""
        if len(self._cache) < len(self.times()):
            self.update()

    def set_t(self, t: int) -> None:
        if t != self._t:
            self._t = t
            self.update()

    def t(self) -> int:
        return self._t

    def held(self) -> bool:
        return self._held is not None

    def side(self) -> int:
        """Pixels of a thumbnail's side."""
        return self._side

    def set_side(self, px: int) -> None:
        """Thumbnails of another size; it says how high the strip is."""
        if px != self._side:
            self._side = px
            self.updateGeometry()
            self.update()

    def times(self) -> list[int]:
        """The t of each thumbnail, evenly spread over 0 to T."""
        room = self.width() - self.side()
        count = 1 + max(1, int(room // (self.side() + GAP_PX)))
        if not self._n_steps:
            return []
        return [round(self._n_steps * k / (count - 1)) for k in range(count)]

    def x_of(self, t: float) -> float:
        """Where t stands: in the middle of its thumbnail."""
        half = self.side() / 2
        share = t / self._n_steps if self._n_steps else 0.0
        return half + share * (self.width() - 2 * half)

    def t_at(self, x: float) -> float:
        half = self.side() / 2
        room = max(1.0, self.width() - 2 * half)
        return (x - half) / room * self._n_steps

    def sizeHint(self) -> QSize:
        return QSize(480, self._side + LABEL_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self._side + LABEL_PX)

    # Hand --------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self._n_steps:
            event.ignore()
            return
        x = event.position().x()
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._held = (x, float(self._t) if fine else self.t_at(x))
        self._go(self._held[1])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is None:
            return
        start, t = self._held
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        moved = self.t_at(event.position().x()) - self.t_at(start)
        self._go(t + moved * (FINE if fine else 1.0))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ways = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Down: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: 1,
            Qt.Key.Key_Home: -self._n_steps,
            Qt.Key.Key_End: self._n_steps,
        }
        way = ways.get(Qt.Key(event.key()))
        if way is None:
            super().keyPressEvent(event)
            return
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._go(self._t + way * (COARSE if shift else 1))

    def _go(self, t: float) -> None:
        place = round(min(max(t, 0.0), float(self._n_steps)))
        if place != self._t:
            self.set_t(place)
            self.scrubbed.emit(place)

    # Paint -------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        side = self.side()
        for t in self.times():
            rect = QRectF(round(self.x_of(t) - side / 2), 0, side, side)
            image = self._thumbnail(t)
            if image is None:
                painter.fillRect(rect, theme.colour("field"))
            else:
                painter.drawImage(rect, to_qimage(image))
        self._paint_scale(painter, side)
        if self._n_steps:
            x = self.x_of(self._t)
            painter.setPen(QPen(theme.colour("accent"), 2))
            painter.drawLine(round(x), 0, round(x), side + 3)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("accent"), 1))
            painter.drawRect(QRectF(0.5, 0.5, self.width() - 1, side - 1))

    def _paint_scale(self, painter: QPainter, side: int) -> None:
        painter.setFont(theme.text_font(theme.CAPTION_PX))
        painter.setPen(theme.colour("quiet"))
        line = QRectF(0, side, self.width(), LABEL_PX)
        below = Qt.AlignmentFlag.AlignBottom
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | below, self.tr("t = 0, the image"))
        words = self.tr("t = T = {0}, noise").format(f"{self._n_steps:,}")
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | below, words)

    def _thumbnail(self, t: int) -> np.ndarray | None:
        if t not in self._cache:
            x = self._frames(t)
            if x is None:
                return None
            self._cache[t] = pixels("x_t", x[None])[0]
        return self._cache[t]
