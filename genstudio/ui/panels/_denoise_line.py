"""The steps of a run with those of its ancestors, as the record under the transport bar."""

from __future__ import annotations

from bisect import bisect_right

from PySide6.QtCore import QObject, Signal

from genstudio.tape import Frame
from genstudio.ui.panel import Timeline
from genstudio.ui.panels._denoise_recipe import Run, RunState
from genstudio.ui.panels._denoise_run import Runs


class Line:
    """The way from x_T to the end of a run: before a fork's own steps come those of its parent."""

    def __init__(self, runs: Runs, run: Run) -> None:
        self._parts: list[tuple[Run, int]] = []  # a run, and the step from which it counts
        end, each = None, run
        steps: list[int] = []
        while each is not None:
            own = [k for k in each.tape.plan.kept if end is None or k < end]
            steps = [*own, *steps]
            self._parts.insert(0, (each, each.at))
            end = each.at
            each = runs.run(each.parent)
        self.run = run
        self.tape = run.tape  # as it was; a run that begins anew has another
        self.steps = steps  # every step that is kept, or will be; rising
        self.n_steps = run.recipe.n_steps

    def of(self, k: int) -> Run:
        """The run that step k belongs to."""
        return next((run for run, first in reversed(self._parts) if first <= k), self._parts[0][0])

    def frame(self, k: int) -> Frame | None:
        """The last kept frame at or before step k; None where the run has none yet."""
        tape = self.of(k).tape
        return tape.frame(tape.place_of(k)) if len(tape) else None

    def before(self, k: int) -> Frame | None:
        """The kept frame before that of step k; None for the first."""
        place = self.place(k)
        return self.frame(self.steps[place - 1]) if place > 0 else None

    def times(self) -> list[float]:
        """The t of every step from the first to the last that has come."""
        frames = (self.frame(k) for k in self.steps if k <= self.frontier())
        return [frame.scalars["t"] for frame in frames if frame is not None]

    def nearest(self, t: float) -> int:
        """The step that has come whose t is nearest."""
        times = self.times()
        if not times:
            return 0
        return self.steps[min(range(len(times)), key=lambda i: abs(times[i] - t))]

    def place(self, k: int) -> int:
        """The place among `steps` of the last one at or before k."""
        return max(0, bisect_right(self.steps, k) - 1)

    def frontier(self) -> int:
        """The last step that has come."""
        for run, first in reversed(self._parts):
            if len(run.tape):
                return run.tape.indices[-1]
            if first == 0:
                break
        return 0


class StepTimeline(Timeline):
    """The steps of the chosen run; the cursor stands at one of them."""

    scrubbed = Signal(int)  # step k: the hand, or playing, went there

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._line: Line | None = None
        self._k = 0
        self._title = ""

    def show(self, line: Line | None, k: int, title: str) -> None:
        """Another run, record or step."""
        self._line, self._k, self._title = line, k, title
        self.changed.emit()

    def count(self) -> int:
        return len(self._line.steps) if self._line is not None else 0

    def index(self) -> int:
        return self._line.place(self._k) if self._line is not None else 0

    def set_index(self, index: int) -> None:
        if self._line is not None and self._line.steps:
            self.scrubbed.emit(self._line.steps[min(index, self.count() - 1)])

    def label(self, index: int) -> str:
        """The words "step 20 of 50, t = 600": steps taken so far, and where x stands."""
        line = self._line
        if line is None or not line.steps:
            return ""
        k = line.steps[min(index, len(line.steps) - 1)]
        words = self.tr("step {0} of {1}").format(f"{k:,}", f"{line.n_steps:,}")
        if k > line.frontier():
            running = line.run.state is RunState.RUNNING
            return words + (self.tr(", on its way") if running else self.tr(", not taken yet"))
        frame = line.frame(k)
        if frame is None:
            return words
        return self.tr("{0}, t = {1}").format(words, f"{frame.scalars['t']:,.0f}")

    def title(self) -> str:
        return self._title
