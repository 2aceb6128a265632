"""The curves of one run as the window keeps them: every point of every loss part, and the marks of
live changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

MARKED = ("change", "resumed")  # kinds of events that stand as lines across the curves
FIRST = (
    "loss",
    "reconstruction",
    "kl",
)  # the order in which parts are shown; the others follow as they came


@dataclass(frozen=True)
class Mark:
    """Something that the hand did at a step, shown as a line across the curves."""

    step: int
    text: str
    kind: str = "change"


class _Growing:
    """A float64 array that grows at its end in amortised constant time."""

    def __init__(self) -> None:
        self._room = np.empty(256)
        self._size = 0

    def extend(self, values: np.ndarray) -> None:
        size = self._size + len(values)
        if size > len(self._room):
            room = np.empty(max(size, 2 * len(self._room)))
            room[: self._size] = self._room[: self._size]
            self._room = room
        self._room[self._size : size] = values
        self._size = size

    def view(self) -> np.ndarray:
        return self._room[: self._size]


@dataclass
class Curves:
    """All scalars of one run: `series(split, part)` in the order of steps, and the marks."""

    name: str
    scale: str = ""  # runs of another scale have losses that cannot stand in the same plot
    marks: list[Mark] = field(default_factory=list)
    _series: dict[tuple[str, str], tuple[_Growing, _Growing]] = field(default_factory=dict)

    def add(self, split: str, steps: np.ndarray, values: Mapping[str, np.ndarray]) -> bool:
        """Append a stretch; `values[part]` (N,) belongs to `steps` (N,) point by point.

        A run that goes on from an earlier checkpoint repeats steps: what it says again replaces
        what stood there.
        Returns: whether something was replaced.
        """
        replaced = False
        steps = np.atleast_1d(np.asarray(steps, dtype=np.float64))
        for part, points in values.items():
            pair = self._series.setdefault((split, part), (_Growing(), _Growing()))
            seen = pair[0].view()
            if len(steps) and len(seen) and steps[0] <= seen[-1]:
                keep, replaced = int(np.searchsorted(seen, steps[0])), True
                pair[0]._size = pair[1]._size = keep
            pair[0].extend(steps)
            pair[1].extend(np.atleast_1d(np.asarray(points, dtype=np.float64)))
        return replaced

    def put_before(self, older: Curves) -> None:
        """Take in what an earlier part of the same run wrote; where both know a step, the newer
        word stands.
        """
        for key, (steps, values) in older._series.items():
            own = self._series.pop(key, None)
            split, part = key
            self.add(split, steps.view(), {part: values.view()})
            if own is not None:
                self.add(split, own[0].view(), {part: own[1].view()})
        known = {(mark.step, mark.text) for mark in self.marks}
        self.marks[:0] = [mark for mark in older.marks if (mark.step, mark.text) not in known]

    def mark(self, step: int, text: str, kind: str = "change") -> None:
        self.marks.append(Mark(step, text, kind))

    def parts(self) -> list[str]:
        """Names of the loss parts: the known ones first, the others as they came."""
        seen = list(dict.fromkeys(part for _, part in self._series))
        return [p for p in FIRST if p in seen] + [p for p in seen if p not in FIRST]

    def all_series(self) -> dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]:
        """{(part, split): (steps, values)} of everything, parts in their order, training first."""
        return {
            (part, split): self.series(split, part)
            for split in ("train", "test")
            for part in self.parts()
            if (split, part) in self._series
        }

    def series(self, split: str, part: str) -> tuple[np.ndarray, np.ndarray]:
        """Steps (N,) and values (N,), both float64; empty where there is nothing."""
        pair = self._series.get((split, part))
        if pair is None:
            return np.empty(0), np.empty(0)
        return pair[0].view(), pair[1].view()

    def last(self, split: str, part: str) -> float | None:
        values = self.series(split, part)[1]
        return float(values[-1]) if len(values) else None

    def last_step(self) -> int:
        ends = [int(steps.view()[-1]) for steps, _ in self._series.values() if len(steps.view())]
        return max(ends, default=0)


def earlier(_model: object, folder: str, name: str, scale: str = "") -> Curves:
    """The curves of an earlier run from its folder; asked in the ask lane, since the file may be
    large.
    """
    from genstudio.engine import runs

    curves = collect(runs.rows(Path(folder)), name)
    curves.scale = scale
    return curves


def collect(rows: Iterable[Mapping[str, Any]], name: str) -> Curves:
    """The curves in rows of metrics.jsonl: `step`, and `split` with the loss parts or `kind` with
    `text`.
    """
    curves = Curves(name)
    points: dict[tuple[str, str], dict[int, float]] = {}
    for row in rows:
        step = int(row["step"])
        if "kind" in row:
            if row["kind"] in MARKED:
                curves.mark(step, mark_text(row), str(row["kind"]))
            continue
        for part, value in row.items():
            if isinstance(value, float):
                points.setdefault((str(row.get("split", "train")), part), {})[step] = value
    for (split, part), values in points.items():
        steps = np.array(sorted(values), dtype=np.float64)
        curves.add(split, steps, {part: np.array([values[int(step)] for step in steps])})
    return curves


def mark_text(event: Mapping[str, Any]) -> str:
    """What stands at the mark of an event: "beta = 4", or the event's own words."""
    if event.get("key") is not None and "value" in event:
        value = event["value"]
        number = f"{value:g}" if isinstance(value, int | float) else str(value)
        return f"{str(event['key']).removeprefix('train.')} = {number}"
    return str(event.get("text", "")).rstrip(".")
