"""The colour scale that all maps share."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from genstudio.ui import theme
from genstudio.ui.panels._compare_scale import JUDGE, MAPS, Range, ticks
from genstudio.ui.widgets.image_view import to_qimage

BAR_PX = 10


class ColourBar(QWidget):
    """What the colours of a layer stand for, with its unit; for the judge ten named colours."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layer = ""
        self._title = ""
        self._scale = Range(0.0, 1.0)
        self._mark: float | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(44)
        self.setAccessibleName(self.tr("Colour scale of all maps"))

    def sizeHint(self) -> QSize:
        return QSize(320, 44)

    def scale(self) -> Range:
        """What the ends of the bar stand for."""
        return self._scale

    def show_scale(self, layer: str, title: str, scale: Range, mark: float | None = None) -> None:
        """Show the colours of `layer`; `mark` is a value worth a line, such as the threshold."""
        self._layer, self._title, self._scale, self._mark = layer, title, scale, mark
        words = f"{title}: {_figure(scale.low)} to {_figure(scale.high)}"
        self.setAccessibleDescription(title if layer == JUDGE else words)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        font = theme.figure_font(theme.CAPTION_PX)
        painter.setFont(font)
        painter.setPen(theme.colour("quiet"))
        head = QRectF(0, 0, self.width(), 16)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(head, left, self._title)
        width = min(self.width() - 16, 420)
        if self._layer == JUDGE:
            self._paint_classes(painter, width)
            return
        bar = QRectF(0, 18, width, BAR_PX)
        table = np.ascontiguousarray(theme.colormap(MAPS[self._layer or "gap"])[None])
        painter.drawImage(bar, to_qimage(table), QRectF(0, 0, 256, 1))
        metrics = QFontMetricsF(font)
        for value in ticks(self._scale):
            x = float(self._scale.share(np.array(value))) * width
            text = _figure(value)
            if value == self._mark:
                text = self.tr("%1 threshold").replace("%1", text)
                painter.setPen(QPen(theme.colour("text"), 2))
                painter.drawLine(round(x), 16, round(x), 30)
            wide = metrics.horizontalAdvance(text)
            painter.setPen(theme.colour("quiet"))
            at = min(max(x - wide / 2, 0), self.width() - wide)
            painter.drawText(QRectF(at, 30, wide + 1, 14), Qt.AlignmentFlag.AlignLeft, text)

    def _paint_classes(self, painter: QPainter, width: float) -> None:
        pitch = width / len(theme.CLASSES)
        for number in range(len(theme.CLASSES)):
            cell = QRectF(number * pitch, 18, pitch - 2, BAR_PX)
            painter.fillRect(cell, theme.class_colour(number))
            painter.setPen(theme.colour("quiet"))
            under = QRectF(number * pitch, 30, pitch, 14)
            painter.drawText(under, Qt.AlignmentFlag.AlignCenter, str(number))


def _figure(value: float) -> str:
    return f"{value:.4g}".replace("-", "\N{MINUS SIGN}")
