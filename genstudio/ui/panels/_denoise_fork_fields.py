"""Editors of a walk's settings: one column of them, made to stand alone or beside another."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QWidget,
)

from genstudio.ui import theme
from genstudio.ui.widgets._tool import small_tool
from genstudio.ui.widgets.number_field import NumberField

MOST_SEED = 2**31 - 1
MOST_GUIDANCE = 20.0
KEYS = ("seed", "sampler", "eta", "steps", "label", "guidance")
NO_CLASS = -1  # in the list of classes, which cannot hold None


@dataclass(frozen=True)
class Values:
    """A walk's settings."""

    seed: int = 0
    sampler: str = "dpmpp"
    eta: float = 0.0
    steps: int = 20
    label: int | None = None
    guidance: float = 1.0


class Box(QComboBox):
    """A list that scrolling the Inspector does not change. Where it is narrow, its words end in
    dots.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(4)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        kind, field = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(kind, option, field, self).width()
        option.currentText = self.fontMetrics().elidedText(
            option.currentText, Qt.TextElideMode.ElideRight, room
        )
        painter = QStylePainter(self)
        painter.drawComplexControl(kind, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)


class Column(QObject):
    """An editor for each of `keys`, without their names; `side` tells two columns apart."""

    changed = Signal()

    def __init__(self, parent: QWidget, keys: Sequence[str] = KEYS, side: str = "") -> None:
        super().__init__(parent)
        self._parent, self._side = parent, side
        self._most_steps = 1000
        self._samplers: tuple[str, ...] = ()
        self._n_classes = 0
        self.seed = NumberField(parent, integer=True, minimum=0, maximum=MOST_SEED)
        self.dice = small_tool(parent, "dice", self.tr("Another seed"), self.roll)
        self.sampler, self.label = Box(parent), Box(parent)
        self.steps = NumberField(parent, integer=True, minimum=1, maximum=self._most_steps)
        self.eta = NumberField(parent, minimum=0.0, maximum=1.0)
        self.guidance = NumberField(parent, minimum=0.0, maximum=MOST_GUIDANCE)
        self._editors: dict[str, QWidget] = {key: getattr(self, key) for key in KEYS}
        for key, editor in self._editors.items():
            editor.setVisible(key in keys)
            if isinstance(editor, NumberField):
                editor.edited.connect(self._edited)
                editor.committed.connect(self._edited)
            else:
                editor.activated.connect(lambda _index: self._edited())
        self.dice.setVisible("seed" in keys)
        self.set_samplers(("ddpm", "ddpm-large", "ddim", "dpmpp"))
        self.set_classes(())
        self.set_values(Values())

    # Get and set -------------------------------------------------------------------------------

    def values(self) -> Values | None:
        """What is set, or None while `problem` has something to say."""
        if self.problem():
            return None
        ddim = self.sampler.currentData() == "ddim"
        label = self.label.currentData()
        return Values(
            seed=int(self.seed.value() or 0),
            sampler=str(self.sampler.currentData()),
            eta=float(self.eta.value() or 0.0) if ddim else 0.0,
            steps=int(self.steps.value() or 1),
            label=None if label == NO_CLASS else int(label),
            guidance=1.0 if label == NO_CLASS else float(self.guidance.value() or 0.0),
        )

    def set_values(self, values: Values) -> None:
        """Show these. No signal."""
        self.seed.set_value(values.seed)
        self.sampler.setCurrentIndex(max(0, self.sampler.findData(values.sampler)))
        self.eta.set_value(values.eta)
        self.steps.set_value(values.steps)
        label = NO_CLASS if values.label is None else values.label
        self.label.setCurrentIndex(max(0, self.label.findData(label)))
        self.guidance.set_value(values.guidance)
        self._enable()

    def set_samplers(self, names: Sequence[str]) -> None:
        """The samplers that there are; the one chosen stays where it can."""
        if tuple(names) != self._samplers:
            self._samplers = tuple(names)
            _refill(self.sampler, [(name, name) for name in names])

    def set_classes(self, names: Sequence[str]) -> None:
        """The classes that the model knows, by name; none for one that was trained without."""
        self._n_classes = len(names)
        words = [(self.tr("any"), NO_CLASS)]
        _refill(self.label, words + [(name, k) for k, name in enumerate(names)])
        self._enable()

    def set_class(self, label: int | None) -> None:
        """Another class, where another column chooses it. No signal."""
        self.label.setCurrentIndex(
            max(0, self.label.findData(NO_CLASS if label is None else label))
        )
        self._enable()

    def set_most_steps(self, most: int) -> None:
        """How many steps there can be."""
        if most != self._most_steps:
            self._most_steps = most
            self.steps.set_range(1, most)
            self._enable()

    def problem(self) -> str:
        """What is wrong, in one sentence; "" where all is well."""
        checks = (
            (self.seed, self.tr("The seed"), 0, MOST_SEED),
            (self.steps, self.tr("The number of steps"), 1, self._most_steps),
            (self.eta, self.tr("Eta"), 0.0, 1.0),
            (self.guidance, self.tr("Guidance"), 0.0, MOST_GUIDANCE),
        )
        found = ""
        for field, name, low, high in checks:
            wrong = not field.isHidden() and field.isEnabled() and not _within(field, low, high)
            field.set_invalid(wrong)
            if wrong and not found:
                words = self.tr("{0} must be from {1} to {2}, got {3}.")
                got = field.text().strip() or self.tr("nothing")
                found = words.format(name, f"{low:g}", f"{high:,}", got)
        return found

    def roll(self) -> None:
        """Another seed, as the user."""
        self.seed.set_value(random.randrange(10_000))
        self._edited()

    # Private -----------------------------------------------------------------------------------

    def _edited(self) -> None:
        self._enable()
        self.changed.emit()

    def _enable(self) -> None:
        ddim = self.sampler.currentData() == "ddim"
        told = self.label.currentData() not in (None, NO_CLASS)
        self.eta.setEnabled(ddim)
        self.label.setEnabled(self._n_classes > 0)
        self.guidance.setEnabled(told)
        tips = {
            "seed": self.tr("Seed of the noise, 0 to {0}").format(f"{MOST_SEED:,}"),
            "sampler": self.tr(
                "How a step is taken. ddpm: ancestral, with noise; ddim: none at eta 0; "
                "dpmpp: DPM-Solver++ of order 2"
            ),
            "eta": self.tr("Noise that ddim adds, 0 to 1; 1 is as much as ddpm")
            if ddim
            else self.tr("Only ddim has eta"),
            "steps": self.tr("Steps to the image, 1 to {0}").format(f"{self._most_steps:,}"),
            "label": self.tr("Which class is drawn; any keeps those that the walk began with")
            if self._n_classes
            else self.tr("This model was trained without classes"),
            "guidance": self.tr("How much more the class counts, 0 to 20; 1 is as trained")
            if told
            else self.tr("Guidance needs a class"),
        }
        for key, editor in self._editors.items():
            name = titles(self)[key]
            editor.setToolTip(tips[key])
            editor.setAccessibleName(f"{name}, {self._side}" if self._side else name)


def titles(tr: QObject) -> dict[str, str]:
    """What the settings are called."""
    return {
        "seed": tr.tr("Seed"),
        "sampler": tr.tr("Sampler"),
        "eta": tr.tr("Eta"),
        "steps": tr.tr("Steps"),
        "label": tr.tr("Class"),
        "guidance": tr.tr("Guidance"),
    }


def lay_out(grid: QGridLayout, keys: Sequence[str], columns: Sequence[Column], row: int = 0) -> int:
    """Names and columns of editors side by side, from `row` on; the row after them."""
    names = titles(columns[0])
    for key in keys:
        name = theme.quiet(QLabel(names[key]))
        name.setBuddy(getattr(columns[0], key))
        grid.addWidget(name, row, 0)
        for place, column in enumerate(columns):
            editor = getattr(column, key)
            if key == "seed":
                both = QHBoxLayout()
                both.setContentsMargins(0, 0, 0, 0)
                both.setSpacing(2)
                both.addWidget(editor, 1)
                both.addWidget(column.dice)
                grid.addLayout(both, row, place + 1)
            else:
                grid.addWidget(editor, row, place + 1)
        row += 1
    return row


def _within(field: NumberField, low: float, high: float) -> bool:
    try:
        value = field.value()
    except ValueError:
        return False
    return value is not None and low <= value <= high


def _refill(box: Box, items: Sequence[tuple[str, object]]) -> None:
    before = box.currentData()
    box.clear()
    for words, value in items:
        box.addItem(words, value)
    box.setCurrentIndex(max(0, box.findData(before)))
