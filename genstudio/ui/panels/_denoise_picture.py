"""The large pictures of the Denoise panel: clean guess, x at t, noise, change; one or a batch.

BigPicture(parent)
  set_frame(frame, before=None, source="")  a genstudio.tape.Frame, the one before it (for the
                            change), and whose it is (a run's id: edits belong to source and step)
  set_kind(kind), kind()    "x0_hat" | "x_t" | "noise_hat" | "change": the first picture
  set_sides(*kinds), sides()    fixed pictures side by side; none given: the kind with its
                            companion (x at t, or the clean guess beside it). Any array of the frame
                            can be a side
  set_words({kind: words})  other names of kinds in the captions, such as "closed form"
  set_index(i), index()     the chosen image of the batch
  set_alone(bool), alone()  one image large, or all as a grid
  set_empty_text(words)     the sentence where there is no frame
  set_change_limit(v|None)  value at the ends of the change's colours; None takes each frame's own
  set_tool(tool), tool()    "" | "paint" (edits of x_t and x0_hat) | "keep" (mask)
  set_brush(px), brush()    diameter in image pixels, 1 to 14
  set_erasing(bool), erasing()      paint the paper, or let go of the mask (right button: the other)
  set_ink(ink, paper)       what paint puts there, in the model's scale, one value or (C,)
  edit(), set_edit(Edit|None)       the painted array; mask(), set_mask((H, W) bool | None)
  undo(), redo(), can_undo(), can_redo(), clear()   strokes
  image(kind=None, index=None)      uint8 (H, W[, 3]) as it is shown, for copying and exporting
signals
  kind_changed(str), index_changed(int), alone_changed(bool): by the hand
  edited(str kind, object array)    float32 (N, C, H, W), the whole batch, after each stroke, undo,
                            redo; None when there is no edit left
  mask_changed(object)      bool (H, W), True is kept, or None
  tool_changed(str), brush_changed(float)   by the setters, keys and wheel
  erasing_changed(bool)     by the key
  refused(str)              a sentence: what cannot be painted
hand: click chooses, double click shows one and back, dragging takes an image out.
keys: 1 2 3 4 kinds, Tab held flips clean guess and x at t, arrows choose in the grid, Page Up and
Page Down choose anywhere, Enter shows one, Esc goes back, Ctrl+C copies; B brush, M mask, X erases,
[ and ] size, with a tool arrows move the pen, Space puts it down and lifts it, Delete clears.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QMenu, QToolTip, QWidget

from genstudio.tape import Frame
from genstudio.ui.panels import _denoise_picture_paint as paint
from genstudio.ui.panels._denoise_brush import Edit
from genstudio.ui.panels._denoise_brush_hand import BrushHand
from genstudio.ui.panels._denoise_picture_canvas import PictureCanvas
from genstudio.ui.panels._denoise_picture_layout import Pane
from genstudio.ui.panels._denoise_picture_look import KINDS

HOLD_MS = 160  # Tab held as long flips; let go before, it moves the focus as everywhere
_WAYS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class BigPicture(PictureCanvas):
    """See the top of this file."""

    edited = Signal(str, object)
    mask_changed = Signal(object)
    tool_changed = Signal(str)
    brush_changed = Signal(float)
    erasing_changed = Signal(bool)
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mask_layer = paint.MaskLayer()
        self._brush = BrushHand(self)
        self._brush.painted.connect(self._painted)
        self._brush.moved.connect(self.update)
        self._brush.tool_changed.connect(self._tool_changed)
        self._brush.width_changed.connect(self.brush_changed)
        self._pressed: tuple[str, QPointF] | None = None  # kind, where the hand went down
        self._hold = QTimer(self, singleShot=True, interval=HOLD_MS)
        self._hold.timeout.connect(lambda: self._flip(True))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def set_frame(self, frame: Frame | None, before: Frame | None = None, source: str = "") -> None:
        place = (source, frame.index if frame is not None else -1)
        if self._brush.stroke is not None and self._brush.stroke.place != place:
            self._brush.lift()  # a stroke belongs to its step
        super().set_frame(frame, before, source)

    # Brush -------------------------------------------------------------------------------------

    def tool(self) -> str:
        return self._brush.tool

    def set_tool(self, tool: str) -> None:
        self._brush.set_tool(tool)

    def brush(self) -> float:
        return self._brush.width

    def set_brush(self, width_px: float) -> None:
        self._brush.set_width(width_px)

    def erasing(self) -> bool:
        return self._brush.erasing

    def set_erasing(self, erasing: bool) -> None:
        self._brush.erasing = erasing
        self.update()

    def set_ink(self, ink: float | np.ndarray, paper: float | np.ndarray = -1.0) -> None:
        self._brush.ink, self._brush.paper = ink, paper

    def edit(self) -> Edit | None:
        return self._brush.history.now.edit

    def set_edit(self, edit: Edit | None) -> None:
        """Another edit, without a signal."""
        self._brush.history.replace(edit=edit)
        self._source.set_edit(edit)
        self.update()

    def mask(self) -> np.ndarray | None:
        return self._brush.history.now.mask

    def set_mask(self, mask: np.ndarray | None) -> None:
        """Another mask, without a signal."""
        self._brush.history.replace(mask=mask)
        self.update()

    def can_undo(self) -> bool:
        return self._brush.history.can_undo()

    def can_redo(self) -> bool:
        return self._brush.history.can_redo()

    def undo(self) -> None:
        self._brush.undo()

    def redo(self) -> None:
        self._brush.redo()

    def clear(self) -> None:
        """Take the edit and the mask away; undo brings them back."""
        self._brush.clear()

    def _painted(self, edit: bool, mask: bool) -> None:
        now = self._brush.history.now
        self._source.set_edit(now.edit)
        self.update()
        if edit:
            kind = now.edit.kind if now.edit else ""
            self.edited.emit(kind, now.edit.array if now.edit else None)
        if mask:
            self.mask_changed.emit(now.mask)

    def _tool_changed(self, tool: str) -> None:
        shape = Qt.CursorShape.CrossCursor if tool else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)
        self.tool_changed.emit(tool)
        self.update()

    # The hand ----------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        hit = self._pane_at(event.position())
        both = (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton)
        if hit is None or event.button() not in both:
            event.ignore()
        elif self._brush.tool:
            self._choose(hit[1])
            other = event.button() == Qt.MouseButton.RightButton
            self._begin(hit[0], hit[1], hit[0].point_in(hit[1], event.position()), other)
        elif event.button() == Qt.MouseButton.LeftButton:
            self._choose(hit[1])
            self._pressed = (hit[0].kind, event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        stroke = self._brush.stroke
        if stroke is not None:
            pane = self.pane(stroke.kind)
            if pane is not None:
                self._brush.draw_to(pane.point_in(stroke.image, event.position()))
                self._source.set_edit(self._brush.shown_edit())
        elif self._pressed is not None:
            kind, start = self._pressed
            if (event.position() - start).manhattanLength() >= QApplication.startDragDistance():
                self._pressed = None
                paint.drag_out(self, self.image(kind))
                return
        self._brush.hover = event.position() if self._brush.tool else None
        hit = self._pane_at(event.position())
        hover = None
        if hit is not None:
            row, column = hit[0].point_in(hit[1], event.position())
            hover = (hit[1], int(row), int(column))
        if hover != self._hover or self._brush.tool:
            self._hover = hover
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pressed = None
        self._brush.lift()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._brush.tool:
            self.mousePressEvent(event)
        elif event.button() == Qt.MouseButton.LeftButton and self._pane_at(event.position()):
            self._show_alone(not self._alone)

    def leaveEvent(self, event: object) -> None:
        self._hover = self._brush.hover = None
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._brush.tool:
            self.set_brush(self.brush() + (1 if event.angleDelta().y() > 0 else -1))
            event.accept()
        else:
            event.ignore()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._brush.tool or not self._source.n:
            event.accept()  # the right button rubs
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        hit = self._pane_at(QPointF(event.pos()))
        kind = hit[0].kind if hit else self.sides()[0]
        menu.addAction(self.tr("Copy image"), lambda: self.copy(kind))
        menu.popup(event.globalPos())

    def copy(self, kind: str | None = None) -> None:
        """Put the chosen image, as it is shown, on the clipboard."""
        paint.copy(self.image(kind))

    def _begin(self, pane: Pane, image: int, point: tuple[float, float], other: bool) -> bool:
        values = self._source.values(pane.kind)
        if values is None:
            return False
        frame = self._source.frame
        assert frame is not None
        place = (self._source.name, frame.index)
        if not self._brush.begin(pane.kind, image, point, values, place, other):
            self.refused.emit(self._words.cannot_paint())
            return False
        self._source.set_edit(self._brush.shown_edit())
        return True

    # Keyboard ----------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Tab and not event.modifiers() and self._source.n:
                if not event.isAutoRepeat() and not self._flipped:
                    self._hold.start()
                return True
        elif kind == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Tab and not event.isAutoRepeat():
                if self._flipped:
                    self._flip(False)
                elif self._hold.isActive():
                    self._hold.stop()
                    self.focusNextPrevChild(True)
                return True
        elif kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if self._brush.tool and self._history_of(event) is not None:
                event.accept()
                return True
        elif kind == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            hit = self._pane_at(QPointF(event.pos()))
            tip = self._words.tip(hit[0].kind, self._source.limit()) if hit else ""
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        elif kind == QEvent.Type.DevicePixelRatioChange:
            self._panes = None
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        plain = not event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier
        back = self._history_of(event) if self._brush.tool else None
        number = event.key() - Qt.Key.Key_1.value
        if back is not None:
            back()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif not plain:
            super().keyPressEvent(event)
        elif 0 <= number < len(KINDS):
            self._take_kind(KINDS[number])
        elif self._brush.tool and self._brush_key(key, event):
            pass
        elif not self._stage_key(key):
            super().keyPressEvent(event)

    def _history_of(self, event: QKeyEvent) -> Callable[[], None] | None:
        if event.matches(QKeySequence.StandardKey.Undo) and self.can_undo():
            return self.undo
        again = event.keyCombination() == QKeySequence("Ctrl+Shift+Z")[0]
        if (again or event.matches(QKeySequence.StandardKey.Redo)) and self.can_redo():
            return self.redo
        return None

    def _stage_key(self, key: Qt.Key) -> bool:
        columns = self.panes()[0].columns if self.panes() else 1
        if key in _WAYS and not self.alone():
            way = _WAYS[key]
            self._choose(self._index + way[0] * columns + way[1])
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown) and self._source.n > 1:
            self._choose(self._index + (1 if key == Qt.Key.Key_PageDown else -1))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._source.n > 1:
            self._show_alone(not self._alone)
        elif key == Qt.Key.Key_Escape and self._alone and self._source.n > 1:
            self._show_alone(False)
        elif key == Qt.Key.Key_B:
            self.set_tool("paint")
        elif key == Qt.Key.Key_M:
            self.set_tool("keep")
        else:
            return False
        return True

    def _brush_key(self, key: Qt.Key, event: QKeyEvent) -> bool:
        many = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        if key in _WAYS:
            self._brush.move_pen(_WAYS[key], many, self._source.hw)
            self._source.set_edit(self._brush.shown_edit())
        elif key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._put_pen()
        elif key == Qt.Key.Key_Escape:
            self._brush.cancel()
            self._source.set_edit(self.edit())
        elif key in (Qt.Key.Key_BracketLeft, Qt.Key.Key_BracketRight):
            self.set_brush(self.brush() + (1 if key == Qt.Key.Key_BracketRight else -1))
        elif key == Qt.Key.Key_X:
            self.set_erasing(not self.erasing())
            self.erasing_changed.emit(self.erasing())
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.clear()
        elif (key, self.tool()) in ((Qt.Key.Key_B, "paint"), (Qt.Key.Key_M, "keep")):
            self.set_tool("")
        else:
            return False
        return True

    def _put_pen(self) -> None:
        if self._brush.stroke is not None:
            self._brush.lift()
        elif self.panes():
            pane = self.panes()[0]
            self._begin(pane, self._index, self._brush.pen_in(self._source.hw), False)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._hold.stop()
        self._flip(False)
        self._brush.lift()
        self.update()
        super().focusOutEvent(event)

    def _paint_over(self, painter: QPainter, pane: Pane) -> None:
        self._mask_layer.paint(painter, pane, self._brush.shown_mask())
        if self._brush.tool:
            paint.pen(painter, pane, self._brush, self._index, self.hasFocus())
        else:
            super()._paint_over(painter, pane)
