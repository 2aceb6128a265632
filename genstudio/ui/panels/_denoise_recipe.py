"""What a walk from noise to images is asked to be, what it was, and where it stands now."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np

from genstudio.abilities import BadInput
from genstudio.engine.messages import Failure
from genstudio.tape import Frame, Tape
from genstudio.ui.panels._denoise_recipe_text import title

Keep = tuple[np.ndarray, np.ndarray]  # mask bool (H, W), image float32 (C, H, W) in [-1, 1]
Before = tuple[int, np.ndarray]  # t and x0_hat (N, *shape) of the step before a walk's first


class RunState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"  # cancelled; it can go on
    DONE = "done"
    FAILED = "failed"

    @property
    def over(self) -> bool:
        return self in (RunState.DONE, RunState.FAILED)


@dataclass(frozen=True, eq=False)
class Recipe:
    """A walk's settings, as `latent.denoise:walk` takes them. Arrays are read-only by custom.

    Without `start` x_T is drawn from `seed`; with it, it is x at times[0] (N, *shape) in the
    model's own scale. The noise of a step depends on `seed` and its t alone.
    """

    n: int = 16
    seed: int = 0
    sampler: str = "dpmpp"
    steps: int = 20  # from the first step of this walk to its end
    eta: float = 0.0
    label: int | None = None
    guidance: float = 1.0
    clip: bool = True
    kind: str = "noise"  # "noise" from x_T, "image" from a noised image, "fork" of another run
    note: str = ""  # what is not of the settings, for the title: "brush", "mask", "starts moved"
    start: np.ndarray | None = field(default=None, repr=False)
    times: tuple[int, ...] | None = None  # falling; None spreads `steps` over all of T
    before: Before | None = field(default=None, repr=False)
    keep: Keep | None = field(default=None, repr=False)
    first: int = 0  # index of the first frame: the k of a fork
    classes: int | None = None  # the seed that drew the classes of the walk that goes on here

    @property
    def n_steps(self) -> int:
        """How many steps its frames count, those before `first` included."""
        return self.first + self.steps

    @property
    def drawn_by(self) -> int | None:
        """The seed by which each image got its class, where it has no label; None for no class."""
        return self.seed if self.start is None else self.classes

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of `latent.denoise:walk`."""
        return {
            "n": self.n,
            "seed": self.seed,
            "sampler": self.sampler,
            "steps": self.steps,
            "eta": self.eta if self.sampler == "ddim" else 0.0,
            "label": self.label,
            "guidance": self.guidance,
            "clip": self.clip,
            "start": self.start,
            "times": None if self.times is None else list(self.times),
            "before": self.before,
            "keep": self.keep,
            "first": self.first,
            "n_steps": self.n_steps,
            "classes": self.drawn_by,
        }


def as_before(frame: Frame) -> Before:
    return int(frame.scalars["t"]), frame.arrays["x0_hat"]


class Run:
    """A walk with its record. `Runs` alone changes it; everyone else reads."""

    def __init__(
        self, number: int, name: str, recipe: Recipe, tape: Tape, parent: Run | None = None
    ) -> None:
        self.id, self.name = number, name  # name is "1", or "1.2" for the second fork of run 1
        self.recipe, self.tape = recipe, tape
        self.mother = parent
        self.parent: int | None = None if parent is None else parent.id
        self.classes: tuple[str, ...] = ()  # their names, once they are known
        self.state = RunState.RUNNING
        self.failure: Failure | None = None
        self.step: int | None = None  # training step of the weights, where the model is live
        self.recent: tuple[Frame, ...] = ()  # the last two frames that came, kept or not

    @property
    def at(self) -> int:
        """The step k at which it left its parent; 0 where it has none."""
        return self.recipe.first

    @property
    def done_steps(self) -> int:
        """How many of its own steps have been taken."""
        return self.recent[-1].index + 1 - self.recipe.first if self.recent else 0

    @property
    def thinned(self) -> bool:
        """Whether its record leaves steps out."""
        return self.tape.plan.every > 1

    def frame_at(self, k: int) -> Frame | None:
        """Its step k, where its record has it."""
        place = self.tape.place_of(k)
        if len(self.tape) and self.tape.indices[place] == k:
            return self.tape.frame(place)
        return next((frame for frame in self.recent if frame.index == k), None)

    def before(self, k: int) -> Before | None:
        """What a walk that goes on at step k looks back to."""
        if k == self.recipe.first:
            return self.recipe.before
        frame = self.frame_at(k - 1)
        return None if frame is None else as_before(frame)

    def times(self, n_times: int) -> tuple[int, ...]:
        """The t of each of its own steps, where the schedule has `n_times` of them."""
        return self.recipe.times or spread(n_times, self.recipe.steps)

    def title(self) -> str:
        """The words "run 1, seed 7, ddim, 50 steps", or "run 1.1, forked at step 20, seed 8"."""
        return title(self)


@lru_cache(maxsize=256)
def spread(t: int, n: int) -> tuple[int, ...]:
    """n times in falling order from t, evenly spread, as a schedule's own `times`.

    Raises: BadInput where there are fewer times than steps.
    """
    if not 1 <= n <= t:
        raise BadInput(f"From t = {t} there are at most {t} steps to take, got {n}. Choose fewer.")
    return tuple(round(t * (n - k) / n) for k in range(n))
