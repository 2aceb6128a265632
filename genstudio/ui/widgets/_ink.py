"""The sheet of a drawing canvas: white ink on black, with undo; grey float arrays in and out."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

SIDE = 280  # pixels of the sheet
_MOST_UNDO = 64


class Ink:
    """A square sheet of `SIDE` pixels and its history."""

    def __init__(self) -> None:
        self.image = self._blank()
        self._before: list[QImage] = []
        self._after: list[QImage] = []

    @staticmethod
    def _blank() -> QImage:
        image = QImage(SIDE, SIDE, QImage.Format.Format_Grayscale8)
        image.fill(0)
        return image

    def array(self) -> np.ndarray:
        """The drawing as float32 (SIDE, SIDE) in [0, 1], white ink on black; a copy."""
        rows = np.frombuffer(self.image.constBits(), np.uint8)
        pixels = rows.reshape(SIDE, self.image.bytesPerLine())[:, :SIDE]
        return pixels.astype(np.float32) / np.float32(255.0)

    def empty(self) -> bool:
        return not np.frombuffer(self.image.constBits(), np.uint8).any()

    # History ------------------------------------------------------------

    def remember(self) -> None:
        """Keep the sheet as it is, for undo; what was undone is forgotten."""
        self._before.append(self.image.copy())
        del self._before[:-_MOST_UNDO]
        self._after.clear()

    def undo(self) -> bool:
        return self._swap(self._before, self._after)

    def redo(self) -> bool:
        return self._swap(self._after, self._before)

    def can_undo(self) -> bool:
        return bool(self._before)

    def can_redo(self) -> bool:
        return bool(self._after)

    def _swap(self, take: list[QImage], give: list[QImage]) -> bool:
        if not take:
            return False
        give.append(self.image)
        self.image = take.pop()
        return True

    # Marks ------------------------------------------------------------

    def stroke(self, start: QPointF, end: QPointF, width: float, *, rubber: bool = False) -> None:
        """A line of `width` pixels with round ends; black where the hand holds the rubber."""
        painter = QPainter(self.image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor(Qt.GlobalColor.black if rubber else Qt.GlobalColor.white)
        pen = QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
        if start == end:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawEllipse(start, width / 2, width / 2)
        else:
            painter.setPen(pen)
            painter.drawLine(start, end)
        painter.end()

    def clear(self) -> None:
        self.image = self._blank()

    def place(self, picture: QImage) -> None:
        """Fill the sheet with a picture, its proportions kept; a light ground becomes black."""
        grey = picture.convertToFormat(QImage.Format.Format_ARGB32)
        sheet = QImage(grey.size(), QImage.Format.Format_RGB32)
        sheet.fill(Qt.GlobalColor.white if picture.hasAlphaChannel() else Qt.GlobalColor.black)
        painter = QPainter(sheet)
        painter.drawImage(0, 0, grey)
        painter.end()
        flat = sheet.convertToFormat(QImage.Format.Format_Grayscale8)
        if _light_ground(flat):
            flat.invertPixels()
        self.image = self._blank()
        painter = QPainter(self.image)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        scale = SIDE / max(flat.width(), flat.height())
        wide, high = flat.width() * scale, flat.height() * scale
        painter.drawImage(QRectF((SIDE - wide) / 2, (SIDE - high) / 2, wide, high), flat)
        painter.end()

    def invert(self) -> None:
        self.image.invertPixels()


def _light_ground(grey: QImage) -> bool:
    """Whether the picture's border is light on the whole, as paper is."""
    rows = np.frombuffer(grey.constBits(), np.uint8).reshape(grey.height(), grey.bytesPerLine())
    pixels = rows[:, : grey.width()]
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return float(np.median(border)) > 127
