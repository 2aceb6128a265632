"""The duel in the Inspector: two columns of settings, duels worth seeing, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout

from genstudio.abilities import BadInput
from genstudio.engine.messages import Failure
from genstudio.ui import theme
from genstudio.ui.panels._denoise_compare_clock import Clock, net_calls
from genstudio.ui.panels._denoise_compare_pair import Pair
from genstudio.ui.panels._denoise_duel_start import PRESETS, Duel, Preset, sides_of
from genstudio.ui.panels._denoise_fork_fields import Column, Values, lay_out
from genstudio.ui.panels._denoise_plug import Section
from genstudio.ui.panels._denoise_recipe import Recipe, Run
from genstudio.ui.widgets._tool import small_tool

if TYPE_CHECKING:
    from genstudio.latent.denoise import Process
    from genstudio.ui.panels.denoise import Denoise
    from genstudio.ui.session import ModelRef

NUMBERS = ("steps", "eta", "guidance")  # of each side, in columns
OWN = ("sampler", *NUMBERS)
SHARED = ("seed", "label")  # of both


class Facts(QGridLayout):
    """What both runs took, side by side."""

    def __init__(self, names: list[str], tips: list[str]) -> None:
        super().__init__()
        self.setContentsMargins(0, 0, 0, 0)
        self.setHorizontalSpacing(theme.GRID)
        self.setVerticalSpacing(4)
        self.setColumnStretch(0, 1)
        self.cells: dict[tuple[str, str], QLabel] = {}
        for column, letter in enumerate("AB", start=1):
            head = theme.quiet(QLabel(letter))
            head.setAlignment(Qt.AlignmentFlag.AlignRight)
            self.addWidget(head, 0, column)
        for row, (name, tip) in enumerate(zip(names, tips, strict=True), start=1):
            label = theme.quiet(QLabel(name))
            label.setToolTip(tip)
            self.addWidget(label, row, 0)
            for column, letter in enumerate("AB", start=1):
                cell = self.cells[name, letter] = theme.figure(QLabel("–"))
                cell.setMinimumWidth(56)  # room for four digits in the narrowest Inspector
                cell.setToolTip(tip)
                self.addWidget(cell, row, column)

    def write(self, name: str, letter: str, words: str) -> None:
        cell = self.cells[name, letter]
        cell.setText(words)
        cell.setAccessibleName(f"{name}, {letter}: {words}")

    def read(self, name: str) -> tuple[str, str]:
        return self.cells[name, "A"].text(), self.cells[name, "B"].text()


class DuelSection(Section):
    """Sets both sides up and starts them; numbers without a winner."""

    key = "duel"
    order = 36
    shown = True
    modes = ("duel",)

    def __init__(self, panel: Denoise, pair: Pair, duel: Duel, clock: Clock) -> None:
        super().__init__()
        self.title = self.tr("Duel")
        self.tip = self.tr("Two samplers or step counts from the same noise")
        self._panel, self._pair, self.duel, self._clock = panel, pair, duel, clock
        self._touched = False  # whether the hand has set anything
        self.columns = (Column(self, OWN, "A"), Column(self, OWN, "B"))
        self.shared = Column(self, SHARED)
        for column in (*self.columns, self.shared):
            column.changed.connect(self._changed)
        self.presets = self._presets()
        self.size = theme.caption(QLabel())
        self.size.setWordWrap(True)
        self.error = theme.error(QLabel())
        self.error.setWordWrap(True)
        self.error.setFont(theme.text_font(theme.CAPTION_PX))
        self.begin = theme.primary(QPushButton(self.tr("Start the duel")))
        self.begin.setToolTip(
            self.tr(
                "Both walk from the same x at T, with the same noise where both add noise at the "
                "same t; one after the other, so that each is timed alone"
            )
        )
        self.begin.clicked.connect(lambda _=False: self.start())
        self.steps, self.calls, self.took, self.each = (
            self.tr("steps"),
            self.tr("net calls"),
            self.tr("seconds"),
            self.tr("ms a step"),
        )
        taken = self.tr(
            "Measured here from the first step to the last, while the window drew them; a dash "
            "where the run was interrupted or another ran beside it"
        )
        self.facts = Facts(
            [self.steps, self.calls, self.took, self.each],
            [
                self.tr("Steps from noise to the image"),
                self.tr("How often the net saw the batch: once a step, twice under guidance"),
                taken,
                taken,
            ],
        )
        self._lay_out()
        panel.runs.changed.connect(self.refresh)
        pair.changed.connect(self._follow)
        duel.changed.connect(self.refresh)
        clock.measured.connect(lambda _run: self.refresh())

    def _presets(self) -> dict[str, QPushButton]:
        words = {
            "all": self.tr("ddpm vs dpmpp 20"),
            "few": self.tr("ddim 10 vs dpmpp 10"),
            "eta": self.tr("eta 0 vs eta 1"),
        }
        tips = {
            "all": self.tr("Every step of the schedule against twenty of a second-order solver"),
            "few": self.tr("First order against second order at ten steps"),
            "eta": self.tr("ddim without noise against as much noise as ddpm, 50 steps each"),
        }
        buttons = {}
        for key, preset in PRESETS.items():
            button = buttons[key] = QPushButton(words[key])
            button.setToolTip(tips[key])
            button.clicked.connect(lambda _=False, p=preset: self.play(p))
        return buttons

    def _lay_out(self) -> None:
        shared = QGridLayout()
        own = QGridLayout()
        for grid in (shared, own):
            grid.setContentsMargins(0, 0, 0, 0)
            grid.setHorizontalSpacing(theme.GRID)
            grid.setVerticalSpacing(6)
            grid.setColumnStretch(1, 1)
        own.setColumnStretch(2, 1)
        lay_out(shared, SHARED, (self.shared,))
        self.mirror = small_tool(self, "swap", self.tr("Exchange the two sides"), self._mirror)
        for row, (letter, column) in enumerate(zip("AB", self.columns, strict=True)):
            name = theme.quiet(QLabel(self.tr("Sampler {0}").format(letter)))
            name.setBuddy(column.sampler)
            own.addWidget(name, row, 0)
            own.addWidget(column.sampler, row, 1, 1, 2)  # its words need the width of both
            own.addWidget(theme.heading(QLabel(letter)), 2, row + 1)
            for key in NUMBERS:
                getattr(column, key).setMinimumWidth(56)
        own.addWidget(self.mirror, 2, 0, Qt.AlignmentFlag.AlignLeft)
        lay_out(own, NUMBERS, self.columns, row=3)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        for button in self.presets.values():
            column.addWidget(button)
        column.addLayout(own)
        column.addLayout(shared)
        for widget in (self.size, self.error, self.begin):
            column.addWidget(widget)
        column.addLayout(self.facts)

    # Get and set -------------------------------------------------------------------------------

    def use(self, ref: ModelRef | None, process: Process | None) -> None:
        self.duel.live = ref is not None and ref.run is not None
        if process is None:
            return
        for column in (*self.columns, self.shared):
            column.set_samplers(process.samplers)
            column.set_classes([str(k) for k in range(process.n_classes)])
            column.set_most_steps(process.n_steps)
        full = self.tr("ddpm {0} vs dpmpp 20").format(f"{process.n_steps:,}")
        self.presets["all"].setText(full)
        self._set(*sides_of(PRESETS["few"], self._base(), process.n_steps))

    def named(self, names: Sequence[str]) -> None:
        for column in (*self.columns, self.shared):
            column.set_classes(names)

    def recipes(self) -> tuple[Recipe, Recipe] | None:
        """Both sides as they are set, or None while something is wrong."""
        values = [column.values() for column in (*self.columns, self.shared)]
        if any(value is None for value in values):
            return None
        n = self._batch()
        shared = values[2]
        a, b = (
            Recipe(
                n=n,
                seed=shared.seed,
                sampler=side.sampler,
                steps=side.steps,
                eta=side.eta,
                label=shared.label,
                guidance=side.guidance if shared.label is not None else 1.0,
            )
            for side in values[:2]
        )
        return a, b

    def refresh(self) -> None:
        """Say what a duel would take, and what the two that are shown took; where it is seen."""
        if not self.isVisible():
            return
        problem = next((c.problem() for c in (*self.columns, self.shared) if c.problem()), "")
        recipes, words = self.recipes(), ""
        if recipes is not None and self._panel.process is not None:
            try:
                plans = self.duel.planned(*recipes)
            except BadInput as error:
                problem = str(error)
            else:
                full = f"{sum(plan.full_bytes for plan in plans) / 1e6:,.1f}"
                words = self.tr("{0} images a side, records of {1} MB.")
                if recipes[0].n == 1:
                    words = self.tr("One image a side, records of {1} MB.")
                words = words.format(recipes[0].n, full)
                if any(plan.every > 1 for plan in plans):
                    every = max(plan.every for plan in plans)
                    words += " " + self.tr("One step in {0} is kept.").format(every)
        self.size.setText(words)
        self.size.setVisible(bool(words) and not problem)
        self.error.setText(problem)
        self.error.setVisible(bool(problem))
        ready = not problem and self._panel.process is not None
        self.begin.setEnabled(ready and not self.duel.waiting())
        self._tell_facts()

    def showEvent(self, event: QShowEvent) -> None:
        self.refresh()

    def _tell_facts(self) -> None:
        sides: tuple[Run | None, Run | None] = (self._pair.a(), self._pair.b())
        if self.duel.waiting():
            sides = self.duel.sides()
        for letter, run in zip("AB", sides, strict=True):
            seconds = self._clock.seconds(run) if run is not None else None
            values = dict.fromkeys((self.steps, self.calls, self.took, self.each), "–")
            if run is not None:
                values[self.steps] = f"{run.recipe.steps:,}"
                values[self.calls] = f"{net_calls(run.recipe):,}"
            if run is not None and seconds is not None:
                values[self.took] = f"{seconds:.2f}"
                values[self.each] = f"{1000 * seconds / run.recipe.steps:.1f}"
            for name, words in values.items():
                self.facts.write(name, letter, words)

    # Doing -------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin both sides, in the view that shows them."""
        recipes = self.recipes()
        if recipes is None:
            return
        self._panel.set_mode(self.key)
        try:
            self.duel.start(*recipes)
        except BadInput as error:
            self._panel.session.failed.emit(Failure(str(error)))

    def play(self, preset: Preset) -> None:
        """Set both sides up as `preset` and start."""
        process = self._panel.process
        if process is not None:
            self._set(*sides_of(preset, self._base(), process.n_steps))
            self.start()

    # Private -----------------------------------------------------------------------------------

    def _follow(self) -> None:
        """Until the hand has set others, seed and class are those of the run in front."""
        run = self._pair.a()
        if run is not None and not self._touched:
            self.shared.set_values(self._base())
            self._share_class()
        self.refresh()

    def _batch(self) -> int:
        run = self._pair.a()
        return run.recipe.n if run is not None else Recipe().n

    def _base(self) -> Values:
        """Seed, class and guidance: those of the run in front, until the hand has set others."""
        run, shared = self._pair.a(), self.shared.values()
        if run is None or (shared is not None and self._touched):
            return replace(shared or Values(), guidance=self._guidance())
        recipe = run.recipe
        return Values(recipe.seed, label=recipe.label, guidance=recipe.guidance)

    def _guidance(self) -> float:
        values = self.columns[0].values()
        return values.guidance if values is not None else 1.0

    def _set(self, a: Values, b: Values) -> None:
        self.shared.set_values(a)
        for column, values in zip(self.columns, (a, b), strict=True):
            column.set_values(values)
        self.refresh()

    def _changed(self) -> None:
        self._touched = True
        self._share_class()
        self.refresh()

    def _share_class(self) -> None:
        """Guidance can be set where a class is chosen for both."""
        values = self.shared.values()
        if values is not None:
            for column in self.columns:
                column.set_class(values.label)

    def _mirror(self) -> None:
        a, b = (column.values() for column in self.columns)
        if a is not None and b is not None:
            for column, values in zip(self.columns, (b, a), strict=True):
                column.set_values(values)
            self._changed()
