"""The two plots of a run: loss and reconstruction above, the KL on its own scale below."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPainter, QResizeEvent
from PySide6.QtWidgets import QLabel, QWidget

from genstudio.ui import theme
from genstudio.ui.widgets.curves import Curves

PILL_PX = 96  # longest name on a pill


class KLCurves(Curves):
    """A plot without a bar: it is led by the one above it."""

    def __init__(self, x_label: str, y_label: str, parent: QWidget | None = None) -> None:
        super().__init__(x_label, y_label, parent)
        bar = self.layout().itemAt(0).layout()
        for index in range(bar.count()):
            widget = bar.itemAt(index).widget()
            if widget is not None:
                widget.hide()

    def set_unit(self, part: str, unit: str) -> None:
        super().set_unit(part, unit)
        self._reread()

    def _add_pill(self, name: str, tip: str) -> None:
        super()._add_pill(name, tip)
        self._pills[name].hide()

    def point_at_step(self, step: int | None) -> None:
        """Put the crosshair at `step`, or take it away."""
        self._point(None if step is None else float(step))


class LossCurves(Curves):
    """Leads the plot below: smoothing, scale and crosshair are those of both, and so is what is
    saved.
    """

    def __init__(self, below: KLCurves, x_label: str, parent: QWidget | None = None) -> None:
        self._x_shown = True
        super().__init__(x_label, "", parent)
        self._below = below
        self._track.valueChanged.connect(lambda percent: below.set_smoothing(percent / 100))
        self._log_pill.toggled.connect(below.set_log)
        self._fit.clicked.connect(lambda _checked=False: below.fit())
        self.hovered.connect(self._lead)

    def set_unit(self, part: str, unit: str) -> None:
        super().set_unit(part, unit)
        self._reread()

    def label_x(self, shown: bool) -> None:
        """Whether the word at the x axis stands here; else it stands at the plot below."""
        self._x_shown = shown
        self.set_labels(self._x_label, self._y_label)

    def set_labels(self, x: str, y: str) -> None:
        super().set_labels(x, y)
        if not self._x_shown:
            self._plot.set_labels("", y)

    def minimumSizeHint(self) -> QSize:
        return QSize(320, 160)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _add_pill(self, name: str, tip: str) -> None:
        super()._add_pill(name, tip)
        pill = self._pills[name]
        pill.setText(pill.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, PILL_PX))
        self._make_room()

    def overlay(
        self, run: str, data: Mapping[tuple[str, str], tuple[np.ndarray, np.ndarray]]
    ) -> None:
        super().overlay(run, data)
        self._colour_pills()  # the order of the parts may be another

    def _remove_pill(self, name: str) -> None:
        super()._remove_pill(name)
        self._make_room()

    def _make_room(self) -> None:
        """Smoothing gives way where the bar has no room for it."""
        bar = self.layout().itemAt(0).layout()
        widgets = [bar.itemAt(index).widget() for index in range(bar.count())]
        smoothing = [w for w in widgets if w is self._track or isinstance(w, QLabel)]
        others = [w for w in widgets if w is not None and w not in smoothing]
        gap = bar.spacing()
        needed = sum(widget.sizeHint().width() + gap for widget in others) - gap
        needed += sum(pill.sizeHint().width() + gap // 2 for pill in self._pills.values())
        needed += sum(min(w.maximumWidth(), w.sizeHint().width()) + gap for w in smoothing)
        for widget in smoothing:
            widget.setVisible(self.width() >= needed)

    def _lead(self, x: float | None) -> None:
        self._below.point_at_step(None if x is None else round(x))

    def point_at_step(self, step: int | None) -> None:
        """Put the crosshair at `step`, or take it away."""
        self._point(None if step is None else float(step))

    def _show_named(self, name: str, on: bool) -> None:
        super()._show_named(name, on)
        if name in self._below.overlays():
            self._below._show_named(name, on)

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
