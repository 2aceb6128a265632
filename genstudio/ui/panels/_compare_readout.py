"""What the cursor decodes to in one model: the picture with its numbers, painted in one go."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from genstudio.ui import theme
from genstudio.ui.widgets.image_view import fit
from genstudio.ui.widgets.latent_plane import small_image

ROW_PX = 20
PICTURE_PX, SMALL_PX = 84, 56

Row = tuple[str, str]  # name, value


class Readout(QWidget):
    """A picture at a whole factor and a few numbers beside it.

    `painted` is the number of the frame that was painted last.
    """

    def __init__(self, name: str, parent: QWidget | None = None, side: int = PICTURE_PX) -> None:
        super().__init__(parent)
        self._side = self._wanted = side
        self._image: QImage | None = None
        self._rows: tuple[Row, ...] = ()
        self._sentence = ""
        self._tall = False
        self.frame = 0
        self.painted = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Decoded by %1").replace("%1", name))
        self.stand(False)

    def stand(self, tall: bool, small: bool = False) -> None:
        """The numbers below the picture instead of beside it; `small` where room is scarce."""
        self._tall = tall
        self._side = min(self._wanted, SMALL_PX) if small else self._wanted
        if tall:
            self.setFixedHeight(self._side + theme.GRID + 4 * ROW_PX)
            self.setFixedWidth(max(self._side, 80 if small else 112))
        else:
            self.setFixedHeight(self._side)
            self.setMinimumWidth(self._side + 40)
            self.setMaximumWidth(16777215)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, self.height())

    def image(self) -> QImage | None:
        return self._image

    def rows(self) -> tuple[Row, ...]:
        return self._rows

    def sentence(self) -> str:
        """Why there is no picture."""
        return self._sentence

    def show_image(self, image: np.ndarray, frame: int, rows: Sequence[Row]) -> None:
        """The picture (C, H, W) of frame number `frame`; painted with the others of it."""
        self._image, self._rows, self._sentence = small_image(image), tuple(rows), ""
        self.frame = frame
        self.setAccessibleDescription("; ".join(" ".join(row) for row in self._rows))
        self.update()

    def say(self, sentence: str, frame: int = 0) -> None:
        """One sentence in the place of the picture."""
        self._image, self._rows, self._sentence = None, (), sentence
        self.frame = max(frame, self.frame)
        self.setAccessibleDescription(sentence)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.painted = self.frame
        side = QSize(self._side, self._side)
        if self._image is None:
            painter.setPen(theme.colour("quiet"))
            painter.setFont(theme.text_font(theme.CAPTION_PX))
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()), int(flags), self._sentence)
            return
        painter.drawImage(fit(self._image.size(), side, self.devicePixelRatioF()), self._image)
        left, top = (0, self._side + theme.GRID) if self._tall else (self._side + 12, 0)
        width = min(self.width() - left, 176)
        for number, (name, value) in enumerate(self._rows):
            line = QRectF(left, top + number * ROW_PX, width, ROW_PX)
            painter.setFont(theme.text_font(theme.CAPTION_PX))
            painter.setPen(theme.colour("quiet"))
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
            painter.setFont(theme.figure_font(12))
            painter.setPen(theme.colour("text"))
            end = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(line, end, value)
