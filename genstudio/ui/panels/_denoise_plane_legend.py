"""What the plane's colours, arrows and marks mean, and what is under the pointer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from genstudio.latent._markers import stamp
from genstudio.ui import theme
from genstudio.ui.panels._denoise_plane_record import shape
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.legend import ROW_PX, Legend

BAR_PX = (96, 8)
CLASSES_PX = (120, 176)  # narrowest, widest


class ColourBar(QWidget):
    """The colour map from zero to a peak, with both numbers beside it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._peak: float | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        table = np.ascontiguousarray(theme.colormap("viridis")[None])
        self._ramp = QImage(table.tobytes(), 256, 1, 768, QImage.Format.Format_RGB888).copy()

    def set_peak(self, peak: float | None) -> None:
        """The density at the brightest; None shows nothing."""
        self._peak = peak
        self.setAccessibleName(self.tr("Colours of the density"))
        self.setAccessibleDescription("" if peak is None else f"0 – {number(peak)}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(BAR_PX[0] + 72, 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._peak is None:
            return
        painter = QPainter(self)
        painter.setFont(theme.figure_font(theme.CAPTION_PX))
        painter.setPen(theme.colour("quiet"))
        left = painter.fontMetrics().horizontalAdvance("0") + 6
        words = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRectF(0, 0, left, self.height()), words, "0")
        bar = QRectF(left, (self.height() - BAR_PX[1]) / 2, *BAR_PX)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(bar, self._ramp)
        rest = QRectF(bar.right() + 6, 0, self.width(), self.height())
        painter.drawText(rest, words, number(self._peak))


class Caption(QWidget):
    """Two lines under the map: what is drawn, and what is under the pointer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = ColourBar()
        self.density = theme.caption(ElidedLabel())
        self.score = theme.caption(ElidedLabel())
        self.readout = ElidedLabel()
        self.readout.setFont(theme.figure_font(theme.CAPTION_PX))
        self.setMinimumWidth(200)
        first = _row(self.bar, self.density)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(first)
        column.addWidget(self.score)
        column.addWidget(self.readout)

    def say_density(self, words: str, peak: float | None) -> None:
        self.density.setText(words)
        self.bar.setVisible(peak is not None)
        self.bar.set_peak(peak)

    def say_score(self, words: str) -> None:
        self.score.setText(words)

    def say_point(self, words: str) -> None:
        theme.role(self.readout, "")
        self.readout.setText(words)
        self.readout.setToolTip(words)

    def say_refused(self, words: str) -> None:
        """Why something cannot be done here, until the pointer is somewhere again."""
        self.say_point(words)
        theme.role(self.readout, "warning")


class Kinds(QWidget):
    """The classes that particles end in, with their marks; a click shows or hides one."""

    filter_changed = Signal(object)  # set of the classes shown

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading = theme.caption(QLabel(self.tr("Ends in")))
        self.legend = Legend(lambda index, radius: stamp("shape", shape(index), round(radius, 2)))
        self.legend.filter_changed.connect(self.filter_changed)
        self.note = theme.caption(QLabel())
        self.note.setWordWrap(True)
        area = QScrollArea()
        area.setWidget(self.legend)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._area = area
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.GRID, 0, 0)
        column.setSpacing(theme.GRID // 2)
        column.addWidget(self.heading)
        column.addWidget(area, 100)  # up to its rows; an area's own hint comes too late
        column.addWidget(self.note)
        column.addStretch(1)
        self.setVisible(False)

    def set_classes(self, names: Sequence[str], counts: Sequence[int], between: int) -> None:
        """Classes, how many particles end in each, and how many between them."""
        rows = [f"{name}  {count:,}" for name, count in zip(names, counts, strict=True)]
        if rows != self.legend.classes():
            shown = self.legend.shown() if len(rows) == len(self.legend.classes()) else None
            self.legend.set_classes(rows)
            if shown is not None:
                self.legend.set_shown(shown)
        self._area.setMaximumHeight(max(1, len(rows)) * ROW_PX + 2)
        room = self.legend.sizeHint().width() + theme.GRID
        self.setFixedWidth(min(max(room, CLASSES_PX[0]), CLASSES_PX[1]))
        total = sum(counts) + between
        words = self.tr("{0} of {1} end between the classes, more than 4 sigma from each (grey).")
        self.note.setText(words.format(f"{between:,}", f"{total:,}"))
        self.setVisible(bool(names))


def number(value: float) -> str:
    """Three figures."""
    return f"{value:.3g}" if 1e-3 <= abs(value) < 1e4 or value == 0 else f"{value:.2g}"


def _row(bar: QWidget, words: QWidget) -> QWidget:
    box = QWidget()
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(theme.GRID)
    row.addWidget(bar)
    row.addWidget(words, 1)
    return box
