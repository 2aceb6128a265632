"""What is learned, samples and a small sheet of the frame that is shown, as the right side of the
picture.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from genstudio.ui import theme
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.image_view import ImageView

MIN_PAIRS, MAX_PAIRS = 4, 16  # test images side by side
MIN_PX = 40


class _Picture(QWidget):
    """A caption over an image that is as high as it is drawn: its pixels at an integer factor."""

    def __init__(self, caption: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.caption = theme.caption(ElidedLabel(self, caption))
        self.view = ImageView(self, caption)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._column.addWidget(self.caption)
        self._column.addWidget(self.view, 1)

    def set_image(self, image: np.ndarray | None) -> None:
        self.view.set_image(image)
        self.fit()

    def fit(self) -> None:
        """Take the height of the image at the greatest factor that fits the width."""
        image = self.view.image()
        if image is None:
            return
        ratio = self.devicePixelRatioF()
        factor = max(1, int(self.width() * ratio) // image.shape[1]) / ratio
        height = round(image.shape[0] * factor)
        self.view.setMinimumHeight(min(height, MIN_PX))
        around = self.caption.sizeHint().height() + self._column.spacing()
        self.setMaximumHeight(height + around)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()


class Previews(QWidget):
    """Three pictures, one below the other; `columns_changed` says how many images fit side by
    side.
    """

    columns_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._width_px = 28
        self._flat = False
        self.pairs = _Picture(self.tr("test images and their reconstructions"), self)
        self.samples = _Picture(self.tr("samples"), self)
        self.sheet = _Picture(self.tr("latent plane"), self)
        self.title = theme.heading(ElidedLabel(self, ""))
        self._column = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.GRID)
        self._column.addWidget(self.title)
        for picture in (self.pairs, self.samples, self.sheet):
            self._column.addWidget(picture, 1)
        self._column.addStretch(0)
        self.sheet.hide()

    def sizeHint(self) -> QSize:
        return QSize(320, 480)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 160)

    def set_flat(self, flat: bool) -> None:
        """Side by side, for a place that is wide and low."""
        ways = QBoxLayout.Direction
        self._column.setDirection(ways.LeftToRight if flat else ways.TopToBottom)
        self._flat = flat

    def clear(self) -> None:
        self.title.setText("")
        for picture in (self.pairs, self.samples, self.sheet):
            picture.set_image(None)
        self.sheet.hide()

    def columns(self) -> int:
        """How many images of 28 pixels stand side by side."""
        return max(MIN_PAIRS, min(MAX_PAIRS, self.pairs.width() // self._width_px))

    def show_look(
        self, look: Any, step: int, seed: int, *, live: bool, averaged: bool = False
    ) -> None:
        """What is learned and samples at training step `step`; `averaged` says of which weights."""
        words = self.tr("Live model at step {0}") if live else self.tr("Stored step {0}")
        self.title.setText(words.format(f"{step:,}"))
        self.pairs.setVisible(look.pairs is not None)
        self.pairs.set_image(look.pairs)
        self.pairs.caption.setText(self.tr(look.title))
        self.samples.set_image(look.samples)
        made = self.tr("samples, seed {0}")
        if averaged:
            made = self.tr("samples, EMA weights, seed {0}")
        self.samples.caption.setText(made.format(seed))

    def show_sheet(self, sheet: Any) -> None:
        """The decoded latent plane."""
        self.sheet.set_image(sheet.mosaic)
        self.sheet.caption.setText(
            self.tr("latent plane, z1 {0} to {1}, z2 {2} to {3}").format(
                *(f"{v:.3g}" for v in (sheet.xs[0], sheet.xs[-1], sheet.ys[-1], sheet.ys[0]))
            )
        )
        self.sheet.show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        before = self.columns()
        super().resizeEvent(event)
        if self.columns() != before or event.oldSize().width() < 0:
            self.columns_changed.emit(self.columns())
