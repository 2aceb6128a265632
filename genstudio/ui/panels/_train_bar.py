"""The Train panel's slim bar: a chip for each of the two runs, and the controls of the one that is
chosen.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from genstudio.engine.messages import JobState
from genstudio.ui import icons, theme
from genstudio.ui.panels._train_run import RunView, controls
from genstudio.ui.words import rate, time_left

STATE_ICONS = {
    JobState.WAITING: ("clock", "quiet"),
    JobState.RUNNING: ("play", "accent"),
    JobState.PAUSED: ("pause", "text"),
    JobState.STOPPING: ("clock", "quiet"),
    JobState.DONE: ("check", "good"),
    JobState.STOPPED: ("stop", "quiet"),
    JobState.FAILED: ("alert", "error"),
}


class RunChip(QPushButton):
    """A run in one line: state, name, and how far it is as a line below the text."""

    def __init__(self, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.role(self, "pill")
        self.setCheckable(True)
        self.setIconSize(QSize(14, 14))
        self.setMaximumWidth(200)
        self._number = number
        self._fraction: float | None = None
        self.show_run(None)

    def show_run(self, view: RunView | None) -> None:
        if view is None:
            icons.wear(self, "plus", "quiet")
            text = self.tr("Run {0}").format(self._number)
            self.setToolTip(
                self.tr("Slot {0} is free: two models can train side by side.").format(self._number)
            )
            self._fraction = None
        else:
            name, colour = STATE_ICONS[view.state]
            icons.wear(self, name, colour)
            text = view.name
            self._fraction = view.fraction
            self.setToolTip(
                self.tr("{0} is {1}, step {2}.").format(
                    view.name, view.state.value, f"{view.step:,}"
                )
            )
        self.setAccessibleName(self.toolTip())
        self.setText(self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, 140))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._fraction is None or self._fraction >= 1.0:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        full = QRectF(12, self.height() - 4, self.width() - 24, 2)
        painter.setBrush(theme.colour("line"))
        painter.drawRoundedRect(full, 1, 1)
        painter.setBrush(theme.colour("accent"))
        full.setWidth(full.width() * self._fraction)
        painter.drawRoundedRect(full, 1, 1)


class ControlBar(QWidget):
    """Chips, the controls of the chosen run, and its progress in words."""

    slot_chosen = Signal(int)
    start = Signal()
    pause = Signal()
    resume = Signal()
    step = Signal()
    epoch = Signal()
    stop = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state: JobState | None = None
        self.chips = [RunChip(number, self) for number in (1, 2)]
        group = QButtonGroup(self)
        for index, chip in enumerate(self.chips):
            group.addButton(chip, index)
        self.chips[0].setChecked(True)
        group.idClicked.connect(self.slot_chosen)
        self.main = theme.primary(QPushButton(self))
        self.main.setMinimumWidth(96)
        self.main.clicked.connect(self._main_clicked)
        self.resume_button = QPushButton(self.tr("Resume"), self)
        self.resume_button.setToolTip(self.tr("Go on from the last checkpoint of this run (R)."))
        self.resume_button.clicked.connect(self.resume)
        self.step_button = self._tool(
            "step", self.tr("One training step, then pause (S)."), self.step
        )
        self.epoch_button = self._tool(
            "epoch",
            self.tr("One epoch: once through the training images, then pause (E)."),
            self.epoch,
        )
        self.stop_button = self._tool(
            "stop", self.tr("Stop after the step in flight and save; it can be resumed."), self.stop
        )
        self.words = theme.quiet(QLabel(self))
        self.words.setFont(theme.figure_font(12))
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GRID)
        for widget in (
            self.main,
            self.resume_button,
            self.step_button,
            self.epoch_button,
            self.stop_button,
        ):
            row.addWidget(widget)
        row.addWidget(self.words, 1)
        self.show_run(None)

    def _tool(self, icon: str, tip: str, signal: Signal) -> QToolButton:
        button = QToolButton(self)
        theme.role(button, "tool")
        icons.wear(button, icon)
        button.setFixedSize(28, 28)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.clicked.connect(signal)
        return button

    def lend_keys(self, panel: QWidget) -> None:
        """Let the keys that the tips name press the buttons wherever in `panel` the focus is."""
        keys = {
            "P": self.main,
            "S": self.step_button,
            "E": self.epoch_button,
            "R": self.resume_button,
        }
        for key, button in keys.items():
            shortcut = QShortcut(QKeySequence(key), panel)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(button.click)

    def choose(self, index: int) -> None:
        self.chips[index].setChecked(True)

    def show_slots(self, views: Sequence[RunView | None]) -> None:
        for chip, view in zip(self.chips, views, strict=True):
            chip.show_run(view)

    def show_run(self, view: RunView | None) -> None:
        """Bring the controls and the words into the state of the chosen run."""
        self._state = state = view.state if view is not None else None
        can = controls(state)
        icon, text, tip = self._main_face(state)
        self.main.setText(text)
        icons.wear(self.main, icon, "on_accent")
        self.main.setToolTip(tip)
        self.main.setAccessibleName(text)
        self.main.setEnabled(can.start or can.pause or state is JobState.PAUSED)
        again = state in (JobState.STOPPED, JobState.FAILED)
        self.resume_button.setVisible(again)
        self.resume_button.setEnabled(again)
        self.step_button.setEnabled(can.advance or can.start)
        self.epoch_button.setEnabled(can.advance or can.start)
        self.stop_button.setEnabled(can.stop)
        self.words.setText(self._words(view))
        self.words.setToolTip(self.words.text())

    def _main_face(self, state: JobState | None) -> tuple[str, str, str]:
        if state in (JobState.WAITING, JobState.RUNNING):
            return "pause", self.tr("Pause"), self.tr("Pause after the step in flight (P).")
        if state is JobState.PAUSED:
            return "play", self.tr("Go on"), self.tr("Go on training (P).")
        if state is JobState.STOPPING:
            return "clock", self.tr("Stopping"), self.tr("The run saves and stops.")
        return "play", self.tr("Start"), self.tr("Start a run with the settings at the right (P).")

    def _main_clicked(self) -> None:
        if self._state in (JobState.WAITING, JobState.RUNNING):
            self.pause.emit()
        elif self._state is JobState.PAUSED:
            self.resume.emit()
        else:
            self.start.emit()

    def _words(self, view: RunView | None) -> str:
        if view is None:
            return ""
        progress = view.progress
        words = [self.tr("step {0}").format(f"{view.step:,}")]
        if progress is not None and progress.total:
            words = [self.tr("step {0} of {1}").format(f"{view.step:,}", f"{progress.total:,}")]
        if progress is None and view.state in (JobState.WAITING, JobState.RUNNING):
            return self.tr("reading the data and choosing the fastest way to train")
        if progress is not None and view.state is JobState.RUNNING:
            if progress.per_second:
                words.append(self.tr("{0} steps/s").format(rate(progress.per_second)))
            left = time_left(progress.seconds_left)
            if left:
                words.append(self.tr("{0} left").format(left))
        elif view.state is not JobState.RUNNING:
            words.append(self._state_word(view.state))
        return "  ·  ".join(words)

    def _state_word(self, state: JobState) -> str:
        return {
            JobState.WAITING: self.tr("getting ready"),
            JobState.PAUSED: self.tr("paused"),
            JobState.STOPPING: self.tr("saving"),
            JobState.DONE: self.tr("finished"),
            JobState.STOPPED: self.tr("stopped and saved"),
            JobState.FAILED: self.tr("failed"),
        }[state]
