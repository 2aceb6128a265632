"""The Inspector's part for more than two latent dimensions: which plane, where the others stand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from genstudio.latent import plane as planes
from genstudio.latent.plane import Plane
from genstudio.ui import theme
from genstudio.ui.panels._manifold_rows import heading
from genstudio.ui.widgets.number_field import NumberField
from genstudio.ui.widgets.segmented import Segmented
from genstudio.ui.widgets.slider import Slider
from genstudio.ui.widgets.switch import Switch

REACH = 4.0  # of a slider on both sides of 0, in latent units, at least


class PlaneSection(QWidget):
    """Two dimensions, the PCA plane, or the plane through three images; the rest as sliders."""

    plane_changed = Signal(object)  # Plane
    pca_wanted = Signal()
    images_wanted = Signal(int, int, int)  # numbers of test images
    shell_changed = Signal(bool)
    ellipse_changed = Signal(str)  # "marginal" or "slice"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plane = Plane.identity()
        self._order: list[int] = []
        self._sliders: dict[int, Slider] = {}
        self.kind = QComboBox()
        self.kind.addItem(self.tr("Two dimensions"), "axes")
        self.kind.addItem(self.tr("PCA plane of the encodings"), "pca")
        self.kind.addItem(self.tr("Plane through three images"), "points")
        self.kind.setAccessibleName(self.tr("Plane"))
        self.kind.setToolTip(self.tr("Which plane through the latent space the map shows"))
        self.kind.activated.connect(self._choose_kind)
        self.across, self.up = QComboBox(), QComboBox()
        for box, name in (
            (self.across, self.tr("Dimension to the right")),
            (self.up, self.tr("Dimension upwards")),
        ):
            box.setAccessibleName(name)
            box.setToolTip(name)
            box.activated.connect(self._choose_dims)
        self.images = [NumberField(integer=True, minimum=0) for _ in range(3)]
        for number, field in enumerate(self.images):
            name = self.tr("Test image %1").replace("%1", str(number + 1))
            field.setAccessibleName(name)
            field.setToolTip(self.tr("Number of an image of the test set, from 0"))
            field.set_value((0, 1, 2)[number])
            field.committed.connect(self._choose_images)
        self.shell = Switch()
        self.shell.setAccessibleName(self.tr("Keep the norm of the prior's shell"))
        self.shell.setToolTip(
            self.tr("Move every z along its ray to norm √D, where the mass of N(0, I) lies")
        )
        self.shell.toggled.connect(self.shell_changed)
        self.ellipse = Segmented([("marginal", self.tr("Marginal")), ("slice", self.tr("Slice"))])
        self.ellipse.setToolTip(
            self.tr("Posterior ellipses: projected onto the plane, or cut by it")
        )
        self.ellipse.setAccessibleName(self.tr("Posterior ellipses"))
        self.ellipse.changed.connect(lambda value: self.ellipse_changed.emit(str(value)))
        self.zero = QPushButton(self.tr("Set the others to 0"))
        self.zero.setToolTip(self.tr("Bring the plane back through the middle of the prior"))
        theme.role(self.zero, "flat")
        self.zero.clicked.connect(self._zero)
        for box in (self.kind, self.across, self.up):
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            box.setMinimumContentsLength(3)
        self._lay_out()

    def _lay_out(self) -> None:
        self._dims, self._picks = QWidget(), QWidget()
        for holder, widgets in ((self._dims, (self.across, self.up)), (self._picks, self.images)):
            row = QHBoxLayout(holder)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(theme.GRID)
            for widget in widgets:
                row.addWidget(widget, 1)
        self._others = QVBoxLayout()
        self._others.setSpacing(2)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(heading(self.tr("Plane")))
        column.addWidget(self.kind)
        column.addWidget(self._dims)
        column.addWidget(self._picks)
        row = QHBoxLayout()
        name = QLabel(self.tr("Norm of the prior's shell"))
        name.setWordWrap(True)
        row.addWidget(theme.quiet(name), 1)
        row.addWidget(self.shell)
        column.addLayout(row)
        column.addWidget(theme.quiet(QLabel(self.tr("Posterior ellipses"))))
        column.addWidget(self.ellipse)
        column.addWidget(theme.quiet(QLabel(self.tr("Other coordinates"))))
        column.addLayout(self._others)
        column.addWidget(self.zero)

    # What is shown -----------------------------------------------------------------------------

    def plane(self) -> Plane:
        return self._plane

    def set_plane(self, plane: Plane) -> None:
        """Show `plane` in the controls. No signal."""
        dim = plane.latent_dim
        if self.across.count() != dim:
            for box in (self.across, self.up):
                box.clear()
                for d in range(dim):
                    box.addItem(f"z{d + 1}", d)
            self._order = list(range(dim))
        self._plane = plane
        self.kind.setCurrentIndex(self.kind.findData(plane.kind))
        if plane.dims is not None:
            self.across.setCurrentIndex(plane.dims[0])
            self.up.setCurrentIndex(plane.dims[1])
        self._dims.setVisible(plane.kind == "axes")
        self._picks.setVisible(plane.kind == "points")
        self._fill_sliders()

    def set_shell(self, on: bool) -> None:
        """Show the switch as it is. No signal."""
        blocked = self.shell.blockSignals(True)
        self.shell.setChecked(on)
        self.shell.blockSignals(blocked)

    def set_information(self, values: NDArray[np.float64], unit: str) -> None:
        """How much each dimension tells: the sliders stand in this order."""
        order = [int(d) for d in np.argsort(-values, kind="stable")]
        for d, slider in self._sliders.items():
            told = self.tr("Dimension %1 carries %2 %3")
            told = told.replace("%1", str(d + 1)).replace("%2", f"{values[d]:.3g}")
            slider.setToolTip(told.replace("%3", unit))
        if order != self._order and not any(s.held() for s in self._sliders.values()):
            self._order = order
            self._fill_sliders(force=True)

    def _fill_sliders(self, force: bool = False) -> None:
        fixed = self._plane.dims or ()
        wanted = [d for d in self._order if d not in fixed]
        if force or list(self._sliders) != wanted:
            for slider in self._sliders.values():
                self._others.removeWidget(slider)
                slider.deleteLater()
            self._sliders = {d: self._make_slider(d) for d in wanted}
        for d, slider in self._sliders.items():
            slider.set_value(float(self._plane.origin[d]))

    def _make_slider(self, d: int) -> Slider:
        reach = max(REACH, float(np.ceil(abs(self._plane.origin[d]))))
        slider = Slider(f"z{d + 1}", -reach, reach, 0.0, self, digits=2)
        slider.value_changed.connect(lambda value, d=d: self._slide(d, value))
        self._others.addWidget(slider)
        return slider

    def sliders(self) -> dict[int, Slider]:
        """The other coordinates by their dimension, in the order shown."""
        return dict(self._sliders)

    # What the hand does ------------------------------------------------------------------------

    def _slide(self, d: int, value: float) -> None:
        origin = np.array(self._plane.origin)
        origin[d] = value
        self._plane = replace(self._plane, origin=origin)
        self.plane_changed.emit(self._plane)

    def _zero(self) -> None:
        self._plane = replace(self._plane, origin=np.zeros_like(self._plane.origin))
        self._fill_sliders()
        self.plane_changed.emit(self._plane)

    def _choose_kind(self) -> None:
        kind = self.kind.currentData()
        self._dims.setVisible(kind == "axes")
        self._picks.setVisible(kind == "points")
        if kind == "axes":
            self._choose_dims()
        elif kind == "pca":
            self.pca_wanted.emit()
        else:
            self._choose_images()

    def _choose_dims(self) -> None:
        i, j = self.across.currentIndex(), self.up.currentIndex()
        if i == j:
            j = (i + 1) % self.across.count()
            self.up.setCurrentIndex(j)
        rest = np.array(self._plane.origin) if self._plane.kind == "axes" else None
        self.set_plane(planes.axes(self._plane.latent_dim, i, j, rest))
        self.plane_changed.emit(self._plane)

    def _choose_images(self) -> None:
        try:
            a, b, c = (field.value() for field in self.images)
        except ValueError:
            return
        if None not in (a, b, c):
            self.images_wanted.emit(int(a), int(b), int(c))  # type: ignore[arg-type]
