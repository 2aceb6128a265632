"""The paths as film strips one below the other, over one axis: the hand scrubs through them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from genstudio.ui import theme
from genstudio.ui.panels._interpolate_strips import (
    Layout,
    Strip,
    lay_out,
    paint_cursor,
    paint_plot,
    paint_strip,
)

FINE = 1 / 50  # of the hand's movement while Shift is held
MARK_PX = 9.0  # a press this near to the mark of a worst place takes it
LEAST_PX = 132  # height of three strips of small cells and a low plot


class Film(QWidget):
    """Strips and their plots. Left and Right step a frame (Shift: ten), Up and Down choose a strip,
    W goes to the worst place of the chosen one.
    """

    scrubbed = Signal(str, float)  # kind, share of the frames
    chosen = Signal(str)  # kind

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._strips: tuple[Strip, ...] = ()
        self._chosen = ""
        self._gaps = False
        self._t = 0.5
        self._grip = ""  # kind whose strip the hand holds
        self._last_x = 0.0
        self._layout: Layout | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Frames of the paths"))
        theme.notifier().changed.connect(self.update)

    # Get and set -------------------------------------------------------------------------------

    def strips(self) -> tuple[Strip, ...]:
        return self._strips

    def set_strips(self, strips: Sequence[Strip], chosen: str, gaps: bool = False) -> None:
        """Show these strips; `chosen` is the one whose frames the cursor goes through, `gaps` tells
        whether there is room for distances to what the model can do.
        """
        self._strips, self._chosen, self._gaps = tuple(strips), chosen, gaps
        self._layout = None
        words = "; ".join(f"{s.look.name}: {' '.join(s.facts) or s.says}" for s in strips)
        self.setAccessibleDescription(words)
        self.update()

    def t(self) -> float:
        """Where the cursor stands, a share of the frames."""
        return self._t

    def set_t(self, t: float) -> None:
        if t != self._t:
            self._t = t
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(720, 280)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, LEAST_PX)

    # Geometry ----------------------------------------------------------------------------------

    def layout_now(self) -> Layout:
        """Where strips and plots lie."""
        if self._layout is None:
            self._layout = lay_out(
                self.width(), self.height(), self._strips, self._gaps, self.devicePixelRatioF()
            )
        return self._layout

    def strip_rect(self, kind: str) -> QRectF:
        """Where the frames of a strip lie; empty where it is not shown."""
        for strip, rect in zip(self._strips, self.layout_now().rows, strict=False):
            if strip.kind == kind:
                return QRectF(rect)
        return QRectF()

    def x_of(self, t: float) -> float:
        return self.layout_now().x_of(t)

    def mark_of(self, kind: str) -> QPointF:
        """Where the mark of a strip's worst place stands."""
        rect = self.strip_rect(kind)
        at = next((s.worst for s in self._strips if s.kind == kind), None)
        return QPointF(self.x_of(at), rect.top()) if at is not None else QPointF(-99, -99)

    def _kind_at(self, position: QPointF) -> str:
        for strip, rect in zip(self._strips, self.layout_now().rows, strict=False):
            if rect.top() - 4 <= position.y() < rect.bottom() + 4:
                return strip.kind
        return ""

    def _mark_at(self, position: QPointF) -> str:
        for strip in self._strips:
            offset = self.mark_of(strip.kind) - position
            if strip.worst is not None and abs(offset.x()) + abs(offset.y()) <= MARK_PX:
                return strip.kind
        return ""

    # The hand ----------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        position = event.position()
        mark = self._mark_at(position)
        if mark:
            self.go_to_worst(mark)
            return
        kind = self._kind_at(position) or self._chosen
        self._grip, self._last_x = kind, position.x()
        if kind != self._chosen and kind:
            self.chosen.emit(kind)
        if position.x() >= self.layout_now().left - 4:
            fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            if not fine:
                self._go(self.layout_now().t_of(position.x()))
        else:
            self._grip = ""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if not self._grip:
            over = bool(self._mark_at(event.position())) or x >= self.layout_now().left - 4
            shape = Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor
            self.setCursor(shape)
            return
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            moved = (x - self._last_x) * FINE / max(1.0, self.layout_now().length)
            self._go(self._t + moved)
        else:
            self._go(self.layout_now().t_of(x))
        self._last_x = x

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = ""

    def go_to_worst(self, kind: str) -> None:
        """The cursor goes to the worst place of a strip."""
        at = next((s.worst for s in self._strips if s.kind == kind), None)
        if at is not None:
            if kind != self._chosen:
                self.chosen.emit(kind)
            self._go(at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        many = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        last = next((s.last for s in self._strips if s.kind == self._chosen), 0)
        kinds = [s.kind for s in self._strips]
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and last:
            way = -many if key == Qt.Key.Key_Left else many
            self._go((round(self._t * last) + way) / last)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._go(0.0 if key == Qt.Key.Key_Home else 1.0)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._chosen in kinds:
            way = -1 if key == Qt.Key.Key_Up else 1
            self.chosen.emit(kinds[(kinds.index(self._chosen) + way) % len(kinds)])
        elif key == Qt.Key.Key_W:
            self.go_to_worst(self._chosen)
        else:
            super().keyPressEvent(event)

    def _go(self, t: float) -> None:
        self._t = min(max(t, 0.0), 1.0)
        self.update()
        self.scrubbed.emit(self._grip or self._chosen, self._t)

    # Painting ----------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = self.layout_now()
        for strip, rect in zip(self._strips, place.rows, strict=False):
            paint_strip(painter, place, rect, strip, strip.kind == self._chosen)
        names = {
            "speed": self.tr("pixel speed\n‖Δx‖ per frame"),
            "gaps": self.tr("gap distance\n/ threshold"),
        }
        for plot in place.plots:
            paint_plot(painter, place, plot, names[plot.what], self._strips, self._chosen)
        if not self._strips:
            painter.setPen(theme.colour("quiet"))
            words = self.tr("No path is shown: switch one on above.")
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, words)
        if self._strips and place.rows:
            paint_cursor(painter, place, self._t)
        if self.hasFocus() and place.rows:
            painter.setPen(theme.colour("accent", 0.6))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            around = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(around, theme.RADIUS, theme.RADIUS)
        painter.end()

    def resizeEvent(self, event: object) -> None:
        self._layout = None

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            kind = self._mark_at(QPointF(event.pos())) or self._kind_at(QPointF(event.pos()))
            tip = next((s.tip for s in self._strips if s.kind == kind), "")
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._layout = None
        return super().event(event)
