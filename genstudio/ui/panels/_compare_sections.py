"""The Inspector of the Compare panel: one section for each view, the one in view is shown."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from genstudio.ui import theme
from genstudio.ui.panels._compare_link import LINKS
from genstudio.ui.panels._compare_maps import Maps
from genstudio.ui.panels._compare_presets import Presets
from genstudio.ui.panels._compare_scale import LAYERS
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.segmented import Segmented
from genstudio.ui.widgets.switch import Switch


def heading(text: str) -> QLabel:
    """The title of a section."""
    label = QLabel(text)
    label.setWordWrap(True)
    return theme.heading(label)


def words(text: str = "") -> QLabel:
    """Lines of quiet text."""
    label = theme.quiet(QLabel(text))
    label.setWordWrap(True)
    return label


class Section(QWidget):
    """A column of controls."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(theme.GRID)

    def add(self, widget: QWidget) -> None:
        self.column.addWidget(widget)

    def gap(self) -> None:
        self.column.addSpacing(theme.GRID)

    def button(self, text: str, tip: str, run: Callable[[], object]) -> QPushButton:
        """A button over the whole width."""
        button = QPushButton(text)
        button.setToolTip(tip)
        button.clicked.connect(lambda _checked=False: run())
        self.add(button)
        return button

    def switch(self, text: str, tip: str, on: bool, run: Callable[[bool], object]) -> Switch:
        """A name with a switch at the right."""
        switch = Switch()
        switch.setChecked(on)
        switch.setAccessibleName(text)
        switch.setToolTip(tip)
        switch.toggled.connect(run)
        row = QHBoxLayout()
        row.addWidget(theme.quiet(ElidedLabel(None, text)), 1)
        row.addWidget(switch)
        self.column.addLayout(row)
        return switch


class MapsSection(Section):
    """Link, layer, points, sets of models."""

    preset_chosen = Signal(object)  # tuple of sources

    def __init__(self, maps: Maps, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._maps = maps
        self.add(heading(self.tr("Link the maps by")))
        names = {"z": self.tr("z"), "quantile": self.tr("quantile"), "image": self.tr("image")}
        self.link = Segmented([(link, names[link]) for link in LINKS])
        self.link.setAccessibleName(self.tr("What links the maps"))
        self.link.setToolTip(
            self.tr("The same z, the same quantile of the encodings, or the code of the same image")
        )
        self.link.changed.connect(lambda value: maps.cursor.set_link(str(value)))
        self.add(self.link)
        self.linked = words()
        self.add(self.linked)
        self.gap()
        self.add(heading(self.tr("Layer over the maps")))
        self.layer = QComboBox()
        for layer, text in zip(LAYERS, self._layer_names()):
            self.layer.addItem(text, layer)
        self.layer.setMinimumContentsLength(8)
        self.layer.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.layer.setAccessibleName(self.tr("Layer over the maps"))
        self.layer.setToolTip(self.tr("What the colours of every map show, on one common scale"))
        self.layer.activated.connect(lambda _row: maps.show_layer(self.layer.currentData()))
        maps.layer_changed.connect(self.show_state)
        self.add(self.layer)
        self.points = self.switch(
            self.tr("Images as points"),
            self.tr("2,000 test images, each where its model encodes it"),
            maps.points,
            maps.show_points,
        )
        self.gap()
        self.add(heading(self.tr("Models to compare")))
        self.presets = Presets()
        self.presets.chosen.connect(self.preset_chosen)
        self.add(self.presets)
        self.gap()
        maps.cursor.pinned.connect(self.show_state)
        self.show_state()

    def _layer_names(self) -> tuple[str, ...]:
        return (
            self.tr("Decoded pictures"),
            self.tr("Gap distance"),
            self.tr("Density of the encodings"),
            self.tr("Decoder volume"),
            self.tr("Cycle error"),
            self.tr("Judge: label and entropy"),
        )

    def show_state(self) -> None:
        """Show what the maps are set to."""
        link = self._maps.cursor.link
        self.link.set_value(link)
        self.linked.setText(
            {
                "z": self.tr("The same numbers z in every model, whatever they mean to it."),
                "quantile": self.tr(
                    "In every map as many encodings lie left of the cursor, and below it."
                ),
                "image": self.tr("The image nearest to the pointer, where each model encodes it."),
            }[link]
        )
        self.layer.setCurrentIndex(self.layer.findData(self._maps.layer))
        self.points.setChecked(self._maps.points)


class Column(QWidget):
    """All sections and the link to the help; `show_view` chooses one."""

    help_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sections: dict[str, Section] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, 2 * theme.GRID)
        self._column.setSpacing(theme.GRID)
        self.help = QPushButton(self.tr("What am I seeing?"))
        theme.role(self.help, "link")
        self.help.setCursor(Qt.CursorShape.PointingHandCursor)
        self.help.setToolTip(self.tr("What is compared, with formulas and sources"))
        self.help.clicked.connect(self.help_wanted)
        self._column.addWidget(self.help, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addStretch(1)

    def put(self, view: str, section: Section) -> None:
        """Add the section of a view."""
        self.sections[view] = section
        self._column.insertWidget(len(self.sections) - 1, section)
        section.hide()

    def show_view(self, view: str) -> None:
        for name, section in self.sections.items():
            section.setVisible(name == view)
