"""The form of a fork: settings from this step on, brush and mask, and the button that starts it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from genstudio.ui import theme
from genstudio.ui.panels._denoise_brush import LEAST_PX, MOST_PX
from genstudio.ui.panels._denoise_fork_fields import KEYS, Column, Values, lay_out
from genstudio.ui.panels._denoise_plug import Section
from genstudio.ui.widgets.pill import Pill
from genstudio.ui.widgets.segmented import Segmented
from genstudio.ui.widgets.slider import Slider
from genstudio.ui.widgets.switch import Switch


class ForkSection(Section):
    """Says where the fork would leave, what it would change, and what is wrong with it."""

    changed = Signal()  # a setting, by the hand
    fork_wanted = Signal()
    same_wanted = Signal()  # the parent's own settings
    tool_chosen = Signal(str)  # "" | "paint" | "keep"
    erasing_chosen = Signal(bool)
    brush_chosen = Signal(float)  # px of the image
    clear_wanted = Signal()

    key = "fork"
    order = 30
    shown = True
    modes = ("denoise", "plane")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = self.tr("The fork")
        self.tip = self.tr("Take another way from the step shown on")
        self.place = theme.caption(QLabel())
        self.place.setWordWrap(True)
        self.column = Column(self)
        self.column.changed.connect(self.changed)
        self._to_end = True  # the mask is held to the result where there is one
        self.brush = self._brush()
        self.keeps = self._keeps()
        self.error = theme.error(QLabel())
        self.error.setWordWrap(True)
        self.error.setFont(theme.text_font(theme.CAPTION_PX))
        self.words = theme.caption(QLabel())
        self.words.setWordWrap(True)
        self.fork = QPushButton(self.tr("Fork here"))
        self.fork.setToolTip(self.tr("Start a run that leaves this one at the step shown (F)"))
        self.fork.clicked.connect(lambda _=False: self.fork_wanted.emit())
        self.same = theme.role(QPushButton(self.tr("As parent")), "flat")
        self.same.setToolTip(
            self.tr("The parent's own settings: a fork without any change equals it, bit by bit")
        )
        self.same.clicked.connect(lambda _=False: self.same_wanted.emit())
        self._lay_out()
        self.show_nothing(self.tr("Run something first; then fork it at any step."))

    # Building ----------------------------------------------------------------------------------

    def _brush(self) -> QWidget:
        """Paint, keep, erase, and the width of the brush."""
        box = QWidget()
        self.tools = {
            "paint": Pill(
                self.tr("Brush"),
                tip=self.tr(
                    "Paint on x at t or on the clean guess, whose noise then stays (B). "
                    "The right button rubs"
                ),
            ),
            "keep": Pill(
                self.tr("Keep"),
                tip=self.tr(
                    "Mark the part of the picture that stays as it is; the rest is drawn anew (M). "
                    "The right button lets go"
                ),
            ),
        }
        self.erase = Pill(self.tr("Erase"), tip=self.tr("Rub, or let go of what is kept (X)"))
        self.clear = theme.role(QPushButton(self.tr("Clear")), "flat")
        self.clear.setToolTip(self.tr("Take away what is painted and marked"))
        self.clear.clicked.connect(lambda _=False: self.clear_wanted.emit())
        self.erase.toggled.connect(self.erasing_chosen)
        for tool, pill in self.tools.items():
            pill.toggled.connect(lambda on, tool=tool: self._chose(tool if on else ""))
        self.size = Slider(
            self.tr("Size"), LEAST_PX, MOST_PX, 3.0, step=0.5, unit=self.tr("px"),
            tip=self.tr("In pixels of the image ([ and ], or the wheel)"),
        )  # fmt: skip
        self.size.value_changed.connect(self.brush_chosen)
        row = QHBoxLayout()
        row.setSpacing(theme.GRID // 2)
        for pill in (*self.tools.values(), self.erase):
            row.addWidget(pill)
        row.addStretch(1)
        below = QHBoxLayout()
        below.setSpacing(theme.GRID)
        below.addWidget(self.size, 1)
        below.addWidget(self.clear)
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addLayout(row)
        column.addLayout(below)
        return box

    def _keeps(self) -> QWidget:
        """Which picture the mask is held to, and whether the parent's mask stays."""
        box = QWidget()
        self.held_name = theme.quiet(QLabel(self.tr("Kept as")))
        self.held = Segmented([("end", self.tr("result")), ("now", self.tr("guess here"))])
        self.held.setAccessibleName(self.held_name.text())
        self.held.setToolTip(
            self.tr("Kept pixels are held to the run's result, or to the clean guess at this step")
        )
        self.held.changed.connect(self._hold)
        self.inherit_name = theme.quiet(QLabel(self.tr("Parent's mask stays")))
        self.inherit = Switch()
        self.inherit.setChecked(True)
        self.inherit.setAccessibleName(self.inherit_name.text())
        self.inherit.setToolTip(self.tr("Whether what the parent keeps is kept in the fork too"))
        self.inherit.clicked.connect(lambda _on: self.changed.emit())
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self.held_name, 0, 0)
        grid.addWidget(self.held, 0, 1)
        grid.addWidget(self.inherit_name, 1, 0)
        grid.addWidget(self.inherit, 1, 1, Qt.AlignmentFlag.AlignRight)
        return box

    def _lay_out(self) -> None:
        fields = QGridLayout()
        fields.setContentsMargins(0, 0, 0, 0)
        fields.setHorizontalSpacing(theme.GRID)
        fields.setVerticalSpacing(6)
        fields.setColumnStretch(0, 2)
        fields.setColumnStretch(1, 3)  # room for the longest sampler
        lay_out(fields, KEYS, (self.column,))
        steps = fields.itemAtPosition(KEYS.index("steps"), 0).widget()
        if isinstance(steps, QLabel):
            steps.setText(self.tr("Steps to go"))
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GRID)
        buttons.addWidget(self.fork, 1)
        buttons.addWidget(self.same)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self.place)
        column.addLayout(fields)
        for widget in (self.brush, self.keeps, self.words, self.error):
            column.addWidget(widget)
        column.addLayout(buttons)

    # Get and set -------------------------------------------------------------------------------

    def values(self) -> Values | None:
        return self.column.values()

    def tool(self) -> str:
        return next((tool for tool, pill in self.tools.items() if pill.isChecked()), "")

    def set_tool(self, tool: str) -> None:
        """Show which tool the hand has. No signal."""
        for name, pill in self.tools.items():
            blocked = pill.blockSignals(True)
            pill.setChecked(name == tool)
            pill.blockSignals(blocked)
        for widget in (self.erase, self.size):
            widget.setEnabled(bool(tool))

    def show_nothing(self, words: str) -> None:
        """There is no step to fork at, and why."""
        self.place.setText(words)
        self.words.hide()
        self.error.hide()
        for widget in (self.fork, self.same, self.brush):
            widget.setEnabled(False)

    def show_place(self, words: str, says: str, problem: str, same: bool) -> None:
        """Where the fork would leave, what it would change, what is wrong; `same` says that it
        would equal its parent.
        """
        self.place.setText(words)
        self.words.setText(says)
        self.words.setVisible(bool(says) and not problem)
        self.error.setText(problem)
        self.error.setVisible(bool(problem))
        self.fork.setEnabled(not problem)
        self.same.setEnabled(not same)
        self.brush.setEnabled(True)

    def show_painted(self, painted: bool, masked: bool, inherited: bool, ended: bool) -> None:
        """Offer what belongs to an edit, to a mask, and to a mask that the parent has; `ended` says
        whether there is a result to keep.
        """
        self.clear.setEnabled(painted or masked)
        for widget in (self.held_name, self.held):
            widget.setVisible(masked)
        self.held.set_option_enabled("end", ended)
        self.held.set_value("end" if ended and self._to_end else "now")
        for widget in (self.inherit_name, self.inherit):
            widget.setVisible(inherited and not masked)
        self.keeps.setVisible(masked or inherited)

    def _hold(self, value: object) -> None:
        self._to_end = value == "end"
        self.changed.emit()

    def _chose(self, tool: str) -> None:
        self.set_tool(tool)
        self.tool_chosen.emit(tool)
