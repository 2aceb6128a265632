"""Thumbnails of frames as pixmaps, made when they are first seen and kept while there is room."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap

from genstudio.ui.panels._denoise_picture_look import LEAST_LIMIT, change_limit, pixels
from genstudio.ui.panels._denoise_strip_row import Row
from genstudio.ui.widgets.image_view import to_qimage

MOST = 4096  # of 56 px squares 50 MB
_SAMPLED = 24  # frames of a row that its scale is taken from


class Thumbs:
    """`get` hands out a thumbnail of a row's frame in the size that is set."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], QPixmap] = OrderedDict()
        self._limits: dict[tuple[object, ...], float] = {}
        self._size = (28, 28)  # h, w on the screen
        self.n_drawn = 0

    def set_size(self, high: int, wide: int) -> None:
        """Pixels of the screen that a thumbnail takes."""
        if (high, wide) != self._size:
            self._size = (high, wide)
            self._kept.clear()

    def forget(self, keep: set[str]) -> None:
        """Drop what belongs to no row of `keep`."""
        for key in [key for key in self._kept if key[0] not in keep]:
            del self._kept[key]
        for key in [key for key in self._limits if key[0] not in keep]:
            del self._limits[key]

    def get(self, row: Row, place: int, kind: str, image: int) -> QPixmap | None:
        """The thumbnail of the frame at `place`; None where the row has no such picture."""
        limit = self.limit(row, kind, image)
        key = (row.id, place, kind, image, limit)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        values = row.values(place, kind, image)
        if values is None or values.ndim != 3:
            return None
        result = self._kept[key] = self._draw(values, kind, limit)
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return result

    def limit(self, row: Row, kind: str, image: int) -> float | None:
        """The value at the ends of the colours of a row of differences or changes: one for the
        whole row, so that its thumbnails can be compared, taken from about 24 of its frames. None
        for a row of pictures.
        """
        if row.tape is None or not (row.is_difference or kind == "change"):
            return None
        key = (row.id, kind, image, len(row.tape), len(row.other or ()))
        if key not in self._limits:
            places = np.linspace(0, max(0, len(row.tape) - 1), _SAMPLED).round().astype(int)
            some = np.unique(places) if len(row.tape) else ()
            found = [row.values(int(place), kind, image) for place in some]
            known = [change_limit(each) for each in found if each is not None]
            self._limits[key] = max(known, default=LEAST_LIMIT)
        return self._limits[key]

    def _draw(self, values: np.ndarray, kind: str, limit: float | None) -> QPixmap:
        self.n_drawn += 1
        if limit is None:
            return scaled(pixels(kind, values[None])[0], *self._size)
        return scaled(pixels("change", values[None], limit)[0], *self._size)


def scaled(drawn: np.ndarray, high: int, wide: int) -> QPixmap:
    """Pixels (H, W[, 3]) as a pixmap of the screen's: repeated, or averaged where it is smaller."""
    image: QImage = to_qimage(np.ascontiguousarray(drawn))
    way = Qt.TransformationMode.FastTransformation
    if wide < image.width():
        way = Qt.TransformationMode.SmoothTransformation
    aspect = Qt.AspectRatioMode.IgnoreAspectRatio
    return QPixmap.fromImage(image.scaled(wide, high, aspect, way))
