"""Two walks beside each other: which frames belong together, how far apart they are. No Qt.

Walks are locked on t: beside a frame of one stands, of the other, the frame at the same t, or where
there is none the last whose t is not below. A fork is taken from T on: before its own first frame
it is its parent.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genstudio.tape import Frame, Tape

IMAGE_UNIT = 0.5  # pixels in [0, 1] to one of the model's scale [-1, 1]
COMPARED = ("x_t", "x0_hat")  # two walks have parted where one of these differs


@dataclass(frozen=True, eq=False)
class Piece:
    """Part of a film: the frames of `tape` whose t is not above `begins`."""

    tape: Tape
    begins: float = np.inf


class Film:
    """All frames of a walk from T on, over the tapes of its ancestors and its own, oldest first.

    It reads as a tape does; it grows with its tapes.
    """

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = tuple(pieces)
        self._known: tuple[int, ...] = ()
        self._places: list[tuple[int, int]] = []  # (piece, place) of each frame
        self._times = np.empty(0)
        self._indices: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self._look())

    @property
    def times(self) -> NDArray[np.float64]:
        """t of each frame, falling (len,)."""
        return self._look()

    @property
    def tapes(self) -> tuple[Tape, ...]:
        return tuple(piece.tape for piece in self._pieces)

    @property
    def finished(self) -> bool:
        return bool(self._pieces) and self._pieces[-1].tape.finished

    @property
    def shape(self) -> tuple[int, ...]:
        return self._pieces[-1].tape.shape

    @property
    def n_steps(self) -> int:
        return self._pieces[-1].tape.n_steps

    @property
    def indices(self) -> tuple[int, ...]:
        """The steps that stand here, rising."""
        self._look()
        return self._indices

    def frame(self, place: int) -> Frame:
        count = len(self)
        piece, at = self._places[range(count)[place]]
        return self._pieces[piece].tape.frame(at)

    def scalars(self, name: str) -> NDArray[np.float64]:
        """One scalar over the frames (len,)."""
        if name == "t":
            return self._look()
        return np.array([self.frame(k).scalars[name] for k in range(len(self))], np.float64)

    def place_of(self, index: int) -> int:
        """The place of the last frame at or before step `index`."""
        return max(0, bisect_right(self.indices, index) - 1)

    def place_at(self, t: float) -> int:
        """The place of the last frame whose time is not below t; 0 where all are."""
        return max(0, int(np.searchsorted(-self.times, -t, side="right")) - 1)

    def beside(self, t: float) -> int | None:
        """The frame that stands beside time t: None before the first, and where it has not come."""
        times = self.times
        place = partner(times, t)
        if place is None or (place == len(times) - 1 and t < times[place] and not self.finished):
            return None
        return place

    def _look(self) -> NDArray[np.float64]:
        """Times and places as the tapes are now; they only grow."""
        lengths = tuple(len(piece.tape) for piece in self._pieces)
        if lengths == self._known:
            return self._times
        self._known, self._places = lengths, []
        times: list[float] = []
        indices: list[int] = []
        for number, piece in enumerate(self._pieces):
            later = self._pieces[number + 1 :]
            until = max((each.begins for each in later), default=-np.inf)
            if not lengths[number]:
                continue
            steps = piece.tape.indices
            for place, t in enumerate(piece.tape.scalars("t").tolist()):
                if until < t <= piece.begins:
                    times.append(t)
                    indices.append(steps[place])
                    self._places.append((number, place))
        self._times, self._indices = np.array(times, np.float64), tuple(indices)
        return self._times


def partner(times: Sequence[float] | NDArray[np.floating], t: float) -> int | None:
    """The last place whose time is not below t, in falling times; None where all are below."""
    place = int(np.searchsorted(-np.asarray(times, np.float64), -t, side="right")) - 1
    return place if place >= 0 else None


def union(first: Film, second: Film) -> NDArray[np.float64]:
    """All times of two films, falling: the steps of a hand that goes through both."""
    return np.unique(np.concatenate([first.times, second.times]))[::-1]


def rms(first: NDArray[np.floating], second: NDArray[np.floating], unit: float = 1.0) -> float:
    """Root mean square of the difference, times `unit`."""
    gap = np.subtract(first, second, dtype=np.float32)
    return float(np.sqrt(np.mean(np.square(gap), dtype=np.float64))) * unit


@dataclass(frozen=True)
class Beside:
    """What stands beside each other at one time, and how far apart it is."""

    t: float
    place_a: int
    place_b: int
    t_a: float
    t_b: float
    rms: float  # of the clean guesses
    rms_x_t: float

    @property
    def same_time(self) -> bool:
        return self.t_a == self.t_b


class Distance:
    """How far two films are from each other at each of their times, measured little by little.

    `image` is the one that is looked at, None for the whole batch. All is in `unit`s.
    """

    def __init__(
        self, first: Film, second: Film, image: int | None = None, unit: float = IMAGE_UNIT
    ) -> None:
        self.first, self.second = first, second
        self.image, self.unit = image, unit
        self._known: dict[float, Beside] = {}
        self._parted: dict[float, bool] = {}

    def at(self, t: float) -> Beside | None:
        """What stands beside each other at time t; None where one of the films has nothing."""
        a, b = self.first.beside(t), self.second.beside(t)
        if a is None or b is None:
            return None
        t_a, t_b = float(self.first.times[a]), float(self.second.times[b])
        known = self._known.get(t)
        if known is None or (known.t_a, known.t_b) != (t_a, t_b):
            one, other = self.first.frame(a), self.second.frame(b)
            gaps = (self._rms(one, other, kind) for kind in ("x0_hat", "x_t"))
            known = self._known[t] = Beside(t, a, b, t_a, t_b, *gaps)
        return known

    def grow(self, budget_s: float = 0.008) -> bool:
        """Measure for at most about `budget_s`; whether all that stands now is measured."""
        end = time.perf_counter() + budget_s
        for t in self._shared():
            if t not in self._parted:
                self._parted[t] = self._differs(t)
                self.at(t)
                if time.perf_counter() > end:
                    return False
        return True

    def curve(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(times, rms of the clean guesses) as far as measured, at the times that both have."""
        times = [t for t in self._shared() if t in self._parted]
        values = [self._known[t].rms for t in times]
        return np.array(times, np.float64), np.array(values, np.float64)

    def parts_at(self) -> float | None:
        """The first shared time at which the films differ; None while they are equal."""
        return max((t for t, differs in self._parted.items() if differs), default=None)

    def at_end(self) -> float | None:
        """Between the two results; None before both are there."""
        if not (self.first.finished and self.second.finished):
            return None
        return self._rms(self.first.frame(-1), self.second.frame(-1), "x0_hat")

    def _shared(self) -> NDArray[np.float64]:
        return np.intersect1d(self.first.times, self.second.times)[::-1]

    def _pick(self, frame: Frame, kind: str) -> NDArray[np.float32]:
        values = frame.arrays[kind]
        return values if self.image is None else values[self.image]

    def _rms(self, a: Frame, b: Frame, kind: str) -> float:
        return rms(self._pick(a, kind), self._pick(b, kind), self.unit)

    def _differs(self, t: float) -> bool:
        one = self.first.frame(self.first.place_at(t))
        other = self.second.frame(self.second.place_at(t))
        return any(
            not np.array_equal(self._pick(one, kind), self._pick(other, kind)) for kind in COMPARED
        )


def figure(rms: float) -> str:
    """A distance as it is read: "0.0412"; "0" where there is none at all, to the bit."""
    if 0.0 < rms < 0.00005:
        return "< 0.0001"
    return f"{rms:.4f}" if rms else "0"
