"""Save the sheet as PNG: the region in view, decoded anew by the model at a chosen size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from genstudio.engine.messages import Answer, Failure
from genstudio.ui import theme
from genstudio.ui.panels._map_space import Space
from genstudio.ui.saving import ask_where
from genstudio.ui.session import Priority, Session
from genstudio.ui.widgets.latent_plane import Extent, sheet_image
from genstudio.ui.widgets.number_field import NumberField

MAX_CELLS = 200  # along one side
MAX_FACTOR = 16


class SaveSheet(QDialog):
    """Choose how many cells and how large, then watch it being decoded; Esc or Cancel ends it."""

    saved = Signal(str)

    def __init__(
        self,
        session: Session,
        source: str,
        space: Space,
        extent: Extent,
        shape: tuple[int, ...],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Save the sheet as PNG"))
        self._session, self._source, self._space = session, source, space
        self._extent, self._shape = extent, shape
        self._path = Path()
        self._factor = 1
        self.cells = NumberField(integer=True, minimum=1, maximum=MAX_CELLS)
        self.cells.set_value(22)
        self.cells.setAccessibleName(self.tr("Cells across"))
        self.cells.setToolTip(self.tr("Decoded images from left to right, 1 to 200"))
        self.factor = NumberField(integer=True, minimum=1, maximum=MAX_FACTOR)
        self.factor.set_value(2)
        self.factor.setAccessibleName(self.tr("Pixels per image pixel"))
        self.factor.setToolTip(
            self.tr("Each pixel of an image becomes a square of so many, 1 to 16")
        )
        self.size_label = theme.figure(QLabel())
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Share of the sheet that is decoded"))
        self.go = QPushButton(self.tr("Save…"))
        theme.primary(self.go)
        self.go.clicked.connect(self._ask_where)
        self.stop = QPushButton(self.tr("Cancel"))
        self.stop.clicked.connect(self.reject)
        for field in (self.cells, self.factor):
            field.edited.connect(self._show_size)
        self._lay_out()
        self._show_size()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setSpacing(theme.GRID)
        form.addRow(self.tr("Cells across"), self.cells)
        form.addRow(self.tr("Pixels per image pixel"), self.factor)
        form.addRow(self.tr("Size of the picture"), self.size_label)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.stop)
        buttons.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setSpacing(2 * theme.GRID)
        column.addLayout(form)
        column.addWidget(self.progress)
        column.addWidget(self.message)
        column.addLayout(buttons)
        self.setMinimumWidth(360)

    def grid(self) -> tuple[int, int, int] | None:
        """Columns, rows and pixels per image pixel; None while a field holds no such number."""
        try:
            cols, factor = self.cells.value(), self.factor.value()
        except ValueError:
            return None
        if cols is None or factor is None:
            return None
        cell = self._extent.width / cols * (self._shape[1] / self._shape[2])
        rows = max(1, min(MAX_CELLS, round(self._extent.height / cell)))
        return int(cols), rows, int(factor)

    def _show_size(self) -> None:
        grid = self.grid()
        self.go.setEnabled(grid is not None)
        if grid is not None:
            cols, rows, factor = grid
            width, height = cols * self._shape[2] * factor, rows * self._shape[1] * factor
            self.size_label.setText(f"{width:,} × {height:,} px")

    def _ask_where(self) -> None:
        path = ask_where(
            self, self.tr("Save the sheet"), "manifold.png", self.tr("PNG image (*.png)")
        )
        if path is not None:
            self.save(path)

    def save(self, path: Path) -> None:
        """Decode the sheet and write it to `path`."""
        grid = self.grid()
        if grid is None:
            return
        cols, rows, self._factor = grid
        self._path = path
        area = self._extent
        xs = area.left + (np.arange(cols) + 0.5) * area.width / cols
        pitch = area.width / cols * (self._shape[1] / self._shape[2])
        ys = (area.top + area.bottom) / 2 + ((rows - 1) / 2 - np.arange(rows)) * pitch
        self.go.setEnabled(False)
        self.message.setText("")
        self._session.ask(
            self,
            "save",
            "latent.sheet:decode",
            model=self._source,
            priority=Priority.REPORT,
            then=self._take,
            failed=self._refused,
            plane=self._space.plane,
            xs=self._space.scale.inverse(xs),
            ys=self._space.scale.inverse(ys),
            shell=self._space.shell,
        )

    def _take(self, answer: Answer) -> None:
        sheet = answer.value
        self.progress.setValue(round(1000 * sheet.done))
        if sheet.done < 1.0 or not self._path.name:
            return
        image = sheet_image(sheet.mosaic)
        if self._factor > 1:
            image = image.scaled(
                image.width() * self._factor,
                image.height() * self._factor,
                Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.FastTransformation,
            )
        path, self._path = self._path, Path()
        if image.save(str(path), "PNG"):
            self.saved.emit(str(path))
            self.accept()
        else:
            text = self.tr("%1 could not be written. Choose another folder.")
            self._refused(Failure(text.replace("%1", str(path))))

    def _refused(self, failure: Failure) -> None:
        self.message.setText(failure.sentence())
        theme.error(self.message)
        self.go.setEnabled(True)

    def reject(self) -> None:
        self._path = Path()
        self._session.cancel(self, "save")
        super().reject()
