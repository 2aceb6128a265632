"""A canvas to draw on: white ink on black; images can be dropped and pasted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QMimeData, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QImageReader,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from genstudio.ui import theme
from genstudio.ui.widgets._ink import SIDE, Ink
from genstudio.ui.widgets._tool import small_tool

LIVE_MS = 16  # between two live signals while the hand draws
BRUSH_PX = (8, 60)  # of the sheet's 280
_MOST_SIDE = 16_384  # px of a dropped image
_KEY_STEP = 4.0  # px of the sheet that an arrow moves the pen


class DrawCanvas(QWidget):
    """Draw with the left button, rub with the right; the wheel or [ and ] change the brush.

    `image_changed` comes while the hand draws, at most every 16 ms and always with the newest
    drawing, and after every other change. By keyboard: arrows move the pen (Shift: ten times as
    far), Space puts it down and lifts it, Delete clears, Ctrl+Z and Ctrl+Shift+Z undo and redo.
    """

    image_changed = Signal(object)  # float32 (280, 280) in [0, 1], white ink on black
    stroke_finished = Signal(object)  # the same, when the pen is lifted or the canvas changed
    picture_taken = Signal(object)  # a dropped or pasted image in colour, float32 (3, h, w)
    refused = Signal(str)  # what was dropped or pasted is no image: a sentence

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ink = Ink()
        self._brush = 22.0
        self._last: QPointF | None = None  # where the hand drew last, in sheet pixels
        self._rubber = False
        self._hover: QPointF | None = None
        self._pen: QPointF | None = None  # place of the pen led by keys
        self._pen_down = False
        self._waiting = False
        self._throttle = QTimer(self)
        self._throttle.setSingleShot(True)
        self._throttle.setInterval(LIVE_MS)
        self._throttle.timeout.connect(self._tell_waiting)
        self.setAcceptDrops(True)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName(self.tr("Drawing canvas"))
        self.setToolTip(
            self.tr(
                "Draw with the left button, rub with the right. The wheel changes the brush,"
                " 8 to 60 of 280 pixels. Images can be dropped and pasted."
            )
        )
        self._tools = self._toolbar()
        self._enable()

    # Get and set ------------------------------------------------------------

    def image(self) -> np.ndarray:
        """The drawing, float32 (280, 280) in [0, 1], white ink on black."""
        return self._ink.array()

    def is_empty(self) -> bool:
        return self._ink.empty()

    def brush(self) -> float:
        """Width of the brush in pixels of the sheet."""
        return self._brush

    def set_brush(self, width_px: float) -> None:
        """Set the width of the brush, 8 to 60 px of the sheet's 280."""
        self._brush = float(min(max(width_px, BRUSH_PX[0]), BRUSH_PX[1]))
        self.update()

    def sheet_rect(self) -> QRectF:
        """Where the sheet lies in the widget."""
        side = min(self.width(), self.height() - self._tools.height() - 4)
        return QRectF((self.width() - side) / 2, 0, side, side)

    def sizeHint(self) -> QSize:
        return QSize(168, 200)

    def minimumSizeHint(self) -> QSize:
        return QSize(112, 144)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return min(width, 260) + self._tools.sizeHint().height() + 4

    # Changes ------------------------------------------------------------

    def clear(self) -> None:
        """Take all ink away; undo brings it back."""
        if not self._ink.empty():
            self._ink.remember()
            self._ink.clear()
            self._changed()

    def undo(self) -> None:
        if self._ink.undo():
            self._changed()

    def redo(self) -> None:
        if self._ink.redo():
            self._changed()

    def invert(self) -> None:
        """Swap ink and ground."""
        self._ink.remember()
        self._ink.invert()
        self._changed()

    def paste(self) -> None:
        """Take the clipboard's image."""
        self._take(QGuiApplication.clipboard().mimeData())

    def place_image(self, picture: QImage) -> None:
        """Put a picture on the sheet, in grey, white ink on black."""
        self._ink.remember()
        self._ink.place(picture)
        self._changed()
        rgb = picture.convertToFormat(QImage.Format.Format_RGB888)
        rows = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
        pixels = rows[:, : 3 * rgb.width()].reshape(rgb.height(), rgb.width(), 3)
        colour = np.moveaxis(pixels, -1, 0).astype(np.float32) / np.float32(255)  # (3, h, w)
        self.picture_taken.emit(colour)

    # Hand ------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        buttons = (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton)
        if event.button() not in buttons or self._last is not None:
            return
        if not self.sheet_rect().contains(event.position()):
            return
        self._rubber = event.button() == Qt.MouseButton.RightButton
        self._ink.remember()
        self._last = self._to_sheet(event.position())
        self._draw_to(self._last)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = event.position()
        if self._last is not None:
            self._draw_to(self._to_sheet(event.position()))
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._last is not None:
            self._last = None
            self._rubber = False
            self._changed()

    def leaveEvent(self, event: object) -> None:
        self._hover = None
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.set_brush(self._brush + (2 if event.angleDelta().y() > 0 else -2))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        far = _KEY_STEP * (10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        key = Qt.Key(event.key())
        moves = {
            Qt.Key.Key_Left: QPointF(-far, 0),
            Qt.Key.Key_Right: QPointF(far, 0),
            Qt.Key.Key_Up: QPointF(0, -far),
            Qt.Key.Key_Down: QPointF(0, far),
        }
        if event.matches(QKeySequence.StandardKey.Undo):
            self.undo()
        elif (
            event.matches(QKeySequence.StandardKey.Redo)
            or event.keyCombination() == (QKeySequence("Ctrl+Shift+Z")[0])
        ):
            self.redo()
        elif event.matches(QKeySequence.StandardKey.Paste):
            self.paste()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.clear()
        elif key in (Qt.Key.Key_BracketLeft, Qt.Key.Key_BracketRight):
            self.set_brush(self._brush + (2 if key == Qt.Key.Key_BracketRight else -2))
        elif key in moves:
            self._move_pen(moves[key])
        elif key == Qt.Key.Key_Space:
            self._lift_or_lower()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: object) -> None:
        if self._pen_down:
            self._lift_or_lower()
        self._pen = None
        super().focusOutEvent(event)  # type: ignore[arg-type]

    # Dropped and pasted ------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        data = event.mimeData()
        if data.hasImage() or any(url.isLocalFile() for url in data.urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self._take(event.mimeData())
        event.acceptProposedAction()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.accept()  # the right button rubs

    def _take(self, data: QMimeData | None) -> None:
        if data is None:
            return
        picture, name = QImage(), self.tr("the clipboard")
        if data.hasImage():
            picture = QImage(data.imageData())
        elif data.urls() and data.urls()[0].isLocalFile():
            path = Path(data.urls()[0].toLocalFile())
            name = path.name
            reader = QImageReader(str(path))
            reader.setAutoTransform(True)
            size = reader.size()
            if max(size.width(), size.height()) <= _MOST_SIDE:
                picture = reader.read()
        if picture.isNull() or picture.width() < 1:
            sentence = self.tr("There is no image to use in {0}. Choose a PNG or JPEG image.")
            self.refused.emit(sentence.format(name))
            return
        self.place_image(picture)

    # Private ------------------------------------------------------------

    def _toolbar(self) -> QWidget:
        bar = QWidget(self)
        bar.setCursor(Qt.CursorShape.ArrowCursor)
        row = QHBoxLayout(bar)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        self._actions: dict[str, QToolButton] = {}
        for key, icon, tip, run in (
            ("undo", "undo", self.tr("Undo the last stroke (Ctrl+Z)"), self.undo),
            ("redo", "redo", self.tr("Redo the stroke (Ctrl+Shift+Z)"), self.redo),
            ("clear", "trash", self.tr("Clear the canvas (Delete)"), self.clear),
            ("more", "more", self.tr("Brush, paste and invert"), self._show_menu),
        ):
            button = small_tool(bar, icon, tip, run)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._actions[key] = button
            row.addWidget(button)
            if key == "clear":
                row.addStretch(1)
        return bar

    def menu(self) -> QMenu:
        """Brush sizes, paste, invert."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for width, words in (
            (14, self.tr("Fine brush")),
            (22, self.tr("Medium brush")),
            (34, self.tr("Broad brush")),
        ):
            action = QAction(words, menu, checkable=True, checked=round(self._brush) == width)
            action.triggered.connect(lambda _on=False, width=width: self.set_brush(width))
            menu.addAction(action)
        menu.addSeparator()
        menu.addAction(self.tr("Paste image"), self.paste)
        menu.addAction(self.tr("Swap ink and ground"), self.invert)
        return menu

    def _show_menu(self) -> None:
        button = self._actions["more"]
        self.menu().popup(button.mapToGlobal(button.rect().bottomLeft()))

    def _to_sheet(self, position: QPointF) -> QPointF:
        rect = self.sheet_rect()
        return (position - rect.topLeft()) * (SIDE / max(1.0, rect.width()))

    def _draw_to(self, point: QPointF) -> None:
        self._ink.stroke(self._last or point, point, self._brush, rubber=self._rubber)
        self._last = point
        self.update()
        self._tell_live()

    def _move_pen(self, way: QPointF) -> None:
        before = self._pen or QPointF(SIDE / 2, SIDE / 2)
        place = before + way
        self._pen = QPointF(min(max(place.x(), 0.0), SIDE), min(max(place.y(), 0.0), SIDE))
        if self._pen_down:
            self._ink.stroke(before, self._pen, self._brush)
            self._tell_live()
        self.update()

    def _lift_or_lower(self) -> None:
        self._pen = self._pen or QPointF(SIDE / 2, SIDE / 2)
        self._pen_down = not self._pen_down
        if self._pen_down:
            self._ink.remember()
            self._ink.stroke(self._pen, self._pen, self._brush)
            self._tell_live()
        else:
            self._changed()
        self.update()

    def _changed(self) -> None:
        """A change is complete: tell it at once."""
        self._throttle.stop()
        self._waiting = False
        self._enable()
        self.update()
        drawing = self.image()
        self.image_changed.emit(drawing)
        self.stroke_finished.emit(drawing)

    def _tell_live(self) -> None:
        if self._throttle.isActive():
            self._waiting = True
        else:
            self._throttle.start()
            self.image_changed.emit(self.image())

    def _tell_waiting(self) -> None:
        if self._waiting:
            self._waiting = False
            self._throttle.start()
            self.image_changed.emit(self.image())

    def _enable(self) -> None:
        self._actions["undo"].setEnabled(self._ink.can_undo())
        self._actions["redo"].setEnabled(self._ink.can_redo())
        self._actions["clear"].setEnabled(not self._ink.empty())

    def resizeEvent(self, event: QResizeEvent) -> None:
        height = self._tools.sizeHint().height()
        self._tools.setGeometry(0, 0, self.width(), height)
        rect = self.sheet_rect()
        self._tools.setGeometry(
            int(rect.x()), int(rect.bottom()) + 4, max(112, int(rect.width())), height
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        rect = self.sheet_rect()
        if self._ink.empty() and self._last is None and not self._pen_down:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("field"))
            painter.drawRoundedRect(rect, theme.RADIUS, theme.RADIUS)
            painter.setPen(theme.colour("quiet"))
            painter.setFont(theme.text_font(theme.CAPTION_PX))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self.tr("draw, drop or paste"))
        else:
            painter.drawImage(rect, self._ink.image)
        scale = rect.width() / SIDE
        for place in (self._hover, self._pen and rect.topLeft() + self._pen * scale):
            if place is not None and rect.contains(place):
                painter.setPen(QPen(theme.colour("accent"), 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(place, self._brush * scale / 2, self._brush * scale / 2)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("accent"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))
