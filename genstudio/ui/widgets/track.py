"""A slim slider that goes where the hand points."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSlider, QWidget

from genstudio.ui import theme

_KNOB_PX = 8.0  # radius
_LINE_PX = 4.0
FINE = 1 / 50  # of the hand's movement while Shift is held
COARSE = 10  # steps at once with Shift and an arrow


class Track(QSlider):
    """A horizontal slider: a line, its filled part in the accent colour, a round knob.

    Click or drag to a place; Shift drags finely; arrows step, with Shift ten times. Esc
    puts back what the hand took; a double click asks for the default.
    """

    reset_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._taken = 0  # value when the hand took the knob
        self._anchor = (0.0, 0.0)  # x of the pointer in pixels, value there
        self._fine = False

    def held(self) -> bool:
        """Whether the hand holds the knob now."""
        return self.isSliderDown()

    def knob(self) -> QPointF:
        """The middle of the knob in the widget's coordinates."""
        span = self.maximum() - self.minimum()
        share = (self.sliderPosition() - self.minimum()) / span if span else 0.0
        return QPointF(_KNOB_PX + 2 + share * self._length(), self.height() / 2)

    def sizeHint(self) -> QSize:
        return QSize(160, 24)

    def minimumSizeHint(self) -> QSize:
        return QSize(48, 24)

    # Hand ------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self.maximum() == self.minimum():
            event.ignore()
            return
        self._taken = self.value()
        self.setSliderDown(True)
        x = event.position().x()
        self._fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        on_knob = abs(x - self.knob().x()) <= _KNOB_PX + 2
        self._anchor = (
            x,
            float(self.sliderPosition()) if on_knob or self._fine else self._value_at(x),
        )
        self._move_to(x)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self.isSliderDown():
            event.ignore()
            return
        x = event.position().x()
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if fine != self._fine:  # the new scale starts where the hand is
            self._anchor = (x, self._value_here(x))
            self._fine = fine
        self._move_to(x)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.isSliderDown():
            self.setSliderDown(False)
            self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(False)
        self.reset_wanted.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Escape and self.isSliderDown():
            self.setSliderPosition(self._taken)
            self.setSliderDown(False)
            return
        directions = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Down: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: 1,
        }
        if key in directions:
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.setValue(
                self.value()
                + directions[Qt.Key(key)] * self.singleStep() * (COARSE if shift else 1)
            )
            return
        super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.hasFocus():  # scrolling a pane must not change what lies under the pointer
            event.ignore()
            return
        super().wheelEvent(event)

    # Private ------------------------------------------------------------

    def _length(self) -> float:
        return max(1.0, self.width() - 2 * _KNOB_PX - 4)

    def _per_px(self) -> float:
        return (self.maximum() - self.minimum()) / self._length()

    def _value_at(self, x: float) -> float:
        return self.minimum() + (x - _KNOB_PX - 2) * self._per_px()

    def _value_here(self, x: float) -> float:
        start, value = self._anchor
        return value + (x - start) * self._per_px() * (FINE if self._fine else 1.0)

    def _move_to(self, x: float) -> None:
        self.setSliderPosition(round(min(max(self._value_here(x), self.minimum()), self.maximum())))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        knob, enabled = self.knob(), self.isEnabled() and self.maximum() > self.minimum()
        left, middle = _KNOB_PX + 2, self.height() / 2
        painter.setBrush(theme.colour("line"))
        painter.drawRoundedRect(QRectF(left, middle - _LINE_PX / 2, self._length(), _LINE_PX), 2, 2)
        painter.setBrush(theme.colour("accent" if enabled else "faint"))
        painter.drawRoundedRect(
            QRectF(left, middle - _LINE_PX / 2, knob.x() - left, _LINE_PX), 2, 2
        )
        if enabled and (self.hasFocus() or self.underMouse() or self.isSliderDown()):
            painter.setBrush(theme.colour("accent", 0.35 if self.isSliderDown() else 0.22))
            painter.drawEllipse(knob, _KNOB_PX + 2, _KNOB_PX + 2)
            painter.setBrush(theme.colour("accent"))
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("pane"), 1.5))
        painter.drawEllipse(knob, _KNOB_PX - 1, _KNOB_PX - 1)
