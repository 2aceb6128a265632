"""Recipes that go on from a run: another way from one of its steps, or what is left of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from genstudio.abilities import BadInput
from genstudio.ui.panels._denoise_recipe import Recipe, Run, as_before, spread

BREAKS = {"label", "guidance", "clip", "keep"}  # the x0_hat before a fork is of another walk then


def forked(
    mother: Run,
    k: int,
    n_times: int,
    *,
    steps: int | None = None,
    start: np.ndarray | None = None,
    note: str = "",
    **changes: Any,
) -> Recipe:
    """Another way from step k of `mother` on, where the schedule has `n_times` steps.

    Its first frame is step k, where x_t is the mother's own or `start` (an edit of it). `steps`
    spreads another number of steps over the rest; `changes` are of sampler, eta, label, guidance,
    seed, clip, keep. Without any change it equals its mother bit by bit; only of a thinned record
    the first step of dpmpp is of first order, where step k - 1 was not kept; so it is after an edit
    and with another class, guidance or mask, which break the line.

    Raises: BadInput for a step that is not in the record, or fewer noise levels than steps.
    """
    frame = mother.frame_at(k)
    if frame is None:
        raise BadInput(
            f"Step {k} of run {mother.name} is not in its record. Choose a step that is."
        )
    times = mother.times(n_times)[k - mother.at :]
    if steps is not None and steps != len(times):
        times = spread(times[0], steps)
    anew = start is not None or not BREAKS.isdisjoint(changes)
    return replace(
        mother.recipe,
        kind="fork",
        note=note,
        start=frame.arrays["x_t"] if start is None else start,
        times=times,
        steps=len(times),
        before=None if anew else mother.before(k),
        first=k,
        classes=mother.recipe.drawn_by,
        **changes,
    )


def rest(run: Run, n_times: int) -> Recipe:
    """What is left of a walk. Its last step is taken again, since x_next is not kept."""
    last = run.recent[-1]
    done = last.index - run.recipe.first
    times = run.times(n_times)[done:]
    before = run.recipe.before if done == 0 else None
    if len(run.recent) > 1:
        before = as_before(run.recent[-2])
    return replace(
        run.recipe,
        classes=run.recipe.drawn_by,
        start=last.arrays["x_t"],
        times=times,
        steps=len(times),
        before=before,
        first=last.index,
    )
