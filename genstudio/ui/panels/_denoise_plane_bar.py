"""The plane's slim bar: its layers, whose density, and what is done with the starts."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from genstudio.ui import icons, theme
from genstudio.ui.widgets.pill import Pill
from genstudio.ui.widgets.segmented import Segmented

LAYERS = ("density", "score", "trails", "targets", "particles")


class PlaneBar(QWidget):
    """Switches of the layers, and tools."""

    toggled = Signal(str, bool)
    kind_chosen = Signal(str)  # "true" or "model"
    reset_wanted = Signal()
    clear_wanted = Signal()
    run_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = {
            "density": (
                self.tr("Density"),
                self.tr("How densely points lie at this t, in points per squared unit (D)"),
            ),
            "score": (
                self.tr("Score"),
                self.tr("The learned score at this t, as arrows towards denser places (S)"),
            ),
            "trails": (self.tr("Trails"), self.tr("Where each particle has been, from T on (T)")),
            "targets": (
                self.tr("Targets"),
                self.tr("Where the model expects each particle to end, x0_hat (G)"),
            ),
            "particles": (self.tr("Particles"), self.tr("The batch at this t, x_t (P)")),
        }
        self.pills: dict[str, Pill] = {}
        for layer in LAYERS:
            name, tip = words[layer]
            pill = Pill(name, on=layer != "targets", tip=tip)
            pill.toggled.connect(lambda on, layer=layer: self.toggled.emit(layer, on))
            self.pills[layer] = pill
        self.kind = Segmented([("true", self.tr("True")), ("model", self.tr("Model's"))])
        self.kind.setAccessibleName(self.tr("Whose density"))
        self.kind.setToolTip(
            self.tr(
                "True: the data set's own density, noised to this t, by formula. "
                "Model's: a histogram of 20,000 points of the model at this t (M)"
            )
        )
        self.kind.changed.connect(lambda kind: self.kind_chosen.emit(str(kind)))
        self.keep = self._tool(
            "plus",
            self.tr("Begin a run with these starts: the batch as moved, and your own"),
            self.run_wanted,
        )
        self.clear = self._tool(
            "trash", self.tr("Remove all starts that you put or moved"), self.clear_wanted
        )
        self.reset = self._tool("fit", self.tr("Reset the view (Home)"), self.reset_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GRID // 2)
        row.addWidget(self.pills["density"])
        row.addWidget(self.kind)
        for layer in LAYERS[1:]:
            row.addWidget(self.pills[layer])
        row.addStretch(1)
        for tool in (self.keep, self.clear, self.reset):
            row.addWidget(tool)
        self.offer(starts=False)

    def _tool(self, icon: str, tip: str, signal: Signal) -> QToolButton:
        button = QToolButton()
        icons.wear(button, icon)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.clicked.connect(lambda _=False: signal.emit())  # type: ignore[attr-defined]
        return button

    def offer(self, *, starts: bool) -> None:
        """Whether there are starts to run or to remove."""
        self.keep.setEnabled(starts)
        self.clear.setEnabled(starts)

    def flip(self, layer: str) -> None:
        """Switch a layer, or with "kind" whose density it is."""
        if layer == "kind":
            other = "model" if self.kind.value() == "true" else "true"
            self.kind.set_value(other)
            self.kind_chosen.emit(other)
        else:
            self.pills[layer].toggle()

    def minimumSizeHint(self) -> QSize:
        return QSize(320, super().minimumSizeHint().height())
