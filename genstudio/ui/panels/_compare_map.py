"""A map that shows a layer of numbers in the place of its decoded sheet."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from genstudio.ui.widgets._latent_layers import Picture, SheetStack, sheet_image
from genstudio.ui.widgets.latent_plane import Extent, Frame, LatentPlane


class _Stack(SheetStack):
    """Sheets, or the layer that covers them."""

    def __init__(self) -> None:
        super().__init__()
        self.field: Picture | None = None
        self.covered = False

    def paint(self, painter: QPainter, frame: Frame) -> None:
        if not self.covered:
            super().paint(painter, frame)
        elif self.field is not None:
            self.field.paint(painter, frame)


class FieldPlane(LatentPlane):
    """The two gestures of a map over a layer; sheets stay beneath it and are back at once."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sheets: _Stack = _Stack()
        self.setMinimumSize(132, 96)

    def cover(self, on: bool) -> None:
        """Show the layer instead of the sheet, or the sheet again."""
        if on != self._sheets.covered:
            self._sheets.covered = on
            self._sheets.field = None
            self._repaint_all()

    def put_field(self, picture: np.ndarray, extent: Extent) -> None:
        """Lay a layer's picture, uint8 (rows, cols, 3), on a rectangle of the map."""
        self._sheets.field = Picture(sheet_image(picture), extent)
        self._repaint_all()

    def take_field_away(self) -> None:
        self._sheets.field = None
        self._repaint_all()

    def field(self) -> Picture | None:
        """The layer's picture that is shown."""
        return self._sheets.field if self._sheets.covered else None
