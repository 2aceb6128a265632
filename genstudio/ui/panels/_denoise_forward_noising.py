"""An image on its way to noise: the closed form at the hand's t, and every step of the walk."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from genstudio.engine.messages import Answer, Failure
from genstudio.tape import Frame
from genstudio.ui.session import Priority, Session

if TYPE_CHECKING:
    from genstudio.latent.denoise import Process

WALK_BYTES = 32 << 20  # kept of one walk


class Noising(QObject):
    """Asks for x_t in closed form while the hand moves t, and once for the whole walk.

    Arrays are float32 (C, H, W) in the model's scale.
    """

    closed_came = Signal()
    walk_grew = Signal()  # another step of the walk is here
    refused = Signal(str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._source = ""
        self._process: Process | None = None
        self.image: np.ndarray | None = None  # in [0, 1]
        self.seed = 0
        self.t = 0
        self.closed: np.ndarray | None = None  # x at closed_t
        self.closed_t = 0
        self.stride = 1
        self._walk: np.ndarray | None = None  # (K, C, H, W)
        self._times: list[int] = []  # of those that have come
        self._walk_of: object = None

    @property
    def x0(self) -> np.ndarray | None:
        """The image in the model's scale."""
        return None if self.image is None else 2.0 * self.image - 1.0

    def use(self, source: str, process: Process | None) -> None:
        """Another model. The image stays where it has the shape that the model takes."""
        self.stop()
        self._source, self._process = source, process
        if process is not None:
            self.t = min(self.t, process.n_steps)
        fits = process is not None and self.image is not None
        if fits and self.image.shape == tuple(process.shape):  # type: ignore[union-attr]
            self._begin()
        else:
            self.show(None)

    def show(self, image: np.ndarray | None) -> None:
        """Another image (C, H, W) in [0, 1]; None for none."""
        self.image = image
        self._begin()

    def set_seed(self, seed: int) -> None:
        """Other noise."""
        if seed != self.seed:
            self.seed = seed
            self._begin()

    def set_t(self, t: int, priority: Priority = Priority.POINTER) -> None:
        """Another noise level, 0 to T."""
        if self._process is not None:
            self.t = min(max(t, 0), self._process.n_steps)
            self._ask_closed(priority)

    def walked(self, t: int) -> tuple[int, np.ndarray] | None:
        """The last kept step of the walk at or before t, and its x; None while it has not come."""
        place = t // self.stride
        if self._process is not None and t == self._process.n_steps:
            place = math.ceil(t / self.stride)
        if self._walk is None or place >= len(self._times):
            return None
        return self._times[place], self._walk[place]

    def complete(self) -> bool:
        """Whether the walk has come to T."""
        return self._walk is not None and len(self._times) == len(self._walk)

    def stop(self) -> None:
        """Ask for nothing more."""
        self._session.cancel(self, "closed")
        self._session.cancel(self, "walk")
        if not self.complete():
            self._walk_of = None

    def resume(self) -> None:
        """Go on after `stop`."""
        if self.image is not None and self._walk_of is None:
            self._begin()

    # Private -----------------------------------------------------------------------------------

    def _begin(self) -> None:
        """The image, the noise or the model is another."""
        self.closed, self._walk, self._times = None, None, []
        self._session.cancel(self, "closed")
        self._session.cancel(self, "walk")
        process = self._process
        if self.image is None or process is None:
            self._walk_of = None
            self.closed_came.emit()
            return
        self._walk_of = self.image
        room = max(2, WALK_BYTES // (self.image.size * 4))
        self.stride = math.ceil(process.n_steps / min(1000, room - 1))
        self._ask_closed(Priority.PICTURE)
        self._session.ask(
            self,
            "walk",
            "latent.denoise:stroll",
            model=self._source,
            priority=Priority.PICTURE,
            then=self._take_walk,
            failed=self._refuse,
            image=self.image,
            seed=self.seed,
            stride=self.stride,
        )

    def _ask_closed(self, priority: Priority) -> None:
        if self.image is None or not self._source:
            return
        t = self.t
        self._session.ask(
            self,
            "closed",
            "latent.denoise:noised",
            model=self._source,
            priority=priority,
            then=lambda answer: self._take_closed(t, answer),
            failed=self._refuse,
            image=self.image,
            t=t,
            seed=self.seed,
        )

    def _take_closed(self, t: int, answer: Answer) -> None:
        self.closed, self.closed_t = answer.value[0][0], t
        self.closed_came.emit()

    def _take_walk(self, answer: Answer) -> None:
        frame: Frame | None = answer.value
        if frame is None or answer.done or len(self._times) > frame.index:
            return
        x = frame.arrays["walk"][0]
        if self._walk is None:
            self._walk = np.empty((frame.n_steps, *x.shape), np.float32)
        self._walk[frame.index] = x
        self._times.append(int(frame.scalars["t"]))
        self.walk_grew.emit()

    def _refuse(self, failure: Failure) -> None:
        self.refused.emit(failure.sentence())
