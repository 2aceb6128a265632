"""The line above a plot that says the curves' values, each with the step it is of."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel, QWidget

from genstudio.ui import theme

_NO_BREAK = "\N{NO-BREAK SPACE}"


class Reading(QLabel):
    """Values in lines of one step each; a line that is too long goes on below, between values."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setFont(theme.figure_font(12))

    def set_values(self, label: str, values: Sequence[tuple[float, str]]) -> None:
        """Show (step, words) pairs; `label` names the axis of the steps."""
        self.setText(lines(label, values).replace(" ", _NO_BREAK).replace(_NO_BREAK * 3, "   "))

    def words(self) -> str:
        """What is shown, with plain spaces."""
        return self.text().replace(_NO_BREAK, " ")

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())


def lines(label: str, values: Sequence[tuple[float, str]]) -> str:
    """A line for each step, in the order in which the steps come first; values of one step stand
    together.
    """
    groups: dict[float, list[str]] = {}
    for x, words in values:
        groups.setdefault(x, []).append(words)
    return "\n".join("   ".join((f"{label} {x:,.0f}", *words)) for x, words in groups.items())
