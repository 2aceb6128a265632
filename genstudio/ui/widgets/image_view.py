"""One image, nearest-neighbour at integer factors of the screen's pixels; smooth is a choice."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QBuffer, QIODevice, QMimeData, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QDrag,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
)
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from genstudio.ui import theme
from genstudio.ui.saving import ask_where

_DRAGGED_PX = 112  # side of the picture under the pointer while it is dragged out


def to_uint8(image: np.ndarray) -> np.ndarray:
    """`image` as contiguous uint8 (H, W) or (H, W, 3).

    It may be (H, W), (1, H, W), (3, H, W), (H, W, 1) or (H, W, 3), uint8 or float in [0, 1]
    (clipped; NaN is black); where it could be either, the channels come first.

    Raises: ValueError for another shape.
    """
    array = np.asarray(image)
    if array.ndim == 3:
        if array.shape[0] in (1, 3):
            array = array[0] if array.shape[0] == 1 else np.moveaxis(array, 0, -1)
        elif array.shape[2] == 1:
            array = array[:, :, 0]
    if not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)) or array.size == 0:
        raise ValueError(f"An image is (H, W), (1, H, W) or (3, H, W), got {np.shape(image)}.")
    if array.dtype == bool:
        array = array.astype(np.uint8) * np.uint8(255)
    elif array.dtype != np.uint8:
        scaled = np.multiply(array, 255.0, dtype=np.float32)
        scaled += 0.5
        np.clip(scaled, 0.0, 255.0, out=scaled)
        array = np.nan_to_num(scaled, copy=False, nan=0.0).astype(np.uint8)
    return np.ascontiguousarray(array)


def to_qimage(array: np.ndarray) -> QImage:
    """A QImage over uint8 (H, W) or (H, W, 3) without a copy; keep `array` alive as long as it."""
    height, width = array.shape[:2]
    form = QImage.Format.Format_Grayscale8 if array.ndim == 2 else QImage.Format.Format_RGB888
    return QImage(array.data, width, height, array.strides[0], form)


def png_bytes(image: QImage) -> bytes:
    """`image` as a PNG file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(buffer.data().data())


def mime(image: QImage) -> QMimeData:
    """`image` for the clipboard or a drag: as image and as PNG bytes."""
    data = QMimeData()
    data.setImageData(image.copy())
    data.setData("image/png", png_bytes(image))
    return data


def fit(image: QSize, area: QSize, ratio: float, smooth: bool = False) -> QRectF:
    """Where an image of size `image` lies in a widget of size `area`, `ratio` screen pixels to one.

    In the middle, at the largest integer factor of screen pixels, or filling the widget where it is
    smooth or larger than it.
    """
    wide, high = area.width() * ratio, area.height() * ratio
    factor = min(wide / image.width(), high / image.height())
    if factor >= 1 and not smooth:
        factor = float(int(factor))
    w, h = image.width() * factor, image.height() * factor
    x, y = int((wide - w) / 2), int((high - h) / 2)
    return QRectF(x / ratio, y / ratio, w / ratio, h / ratio)


class ImageView(QWidget):
    """A picture that can be copied, saved and dragged out; made to change at every move."""

    clicked = Signal()

    def __init__(self, parent: QWidget | None = None, name: str = "") -> None:
        super().__init__(parent)
        self._pixels: np.ndarray | None = None  # the memory that _image looks into
        self._image: QImage | None = None
        self._smooth = False
        self._name = ""
        self._empty = ""
        self._pressed_at: QPointF | None = None
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.set_name(name or self.tr("Image"))
        copy = QAction(
            self.tr("Copy image"), self, shortcut=QKeySequence(QKeySequence.StandardKey.Copy)
        )
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy)
        save = QAction(
            self.tr("Save image as PNG…"),
            self,
            shortcut=QKeySequence(QKeySequence.StandardKey.Save),
        )
        save.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        save.triggered.connect(self._ask_and_save)
        self.addActions([copy, save])

    # Get and set ------------------------------------------------------------

    def image(self) -> np.ndarray | None:
        """The picture shown, uint8 (H, W) or (H, W, 3), or None."""
        return self._pixels

    def set_image(self, image: np.ndarray | None) -> None:
        """Show `image`, of a shape and type that `to_uint8` takes; None for nothing.

        A contiguous uint8 array is shown without a copy: hand over arrays that nobody writes to.
        """
        before = self._image.size() if self._image is not None else QSize()
        if image is None:
            self._pixels, self._image = None, None
        else:
            self._pixels = to_uint8(image)
            self._image = to_qimage(self._pixels)
        if (self._image.size() if self._image is not None else QSize()) != before:
            self.updateGeometry()
        self.update()

    def smooth(self) -> bool:
        return self._smooth

    def set_smooth(self, smooth: bool) -> None:
        """Fill the widget and interpolate between pixels; otherwise pixels stay honest squares."""
        self._smooth = smooth
        self.update()

    def name(self) -> str:
        return self._name

    def set_name(self, name: str) -> None:
        """What the picture shows: the accessible name and the name of a saved file."""
        self._name = name
        self.setAccessibleName(name)

    def set_empty_text(self, text: str) -> None:
        """The sentence that stands where there is no picture."""
        self._empty = text
        self.update()

    def picture_rect(self) -> QRectF:
        """Where the picture lies in the widget; empty without one."""
        if self._image is None:
            return QRectF()
        return fit(self._image.size(), self.size(), self.devicePixelRatioF(), self._smooth)

    def pixel_at(self, position: QPointF) -> tuple[int, int] | None:
        """The image's (column, row) under a position in the widget, or None beside it."""
        rect = self.picture_rect()
        if self._image is None or not rect.contains(position):
            return None
        column = int((position.x() - rect.x()) / rect.width() * self._image.width())
        row = int((position.y() - rect.y()) / rect.height() * self._image.height())
        return min(column, self._image.width() - 1), min(row, self._image.height() - 1)

    def sizeHint(self) -> QSize:
        return QSize(224, 224)

    def minimumSizeHint(self) -> QSize:
        return QSize(28, 28)

    # Taking it out ------------------------------------------------------------

    def copy(self) -> None:
        """Put the picture on the clipboard, as image and as PNG bytes."""
        if self._image is not None:
            QGuiApplication.clipboard().setMimeData(mime(self._image))

    def save_png(self, path: str) -> bool:
        """Write the picture at one screen pixel per pixel; False when it could not be written."""
        return self._image is not None and self._image.save(path, "PNG")

    def _ask_and_save(self) -> None:
        if self._image is None:
            return
        path = ask_where(
            self, self.tr("Save image"), f"{self._name}.png", self.tr("PNG image (*.png)")
        )
        if path is not None:
            self.save_png(str(path))

    # Events ------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._image is None:
            self._paint_empty(painter)
            return
        rect = self.picture_rect()
        if self.hasFocus():  # a ring around the picture, no pixel of it covered
            painter.fillRect(rect.adjusted(-1, -1, 1, 1), theme.colour("accent"))
        shrunk = rect.width() * self.devicePixelRatioF() < self._image.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._smooth or shrunk)
        painter.drawImage(rect, self._image)
        self._paint_over(painter, rect)

    def _paint_over(self, painter: QPainter, rect: QRectF) -> None:
        """What a subclass draws over the picture that lies in `rect`."""

    def _paint_empty(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("field"))
        painter.drawRoundedRect(QRectF(self.rect()), theme.RADIUS, theme.RADIUS)
        if self._empty:
            painter.setPen(theme.colour("quiet"))
            painter.setFont(theme.text_font(theme.CAPTION_PX))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(12, 8, -12, -8), flags, self._empty)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed_at is None or self._image is None:
            return
        if (
            event.position() - self._pressed_at
        ).manhattanLength() >= QApplication.startDragDistance():
            self._pressed_at = None
            self._drag_out()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._pressed_at is not None:
            self._pressed_at = None
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.context_menu()
        menu.popup(event.globalPos())

    def context_menu(self) -> QMenu:
        """The menu of the right button: copy and save."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for action in self.actions():
            action.setEnabled(self._image is not None)
            menu.addAction(action)
        return menu

    def _drag_out(self) -> None:
        if self._image is None:
            return
        drag = QDrag(self)
        drag.setMimeData(mime(self._image))
        side = Qt.AspectRatioMode.KeepAspectRatio
        drag.setPixmap(QPixmap.fromImage(self._image.scaled(_DRAGGED_PX, _DRAGGED_PX, side)))
        drag.exec(Qt.DropAction.CopyAction)
