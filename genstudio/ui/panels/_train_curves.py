"""The curves of one run as the window keeps them: every point of every loss part, the marks of live changes, CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from genstudio.abilities import BadInput

MAX_METRICS_BYTES = 512 << 20
FIRST = (
    "loss",
    "reconstruction",
    "kl",
)  # the order in which parts are shown; the others follow as they came
NATS = {"loss", "reconstruction", "kl", "neg_elbo", "log_prob", "free_bits"}
CSV_HEADER = ("run", "split", "part", "unit", "step", "value", "smoothed")


def unit(part: str) -> str:
    """The unit of a loss part as it stands at the axis; "" for a pure number."""
    if part in NATS or part.endswith("_nats"):
        return "nats per image"
    if part == "mse" or part.endswith("_mse"):
        return "squared error per pixel"
    return ""


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
    marks: list[Mark] = field(default_factory=list)
    _series: dict[tuple[str, str], tuple[_Growing, _Growing]] = field(default_factory=dict)

    def add(self, split: str, steps: np.ndarray, values: Mapping[str, np.ndarray]) -> None:
        """Append a stretch; `values[part]` (N,) belongs to `steps` (N,) point by point.

        A run that goes on from an earlier checkpoint repeats steps: what it says again replaces what stood there.
        """
        steps = np.atleast_1d(np.asarray(steps, dtype=np.float64))
        for part, points in values.items():
            pair = self._series.setdefault((split, part), (_Growing(), _Growing()))
            seen = pair[0].view()
            if len(steps) and len(seen) and steps[0] <= seen[-1]:
                keep = int(np.searchsorted(seen, steps[0]))
                pair[0]._size = pair[1]._size = keep
            pair[0].extend(steps)
            pair[1].extend(np.atleast_1d(np.asarray(points, dtype=np.float64)))

    def mark(self, step: int, text: str, kind: str = "change") -> None:
        self.marks.append(Mark(step, text, kind))

    def parts(self) -> list[str]:
        """Names of the loss parts: the known ones first, the others as they came."""
        seen = list(dict.fromkeys(part for _, part in self._series))
        return [p for p in FIRST if p in seen] + [p for p in seen if p not in FIRST]

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


def smoothed(steps: np.ndarray, values: np.ndarray, window_steps: int) -> np.ndarray:
    """At each point the mean of the values of the last `window_steps` steps, that point included; (N,) float64."""
    if window_steps <= 1 or len(values) < 2:
        return values
    total = np.concatenate(([0.0], np.cumsum(values)))
    first = np.searchsorted(steps, steps - window_steps, side="right")
    end = np.arange(1, len(values) + 1)
    return (total[end] - total[first]) / (end - first)


def to_csv(
    runs: Iterable[Curves], window_steps: int = 1, parts: Iterable[str] | None = None
) -> str:
    """Every point that is shown, one row each: the value and the smoothed value that the line draws."""
    wanted = None if parts is None else set(parts)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_HEADER)
    for run in runs:
        for split in ("train", "test"):
            for part in run.parts():
                if wanted is not None and part not in wanted:
                    continue
                steps, values = run.series(split, part)
                lines = smoothed(steps, values, window_steps) if split == "train" else values
                for step, value, line in zip(steps, values, lines, strict=True):
                    row = (
                        run.name,
                        split,
                        part,
                        unit(part),
                        int(step),
                        repr(float(value)),
                        repr(float(line)),
                    )
                    writer.writerow(row)
    return text.getvalue()


def read_metrics(path: Path, name: str) -> Curves:
    """The curves of an earlier run from its metrics.jsonl; a cut last line, as a kill leaves it, is passed over.

    Raises: BadInput when the file cannot be read or is larger than 512 MiB.
    """
    try:
        if path.stat().st_size > MAX_METRICS_BYTES:
            raise BadInput(
                f"{path} is larger than 512 MiB. Choose a run folder that GenStudio wrote."
            )
        with path.open(encoding="utf-8", errors="replace") as file:
            return collect(file, name)
    except OSError as error:
        raise BadInput(
            f"The curves {path} cannot be read: {error.strerror}. Choose another run."
        ) from error


def collect(lines: Iterable[str], name: str) -> Curves:
    """The curves in lines of metrics.jsonl: one JSON object each, with `step`, `split` and the loss parts."""
    curves = Curves(name)
    rows: dict[str, dict[str, dict[int, float]]] = {"train": {}, "test": {}}
    for line in lines:
        row = _row(line)
        if row is None:
            continue
        step = int(row["step"])
        if "kind" in row:
            if row["kind"] == "change":
                curves.mark(step, str(row.get("text", "")))
            continue
        of_split = rows.setdefault(str(row.get("split", "train")), {})
        for part, value in _numbers(row).items():
            of_split.setdefault(part, {})[step] = value
    for split, series in rows.items():
        for part, points in series.items():
            steps = np.array(sorted(points), dtype=np.float64)
            curves.add(split, steps, {part: np.array([points[int(s)] for s in steps])})
    return curves


def _row(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    step = row.get("step") if isinstance(row, dict) else None
    return row if isinstance(step, int) and not isinstance(step, bool) else None


def _numbers(row: Mapping[str, Any]) -> dict[str, float]:
    values = row.get("values")
    source = values if isinstance(values, dict) else row
    skip = {"step", "split", "epoch", "time", "seconds", "run"}
    return {
        key: float(value)
        for key, value in source.items()
        if key not in skip and isinstance(value, int | float) and not isinstance(value, bool)
    }
