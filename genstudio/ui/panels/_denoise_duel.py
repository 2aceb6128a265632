"""Two runs side by side, locked on t: large pictures, their strips, and how far apart they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSplitter, QVBoxLayout, QWidget

from genstudio.ui import theme
from genstudio.ui.panel import Timeline
from genstudio.ui.panels import _denoise_fork_text as text
from genstudio.ui.panels._denoise_compare_numbers import Film
from genstudio.ui.panels._denoise_compare_pair import Pair
from genstudio.ui.panels._denoise_compare_plot import DistancePlot
from genstudio.ui.panels._denoise_compare_section import CompareSection
from genstudio.ui.panels._denoise_duel_lock import Lock, all_times
from genstudio.ui.panels._denoise_duel_start import Duel
from genstudio.ui.panels._denoise_picture import BigPicture
from genstudio.ui.panels._denoise_plug import Mode
from genstudio.ui.panels._denoise_recipe import Recipe, Run, RunState
from genstudio.ui.panels._denoise_strip import Strips
from genstudio.ui.panels._denoise_strip_row import Row
from genstudio.ui.widgets.elided_label import ElidedLabel

if TYPE_CHECKING:
    from genstudio.latent.denoise import Process
    from genstudio.ui.panels.denoise import Denoise
    from genstudio.ui.session import ModelRef

FRAME_MS = 16  # pictures are painted at most so often while frames arrive
STRIPS_PX = 172  # three rows of small thumbnails
DIFFERENCE = "difference"


class Side(QWidget):
    """One of the two: its letter, its settings, its picture, where it stands."""

    def __init__(self, letter: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.letter = theme.heading(QLabel(letter))
        self.title = ElidedLabel()
        self.place = theme.caption(ElidedLabel())
        self.place.setFont(theme.figure_font(theme.CAPTION_PX))
        self.picture = BigPicture()
        self.picture.setAccessibleName(self.tr("Picture of side {0}").format(letter))
        self.picture.set_sides("x0_hat")
        self.picture.tool_changed.connect(self._no_tool)
        head = QHBoxLayout()
        head.setSpacing(theme.GRID)
        head.addWidget(self.letter)
        head.addWidget(self.title, 1)
        head.addWidget(self.place)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        column.addLayout(head)
        column.addWidget(self.picture, 1)

    def _no_tool(self, tool: str) -> None:
        """Runs are painted on where they can be forked, not here."""
        if tool:
            self.picture.set_tool("")

    def show_run(self, run: Run, film: Film, t: float | None) -> None:
        """The frame that stands beside time t."""
        self.title.setText(f"{text.name(run)}, {text.sampler(run.recipe)}")
        place = film.beside(t) if t is not None else None
        if place is None:
            self.picture.set_frame(None)
            begins = run.recipe.first > 0 or run.recipe.kind == "image"
            late = self.tr("This run begins at a lower t.") if begins and len(film) else ""
            self.picture.set_empty_text(late or self.tr("This step is still to come."))
            self.place.setText(text.standing(run))
            return
        before = film.frame(place - 1) if place else None
        self.picture.set_frame(film.frame(place), before, str(run.id))
        step = f"{film.indices[place]:,}"
        self.place.setText(self.tr("step {0} of {1}").format(step, f"{film.n_steps:,}"))

    def show_waiting(self, recipe: Recipe | None, words: str) -> None:
        """Nothing to see yet, and why."""
        self.title.setText(text.sampler(recipe) if recipe is not None else "")
        self.place.setText("")
        self.picture.set_empty_text(words)
        self.picture.set_frame(None)


class Beside(Mode):
    """A and B: the run in front and its partner, or the two runs of a duel under way."""

    key = "duel"

    def __init__(self, panel: Denoise, pair: Pair, duel: Duel, compare: CompareSection) -> None:
        super().__init__()
        self.words = self.tr("Duel")
        self._panel, self._pair, self._duel, self._compare = panel, pair, duel, compare
        self._following = True
        self._waited = False  # a duel's second walk was still to come
        self._in_front = False
        self._shown: tuple[Run | None, Run | None] = (None, None)
        self.lock = Lock(self)
        self.sides = (Side("A"), Side("B"))
        self.strips = Strips()
        self.strips.setMinimumHeight(STRIPS_PX)
        self.strips.set_empty_text(self.tr("The steps of both runs will stand here."))
        self.plot = DistancePlot()
        self._pace = QTimer(self, singleShot=True, interval=FRAME_MS)
        self._pace.timeout.connect(self._paint)
        self._lay_out()
        self._wire()

    def _lay_out(self) -> None:
        pictures = QWidget()
        row = QHBoxLayout(pictures)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * theme.GRID)
        for side in self.sides:
            row.addWidget(side, 1)
        below = QWidget()
        films = QVBoxLayout(below)
        films.setContentsMargins(0, 0, 0, 0)
        films.setSpacing(theme.GRID // 2)
        films.addWidget(self.strips, 1)
        films.addWidget(self.plot)
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.setHandleWidth(theme.GRID)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(pictures)
        self.split.addWidget(below)
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 1)
        self.split.setSizes([520, 260])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.split)

    def _wire(self) -> None:
        panel, strips = self._panel, self.strips
        self._pair.changed.connect(self.refresh)
        self._duel.changed.connect(self._duel_changed)
        self._duel.ready.connect(self._began)
        panel.runs.changed.connect(self.refresh)
        panel.runs.grew.connect(self._grew)
        panel.kind_changed.connect(self._set_kind)
        panel.image_chosen.connect(self._set_image)
        self._compare.moved.connect(self._moved)
        self._compare.measured.connect(self._show_curve)
        self.lock.scrubbed.connect(self.show_time)
        self.plot.scrubbed.connect(self._scrubbed)
        strips.scrubbed.connect(self._strip_scrubbed)
        strips.axis_changed.connect(lambda: self.plot.set_axis(strips.axis()))
        for side, other in (self.sides, self.sides[::-1]):
            side.picture.kind_changed.connect(panel.set_kind)
            side.picture.index_changed.connect(panel.choose_image)
            side.picture.alone_changed.connect(other.picture.set_alone)
            side.picture.alone_changed.connect(panel.watch.picture.set_alone)
            side.picture.alone_changed.connect(lambda _alone: self._compare.refresh())

    # Mode --------------------------------------------------------------------------------------

    def tip(self) -> str:
        return self.tr("Two runs, or two samplers from the same noise, locked on t")

    def use(self, ref: ModelRef | None, process: Process | None) -> None:
        if process is not None:
            self.strips.set_axis("t", float(process.n_steps))
            self.plot.set_axis(self.strips.axis())
        self.refresh()

    def entered(self) -> None:
        self._in_front = True
        self._pair.suggest()
        frame = self._panel.frame()
        self._set_kind(self._panel.kind)
        self._set_image(self._panel.image)
        for side in self.sides:
            side.picture.set_alone(self._panel.watch.picture.alone())
        self.refresh()
        if frame is not None:
            self.show_time(float(frame.scalars["t"]))
        self._panel.column.folds[self._compare.key].set_shown(True)
        self._compare.refresh()

    def left(self) -> None:
        """The panel goes on at the step that A stood at."""
        self._in_front = False
        self._pace.stop()
        run, t = self._shown[0], self.lock.t()
        if run is not None and t is not None and run is self._panel.runs.current():
            film = self._pair.film(run)
            place = film.beside(t)
            if place is not None:
                self._panel.show_step(film.indices[place])
        self._shown = (None, None)  # records that go while nobody looks are not held here
        self.lock.show((), self.lock.times())
        self.strips.set_rows([])
        for side in self.sides:
            side.picture.set_frame(None)

    def timeline(self) -> Timeline | None:
        return self.lock

    # What is shown -----------------------------------------------------------------------------

    def shown(self) -> tuple[Run | None, Run | None]:
        """A and B."""
        if self._duel.waiting():
            return self._duel.sides()
        return self._pair.a(), self._pair.b()

    def refresh(self) -> None:
        """Another pair, or another state of one of them."""
        if not self._in_front:
            return
        self._shown = a, b = self.shown()
        runs = tuple(run for run in (a, b) if run is not None)
        films = tuple((run, self._pair.film(run)) for run in runs)
        self.lock.show(films, all_times(self._panel.runs, runs))
        self._show_strips(a, b)
        self._show_curve()
        self._paint()

    def _show_strips(self, a: Run | None, b: Run | None) -> None:
        rows: list[Row] = []
        for letter, run in (("A", a), ("B", b)):
            if run is not None:
                film = self._pair.film(run)
                title = f"{letter}  {run.title()}"
                tip = text.tip(run, self._panel.runs.run(run.parent), self._n_times())
                walks = run.state is RunState.RUNNING
                detail = "" if walks else text.standing(run)
                rows.append(Row(str(run.id), title, film, detail=detail, tip=tip))
        if a is not None and b is not None:
            rows.append(difference(self._pair, a, b, self.tr("A − B at the same t")))
        old = self.strips.rows()
        same = [(r.id, r.tape, r.other, r.title, r.detail) for r in rows] == [
            (r.id, r.tape, r.other, r.title, r.detail) for r in old
        ]
        if not same:
            self.strips.set_rows(rows)

    def _n_times(self) -> int:
        process = self._panel.process
        return process.n_steps if process is not None else 0

    def _show_curve(self) -> None:
        distance = self._compare.distance()
        fit = distance is not None and not self._duel.waiting()
        self.plot.setVisible(fit)
        if fit and distance is not None:
            self.plot.set_curve(*distance.curve(), distance.parts_at())

    def _grew(self, number: int) -> None:
        if not self._in_front or all(run is None or run.id != number for run in self._shown):
            return
        self.strips.grew(str(number))
        if not self._pace.isActive():
            self._pace.start()

    def _paint(self) -> None:
        """Both pictures at the cursor; it goes along with what arrives, until the hand takes it."""
        frontier = self.lock.frontier()
        t = self.lock.t()
        if frontier is not None and (self._following or t is None or t < frontier):
            t = frontier
        self._show_at(t)

    def _show_at(self, t: float | None) -> None:
        self.lock.set_t(t)
        t = self.lock.t()
        recipes = self._duel.recipes() or (None, None)
        for side, run, recipe in zip(self.sides, self._shown, recipes, strict=True):
            if run is not None:
                side.show_run(run, self._pair.film(run), t)
            else:
                side.show_waiting(recipe, self._lack(recipe))
        self.plot.set_t(t)
        if t is not None:
            self._compare.show_time(t)
            self._show_cursor(t)

    def _lack(self, recipe: Recipe | None) -> str:
        """Why a side shows nothing."""
        if recipe is not None:
            return self.tr("Begins when the other is done, so that each is timed alone.")
        if self._pair.others():
            return self.tr("Choose a run to stand here: Ctrl+click one in the tree of runs.")
        return self.tr("Fork a run, or start a duel in the Inspector.")

    def _show_cursor(self, t: float) -> None:
        """In the strips the cursor stands in the run that has a frame at just this t."""
        best: tuple[float, Run, int] | None = None
        for run in self._shown:
            if run is None:
                continue
            film = self._pair.film(run)
            place = film.beside(t)
            if place is not None:
                gap = float(film.times[place]) - t
                if best is None or gap < best[0]:
                    best = gap, run, film.indices[place]
        if best is not None:
            self.strips.set_chosen(str(best[1].id))
            self.strips.set_step(best[2])

    def _set_kind(self, kind: str) -> None:
        for side in self.sides:
            side.picture.set_kind(kind)
            side.picture.set_sides(kind)
        self.strips.set_kind(kind)

    def _set_image(self, image: int) -> None:
        for side in self.sides:
            side.picture.set_index(image)
        self.strips.set_image(image)

    # The hand ----------------------------------------------------------------------------------

    def show_time(self, t: float) -> None:
        """Put the cursor at t; at the frontier it goes along with what arrives."""
        frontier = self.lock.frontier()
        self._following = frontier is not None and t <= frontier
        self._show_at(t)

    def _moved(self, t: float) -> None:
        """A section wants this t shown: here, or by the panel at the step that A has there."""
        if self._in_front:
            self.show_time(t)
            return
        a = self._pair.a()
        place = self._pair.film(a).beside(t) if a is not None else None
        if a is not None and place is not None:
            self._panel.show_step(self._pair.film(a).indices[place])

    def _scrubbed(self, t: float) -> None:
        """The plot's t, taken to the nearest step."""
        times = self.lock.times()
        if len(times):
            self.show_time(float(times[abs(times - t).argmin()]))

    def _strip_scrubbed(self, number: str, index: int) -> None:
        run = self._panel.runs.run(int(number)) if number.isdigit() else None
        if run is not None:
            film = self._pair.film(run)
            if len(film):
                self.show_time(float(film.times[film.place_of(index)]))

    def _duel_changed(self) -> None:
        """A duel begins, goes on or is over: its first walk is followed as it comes."""
        waits = self._duel.waiting()
        if waits and not self._waited:
            self._following = True
        self._waited = waits
        self._compare.set_waiting(waits)
        self.refresh()

    def _began(self, a: int, b: int) -> None:
        """Both runs of a duel have begun."""
        self._following = True
        self._panel.runs.choose(a)
        self._pair.set_partner(b)


def difference(pair: Pair, a: Run, b: Run, title: str) -> Row:
    """The row of A less B at equal t."""
    return Row(DIFFERENCE, title, pair.film(a), pair.film(b))
