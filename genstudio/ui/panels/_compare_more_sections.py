"""The Inspector's sections of the views beside the maps."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QWidget

from genstudio.ui import theme
from genstudio.ui.panels._compare_moon import Moon
from genstudio.ui.panels._compare_moon_many import N_MOONS
from genstudio.ui.panels._compare_report import Report
from genstudio.ui.panels._compare_reports import SAMPLES
from genstudio.ui.panels._compare_rows import Rows
from genstudio.ui.panels._compare_sections import Section, heading, words
from genstudio.ui.panels._compare_terms import BETAS, Terms, installed, missing
from genstudio.ui.widgets.number_table import NumberTable
from genstudio.ui.widgets.segmented import Segmented


class RowsSection(Section):
    """Other images."""

    def __init__(self, rows: Rows, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = rows
        self.add(heading(self.tr("Images")))
        self.add(
            words(
                self.tr(
                    "The same test images through each model; the error is the mean squared"
                    " difference over those shown. Click one to see it on the maps."
                )
            )
        )
        self.seed = NumberTable()
        self.shuffle = self.button(
            self.tr("Shuffle"),
            self.tr("Other images: the next seed (R)"),
            lambda: self.show_seed(rows.seed + 1),
        )
        self.back = self.button(
            self.tr("First images again"),
            self.tr("The images of seed 0"),
            lambda: self.show_seed(0),
        )
        self.add(self.seed)
        self.show_seed(rows.seed)

    def show_seed(self, seed: int) -> None:
        """Show the images of a seed, and the seed."""
        self._rows.shuffle(seed)
        self.seed.set_rows([(self.tr("seed of the images"), str(seed))])


class ReportSection(Section):
    """How many samples, and the table as a file."""

    def __init__(self, report: Report, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._report = report
        self.add(heading(self.tr("Samples of each model")))
        self.n = Segmented([(n, f"{n:,}") for n in SAMPLES])
        self.n.setAccessibleName(self.tr("Samples of each model and sampler"))
        self.n.setToolTip(
            self.tr("Samples of each row, 1,000 to 10,000; more take longer and say more")
        )
        self.n.set_value(report.reports.n)
        self.n.changed.connect(lambda n: report.reports.set_n(int(str(n))))
        self.add(self.n)
        self.add(
            words(
                self.tr(
                    "Holes: samples off support, beyond the 5 % of the model's own held-out"
                    " reconstructions. Small numbers are 95 % intervals."
                )
            )
        )
        self.gap()
        self.add(heading(self.tr("The table as a file")))
        self.csv = self.button(
            self.tr("Save CSV…"),
            self.tr("Save all figures and interval ends, shares as fractions"),
            lambda: report.ask_where("csv"),
        )
        self.markdown = self.button(
            self.tr("Save Markdown…"),
            self.tr("Save the table for a text"),
            lambda: report.ask_where("markdown"),
        )
        self.gap()
        self.in_words = heading(self.tr("In words"))
        self.add(self.in_words)
        self.said = words()
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.add(self.said)
        report.reports.changed.connect(self.refresh)
        report.judged.connect(self._tell)
        self.refresh()
        self._tell()

    def _tell(self) -> None:
        """What the reports say of each model."""
        self.said.setText("\n\n".join(self._report.more))
        for label in (self.in_words, self.said):
            label.setVisible(bool(self._report.more))

    def refresh(self) -> None:
        """There is something to save, or not."""
        self.n.set_value(self._report.reports.n)
        for button in (self.csv, self.markdown):
            button.setEnabled(bool(self._report.reports.found()))


class TermsSection(Section):
    """The weight of the KL."""

    def __init__(self, terms: Terms, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._terms = terms
        self.add(heading(self.tr("Weight β of the KL, in the middle")))
        self.beta = Segmented([(beta, f"{beta:g}") for beta, _ in BETAS])
        self.beta.setAccessibleName(self.tr("Weight of the KL"))
        self.beta.setToolTip(self.tr("β of the middle model, 0 to 4; the transport bar scrubs it"))
        self.beta.changed.connect(lambda beta: terms.show_beta(float(str(beta))))
        self.add(self.beta)
        self.gone = theme.caption(QLabel())
        self.gone.setWordWrap(True)
        self.add(self.gone)
        formula = QLabel("−E<sub>q(z|x)</sub> log p(x | z) + β KL(q(z | x) ‖ N(0, I))")
        formula.setWordWrap(True)
        formula.setTextFormat(Qt.TextFormat.RichText)
        self.add(formula)
        self.add(
            words(
                self.tr(
                    "Left: only the first term, so codes may lie anywhere and N(0, I) misses them."
                    " Right: only the second, so every image has the same code distribution and"
                    " every picture is the same. The middle one has both."
                )
            )
        )
        terms.beta_changed.connect(self.refresh)
        self.refresh()

    def refresh(self, _beta: float = 1.0) -> None:
        """Show the beta there is; those without weights are greyed, with the reason."""
        absent = [source for _, source in BETAS if installed(source) is None]
        for beta, source in BETAS:
            self.beta.set_option_enabled(beta, source not in absent)
        self.beta.set_value(self._terms.beta)
        self.gone.setText(" ".join(missing(source) for source in absent))
        self.gone.setVisible(bool(absent))

    def showEvent(self, event: object) -> None:
        self.refresh()


class MoonSection(Section):
    """Other moons, and how a frame is measured."""

    def __init__(self, moon: Moon, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._moon = moon
        self.add(heading(self.tr("The drag")))
        self.add(
            words(
                self.tr(
                    "A straight path in each latent space, from the code of a half moon to that of"
                    " the full moon of the same size and place. Drag the slider below, or a chart."
                )
            )
        )
        self.shuffle: QPushButton = self.button(
            self.tr("Another moon"),
            self.tr("The next seed: another side, shift and radius (R)"),
            lambda: self.show_seed(moon.seed + 1),
        )
        self.seed = NumberTable()
        self.add(self.seed)
        self.gap()
        self._add_many()
        self.gap()
        self.add(heading(self.tr("How a frame is measured")))
        self.add(
            words(
                self.tr(
                    "Off by: pixel distance (root mean square, grey values 0 to 1) to the nearest"
                    " true moon over phase, side, shift and radius; above 0.07, the red line, it is"
                    " off every true moon. Grey: the share of the disc"
                    " that is neither lit nor dark. Never by lit area, which a cross-fade meets"
                    " exactly."
                )
            )
        )
        self._tell()

    def show_seed(self, seed: int) -> None:
        self._moon.show_seed(seed)
        self._tell()

    def _add_many(self) -> None:
        self.add(heading(self.tr("More moons")))
        text = self.tr("Measure %1 moons").replace("%1", str(N_MOONS))
        self.many = self.button(
            text,
            self.tr("The same drag between 32 pairs of moons, and 500 samples of each model"),
            self._moon.many.start,
        )
        self.stop = self.button(
            self.tr("Cancel"),
            self.tr("Stop measuring now; models that are done stay"),
            self._moon.many.cancel,
        )
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Share of the moons that is measured"))
        self.add(self.progress)
        self.failure = theme.error(words())
        self.add(self.failure)
        self._moon.many.changed.connect(self._show_many)
        self._show_many()

    def _show_many(self) -> None:
        many = self._moon.many
        self.many.setVisible(not many.running())
        self.many.setEnabled(not many.complete())
        self.stop.setVisible(many.running())
        self.progress.setVisible(many.running())
        self.progress.setValue(round(1000 * many.progress()))
        self.failure.setText(many.failure)
        self.failure.setVisible(bool(many.failure))

    def _tell(self) -> None:
        self.seed.set_rows([(self.tr("seed of the moon"), str(self._moon.seed))])
