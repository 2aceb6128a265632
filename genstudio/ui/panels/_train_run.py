"""One run as the window sees it: its state, what the hand may do next, and how far it is. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from genstudio.engine.messages import Failure, JobState, Progress, StateChange


@dataclass(frozen=True)
class Controls:
    """Which controls answer now; a pure function of the state."""

    start: bool
    pause: bool
    resume: bool
    advance: bool
    stop: bool


def controls(state: JobState | None) -> Controls:
    """What the hand may do with a run in `state`; None is a slot without a run."""
    live = state in (JobState.WAITING, JobState.RUNNING, JobState.PAUSED)
    return Controls(
        start=not live and state is not JobState.STOPPING,
        pause=state in (JobState.WAITING, JobState.RUNNING),
        resume=state in (JobState.PAUSED, JobState.STOPPED, JobState.FAILED),
        advance=live,
        stop=live,
    )


@dataclass(frozen=True)
class Recipe:
    """Everything that makes a run: the same record feeds the job, the command line and the form."""

    family: str
    data: str
    config: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)  # the trainer's, its seed among them
    out: Path = Path()

    @property
    def averaged(self) -> bool:
        """Whether what is looked at and kept are moving averages of the weights (EMA)."""
        return float(self.settings.get("ema_decay") or 0.0) > 0.0


def loss_scale(family: str, config: Mapping[str, Any]) -> str:
    """Runs of the same scale have losses that can be compared: Bernoulli ones all are nats, of
    anything else each family has its own measure.
    """
    likelihood = config.get("likelihood")
    return "bernoulli" if likelihood == "bernoulli" else f"{family} {likelihood or ''}".strip()


@dataclass(frozen=True)
class RunView:
    """A run in one of the two slots; replaced, never changed."""

    run: int
    name: str
    recipe: Recipe
    state: JobState = JobState.WAITING
    progress: Progress | None = None
    failure: Failure | None = None
    step: int = 0

    @property
    def source(self) -> str:
        """The name of the live model in the ask lane."""
        return f"live:{self.run}"

    @property
    def over(self) -> bool:
        return self.state.over

    def moved(self, change: StateChange) -> RunView:
        """The run after a change of state; one that is over stays over."""
        if change.run != self.run or self.over:
            return self
        return replace(self, state=change.state, failure=change.failure)

    def advanced(self, progress: Progress) -> RunView:
        if progress.run != self.run:
            return self
        return replace(self, progress=progress, step=max(self.step, progress.done))

    @property
    def fraction(self) -> float | None:
        """Share done in 0..1; None where the run has no end of its own."""
        if self.progress is None or not self.progress.total:
            return None
        return min(1.0, self.progress.done / self.progress.total)


def free_slot(runs: tuple[RunView | None, ...], chosen: int) -> int | None:
    """The slot for a new run: the chosen one if it is free, else another free one; None when all
    train.
    """
    order = [chosen, *(i for i in range(len(runs)) if i != chosen)]
    for index in order:
        run = runs[index]
        if run is None or run.over:
            return index
    return None


def default_name(family: str, changed: Mapping[str, Any]) -> str:
    """A name that says what is special: "vae beta 4", "ae conv 16d"; "vae" for the defaults."""
    words = [family]
    for key, value in changed.items():
        if key == "latent_dim":
            words.append(f"{value}d")
        elif isinstance(value, str):
            words.append(value)
        elif isinstance(value, bool):
            words.append(key.replace("_", " ") if value else f"no {key.replace('_', ' ')}")
        elif isinstance(value, int | float):
            words.append(f"{key.replace('_', ' ')} {value:g}")
    return " ".join(words)[:80]


def fresh_name(wanted: str, folder: Path) -> str:
    """`wanted`, made safe as a folder's name and numbered where `folder` already has it: "vae beta
    4 (2)".
    """
    safe = "".join(c if c.isalnum() or c in " .-_()" else "-" for c in wanted).strip(" .") or "run"
    name, number = safe, 2
    while (folder / name).exists():
        name, number = f"{safe} ({number})", number + 1
    return name


def changed_from(defaults: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of `values` that differ from `defaults`, in their order."""
    return {
        key: value for key, value in values.items() if key not in defaults or defaults[key] != value
    }
