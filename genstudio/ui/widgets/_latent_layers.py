"""Pictures that lie on a map: decoded sheets one above the other, and the picture of the points."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from genstudio.ui.widgets._latent_view import Extent, Frame

KEPT_SHEETS = 4
NEAR_PX = 0.02  # a picture this near to whole pixels is drawn on them


@dataclass(eq=False)
class Picture:
    """An image on a rectangle of the map, with smaller copies of it for when it is far away."""

    image: QImage
    extent: Extent
    factor: int = 1  # device pixels per image pixel when it was asked for
    levels: list[QImage] = field(default_factory=list)

    def pixels_per_unit(self) -> float:
        """Image pixels per map unit."""
        return self.image.width() / self.extent.width

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Draw into a painter in device pixels: pixel by pixel where whole ones meet, otherwise
        filtered by area.
        """
        x, y, w, h = frame.rect_px(self.extent)
        scale = w / self.image.width()
        target = _whole(x, y, self.image.width() * round(scale), self.image.height() * round(scale))
        if abs(scale - round(scale)) * self.image.width() < NEAR_PX * 10 and target is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            painter.drawImage(target, self.image)
            return
        seen = QRectF(x, y, w, h) & QRectF(-1, -1, frame.width + 2, frame.height + 2)
        if seen.isEmpty():
            return
        image = self._level(scale)
        fx, fy = image.width() / w, image.height() / h
        source = QRectF(
            (seen.x() - x) * fx, (seen.y() - y) * fy, seen.width() * fx, seen.height() * fy
        )
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        painter.drawImage(seen, image, source)

    def _level(self, scale: float) -> QImage:
        """The copy that is drawn at between half and all of its size."""
        wanted = max(0, math.floor(math.log2(1 / scale) + 1e-9)) if scale > 0 else 0
        if not self.levels:
            self.levels.append(self.image)
        while (
            len(self.levels) <= wanted
            and min(self.levels[-1].width(), self.levels[-1].height()) > 1
        ):
            last = self.levels[-1]
            self.levels.append(
                last.scaled(
                    max(1, last.width() // 2),
                    max(1, last.height() // 2),
                    Qt.AspectRatioMode.IgnoreAspectRatio,
                    Qt.TransformationMode.SmoothTransformation,
                )
            )
        return self.levels[min(wanted, len(self.levels) - 1)]


class SheetStack:
    """Decoded sheets of one model at one step on one plane, the newest on top.

    Older ones stay beneath, so that zooming and panning never show a hole where something was
    known.
    A sheet with another tag (model, step, plane, scale) replaces all others: nothing is mixed.
    """

    def __init__(self) -> None:
        self.pictures: list[Picture] = []
        self.tag: Hashable = None
        self._request = 0

    def put(self, picture: Picture, tag: Hashable, request: int) -> bool:
        """Lay `picture` on top; False, and nothing changes, when a newer request is shown."""
        if request < self._request:
            return False
        if tag != self.tag:
            self.pictures.clear()
        elif request == self._request and self.pictures:
            self.pictures.pop()
        density = picture.pixels_per_unit()
        self.pictures = [
            old
            for old in self.pictures
            if not (
                picture.extent.contains(old.extent, 0.01 * old.extent.width)
                or (
                    old.pixels_per_unit() > 1.02 * density and picture.extent.intersects(old.extent)
                )
            )
        ][-KEPT_SHEETS + 1 :]
        self.pictures.append(picture)
        self.tag, self._request = tag, request
        return True

    def clear(self) -> None:
        self.pictures.clear()
        self.tag = None

    def covers(self, extent: Extent) -> bool:
        """Whether one of the sheets covers `extent`."""
        return any(p.extent.contains(extent, 0.01 * extent.width) for p in self.pictures)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Draw from the bottom up, beginning with the highest that hides all below it."""
        first = 0
        for i, picture in enumerate(self.pictures):
            if picture.extent.contains(frame.extent):
                first = i
        for picture in self.pictures[first:]:
            picture.paint(painter, frame)


def sheet_image(mosaic: np.ndarray) -> QImage:
    """Mosaic uint8 (H, W) or (H, W, 3) in the format that a window draws fastest."""
    mosaic = np.ascontiguousarray(mosaic)
    form = QImage.Format.Format_Grayscale8 if mosaic.ndim == 2 else QImage.Format.Format_RGB888
    image = QImage(mosaic.data, mosaic.shape[1], mosaic.shape[0], mosaic.strides[0], form)
    return image.convertToFormat(QImage.Format.Format_RGB32)


def rgba_image(picture: np.ndarray) -> QImage:
    """RGBA uint8 (H, W, 4), not premultiplied, in the format that a window draws fastest."""
    picture = np.ascontiguousarray(picture)
    height, width = picture.shape[:2]
    image = QImage(picture.data, width, height, picture.strides[0], QImage.Format.Format_RGBA8888)
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def small_image(image: np.ndarray) -> QImage:
    """Image (H, W), (C, H, W) or (H, W, 3), uint8 or float in [0, 1], as a QImage of its own."""
    from genstudio.ui.widgets.image_view import to_qimage, to_uint8

    array = to_uint8(image)
    return to_qimage(array).convertToFormat(QImage.Format.Format_RGB32)


def _whole(x: float, y: float, width: int, height: int) -> QRect | None:
    """The rectangle on whole pixels, or None where (x, y) is not near them."""
    rx, ry = round(x), round(y)
    if max(abs(x - rx), abs(y - ry)) > NEAR_PX or width <= 0 or height <= 0:
        return None
    return QRect(rx, ry, width, height)
