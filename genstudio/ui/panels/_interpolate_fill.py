"""Fills the slots: images of the data set by number, by lot, by class, and images from outside."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject

from genstudio.engine.messages import Failure
from genstudio.ui.panels._interpolate_board import Board, Slot, SlotBoard
from genstudio.ui.panels._map_scene import Scene
from genstudio.ui.session import Session


class Filler(QObject):
    """What is put into a slot, as one entry of the history."""

    def __init__(self, session: Session, board: SlotBoard, scene: Scene) -> None:
        super().__init__(board)
        self._session, self._board, self._scene = session, board, scene

    def begin(self) -> None:
        """Two images of the test set, where nothing was filled yet: no panel begins empty."""
        if self._board.value() == Board():
            data = self._session.data
            slots = (Slot(data=data, index=0), Slot(data=data, index=1), None, None)
            self._board.set_value(Board(slots))

    def follow_data(self) -> None:
        """Images of the old data set give way to those of the new one with the same number."""
        data, board = self._session.data, self._board.value()
        slots = tuple(
            Slot(data=data, split=s.split, index=s.index)
            if s is not None and s.index is not None
            else s
            for s in board.slots
        )
        self._board.set_value(replace(board, slots=slots))

    def index(self, place: int, index: int) -> None:
        """Image `index` of the test set."""
        self._board.fill(place, Slot(data=self._session.data, index=index))

    def random(self, place: int, kind: int = -1) -> None:
        """A test image by lot, of class `kind` unless it is -1."""
        cloud = self._scene.cloud
        rows = np.empty(0, np.int64)
        if cloud is not None:
            rows = np.flatnonzero((cloud.labels == kind) | (kind < 0))
        if cloud is None or not len(rows):
            text = self.tr("No encoded test image is of this class. Choose another.")
            self._session.failed.emit(Failure(text))
            return
        row = int(np.random.default_rng().choice(rows))
        slot = Slot(data=self._session.data, split=cloud.split, index=int(cloud.index[row]))
        self._board.fill(place, slot)

    def point(self, place: int, point: int) -> None:
        """The encoded image that is point `point` of the map."""
        shown = self._scene.shown()
        if shown is not None and 0 <= point < len(shown.index):
            slot = Slot(data=self._session.data, split=shown.split, index=int(shown.index[point]))
            self._board.fill(place, slot)

    def missing(self, count: int) -> None:
        """Test images into those of the first `count` slots that are empty."""
        for place in range(count):
            if self._board.value().slots[place] is None:
                self.index(place, place)

    def join(self, first: np.ndarray, second: np.ndarray) -> None:
        """Two latent points (D,) of slot A's model become the ends of the path."""
        title = self.tr("a pin")
        self._board.join(Slot(title, code=first), Slot(title, code=second))

    def offered(self, place: int, image: np.ndarray, title: str) -> None:
        """An image (C, H, W) from outside; the strokes of one drawing are one entry."""
        drawn = title == self.tr("drawing")
        self._board.fill(place, Slot(title, image=image), merge=drawn)
