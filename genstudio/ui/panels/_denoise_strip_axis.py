"""The axis that strips and schedule share: noise at the left, image at the right. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Axis:
    """Where times, or steps, lie between `left` and `right` pixels.

    By "t" the left end is t = `last` and the right end t = 0; by "step" the left end is the first
    step, 0, and the right end the step `last`.
    """

    by: str = "t"
    last: float = 1000.0
    left: float = 0.0
    right: float = 1.0

    def x_of(self, at: float) -> float:
        """The pixel of a time, or of a step."""
        share = at / max(self.last, 1e-9)
        return self.left + (1.0 - share if self.by == "t" else share) * (self.right - self.left)

    def at(self, x: float) -> float:
        """The time, or the step, of a pixel; may lie beyond the ends."""
        share = (x - self.left) / max(1e-9, self.right - self.left)
        return (1.0 - share if self.by == "t" else share) * self.last


def nearest(places: np.ndarray, at: float) -> int:
    """Which of sorted rising `places` is nearest to `at`."""
    after = int(np.searchsorted(places, at))
    if after == 0:
        return 0
    if after == len(places):
        return len(places) - 1
    return after if places[after] - at < at - places[after - 1] else after - 1


def shown(places: np.ndarray, start: float, end: float, least: float) -> list[tuple[int, float]]:
    """Which frames are shown as thumbnails, and where their middles lie.

    `places` (F,) are the pixels of the frames, rising. Where two neighbours are at least `least`
    pixels apart, each stands at its own; where they are denser, evenly spread slots between `start`
    and `end` show the frame nearest to each, as far as the frames reach.
    """
    if len(places) == 0:
        return []
    if len(places) == 1 or float(np.min(np.diff(places))) >= least:
        return [(i, float(x)) for i, x in enumerate(places)]
    n = max(2, int((end - start) // least) + 1)
    result: list[tuple[int, float]] = []
    room = (end - start) / (n - 1)
    for middle in np.linspace(start, end, n):
        frame = nearest(places, float(middle))
        near = abs(places[frame] - middle) <= room / 2
        if near and (not result or frame > result[-1][0]):
            result.append((frame, float(middle)))
    return result
