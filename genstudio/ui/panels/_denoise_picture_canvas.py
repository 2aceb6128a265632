"""Showing the large pictures of the Denoise panel; the hand is in `_denoise_picture`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from genstudio.tape import Frame
from genstudio.ui import theme
from genstudio.ui.panels import _denoise_picture_paint as paint
from genstudio.ui.panels._denoise_picture_layout import Pane, arrange
from genstudio.ui.panels._denoise_picture_source import Source
from genstudio.ui.panels._denoise_picture_text import Words

SMALL_PX = 48  # width of an image in a grid, below which it is worth more room
_FLIPS = {"x0_hat": "x_t", "x_t": "x0_hat", "noise_hat": "x0_hat", "change": "x0_hat"}


class PictureCanvas(QWidget):
    """A step as pictures: which kinds, one image or the batch, which is chosen."""

    kind_changed = Signal(str)
    index_changed = Signal(int)
    alone_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._source = Source()
        self._words = Words(self)
        self._kind = "x0_hat"
        self._flipped = False
        self._fixed: tuple[str, ...] = ()
        self._index = 0
        self._alone = False
        self._panes: list[Pane] | None = None
        self._hover: tuple[int, int, int] | None = None  # image, row, column
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Picture of this step"))
        theme.notifier().changed.connect(self.update)

    # Get and set -------------------------------------------------------------------------------

    def frame(self) -> Frame | None:
        return self._source.frame

    def set_frame(self, frame: Frame | None, before: Frame | None = None, source: str = "") -> None:
        """Show a step; `before` is the one that its change is taken from."""
        shape = self._source.layout_shape()
        self._source.set_frame(frame, before, source)
        if self._source.layout_shape() != shape:
            self._panes = None
            self._index = self._within(self._index)
        self.update()

    def kind(self) -> str:
        return self._kind

    def set_kind(self, kind: str) -> None:
        """The first picture's kind."""
        if kind != self._kind:
            self._kind, self._panes = kind, None
            self.update()

    def sides(self) -> tuple[str, ...]:
        """The kinds that stand side by side now."""
        if self._fixed:
            return tuple(self._flip_of(kind) for kind in self._fixed)
        kind = self._flip_of(self._kind)
        beside = "x0_hat" if kind == "x_t" else "x_t"
        return (kind, beside) if self._source.has(beside) else (kind,)

    def _flip_of(self, kind: str) -> str:
        """What stands in the place of a kind, also while Tab is held."""
        return _FLIPS.get(kind, kind) if self._flipped else kind

    def set_sides(self, *kinds: str) -> None:
        self._fixed, self._panes = kinds, None
        self.update()

    def set_words(self, words: Mapping[str, str]) -> None:
        self._words.names = dict(words)
        self.update()

    def index(self) -> int:
        return self._index

    def set_index(self, index: int) -> None:
        """Choose an image of the batch."""
        index = self._within(index)
        if index != self._index:
            self._index = index
            self._panes = None
            self.update()

    def _within(self, index: int) -> int:
        """An image that there is; while there is none, it waits for its batch."""
        n = self._source.n
        return max(0, min(index, n - 1) if n else index)

    def alone(self) -> bool:
        """Whether one image is shown: always where there is only one."""
        return self._alone or self._source.n <= 1

    def set_alone(self, alone: bool) -> None:
        if alone != self._alone:
            self._alone, self._panes = alone, None
            self.update()

    def set_empty_text(self, words: str) -> None:
        self._words.empty = words
        self.update()

    def set_change_limit(self, limit: float | None) -> None:
        self._source.set_limit(limit)
        self.update()

    def image(self, kind: str | None = None, index: int | None = None) -> np.ndarray | None:
        """An image as it is shown, or None."""
        return self._source.pixels(kind or self.sides()[0], self._index if index is None else index)

    def sizeHint(self) -> QSize:
        return QSize(720, 400)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 104)

    # Geometry ----------------------------------------------------------------------------------

    def panes(self) -> list[Pane]:
        """Where the sides and their images lie."""
        if self._panes is None:
            self._panes = self._arrange(self.sides()) if self._source.n else []
        return self._panes

    def _arrange(self, kinds: tuple[str, ...]) -> list[Pane]:
        """The sides; a grid of small images goes without the companion where that makes them
        larger.
        """
        area, ratio = QRectF(self.rect()), self.devicePixelRatioF()
        chosen = self._index if self.alone() else None
        panes = arrange(area, ratio, kinds, self._source.n, self._source.hw, chosen)
        if chosen is not None or self._fixed or panes[0].cell.width() >= SMALL_PX:
            return panes
        one = arrange(area, ratio, kinds[:1], self._source.n, self._source.hw)
        return one if one[0].cell.width() > panes[0].cell.width() else panes

    def pane(self, kind: str) -> Pane | None:
        return next((pane for pane in self.panes() if pane.kind == kind), None)

    def _pane_at(self, position: QPointF) -> tuple[Pane, int] | None:
        for pane in self.panes():
            index = pane.index_at(position)
            if index >= 0:
                return pane, index
        return None

    # By the hand -------------------------------------------------------------------------------

    def _choose(self, index: int) -> None:
        if index != self._index:
            self.set_index(index)
            self.index_changed.emit(self._index)

    def _show_alone(self, alone: bool) -> None:
        if self._source.n > 1 and alone != self._alone:
            self.set_alone(alone)
            self.alone_changed.emit(alone)

    def _take_kind(self, kind: str) -> None:
        if kind != self._kind:
            self.set_kind(kind)
            self.kind_changed.emit(kind)

    def _flip(self, flipped: bool) -> None:
        if flipped != self._flipped:
            self._flipped, self._panes = flipped, None
            self.update()

    # Painting ----------------------------------------------------------------------------------

    def resizeEvent(self, event: object) -> None:
        self._panes = None

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self._source.n:
            paint.empty(painter, QRectF(self.rect()), self._words.empty)
            return
        says = [self._paint_pane(painter, pane) for pane in self.panes()]
        self.setAccessibleDescription("; ".join(says))

    def _paint_pane(self, painter: QPainter, pane: Pane) -> str:
        """Paint one side; what it says."""
        source = self._source
        stack = source.image(pane.kind, pane.first, pane.n)
        if stack is not None:
            paint.cells(painter, pane, stack)
        else:
            paint.empty(painter, pane.rect, self._words.missing(pane.kind))
        paint.ring(painter, pane, None if self.alone() else self._index, self.hasFocus())
        self._paint_over(painter, pane)
        chosen = self._index if self.alone() else None
        title, values = self._words.caption(source, pane.kind, chosen, self._hover)
        paint.caption(painter, pane, title, values, source.limit_of(pane.kind))
        return f"{title}: {values}" if values else title

    def _paint_over(self, painter: QPainter, pane: Pane) -> None:
        """What lies over the pictures of a side."""
        if self._hover is not None:
            paint.pixel(painter, pane, *self._hover)
