"""The two plots of a run: loss and reconstruction above, the KL on its own scale below."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from genstudio.ui import theme
from genstudio.ui.widgets.curves import Curves


class LossCurves(Curves):
    """Leads the plot below: smoothing, scale and crosshair are those of both, and so is what is
    saved.
    """

    def __init__(self, below: Curves, x_label: str, parent: QWidget | None = None) -> None:
        super().__init__(x_label, "", parent)
        self._below = below
        self.bar.smoothing_changed.connect(below.set_smoothing)
        self.bar.log_toggled.connect(below.set_log)
        self.bar.fit_wanted.connect(below.fit)
        self.bar.toggled.connect(self._lead_run)
        self.hovered.connect(self._lead)

    def minimumSizeHint(self) -> QSize:
        return QSize(320, 160)

    def _lead(self, x: float | None) -> None:
        self._below.show_at(None if x is None else float(round(x)))

    def _lead_run(self, name: str, on: bool) -> None:
        if name in self._below.overlays():
            self._below.show_named(name, on)

    def csv(self) -> str:
        """Every point of both plots."""
        rows = self._below.csv().partition("\n")[2]
        return super().csv() + rows

    def picture(self, scale: float = 2.0) -> QImage:
        """Both plots as they stand, one above the other."""
        above = super().picture(scale)
        if self._below.isHidden():
            return above
        below = self._below.picture(scale)
        size = above.size()
        size.setWidth(max(size.width(), below.width()))
        size.setHeight(above.height() + below.height())
        both = QImage(size, QImage.Format.Format_RGB32)
        both.fill(theme.colour("pane"))
        for image in (above, below):
            image.setDevicePixelRatio(1.0)
        painter = QPainter(both)
        painter.drawImage(0, 0, above)
        painter.drawImage(0, above.height(), below)
        painter.end()
        return both
