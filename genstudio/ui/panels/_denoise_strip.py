"""Runs as film strips, one below the other over one axis with one cursor: the hand scrubs.

Strips(parent)
  set_rows(rows), rows()    _denoise_strip_row.Row: id, title, tape, for a fork begins and parent,
                            for a difference other; a tape may grow: call grew(run id) then
  set_chosen(id), chosen_row()      the row that the cursor goes through and the keys step in
  set_step(index), step()   the cursor stands at this step of the chosen row (the last kept frame at
                            or before it)
  set_kind(kind)            what thumbnails show: "x0_hat" | "x_t" | "noise_hat" | "change"
  set_image(i)              which image of the batch
  set_axis(by, t_max)       "t": from t_max, noise, at the left to 0 at the right; "step": by step
  axis() -> Axis            where it lies in this widget's pixels, for a plot below
  x_of(id, index)           the pixel of a row's step
  grew(id)                  that row's tape holds more frames
  set_empty_text(words)
signals
  scrubbed(str id, int index)       the hand went to this step of this run; before a fork begins it
                            is its parent's step, over a difference the chosen run's
  chosen(str id)                    the hand or a key chose another run
  activated(str id, int index)      double click or Enter
  peeked(str id, int index)         the pointer rests over this step; ("", -1) when it leaves
  menu_wanted(str id, int index, QPoint)    right button or menu key, in global pixels
  axis_changed()                    axis() is another one: follow it
hand and keys: drag scrubs (Shift: 1/50 as fast), wheel scrolls the rows, Left and Right step
(Shift: ten), Home and End, Up and Down choose a run.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QHelpEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QToolTip, QWidget

from genstudio.ui.panels._denoise_strip_canvas import StripsCanvas

FINE = 1 / 50  # of the hand's movement while Shift is held


class Strips(StripsCanvas):
    """See the top of this file."""

    scrubbed = Signal(str, int)
    chosen = Signal(str)
    activated = Signal(str, int)
    peeked = Signal(str, int)
    menu_wanted = Signal(str, int, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grip: tuple[str, float, float] | None = None  # run, x of the hand, x that counts
        self._peek: tuple[str, int] = ("", -1)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    # The hand ----------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        id, index = self.hit(event.position())
        if event.button() != Qt.MouseButton.LeftButton or not id:
            event.ignore()
            return
        if id != self._chosen:
            self.set_chosen(id)
            self.chosen.emit(id)
        x = event.position().x()
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._grip = (id, x, self._cursor_x() if fine else x)
        if not fine:
            self._go(index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if self._grip is None:
            self._peek_at(*self.hit(event.position()))
            return
        id, last, counts = self._grip
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        counts = counts + (x - last) * FINE if fine else x
        self._grip = (id, x, counts)
        self._go(self._index_at(id, counts))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._grip = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        id, index = self.hit(event.position())
        if id and index >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._grip = None
            self.activated.emit(id, index)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            id, index = self._chosen, self._step
        else:
            id, index = self.hit(QPointF(event.pos()))
        if id and index >= 0:
            self.menu_wanted.emit(id, index, event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        many = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        runs = [each.id for each in self.rows() if not each.is_difference]
        steps, _places = self.line_of(self.chosen_row())
        if not len(steps):
            super().keyPressEvent(event)
            return
        place = max(0, int(np.searchsorted(steps, self.step(), side="right")) - 1)
        moves = {
            Qt.Key.Key_Left: place - many,
            Qt.Key.Key_Right: place + many,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: len(steps) - 1,
        }
        if key in moves:
            self._go(int(steps[min(max(moves[Qt.Key(key)], 0), len(steps) - 1)]))
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            way = 1 if key == Qt.Key.Key_Down else -1
            number = runs.index(self._chosen) + way
            if 0 <= number < len(runs):
                self.set_chosen(runs[number])
                self.chosen.emit(runs[number])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.activated.emit(self._chosen, self._step)
        else:
            super().keyPressEvent(event)

    def _go(self, index: int) -> None:
        if index >= 0 and index != self._step:
            self.set_step(index)
            self.scrubbed.emit(self._chosen, index)

    def _peek_at(self, id: str, index: int) -> None:
        if index < 0:
            id = ""
        if (id, index) != self._peek:
            self._peek = (id, index)
            self.peeked.emit(id, index)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._peek_at("", -1)
        elif event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._tip(QPointF(event.pos())), self)
            return True
        return super().viewportEvent(event)

    def _tip(self, position: QPointF) -> str:
        id, index = self.hit(position)
        row = self.row(id)
        if row is None or index < 0:
            return ""
        before = self.row(row.parent) if index < row.begins else None
        words = self._step_words(before or row, index)
        marks = [words for step, words in row.marks if step == index]
        return "\n".join([words, *marks, *([row.tip] if row.tip else [])])
