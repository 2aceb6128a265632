"""The Inspector's part for the paths: speed, density, frames, plane, way-points, truncation."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from genstudio.ui import theme
from genstudio.ui.widgets.number_field import NumberField
from genstudio.ui.widgets.slider import Slider
from genstudio.ui.widgets.switch import Switch

FRAMES = 33
MAX_FRAMES = 257


class PathSection(QWidget):
    """How the paths are traced, and the plane that they are drawn on."""

    changed = Signal()  # speed, density or frames
    plane_chosen = Signal(str)  # "mean", "third" or "pca"
    worst_wanted = Signal()
    ways_clear_wanted = Signal()
    truncated = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.even = self._switch(
            self.tr("Constant speed"),
            self.tr("Frames equally far apart in pixels, not in the latent space"),
        )
        self.near = self._switch(
            self.tr("Keep near the encodings"),
            self.tr("Add -log p(z) of the encodings to the geodesic's energy: it then avoids gaps"),
        )
        self.gaps = self._switch(
            self.tr("Measure gap distance"),
            self.tr("How far each frame is from what the model can do; takes seconds at first"),
        )
        self.gaps.setChecked(True)
        self._make_sliders()
        self.frames = NumberField(integer=True, minimum=5, maximum=MAX_FRAMES)
        self.frames.setAccessibleName(self.tr("Frames of a path"))
        self.frames.setToolTip(self.tr("Pictures along each path, 5 to 257"))
        self.frames.setFixedWidth(72)
        self.frames.set_value(FRAMES)
        self.frames.committed.connect(self.changed)
        self.plane = QComboBox()
        for value, text in (
            ("mean", self.tr("A, B and the mean")),
            ("third", self.tr("A, B and C")),
            ("pca", self.tr("Principal components")),
        ):
            self.plane.addItem(text, value)
        self.plane.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.plane.setMinimumContentsLength(4)
        self.plane.setAccessibleName(self.tr("Plane of the map"))
        self.plane.setToolTip(self.tr("Through which points of the latent space the map cuts"))
        self.plane.activated.connect(lambda _: self.plane_chosen.emit(self.plane.currentData()))
        self.worst = QPushButton(self.tr("Go to the worst place"))
        self.worst.setToolTip(
            self.tr("The frame farthest off what the model can do, or the largest jump (W)")
        )
        self.worst.clicked.connect(lambda _=False: self.worst_wanted.emit())
        self.ways = theme.quiet(QLabel())
        self.ways.setWordWrap(True)
        self.clear_ways = QPushButton(self.tr("Remove all"))
        self.clear_ways.setToolTip(self.tr("Remove all way-points"))
        self.clear_ways.clicked.connect(lambda _=False: self.ways_clear_wanted.emit())
        self.note = theme.caption(QLabel())
        self.note.setWordWrap(True)
        self._lay_out()
        self.set_ways(0)
        self.say("")

    def _make_sliders(self) -> None:
        self.weight = Slider(
            self.tr("Weight of the density"),
            0.1,
            100.0,
            10.0,
            log=True,
            digits=2,
            tip=self.tr("Energies of the straight path for one nat of mean -log p(z)"),
        )
        self.weight.committed.connect(lambda _: self.changed.emit())
        self.near.toggled.connect(self.weight.setVisible)
        self.weight.hide()
        self.truncation = Slider(
            self.tr("Truncation"),
            0.0,
            1.5,
            1.0,
            step=0.01,
            tip=self.tr("Every code is drawn towards the mean code: 1 leaves it, 0 is the mean"),
        )
        self.truncation.value_changed.connect(self.truncated)

    def _switch(self, name: str, tip: str) -> Switch:
        switch = Switch()
        switch.setAccessibleName(name)
        switch.setToolTip(tip)
        switch.toggled.connect(lambda _: self.changed.emit())
        return switch

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        self._row(column, self.tr("Constant speed"), self.even)
        self._row(column, self.tr("Keep near the encodings"), self.near)
        column.addWidget(self.weight)
        self._row(column, self.tr("Measure gap distance"), self.gaps)
        self._row(column, self.tr("Frames"), self.frames)
        self._plane_row = QWidget()
        inner = QHBoxLayout(self._plane_row)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(theme.GRID)
        inner.addWidget(theme.quiet(QLabel(self.tr("Plane"))))
        inner.addWidget(self.plane, 1)
        column.addWidget(self._plane_row)
        column.addWidget(self.truncation)
        column.addWidget(self.worst)
        row = QHBoxLayout()
        row.addWidget(self.ways, 1)
        row.addWidget(self.clear_ways)
        column.addLayout(row)
        column.addWidget(self.note)

    def _row(self, column: QVBoxLayout, name: str, widget: QWidget) -> None:
        row = QHBoxLayout()
        label = theme.quiet(QLabel(name))
        label.setWordWrap(True)
        row.addWidget(label, 1)
        row.addWidget(widget)
        column.addLayout(row)

    # Get and set -------------------------------------------------------------------------------

    def density(self) -> float:
        """The weight of the density term, 0 while it is off."""
        return self.weight.value() if self.near.isChecked() else 0.0

    def n_frames(self) -> int:
        try:
            value = self.frames.value()
        except ValueError:
            return FRAMES
        return FRAMES if value is None else min(max(int(value), 5), MAX_FRAMES)

    def set_values(
        self, even: bool, density: float, gaps: bool, frames: int, plane: str, psi: float
    ) -> None:
        """Show these. No signal."""
        blocked = self.blockSignals(True)
        self.gaps.setChecked(gaps)
        self.even.setChecked(even)
        self.near.setChecked(density > 0)
        if density > 0:
            self.weight.set_value(density)
        self.frames.set_value(frames)
        self.plane.setCurrentIndex(max(0, self.plane.findData(plane)))
        self.truncation.set_value(psi)
        self.blockSignals(blocked)

    def set_plane(self, plane: str) -> None:
        """Show the choice. No signal."""
        self.plane.setCurrentIndex(max(0, self.plane.findData(plane)))

    def set_dim(self, dim: int) -> None:
        """A plane is chosen only where there is more than one."""
        self._plane_row.setVisible(dim > 2)

    def set_ways(self, count: int) -> None:
        text = self.tr("Pull a path, or double-click it, to add a way-point.")
        if count:
            text = self.tr("%1 way-points").replace("%1", str(count))
        if count == 1:
            text = self.tr("1 way-point")
        self.ways.setText(text)
        self.clear_ways.setVisible(count > 0)

    def say(self, text: str) -> None:
        """A remark on the plane or the distances; nothing for ""."""
        self.note.setText(text)
        self.note.setVisible(bool(text))
