"""A record of frames that a hand scrubs through: every step of a walk, as arrays that stay put.

Its room is taken once, before the first frame; where every frame would not fit, `plan` says how
many are kept. No torch here.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from genstudio.abilities import BadInput

FIELDS = ("x_t", "x0_hat", "noise_hat")
FLOAT_BYTES = 4
MAX_FRAMES = 100_000


@dataclass(frozen=True, eq=False)
class Frame:
    """One step of a walk: `arrays[name]` is read-only float32 (N, *shape), in the model's scale."""

    index: int  # from 0
    n_steps: int
    arrays: Mapping[str, np.ndarray]
    scalars: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What a record takes, and what is kept of it where there is not room for all."""

    n_frames: int
    frame_bytes: int
    every: int = 1  # the first frame, the last, and every such one between are kept
    first: int = 0  # index of the first frame, of a walk that begins in the middle of another

    @property
    def full_bytes(self) -> int:
        return (self.n_frames - self.first) * self.frame_bytes

    @cached_property
    def kept(self) -> tuple[int, ...]:
        """Indices of the frames that are kept, rising."""
        last = self.n_frames - 1
        steps = range(self.first, self.n_frames)
        return tuple(k for k in steps if (k - self.first) % self.every == 0 or k == last)

    @property
    def kept_bytes(self) -> int:
        last = self.n_frames - self.first - 1
        n_kept = last // self.every + 1 + (last % self.every > 0)
        return n_kept * self.frame_bytes


def plan(
    n: int,
    shape: tuple[int, ...],
    n_frames: int,
    budget_bytes: int,
    n_fields: int = len(FIELDS),
    *,
    first: int = 0,
) -> Plan:
    """How the frames `first` to `n_frames` - 1 of n values of `shape` are kept in `budget_bytes`.

    Raises: BadInput when not even two frames fit, or for counts that no record has.
    """
    if n < 1 or not 0 <= first < n_frames <= MAX_FRAMES:
        raise BadInput(
            f"A record has 1 to {MAX_FRAMES} steps of one image or more, got {n_frames} of {n}."
        )
    frame_bytes = n * math.prod(shape) * n_fields * FLOAT_BYTES
    room = budget_bytes // frame_bytes
    total = n_frames - first
    if room < min(2, total):
        raise BadInput(
            f"One step of {n} images takes {frame_bytes / 1e6:,.0f} MB, and there is room for "
            f"{budget_bytes / 1e6:,.0f} MB. Choose fewer images."
        )
    every = 1 if room >= total else math.ceil((total - 1) / (room - 1))
    return Plan(n_frames, frame_bytes, every, first)


class Tape:
    """Frames in their order. Those that the plan leaves out are passed over, the last never is."""

    def __init__(self, n: int, shape: tuple[int, ...], chosen: Plan) -> None:
        self.n, self.shape, self.plan = n, tuple(shape), chosen
        self._kept = chosen.kept
        self._arrays: dict[str, np.ndarray] = {}
        self._scalars: list[Mapping[str, float]] = []
        self._indices: list[int] = []

    def __len__(self) -> int:
        """How many frames stand here now."""
        return len(self._indices)

    def __iter__(self) -> Iterator[Frame]:
        return (self.frame(i) for i in range(len(self)))

    @property
    def n_steps(self) -> int:
        return self.plan.n_frames

    @property
    def finished(self) -> bool:
        return bool(self._indices) and self._indices[-1] == self.n_steps - 1

    @property
    def indices(self) -> tuple[int, ...]:
        """The steps that stand here, rising."""
        return tuple(self._indices)

    @property
    def n_bytes(self) -> int:
        return len(self) * self.plan.frame_bytes

    def append(self, frame: Frame) -> bool:
        """Keep a frame, which is the step after the one before it; whether the plan keeps it.

        Raises: ValueError for frames out of their order or of another size.
        """
        if self._indices and frame.index <= self._indices[-1]:
            raise ValueError(f"Step {frame.index} came after step {self._indices[-1]}.")
        place = bisect_left(self._kept, frame.index)
        if place == len(self._kept) or self._kept[place] != frame.index:
            return False
        for name, value in frame.arrays.items():
            if value.shape != (self.n, *self.shape):
                raise ValueError(f"{name} is {(self.n, *self.shape)}, got {value.shape}.")
            if name not in self._arrays:
                room = (len(self._kept), self.n, *self.shape)
                self._arrays[name] = np.empty(room, np.float32)
            self._arrays[name][len(self)] = value
        self._scalars.append(dict(frame.scalars))
        self._indices.append(frame.index)
        return True

    def frame(self, place: int) -> Frame:
        """The frame at `place`, 0 to len - 1; its arrays are read-only views."""
        arrays = {name: self._view(name)[place] for name in self._arrays}
        return Frame(self._indices[place], self.n_steps, arrays, self._scalars[place])

    def stack(self, name: str) -> np.ndarray:
        """All of one array (len, N, *shape), a read-only view."""
        return self._view(name)[: len(self)]

    def scalars(self, name: str) -> np.ndarray:
        """One scalar over the frames, float64 (len,)."""
        return np.array([each[name] for each in self._scalars], np.float64)

    def place_of(self, index: int) -> int:
        """The place of the last frame at or before step `index`."""
        return max(0, bisect_right(self._indices, index) - 1)

    def place_at(self, t: float) -> int:
        """The place of the last frame whose time is not below t; times fall along a walk."""
        times = [-each["t"] for each in self._scalars]
        return max(0, bisect_right(times, -t) - 1)

    def _view(self, name: str) -> np.ndarray:
        view = self._arrays[name].view()
        view.setflags(write=False)
        return view
