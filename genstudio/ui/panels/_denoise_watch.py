"""The view "denoise": large pictures of the step under the cursor, the runs as strips below them,
and the schedule under the same cursor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from genstudio.ui import theme
from genstudio.ui.panels._denoise_line import Line
from genstudio.ui.panels._denoise_picture import BigPicture
from genstudio.ui.panels._denoise_plug import Mode
from genstudio.ui.panels._denoise_recipe import Run, RunState
from genstudio.ui.panels._denoise_run import Runs
from genstudio.ui.panels._denoise_schedule import SchedulePlot
from genstudio.ui.panels._denoise_strip import Strips
from genstudio.ui.panels._denoise_strip_row import Row

if TYPE_CHECKING:
    from genstudio.latent.denoise import Process
    from genstudio.ui.session import ModelRef

SCHEDULE_PX = 88
MOST_BELOW = 0.46  # of the height, for strips and schedule, until the hand moves the edge


class Watch(Mode):
    """Pictures, strips, schedule. A part adds rows with `more_rows` and marks with `marks`."""

    scrubbed = Signal(int, int)  # run id, step k: the hand went there
    run_wanted = Signal(int)  # run id
    t_wanted = Signal(float)

    key = "denoise"

    def __init__(self) -> None:
        super().__init__()
        self.words = self.tr("Denoise")
        self.more_rows: list[Callable[[], Sequence[Row]]] = []  # rows below those of the runs
        self.marks: list[Callable[[Run], Sequence[tuple[int, str]]]] = []  # (step, words) of a run
        self.picture = BigPicture()
        self.strips = Strips()
        self.schedule = SchedulePlot()
        self.schedule.setFixedHeight(SCHEDULE_PX)
        self._by = "t"
        self._rows_shown: tuple[object, ...] = ()
        below = QWidget()
        rows = QVBoxLayout(below)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(theme.GRID // 2)
        rows.addWidget(self.strips, 1)
        rows.addWidget(self.schedule)
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(self.picture)
        self.split.addWidget(below)
        self.split.setStretchFactor(0, 1)
        self._by_hand = False  # the edge between pictures and strips stays where it was put
        self._runs: Runs | None = None
        self._shown: tuple[Line | None, int] = (None, 0)  # where the cursor stands
        self._peeking = False  # the pictures show the step under the pointer instead
        self.split.splitterMoved.connect(self._moved_by_hand)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.split)
        self.strips.scrubbed.connect(lambda row, k: self._take(row, k))
        self.strips.activated.connect(lambda row, k: self._take(row, k))
        self.strips.chosen.connect(lambda row: self._take(row, None))
        self.strips.axis_changed.connect(lambda: self.schedule.set_axis(self.strips.axis()))
        self.strips.peeked.connect(self._peek_at)
        self.schedule.scrubbed.connect(self.t_wanted)

    def tip(self) -> str:
        return self.tr("Denoise: from noise to images, step by step")

    def refuses(self, process: Process) -> str | None:
        return self.tr("Points are shown in the plane.") if process.points else None

    def use(self, ref: ModelRef | None, process: Process | None) -> None:
        self.schedule.set_schedule(process.alpha_bar if process is not None else None)
        if process is not None:
            self.strips.set_axis(self._by, process.n_steps)

    # What is shown -----------------------------------------------------------------------------

    def show_runs(self, runs: Runs) -> None:
        """The runs as rows, those of other parts below them."""
        self._runs = runs
        rows = [self._row(run) for run in runs.all()]
        rows += [row for more in self.more_rows for row in more()]
        facts = tuple((r.id, r.title, id(r.tape), r.detail, r.marks, r.says) for r in rows)
        if facts != self._rows_shown:
            self._rows_shown = facts
            self.strips.set_rows(rows)
            self._share_height()
        current = runs.current()
        if current is not None:
            self.strips.set_chosen(str(current.id))

    def _row(self, run: Run) -> Row:
        detail = ""
        if run.state is RunState.PAUSED:
            words = self.tr("stopped after {0} of {1} steps")
            detail = words.format(f"{run.done_steps:,}", f"{run.recipe.steps:,}")
        elif run.thinned:
            detail = self.tr("one step in {0} is kept").format(run.tape.plan.every)
        failed = run.state is RunState.FAILED and run.failure is not None
        return Row(
            id=str(run.id),
            title=run.title(),
            tape=run.tape,
            begins=run.at,
            parent="" if run.parent is None else str(run.parent),
            detail=detail,
            marks=tuple(mark for marks in self.marks for mark in marks(run)),
            says=run.failure.sentence() if failed and run.failure is not None else "",
        )

    def show_step(self, line: Line | None, k: int) -> None:
        """The frame of step k in the pictures, and the cursor there. Where it moved, it takes the
        pictures back from a peek.
        """
        if self._shown != (line, k):
            self._shown, self._peeking = (line, k), False
        if not self._peeking:
            self._show_pictures(line, k)
        frame = line.frame(k) if line is not None else None
        self.schedule.setEnabled(line is not None)  # there is nothing to scrub
        if frame is not None:
            self.strips.set_step(k)
        if frame is not None or line is None:
            self.schedule.set_t(None if frame is None else frame.scalars["t"])

    def _show_pictures(self, line: Line | None, k: int) -> None:
        frame = line.frame(k) if line is not None else None
        if frame is None or line is None:
            self.picture.set_frame(None)
        else:
            self.picture.set_frame(frame, line.before(k), str(line.of(k).id))

    def _peek_at(self, row: str, k: int) -> None:
        """Show the step under the pointer for as long as it rests there; a brush stays where it
        is.
        """
        run = self._runs.run(int(row)) if self._runs is not None and row.isdigit() else None
        if run is not None and self._runs is not None and not self.picture.tool():
            self._peeking = True
            self._show_pictures(Line(self._runs, run), k)
        elif self._peeking:
            self._peeking = False
            self._show_pictures(*self._shown)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_height()

    def _share_height(self) -> None:
        """As much for the strips as their rows need; the pictures take the rest."""
        if not self._by_hand:
            height = self.split.height() - self.split.handleWidth()
            wish = self.strips.sizeHint().height() + SCHEDULE_PX + theme.GRID
            below = min(wish, round(MOST_BELOW * height))
            self.split.setSizes([height - below, below])

    def _moved_by_hand(self, _place: int, _index: int) -> None:
        self._by_hand = True

    def set_axis(self, by: str) -> None:
        """Lay the strips out by "t" or by "step"."""
        if by in ("t", "step"):
            self._by = by
            self.strips.set_axis(by)

    # State -------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        return {
            "axis": self._by,
            "curve": self.schedule.curve(),
            "alone": self.picture.alone(),
            "sizes": self.split.sizes() if self._by_hand else None,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.set_axis(str(state.get("axis", "")))
        if state.get("curve") in ("alpha_bar", "snr", "beta"):
            self.schedule.set_curve(state["curve"])
        self.picture.set_alone(state.get("alone") is True)
        sizes = state.get("sizes")
        if isinstance(sizes, list) and len(sizes) == 2 and all(type(s) is int for s in sizes):
            self._by_hand = True
            self.split.setSizes([max(1, min(s, 10_000)) for s in sizes])

    def _take(self, row: str, k: int | None) -> None:
        """A row was touched: of a run, or of another part, which then has its own way."""
        if not row.isdigit():
            return
        if k is None:
            self.run_wanted.emit(int(row))
        else:
            self.scrubbed.emit(int(row), k)
