"""A slider with its name and its number, linear or logarithmic."""

from __future__ import annotations

import math

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from genstudio.ui import theme
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.number_field import NumberField
from genstudio.ui.widgets.track import Track

_PLACES = 1000  # of the knob along the line, where there is no step


class Slider(QWidget):
    """Name, number and slider. Shift drags finely (1/50), a double click goes back to the default;
    the number can be typed. What the hand holds is not moved by `set_value`."""

    value_changed = Signal(float)  # while the hand drags or types
    committed = Signal(float)  # when the hand lets go, or a step or number is complete

    def __init__(
        self,
        title: str,
        minimum: float,
        maximum: float,
        default: float,
        parent: QWidget | None = None,
        *,
        step: float | None = None,
        unit: str = "",
        log: bool = False,
        digits: int = 3,
        tip: str = "",
    ) -> None:
        super().__init__(parent)
        if log and minimum <= 0:
            raise ValueError(f"A logarithmic slider begins above zero, got {minimum}.")
        self._low, self._high, self._default = minimum, maximum, default
        self._step, self._log, self._digits = step, log, digits
        self._value = default
        self._told = default
        self._label = theme.quiet(ElidedLabel(self, title))
        self._number = NumberField(self, minimum=minimum, maximum=maximum, unit=unit)
        theme.role(self._number, "figure")
        self._track = Track(self)
        self._settle = QTimer(self)  # a run of key or wheel steps is one change
        self._settle.setSingleShot(True)
        self._settle.setInterval(250)
        self._settle.timeout.connect(self._commit)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.GRID)
        grid.setVerticalSpacing(0)
        grid.addWidget(self._label, 0, 0)
        grid.addWidget(self._number, 0, 1)
        grid.addWidget(self._track, 1, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        self._number.setFixedWidth(96)
        words = self.tr("{0} from {1:g} to {2:g} {3}").format(title, minimum, maximum, unit)
        for widget in (self._label, self._number, self._track):
            widget.setToolTip(f"{tip}\n{words}".strip())
            widget.setAccessibleName(title)
        self._track.setRange(0, self._places())
        self._track.setPageStep(max(1, self._places() // 10))
        self._track.valueChanged.connect(self._moved)
        self._track.sliderReleased.connect(self._commit)
        self._track.reset_wanted.connect(self.reset)
        self._number.committed.connect(self._typed)
        self._show()

    # Get and set ------------------------------------------------------------

    def value(self) -> float:
        return self._value

    def set_value(self, value: float) -> None:
        """Show a value; nothing happens while the hand holds the knob. No signal."""
        if not self._track.held():
            self._value = self._told = min(max(value, self._low), self._high)
            self._show()

    def default(self) -> float:
        return self._default

    def reset(self) -> None:
        """Go back to the default, as the user."""
        self._take(self._default)
        self._commit()

    def held(self) -> bool:
        return self._track.held()

    # Private ------------------------------------------------------------

    def _places(self) -> int:
        if self._step and not self._log:
            return max(1, round((self._high - self._low) / self._step))
        return _PLACES

    def _place_of(self, value: float) -> int:
        if self._log:
            share = math.log(value / self._low) / math.log(self._high / self._low)
        else:
            share = (value - self._low) / (self._high - self._low)
        return round(share * self._places())

    def _value_of(self, place: int) -> float:
        share = place / self._places()
        if self._log:
            value = self._low * (self._high / self._low) ** share
        else:
            value = self._low + share * (self._high - self._low)
        rounded = float(f"{value:.{self._digits}g}") if self._step is None else round(value, 10)
        return min(max(rounded, self._low), self._high)

    def _moved(self, place: int) -> None:
        self._value = self._value_of(place)
        self._number.set_value(self._value)
        self.value_changed.emit(self._value)
        if not self._track.held():
            self._settle.start()

    def _typed(self) -> None:
        value = self._number.value()
        if value is not None:
            self._take(value)
            self._commit()

    def _take(self, value: float) -> None:
        value = min(max(value, self._low), self._high)
        changed = value != self._value
        self._value = value
        self._show()
        if changed:
            self.value_changed.emit(value)

    def _commit(self) -> None:
        self._settle.stop()
        if self._value != self._told:
            self._told = self._value
            self.committed.emit(self._value)

    def _show(self) -> None:
        blocked = self._track.blockSignals(True)
        self._track.setValue(self._place_of(self._value))
        self._track.blockSignals(blocked)
        self._track.update()
        self._number.set_value(self._value)
