"""Which images lie on a map as points: asks for the encodings of a subset of the data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from genstudio.abilities import has_noise_space
from genstudio.engine.messages import Answer, JobState
from genstudio.ui.panels._map_epoch import Epoch
from genstudio.ui.session import Priority, Session

LIVE_POINTS = 2_000  # of a model in training, whose points move with every look


@dataclass(frozen=True)
class Subset:
    """Which images are shown as points; `limit` 0 is none."""

    split: str = "test"
    limit: int = 2000


@dataclass(frozen=True, eq=False)
class Cloud:
    """Encodings as they are shown: rows of the classes that the legend leaves in."""

    mean: NDArray[np.float32]  # (N, D)
    std: NDArray[np.float32] | None
    labels: NDArray[np.int64]  # (N,)
    index: NDArray[np.int64]  # (N,)
    split: str

    def without(self, classes: frozenset[int]) -> Cloud:
        """The encodings of the other classes."""
        if not classes:
            return self
        rows = np.flatnonzero(~np.isin(self.labels, list(classes)))
        std = None if self.std is None else self.std[rows]
        return Cloud(self.mean[rows], std, self.labels[rows], self.index[rows], self.split)


class Encodings(QObject):
    """The encodings of a subset under the model shown now; more and more of them."""

    came = Signal()  # others were encoded
    moved = Signal()  # what lies on the map is another cloud, perhaps none
    failed = Signal(object)  # Failure

    def __init__(self, session: Session, epoch: Epoch, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._epoch = session, epoch
        self.subset = Subset()
        self.hidden: frozenset[int] = frozenset()  # classes that the legend leaves out
        self.cloud: Cloud | None = None
        self.step: int | None = None  # of the training, of the model that encoded
        self.fresh = False  # the cloud is of the model, or the step, that is shown
        self._asked: tuple[object, ...] = ()
        self._elsewhere = False  # what is wanted is asked for by another

    def visible(self) -> Cloud | None:
        """What the legend leaves of the cloud."""
        return None if self.cloud is None else self.cloud.without(self.hidden)

    def wanted(self) -> int:
        """How many images are encoded: of a model in training a few, again for every look; none
        where codes are noise, which is dear to reach and lies far off every plane.
        """
        if self._epoch.ref is not None and has_noise_space(self._epoch.ref.card):
            return 0
        run = self._epoch.ref.run if self._epoch.ref is not None else None
        job = self._session.jobs().get(run) if run is not None else None
        training = job is not None and job.state is JobState.RUNNING
        return min(self.subset.limit, LIVE_POINTS) if training else self.subset.limit

    def images(self) -> dict[str, Any]:
        """Which images to encode: arguments of the query `latent.encodings:encode`."""
        return {
            "data": self._session.data,
            "split": self.subset.split,
            "limit": self.wanted(),
        }

    def outdate(self) -> None:
        """The next ask encodes anew, whatever was encoded before."""
        self._asked = ()
        self.fresh = False

    def note_asked(self) -> None:
        """What is wanted now is asked for elsewhere, and `take` gets it."""
        self._asked = self._what()
        self._elsewhere = True

    def asked_elsewhere(self) -> bool:
        """Whether the ask that was noted is still under way."""
        return self._elsewhere

    def _what(self) -> tuple[object, ...]:
        return (self._epoch.source, self._session.data, self.subset, self.wanted())

    def ask(self) -> None:
        """Encode the subset, unless that has been done."""
        if not self._epoch.source or self._what() == self._asked:
            return
        self._asked, self._elsewhere = self._what(), False
        if not self.wanted():
            self._session.cancel(self, "encodings")
            self.cloud = None
            self.moved.emit()
            return
        self._session.ask(
            self,
            "encodings",
            "latent.encodings:encode",
            model=self._epoch.source,
            priority=Priority.SHEET,
            then=partial(self.take, self._epoch.source, self.subset.split),
            failed=self.failed.emit,
            **self.images(),
        )

    def take(self, source: str, split: str, answer: Answer) -> None:
        """The encodings of images of `split` under `source`."""
        if source != self._epoch.source:
            return
        got = answer.value
        self.step, self.fresh, self._elsewhere = answer.step, True, False
        self.cloud = Cloud(got.mean, got.std, got.labels, got.index, split)
        self.came.emit()
        self.moved.emit()
