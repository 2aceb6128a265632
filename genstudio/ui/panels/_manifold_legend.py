"""The legend of the map: each class with the mark that its points have there."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent

from genstudio.latent.points import marker
from genstudio.ui import theme
from genstudio.ui.widgets.latent_plane import rgba_image
from genstudio.ui.widgets.legend import Legend

RADIUS = 4.5  # logical pixels


class MapLegend(Legend):
    """A Legend whose marks are those of the map's style: disc, shape or digit."""

    _style = "disc"

    def set_style(self, style: str) -> None:
        self._style = style
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shown = self.shown()
        ratio = self.devicePixelRatioF()
        for index, name in enumerate(self.classes()):
            rect = self.row_rect(index)
            if index == self._hover or (self.hasFocus() and index == self._current):
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.colour("field"))
                painter.drawRoundedRect(rect.adjusted(0, 1, 0, -1), 4, 4)
            painter.setOpacity(1.0 if index in shown else 0.25)
            colour = theme.class_colour(index)
            rgba = (colour.red(), colour.green(), colour.blue(), 255)
            image = rgba_image(marker(self._style, index, RADIUS * ratio, rgba))
            w, h = image.width() / ratio, image.height() / ratio
            painter.drawImage(QRectF(12 - w / 2, rect.center().y() - h / 2, w, h), image)
            painter.setOpacity(1.0)
            painter.setPen(theme.colour("text" if index in shown else "faint"))
            words = rect.adjusted(26, 0, -4, 0)
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(words, flags, name)
