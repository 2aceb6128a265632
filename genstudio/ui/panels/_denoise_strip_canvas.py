"""Laying out and painting the film strips of the Denoise panel; the hand is in `_denoise_strip`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QSizePolicy, QWidget

from genstudio.ui import theme
from genstudio.ui.panels import _denoise_strip_paint as paint
from genstudio.ui.panels._denoise_strip_axis import Axis, nearest
from genstudio.ui.panels._denoise_strip_layout import ROW_GAP, TITLE_PX, Layout, lay_out
from genstudio.ui.panels._denoise_strip_row import Row
from genstudio.ui.panels._denoise_strip_thumbs import Thumbs

MOST_HINTED = 3  # rows that it asks room for; more scroll


class StripsCanvas(QAbstractScrollArea):
    """Rows over one axis, each kept as a pixmap; moving the cursor paints the cursor alone."""

    axis_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[Row, ...] = ()
        self._chosen = ""
        self._step = 0
        self._kind, self._image = "x0_hat", 0
        self._by, self._t_max = "t", 1000.0
        self._thumbs = Thumbs()
        self._layers: dict[str, tuple[tuple[object, ...], QPixmap]] = {}
        self._places: dict[str, tuple[tuple[object, ...], np.ndarray]] = {}
        self._middles: dict[str, list[float]] = {}  # of the thumbnails that are drawn
        self._layout: Layout | None = None
        self._hw = (28, 28)
        self._axis = Axis()
        self._empty = self.tr("No run yet: its steps will stand here.")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Film strips of the runs"))
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        theme.notifier().changed.connect(self.viewport().update)

    # Get and set -------------------------------------------------------------------------------

    def rows(self) -> tuple[Row, ...]:
        return self._rows

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show these rows. A row whose id stands again with another tape is drawn anew."""
        before = {row.id: row for row in self._rows}
        self._rows = tuple(rows)
        same = {
            row.id
            for row in rows
            if row.id in before
            and before[row.id].tape is row.tape
            and before[row.id].other is row.other
        }
        self._thumbs.forget(same)
        ids = {row.id for row in rows}
        self._layers = {id: layer for id, layer in self._layers.items() if id in same}
        self._places = {id: places for id, places in self._places.items() if id in same}
        if self._chosen not in ids:
            self._chosen = next((row.id for row in rows if not row.is_difference), "")
        self.updateGeometry()
        self._lay_out()

    def row(self, id: str) -> Row | None:
        return next((row for row in self._rows if row.id == id), None)

    def chosen_row(self) -> str:
        return self._chosen

    def set_chosen(self, id: str) -> None:
        if id != self._chosen and self.row(id) is not None:
            self._chosen = id
            self._show_chosen()
            self._describe()
            self.viewport().update()

    def step(self) -> int:
        return self._step

    def set_step(self, index: int) -> None:
        """Move the cursor; only the cursor is painted anew."""
        if index != self._step:
            before = self._cursor_rect()
            self._step = index
            self._describe()
            self.viewport().update(before)
            self.viewport().update(self._cursor_rect())

    def kind(self) -> str:
        return self._kind

    def set_kind(self, kind: str) -> None:
        if kind != self._kind:
            self._kind = kind
            self.viewport().update()

    def image(self) -> int:
        return self._image

    def set_image(self, image: int) -> None:
        if image != self._image:
            self._image = image
            self.viewport().update()

    def axis(self) -> Axis:
        return self._axis

    def set_axis(self, by: str, t_max: float | None = None) -> None:
        """Lay frames out by "t" or by "step"."""
        self._by = by
        self._t_max = self._t_max if t_max is None else float(t_max)
        self._lay_out()

    def set_empty_text(self, words: str) -> None:
        self._empty = words
        self.viewport().update()

    def grew(self, id: str) -> None:
        """The tape of a run holds more frames."""
        if self._layout is None or self._image_hw() != self._hw:
            self._lay_out()
        if id == self._chosen:
            self._describe()
        self.viewport().update()

    def n_thumbnails_drawn(self) -> int:
        """How many thumbnails were drawn so far, over all rows."""
        return self._thumbs.n_drawn

    def sizeHint(self) -> QSize:
        n = min(max(1, len(self._rows)), MOST_HINTED)
        return QSize(720, round(n * (TITLE_PX + 56 + ROW_GAP)))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 60)

    # Geometry ----------------------------------------------------------------------------------

    def x_of(self, id: str, index: int) -> float:
        """The pixel of a row's step, of the last that is kept at or before it."""
        row, places = self.row(id), self._places_of(id)
        if row is None or row.tape is None or not len(places):
            return -1.0
        return float(places[row.tape.place_of(index)])

    def strip_rect(self, id: str) -> QRect:
        """Where the thumbnails of a row lie in the viewport; empty for no such row."""
        number = next((i for i, row in enumerate(self._rows) if row.id == id), None)
        place = self._layout
        if number is None or place is None:
            return QRect()
        top = place.top(number) + TITLE_PX - self.verticalScrollBar().value()
        return QRect(0, round(top), self.viewport().width(), round(place.cell[0]))

    def _places_of(self, id: str) -> np.ndarray:
        """(F,) pixels of a row's frames, rising."""
        row = self.row(id)
        if row is None or row.tape is None:
            return np.zeros(0)
        key = (len(row.tape), self._axis)
        kept = self._places.get(id)
        if kept is None or kept[0] != key:
            at = row.times() if self._by == "t" else row.indices()
            axis = self._axis
            ends = axis.x_of(0.0), axis.x_of(axis.last)
            places = ends[0] + (ends[1] - ends[0]) * at / max(axis.last, 1e-9)
            kept = self._places[id] = (key, np.asarray(places, np.float64))
        return kept[1]

    def _image_hw(self) -> tuple[int, int]:
        for row in self._rows:
            if row.tape is not None and len(row.tape.shape) == 3:
                return row.tape.shape[1], row.tape.shape[2]
        return (28, 28)

    def _lay_out(self) -> None:
        self._hw = self._image_hw()
        size, ratio = self.viewport().size(), self.devicePixelRatioF()
        n = max(1, len(self._rows))
        place = lay_out(size.width(), size.height(), n, self._hw, ratio)
        self._layout = place
        self._thumbs.set_size(round(place.cell[0] * ratio), round(place.cell[1] * ratio))
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, round(place.height) - size.height()))
        bar.setPageStep(size.height())
        bar.setSingleStep(round(place.row_px))
        steps = max((row.n_steps for row in self._rows), default=1)
        last = self._t_max if self._by == "t" else float(max(1, steps - 1))
        axis = Axis(self._by, last, place.left, place.right)
        if axis != self._axis:
            self._axis = axis
            self.axis_changed.emit()
        self._describe()
        self.viewport().update()

    def _cursor_x(self) -> float:
        return self.x_of(self._owner(self._step), self._step)

    def _owner(self, index: int) -> str:
        """The row in which a step of the chosen run stands: what lies before a fork is in the
        parent's.
        """
        row = self.row(self._chosen)
        while row is not None and index < row.begins and self.row(row.parent) is not None:
            row = self.row(row.parent)
        return row.id if row is not None else ""

    def line_of(self, id: str) -> tuple[np.ndarray, np.ndarray]:
        """The steps of a run and those before it in its ancestors, rising, and their pixels."""
        row, end = self.row(id), np.iinfo(np.int64).max
        steps: list[np.ndarray] = []
        places: list[np.ndarray] = []
        while row is not None:
            own = row.indices()
            steps.insert(0, own[own < end])
            places.insert(0, self._places_of(row.id)[own < end])
            end, row = row.begins, self.row(row.parent) if row.parent else None
        if not steps:
            return np.zeros(0, np.int64), np.zeros(0)
        return np.concatenate(steps), np.concatenate(places)

    def _cursor_rect(self) -> QRect:
        x, half = round(self._cursor_x()), self._layout.cell[1] / 2 if self._layout else 0
        reach = round(half) + 4
        return QRect(x - reach, 0, 2 * reach, self.viewport().height())

    def _show_chosen(self) -> None:
        """Scroll so that the chosen row is seen."""
        rect, high = self.strip_rect(self._chosen), self.viewport().height()
        bar = self.verticalScrollBar()
        if rect.top() - TITLE_PX < 0:
            bar.setValue(bar.value() + rect.top() - TITLE_PX)
        elif rect.bottom() > high:
            bar.setValue(bar.value() + rect.bottom() - high + 4)

    def hit(self, position: QPointF) -> tuple[str, int]:
        """The run and the step under a position in the viewport; over a difference the chosen
        run's. ("", -1) for none.
        """
        if self._layout is None:
            return "", -1
        number = self._layout.row_at(position.y() + self.verticalScrollBar().value())
        if not 0 <= number < len(self._rows):
            return "", -1
        row = self._rows[number]
        id = self._chosen if row.is_difference else row.id
        return id, self._index_at(id, position.x())

    def _index_at(self, id: str, x: float) -> int:
        steps, places = self.line_of(id)
        return int(steps[nearest(places, x)]) if len(steps) else -1

    # Painting ----------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._lay_out()
        super().changeEvent(event)

    def focusInEvent(self, event: object) -> None:
        self.viewport().update()

    def focusOutEvent(self, event: object) -> None:
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        place = self._layout
        if place is None or not self._rows:
            paint.empty(painter, self.viewport().rect(), self._empty)
            return
        clip, scroll = event.rect(), self.verticalScrollBar().value()
        for number, row in enumerate(self._rows):
            top = round(place.top(number)) - scroll
            if top < clip.bottom() and top + place.row_px > clip.top():
                painter.drawPixmap(QPoint(0, top), self._layer(row, place))
        for row in self._rows:
            parent, child = self.strip_rect(row.parent), self.strip_rect(row.id)
            if row.parent and not parent.isEmpty() and child.top() > parent.bottom():
                begin = round(self._begin_x(row) - place.cell[1] / 2) - 1.5
                paint.fork_line(painter, begin, parent.bottom() + 3, child.bottom() + 2)
        x = self._cursor_x()
        if x >= 0:
            high = min(self.viewport().height(), round(place.height) - scroll)
            paint.cursor(painter, x, high, self._cells_at(x))
        if self.hasFocus():
            paint.focus(painter, self.viewport().rect())

    def _cells_at(self, x: float) -> list[QRectF]:
        """The thumbnails whose middle stands at a pixel, from the top; those that are seen."""
        cells = []
        for row in self._rows:
            strip, middles = self.strip_rect(row.id), self._middles.get(row.id, ())
            middle = next((m for m in middles if abs(m - x) < 0.75), None)
            if middle is not None and 0 <= strip.top() < self.viewport().height():
                wide = strip.height() * self._hw[1] / self._hw[0]
                cells.append(QRectF(middle - wide / 2, strip.top(), wide, strip.height()))
        return cells

    def _layer(self, row: Row, place: Layout) -> QPixmap:
        """A row without the cursor, drawn again only where something in it is another."""
        ratio = self.devicePixelRatioF()
        chosen = row.id == self._chosen
        lengths = len(row.tape or ()), len(row.other or ())
        key = (
            lengths,
            self._kind,
            self._image,
            self._axis,
            place,
            chosen,
            theme.colours().scheme,
            ratio,
            (row.title, row.detail, row.marks, row.says, row.begins),
        )
        kept = self._layers.get(row.id)
        if kept is None or kept[0] != key:
            places = self._places_of(row.id)
            begin = self._begin_x(row)
            scene = paint.Scene(row, place, self._axis, places, begin, chosen, self._by_words(row))
            self._middles[row.id] = [middle for _frame, middle in paint.thumbnails(scene)]
            drawn = paint.layer(
                scene,
                self._thumbs,
                (self._kind, self._image),
                (self.viewport().width(), ratio),
            )
            kept = self._layers[row.id] = (key, drawn)
        return kept[1]

    def _begin_x(self, row: Row) -> float:
        places = self._places_of(row.id)
        if len(places):
            return float(places[0])
        return self.x_of(row.parent, row.begins) if row.parent else self._axis.left

    def _by_words(self, row: Row) -> str:
        if row.says or row.is_difference or (row.tape is not None and len(row.tape)):
            return row.says
        return self.tr("The first step is being computed.") if row.tape is not None else ""

    # Words -------------------------------------------------------------------------------------

    def _step_words(self, row: Row, index: int) -> str:
        assert row.tape is not None
        frame = row.tape.frame(row.tape.place_of(index))
        words = self.tr("{0}: step {1} of {2}, t = {3}")
        t = frame.scalars.get("t", 0.0)
        return words.format(row.title, frame.index, frame.n_steps, f"{t:g}")

    def _describe(self) -> None:
        row = self.row(self._owner(self._step))
        if row is not None and row.tape is not None and len(row.tape):
            self.setAccessibleDescription(self._step_words(row, self._step))
