"""A slim field for one number with its unit at the right; it says itself what is wrong with it."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from genstudio.ui import theme


def text_of(value: float | None) -> str:
    """A number as it is written into a field: no needless digit; nothing for None."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.12g}"


def stepped(value: float, steps: int, *, integer: bool) -> float:
    """`value` after `steps` steps: of one for integers, else of a tenth of the leading decade.

    0.001 goes up to 0.0011 and down to 0.00099, so that a learning rate never falls to zero.
    """
    if integer:
        return int(value) + steps
    for _ in range(abs(steps)):
        up = steps > 0
        size = abs(value)
        decade = math.floor(math.log10(size)) if size > 0 else -1
        if size > 0 and math.isclose(size, 10.0**decade) and up != (value > 0):
            decade -= 1
        step = 10.0 ** (decade - 1)
        value = float(f"{value + (step if up else -step):.12g}")
    return value


class NumberField(QLineEdit):
    """One integer or real number. Up, Down and the wheel step (Shift: ten steps), Enter commits.

    An empty field is None where `optional`; the wheel works only in a field that has the focus.
    """

    edited = Signal()  # the text is another one; it may be invalid
    committed = Signal()  # Enter, a step or leaving the field with another valid value

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        integer: bool = False,
        minimum: float | None = None,
        maximum: float | None = None,
        unit: str = "",
        optional: bool = False,
    ) -> None:
        super().__init__(parent)
        self._integer = integer
        self._minimum, self._maximum = minimum, maximum
        self._unit = unit
        self._optional = optional
        self._committed: float | None = None
        self.setFont(theme.figure_font())
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        if optional:
            self.setPlaceholderText(self.tr("auto"))
        if unit:
            self.setTextMargins(0, 0, self.fontMetrics().horizontalAdvance(unit) + 6, 0)
        self.textEdited.connect(lambda _text: self.edited.emit())
        self.editingFinished.connect(self._commit)

    # Get and set ------------------------------------------------------------

    def value(self) -> float | None:
        """The number in the field.

        Raises: ValueError when the text is no number of this kind.
        """
        text = self.text().strip().replace(",", "").replace("\u2009", "").replace("_", "")
        if not text and self._optional:
            return None
        number = float(text)
        if self._integer:
            if not number.is_integer():
                raise ValueError(f"{text} is no whole number.")
            return int(text) if text.lstrip("+-").isdigit() else int(number)
        return number

    def set_value(self, value: float | None) -> None:
        self._committed = value
        self.setText(text_of(value))

    def set_invalid(self, invalid: bool) -> None:
        """Draw the border in the colour of errors, or not."""
        if bool(self.property("invalid")) != invalid:
            self.setProperty("invalid", invalid)
            self.style().unpolish(self)
            self.style().polish(self)

    def set_range(self, minimum: float | None, maximum: float | None) -> None:
        """Where keys and wheel stop from now on."""
        self._minimum, self._maximum = minimum, maximum

    def unit(self) -> str:
        return self._unit

    # Events ------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ways = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}
        way = ways.get(Qt.Key(event.key())) if not self.isReadOnly() else None
        if way is None:
            super().keyPressEvent(event)
            return
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._step(way * (10 if shift else 1))

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.hasFocus() or self.isReadOnly() or event.angleDelta().y() == 0:
            event.ignore()  # scrolling the pane must not change the number under the pointer
            return
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._step((1 if event.angleDelta().y() > 0 else -1) * (10 if shift else 1))
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._unit:
            painter = QPainter(self)
            painter.setFont(self.font())
            painter.setPen(theme.colour("quiet" if self.isEnabled() else "faint"))
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(self.rect()).adjusted(0, 0, -10, 0), flags, self._unit)

    # Private ------------------------------------------------------------

    def _step(self, steps: int) -> None:
        try:
            value = self.value()
        except ValueError:
            return
        low, high = self._minimum, self._maximum
        if value is None:
            value = low if low is not None else 0
            new = value
        else:
            new = stepped(value, steps, integer=self._integer)
        new = new if low is None else max(new, low)
        new = new if high is None else min(new, high)
        self.setText(text_of(int(new) if self._integer else float(new)))
        self.edited.emit()
        self._commit()

    def _commit(self) -> None:
        try:
            value = self.value()
        except ValueError:
            return
        if value != self._committed:
            self._committed = value
            self.committed.emit()
