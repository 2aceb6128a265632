"""The density under the particles: the true one of the noised data at t, or the model's own.

The true one is computed from a formula, first over the home view on a coarse grid, which also says
what its peak is, then over what is seen. The model's own is a histogram of many of its points.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from genstudio.engine.messages import Answer, Failure
from genstudio.ui import theme
from genstudio.ui.panels._map_points import around
from genstudio.ui.session import Priority, Session
from genstudio.ui.widgets.latent_plane import Extent, LatentPlane

if TYPE_CHECKING:
    from genstudio.latent.particles import Histograms

REACH = 7.0  # data units from the middle, of the coarse grid and of the histogram
COARSE, FINE_PX = 160, 3.5  # cells along each side; logical pixels of a fine cell
BINS = 140  # along each side of the histogram: a tenth of a data unit
KEPT_COARSE, KEPT_FINE = 1024, 96  # times whose pictures are kept
N_POINTS, MAX_STEPS = 20_000, 100  # of the histogram
SOURCES = ("true", "model")

_WHOLE = Extent(-REACH, -REACH, REACH, REACH)


class Density(QObject):
    """Puts a density on the map and keeps those of other times."""

    changed = Signal()  # another is shown, or more points have been counted
    failed = Signal(object)  # Failure

    def __init__(self, session: Session, plane: LatentPlane) -> None:
        super().__init__(plane)
        self._session, self._plane = session, plane
        self._model, self._data = "", ""
        self._label: int | None = None
        self._t: int | None = None
        self._place = 0
        self._on = True
        self.kind = "true"
        self.shown: tuple[str, int, float] | None = None  # kind, t, density at the brightest
        self._coarse: OrderedDict[Hashable, tuple[NDArray[np.uint8], float]] = OrderedDict()
        self._fine: OrderedDict[Hashable, NDArray[np.uint8]] = OrderedDict()
        self._puts = 0
        self._walk: dict[str, Any] | None = None
        self._steps: list[int] = []
        self._counted: Histograms | None = None
        self._every = 1  # of the places, has a histogram
        self._walk_key: Hashable = None
        self._asked: Hashable = None
        plane.view_wanted.connect(self._sharpen)

    def use(self, model: str, data: str) -> None:
        """Another model."""
        for key in ("coarse", "fine", "histogram"):
            self._session.cancel(self, key)
        self._model, self._data, self._t = model, data, None
        self._coarse.clear()
        self._fine.clear()
        self._counted = self._asked = self.shown = None
        self._plane.clear_pictures()

    def show(self, t: int, place: int, label: int | None) -> None:
        """The density at t, which is `place` of the record."""
        self._t, self._place, self._label = t, place, label
        self._refresh()

    def set_on(self, on: bool) -> None:
        self._on = on
        self._refresh()

    def set_kind(self, kind: str) -> None:
        """Show the "true" one or the "model"'s own."""
        self.kind = kind
        self._refresh()

    def set_walk(self, walking: dict[str, Any] | None, steps: list[int], key: Hashable) -> None:
        """The walk whose points the histogram counts, at each of `steps`; None has none."""
        if key != self._asked:
            self._session.cancel(self, "histogram")
            self._counted = self._asked = None
        self._walk, self._walk_key = walking, key
        self._every = max(1, -(-len(steps) // MAX_STEPS))
        self._steps = steps[:: self._every]
        self._refresh()

    @property
    def can_count(self) -> bool:
        """Whether there is a walk whose points can be counted."""
        return self._walk is not None

    @property
    def counted(self) -> int:
        """How many points have been counted."""
        return 0 if self._counted is None else self._counted.n

    # The true one ------------------------------------------------------------------------------

    def _refresh(self) -> None:
        if self._t is None or not self._on or not self._model:
            return
        if self.kind == "model":
            self._count()
            return
        known = self._coarse.get(self._key())
        if known is not None:
            if (*self._key(), around(self._plane.wanted_frame())[0]) not in self._fine:
                self._put("true", self._t, known[0], _WHOLE, known[1])
            self._sharpen()
            return
        key, t = self._key(), self._t
        axis = _centres(-REACH, REACH, COARSE)

        def take(answer: Answer) -> None:
            peak = float(answer.value.max())
            _keep(self._coarse, key, (_levels(answer.value, peak), peak), KEPT_COARSE)
            if key == self._key() and self.kind == "true":
                self._put("true", t, self._coarse[key][0], _WHOLE, peak)
                self._sharpen()

        self._ask("coarse", take, Priority.POINTER, t=t, xs=axis, ys=axis[::-1])

    def _sharpen(self) -> None:
        """The same over what is seen, in fine cells."""
        if self.kind != "true" or not self._on or self._key() not in self._coarse:
            return
        extent, size = around(self._plane.wanted_frame())
        key = (*self._key(), extent)
        if key in self._fine:
            self._put("true", self._t or 0, self._fine[key], extent, self._coarse[self._key()][1])
            return
        cell = int(FINE_PX * self._plane.devicePixelRatioF()) + 0.5  # whole ones are not smoothed
        columns, rows = (max(8, round(length / cell)) for length in size)
        about, peak, t = self._key(), self._coarse[self._key()][1], self._t or 0

        def take(answer: Answer) -> None:
            picture = _levels(answer.value, peak)
            _keep(self._fine, key, picture, KEPT_FINE)
            if about == self._key() and self.kind == "true":
                self._put("true", t, picture, extent, peak)

        self._ask(
            "fine",
            take,
            Priority.PICTURE,
            t=t,
            xs=_centres(extent.left, extent.right, columns),
            ys=_centres(extent.bottom, extent.top, rows)[::-1],
        )

    def _ask(self, key: str, take: Any, priority: Priority, **arguments: Any) -> None:
        self._session.ask(
            self,
            key,
            "latent.denoise:density",
            model=self._model,
            priority=priority,
            then=take,
            failed=self._refused,
            data=self._data,
            label=self._label,
            **arguments,
        )

    def _key(self) -> tuple[Hashable, ...]:
        return (self._t, self._label)

    # The model's own ---------------------------------------------------------------------------

    def _count(self) -> None:
        if self._counted is not None:
            self._put_counted()
            return
        self._plane.clear_pictures()
        self.shown = None
        self.changed.emit()
        if self._walk is None or self._asked == self._walk_key:
            return
        self._asked = self._walk_key
        edges = np.linspace(-REACH, REACH, BINS + 1)
        self._session.ask(
            self,
            "histogram",
            "latent.particles:histograms",
            model=self._model,
            priority=Priority.SHEET,
            then=self._take_counted,
            failed=self._refused,
            xs=edges,
            ys=edges,
            count=N_POINTS,
            at=self._steps,
            walking=self._walk,
        )

    def _take_counted(self, answer: Answer) -> None:
        self._counted = answer.value
        if self.kind == "model":
            self._put_counted()

    def _put_counted(self) -> None:
        assert self._counted is not None
        place = min(self._place // self._every, len(self._counted.values) - 1)
        values = self._counted.values[place][::-1]
        peak = float(values.max())
        self._put("model", self._t or 0, _levels(values, peak), _WHOLE, peak)

    # Putting -----------------------------------------------------------------------------------

    def _put(
        self, kind: str, t: int, levels: NDArray[np.uint8], extent: Extent, peak: float
    ) -> None:
        self._puts += 1
        tag = (kind, t, self._label, self._puts if kind == "model" else 0)
        self._plane.put_sheet(theme.colormap("viridis")[levels], extent, tag, self._puts)
        self.shown = (kind, t, peak)
        self.changed.emit()

    def _refused(self, failure: Failure) -> None:
        self._plane.clear_pictures()
        self.shown = None
        self.failed.emit(failure)
        self.changed.emit()


def _levels(values: NDArray, peak: float) -> NDArray[np.uint8]:
    """Densities as levels 0 to 255 of the colour map, whose end is the peak."""
    return np.round(255.0 * (values / max(peak, 1e-30)).clip(0.0, 1.0)).astype(np.uint8)


def _centres(low: float, high: float, n: int) -> NDArray[np.float64]:
    return low + (np.arange(n) + 0.5) * ((high - low) / n)


def _keep(memory: OrderedDict, key: Hashable, value: object, most: int) -> None:
    memory[key] = value
    while len(memory) > most:
        memory.popitem(last=False)
