"""Two sections of the Inspector: when an image is settled, and how much forks still differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from genstudio.ui import theme
from genstudio.ui.panels._denoise_more_curve import Curve, StepCurve
from genstudio.ui.panels._denoise_more_diversity import Forking
from genstudio.ui.panels._denoise_more_settled import Judging, Named
from genstudio.ui.panels._denoise_plug import Section
from genstudio.ui.panels._denoise_recipe import Run, RunState
from genstudio.ui.widgets.number_field import NumberField
from genstudio.ui.widgets.number_table import NumberTable

if TYPE_CHECKING:
    from genstudio.latent.denoise import Process
    from genstudio.metrics.diversity import Diversity
    from genstudio.ui.panels.denoise import Denoise
    from genstudio.ui.session import ModelRef

FORKS = 8
MOST_FORKS = 64
MOST_SEED = 2**31 - 1


def _says(column: QVBoxLayout, *, error: bool = False) -> QLabel:
    """A line of words that wraps, hidden while it has none."""
    label = QLabel()
    (theme.error if error else theme.caption)(label)
    label.setWordWrap(True)
    column.addWidget(label)
    return label


def _tell(label: QLabel, words: str) -> None:
    label.setText(words)
    label.setVisible(bool(words))


class SettledSection(Section):
    """From which step on the judge's label of the clean guess stays, of each image of the run."""

    key = "settled"
    order = 30
    shown = True
    modes = ("denoise",)

    def __init__(self, panel: Denoise) -> None:
        super().__init__()
        self.title = self.tr("Settled")
        self.tip = self.tr("The step from which on the judge's label of the clean guess stays")
        self._panel = panel
        self.judging = Judging(panel.session, panel.runs, self)
        self.table = NumberTable()
        self.curve = StepCurve(self.tr("Share of the images that are settled, over the steps"))
        self.curve.setToolTip(
            self.tr("Share of the run's images that are settled at each step; a click goes there")
        )
        self.button = QPushButton()
        self.button.setAutoDefault(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self.table)
        column.addWidget(self.curve)
        self.reads = _says(column)
        column.addWidget(self.button)
        self.reason = _says(column)
        self.error = _says(column, error=True)
        self.judging.changed.connect(self._changed)
        self.curve.pointed.connect(lambda words: _tell(self.reads, words))
        self.curve.step_wanted.connect(panel.show_step)
        self.button.clicked.connect(lambda _=False: self._pressed())
        panel.step_shown.connect(lambda _run, _step: self.tell())
        panel.image_chosen.connect(lambda _index: self._changed())
        panel.runs.chosen.connect(lambda _run: self.tell())
        panel.runs.changed.connect(self.tell)
        panel.watch.marks.append(lambda run: self.judging.marks(run, panel.image))
        self.tell()

    def use(self, ref: ModelRef | None, process: Process | None) -> None:
        self.judging.use(ref, process)
        self.tell()

    def _pressed(self) -> None:
        run = self._panel.runs.current()
        if run is not None:
            (self.judging.cancel if self.judging.busy(run) else self.judging.name)(run)

    def _changed(self) -> None:
        """Labels have come: the strips get their marks."""
        self._panel.watch.show_runs(self._panel.runs)
        self.tell()

    def tell(self) -> None:
        """Show what is known of the run in front."""
        judging, run = self.judging, self._panel.runs.current()
        named = judging.named(run) if run is not None and not judging.reason else None
        busy = run is not None and judging.busy(run)
        self.button.setText(self.tr("Cancel") if busy else self.tr("Ask the judge"))
        self.button.setToolTip(
            self.tr("Stop at once")
            if busy
            else self.tr("Let the judge name the clean guess of every step and image of this run")
        )
        ready = run is not None and run.state is not RunState.RUNNING and len(run.tape) > 0
        self.button.setEnabled(busy or ready)
        self.button.setVisible(not judging.reason and named is None)
        self.table.setVisible(named is not None)
        self.curve.setVisible(named is not None and named.labels.shape[1] > 1)
        _tell(self.reason, judging.reason)
        _tell(self.error, judging.failure)
        if named is None or run is None:
            self._panel.numbers.set_extra(self.tr("settled"), "")
            self.curve.set_curve(None, 1, 1.0)
            return
        self._tell_numbers(run, named)
        self._tell_curve(run, named)

    def _tell_numbers(self, run: Run, named: Named) -> None:
        image = min(self._panel.image, named.labels.shape[1] - 1)
        place = max(0, int(np.searchsorted(named.steps, self._panel.step, "right")) - 1)
        first = int(named.settled()[image])
        t = float(named.times[np.searchsorted(named.steps, first)])
        label, sure = int(named.labels[place, image]), float(named.sure[place, image])
        end = int(named.labels[-1, image])
        rows = [
            (self.tr("judge sees now"), f"{label} ({100 * sure:.0f} %)"),
            (self.tr("settled as {0}").format(end), self.tr("at step {0}").format(f"{first:,}")),
            (self.tr("which is at"), f"t = {t:,.0f}"),
        ]
        if run.tape.plan.every > 1:
            rows.append(
                (self.tr("known to within"), self.tr("{0} steps").format(run.tape.plan.every))
            )
        self.table.set_rows(rows)
        self._panel.numbers.set_extra(
            self.tr("settled"), self.tr("at step {0}").format(f"{first:,}")
        )

    def _tell_curve(self, run: Run, named: Named) -> None:
        settled = np.sort(named.settled())
        share = np.searchsorted(settled, named.steps, "right") / len(settled)
        said = self.tr("Step {0}, t = {1}: {2} of {3} images are settled.")
        words = tuple(
            said.format(f"{k:,}", f"{t:,.0f}", round(s * len(settled)), len(settled))
            for k, t, s in zip(named.steps, named.times, share, strict=True)
        )
        self.curve.set_curve(
            Curve(named.steps, share, words, joined=False), run.recipe.n_steps - 1, 1.0, "100 %"
        )
        self.curve.set_step(self._panel.step)


class DiversitySection(Section):
    """Forks of the chosen image at steps all along its way, and how far apart they end."""

    key = "diversity"
    order = 60
    modes = ("denoise", "plane")

    def __init__(self, panel: Denoise) -> None:
        super().__init__()
        self.title = self.tr("Diversity of forks")
        self.tip = self.tr("How different forks of the chosen image end, by the step they begin at")
        self._panel = panel
        self._n_times = 0
        self.forking = Forking(panel.session, panel.runs, self)
        self.forks = self._field(2, MOST_FORKS, FORKS, self.tr("Forks at each step, 2 to 64"))
        self.seed = self._field(
            0, MOST_SEED, panel.session.seed, self.tr("Seed of the forks' noise, 0 to 2147483647")
        )
        self.button = QPushButton()
        self.button.setAutoDefault(False)
        self.curve = StepCurve(self.tr("Distance of the forks' ends over the step of the fork"))
        self.curve.setToolTip(
            self.tr(
                "Mean distance of two forks' ends by the step at which they begin, the band is the "
                "deviation over pairs; a click goes to the step"
            )
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        row = QHBoxLayout()
        row.setSpacing(theme.GRID)
        for words, field in ((self.tr("Forks"), self.forks), (self.tr("Seed"), self.seed)):
            row.addWidget(theme.quiet(QLabel(words)))
            row.addWidget(field)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.button)
        column.addWidget(self.curve)
        self.reads = _says(column)
        self.says = _says(column)
        self.error = _says(column, error=True)
        self.forking.changed.connect(self.tell)
        self.button.clicked.connect(lambda _=False: self._pressed())
        self.curve.pointed.connect(lambda words: _tell(self.reads, words))
        self.curve.step_wanted.connect(panel.show_step)
        panel.step_shown.connect(lambda _run, step: self.curve.set_step(step))
        panel.image_chosen.connect(lambda _index: self.tell())
        panel.runs.chosen.connect(lambda _run: self.tell())
        panel.runs.changed.connect(self.tell)
        self.tell()

    def _field(self, low: int, high: int, value: int, tip: str) -> NumberField:
        field = NumberField(self, integer=True, minimum=low, maximum=high)
        field.setFixedWidth(56)
        field.setToolTip(tip)
        field.setAccessibleName(tip)
        field.set_value(value)
        return field

    def use(self, ref: ModelRef | None, process: Process | None) -> None:
        self.forking.cancel()
        self._n_times = process.n_steps if process is not None else 0
        self.tell()

    def _refuses(self, run: Run | None) -> str:
        """Why the run in front cannot be measured now, or ""."""
        if self._panel.starter.behind() is not None:
            return self.tr("The model has been trained on since this run. Begin another first.")
        return self.forking.refuses(run)

    def _pressed(self) -> None:
        panel = self._panel
        run = panel.runs.current()
        if self.forking.busy():
            self.forking.cancel()
        elif run is not None and not self._refuses(run):
            image = min(panel.image, run.recipe.n - 1)
            forks, seed = int(self.forks.value() or FORKS), int(self.seed.value() or 0)
            self.forking.start(run, image, forks, seed, self._n_times)

    def tell(self) -> None:
        """Show what was measured of the image in front."""
        panel, forking = self._panel, self.forking
        run = panel.runs.current()
        image = min(panel.image, run.recipe.n - 1) if run is not None else 0
        found, reason = forking.found(run, image), self._refuses(run)
        busy = forking.busy()
        self.button.setText(self.tr("Cancel") if busy else self.tr("Measure"))
        tip = self.tr("Let forks begin all along this image's way, and compare their ends")
        self.button.setToolTip(self.tr("Stop at once; what is measured stays") if busy else tip)
        self.button.setEnabled(busy or not reason)
        self.curve.setVisible(found is not None)
        _tell(self.error, forking.failure)
        words = reason
        if found is not None and run is not None:
            self._tell_curve(run, found[0])
            words = found[1]
            if found[0].done < 1:
                words = self.tr("{0}: {1} % done").format(words, f"{100 * found[0].done:.0f}")
        else:
            self.curve.set_curve(None, 1, 1.0)
            if forking.measuring(run, image):
                words = self.tr("The first forks are on their way.")
            elif not reason:
                words = self.tr("Forks of image {0} with noise of their own.").format(image + 1)
        _tell(self.says, words)

    def _tell_curve(self, run: Run, found: Diversity) -> None:
        said = self.tr("Fork at step {0}: their ends are {1} apart")
        same = self.tr(", {0} % named as this image")
        words = []
        for i, k in enumerate(found.ks):
            here = said.format(f"{k:,}", f"{found.distance[i]:.3f} ± {found.spread[i]:.3f}")
            if found.same is not None:
                here += same.format(f"{100 * found.same[i]:.0f}")
            words.append(f"{here}.")
        top = max(float((found.distance + found.spread).max()), 1e-6)
        self.curve.set_curve(
            Curve(found.ks, found.distance, tuple(words), found.spread),
            run.recipe.n_steps - 1,
            top,
            f"{top:.2f}",
        )
        self.curve.set_step(self._panel.step)


def plug(panel: Denoise) -> None:
    """Put both sections into the panel's Inspector."""
    panel.column.add(SettledSection(panel))
    panel.column.add(DiversitySection(panel))
