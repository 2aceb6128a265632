"""Where the particles of a run are: its record in data units, and which of them the hand moved.
No Qt.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from genstudio.tape import Frame

if TYPE_CHECKING:
    from genstudio.ui.panels._denoise_line import Line
    from genstudio.ui.panels._denoise_recipe import Recipe

NEUTRAL, BETWEEN = 10, 11  # colours after those of ten classes: not known yet, of none


class Record:
    """A run's particles at each of its kept steps, those of its ancestors first; the place after
    the last step is their end.
    """

    def __init__(self, line: Line, scale: float) -> None:
        self.line, self.scale = line, np.float32(scale)
        self.run = line.run
        self.n = line.run.recipe.n
        self._whole = False

    @property
    def have(self) -> int:
        """How many steps there are so far."""
        steps = self.line.steps
        if self._whole:
            return len(steps)
        if not steps or self._frame(0) is None:
            return 0
        last = self.line.frontier()
        if not len(self.run.tape):  # a fork without a step yet: its ancestors' steps alone
            last = min(last, self.run.at - 1)
        return bisect_right(steps, last)

    @property
    def whole(self) -> bool:
        """Whether the walk has come to its end."""
        self._whole = self._whole or self.have == len(self.line.steps) > 0
        return self._whole

    @property
    def n_places(self) -> int:
        """Steps so far, and the end once it is known."""
        return self.have + (1 if self.whole else 0)

    @property
    def n_steps(self) -> int:
        """How many kept steps there will be."""
        return len(self.line.steps)

    @property
    def level(self) -> int:
        """The t that it starts from; 0 where nothing has come yet."""
        frame = self._frame(0)
        return int(frame.scalars["t"]) if frame is not None else 0

    @property
    def batch(self) -> Hashable:
        """The same for runs whose particles start at the same places."""
        root = self.line.of(self.line.steps[0])
        if root.recipe.start is None:
            return ("noise", root.recipe.seed, self.n)
        return ("run", root.id)

    def recipe(self, place: int) -> Recipe:
        """The settings by which it goes on at a place; a fork's first steps are its parent's."""
        return self.line.of(self.line.steps[min(place, self.n_steps - 1)]).recipe

    def time(self, place: int) -> int:
        """t at a place; 0 at the end."""
        frame = None if place >= self.n_steps else self._frame(place)
        return 0 if frame is None else int(frame.scalars["t"])

    def step(self, place: int) -> int:
        """How many steps have been taken at a place, kept or not."""
        steps = self.line.steps
        return steps[place] - steps[0] if place < len(steps) else self.line.n_steps - steps[0]

    def x_t(self, place: int) -> NDArray[np.float32]:
        """Particles (N, 2) in data units."""
        if place >= self.n_steps:
            return self.x0_hat(place)
        return self._array(place, "x_t")

    def x0_hat(self, place: int) -> NDArray[np.float32]:
        """Where the model expects each to end (N, 2); at the end, where it did."""
        return self._array(min(place, self.n_steps - 1), "x0_hat")

    def path(self, row: int) -> NDArray[np.float32]:
        """One particle at all places (places, 2)."""
        return np.stack([self.x_t(place)[row] for place in range(self.n_places)])

    def _frame(self, place: int) -> Frame | None:
        return self.line.frame(self.line.steps[place])

    def _array(self, place: int, name: str) -> NDArray[np.float32]:
        frame = self._frame(place)
        assert frame is not None
        return np.asarray(frame.arrays[name] * self.scale, np.float32)


@dataclass(frozen=True)
class Start:
    """Where a particle starts: one of the hand's own, or `row` of a batch, moved."""

    x: float
    y: float
    level: int  # the t that it starts from
    row: int = -1
    batch: Hashable = None

    def at(self, x: float, y: float) -> Start:
        return Start(float(x), float(y), self.level, self.row, self.batch)


def shown(starts: Sequence[Start], record: Record) -> list[int]:
    """Numbers of the starts that belong to a run."""
    level, batch = record.level, record.batch
    return [
        i
        for i, start in enumerate(starts)
        if start.level == level and (start.row < 0 or start.batch == batch)
    ]


def colours(labels: NDArray[np.int64] | None, n: int) -> NDArray[np.uint8]:
    """The colour of each of n particles by the class that it ends in."""
    if labels is None or len(labels) != n:
        return np.full(n, NEUTRAL, np.uint8)
    return np.where(labels < 0, BETWEEN, labels % 10).astype(np.uint8)


def shape(label: int) -> int:
    """Which marker a class has: after ten classes colours begin again, with other markers."""
    return (label + label // 10) % 10
