"""Forks: the form follows the cursor and the brush, F or the button takes the other way.

`plug` puts the form, the tree and the comparison into the panel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent

from genstudio.abilities import BadInput
from genstudio.engine.messages import Failure
from genstudio.tape import Frame
from genstudio.ui.panels import _denoise_fork_text as text
from genstudio.ui.panels._denoise_brush import Edit
from genstudio.ui.panels._denoise_compare_clock import Clock
from genstudio.ui.panels._denoise_compare_pair import Pair
from genstudio.ui.panels._denoise_compare_section import CompareSection
from genstudio.ui.panels._denoise_duel import Beside, difference
from genstudio.ui.panels._denoise_duel_section import DuelSection
from genstudio.ui.panels._denoise_duel_start import Duel
from genstudio.ui.panels._denoise_fork_fields import KEYS
from genstudio.ui.panels._denoise_fork_section import ForkSection
from genstudio.ui.panels._denoise_fork_wish import (
    Wish,
    adds_noise,
    suggested,
    touched,
    values_of,
    wished,
)
from genstudio.ui.panels._denoise_recipe import Recipe, Run, RunState
from genstudio.ui.panels._denoise_strip_row import Row
from genstudio.ui.panels._denoise_tree_section import TreeSection

if TYPE_CHECKING:
    from genstudio.latent.denoise import Process
    from genstudio.ui.panels.denoise import Denoise
    from genstudio.ui.session import ModelRef


class Forker(QObject):
    """Joins the form to the panel: what is shown, what is painted, what would come of it."""

    def __init__(self, panel: Denoise, section: ForkSection) -> None:
        super().__init__(panel)
        self.panel, self.section = panel, section
        self.picture = panel.watch.picture
        self._run: int | None = None  # whose settings the form began with
        self._recipe: Recipe | None = None  # which those were: a run can begin anew with others
        self._steps: int | None = None  # to go at the step shown, as the form had it last
        self._own: set[str] = set()  # settings that the hand has changed
        self._wish: Wish | None = None
        section.changed.connect(self._changed)
        section.fork_wanted.connect(self.fork)
        section.same_wanted.connect(self.as_parent)
        section.tool_chosen.connect(self.picture.set_tool)
        section.erasing_chosen.connect(self.picture.set_erasing)
        section.brush_chosen.connect(self.picture.set_brush)
        section.clear_wanted.connect(self.picture.clear)
        self.picture.tool_changed.connect(section.set_tool)
        self.picture.brush_changed.connect(section.size.set_value)
        self.picture.erasing_changed.connect(section.erase.setChecked)
        self.picture.edited.connect(lambda _kind, _array: self.follow())
        self.picture.mask_changed.connect(lambda _mask: self.follow())
        self.picture.refused.connect(panel.say)
        section.set_tool(self.picture.tool())
        section.size.set_value(self.picture.brush())
        panel.step_shown.connect(lambda _run, _k: self.follow())
        panel.runs.changed.connect(self.follow)
        panel.runs.chosen.connect(lambda _run: self.follow())

    # What is shown -----------------------------------------------------------------------------

    def moment(self) -> tuple[Run, Frame] | None:
        """The run that the step shown belongs to, and its frame there."""
        panel, frame = self.panel, self.panel.frame()
        if panel.line is None or frame is None or panel.process is None:
            return None
        run = panel.line.of(frame.index)
        return (run, frame) if panel.runs.run(run.id) is run else None

    def to_go(self, run: Run, frame: Frame) -> int:
        """Steps from a frame to the end of its run."""
        return run.recipe.n_steps - frame.index

    def edit(self, run: Run, frame: Frame) -> Edit | None:
        """What is painted over this very frame."""
        edit = self.picture.edit()
        here = edit is not None and (edit.source, edit.index) == (str(run.id), frame.index)
        return edit if here else None

    def keep(self, run: Run, frame: Frame) -> tuple[np.ndarray, np.ndarray] | None:
        """The mask, and the picture (C, H, W) that it is held to."""
        mask, process = self.picture.mask(), self.panel.process
        if mask is None or process is None or process.points:
            return None
        image = min(self.panel.image, run.recipe.n - 1)
        last = self._end()
        from_end = self.section.held.value() == "end" and last is not None
        shown = last if from_end and last is not None else frame
        return mask, np.array(shown.arrays["x0_hat"][image])

    def _end(self) -> Frame | None:
        """The last frame of the run in front, once it has come to its end."""
        line = self.panel.line
        if line is None or line.run.state is not RunState.DONE or not line.run.recent:
            return None
        return line.run.recent[-1]

    def follow(self, unseen: bool = False) -> None:
        """Another step, run, edit or mask: the form says what a fork would be now, where somebody
        sees it or `unseen` says that it matters anyway.
        """
        here, section = self.moment(), self.section
        if not (section.isVisible() or unseen):
            return
        if here is None:
            self._wish = None
            section.show_nothing(self.tr("Run something first; then fork it at any step."))
            return
        run, frame = here
        self._refill(run, frame)
        mask = self.picture.mask()
        edit = self.edit(run, frame)
        section.show_painted(
            edit is not None, mask is not None, run.recipe.keep is not None, self._end() is not None
        )
        place = self.tr("At step {0} (t = {1}) of run {2}")
        words = place.format(frame.index, f"{frame.scalars['t']:,.0f}", run.name)
        self._wish, says, problem = self._wished(run, frame, edit)
        section.show_place(words, says, problem, self._wish is not None and self._wish.idle)

    def _refill(self, run: Run, frame: Frame) -> None:
        """Suggest settings for this run; what the hand has changed stays as long as it is shown."""
        steps, column = self.to_go(run, frame), self.section.column
        column.set_most_steps(int(frame.scalars["t"]))
        if run.id != self._run:
            self._run, self._own = run.id, set()
            self._suggest(run, steps)
        elif run.recipe is not self._recipe:
            self._suggest(run, steps)
        elif steps != self._steps:
            self._steps = steps
            if "steps" not in self._own:
                column.steps.set_value(steps)

    def _suggest(self, run: Run, steps: int) -> None:
        """Show what would lead elsewhere from this run, but for what the hand has changed."""
        self._steps, self._recipe = steps, run.recipe
        column = self.section.column
        values = suggested(run.recipe, steps, self._next_seed(run))
        now = column.values()
        if now is not None:
            values = replace(values, **{key: getattr(now, key) for key in self._own})
        column.set_values(values)

    def _next_seed(self, run: Run) -> int:
        """One more than the highest seed of this run and its forks."""
        seeds = [each.recipe.seed for each in self.panel.runs.children(run.id)]
        return max([run.recipe.seed, *seeds]) + 1

    def _wished(self, run: Run, frame: Frame, edit: Edit | None) -> tuple[Wish | None, str, str]:
        """The fork that would start now, in words, or what is wrong with it."""
        section = self.section
        problem, values = section.column.problem(), section.values()
        if values is None:
            return None, "", problem
        try:
            wish = wished(
                run.recipe,
                values,
                self.to_go(run, frame),
                frame,
                edit,
                self.keep(run, frame),
                not section.inherit.isChecked(),
            )
            recipe = self.panel.runs.forked(run.id, frame.index, **wish.options)
            self.panel.runs.planned(recipe)
        except BadInput as error:
            return None, "", str(error)
        return wish, self._says(run, frame, recipe, wish, edit), ""

    def _says(self, run: Run, frame: Frame, recipe: Recipe, wish: Wish, edit: Edit | None) -> str:
        if wish.idle:
            return self.tr("Nothing is changed: the fork will equal run {0}, bit by bit.").format(
                run.name
            )
        parts = text.differences(run.recipe, recipe, run.classes)
        if "steps" in wish.options:
            parts.append(self.tr("{0} steps to go").format(recipe.steps))
        if "start" in wish.options:
            n = len(touched(frame, edit))
            kind = edit.kind if edit is not None else ""
            where = self.tr("the clean guess") if kind == "x0_hat" else self.tr("x at t")
            parts.append(self.tr("{0} painted in {1} of {2}").format(where, n, run.recipe.n))
        words = self.tr("Will change: {0}.").format(", ".join(parts))
        if set(wish.options) == {"seed"} and not adds_noise(recipe.sampler, recipe.eta):
            words = self.tr(
                "{0} adds no noise, so another seed alone changes nothing. Choose ddpm, or "
                "ddim with eta above 0."
            ).format(text.sampler(recipe))
        if "keep" in wish.options and wish.options["keep"] is not None:
            share = 100 * float(wish.options["keep"][0].mean())
            more = self.tr("{0} % of image {1} stays in all {2} of the batch.")
            image = min(self.panel.image, run.recipe.n - 1) + 1
            words += " " + more.format(f"{share:.0f}", image, run.recipe.n)
        return words

    # Changing ----------------------------------------------------------------------------------

    def _changed(self) -> None:
        here = self.moment()
        if here is not None:
            values, stands = self.section.values(), values_of(here[0].recipe, self.to_go(*here))
            if values is not None:
                self._own |= {k for k in KEYS if getattr(values, k) != getattr(stands, k)}
        self.follow()

    def as_parent(self) -> None:
        """Every setting as the run has it, nothing painted."""
        here = self.moment()
        if here is not None:
            self._own = set()
            self.section.inherit.setChecked(True)
            self.section.column.set_values(values_of(here[0].recipe, self.to_go(*here)))
            self.picture.clear()
            self.follow()

    def fork(self) -> None:
        """Start the fork; what is wrong with it stands in the form, and is said."""
        self.follow(unseen=True)
        here, wish = self.moment(), self._wish
        if here is None or wish is None:
            self.panel.say(self.section.error.text() or self.section.place.text())
            return
        run, frame = here
        try:
            self.panel.runs.fork(run.id, frame.index, **wish.options)
        except BadInput as error:
            self.panel.session.failed.emit(Failure(str(error)))
            return
        self.picture.set_edit(None)
        self.picture.set_mask(None)
        self.picture.set_tool("")
        self.follow()

    def use(self, process: Process | None) -> None:
        """Another model."""
        if process is not None:
            column = self.section.column
            column.set_samplers(process.samplers)
            column.set_classes([str(k) for k in range(process.n_classes)])
            self.section.brush.setVisible(not process.points)
        self._run = None
        self.follow()


class _Section(ForkSection):
    """The form, which hears of models from the Inspector."""

    forker: Forker

    def use(self, ref: ModelRef | None, process: Process | None) -> None:
        self.forker.use(process)

    def named(self, names: Sequence[str]) -> None:
        self.column.set_classes(names)

    def showEvent(self, event: QShowEvent) -> None:
        self.forker.follow(unseen=True)


def plug(panel: Denoise) -> None:
    """Put tree, form, comparison and duel into the panel, and F on it."""
    pair = Pair(panel.runs, panel)
    clock = Clock(panel.runs, panel)
    duel = Duel(panel.session, panel.runs, panel)
    section, tree = _Section(), TreeSection(panel, pair)
    forker = section.forker = Forker(panel, section)
    compare = CompareSection(panel, pair)
    for each in (tree, section, compare, DuelSection(panel, pair, duel, clock)):
        panel.column.add(each)
    panel.add_mode(Beside(panel, pair, duel, compare))
    tree.fork_wanted.connect(forker.fork)
    panel.run_menu = tree.menu
    panel.watch.more_rows.append(lambda: _between(panel, pair))
    pair.changed.connect(lambda: panel.watch.show_runs(panel.runs))
    for place in (panel, section, tree):
        key = QShortcut(QKeySequence("F"), place)
        key.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        key.activated.connect(forker.fork)


def _between(panel: Denoise, pair: Pair) -> list[Row]:
    """The difference of the two runs that are looked at, as a row below all."""
    both = pair.both()
    if both is None:
        return []
    title = panel.tr("run {0} − run {1} at the same t")
    return [difference(pair, *both, title.format(*(run.name for run in both)))]
