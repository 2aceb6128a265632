"""Reconstructions, samples and a small sheet of the frame that is shown, as the right side of the picture."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from genstudio.ui import theme
from genstudio.ui.widgets.image_view import ImageView

MIN_PAIRS, MAX_PAIRS = 4, 16


class _Picture(QWidget):
    """A caption over an image."""

    def __init__(self, caption: str, stretch: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.caption = theme.caption(QLabel(caption, self))
        self.view = ImageView(self, caption)
        self.view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.stretch = stretch
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.caption)
        column.addWidget(self.view, 1)


class Previews(QWidget):
    """Three pictures, one below the other; `columns_changed` says how many images fit side by side."""

    columns_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._width_px = 28
        self._flat = False
        self.pairs = _Picture(self.tr("test images above, reconstructions below"), 2, self)
        self.samples = _Picture(self.tr("samples"), 5, self)
        self.sheet = _Picture(self.tr("sheet of the latent plane"), 9, self)
        self._column = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.GRID)
        for picture in (self.pairs, self.samples, self.sheet):
            self._column.addWidget(picture, picture.stretch)
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
        for picture in (self.pairs, self.samples, self.sheet):
            picture.view.set_image(None)
        self.sheet.hide()

    def columns(self) -> int:
        return max(MIN_PAIRS, min(MAX_PAIRS, self.pairs.width() // self._width_px))

    def show_look(self, look: Any, step: int, seed: int) -> None:
        """Reconstructions and samples at training step `step`."""
        self.pairs.view.set_image(look.pairs)
        self.samples.view.set_image(look.samples)
        self.pairs.caption.setText(
            self.tr("test images above, reconstructions below, at step {0}").format(f"{step:,}")
        )
        self.samples.caption.setText(self.tr("samples, seed {0}").format(seed))

    def show_sheet(self, sheet: Any) -> None:
        """The decoded latent plane."""
        self.sheet.view.set_image(sheet.mosaic)
        self.sheet.caption.setText(
            self.tr("latent plane, {0} to {1} across, {2} to {3} up").format(
                _number(sheet.xs[0]), _number(sheet.xs[-1]), _number(sheet.ys[-1]), _number(sheet.ys[0])
            )
        )
        self.sheet.show()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        before = self.columns()
        super().resizeEvent(event)
        if self.columns() != before or event.oldSize().width() < 0:
            self.columns_changed.emit(self.columns())


def _number(value: float) -> str:
    return f"{value:.3g}"
