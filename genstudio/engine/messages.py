"""What goes up from the lanes to whoever watches: frozen records that hold read-only numpy, a run
or request number, a step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def over(self) -> bool:
        return self in (JobState.DONE, JobState.STOPPED, JobState.FAILED)


@dataclass(frozen=True)
class Failure:
    """What went wrong, in one sentence, with what to do; the traceback is for the log and the Copy
    button.
    """

    title: str
    advice: str = ""
    details: str = ""

    def sentence(self) -> str:
        return f"{self.title} {self.advice}".strip()


@dataclass(frozen=True)
class Answer:
    """A value for an ask. `done` is False for the coarse answers that come before the last."""

    model: str
    key: str
    request: int
    value: Any
    done: bool
    step: int | None = None  # training step of the weights that answered, where the model is live


@dataclass(frozen=True)
class Refusal:
    """An ask that could not be answered."""

    model: str
    key: str
    request: int
    failure: Failure


@dataclass(frozen=True)
class Progress:
    """How far a job is. `total` is None where it runs until it is stopped."""

    run: int
    done: int
    total: int | None
    note: str = ""
    per_second: float | None = None
    seconds_left: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Scalars:
    """A stretch of a run's curves: `values[name]` belongs to `steps` point by point. Every one is
    kept.
    """

    run: int
    split: str  # "train" or "test"
    steps: np.ndarray
    values: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Event:
    """Something that happened at a step: a live change, a checkpoint, a snapshot, an alarm."""

    run: int
    step: int
    kind: str  # "change", "checkpoint", "snapshot", "alarm", "choice", "resumed"
    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StateChange:
    """A job has another state; `result` when it is done, `failure` when it failed."""

    run: int
    name: str
    state: JobState
    step: int = 0
    result: Any = None
    failure: Failure | None = None


@dataclass(frozen=True)
class Published:
    """New weights of a model in training have reached the ask lane under the name `model`."""

    run: int
    model: str
    step: int


@dataclass(frozen=True)
class Ready:
    """The ask lane has loaded torch and can answer; `failure` says why it cannot."""

    failure: Failure | None = None


Message = Answer | Refusal | Progress | Scalars | Event | StateChange | Published | Ready
URGENT = (Answer, Refusal, Ready)


def read_only(array: np.ndarray) -> np.ndarray:
    """`array`, contiguous and locked against writing, as it travels between threads."""
    array = np.ascontiguousarray(array)
    array.setflags(write=False)
    return array
