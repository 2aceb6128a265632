"""The gap report: a table of figures, and what closes the gap."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from genstudio.abilities import BadInput
from genstudio.engine import files
from genstudio.engine.messages import Failure
from genstudio.metrics.gap_table import SAMPLERS, as_csv, as_markdown, lines
from genstudio.ui import theme
from genstudio.ui.panels._compare_reports import Reports
from genstudio.ui.panels._compare_sheets import Sheets
from genstudio.ui.panels._compare_slots import Slots
from genstudio.ui.panels._compare_table import GapTable
from genstudio.ui.panels._compare_verdict import sentences
from genstudio.ui.saving import ask_where
from genstudio.ui.session import Session
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.segmented import Segmented


class Report(QWidget):
    """Table above, samples of each model below."""

    sampler_chosen = Signal(str)
    judged = Signal()  # `more` says something else

    def __init__(self, session: Session, slots: Slots, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._slots = session, slots
        self.reports = Reports(session, slots, self)
        self.more: list[str] = []  # sentences about each model
        self.table = GapTable(self)
        self.sheets = Sheets(session, slots, self)
        self._build()
        self._lay_out()
        self.reports.changed.connect(self.refresh)
        self.reports.progressed.connect(self._show_progress)
        self.refresh()

    def _build(self) -> None:
        self.invitation = theme.quiet(QLabel(self))
        self.invitation.setWordWrap(True)
        self.start = theme.primary(QPushButton(self.tr("Measure the gaps"), self))
        self.start.setToolTip(self.tr("Run the gap report of every model, with all samplers"))
        self.start.clicked.connect(self.reports.start)
        self.cancel = QPushButton(self.tr("Cancel"), self)
        self.cancel.setToolTip(self.tr("Stop measuring now (Esc); reports that are done stay"))
        self.cancel.clicked.connect(self.reports.cancel)
        self.progress = QProgressBar(self)
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Share of the reports that is measured"))
        self.doing = theme.caption(QLabel(self))
        self.failure = theme.error(QLabel(self))
        self.failure.setWordWrap(True)
        self.switch = Segmented([(name, self.names()[name]) for name in SAMPLERS])
        self.switch.setAccessibleName(self.tr("How z is drawn"))
        self.switch.setToolTip(
            self.tr(
                "How z is drawn below, in every model: N(0, I), a Gaussian, a mixture or kernels"
                " fitted to draws of q(z | x), or the codes of held-out images"
            )
        )
        self.switch.changed.connect(lambda name: self.show_sampler(str(name)))
        self.said = theme.quiet(QLabel(self))
        self.said.setWordWrap(True)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def _lay_out(self) -> None:
        run = self._run = QHBoxLayout()
        run.setSpacing(theme.GRID)
        run.addWidget(self.start)
        run.addWidget(self.cancel)
        run.addWidget(self.progress, 1)
        run.addWidget(self.doing)
        run.addStretch(0)
        invite = QWidget()
        middle = QVBoxLayout(invite)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.addWidget(self.invitation)
        middle.addStretch(1)
        self.pages = QStackedWidget()
        self.pages.addWidget(invite)
        self.pages.addWidget(self.table)
        head = QHBoxLayout()
        head.setSpacing(2 * theme.GRID)
        head.addWidget(theme.heading(ElidedLabel(self, self.tr("What closes the gap?"))))
        head.addWidget(self.switch)
        head.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addLayout(run)
        column.addWidget(self.failure)
        column.addWidget(self.pages)
        column.addLayout(head)
        column.addWidget(self.said)
        column.addWidget(self.sheets, 1)

    def names(self) -> dict[str, str]:
        """Where z comes from, in words."""
        return {
            "prior": self.tr("N(0, I)"),
            "gaussian": self.tr("Gaussian"),
            "mixture": self.tr("Mixture"),
            "kde": self.tr("Kernels"),
            "encodings": self.tr("Held-out"),
            "own": self.tr("its own"),
        }

    def show_sampler(self, name: str) -> None:
        """Draw z another way in every model."""
        self.switch.set_value(name)
        self.sheets.show_sampler(name)
        self.refresh()
        self.sampler_chosen.emit(name)

    def refresh(self) -> None:
        """Show the reports as they are now."""
        reports, titles = self.reports, self._titles()
        rows = lines(reports.found(), titles)
        missing = len(reports.found()) < len(titles)
        running = reports.running()
        self._run.setStretch(self._run.count() - 1, 0 if running else 1)
        self.start.setVisible(missing and not running)
        self.cancel.setVisible(running)
        self.progress.setVisible(running)
        self.doing.setVisible(running)
        self._show_progress()
        failures = [f"{titles[slot]}: {text}" for slot, text in reports.failures().items()]
        self.failure.setText("\n".join(failures))
        self.failure.setVisible(bool(failures))
        text = self.tr(
            "Of each model %1 samples are drawn in five ways and compared with what it can do and"
            " with test images. A few seconds for each model."
        )
        self.invitation.setText(text.replace("%1", f"{reports.n:,}"))
        self.pages.setCurrentIndex(1 if rows else 0)
        if rows != self.table.lines():
            self.table.show_lines(rows, self.names())
        high = self.table.wanted_height() if rows else self.invitation.sizeHint().height() + 8
        self.pages.setFixedHeight(max(40, min(high, int(max(self.height(), 320) * 0.5))))
        wins, self.more = sentences(reports.found(), titles, self.sheets.sampler)
        self.said.setText(" ".join(wins))
        self.said.setVisible(bool(wins))
        self.judged.emit()

    def _show_progress(self) -> None:
        share, note = self.reports.progress()
        self.progress.setValue(round(1000 * share))
        self.doing.setText(f"{100 * share:.0f} %  {note}" if self.reports.running() else "")

    def _titles(self) -> dict[str, str]:
        return {slot: ref.title for slot, ref in self._slots.refs().items()}

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        self.refresh()

    def keyPressEvent(self, event: Any) -> None:
        if event.key() == Qt.Key.Key_Escape and self.reports.running():
            self.reports.cancel()
        else:
            super().keyPressEvent(event)

    # Export ------------------------------------------------------------------------------------

    def text(self, kind: str) -> str:
        """The table as "csv" or "markdown"."""
        rows = self.table.lines()
        return as_csv(rows) if kind == "csv" else as_markdown(rows, self.names())

    def ask_where(self, kind: str) -> None:
        """Let the user choose a file and write the table there."""
        if kind == "csv":
            name, types = "gap-report.csv", self.tr("CSV (*.csv)")
        else:
            name, types = "gap-report.md", self.tr("Markdown (*.md)")
        path = ask_where(self, self.tr("Save the gap report"), name, types)
        if path is not None:
            self.save(kind, path)

    def save(self, kind: str, path: Path) -> None:
        """Write the table to `path`; a file that cannot be written is said in the window."""
        try:
            if not self.table.lines():
                raise BadInput(self.tr("There is no report yet. Measure the gaps first."))
            files.replace(path, self.text(kind).encode())
        except (BadInput, OSError) as error:
            self._session.failed.emit(Failure(str(error)))
