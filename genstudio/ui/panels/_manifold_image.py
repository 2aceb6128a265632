"""The Inspector's part for one image: where it comes from, its reconstruction, draws from its
posterior.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from genstudio.ui import icons, theme
from genstudio.ui.panels._manifold_rows import Rows, heading
from genstudio.ui.panels._manifold_text import figures
from genstudio.ui.widgets.image_view import ImageView
from genstudio.ui.widgets.number_field import NumberField

PICTURE_PX = 84  # logical pixels of each small picture, where there is room
NARROW_PX = 250  # below this width the pictures stand one below the other


class ImageSection(QWidget):
    """Choose a test image; see it, its reconstruction and draws z = mean + sigma x noise."""

    index_wanted = Signal(int)
    random_wanted = Signal()
    draw_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.index = NumberField(integer=True, minimum=0)
        self.index.setAccessibleName(self.tr("Number of the test image"))
        self.index.setToolTip(self.tr("Number of an image of the test set, from 0; Enter shows it"))
        self.index.setFixedWidth(64)
        self.index.committed.connect(self._take_index)
        self.random = QToolButton()
        icons.wear(self.random, "dice")
        theme.role(self.random, "tool")
        self.random.setToolTip(self.tr("A test image by lot (R)"))
        self.random.setAccessibleName(self.tr("Random test image"))
        self.random.clicked.connect(self.random_wanted)
        self.title = theme.quiet(QLabel())
        self.title.setWordWrap(True)
        self.input = self._view(self.tr("Image"))
        self.output = self._view(self.tr("Reconstruction"))
        self.drawn = self._view(self.tr("Decoded draw"))
        self.rows = Rows()
        self.draw = QPushButton(self.tr("Draw again"))
        self.draw.setToolTip(self.tr("Draw noise from N(0, I) with the next seed and decode z"))
        self.draw.clicked.connect(self.draw_wanted)
        self.seed = theme.caption(QLabel())
        self._sampling = QWidget()
        self._pictures = QGridLayout()
        self._lay_out()
        self.set_none()

    def _view(self, name: str) -> ImageView:
        view = ImageView(name=name)
        view.setFixedSize(PICTURE_PX // 2, PICTURE_PX // 2)
        return view

    def resizeEvent(self, event: QResizeEvent) -> None:
        narrow = self.width() < NARROW_PX
        side = max(28, min(PICTURE_PX, (self.width() - 2 * theme.GRID) // 3))
        for view in (self.input, self.output, self.drawn):
            view.setFixedSize(side, side)
        if narrow != self._narrow:
            self._place(narrow)
        super().resizeEvent(event)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, super().minimumSizeHint().height())

    def _lay_out(self) -> None:
        chooser = QHBoxLayout()
        chooser.setSpacing(theme.GRID // 2)
        chooser.addWidget(theme.quiet(QLabel(self.tr("Test image"))))
        chooser.addStretch(1)
        chooser.addWidget(self.index)
        chooser.addWidget(self.random)
        self._pictures.setContentsMargins(0, 0, 0, 0)
        self._pictures.setHorizontalSpacing(theme.GRID)
        names = (self.tr("image"), self.tr("reconstruction"), self.tr("a draw of z"))
        self.captions = [theme.caption(QLabel(name)) for name in names]
        self._place(False)
        inner = QVBoxLayout(self._sampling)
        inner.setContentsMargins(0, theme.GRID, 0, 0)
        inner.setSpacing(4)
        inner.addWidget(heading(self.tr("Sample from the posterior")))
        inner.addWidget(self.rows)
        inner.addWidget(self.draw)
        foot = QHBoxLayout()
        foot.addWidget(theme.caption(QLabel(self.tr("z = mean + sigma × noise"))), 1)
        foot.addWidget(self.seed)
        inner.addLayout(foot)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(heading(self.tr("Image")))
        column.addLayout(chooser)
        column.addWidget(self.title)
        column.addLayout(self._pictures)
        column.addWidget(self._sampling)

    def _place(self, narrow: bool) -> None:
        """Pictures beside each other with their names below; where the names would be cut, below
        each other with their names at the right.
        """
        self._narrow = narrow
        grid = self._pictures
        views = (self.input, self.output, self.drawn)
        for index, (view, caption) in enumerate(zip(views, self.captions, strict=True)):
            for widget in (view, caption):
                grid.removeWidget(widget)
            grid.addWidget(view, *((index, 0) if narrow else (0, index)))
            grid.addWidget(caption, *((index, 1) if narrow else (1, index)))
        for column in range(1, 4):
            grid.setColumnStretch(column, int(column == (1 if narrow else 3)))
        grid.setVerticalSpacing(theme.GRID // 2 if narrow else 2)

    def _take_index(self) -> None:
        value = self.index.value()
        if value is not None:
            self.index_wanted.emit(int(value))

    # What is shown -----------------------------------------------------------------------------

    def set_none(self) -> None:
        """No image is chosen."""
        self.title.setText(self.tr("Choose a test image, click a point, or drop or draw one."))
        for view in (self.input, self.output, self.drawn):
            view.set_image(None)
        self._sampling.setVisible(False)

    def set_image(self, image: np.ndarray, title: str, index: int | None) -> None:
        self.title.setText(title)
        self.index.set_value(index)
        self.input.set_image(image)

    def set_posterior(self, reconstruction: np.ndarray, has_std: bool) -> None:
        self.output.set_image(reconstruction)
        for widget in (self._sampling, self.drawn, self.captions[2]):
            widget.setVisible(has_std)
        if not has_std:
            self.drawn.set_image(None)

    def set_draw(
        self,
        labels: tuple[str, str],
        values: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
        image: np.ndarray,
        seed: int,
    ) -> None:
        """mean, sigma, noise and z, each (2,) along the two axes named `labels`."""
        names = (self.tr("mean"), self.tr("sigma"), self.tr("noise"), self.tr("z"))
        rows = [(name, figures(value)) for name, value in zip(names, values, strict=True)]
        self.rows.set_rows([("", "   ".join(labels)), *rows])
        self.drawn.set_image(image)
        self.seed.setText(self.tr("seed %1").replace("%1", str(seed)))
