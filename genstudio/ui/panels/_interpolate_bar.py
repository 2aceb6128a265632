"""Interpolate's title and its slim bar: path or square, which paths, layers, view, export."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from genstudio.ui import icons, theme
from genstudio.ui.panels._interpolate_look import LOOKS, Look
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.pill import Pill
from genstudio.ui.widgets.segmented import Segmented
from genstudio.ui.widgets.two_rows import TwoRows

ONE_ROW_PX = 840  # narrower, the bar stands below the title


class Bar(TwoRows):
    """Title and status at the left, controls at the right; below each other where it is narrow."""

    mode_chosen = Signal(str)  # "path" or "square"
    kinds_chosen = Signal(object)  # frozenset of the kinds shown
    layer_toggled = Signal(str, bool)  # "sheet" or "points"
    reset_wanted = Signal()
    export_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(ONE_ROW_PX, parent)
        self.title = theme.title(ElidedLabel(text=self.tr("Interpolate")))
        self.title.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.status = theme.caption(ElidedLabel())
        self.mode = Segmented([("path", self.tr("Path")), ("square", self.tr("Square"))])
        self.mode.setAccessibleName(self.tr("Path or square"))
        self.mode.setToolTip(
            self.tr("Path: from A to B in three ways. Square: between A, B, C and D")
        )
        self.mode.changed.connect(lambda value: self.mode_chosen.emit(str(value)))
        tips = {
            "lerp": self.tr("Straight path: z = (1 - t) A + t B"),
            "slerp": self.tr("Spherical path: the arc about the mean code"),
            "geodesic": self.tr("Geodesic: least energy in the pixels that it decodes to"),
        }
        self.kinds: dict[str, Pill] = {}
        for kind, look in LOOKS.items():
            pill = Pill(self.tr(look.name), on=True, tip=tips[kind])
            pill.setIconSize(QSize(14, 8))
            pill.toggled.connect(lambda _on: self.kinds_chosen.emit(self.shown()))
            self.kinds[kind] = pill
        self.layers = {
            "sheet": Pill(self.tr("Sheet"), on=True, tip=self.tr("Decoded images over the plane")),
            "points": Pill(
                self.tr("Points"),
                tip=self.tr("2,000 encoded test images; a click on one fills the chosen slot"),
            ),
        }
        for layer, pill in self.layers.items():
            pill.toggled.connect(lambda on, layer=layer: self.layer_toggled.emit(layer, on))
        self.reset = self._tool("fit", self.tr("Reset the view (Home)"), self.reset_wanted)
        self.export = self._tool(
            "save", self.tr("Export the path as PNG, GIF, npz or Python"), self.export_wanted
        )
        self._lay_out()

    def _tool(self, icon: str, tip: str, signal: Signal) -> QToolButton:
        button = QToolButton()
        icons.wear(button, icon)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.clicked.connect(signal)
        return button

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(2 * theme.GRID)
        head.addWidget(self.title)
        head.addWidget(self.status, 1)
        tools = QHBoxLayout()
        tools.setSpacing(theme.GRID)
        tools.addWidget(self.mode)
        for pill in (*self.kinds.values(), *self.layers.values()):
            tools.addWidget(pill)
        tools.addWidget(self.reset)
        tools.addWidget(self.export)
        tools.addStretch(1)
        self.set_parts(head, tools)
        self.turned.connect(self._turned)
        self._turned(True)

    def shown(self) -> frozenset[str]:
        """The kinds of path that are shown."""
        return frozenset(kind for kind, pill in self.kinds.items() if pill.isChecked())

    def show_for(self, mode: str) -> None:
        """Offer what belongs to "path" or "square"."""
        self.mode.set_value(mode)
        for pill in (*self.kinds.values(), *self.layers.values()):
            pill.setVisible(mode == "path")

    def _turned(self, wide: bool) -> None:
        for kind, pill in self.kinds.items():  # narrow, the film alone shows the lines
            pill.setIcon(_sample(LOOKS[kind]) if wide else QIcon())


def _sample(look: Look) -> QIcon:
    """A piece of the path's line."""
    picture = QPixmap(28, 16)
    picture.fill(QColor(0, 0, 0, 0))
    painter = QPainter(picture)
    painter.setPen(QPen(QColor(look.colour), 5))
    if look.on:
        step = 3 * (look.on + look.off)
        for x in range(0, 28, step):
            painter.drawLine(x, 8, min(27, x + 3 * look.on), 8)
    else:
        painter.drawLine(0, 8, 27, 8)
    painter.end()
    return QIcon(picture)
