"""What the hand does on a map: fine movement under Shift, and what a press turns into. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

FINE = 1 / 50  # of the movement, while Shift is held
CLICK_PX = 4.0  # a press that moves no farther is a click


class Grip(Enum):
    """What the hand holds."""

    NOTHING = auto()
    PRESS = auto()  # a click, until it moves
    MAP = auto()
    PIN = auto()


@dataclass
class Fine:
    """The place that the hand means: the pointer's own, or a fiftieth of its way under Shift."""

    _pointer: tuple[float, float] | None = None
    _meant: tuple[float, float] = (0.0, 0.0)

    def place(self, x: float, y: float, fine: bool, held: bool = False) -> tuple[float, float]:
        """The place meant by the pointer at (x, y).

        What is `held` keeps its distance to the pointer when fine movement ends; a hovering
        pointer means itself again.
        """
        if self._pointer is None or not (fine or held):
            self._meant = (x, y)
        else:
            share = FINE if fine else 1.0
            dx, dy = x - self._pointer[0], y - self._pointer[1]
            self._meant = (self._meant[0] + share * dx, self._meant[1] + share * dy)
        self._pointer = (x, y)
        return self._meant

    def take(self, x: float, y: float, place: tuple[float, float]) -> None:
        """The pointer at (x, y) takes hold of what lies at `place`."""
        self._pointer, self._meant = (x, y), place

    @property
    def present(self) -> bool:
        """Whether the pointer is over the map."""
        return self._pointer is not None

    def leave(self) -> None:
        """The pointer is gone."""
        self._pointer = None


def zoom_factor(notches: float) -> float:
    """How the view's span changes for so many notches of the wheel away from the hand."""
    return float(1.25**-notches)
