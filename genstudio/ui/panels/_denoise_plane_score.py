"""The score that the model has learned, as arrows on a lattice of the plane."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from genstudio.engine.messages import Answer
from genstudio.ui.panels._denoise_plane_map import Arrows, ParticleMap
from genstudio.ui.session import Priority, Session

ARROW_PX = 38.0  # logical pixels between arrows, about
LENGTH = 0.92  # of the way between two, the longest arrow
KEPT = 256  # times whose arrows are kept


class Asked(NamedTuple):
    """Whose score: at t, of a class, guided."""

    t: int
    label: int | None
    guidance: float


class Score(QObject):
    """Asks for the arrows of what is seen, keeps those of other times."""

    changed = Signal()
    failed = Signal(object)  # Failure

    def __init__(self, session: Session, plane: ParticleMap) -> None:
        super().__init__(plane)
        self._session, self._plane = session, plane
        self._model = ""
        self._asked: Asked | None = None
        self._on = True
        self.longest: float | None = None  # |score| of the longest arrow shown, per data unit
        self._kept: OrderedDict[Hashable, tuple[Arrows, float]] = OrderedDict()
        plane.view_wanted.connect(self.refresh)

    def use(self, model: str) -> None:
        """Another model."""
        self._session.cancel(self, "score")
        self._model, self._asked, self.longest = model, None, None
        self._kept.clear()
        self._plane.set_arrows(None)

    def renew(self) -> None:
        """The model has other weights: its arrows stay until the new ones come."""
        self._kept.clear()
        self.refresh()

    def show(self, asked: Asked) -> None:
        self._asked = asked
        self.refresh()

    def set_on(self, on: bool) -> None:
        self._on = on
        self.refresh()

    def refresh(self) -> None:
        asked = self._asked
        if asked is None or not self._on or not self._model:
            return
        if asked.t < 1:
            self._session.cancel(self, "score")
            self._put(None, None)  # no noise, no score
            return
        places, pitch = self._lattice()
        key = (asked, pitch, places[0].tobytes(), len(places))
        if key in self._kept:
            self._put(*self._kept[key])
            return

        def take(answer: Answer) -> None:
            self._kept[key] = _arrows(places, answer.value, LENGTH * pitch)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            if asked == self._asked and self._on:
                self._put(*self._kept[key])

        self._session.ask(
            self,
            "score",
            "latent.denoise:score",
            model=self._model,
            priority=Priority.POINTER,
            then=take,
            failed=self.failed.emit,
            points=places,
            **asked._asdict(),
        )

    def _put(self, arrows: Arrows | None, longest: float | None) -> None:
        self._plane.set_arrows(arrows)
        self.longest = longest
        self.changed.emit()

    def _lattice(self) -> tuple[NDArray[np.float32], float]:
        """Places (P, 2) of what is seen, and the data units between two: they stand in the plane,
        so that panning moves them along.
        """
        frame = self._plane.wanted_frame()
        pitch = _nice(ARROW_PX * self._plane.devicePixelRatioF() * frame.unit)
        area = frame.extent
        xs, ys = (
            pitch * (np.arange(np.floor(low / pitch), np.ceil(high / pitch)) + 0.5)
            for low, high in ((area.left, area.right), (area.bottom, area.top))
        )
        grid = np.stack(np.meshgrid(xs, ys), -1).reshape(-1, 2)
        return grid.astype(np.float32), pitch


def _arrows(places: NDArray, score: NDArray, longest: float) -> tuple[Arrows, float]:
    """Lengths grow as the root of |score|, so that weak and strong are both seen."""
    norm = np.linalg.norm(score, axis=1)
    most = float(norm.max(initial=0.0))
    share = np.sqrt(norm / max(most, 1e-12)) / np.maximum(norm, 1e-12)
    return Arrows(places, (score * share[:, None]).astype(np.float32), longest), most


def _nice(length: float) -> float:
    """The number 1, 1.5, 2, 3, 5 or 7 times a power of ten nearest to `length`."""
    power = 10.0 ** np.floor(np.log10(length))
    return float(min((k * power for k in (1, 1.5, 2, 3, 5, 7, 10)), key=lambda v: abs(v - length)))
