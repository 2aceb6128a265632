"""What a row of the strips shows: a run's tape, or two whose difference it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genstudio.tape import Tape


@dataclass(frozen=True, eq=False)
class Row:
    """One row. `begins` is the step at which a fork leaves its parent, where its line starts before
    a frame stands there; `other` makes it the difference `tape` - `other` at equal t.
    """

    id: str
    title: str
    tape: Tape | None = None
    other: Tape | None = None
    begins: int = 0
    parent: str = ""  # the row that it was forked from
    detail: str = ""  # after the title, quiet: "step 12 of 50"
    marks: tuple[tuple[int, str], ...] = ()  # (step, words): "settled at step 31"
    says: str = ""  # why there are no frames
    tip: str = ""

    @property
    def n_steps(self) -> int:
        return self.tape.n_steps if self.tape is not None else 0

    @property
    def is_difference(self) -> bool:
        return self.other is not None

    def indices(self) -> np.ndarray:
        """(F,) the steps that stand there, rising."""
        return np.array(self.tape.indices if self.tape is not None else (), np.int64)

    def times(self) -> np.ndarray:
        """(F,) their times, falling."""
        return self.tape.scalars("t") if self.tape is not None and len(self.tape) else np.zeros(0)

    def values(self, place: int, name: str, image: int) -> np.ndarray | None:
        """(C, H, W) of one image at the frame that stands at `place`, in the model's scale.

        `name` "change" is x_t less x_t of the frame before it; the first has none. None also where
        `other` has no frame at that t, or none yet.
        """
        if self.tape is None:
            return None
        here = _array(self.tape, place, name, image)
        if self.other is None or here is None:
            return here
        there = _place_at(self.other, self.tape.frame(place).scalars["t"])
        beside = None if there is None else _array(self.other, there, name, image)
        return None if beside is None else here - beside


def _place_at(tape: Tape, t: float) -> int | None:
    """The place of the frame that stands at t; None before its first and where it has not come."""
    if not len(tape) or t > tape.frame(0).scalars["t"]:
        return None
    place = tape.place_at(t)
    here = tape.frame(place).scalars
    if place == len(tape) - 1 and not tape.finished and t < here["t"]:
        return None
    return place


def _array(tape: Tape, place: int, name: str, image: int) -> np.ndarray | None:
    arrays = tape.frame(place).arrays
    if name != "change":
        return arrays[name][image] if name in arrays else None
    if "x_t" not in arrays:
        return None
    if place == 0:
        return None
    return arrays["x_t"][image] - tape.frame(place - 1).arrays["x_t"][image]
