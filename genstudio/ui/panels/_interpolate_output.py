"""The picture at the hand: a latent point is decoded in the mouse event itself, the newest wins."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal

from genstudio.engine.messages import Answer, Failure
from genstudio.ui.panels._manifold_rows import Probed, ProbeView, Row
from genstudio.ui.panels._manifold_text import figure, figures
from genstudio.ui.session import Priority, Session

MOST_COORDINATES = 2  # of z that are named one by one; beyond it its norm is told


class Output(QObject):
    """Asks for the image of z and shows it with the numbers that belong to it."""

    shown = Signal(object)  # Probed

    def __init__(self, session: Session, view: ProbeView) -> None:
        super().__init__(view)
        self._session, self.view = session, view
        self._source = ""
        self._z: np.ndarray | None = None
        self._rows: tuple[Row, ...] = ()
        self._rest: tuple[np.ndarray, tuple[Row, ...]] | None = None

    def use(self, source: str) -> None:
        """Another model: nothing of the old one is shown."""
        if source != self._source:
            self._source = source
            self.forget()

    def z(self) -> np.ndarray | None:
        """The point that was asked for last."""
        return self._z

    def rest_at(self, z: np.ndarray, rows: Sequence[Row]) -> None:
        """Show z, and come back to it whenever a peek ends."""
        self._rest = (z, tuple(rows))
        self.ask(z, rows)

    def rest_rows(self, rows: Sequence[Row]) -> None:
        """Other numbers for the point that rests there."""
        if self._rest is not None:
            resting = self._z is self._rest[0]
            self._rest = (self._rest[0], tuple(rows))
            if resting:
                self.ask(*self._rest)

    def back(self) -> None:
        """The peek has ended."""
        if self._rest is not None:
            self.ask(*self._rest)

    def ask(self, z: np.ndarray, rows: Sequence[Row]) -> None:
        """Decode z (D,) now; `rows` stand below its picture."""
        self._z, self._rows = z, tuple(rows)
        if not self._source:
            return
        self._session.ask(
            self,
            "picture",
            "latent.probe:decode",
            model=self._source,
            priority=Priority.POINTER,
            then=partial(self._show, self._rows),
            failed=self._refused,
            z=z,
        )

    def again(self) -> None:
        """The same point with the weights there are now."""
        if self._z is not None:
            self.ask(self._z, self._rows)

    def forget(self) -> None:
        """No point, no picture."""
        self._session.cancel(self, "picture")
        self._z, self._rest = None, None
        self.view.clear()

    def _show(self, rows: tuple[Row, ...], answer: Answer) -> None:
        got = answer.value
        probed = Probed(got.z, got.image, answer.request, self._source, answer.step)
        if self.view.show_probe(probed, rows, coordinates(got.z, self.tr("norm of z"))):
            self.view.setAccessibleDescription("; ".join(" ".join(row) for row in self.view.rows()))
            self.shown.emit(probed)

    def _refused(self, failure: Failure) -> None:
        self.view.clear(failure.sentence())


def coordinates(z: np.ndarray, norm: str) -> tuple[Row, ...]:
    """z as a row: its coordinates where there are few, else its norm."""
    if len(z) <= MOST_COORDINATES:
        return (("z", figures(z)),)
    return ((norm, figure(float(np.linalg.norm(z)))),)
