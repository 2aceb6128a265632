"""What the form knows of one setting, and the editor for each kind of setting."""

from __future__ import annotations

import json
import types
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from PySide6.QtCore import QCoreApplication, QObject, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from genstudio.ui import theme
from genstudio.ui.widgets.number_field import NumberField, text_of
from genstudio.ui.widgets.segmented import Segmented
from genstudio.ui.widgets.switch import Switch

_SEGMENTED_LETTERS = 14  # more words than these stand in a list


def translated(text: str) -> str:
    """A title, unit or help of a settings record in the language of the window."""
    return QCoreApplication.translate("Config", text) if text else ""


@dataclass(frozen=True)
class Field:
    """One setting as the form shows it."""

    key: str
    title: str
    help: str
    unit: str
    default: Any
    kind: type | None  # int, float, bool, str, tuple; None for anything else
    choices: tuple[Any, ...]
    item: type | None  # of a tuple
    optional: bool
    live: bool
    advanced: bool
    low: float | None
    high: float | None
    low_open: bool
    high_open: bool

    def limits(self) -> str:
        """The limits in words, or nothing where there are none."""
        low, high = text_of(self.low), text_of(self.high)
        tr = QCoreApplication.translate
        if low and high:
            return tr("Form", "from {0} to {1}").format(low, high)
        if low:
            words = tr("Form", "more than {0}") if self.low_open else tr("Form", "at least {0}")
            return words.format(low)
        if high:
            words = tr("Form", "less than {0}") if self.high_open else tr("Form", "at most {0}")
            return words.format(high)
        return ""

    def tooltip(self) -> str:
        """Help, range and unit."""
        tr = QCoreApplication.translate
        parts = [self.help]
        if self.limits():
            limits = f"{self.limits()} {self.unit}".strip()
            parts.append(tr("Form", "Range: {0}.").format(limits))
        elif self.unit:
            parts.append(tr("Form", "Unit: {0}.").format(self.unit))
        if self.choices:
            parts.append(tr("Form", "One of: {0}.").format(", ".join(map(str, self.choices))))
        if self.live:
            parts.append(tr("Form", "May be changed while the model trains."))
        return "\n".join(part for part in parts if part)


def fields(config: type[BaseModel]) -> list[Field]:
    """The settings of `config` in its order."""
    return [_field(key, info) for key, info in config.model_fields.items()]


def _field(key: str, info: Any) -> Field:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    kind, choices, item, optional = _shape(info.annotation)
    limits: dict[str, Any] = {}
    for each in info.metadata:
        for name in ("ge", "gt", "le", "lt"):
            if getattr(each, name, None) is not None:
                limits[name] = getattr(each, name)
    return Field(
        key=key,
        title=translated(info.title or key.replace("_", " ").capitalize()),
        help=translated(info.description or ""),
        unit=translated(str(extra.get("unit") or "")),
        default=info.get_default(call_default_factory=True),
        kind=kind,
        choices=choices,
        item=item,
        optional=optional,
        live=bool(extra.get("live")),
        advanced=bool(extra.get("advanced")),
        low=limits.get("ge", limits.get("gt")),
        high=limits.get("le", limits.get("lt")),
        low_open="gt" in limits,
        high_open="lt" in limits,
    )


def _shape(annotation: Any) -> tuple[type | None, tuple[Any, ...], type | None, bool]:
    """(kind, choices, item, optional) of a type annotation."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        rest = [each for each in arguments if each is not type(None)]
        if len(rest) == 1:
            kind, choices, item, _optional = _shape(rest[0])
            return kind, choices, item, True
        return None, (), None, len(rest) < len(arguments)
    if origin is Literal:
        return None, arguments, None, False
    if origin is tuple:
        return tuple, (), arguments[0] if arguments else None, False
    if annotation in (int, float, bool, str):
        return annotation, (), None, False
    return None, (), None, False


# Editors ------------------------------------------------------------


class Editor(QObject):
    """One setting's widget. `value` raises ValueError where the text cannot be read."""

    edited = Signal()
    committed = Signal()  # a value that a running training should hear of

    def __init__(self, field: Field, widget: QWidget) -> None:
        super().__init__(widget)
        self.field = field
        self.widget = widget

    def value(self) -> Any:
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        raise NotImplementedError

    def set_invalid(self, invalid: bool) -> None:
        """Mark the widget where it can be marked."""


class _Number(Editor):
    def __init__(self, field: Field, parent: QWidget) -> None:
        widget = NumberField(
            parent,
            integer=field.kind is int,
            minimum=None if field.low_open else field.low,
            maximum=None if field.high_open else field.high,
            unit=field.unit,
            optional=field.optional,
        )
        super().__init__(field, widget)
        self._number = widget
        widget.edited.connect(self.edited)
        widget.committed.connect(self.committed)

    def value(self) -> float | None:
        return self._number.value()

    def set_value(self, value: Any) -> None:
        self._number.set_value(value)

    def set_invalid(self, invalid: bool) -> None:
        self._number.set_invalid(invalid)


class _Text(Editor):
    """A string, the numbers of a tuple with commas between them, or anything else as JSON."""

    def __init__(self, field: Field, parent: QWidget) -> None:
        widget = QLineEdit(parent)
        super().__init__(field, widget)
        self._line = widget
        self._told: Any = None
        if field.kind is tuple:
            widget.setFont(theme.figure_font())
            widget.setPlaceholderText(self.tr("numbers, such as 512, 256"))
        widget.textEdited.connect(lambda _text: self.edited.emit())
        widget.editingFinished.connect(self._finished)

    def value(self) -> Any:
        text = self._line.text().strip()
        if self.field.optional and not text:
            return None
        if self.field.kind is str:
            return text
        if self.field.kind is tuple:
            read: Any = self.field.item if self.field.item in (int, float) else str
            words = text.strip("()[]").replace(";", ",").replace(" ", ",").split(",")
            return tuple(read(word) for word in words if word)
        return json.loads(text)

    def set_value(self, value: Any) -> None:
        if value is None:
            text = ""
        elif self.field.kind is str:
            text = str(value)
        elif isinstance(value, Sequence) and self.field.kind is tuple:
            text = ", ".join(map(str, value))
        else:
            text = json.dumps(value)
        self._line.setText(text)
        self._told = text

    def set_invalid(self, invalid: bool) -> None:
        NumberField.set_invalid(self._line, invalid)  # type: ignore[arg-type]

    def _finished(self) -> None:
        if self._line.text() != self._told:
            self._told = self._line.text()
            self.committed.emit()


class _OnOff(Editor):
    def __init__(self, field: Field, parent: QWidget) -> None:
        widget = Switch(parent)
        super().__init__(field, widget)
        self._switch = widget
        widget.clicked.connect(lambda _on: (self.edited.emit(), self.committed.emit()))

    def value(self) -> bool:
        return self._switch.isChecked()

    def set_value(self, value: Any) -> None:
        self._switch.setChecked(bool(value))


class _Segments(Editor):
    def __init__(self, field: Field, parent: QWidget) -> None:
        widget = Segmented([(each, translated(str(each))) for each in field.choices], parent)
        super().__init__(field, widget)
        self._segments = widget
        widget.changed.connect(lambda _value: (self.edited.emit(), self.committed.emit()))

    def value(self) -> Any:
        return self._segments.value()

    def set_value(self, value: Any) -> None:
        self._segments.set_value(value)


class _List(Editor):
    def __init__(self, field: Field, parent: QWidget) -> None:
        widget = _QuietCombo(parent)
        super().__init__(field, widget)
        self._box = widget
        for each in (None, *field.choices) if field.optional else field.choices:
            widget.addItem(self.tr("auto") if each is None else translated(str(each)), each)
        widget.activated.connect(lambda _index: (self.edited.emit(), self.committed.emit()))

    def value(self) -> Any:
        return self._box.currentData()

    def set_value(self, value: Any) -> None:
        for index in range(self._box.count()):
            if self._box.itemData(index) == value:
                self._box.setCurrentIndex(index)


class _QuietCombo(QComboBox):
    """A list that scrolling the pane does not change."""

    def wheelEvent(self, event: Any) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


def editor(field: Field, parent: QWidget) -> Editor:
    """The editor that suits the kind of setting."""
    if field.choices:
        words = sum(len(translated(str(each))) for each in field.choices)
        short = len(field.choices) <= 3 and words <= _SEGMENTED_LETTERS and not field.optional
        return _Segments(field, parent) if short else _List(field, parent)
    if field.kind is bool and not field.optional:
        return _OnOff(field, parent)
    if field.kind in (int, float):
        return _Number(field, parent)
    return _Text(field, parent)
