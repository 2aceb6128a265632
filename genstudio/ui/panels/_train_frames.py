"""The stored steps of a run as frames of a timeline, with the live weights as the last one while
it trains. No Qt.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path

_SNAPSHOT = re.compile(r"step-(\d{1,12})\.safetensors")


@dataclass(frozen=True)
class Frame:
    """One stop of the timeline: the training step and the source that the ask lane can load."""

    step: int
    source: str
    live: bool = False


def stored(folder: Path) -> list[Frame]:
    """The snapshots in a run's folder, by step; empty where there are none."""
    found = []
    for path in (folder / "snapshots").glob("step-*.safetensors"):
        match = _SNAPSHOT.fullmatch(path.name)
        if match:
            found.append(Frame(int(match[1]), str(path)))
    return sorted(found, key=lambda frame: frame.step)


class Frames:
    """Frames in the order of steps and the one that is shown; it follows the newest until the
    hand goes back.

    The hand that returns to the last frame lets it follow again.
    """

    def __init__(self) -> None:
        self._frames: list[Frame] = []
        self._live: Frame | None = None
        self._index = -1
        self.following = True

    def __len__(self) -> int:
        return len(self._frames) + (self._live is not None)

    def __getitem__(self, index: int) -> Frame:
        if self._live is not None and index == len(self._frames):
            return self._live
        return self._frames[index]

    @property
    def index(self) -> int:
        """Index of the frame that is shown; -1 where there is none."""
        return len(self) - 1 if self.following else self._index

    @property
    def shown(self) -> Frame | None:
        return self[self.index] if len(self) else None

    def newest_stored(self) -> Frame | None:
        return self._frames[-1] if self._frames else None

    def choose(self, index: int) -> None:
        """The hand moves to `index`; outside the frames it goes to the nearest."""
        self._index = max(0, min(index, len(self) - 1))
        self.following = self._index >= len(self) - 1

    def store(self, frame: Frame) -> bool:
        """Take in a stored step; True where it is new. What the hand looks at stays what it is."""
        place = bisect_left(self._frames, frame.step, key=lambda known: known.step)
        if place < len(self._frames) and self._frames[place].step == frame.step:
            return False
        self._frames.insert(place, frame)
        if not self.following and place <= self._index:
            self._index += 1
        return True

    def live(self, frame: Frame | None) -> None:
        """The live weights; None once the run is over and the last stored step is the newest."""
        self._live = frame
        if not self.following and self._index >= len(self):
            self.following = True

    def replace(self, frames: list[Frame]) -> None:
        """Another run's frames; the newest is shown."""
        self._frames, self._live, self._index, self.following = list(frames), None, -1, True
