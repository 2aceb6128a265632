"""Pictures and signs in a row, as an equation: [A] - [B] + [C] = [?]."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from genstudio.ui import theme
from genstudio.ui.widgets.image_view import ImageView

LARGEST_PX = 56
SIGN_PX = 12


class Equation(QWidget):
    """`names` of the pictures, and the `signs` between them; each picture has its caption."""

    def __init__(
        self, names: Sequence[str], signs: Sequence[str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.views = [ImageView(name=name) for name in names]
        self.captions = [theme.caption(QLabel(name)) for name in names]
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for number, (view, caption) in enumerate(zip(self.views, self.captions, strict=True)):
            if number:
                sign = QLabel(signs[number - 1])
                sign.setFixedWidth(SIGN_PX)
                sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
                sign.setContentsMargins(0, 0, 0, 14)
                row.addWidget(sign)
            part = QVBoxLayout()
            part.setSpacing(2)
            part.addWidget(view)
            caption.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            part.addWidget(caption)
            row.addLayout(part)
        row.addStretch(1)
        self._fit()

    def set_image(self, number: int, image: np.ndarray | None) -> None:
        self.views[number].set_image(image)

    def set_caption(self, number: int, text: str) -> None:
        self.captions[number].setText(text)

    def minimumSizeHint(self) -> QSize:
        n = len(self.views)
        return QSize(28 * n + (n - 1) * (SIGN_PX + 4), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()

    def _fit(self) -> None:
        n = len(self.views)
        room = (self.width() - (n - 1) * (SIGN_PX + 4)) // n
        side = max(28, min(LARGEST_PX, room))
        for view in self.views:
            if view.width() != side:
                view.setFixedSize(side, side)
