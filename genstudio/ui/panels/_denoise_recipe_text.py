"""Recipes in words: samplers, classes by name, what differs between two, and titles of runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from genstudio.ui.panels._denoise_recipe import Recipe, Run

tr = QCoreApplication.translate


def sampler(recipe: Recipe) -> str:
    """ "ddim eta 0.5", or the sampler's name alone where eta says nothing."""
    if recipe.sampler == "ddim":
        return tr("RunText", "ddim eta {0}").format(f"{recipe.eta:g}")
    return recipe.sampler


def label(value: int | None, names: Sequence[str]) -> str:
    """ "class 2", "class 90 degrees" where the classes have names, or "any class"."""
    if value is None:
        return tr("RunText", "any class")
    return tr("RunText", "class {0}").format(names[value] if value < len(names) else value)


def differences(old: Recipe, new: Recipe, names: Sequence[str]) -> list[str]:
    """What of `new` is not as in `old`, in a few words each; steps are not compared. `names` are
    those of the classes, as far as they are known.
    """
    words = []
    if new.seed != old.seed:
        words.append(tr("RunText", "seed {0}").format(new.seed))
    if sampler(new) != sampler(old):
        words.append(sampler(new))
    if new.label != old.label:
        words.append(label(new.label, names))
    if new.guidance != old.guidance:
        words.append(tr("RunText", "guidance {0}").format(f"{new.guidance:g}"))
    if new.clip != old.clip:
        words.append(tr("RunText", "clipped") if new.clip else tr("RunText", "not clipped"))
    if new.keep is not old.keep:
        kept = tr("RunText", "nothing kept")
        words.append(kept if new.keep is None else tr("RunText", "a part kept"))
    return words


def changes(run: Run, parent: Run) -> list[str]:
    """What a fork changed of its parent."""
    recipe = run.recipe
    words = differences(parent.recipe, recipe, run.classes)
    if "brush" in recipe.note:  # a mask is among the differences already
        words.append(tr("RunText", "painted"))
    if recipe.n_steps != parent.recipe.n_steps:
        words.append(tr("RunText", "{0} steps to go").format(f"{recipe.steps:,}"))
    return words


def title(run: Run) -> str:
    """ "run 1, seed 7, ddim, 50 steps", or "run 1.1, forked at step 20, seed 8, class 3"."""
    recipe = run.recipe
    if recipe.kind == "fork" and run.mother is not None:
        head = tr("Run", "run {0}, forked at step {1}").format(run.name, recipe.first)
        changed = changes(run, run.mother)
        return ", ".join([head, *(changed or [tr("RunText", "nothing changed")])])
    if recipe.kind == "image":
        words = tr("Run", "run {0}, from an image at t = {1}, {2}, {3} steps")
        t = recipe.times[0] if recipe.times else 0
        parts = [words.format(run.name, t, recipe.sampler, recipe.steps)]
    else:
        words = tr("Run", "run {0}, seed {1}, {2}, {3} steps")
        parts = [words.format(run.name, recipe.seed, recipe.sampler, recipe.steps)]
    if recipe.sampler == "ddim" and recipe.eta:
        parts.append(tr("Run", "eta {0}").format(f"{recipe.eta:g}"))
    if recipe.label is not None:
        parts.append(label(recipe.label, run.classes))
    if recipe.guidance != 1.0:
        parts.append(tr("Run", "guidance {0}").format(f"{recipe.guidance:g}"))
    if recipe.note:
        parts.append(recipe.note)
    return ", ".join(parts)
