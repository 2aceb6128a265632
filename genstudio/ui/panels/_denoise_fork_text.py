"""Runs in words: what they were asked, what differs from their parent, where they stand."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from genstudio.ui.panels import _denoise_recipe_text as recipe_text
from genstudio.ui.panels._denoise_recipe import Run, RunState
from genstudio.ui.panels._denoise_recipe_text import differences, label, sampler

__all__ = ["changes", "differences", "label", "name", "sampler", "since", "standing", "tip"]

tr = QCoreApplication.translate


def name(run: Run) -> str:
    """ "Run 1.2"."""
    return tr("RunText", "Run {0}").format(run.name)


def changes(run: Run, parent: Run | None) -> list[str]:
    """What a fork changed of its parent; of a root, its settings."""
    if parent is not None:
        return recipe_text.changes(run, parent)
    recipe = run.recipe
    words = [tr("RunText", "seed {0}").format(recipe.seed), sampler(recipe)]
    words.append(tr("RunText", "{0} steps").format(f"{recipe.steps:,}"))
    if recipe.label is not None:
        words.append(label(recipe.label, run.classes))
    if recipe.guidance != 1.0:
        words.append(tr("RunText", "guidance {0}").format(f"{recipe.guidance:g}"))
    return words


def since(run: Run, parent: Run | None, n_times: int) -> str:
    """ "forked at step 20 (t = 600): seed 8, ddim eta 0.5"; of a root, its settings."""
    words = ", ".join(changes(run, parent))
    if parent is None:
        return words
    head = tr("RunText", "forked at step {0} (t = {1}): {2}")
    t = run.times(n_times)[0]
    return head.format(run.recipe.first, t, words or tr("RunText", "nothing changed"))


def standing(run: Run) -> str:
    """Where a run is that has not come to its end; "" for one that has."""
    done, steps = f"{run.done_steps:,}", f"{run.recipe.steps:,}"
    if run.state is RunState.RUNNING:
        return tr("RunText", "step {0} of {1}").format(done, steps)
    if run.state is RunState.PAUSED:
        return tr("RunText", "stopped after {0} of {1} steps").format(done, steps)
    if run.state is RunState.FAILED:
        return tr("RunText", "failed")
    return ""


def tip(run: Run, parent: Run | None, n_times: int) -> str:
    """All of a run's settings, a line each, for its tooltip."""
    recipe = run.recipe
    lines = [name(run), since(run, parent, n_times)]
    if standing(run):
        lines.append(standing(run))
    if run.failure is not None:
        lines.append(run.failure.sentence())
    clip = tr("RunText", "x0_hat clipped") if recipe.clip else tr("RunText", "x0_hat not clipped")
    lines += [
        tr("RunText", "{0}, {1} steps from t = {2}").format(
            sampler(recipe), f"{recipe.steps:,}", run.times(n_times)[0]
        ),
        tr("RunText", "seed {0}, {1}, guidance {2}, {3}").format(
            recipe.seed, label(recipe.label, run.classes), f"{recipe.guidance:g}", clip
        ),
        tr("RunText", "batch of {0}").format(recipe.n),
    ]
    if recipe.keep is not None:
        share = 100 * float(recipe.keep[0].mean())
        lines.append(tr("RunText", "{0} % of the pixels kept").format(f"{share:.0f}"))
    if run.thinned:
        every = tr("RunText", "of its record every {0} steps are kept")
        lines.append(every.format(run.tape.plan.every))
    return "\n".join(lines)
