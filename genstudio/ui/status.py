"""The line at the bottom: what is running, how fast, how long still, and the last error."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QStatusBar, QWidget

from genstudio.engine.messages import Failure, JobState, Progress
from genstudio.ui import theme
from genstudio.ui.session import Session
from genstudio.ui.words import rate, time_left


class StatusLine(QStatusBar):
    """Reads the session; `errors_wanted` asks for the log of errors."""

    errors_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._errors = 0
        self.setSizeGripEnabled(False)
        self._what = QLabel(self.tr("loading torch"))
        self._what.setAccessibleName(self.tr("What is running"))
        self._bar = QProgressBar()
        self._bar.setFixedWidth(160)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._bar.hide()
        self._error_button = QPushButton(self.tr("no errors"))
        theme.role(self._error_button, "status")
        self._error_button.setToolTip(self.tr("Show the errors of this session and the log file."))
        self._error_button.clicked.connect(self.errors_wanted)
        theme.caption(self._what)
        self.addWidget(self._what)
        self.addWidget(self._bar)
        self.addPermanentWidget(self._error_button)
        self.setContentsMargins(4, 0, 0, 0)
        session.ready.connect(self.refresh)
        session.jobs_changed.connect(self.refresh)
        session.job_progress.connect(lambda _progress: self.refresh())
        session.failed.connect(self._count)

    def text(self) -> str:
        return self._what.text()

    def _count(self, _failure: Failure) -> None:
        self._errors += 1
        self._error_button.setText(self.tr("%n error(s)", "", self._errors))

    def refresh(self) -> None:
        jobs = [job for job in self._session.jobs().values() if not job.state.over]
        if not jobs:
            self._what.setText(self.tr("idle") if self._session.torch_ready else "")
            self._bar.hide()
            return
        self._what.setText("   ".join(describe(job.name, job.state, job.progress) for job in jobs))
        known = [job.progress for job in jobs if job.progress and job.progress.total]
        self._bar.setVisible(bool(known))
        if known:
            self._bar.setRange(0, 1000)
            share = sum(p.done / (p.total or 1) for p in known) / len(known)
            self._bar.setValue(round(1000 * share))


def describe(name: str, state: JobState, progress: Progress | None) -> str:
    """One line about a job: name, state, step, speed, time left."""
    parts = [f"{name} {state}"]
    if progress is not None:
        total = f" of {progress.total:,}" if progress.total else ""
        parts.append(f"step {progress.done:,}{total}")
        if progress.per_second and state is JobState.RUNNING:
            parts.append(f"{rate(progress.per_second)} steps/s")
        left = time_left(progress.seconds_left)
        if left and state is JobState.RUNNING:
            parts.append(f"{left} left")
    return ", ".join(parts)
