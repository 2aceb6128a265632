"""What the hand does in the plane: choose a particle, put a start, drag it, take it away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from genstudio.ui.panels._denoise_plane_map import Own, ParticleMap
from genstudio.ui.panels._denoise_plane_record import Record, Start, shown
from genstudio.ui.panels._denoise_plane_starts import MAX_STARTS, StartBoard, Walked, Walker
from genstudio.ui.session import Session
from genstudio.ui.widgets.latent_plane import Pin


class Hand(QObject):
    """Joins the map's pins to the board of starts, and their walks to the map."""

    moved_changed = Signal()  # other particles of the batch are in the hand's keeping
    pointed = Signal(int)  # particle under the pointer, or chosen; -1 for none
    full = Signal(str)  # why there is no room for another start

    def __init__(self, session: Session, plane: ParticleMap) -> None:
        super().__init__(plane)
        self._plane = plane
        self.board = StartBoard(session.undo, self)
        self.walker = Walker(session, self)
        self._model = ""
        self._record: Record | None = None
        self._chosen = -1  # a particle of the batch, whose start shows as a hollow pin
        self._hovered = -1
        self._moved: frozenset[int] = frozenset()
        self.board.changed.connect(self.refresh)
        self.walker.walked.connect(self._show_walks)
        plane.clicked.connect(self._click)
        plane.lifted.connect(self._lift)
        plane.pin_moved.connect(self._drag)
        plane.pin_dropped.connect(lambda *_: self.board.let_go())
        plane.pin_stepped.connect(lambda *_: self.board.let_go(merge=True))
        plane.pin_removed.connect(self._remove)
        plane.given_up.connect(self._give_up)
        plane.point_hovered.connect(self._hover)

    # What there is -----------------------------------------------------------------------------

    def use(self, model: str) -> None:
        """Another model, or the same with other weights."""
        self.walker.stop()
        self._model = model
        self._show_walks()

    def set_record(self, record: Record | None) -> None:
        """The run whose starts are shown."""
        self._record, self._chosen, self._hovered = record, -1, -1
        self.walker.stop()
        self._plane.set_own(None)
        self.refresh()

    def moved(self) -> frozenset[int]:
        """Particles of the batch that the hand has moved."""
        return self._moved

    def walked(self) -> Walked | None:
        return self.walker.found()

    def chosen(self) -> int:
        """The particle of the batch that is chosen, -1 for none."""
        return self._chosen

    def refresh(self) -> None:
        """Pins and paths of the starts as they are now."""
        record = self._record
        if record is None or not record.have or not self._model:
            self._plane.set_pins(())
            return
        starts = self.board.value()
        mine = [starts[i] for i in shown(starts, record)]
        pins = [Pin(s.x, s.y, str(i + 1)) for i, s in enumerate(mine)]
        moved = frozenset(s.row for s in mine if s.row >= 0)
        if self._chosen in moved:
            self._chosen = -1
        if self._chosen >= 0:
            x, y = record.x_t(0)[self._chosen].tolist()
            pins.append(Pin(x, y, "", aside=True))
        active = self._plane.active_pin()
        self._plane.set_pins(pins, active)
        if moved != self._moved:
            self._moved = moved
            self.moved_changed.emit()
        self._show_chosen()
        self.walker.ask(self._model, record, tuple(mine))

    def grew(self) -> None:
        """The record has more steps."""
        if self._chosen >= 0 or self._hovered >= 0:
            self._show_chosen()

    def all_starts(self) -> NDArray[np.float32]:
        """The whole batch as the hand has made it: moved ones moved, the hand's own after them."""
        assert self._record is not None
        batch = self._record.x_t(0).copy()
        starts = self.board.value()
        mine = [starts[i] for i in shown(starts, self._record)]
        for start in mine:
            if start.row >= 0:
                batch[start.row] = start.x, start.y
        own = [(start.x, start.y) for start in mine if start.row < 0]
        return np.concatenate([batch, np.array(own, np.float32).reshape(-1, 2)])

    # The hand ----------------------------------------------------------------------------------

    def _click(self, x: float, y: float) -> None:
        row = self._plane.row_of(self._plane.point_at(x, y))
        if row >= 0:
            self._choose(row)
            self._plane.set_pins(self._plane.pins(), len(self._plane.pins()) - 1)
        elif self._record is not None and self._record.have:
            self._choose(-1)
            if self._room():
                self.board.add(Start(x, y, self._record.level))
                self._plane.set_pins(self._plane.pins(), len(self._plane.pins()) - 1)

    def _room(self) -> bool:
        if len(self.board.value()) < MAX_STARTS:
            return True
        words = self.tr("There are {0} starts, and no room for more. Remove one first.")
        self.full.emit(words.format(MAX_STARTS))
        return False

    def _lift(self, row: int) -> None:
        self._choose(row)

    def _choose(self, row: int) -> None:
        if row != self._chosen:
            self._chosen = row
            self.refresh()

    def _drag(self, number: int, x: float, y: float) -> None:
        record = self._record
        if record is None:
            return
        starts = self.board.value()
        mine = shown(starts, record)
        if number < len(mine):
            changed = list(starts)
            changed[mine[number]] = starts[mine[number]].at(x, y)
            self.board.preview(tuple(changed))
        elif self._chosen >= 0 and self._room():
            start = Start(x, y, record.level, self._chosen, record.batch)
            self.board.preview((*starts, start))

    def _remove(self, number: int) -> None:
        if self._record is None:
            return
        mine = shown(self.board.value(), self._record)
        if number < len(mine):
            self.board.remove(mine[number])
        else:
            self._choose(-1)

    def _give_up(self) -> None:
        self.board.give_up()
        self.refresh()

    def _hover(self, point: int) -> None:
        row = self._plane.row_of(point)
        if row != self._hovered:
            self._hovered = row
            self._show_chosen()

    # Showing -----------------------------------------------------------------------------------

    def _show_chosen(self) -> None:
        row = self._hovered if self._hovered >= 0 else self._chosen
        record = self._record
        known = record is not None and record.have and 0 <= row < record.n
        self._plane.set_chosen(record.path(row) if known and record is not None else None)
        self.pointed.emit(row if known else -1)

    def _show_walks(self) -> None:
        found, record = self.walker.found(), self._record
        if found is None or record is None:
            self._plane.set_own(None)
            return
        paths = found.paths
        last = len(paths.x_t) - 1
        steps = [min(record.step(place), last) for place in range(record.n_steps)]
        x_t = paths.x_t[[*steps, last]]
        targets = paths.x0_hat[[min(step, last - 1) for step in steps]]
        self._plane.set_own(Own(x_t, targets))
