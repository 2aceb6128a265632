"""A brush on the pixels of an image and what it has made: an edited array, a mask. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

LEAST_PX, MOST_PX = 1.0, 14.0  # diameter in image pixels
MOST_STATES = 60  # strokes that can be taken back


@dataclass(frozen=True, eq=False)
class Edit:
    """A painted array of one frame: float32 (N, C, H, W) in the model's scale, read-only."""

    source: str  # the run
    index: int  # the step
    kind: str  # "x_t" or "x0_hat"
    array: np.ndarray


@dataclass(frozen=True, eq=False)
class State:
    """All that is painted now."""

    edit: Edit | None = None
    mask: np.ndarray | None = None  # (H, W) bool, True is kept


def touched(
    shape: tuple[int, int],
    start: tuple[float, float],
    end: tuple[float, float],
    width: float,
) -> np.ndarray:
    """How much a stroke of `width` pixels from `start` to `end` (row, column) covers each pixel of
    (H, W), 0 to 1.
    """
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32) + np.float32(0.5)
    way = (end[0] - start[0], end[1] - start[1])
    length = way[0] ** 2 + way[1] ** 2
    along = np.zeros(shape, np.float32)
    if length > 0:
        along = ((rows - start[0]) * way[0] + (columns - start[1]) * way[1]) / length
        along = np.clip(along, 0.0, 1.0)
    away = np.hypot(rows - start[0] - along * way[0], columns - start[1] - along * way[1])
    cover = np.clip(width / 2 - away + 0.5, 0.0, 1.0).astype(np.float32)
    if width <= 1.5:  # a brush of one pixel is the pixel under it
        cover = (away <= 0.7072).astype(np.float32) if length > 0 else cover * 0
        for point in (start, end):
            row, column = int(np.floor(point[0])), int(np.floor(point[1]))
            if 0 <= row < shape[0] and 0 <= column < shape[1]:
                cover[row, column] = 1.0
    return cover


def painted(
    base: np.ndarray, index: int, cover: np.ndarray, value: float | np.ndarray
) -> np.ndarray:
    """`base` (N, C, H, W) with `value` (one, or one for each channel) over image `index` where
    `cover` (H, W) is, read-only.
    """
    result = np.array(base, np.float32)
    ink = np.broadcast_to(np.asarray(value, np.float32).reshape(-1, 1, 1), (base.shape[1], 1, 1))
    result[index] = result[index] * (1.0 - cover) + ink * cover
    result.flags.writeable = False
    return result


def masked(mask: np.ndarray | None, cover: np.ndarray, keep: bool) -> np.ndarray | None:
    """The mask with the covered pixels kept or let go; None where nothing is kept."""
    result = np.zeros(cover.shape, bool) if mask is None else mask.copy()
    result[cover >= 0.5] = keep
    result.flags.writeable = False
    return result if result.any() else None


@dataclass(eq=False)
class History:
    """What is painted, and the strokes before it."""

    now: State = field(default_factory=State)
    _undone: list[State] = field(default_factory=list)
    _done: list[State] = field(default_factory=list)

    def go_to(self, edit: Edit | None, mask: np.ndarray | None) -> None:
        """A stroke is complete: this is what is painted now."""
        self._done = [*self._done, self.now][-MOST_STATES:]
        self._undone.clear()
        self.now = State(edit, mask)

    def replace(self, **parts: object) -> None:
        """Another edit or mask, not by a stroke."""
        self.now = replace(self.now, **parts)  # type: ignore[arg-type]

    def can_undo(self) -> bool:
        return bool(self._done)

    def can_redo(self) -> bool:
        return bool(self._undone)

    def undo(self) -> bool:
        """Whether there was a stroke to take back."""
        if not self._done:
            return False
        self._undone.append(self.now)
        self.now = self._done.pop()
        return True

    def redo(self) -> bool:
        if not self._undone:
            return False
        self._done.append(self.now)
        self.now = self._undone.pop()
        return True
