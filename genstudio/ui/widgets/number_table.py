"""Rows of a name and a number with its unit, as the Inspector shows them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QGridLayout, QLabel, QMenu, QWidget

from genstudio.ui import theme
from genstudio.ui.widgets.elided_label import ElidedLabel


class NumberTable(QWidget):
    """Names left and quiet, numbers right in tabular figures; the numbers can be selected, the
    whole table copied as text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.GRID)
        self._grid.setVerticalSpacing(theme.GRID)
        self._grid.setColumnStretch(0, 1)
        self._rows: dict[str, tuple[ElidedLabel, QLabel]] = {}
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(self.tr("Numbers"))
        copy = QAction(self.tr("Copy table"), self)
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy)
        self.addAction(copy)

    # Get and set ------------------------------------------------------------

    def rows(self) -> list[tuple[str, str]]:
        """(name, number with unit) of every row shown."""
        return [(name, value.text()) for name, (_label, value) in self._rows.items()]

    def set_rows(self, rows: Iterable[tuple[str, str] | tuple[str, str, str]]) -> None:
        """Show (name, number) or (name, number, unit); rows whose name stays keep their widgets."""
        wanted = {row[0]: " ".join(part for part in row[1:] if part) for row in rows}
        if list(wanted) != list(self._rows):
            self._rebuild(list(wanted))
        for name, text in wanted.items():
            self._write(name, text)

    def set_value(self, name: str, value: str, unit: str = "") -> None:
        """Change one number; a new name becomes a new row at the end."""
        if name not in self._rows:
            self._add(name)
        self._write(name, f"{value} {unit}".strip())

    def value(self, name: str) -> str:
        """The number of a row with its unit.

        Raises: KeyError when there is no such row.
        """
        return self._rows[name][1].text()

    def set_tip(self, name: str, tip: str) -> None:
        """What the number means, as tooltip of its row."""
        for label in self._rows[name]:
            label.setToolTip(tip)

    def set_alarm(self, name: str, alarm: bool) -> None:
        """Show a number in the colour of errors, or not."""
        theme.role(self._rows[name][1], "error" if alarm else "")

    def clear(self) -> None:
        self._rebuild([])

    def text(self) -> str:
        """The table as lines of name, tabulator, number."""
        return "\n".join(f"{name}\t{value}" for name, value in self.rows())

    def copy(self) -> None:
        """Put the table on the clipboard."""
        QGuiApplication.clipboard().setText(self.text())

    # Private ------------------------------------------------------------

    def _write(self, name: str, text: str) -> None:
        value = self._rows[name][1]
        if value.text() != text:
            value.setText(text)
            value.setAccessibleName(f"{name}: {text}")

    def _add(self, name: str) -> None:
        row = len(self._rows)
        label = theme.quiet(ElidedLabel(self, name))
        value = theme.figure(QLabel(self))
        value.setTextFormat(Qt.TextFormat.PlainText)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        value.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(value, row, 1)
        self._rows[name] = (label, value)

    def _rebuild(self, names: list[str]) -> None:
        """Have these rows; the first ones that are there already stay."""
        pairs = zip(names, self._rows, strict=False)
        stay = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
        for name in list(self._rows)[stay:]:
            for widget in self._rows.pop(name):
                self._grid.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
        for name in names[stay:]:
            self._add(name)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(self.actions())
        menu.popup(event.globalPos())
