"""While a run goes on: the settings that may change, and its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from genstudio.ui import icons, theme
from genstudio.ui.form import Form
from genstudio.ui.panel import PanelSpec, panels
from genstudio.ui.panels._train_parts import names
from genstudio.ui.panels._train_run import Recipe
from genstudio.ui.panels._train_runs import Slot
from genstudio.ui.widgets.number_table import NumberTable
from genstudio.ui.words import time_left

if TYPE_CHECKING:
    from pydantic import BaseModel

FIELD_PX = 88  # width of the fields of live settings, which are numbers


def live_fields(config: type[BaseModel]) -> type[BaseModel] | None:
    """A record of those settings of `config` that may change during training; None where there are
    none.
    """
    from pydantic import create_model

    fields: dict[str, Any] = {}
    for key, info in config.model_fields.items():
        extra = info.json_schema_extra
        if isinstance(extra, dict) and extra.get("live"):
            fields[key] = (info.annotation, info)
    return create_model(f"Live{config.__name__}", **fields) if fields else None


class LivePage(QWidget):
    """The Inspector while a run is chosen that has begun."""

    changed = Signal(str, object)  # key as in --set, value
    copy_wanted = Signal()
    panel_wanted = Signal(str)  # key of the panel that is to show the run's model

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run: int | None = None
        self._told: dict[str, Any] = {}  # live changes that the forms show already
        self.forms: dict[str, Form] = {}  # by the prefix of their keys: "" and "train."
        self.title = theme.heading(QLabel(self))
        self.title.setWordWrap(True)
        self._live_title = theme.heading(QLabel(self.tr("Change while it runs"), self))
        self._box = QVBoxLayout()
        self._box.setSpacing(6)
        self.numbers = NumberTable(self)
        self.losses = NumberTable(self)
        self.code = NumberTable(self)
        self.alarm = theme.error(QLabel(self))
        self.alarm.setWordWrap(True)
        self.alarm.hide()
        self.views = {spec.key: self._view(spec) for spec in panels() if spec.follows}
        self.copy_button = QPushButton(self.tr("Copy as command line"), self)
        self.copy_button.setToolTip(
            self.tr("Copy the command that makes exactly this run to the clipboard.")
        )
        icons.wear(self.copy_button, "terminal", "quiet")
        self.copy_button.clicked.connect(self.copy_wanted)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self.title)
        column.addWidget(self.numbers)
        column.addWidget(self._live_title)
        column.addLayout(self._box)
        column.addWidget(theme.heading(QLabel(self.tr("Loss, training and test"), self)))
        column.addWidget(self.losses)
        self._code_title = theme.heading(QLabel(self.tr("Latent units"), self))
        column.addWidget(self._code_title)
        column.addWidget(self.code)
        column.addWidget(self.alarm)
        for button in self.views.values():
            column.addWidget(button)
        column.addWidget(self.copy_button)
        self._code_title.hide()

    def show_run(self, slot: Slot) -> None:
        """Bring everything into the state of `slot`."""
        view = slot.view
        if view.run != self._run:
            self._run = view.run
            self._told = {}
            self._build_forms(view.recipe)
            self.clear_units()
        self.title.setText(view.name)
        for form in self.forms.values():
            form.setEnabled(not view.over)
        if slot.live != self._told:
            self._told = dict(slot.live)
            self.take_change(slot.live)
        self.numbers.set_rows(number_rows(slot, self))
        self.losses.set_rows(loss_rows(slot, self))
        for spec in panels():
            if spec.key in self.views:
                fits = slot.card is not None and spec.serves(slot.card) is None
                self.views[spec.key].setVisible(fits)

    def show_units(self, rows: list[tuple[str, str]], alarm: str) -> None:
        """Active units beside the KL; `alarm` says that the posterior collapsed, or nothing."""
        self._code_title.setVisible(bool(rows))
        self.code.set_rows(rows)
        self.alarm.setText(alarm)
        self.alarm.setVisible(bool(alarm))

    def clear_units(self) -> None:
        self.show_units([], "")

    def _view(self, spec: PanelSpec) -> QPushButton:
        button = QPushButton(self.tr("Show in {0}").format(self.tr(spec.title)), self)
        button.setToolTip(self.tr(spec.follows))
        icons.wear(button, spec.icon, "text")
        button.clicked.connect(lambda: self.panel_wanted.emit(spec.key))
        return button

    def _build_forms(self, recipe: Recipe) -> None:
        from genstudio.engine.settings import PREFIX, TrainSettings
        from genstudio.models import family

        for form in self.forms.values():
            form.hide()
            form.deleteLater()
        self.forms = {}
        records = {
            "": (family(recipe.family).config, recipe.config),
            PREFIX: (TrainSettings, recipe.settings),
        }
        for prefix, (config, values) in records.items():
            live = live_fields(config)
            if live is None:
                continue
            form = Form(live, self)
            form.set_defaults(values)
            form.set_values(values)
            form.set_live_only(True)
            form.live_changed.connect(
                lambda key, value, p=prefix: self.changed.emit(p + key, value)
            )
            for key in live.model_fields:
                form.field_widget(key).setFixedWidth(FIELD_PX)
            self._box.addWidget(form)
            self.forms[prefix] = form
        self._live_title.setVisible(bool(self.forms))

    def take_change(self, changes: Mapping[str, Any]) -> None:
        """Show values that were changed, by key as in --set."""
        for prefix, form in self.forms.items():
            own = {
                key.removeprefix(prefix): value
                for key, value in changes.items()
                if key.startswith("train.") == (prefix == "train.")
            }
            form.set_values(own)


def number_rows(slot: Slot, words: QWidget) -> list[tuple[str, str]]:
    """How far and how fast, and on what."""
    view, facts, progress = slot.view, slot.facts, slot.view.progress
    rows = [(words.tr("step"), f"{view.step:,}")]
    if progress is not None and progress.total:
        rows = [
            (
                words.tr("step"),
                words.tr("{0} of {1}").format(f"{view.step:,}", f"{progress.total:,}"),
            )
        ]
    if "epoch" in facts:
        rows.append((words.tr("epoch"), f"{facts['epoch']:.2f}"))
    if facts.get("images_per_second"):
        rows.append((words.tr("images/s"), f"{facts['images_per_second']:,.0f}"))
    left = time_left(progress.seconds_left if progress is not None else None)
    if left and not view.over:
        rows.append((words.tr("time left"), left))
    if facts.get("lr") is not None:
        rows.append((words.tr("learning rate"), f"{facts['lr']:.3g}"))
    if facts.get("grad_norm") is not None:
        rows.append((words.tr("gradient norm"), f"{facts['grad_norm']:.3g}"))
    for key in ("device", "precision", "threads"):
        if facts.get(key):
            rows.append((words.tr(key), str(facts[key])))
    return rows


def figure(value: float) -> str:
    """A loss to a hundredth, to a tenth from 100 on, to a ten-thousandth below 1."""
    if abs(value) < 1:
        return f"{value:.4f}"
    return f"{value:,.1f}" if abs(value) >= 100 else f"{value:,.2f}"


def loss_rows(slot: Slot, words: QWidget) -> list[tuple[str, str]]:
    """The newest value of each loss part, training and test, below the steps they are of."""
    rows = []
    parts = slot.curves.parts()
    ends = [slot.curves.series(split, part)[0] for split in ("train", "test") for part in parts[:1]]
    if any(len(end) for end in ends):
        steps = "  ".join(f"{end[-1]:,.0f}" if len(end) else "" for end in ends)
        rows.append((words.tr("of step"), steps))
    called = names(parts, words.tr)
    for part in parts:
        values = [slot.curves.last(split, part) for split in ("train", "test")]
        text = "  ".join("" if value is None else figure(value) for value in values)
        rows.append((words.tr(called[part].replace("_", " ")), text))
    return rows
