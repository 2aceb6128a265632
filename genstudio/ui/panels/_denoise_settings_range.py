"""Whether a field holds a whole number within its range, and the sentence where it does not."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from genstudio.ui.widgets.number_field import NumberField


def out_of_range(field: NumberField, name: str, high: int, low: int = 0) -> str:
    """What is wrong with the number in a field, which then wears it; nothing where it is one from
    `low` to `high`.
    """
    good = within(field, low, high)
    field.set_invalid(not good)
    if good:
        return ""
    tr = QCoreApplication.translate
    words = tr("Range", "{0} must be a whole number from {1} to {2}, got {3}.")
    got = field.text().strip() or tr("Range", "nothing")
    return words.format(name, f"{low:,}", f"{high:,}", got)


def within(field: NumberField, low: float, high: float) -> bool:
    """Whether the field holds a number from `low` to `high`."""
    try:
        value = field.value()
    except ValueError:
        return False
    return value is not None and low <= value <= high
