"""The Denoise panel's title and its slim bar: views, what is shown, run and noise, tools."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from genstudio.ui import icons, theme
from genstudio.ui.panels._denoise_recipe import Run, RunState
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.segmented import Segmented

KINDS = ("x0_hat", "x_t", "noise_hat", "change")
ONE_ROW_PX = 1100  # narrower, the controls stand below the title


class RunButton(QPushButton):
    """Run, cancel or go on, with how far the walk is as a line along its foot."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._share = 0.0
        self.setAutoDefault(False)
        self.setFixedWidth(88)

    def set_share(self, share: float) -> None:
        if share != self._share:
            self._share = share
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if 0.0 < self._share < 1.0:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            line = QRectF(6, self.height() - 4, self.width() - 12, 2)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("line"))
            painter.drawRoundedRect(line, 1, 1)
            line.setWidth(line.width() * self._share)
            painter.setBrush(theme.colour("accent"))
            painter.drawRoundedRect(line, 1, 1)


class Bar(QWidget):
    """Title and status at the left, controls at the right; below each other where it is narrow."""

    mode_chosen = Signal(str)
    kind_chosen = Signal(str)
    run_pressed = Signal()  # run, cancel or go on, as the button says
    new_noise_wanted = Signal()
    same_noise_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = theme.title(ElidedLabel(text=self.tr("Denoise")))
        self.title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.status = theme.caption(ElidedLabel())
        self.modes = Segmented()
        self.modes.setAccessibleName(self.tr("View"))
        self.modes.changed.connect(lambda key: self.mode_chosen.emit(str(key)))
        self.kinds = Segmented(
            [
                ("x0_hat", self.tr("clean guess")),
                ("x_t", self.tr("x at t")),
                ("noise_hat", self.tr("noise")),
                ("change", self.tr("change")),
            ]
        )
        self.kinds.setAccessibleName(self.tr("What the pictures show"))
        self.kinds.setToolTip(
            self.tr(
                "What the pictures show (keys 1 to 4): the clean image guessed at this step, the "
                "noisy image itself, the noise seen in it, the change since the step before"
            )
        )
        self.kinds.changed.connect(lambda kind: self.kind_chosen.emit(str(kind)))
        self.run = RunButton()
        self.run.clicked.connect(lambda _=False: self.run_pressed.emit())
        self.new_noise = QPushButton(self.tr("New noise"))
        self.new_noise.setToolTip(self.tr("Begin another run from other noise, the next seed (R)"))
        self.new_noise.clicked.connect(lambda _=False: self.new_noise_wanted.emit())
        self.same_noise = QPushButton(self.tr("Same noise"))
        self.same_noise.setToolTip(
            self.tr("Keep this run and begin another from the same noise, with these settings")
        )
        self.same_noise.clicked.connect(lambda _=False: self.same_noise_wanted.emit())
        self.export = QMenu(self)
        self.save = QToolButton()
        icons.wear(self.save, "save")
        tip = self.tr("Export the runs as PNG, GIF, MP4 or npz")
        self.save.setToolTip(tip)
        self.save.setAccessibleName(tip)
        self.save.setMenu(self.export)
        self.save.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._tools = QWidget()
        self.tools = QHBoxLayout(self._tools)
        self._acting: tuple[RunState | None, bool] | None = None  # what the run button is for
        self._lay_out()
        self.show_run(None)

    def set_model(self, title: str) -> None:
        """The title of the model in view, "" for none: then there is nothing to run or save."""
        words = self.tr("Denoise with %1").replace("%1", title) if title else self.tr("Denoise")
        self.title.setText(words)
        for button in (self.new_noise, self.same_noise, self.run, self.save):
            button.setEnabled(bool(title))

    def _lay_out(self) -> None:
        self._head = head = QHBoxLayout()
        head.setSpacing(2 * theme.GRID)
        head.addWidget(self.title)
        head.addWidget(self.status, 1)
        acts = QHBoxLayout()
        acts.setSpacing(theme.GRID)
        for button in (self.new_noise, self.same_noise, self.run):
            acts.addWidget(button)
        head.addLayout(acts)
        head.addStrut(self.run.sizeHint().height())  # the title stays where views have no buttons
        self.tools.setContentsMargins(0, 0, 0, 0)
        self.tools.setSpacing(theme.GRID // 2)
        self.tools.addWidget(self.save)
        self._below = below = QHBoxLayout()
        below.setSpacing(theme.GRID)
        below.addWidget(self.modes)
        below.addStretch(1)
        below.addWidget(self.kinds)
        head.addWidget(self._tools)
        self._rows = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(theme.GRID)
        self._rows.addLayout(head, 1)
        self._rows.addLayout(below)

    # Get and set -------------------------------------------------------------------------------

    def add_tool(self, icon: str, tip: str, call: Callable[[], object]) -> QToolButton:
        """A small button before the export menu."""
        button = QToolButton()
        icons.wear(button, icon)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.clicked.connect(lambda _=False: call())
        self.tools.insertWidget(self.tools.count() - 1, button)
        return button

    def show_run(self, run: Run | None, pending: bool = False) -> None:
        """What the button does now; `pending` says that settings wait for it."""
        done = run.done_steps / run.recipe.steps if run is not None else 0.0
        self.run.set_share(done if run is not None and not run.state.over else 0.0)
        state = run.state if run is not None and not pending else None
        if (state, pending) == self._acting:
            return
        self._acting = (state, pending)
        words, tip = {
            RunState.RUNNING: (self.tr("Cancel"), self.tr("Stop here at once; it can go on (Esc)")),
            RunState.PAUSED: (self.tr("Go on"), self.tr("Take the run up where it stopped")),
            RunState.FAILED: (self.tr("Try again"), self.tr("Begin the run anew")),
        }.get(state, (self.tr("Run"), self.tr("Run these settings from the same noise")))
        self.run.setText(words)
        self.run.setToolTip(tip)
        self.run.setAccessibleName(words)
        theme.role(self.run, "primary" if pending or state is RunState.PAUSED else "")

    def show_for(self, mode: str) -> None:
        """Offer what belongs to a view: its own runs, or nothing of them."""
        own = mode in ("denoise", "plane")
        for widget in (self.new_noise, self.same_noise, self.run):
            widget.setVisible(own)
        self.kinds.setVisible(mode in ("denoise", "duel"))

    def say(self, words: str) -> None:
        self.status.setText(words)
        self.status.setToolTip(words)

    def minimumSizeHint(self) -> QSize:
        return QSize(320, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        wide = self.width() >= ONE_ROW_PX
        way = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        if self._rows.direction() != way:
            self._rows.setDirection(way)
            (self._below if wide else self._head).addWidget(self._tools)  # at the right end
        super().resizeEvent(event)
