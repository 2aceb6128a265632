"""Curves and progress of a run, gathered step by step and handed up in blocks."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from genstudio.engine import runs
from genstudio.engine.jobs import Report
from genstudio.engine.messages import Event, Progress, Scalars, read_only

INTERVAL_S = 1 / 20
PAUSE_S = 0.25  # a longer wait between two steps is a pause and does not count as training time
WINDOW_S = 3.0  # steps per second are those of about this long


class Recorder:
    """Gathers what a run reports; `take` hands it up and appends it to metrics.jsonl."""

    def __init__(self, run: int, folder: Path, total: int, per_epoch: int, batch_size: int) -> None:
        self.run = run
        self.seconds = 0.0  # spent in training, without pauses
        self.due = 0.0
        self._folder = folder
        self._total = total
        self._per_epoch = per_epoch
        self._batch_size = batch_size
        self._steps: list[int] = []
        self._values: dict[str, list[float]] = {}
        self._reports: list[Report] = []
        self._rate: float | None = None
        self._last: tuple[float, int] | None = None  # when, and at which step, progress was taken
        self._skipped = 0.0

    def add(self, step: int, parts: dict[str, float]) -> None:
        """The loss parts of training step `step`."""
        if self._values.keys() != parts.keys():
            self._close_block()
            self._values = {name: [] for name in parts}
        self._steps.append(step)
        for name, value in parts.items():
            self._values[name].append(value)

    def test(self, step: int, parts: dict[str, float]) -> None:
        """A point of the test curve."""
        values = {name: np.array([value]) for name, value in parts.items()}
        self._scalars("test", np.array([step], np.int64), values)

    def event(self, step: int, kind: str, text: str, /, **facts: Any) -> None:
        self._reports.append(Event(self.run, step, kind, text, facts))

    def paused(self, seconds: float) -> None:
        """The job was not given a turn for `seconds`."""
        self._skipped += seconds

    def take(self, now: float, step: int, **facts: Any) -> list[Report]:
        """Everything since the last time, with the progress at `step`."""
        self._close_block()
        self._measure(now, step)
        left = None if not self._rate else (self._total - step) / self._rate
        rate = self._rate
        facts = {
            "epoch": step / self._per_epoch,
            "epochs": self._total / self._per_epoch,
            "steps_per_epoch": self._per_epoch,
            "images_per_second": None if rate is None else rate * self._batch_size,
            **facts,
        }
        reports = [*self._reports, Progress(self.run, step, self._total, "", rate, left, facts)]
        self._reports = []
        self._write(reports)
        self.due = time.perf_counter() + INTERVAL_S
        return reports

    def _measure(self, now: float, step: int) -> None:
        if self._last is None:
            self._last = (now, step)
            self._skipped = 0.0
            return
        elapsed = now - self._last[0] - self._skipped
        steps = step - self._last[1]
        if elapsed <= 0 or steps <= 0:
            return
        rate = steps / elapsed
        weight = min(1.0, max(elapsed / WINDOW_S, 0.05))
        self._rate = rate if self._rate is None else (1 - weight) * self._rate + weight * rate
        self.seconds += elapsed
        self._last = (now, step)
        self._skipped = 0.0

    def _close_block(self) -> None:
        if not self._steps:
            return
        values = {name: np.array(column) for name, column in self._values.items()}
        self._scalars("train", np.array(self._steps, np.int64), values)
        self._steps = []
        self._values = {name: [] for name in self._values}

    def _scalars(self, split: str, steps: np.ndarray, values: dict[str, np.ndarray]) -> None:
        locked = {name: read_only(column) for name, column in values.items()}
        self._reports.append(Scalars(self.run, split, read_only(steps), locked))

    def _write(self, reports: list[Report]) -> None:
        lines: list[dict[str, Any]] = []
        for report in reports:
            if isinstance(report, Scalars):
                lines += runs.scalar_rows(report.split, report.steps, report.values)
            elif isinstance(report, Event) and report.kind != "card":
                line = {"step": report.step, "kind": report.kind, "text": report.text}
                lines.append({**line, "facts": dict(report.facts)})
        if lines:
            runs.append(self._folder, lines)
