"""Models and jobs as the window knows them, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from genstudio.abilities import Card
from genstudio.engine.messages import Failure, JobState, Progress


@dataclass(frozen=True)
class ModelRef:
    """A model in view: what the ask lane calls it, and what is known of it without torch."""

    source: str
    card: Card
    title: str
    run: int | None = None
    snapshots: tuple[tuple[int, str], ...] = ()  # (training step, source) in order, for time travel


@dataclass(frozen=True)
class JobRef:
    """A job as the window knows it."""

    run: int
    name: str
    state: JobState = JobState.WAITING
    progress: Progress | None = None
    card: Card | None = None
    folder: Path | None = None
    snapshots: tuple[tuple[int, str], ...] = ()
    failure: Failure | None = None
