"""Train: a model learns while you watch. Curves, live pictures, two runs side by side, and time
travel.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QWidget

from genstudio.abilities import BadInput, Card
from genstudio.engine.messages import Failure, Scalars
from genstudio.ui import theme
from genstudio.ui.panel import Panel, PanelSpec, Timeline, save_png
from genstudio.ui.panels import _train_tour
from genstudio.ui.panels._train_bar import ControlBar
from genstudio.ui.panels._train_files import FileMenu
from genstudio.ui.panels._train_help import HELP
from genstudio.ui.panels._train_inspector import Inspector
from genstudio.ui.panels._train_job import command_of
from genstudio.ui.panels._train_launch import Launcher
from genstudio.ui.panels._train_runs import N_SLOTS, Runs, Slot
from genstudio.ui.panels._train_sight import Sight
from genstudio.ui.panels._train_units import unit_rows
from genstudio.ui.panels._train_wiring import wire
from genstudio.ui.widgets.banner import Banner, EmptyState

if TYPE_CHECKING:
    from genstudio.ui.panels._train_curves import Curves
    from genstudio.ui.panels._train_picture import Picture
    from genstudio.ui.session import Session


class TrainPanel(Panel):
    """Joins the start form, the runs, their curves and the pictures of the chosen frame."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.runs = Runs(session, self)
        self.chosen = 0
        self.sight = Sight(session, self.slot, self)
        self._picture: Picture | None = None
        self._inspector: Inspector | None = None
        self._pending_state: dict[str, Any] = {}
        self._picture_state: dict[str, Any] = {}
        self._start_when_ready = False
        self._arrange()
        wire(self)
        self.choose(0)

    # Parts -------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        self.heading = theme.title(QLabel(self.tr("Train"), self))
        self.bar = ControlBar(self)
        self.files = FileMenu(self.session, self.runs, self.slot, self)
        self.launcher = Launcher(self.runs, self.files.fetch, self)
        self.banner = Banner(self)
        self.banner.hide()
        self.empty = EmptyState(icon="curves", parent=self)
        self.body = QStackedWidget(self)
        self.body.addWidget(self.empty)
        top = QHBoxLayout()
        top.setSpacing(theme.GRID)
        top.addWidget(self.heading)
        top.addSpacing(theme.GRID)
        for chip in self.bar.chips:
            top.addWidget(chip)
        top.addStretch(1)
        top.addWidget(self.files)
        column = self.lay_column()
        column.addLayout(top)
        column.addWidget(self.bar)
        column.addWidget(self.banner)
        column.addWidget(self.body, 1)

    def picture(self) -> Picture:
        """Curves and previews, built when there is something to draw: plotting loads slowly."""
        if self._picture is None:
            from genstudio.ui.panels._train_picture import Picture

            self._picture = Picture(self)
            self._picture.previews.columns_changed.connect(self.sight.looker.set_pairs)
            self._picture.failed.connect(lambda sentence: self.say(Failure(sentence)))
            self.body.addWidget(self._picture)
            self._picture.fit(self.width())
            self._picture.restore(self._picture_state)
        return self._picture

    def inspector(self) -> Inspector:
        if self._inspector is None:
            page = self._inspector = Inspector(self.session, HELP, self)
            page.live.changed.connect(lambda key, value: self.runs.change(self.chosen, key, value))
            page.live.panel_wanted.connect(self.show_in)
            page.live.copy_wanted.connect(self.copy_command)
            page.setup.copy_wanted.connect(self.copy_command)
            page.setup.earlier_wanted.connect(
                lambda: self.files.ask_resume(page.setup.earlier_button)
            )
            page.setup.changed.connect(self._offer_start)
            if self.session.torch_ready:
                self.torch_is_here()
            self._show_chosen()
        return self._inspector

    def torch_is_here(self) -> None:
        page = self._inspector
        if page is None:
            return
        page.setup.load()
        if self._pending_state:
            page.setup.restore(self._pending_state)
            self._pending_state = {}
        self._offer_start()
        if self._start_when_ready:
            self._start_when_ready = False
            self.start()

    # What the hand does ------------------------------------------------------------------------

    def slot(self) -> Slot | None:
        """The chosen slot's run."""
        return self.runs.slots[self.chosen]

    def start(self, *, paused: bool = False) -> int:
        """Train what the form says in the chosen slot, or in the other one while that is busy; 0
        where it cannot.
        """
        page = self.inspector()
        if not page.setup.loaded():
            if not self.session.torch_ready:
                self._start_when_ready = True
                self.empty.set_text(self.tr("The run starts as soon as torch is loaded."))
                return 0
            page.setup.load()
        try:
            recipe = page.setup.recipe()
        except BadInput as error:
            self.say(Failure(str(error)))
            return 0
        return self.launcher.start(recipe, self.chosen, paused=paused)

    def resume(self) -> int:
        """Go on with the chosen run: paused, or stopped and saved."""
        return self.launcher.resume(self.chosen)

    def resume_folder(self, folder: Path) -> int:
        """Go on with the run in `folder` from its last checkpoint; 0 where it cannot."""
        return self.launcher.resume_folder(folder, self.chosen)

    def begun(self, index: int) -> None:
        self.banner.hide()
        self.choose(index)

    def advance(self, how: Callable[[int], None]) -> None:
        """One step or one epoch; without a run it starts one that waits."""
        slot = self.slot()
        if (slot is None or slot.view.over) and not self.start(paused=True):
            return
        how(self.chosen)

    def show_in(self, key: str) -> None:
        """Let a panel follow the chosen run: its live model, or the stored step in view."""
        slot, frame = self.slot(), self.sight.timeline.frame()
        if slot is None or frame is None:
            return
        live = not slot.view.over
        if self.session.try_show("A", slot.view.source if live else str(slot.view.recipe.out)):
            self.session.panel_wanted.emit(key)

    def copy_command(self) -> str:
        """Put the command line of the chosen run, or of the form, on the clipboard; returns it."""
        slot = self.slot()
        try:
            if slot is not None and not self.inspector().shows_setup():
                line = command_of(slot.view.recipe)
            else:
                line = self.inspector().setup.command()
        except BadInput as error:
            self.say(Failure(str(error)))
            return ""
        QGuiApplication.clipboard().setText(line)
        self.inspector().tell(self.tr("The command line is on the clipboard."))
        return line

    # What is shown -----------------------------------------------------------------------------

    def choose(self, index: int) -> None:
        self.chosen = index
        self.bar.choose(index)
        self._show_chosen()

    def _show_chosen(self) -> None:
        slot = self.slot()
        self.bar.show_slots(self.runs.views())
        self.bar.show_run(slot.view if slot is not None else None)
        if slot is None:
            self._offer_start()
            self.body.setCurrentWidget(self.empty)
        else:
            self.body.setCurrentWidget(self.picture())
            self.picture().previews.clear()
            self.draw_curves()
        if self._inspector is not None:
            self._inspector.show_slot(slot)
        self._show_failure(slot)
        self.sight.show_frames()

    def _offer_start(self) -> None:
        """The empty panel's sentence and button say what would be started."""
        other = any(slot is not None for slot in self.runs.slots)
        words = self.tr("Train a model and watch it learn.")
        if other:
            words = self.tr("Train a second model beside the first.")
        self.empty.set_text(words)
        page = self._inspector
        ready = page is not None and page.setup.loaded()
        name = page.setup.suggested_name() if page is not None and ready else "vae"
        data = page.setup.data.currentText() if page is not None and ready else self.session.data
        self.empty.set_button(self.tr("Train {0} on {1}").format(name, data))
        if page is not None and ready:
            self.bar.main.setEnabled(self.slot() is not None or page.setup.valid())

    def run_changed(self, index: int) -> None:
        slot = self.runs.slots[index]
        self.bar.show_slots(self.runs.views())
        self.sight.watch(slot)
        if index != self.chosen:
            return
        self.bar.show_run(slot.view if slot is not None else None)
        if self._inspector is not None:
            self._inspector.show_slot(slot)
        self._show_failure(slot)
        self.sight.aim()

    def _show_failure(self, slot: Slot | None) -> None:
        """The sentence stands while the run that failed is chosen."""
        failure = slot.view.failure if slot is not None else None
        if failure is not None:
            self.say(failure)
        elif slot is not None and slot.alarm:
            self.banner.show_message("warning", slot.alarm)
        elif self.banner.isVisibleTo(self):
            self.banner.hide()

    def tells(self, failure: Failure) -> bool:
        return any(job.failure is failure for job in self.session.jobs().values())

    def say(self, failure: Failure) -> None:
        if self.banner.text() != failure.sentence() or not self.banner.isVisibleTo(self):
            self.banner.show_error(failure.sentence(), failure.details)

    def curves_grew(self, index: int, scalars: Scalars) -> None:
        if self.sight.seen and self._picture is not None:
            if index == self.chosen:
                self._picture.grow(scalars)
            else:
                self._picture.others_grew()

    def draw_curves(self) -> None:
        """The chosen run in front, the other slot's and earlier runs behind it."""
        slot = self.slot()
        if slot is None or self._picture is None or not self.sight.seen:
            return
        self._picture.show_run(slot.curves, self._behind)
        self.show_step()

    def _behind(self) -> list[Curves]:
        """The other slot's run and the earlier ones that are measured in the same unit."""
        chosen = self.slot()
        others = [
            slot.curves for slot in self.runs.slots if slot is not None and slot is not chosen
        ]
        scale = chosen.curves.scale if chosen is not None else ""
        return [run for run in (*others, *self.files.overlays()) if run.scale == scale]

    def frames_moved(self, index: int) -> None:
        if index == self.chosen:
            self.sight.show_frames()

    def show_step(self) -> None:
        if self._picture is not None:
            self._picture.show_step(self.sight.pointed_step())

    def looked(self, look: Any, step: int) -> None:
        slot, live = self.slot(), self.sight.is_live()
        averaged = slot is not None and slot.view.recipe.averaged
        previews = self.picture().previews
        previews.show_look(look, step, self.session.seed, live=live, averaged=averaged)

    def refused(self, failure: Failure) -> None:
        """A stored step cannot be shown; where the run failed, that is what is said."""
        slot = self.slot()
        if slot is not None and slot.view.failure is None:
            self.say(failure)

    def counted(self, units: Any, step: int) -> None:
        rows, alarm = unit_rows(units, step, self)
        self.inspector().live.show_units(rows, alarm)

    # Hooks -------------------------------------------------------------------------------------

    def timeline(self) -> Timeline | None:
        return self.sight.timeline

    def activated(self) -> None:
        self.sight.set_seen(True)
        for index in range(N_SLOTS):
            self.run_changed(index)
        self.draw_curves()

    def deactivated(self) -> None:
        if self._picture is not None:
            self._picture.rest()
        self.sight.set_seen(False)
        for slot in self.runs.slots:
            self.sight.watch(slot)

    def state(self) -> dict[str, Any]:
        page = self._inspector
        return {
            "form": page.setup.state() if page is not None else self._pending_state,
            "picture": self._picture.state() if self._picture else self._picture_state,
        }

    def restore(self, state: dict[str, Any]) -> None:
        form = state.get("form")
        if isinstance(form, dict):
            self._pending_state = form
            if self._inspector is not None and self._inspector.setup.loaded():
                self._inspector.setup.restore(form)
        picture = state.get("picture")
        if isinstance(picture, dict):
            self._picture_state = picture
            if self._picture is not None:
                self._picture.restore(picture)

    def export_png(self, path: Path) -> None:
        """The curves and previews as they stand, as PNG."""
        save_png(self.body.grab(), path)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._picture is not None:
            self._picture.fit(self.width())

    tour = _train_tour.tour


def serves(card: Card) -> str | None:
    """Training needs no model in view."""
    return None


PANEL = PanelSpec(
    key="train",
    title="Train",
    icon="curves",
    order=50,
    factory=TrainPanel,
    serves=serves,
    help=HELP,
    shortcut="",
)
