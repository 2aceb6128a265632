"""A run from x_T to its end as pictures: one step, one image's steps, the whole as a record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

import numpy as np

from genstudio.abilities import BadInput
from genstudio.engine import records
from genstudio.tape import FIELDS, Frame, Tape
from genstudio.ui.panels._denoise_picture_look import change_limit, pixels
from genstudio.ui.widgets.image_grid import mosaic

if TYPE_CHECKING:
    from genstudio.latent.denoise import Process
    from genstudio.ui.panels._denoise_line import Line

DOTS_PX = 336  # side of a picture of points
SCALARS = ("t", "alpha_bar")
LIMIT_STEPS = 16  # of a film, from which the colours of a change are scaled


@dataclass(frozen=True, eq=False)
class Reel:
    """The steps of a run that have come, those of the runs it was forked from before them."""

    frames: tuple[Frame, ...]
    scale: float  # data units of one unit of the model's scale, for points
    every: int  # one of so many steps is kept
    complete: bool
    tape: Tape | None = None  # where one tape holds them all
    _limits: dict[str, float] = field(default_factory=dict)

    @property
    def points(self) -> bool:
        return self.frames[0].arrays["x_t"].ndim == 2

    @property
    def n(self) -> int:
        """How many images, or points."""
        return len(self.frames[0].arrays["x_t"])

    def places(self, kind: str) -> tuple[int, ...]:
        """The frames that `kind` can be shown of: a change needs one before it."""
        return tuple(range(1 if kind == "change" else 0, len(self.frames)))

    def values(self, place: int, kind: str) -> np.ndarray:
        """(N, *shape) of a frame, in the model's scale."""
        arrays = self.frames[place].arrays
        if kind == "change":
            return arrays["x_t"] - self.frames[place - 1].arrays["x_t"]
        return arrays[kind]

    def picture(self, place: int, kind: str, image: int | None = None) -> np.ndarray:
        """One step as uint8 (H, W) or (H, W, 3): image `image` of the batch, or all in a square."""
        values = self.values(place, kind)
        if self.points:
            return dots(values * self.scale, self._reach(kind))
        shown = values if image is None else values[image : image + 1]
        return _tiles(pixels(kind, shown, self.limit(kind)))

    def row(self, image: int) -> np.ndarray:
        """The clean guesses of one image, all steps side by side: uint8 (H, S * W[, 3])."""
        stack = np.stack([frame.arrays["x0_hat"][image] for frame in self.frames])
        return _tiles(pixels("x0_hat", stack), len(stack))

    def limit(self, kind: str) -> float:
        """The end of the colours of a change, one for the whole film."""
        if kind != "change":
            return 1.0
        if kind not in self._limits:
            places = self.places(kind)
            some = places[:: max(1, len(places) // LIMIT_STEPS)]
            self._limits[kind] = max(change_limit(self.values(place, kind)) for place in some)
        return self._limits[kind]

    def record_bytes(self) -> int:
        """What the arrays of a record take.

        Raises: BadInput when they would have to be copied, and do not fit into memory once more.
        """
        first = self.frames[0].arrays["x_t"]
        if self.tape is None:
            records.check_room(self.n, first.shape[1:], len(self.frames))
        return records.n_bytes(self.n, first.shape[1:], len(self.frames))

    def write_record(self, file: IO[bytes]) -> Iterator[float]:
        """Write the record as npz, as `engine.records` describes it, and yield the share done."""
        if self.tape is not None:
            yield from records.write(file, records.arrays(self.tape, self.scale))
            return
        t, alpha_bar = (np.array([f.scalars[key] for f in self.frames]) for key in SCALARS)
        arrays = {
            "t": t.astype(np.int64),
            "alpha_bar": alpha_bar,
            **{name: np.stack([frame.arrays[name] for frame in self.frames]) for name in FIELDS},
            "x": records.outside(self.frames[-1].arrays["x0_hat"], self.scale),
        }
        yield from records.write(file, arrays)

    def _reach(self, kind: str) -> float:
        """How far the points of the whole film lie from the middle."""
        if kind not in self._limits:
            places = self.places(kind)
            ends = (places[0], places[-1])
            farthest = max(float(np.abs(self.values(place, kind)).max()) for place in ends)
            self._limits[kind] = max(farthest * self.scale * 1.05, 1e-6)
        return self._limits[kind]


def reel(line: Line, process: Process) -> Reel:
    """The steps of `line` that have come.

    Raises: BadInput when there is none.
    """
    frontier = line.frontier()
    frames = [line.frame(k) for k in line.steps if k <= frontier]
    found = tuple(frame for frame in frames if frame is not None)
    if not found:
        raise BadInput("There is no step to export yet. Start a run first.")
    every = max(line.of(frame.index).tape.plan.every for frame in found)
    complete = found[-1].index == line.n_steps - 1
    tape = line.run.tape if line.run.parent is None else None
    return Reel(found, process.scale, every, complete, tape)


def dots(points: np.ndarray, reach: float, side: int = DOTS_PX) -> np.ndarray:
    """Points (N, 2) as uint8 (side, side), dark on light, y upwards, from -reach to reach."""
    place = (points[:, ::-1] * (-1, 1) + reach) / (2 * reach) * (side - 1)  # row, column
    inside = ((place >= 1) & (place <= side - 2)).all(1)
    rows, columns = np.rint(place[inside]).astype(np.int64).T
    picture = np.full((side, side), 255, np.int64)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            np.add.at(picture, (rows + down, columns + right), -110)
    return picture.clip(0, 255).astype(np.uint8)


def _tiles(shown: np.ndarray, columns: int | None = None) -> np.ndarray:
    """uint8 (N, H, W) or (N, H, W, 3) in one picture."""
    return mosaic(shown if shown.ndim == 3 else np.moveaxis(shown, -1, 1), columns)
