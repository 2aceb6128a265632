"""The Manifold's title and its slim bar: layers, spacing, view, export."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from genstudio.ui import icons, theme
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.pill import Pill
from genstudio.ui.widgets.segmented import Segmented
from genstudio.ui.widgets.two_rows import TwoRows

LAYERS = ("sheet", "points", "posterior", "prior")
ONE_ROW_PX = 860  # narrower, the bar stands below the title


class Bar(TwoRows):
    """Title and status at the left, controls at the right; below each other where it is narrow."""

    layer_toggled = Signal(str, bool)
    scale_chosen = Signal(str)  # "linear" or "quantile"
    reset_wanted = Signal()
    save_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(ONE_ROW_PX, parent)
        self.title = ElidedLabel()
        theme.title(self.title)
        self.status = theme.caption(QLabel())
        self.pills: dict[str, Pill] = {}
        self.scale = Segmented([("linear", self.tr("Linear")), ("quantile", self.tr("Quantile"))])
        self.scale.setAccessibleName(self.tr("Spacing of the axes"))
        self.scale.setToolTip(
            self.tr("Linear: latent units. Quantile: equal areas hold equal mass of the prior")
        )
        self.scale.changed.connect(lambda value: self.scale_chosen.emit(str(value)))
        self.reset = self._tool("fit", self.tr("Reset the view (Home)"), self.tr("Reset view"))
        self.reset.clicked.connect(self.reset_wanted)
        self.save = self._tool(
            "camera", self.tr("Save the sheet as PNG at a size of your choice"), self.tr("Save PNG")
        )
        self.save.clicked.connect(self.save_wanted)
        self._lay_out()

    def _tool(self, icon: str, tip: str, name: str) -> QToolButton:
        button = QToolButton()
        icons.wear(button, icon)
        button.setToolTip(tip)
        button.setAccessibleName(name)
        return button

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(2 * theme.GRID)
        head.addWidget(self.title)
        head.addWidget(self.status)
        head.addStretch(1)
        tools = QHBoxLayout()
        tools.setSpacing(theme.GRID)
        words = {
            "sheet": (self.tr("Sheet"), self.tr("Decoded images over the map")),
            "points": (self.tr("Points"), self.tr("Encoded images of the data set as points")),
            "posterior": (
                self.tr("Posterior"),
                self.tr("q(z | x) of the image at 1 and 2 sigma: 39 % and 86 % of its mass"),
            ),
            "prior": (self.tr("Prior"), self.tr("What z is sampled from, at 1, 2 and 3 sigma")),
        }
        for layer, (name, tip) in words.items():
            pill = Pill(name, on=layer != "prior", tip=tip)
            pill.toggled.connect(lambda on, layer=layer: self.layer_toggled.emit(layer, on))
            self.pills[layer] = pill
            tools.addWidget(pill)
        tools.addSpacing(theme.GRID)
        tools.addWidget(self.scale)
        tools.addWidget(self.reset)
        tools.addWidget(self.save)
        tools.addStretch(1)
        self.set_parts(head, tools)

    def say_cells(self, cells: tuple[int, int], share: float, step: int | None) -> None:
        """How many columns and rows of cells, whether more are on their way (a `share` below 1),
        and of which training step.
        """
        text = self.tr("%1 x %2 cells") if share >= 1 else self.tr("%1 x %2 cells, refining")
        if step is not None:
            text = self.tr("%1 x %2 cells, training step %3").replace("%3", f"{step:,}")
        text = text.replace("%1", str(cells[0])).replace("%2", str(cells[1]))
        if text != self.status.text():
            self.status.setText(text)

    def layers(self) -> dict[str, bool]:
        return {layer: pill.isChecked() for layer, pill in self.pills.items()}
