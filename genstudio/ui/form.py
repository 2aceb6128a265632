"""A form generated from a settings record: a row per setting, the advanced ones folded away."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, ValidationError
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from genstudio.ui import icons, theme
from genstudio.ui._form_fields import Editor, Field, editor, fields

_FIELD_PX = 144  # width of the column of fields where there is room
_NARROW_FIELD_PX = 96


class _Row:
    """The widgets of one setting."""

    def __init__(self, field: Field, parent: QWidget) -> None:
        self.field = field
        self.label = theme.quiet(QLabel(field.title, parent))
        self.label.setWordWrap(True)
        self.label.setMinimumWidth(1)  # else a long word would push the fields out of sight
        self.editor: Editor = editor(field, parent)
        self.reset = QToolButton(parent)
        self.error = theme.error(QLabel(parent))
        self.label.setToolTip(f"{field.title}\n{field.tooltip()}")
        self.editor.widget.setToolTip(field.tooltip())
        self.editor.widget.setMinimumWidth(_NARROW_FIELD_PX)
        self.editor.widget.setMaximumWidth(_FIELD_PX)
        self.editor.widget.setAccessibleName(field.title)
        if not self.editor.widget.accessibleDescription():
            self.editor.widget.setAccessibleDescription(field.tooltip())
        self.label.setBuddy(self.editor.widget)
        self.error.setWordWrap(True)
        self.error.setFont(theme.text_font(theme.CAPTION_PX))
        self.error.hide()
        icons.wear(self.reset, "reset", "quiet")
        self.reset.setIconSize(QSize(14, 14))
        self.reset.setFixedSize(20, 20)
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(policy)
        self.reset.hide()


class Form(QWidget):
    """Edits the values of `config`. What is wrong with a value stands in a sentence below it.

    In live-only mode (a training runs) only live settings can be changed, and each change that the
    user commits comes out as `live_changed(key, value)`.
    """

    changed = Signal()  # the user changed a value, valid or not
    live_changed = Signal(str, object)
    validity_changed = Signal(bool)

    def __init__(self, config: type[BaseModel], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._config = config
        self._defaults: dict[str, Any] = {}
        self._live_only = False
        self._valid = True
        self._errors: dict[str, str] = {}
        self._rows = {field.key: _Row(field, self) for field in fields(config)}
        self._defaults = {key: row.field.default for key, row in self._rows.items()}
        self._whole = theme.error(QLabel(self))
        self._whole.setWordWrap(True)
        self._fold = QToolButton(self)
        self._advanced = QWidget(self)
        self._arrange()
        for key, row in self._rows.items():
            row.editor.set_value(row.field.default)
            row.editor.edited.connect(self._edited)
            row.editor.committed.connect(lambda key=key: self._committed(key))
            row.reset.clicked.connect(lambda _checked=False, key=key: self.reset(key))
        self._check()

    # Get and set ------------------------------------------------------------

    def config(self) -> type[BaseModel]:
        """The record whose settings are edited."""
        return self._config

    def values(self) -> dict[str, Any]:
        """The values as they stand; a text that cannot be read is handed over as text."""
        return {key: self._read(row) for key, row in self._rows.items()}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Show these values; unknown keys are left out, other fields stay. No signal `changed`."""
        for key, value in values.items():
            if key in self._rows:
                self._rows[key].editor.set_value(value)
        self._check()

    def changes(self) -> dict[str, Any]:
        """The values that differ from their defaults."""
        return {k: v for k, v in self.values().items() if v != self._defaults[k]}

    def defaults(self) -> dict[str, Any]:
        return dict(self._defaults)

    def set_defaults(self, defaults: Mapping[str, Any]) -> None:
        """What reset goes back to, where it is not the record's own default. Values stay."""
        self._defaults = {key: row.field.default for key, row in self._rows.items()}
        self._defaults.update({k: v for k, v in defaults.items() if k in self._rows})
        self._check()

    def valid(self) -> bool:
        return self._valid

    def errors(self) -> dict[str, str]:
        """What is wrong, by key; "" is the key of what concerns several settings."""
        return dict(self._errors)

    def live_only(self) -> bool:
        return self._live_only

    def set_live_only(self, live_only: bool) -> None:
        """Whether only live settings can be changed, as while a training runs."""
        self._live_only = live_only
        for row in self._rows.values():
            usable = row.field.live or not live_only
            row.editor.widget.setEnabled(usable)
            row.label.setEnabled(usable)
        self._check()

    def advanced_shown(self) -> bool:
        return self._fold.isChecked()

    def show_advanced(self, shown: bool) -> None:
        """Fold the advanced settings or unfold them."""
        self._fold.setChecked(shown)

    def field_widget(self, key: str) -> QWidget:
        """The widget that edits setting `key`."""
        return self._rows[key].editor.widget

    def reset(self, key: str | None = None) -> None:
        """Put one setting, or all that can be changed now, back to the default."""
        for each, row in self._rows.items():
            if (key is None or each == key) and row.editor.widget.isEnabled():
                row.editor.set_value(self._defaults[each])
                if self._live_only:
                    self.live_changed.emit(each, self._defaults[each])
        self._edited()

    # Private ------------------------------------------------------------

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        simple = QWidget(self)
        self._fill(simple, [row for row in self._rows.values() if not row.field.advanced])
        advanced = [row for row in self._rows.values() if row.field.advanced]
        self._fill(self._advanced, advanced)
        self._advanced.hide()
        self._fold.setText(self.tr("Advanced settings"))
        self._fold.setCheckable(True)
        self._fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._fold.setToolTip(self.tr("Show or hide the settings that are seldom changed"))
        self._fold.setVisible(bool(advanced))
        theme.role(self._fold, "fold")
        icons.wear(self._fold, "chevron-right", "quiet")
        self._fold.toggled.connect(self._unfold)
        self._whole.hide()
        for widget in (simple, self._fold, self._advanced, self._whole):
            column.addWidget(widget)

    @staticmethod
    def _fill(page: QWidget, rows: list[_Row]) -> None:
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.GRID // 2)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(2, 1)
        for index, row in enumerate(rows):
            for widget in (row.label, row.editor.widget, row.reset, row.error):
                widget.setParent(page)
            grid.addWidget(row.label, 2 * index, 0)
            grid.addWidget(row.reset, 2 * index, 1)
            grid.addWidget(row.editor.widget, 2 * index, 2)
            grid.addWidget(row.error, 2 * index + 1, 0, 1, 3)
            row.reset.setVisible(False)
            row.error.setVisible(False)
            row.reset.setToolTip(page.tr("Back to the default"))
            row.reset.setAccessibleName(page.tr("Reset {0}").format(row.field.title))
        for before, after in pairwise(rows):
            QWidget.setTabOrder(before.editor.widget, after.editor.widget)

    def _unfold(self, shown: bool) -> None:
        icons.wear(self._fold, "chevron-down" if shown else "chevron-right", "quiet")
        self._advanced.setVisible(shown)

    @staticmethod
    def _read(row: _Row) -> Any:
        try:
            return row.editor.value()
        except ValueError:
            line = row.editor.widget
            return line.text() if hasattr(line, "text") else None

    def _edited(self) -> None:
        self._check()
        self.changed.emit()

    def _committed(self, key: str) -> None:
        row = self._rows[key]
        if self._live_only and row.field.live and key not in self._errors:
            self.live_changed.emit(key, row.editor.value())

    def _check(self) -> None:
        """Say what is wrong, and where a value could go back to its default."""
        values = self.values()
        self._errors = problems(self._config, values, {k: r.field for k, r in self._rows.items()})
        for key, row in self._rows.items():
            sentence = self._errors.get(key, "")
            row.error.setText(sentence)
            row.error.setVisible(bool(sentence))
            row.editor.set_invalid(bool(sentence))
            other = values[key] != self._defaults[key] and row.editor.widget.isEnabled()
            row.reset.setEnabled(other)
            row.reset.setVisible(other)
            if sentence and row.field.advanced:
                self._fold.setChecked(True)
        self._whole.setText(self._errors.get("", ""))
        self._whole.setVisible("" in self._errors)
        valid = not self._errors
        if valid != self._valid:
            self._valid = valid
            self.validity_changed.emit(valid)


def problems(
    config: type[BaseModel], values: Mapping[str, Any], known: Mapping[str, Field]
) -> dict[str, str]:
    """One sentence for each wrong value, by key: what, what was got, what is allowed."""
    try:
        config.model_validate(dict(values))
    except ValidationError as error:
        result: dict[str, str] = {}
        for each in error.errors():
            key = str(each["loc"][0]) if each["loc"] else ""
            if key not in result:
                result[key] = _sentence(each, known.get(key))
        return result
    return {}


def _sentence(error: Any, field: Field | None) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    if field is None:
        return message if message.endswith(".") else f"{message}."
    got = error["input"]
    shown = Form.tr("nothing") if got in ("", None, ()) else str(got)
    limits = field.limits()
    ranged = {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}
    if error["type"] in ranged and limits and len(error["loc"]) == 1:
        return Form.tr("{0} must be {1}, got {2}.").format(field.title, limits, shown)
    if field.kind is int or field.kind is float:
        kind = Form.tr("a whole number") if field.kind is int else Form.tr("a number")
        words = Form.tr("{0} must be {1}, got {2}.").format(field.title, kind, shown)
        return words if not limits else f"{words[:-1]} ({limits})."
    if field.kind is tuple and isinstance(got, str):
        words = Form.tr("{0} must be numbers with commas between them, got {1}.")
        return words.format(field.title, shown)
    return Form.tr("{0}: {1}, got {2}.").format(field.title, message, shown)
