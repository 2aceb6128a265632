"""Denoise: watch a diffusion model turn noise into images, step by step, and take another way.

How parts plug in stands in `_denoise_plug`; the runs themselves in `_denoise_run`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QMenu, QWidget

from genstudio.tape import Frame
from genstudio.ui.panel import Panel, PanelSpec, Timeline, save_png
from genstudio.ui.panels import _denoise_state, _denoise_tour
from genstudio.ui.panels._denoise_bar import KINDS, Bar
from genstudio.ui.panels._denoise_inspector import Column
from genstudio.ui.panels._denoise_line import Line, StepTimeline
from genstudio.ui.panels._denoise_model import ModelInView, serves
from genstudio.ui.panels._denoise_numbers import Numbers
from genstudio.ui.panels._denoise_plug import Mode
from genstudio.ui.panels._denoise_recipe import Recipe, RunState
from genstudio.ui.panels._denoise_run import Runs
from genstudio.ui.panels._denoise_settings import Settings
from genstudio.ui.panels._denoise_starter import Starter
from genstudio.ui.panels._denoise_tell import news, take_key
from genstudio.ui.panels._denoise_text import FIRST_MODEL, HELP
from genstudio.ui.panels._denoise_watch import Watch
from genstudio.ui.panels._denoise_wiring import PARTS, wire
from genstudio.ui.session import ModelRef, Session
from genstudio.ui.widgets.banner import EmptyState
from genstudio.ui.widgets.stage import Stage

if TYPE_CHECKING:
    from genstudio.latent.denoise import Process

FRAME_MS = 16  # pictures are painted at most so often while frames arrive


class Denoise(Panel):
    """The runs of one diffusion model, and the step under the cursor."""

    step_shown = Signal(int, int)  # run id, step k: what the cursor stands at
    image_chosen = Signal(int)
    kind_changed = Signal(str)
    mode_changed = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.ref: ModelRef | None = None
        self.process: Process | None = None
        self.step = 0
        self.image = 0
        self.kind = "x0_hat"
        self.mode = "denoise"
        self.in_front = False
        self.line: Line | None = None
        self._following = True  # the cursor goes along with the frames that arrive
        self._dirty = False
        self._grown: set[int] = set()  # runs with frames that the strips have not heard of
        self.run_menu: Callable[[int], QMenu | None] = lambda _run: None
        self.runs = Runs(session, self)
        self.steps = StepTimeline(self)
        self.bar = Bar()
        self.column = Column()
        self.stage = Stage()
        self.empty = EmptyState(icon="denoise")
        self.modes: dict[str, Mode] = {}
        self.watch = Watch()
        self.settings = Settings()
        self.numbers = Numbers()
        self.model = ModelInView(self)
        self.starter = Starter(self, self.settings)
        self._pace = QTimer(self, singleShot=True, interval=FRAME_MS)
        self._pace.timeout.connect(self._paint_if_dirty)
        self._lay_out()
        self.add_mode(self.watch)
        self.column.add(self.settings)
        self.column.add(self.numbers)
        self.settings.set_wanted(replace(self.settings.wanted(), seed=session.seed))
        wire(self)
        for plug in PARTS:
            plug(self)
        self.model.changed("A")

    def _lay_out(self) -> None:
        self.stage.addWidget(self.empty)
        column = self.lay_column()
        column.addWidget(self.bar)
        column.addWidget(self.stage, 1)

    def add_mode(self, mode: Mode) -> None:
        """Put a view on the stage, and on the switch where the model can be shown in it."""
        self.modes[mode.key] = mode
        self.stage.addWidget(mode)
        mode.timeline_changed.connect(self.timeline_changed)
        self.offer_modes()

    # Panel -------------------------------------------------------------------------------------

    def inspector(self) -> QWidget:
        return self.column

    def timeline(self) -> Timeline | None:
        mode = self.modes.get(self.mode)
        own = mode.timeline() if mode is not None else None
        return own or self.steps

    def activated(self) -> None:
        self.in_front = True
        if self.process is not None:
            self.modes[self.mode].entered()
        self.starter.pay()

    def deactivated(self) -> None:
        self.in_front = False
        self.modes[self.mode].left()

    def export_png(self, path: Path) -> None:
        save_png(self.stage.currentWidget().grab(), path)

    # Runs --------------------------------------------------------------------------------------

    def recipe(self) -> Recipe:
        """What a run from noise would be with the settings as they stand."""
        return self.starter.recipe()

    def seed_changed(self, seed: int) -> None:
        self.starter.seed_changed(seed)

    def run_chosen(self, number: int) -> None:
        """Another run is in front. The cursor stays at its step, or goes along with a run on its
        way.
        """
        run = self.runs.run(number)
        self.line = Line(self.runs, run) if run is not None else None
        on_its_way = run is not None and run.state is RunState.RUNNING
        self._following = self._following or on_its_way
        self.starter.follow()
        self._paint()

    def runs_changed(self) -> None:
        if self.line is not None and self.line.run.tape is not self.line.tape:
            self._begin_line()
        self.watch.show_runs(self.runs)
        self.bar.show_run(self.runs.current(), self.starter.pending)
        self.starter.show_record()
        self.starter.keep_up()
        self.say(news(self))
        self._dirty = True
        self._paint_soon()

    def _begin_line(self) -> None:
        """The run in front has begun anew: its record is another."""
        if self.line is not None:
            self.line = Line(self.runs, self.line.run)
            self._following = True

    def grew(self, number: int) -> None:
        """A frame has come: it is painted at once, but no more often than every `FRAME_MS`."""
        self._grown.add(number)
        self._dirty = True
        self._paint_soon()

    def _paint_soon(self) -> None:
        if not self._pace.isActive():
            self._paint_if_dirty()

    def _paint_if_dirty(self) -> None:
        if self._dirty:
            self._paint()
            self._pace.start()

    # What is shown -----------------------------------------------------------------------------

    def frame(self) -> Frame | None:
        """The frame under the cursor; a fork's first steps are its parent's."""
        return self.line.frame(self.step) if self.line is not None else None

    def show_step(self, k: int) -> None:
        """Put the cursor at step k; at the frontier it goes along with what arrives."""
        if self.line is not None:
            self._following = k >= self.line.frontier()
            self.step = k
            self._paint()

    def scrub(self, number: int, k: int) -> None:
        """Put the cursor at step k of a run, which comes to the front."""
        self._following = False
        if self.line is None or self.line.of(k).id != number:
            self.runs.choose(number)
        self.show_step(k)

    def show_t(self, t: float) -> None:
        """Put the cursor at the step that is nearest to t."""
        if self.line is not None:
            self.show_step(self.line.nearest(t))

    def choose_image(self, index: int) -> None:
        """Another image of the batch."""
        if index != self.image:
            self.image = index
            self.watch.picture.set_index(index)
            self.watch.strips.set_image(index)
            self.image_chosen.emit(index)

    def set_kind(self, kind: str) -> None:
        """What the pictures show, one of KINDS."""
        if kind in KINDS and kind != self.kind:
            self.kind = kind
            self.bar.kinds.set_value(kind)
            self.watch.picture.set_kind(kind)
            self.watch.strips.set_kind(kind)
            self.kind_changed.emit(kind)

    def set_mode(self, key: str) -> None:
        """Bring a view to the front; one that cannot show the model is passed over."""
        offered = self._offered()
        if self.process is None or not offered:
            return
        if key not in offered:
            key = offered[0]
        before, self.mode = self.mode, key
        if before != key and before in self.modes:
            self.modes[before].left()
        self.stage.setCurrentWidget(self.modes[key])
        self.bar.modes.set_value(key)
        self.column.show_mode(key)
        if self.in_front:
            self.modes[key].entered()
        self.bar.show_for(key)
        self.mode_changed.emit(key)
        self.timeline_changed.emit()
        self._paint()
        self.starter.pay()

    def say(self, sentence: str) -> None:
        """One sentence in the line of the title."""
        self.bar.say(sentence)

    def _offered(self) -> list[str]:
        process = self.process
        if process is None:
            return []
        return [key for key, mode in self.modes.items() if mode.refuses(process) is None]

    def offer_modes(self) -> None:
        """Put on the switch the views that can show the model."""
        offered = self._offered()
        self.bar.modes.set_options([(key, self.modes[key].words) for key in offered])
        self.bar.modes.set_value(self.mode)
        self.bar.modes.setToolTip("\n".join(self.modes[key].tip() for key in offered))
        self.bar.modes.setVisible(len(offered) > 1)

    def _paint(self) -> None:
        """Show the step under the cursor everywhere."""
        self._dirty = False
        grown, self._grown = self._grown, set()
        for number in grown:
            self.watch.strips.grew(str(number))
        line = self.line
        if line is not None and (self._following or self.step > line.frontier()):
            self.step = line.frontier()
        frame = self.frame()
        if frame is not None:
            self.step = frame.index
        self.watch.show_step(line, self.step)
        n_times = self.process.n_steps if self.process is not None else 0
        self.numbers.show_frame(frame, n_times)
        title = line.run.title() if line is not None else ""
        self.steps.show(line, self.step, title)
        self.bar.show_run(self.runs.current(), self.starter.pending)
        if frame is not None and line is not None:
            self.session.note_picture(self.watch.picture)
            self.step_shown.emit(line.run.id, self.step)

    def show_menu(self, row: str, k: int, at: QPoint) -> None:
        """What can be done with a run, at the pointer."""
        if row.isdigit():
            self.scrub(int(row), k)
            menu = self.run_menu(int(row))
            if menu is not None:
                menu.popup(at)

    def image_offered(self, image: np.ndarray, title: str) -> None:
        """An image from outside goes to the view in front, or else to the forward one."""
        if not self.in_front or self.process is None:
            return
        for key in (self.mode, "forward"):
            mode = self.modes.get(key)
            if mode is not None and mode.take_image(image, title):
                self.set_mode(key)
                return

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not take_key(self, event):
            super().keyPressEvent(event)

    # State and tour ----------------------------------------------------------------------------

    state = _denoise_state.keep
    restore = _denoise_state.bring_back
    tour = _denoise_tour.tour


PANEL = PanelSpec(
    key="denoise",
    title="Denoise",
    icon="denoise",
    order=40,
    factory=Denoise,
    serves=serves,
    help=HELP,
    shortcut="Ctrl+4",
    offers=FIRST_MODEL,
    follows="The Denoise panel lets this model walk while it trains.",
)
