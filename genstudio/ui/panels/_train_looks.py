"""Asks for pictures and numbers of the frame that is shown: at most a few a second, and only while
it is seen.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from genstudio.engine.messages import Answer, Failure
from genstudio.latent.plane import Plane, axes
from genstudio.ui.panels._train_frames import Frame

if TYPE_CHECKING:
    from genstudio.ui.session import Session

INTERVAL_MS = 400  # between looks at a live model
REST = 3.0  # a look that takes long is waited for this many times as long before the next
PUBLISH_MS = 150  # new weights are asked for this long before a look
UNITS_INTERVAL_MS = 1000  # between two counts of active units
N_CELLS = 10  # cells along each side of the small sheet
N_ENCODED = 256  # images whose encodings say where the sheet lies
N_UNITS = 256  # test images over which active units are counted: few, so that they keep up


@dataclass(frozen=True)
class Aim:
    """What is looked at: a frame of a run, with the data it trains on."""

    run: int
    frame: Frame
    data: str
    latent_dim: int | None  # None also where the codes are noise, which has no map and no units
    seed: int


class Looker(QObject):
    """Signals carry (value, step). A stored frame is asked at once, the live one in turn."""

    looked = Signal(object, int)  # metrics.preview.Look
    sheet = Signal(object, int)  # latent.sheet.Sheet
    units = Signal(object, int)  # metrics.units record
    unit = Signal(str)  # of the loss per image
    refused = Signal(object)  # Failure

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._aim: Aim | None = None
        self._asked: Aim | None = None
        self._counted: Aim | None = None  # of the latest count of active units that was asked for
        self._waiting: set[str] = set()
        self._seen = False
        self._n_pairs, self._asked_at, self._units_at = 10, 0.0, 0.0
        self._interval_ms = float(INTERVAL_MS)  # between looks at this live model
        self._stale = False  # the last answer was of older weights than those that are shown
        self._shown, self._published = -1, -1  # steps of the live weights: looked at, there to see
        self._unit = ""  # of the loss, once the model has said
        self._prior = False  # the latent space has the prior N(0, I), so the sheet stands still
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.timeout.connect(self._look)
        session.weights_published.connect(self._take_weights)

    def set_seen(self, seen: bool) -> None:
        """Whether anybody sees the pictures; nothing is asked while nobody does."""
        self._seen = seen
        if seen:
            self._asked = None
            self._look()
        else:
            self._again.stop()

    def set_pairs(self, n: int) -> None:
        """How many test images are reconstructed, and how many columns the samples have."""
        if n != self._n_pairs:
            self._n_pairs = n
            self._asked = None
            self._look()

    def hungry(self) -> bool:
        """Whether the next look at a live model is near, so that it needs new weights."""
        return 1000 * (time.monotonic() - self._asked_at) > self._interval_ms - PUBLISH_MS

    def aim(self, aim: Aim | None) -> None:
        """Look at this from now on; what was learned of another run is forgotten."""
        before = self._aim
        if aim is not None and (before is None or aim.run != before.run):
            self._asked, self._prior, self._units_at, self._unit = None, False, 0.0, ""
            self._shown, self._published = -1, -1
            self._counted, self._interval_ms = None, float(INTERVAL_MS)
            self._waiting.clear()
        elif aim is not None and before is not None and aim.frame.source != before.frame.source:
            self._units_at, self._counted = 0.0, None
            self._waiting.discard("units")
        self._aim = aim
        self._look()

    # Private -----------------------------------------------------------------------------------

    def _look(self) -> None:
        aim = self._aim
        if aim is None or not self._seen or not self._session.torch_ready:
            return
        if aim == self._asked and not self._stale:
            self._count(aim)
            return
        left_ms = self._interval_ms - 1000 * (time.monotonic() - self._asked_at)
        same_source = self._asked is not None and self._asked.frame.source == aim.frame.source
        if aim.frame.live and same_source and self._published <= self._shown:
            self._count(aim)  # nothing new to see
            return
        if aim.frame.live and same_source and (self._waiting - {"units", "unit"} or left_ms > 0):
            if not self._again.isActive():
                self._again.start(max(20, int(left_ms)))
            return
        self._asked, self._asked_at, self._stale = aim, time.monotonic(), False
        self._ask(
            aim, "look", "metrics.preview:look", data=aim.data, n=self._n_pairs, seed=aim.seed
        )
        if not self._unit:
            self._ask(aim, "unit", "ui.panels._train_units:loss_unit")
        if aim.latent_dim is not None and aim.latent_dim >= 2:
            if self._prior:
                self._ask_sheet(
                    aim,
                    axes(aim.latent_dim),
                    np.linspace(-3, 3, N_CELLS),
                    np.linspace(3, -3, N_CELLS),
                )
            else:
                self._ask(
                    aim,
                    "where",
                    "latent.encodings:encode",
                    data=aim.data,
                    split="test",
                    limit=N_ENCODED,
                )
        self._count(aim)

    def _take_weights(self, run: int, step: int) -> None:
        """The model in training has other weights for those who look."""
        if self._aim is not None and run == self._aim.run:
            self._published = step
            self._look()

    def _count(self, aim: Aim) -> None:
        """Count the active units of what is in view, now or when the last count is old enough; a
        count that goes on is never put off by a newer one.
        """
        if aim.latent_dim is None or aim == self._counted or "units" in self._waiting:
            return
        left_ms = UNITS_INTERVAL_MS - 1000 * (time.monotonic() - self._units_at)
        if left_ms > 0:
            if not self._again.isActive():
                self._again.start(max(20, int(left_ms)))
            return
        self._units_at, self._counted = time.monotonic(), aim
        self._ask(aim, "units", "metrics.units:active", data=aim.data, n=N_UNITS)

    def _ask(self, aim: Aim, key: str, query: str, **arguments: Any) -> None:
        from genstudio.ui.session import Priority

        self._waiting.add(key)
        priority = Priority.PICTURE if key == "look" else Priority.SHEET
        self._session.ask(
            self,
            key,
            query,
            model=aim.frame.source,
            priority=priority,
            then=lambda answer: self._answered(aim, key, answer),
            failed=lambda failure: self._failed(aim, key, failure),
            **arguments,
        )

    def _ask_sheet(self, aim: Aim, plane: Plane, xs: np.ndarray, ys: np.ndarray) -> None:
        self._ask(aim, "sheet", "latent.sheet:decode", plane=plane, xs=xs, ys=ys)

    def _answered(self, aim: Aim, key: str, answer: Answer) -> None:
        if not answer.done or self._aim is None or aim.run != self._aim.run:
            return
        self._waiting.discard(key)
        value, step = answer.value, self._step(aim, answer)
        if key == "look":
            took_ms = 1000 * (time.monotonic() - self._asked_at)
            self._interval_ms = max(float(INTERVAL_MS), (1 + REST) * took_ms)
            self._shown = step if aim.frame.live else self._shown
            self._stale = aim.frame.live and step < self._aim.frame.step
            self._look()
            self.looked.emit(value, step)
        elif key == "sheet":
            self.sheet.emit(value, step)
        elif key == "units":
            if aim.frame.live and step < self._aim.frame.step:
                self._counted = None
            self.units.emit(value, step)
            self._look()
        elif key == "where":
            self._placed(aim, value)
        else:
            self._unit = str(value)
            self.unit.emit(self._unit)

    def _placed(self, aim: Aim, encodings: Any) -> None:
        """Lay the sheet over N(0, I) where there is a posterior, else over the middle 96 % of the
        encodings.
        """
        if encodings.std is not None:
            self._prior = True
            low, high = np.array([-3.0, -3.0]), np.array([3.0, 3.0])
        else:
            low, high = np.quantile(encodings.mean[:, :2], (0.02, 0.98), axis=0)
        assert aim.latent_dim is not None
        self._ask_sheet(
            aim,
            axes(aim.latent_dim),
            np.linspace(low[0], high[0], N_CELLS),
            np.linspace(high[1], low[1], N_CELLS),
        )

    @staticmethod
    def _step(aim: Aim, answer: Answer) -> int:
        return aim.frame.step if answer.step is None else answer.step

    def _failed(self, aim: Aim, key: str, failure: Failure) -> None:
        if self._aim is None or aim.run != self._aim.run:
            return
        self._waiting.discard(key)
        if key == "look":
            self.refused.emit(failure)
