"""Two runs beside each other in numbers: how far apart they are, and where they part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from genstudio.ui import theme
from genstudio.ui.panels import _denoise_fork_text as text
from genstudio.ui.panels._denoise_compare_numbers import IMAGE_UNIT, Distance, figure
from genstudio.ui.panels._denoise_compare_pair import Pair
from genstudio.ui.panels._denoise_fork_fields import Box
from genstudio.ui.panels._denoise_plug import Section
from genstudio.ui.panels._denoise_recipe import Run
from genstudio.ui.widgets._tool import small_tool
from genstudio.ui.widgets.number_table import NumberTable

if TYPE_CHECKING:
    from genstudio.ui.panels.denoise import Denoise

NOBODY = -1
PACE_MS = 4  # between two slices of measuring


class CompareSection(Section):
    """Which run stands beside the one in front, and the distance between them."""

    moved = Signal(float)  # the hand wants to see this t
    measured = Signal()  # the distance is known at more times

    key = "compare"
    order = 35
    modes = ("denoise", "plane", "duel")

    def __init__(self, panel: Denoise, pair: Pair) -> None:
        super().__init__()
        self.title = self.tr("Beside another run")
        self.tip = self.tr("Any two runs compared step by step")
        self._panel, self._pair = panel, pair
        self._distance: Distance | None = None
        self._t: float | None = None
        self._waiting = False
        self.other = Box()
        self.other.setAccessibleName(self.tr("Run beside the one in front"))
        self.other.setToolTip(self.tr("Which run is B; A is the one in front"))
        self.other.activated.connect(lambda _index: self._chose())
        self.swap = small_tool(
            self, "swap", self.tr("B comes to the front and A beside it"), pair.swap
        )
        self.see = QPushButton(self.tr("Side by side"))
        self.see.setToolTip(self.tr("Large pictures of both at the same t, and their difference"))
        self.see.clicked.connect(lambda _=False: self._see())
        self.says = theme.caption(QLabel())
        self.says.setWordWrap(True)
        self.numbers = NumberTable()
        self.parting = QPushButton(self.tr("Go to where they part"))
        self.parting.setToolTip(self.tr("The first step at which the two differ in any pixel"))
        self.parting.clicked.connect(lambda _=False: self._go_to_parting())
        self._slices = QTimer(self, singleShot=True, interval=PACE_MS)
        self._slices.timeout.connect(self._measure)
        self._lay_out()
        pair.changed.connect(self.refresh)
        panel.runs.changed.connect(self.refresh)
        panel.runs.grew.connect(self._grew)
        panel.image_chosen.connect(lambda _index: self.refresh())
        panel.watch.picture.alone_changed.connect(lambda _alone: self.refresh())
        panel.mode_changed.connect(lambda key: self.see.setVisible(key == "denoise"))
        panel.step_shown.connect(self._step_shown)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(theme.GRID // 2)
        self.front = QLabel()
        row.addWidget(self.front)
        row.addWidget(self.other, 1)
        row.addWidget(self.swap)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addLayout(row)
        column.addWidget(self.says)
        for widget in (self.numbers, self.see, self.parting):
            column.addWidget(widget)

    # Get and set -------------------------------------------------------------------------------

    def distance(self) -> Distance | None:
        """Between the two runs, as far as it is measured."""
        return self._distance

    def show_time(self, t: float) -> None:
        """The cursor stands at this t."""
        if t != self._t:
            self._t = t
            self._tell()

    def set_waiting(self, waiting: bool) -> None:
        """Whether a duel is under way whose second run is still to come."""
        if waiting != self._waiting:
            self._waiting = waiting
            self.refresh()

    def refresh(self) -> None:
        """Another pair, image, or state of a run."""
        pair = self._pair.both()
        self._fill(pair)
        self._distance = self._between(pair)
        if self._distance is None:
            self._slices.stop()
        elif self._awake():
            self._slices.start()
        self._tell()

    def _awake(self) -> bool:
        """Whether somebody looks at the numbers or at the curve."""
        return self.isVisible() or self._panel.mode == "duel"

    def _fill(self, pair: tuple[Run, Run] | None) -> None:
        others, a = self._pair.others(), self._pair.a()
        chosen = pair[1].id if pair else NOBODY
        self.front.setText(self.tr("{0} and").format(text.name(a)) if a is not None else "")
        self.other.clear()
        self.other.addItem(self.tr("no other") if others else self.tr("no other yet"), NOBODY)
        for run in others:
            self.other.addItem(text.name(run), run.id)
        self.other.setCurrentIndex(max(0, self.other.findData(chosen)))
        self.other.setEnabled(bool(others))
        self.swap.setEnabled(pair is not None)
        self.see.setEnabled(bool(others))

    def _between(self, pair: tuple[Run, Run] | None) -> Distance | None:
        """The distance of this pair and image: the one there was, if nothing is another."""
        process = self._panel.process
        if pair is None or process is None or self._waiting:
            return None
        films = [self._pair.film(run) for run in pair]
        image = self._panel.image if self._panel.watch.picture.alone() else None
        old = self._distance
        if old is not None and [old.first, old.second] == films and old.image == image:
            return old
        return Distance(*films, image, process.scale if process.points else IMAGE_UNIT)

    def _grew(self, run: int) -> None:
        pair = self._pair.both()
        if pair is not None and run in (pair[0].id, pair[1].id) and self._awake():
            self._slices.start()

    def _measure(self) -> None:
        if self._distance is None:
            return
        if not self._distance.grow():
            self._slices.start()
        self._tell()
        self.measured.emit()

    def showEvent(self, event: QShowEvent) -> None:
        self.refresh()

    def hideEvent(self, event: object) -> None:
        if self._panel.mode != "duel":
            self._slices.stop()

    # Words -------------------------------------------------------------------------------------

    def _tell(self) -> None:
        distance, pair = self._distance, self._pair.both()
        self.numbers.setVisible(distance is not None)
        self.parting.setVisible(distance is not None)
        if distance is None or pair is None:
            words = self.tr("Fork this run, or start another with as many images, to compare.")
            if self._waiting:
                words = self.tr("A duel is under way: its numbers come with its second run.")
            elif self._pair.others():
                words = self.tr("Choose a run to see beside the one in front.")
            self.says.setText(words)
            return
        a, b = pair
        apart = ", ".join(text.differences(a.recipe, b.recipe, a.classes))
        if pair[0].recipe.n_steps != pair[1].recipe.n_steps:
            steps = self.tr("{0} steps in all").format(f"{pair[1].recipe.n_steps:,}")
            apart = f"{apart}, {steps}" if apart else steps
        words = self.tr("B differs: {0}.").format(apart) if apart else self.tr("Equal settings.")
        self.says.setText(words)
        self._tell_numbers(distance)

    def _tell_numbers(self, distance: Distance) -> None:
        here = distance.at(self._t) if self._t is not None else None
        parts, end = distance.parts_at(), distance.at_end()
        names = [
            self.tr("clean guesses apart"),
            self.tr("x at t apart"),
            self.tr("results apart"),
            self.tr("they part"),
        ]
        equal = self.tr("nowhere") if end is not None else self.tr("not yet")
        values = [
            _figure(here.rms if here else None),
            _figure(here.rms_x_t if here else None),
            _figure(end),
            equal if parts is None else self.tr("at t = {0}").format(f"{parts:,.0f}"),
        ]
        self.numbers.set_rows(list(zip(names, values, strict=True)))
        what = (
            self.tr("over the whole batch")
            if distance.image is None
            else self.tr("of image {0}").format(distance.image + 1)
        )
        rms = self.tr("Root mean square of the difference, pixels from 0 to 1, {0}.").format(what)
        if self._panel.process is not None and self._panel.process.points:
            rms = self.tr("Root mean square of the difference in data units, {0}.").format(what)
        where = ""
        if here is not None and not here.same_time:
            where = self.tr("A at t = {0} against B at t = {1}.").format(
                f"{here.t_a:,.0f}", f"{here.t_b:,.0f}"
            )
        for name in names[:2]:
            self.numbers.set_tip(name, f"{rms}\n{where}".strip())
        self.numbers.set_tip(names[2], rms)
        self.numbers.set_tip(
            names[3],
            self.tr("The first t that both have at which any value differs, {0}.").format(what),
        )
        self.parting.setEnabled(parts is not None)

    # The hand ----------------------------------------------------------------------------------

    def _chose(self) -> None:
        run = self.other.currentData()
        self._pair.set_partner(None if run == NOBODY else int(run))

    def _see(self) -> None:
        self._pair.suggest()
        self._panel.set_mode("duel")

    def _go_to_parting(self) -> None:
        parts = self._distance.parts_at() if self._distance is not None else None
        if parts is not None:
            self.moved.emit(parts)

    def _step_shown(self, _run: int, _k: int) -> None:
        frame = self._panel.frame()
        if frame is not None and self._panel.mode != "duel":
            self.show_time(float(frame.scalars["t"]))


def _figure(value: float | None) -> str:
    """A distance, with as many digits as it deserves; a dash where there is none yet."""
    return "–" if value is None else figure(value)
