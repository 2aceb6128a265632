"""The start form: family, data, name, and the settings of the family and of the trainer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from genstudio import paths
from genstudio.abilities import BadInput
from genstudio.ui import icons, theme
from genstudio.ui.form import Form
from genstudio.ui.panels._train_job import command_of
from genstudio.ui.panels._train_run import Recipe, default_name, fresh_name

if TYPE_CHECKING:
    from genstudio.models import Family
    from genstudio.ui.session import Session

RECOMMENDED_FAMILY = "vae"
DEFAULT_EPOCHS = 20  # where neither epochs nor steps are given
_FIELD_PX = 144


class SetupPage(QWidget):
    """Everything that makes a run, as `recipe()`; filled by `load` once torch is there."""

    changed = Signal()
    copy_wanted = Signal()
    earlier_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._families: dict[str, Family] = {}
        self._config: Form | None = None
        self._settings: Form | None = None
        self.family = QComboBox(self)
        self.data = QComboBox(self)
        self.data.setEditable(True)
        self.name = QLineEdit(self)
        self.name.setMaxLength(80)
        self._forms = QVBoxLayout()
        self._waiting = theme.quiet(QLabel(self.tr("The families are being loaded."), self))
        self.copy_button = QPushButton(self.tr("Copy as command line"), self)
        self.earlier_button = QPushButton(self.tr("Resume an earlier run"), self)
        self._arrange()
        self.family.currentIndexChanged.connect(self._family_chosen)
        self.data.currentTextChanged.connect(self._edited)
        self.name.textEdited.connect(self._edited)
        self.copy_button.clicked.connect(self.copy_wanted)
        self.earlier_button.clicked.connect(self.earlier_wanted)
        session.data_changed.connect(self._data_moved)

    # Get and set -------------------------------------------------------------------------------

    def loaded(self) -> bool:
        return self._config is not None

    def load(self) -> None:
        """Find families and data sets; cheap once the ask lane has loaded torch."""
        if self._families:
            return
        from genstudio import data
        from genstudio.models import families

        self._families = families()
        with QSignalBlocker(self.family), QSignalBlocker(self.data):
            for key, family in self._families.items():
                self.family.addItem(family.title, key)
                last = self.family.count() - 1
                self.family.setItemData(last, family.paper, Qt.ItemDataRole.ToolTipRole)
            for source in data.sources().values():
                if source.available():
                    self.data.addItems(list(source.names))
            self.data.setCurrentText(self._session.data)
            self.family.setCurrentIndex(max(0, self.family.findData(RECOMMENDED_FAMILY)))
        self._waiting.hide()
        self._family_chosen()

    def family_key(self) -> str:
        return str(self.family.currentData() or "")

    def valid(self) -> bool:
        forms = (self._config, self._settings)
        return all(form is not None and form.valid() for form in forms) and bool(
            self.data.currentText()
        )

    def config_form(self) -> Form:
        assert self._config is not None
        return self._config

    def settings_form(self) -> Form:
        assert self._settings is not None
        return self._settings

    def suggested_name(self) -> str:
        """What the run is called unless the user says otherwise: what is special about it."""
        if self._config is None:
            return RECOMMENDED_FAMILY
        return default_name(self.family_key(), self._config.changes())

    def recipe(self) -> Recipe:
        """What the form says, in a folder that is still free.

        Raises: BadInput with the sentence of the first field that is wrong.
        """
        if self._config is None or self._settings is None:
            raise BadInput("The families are still being loaded. Try again in a moment.")
        for form in (self._config, self._settings):
            for sentence in form.errors().values():
                raise BadInput(sentence)
        if not self.data.currentText().strip():
            raise BadInput("No data set is named. Choose one.")
        folder = paths.user_runs()
        name = fresh_name(self.name.text().strip() or self.suggested_name(), folder)
        settings = self._settings.values()
        if settings["steps"] is None and settings["epochs"] is None:
            settings["epochs"] = DEFAULT_EPOCHS
        data = self.data.currentText().strip()
        return Recipe(self.family_key(), data, self._config.values(), settings, folder / name)

    def show_recipe(self, recipe: Recipe) -> None:
        """Bring the form into the state of a run that was made elsewhere."""
        index = self.family.findData(recipe.family)
        if index < 0:
            return
        self.family.setCurrentIndex(index)
        self.data.setCurrentText(recipe.data)
        self.config_form().set_values(recipe.config)
        self.settings_form().set_values(recipe.settings)
        self._edited()

    def command(self) -> str:
        """The `genstudio train ...` line that makes the same run.

        Raises: BadInput.
        """
        return command_of(self.recipe())

    def state(self) -> dict[str, Any]:
        """The form as JSON, to bring it back."""
        if self._config is None or self._settings is None:
            return {}
        return {
            "family": self.family_key(),
            "data": self.data.currentText(),
            "config": self._config.changes(),
            "settings": self._settings.changes(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take back `state`; what is damaged or unknown is passed over."""
        index = self.family.findData(state.get("family"))
        if index < 0 or self._config is None:
            return
        self.family.setCurrentIndex(index)
        if isinstance(state.get("data"), str) and state["data"]:
            self.data.setCurrentText(state["data"])
        for form, key in ((self.config_form(), "config"), (self.settings_form(), "settings")):
            values = state.get(key)
            if isinstance(values, dict):
                before = form.values()
                form.set_values(values)
                if not form.valid():
                    form.set_values(before)
        self._edited()

    # Private -----------------------------------------------------------------------------------

    def _arrange(self) -> None:
        tips = {
            self.family: self.tr("The kind of model to train, with its paper."),
            self.data: self.tr(
                "The images to train on: one of the list, or folder:PATH for your own."
            ),
            self.name: self.tr("The name of the run and of its folder, at most 80 letters."),
            self.copy_button: self.tr(
                "Copy the command that makes exactly this run to the clipboard."
            ),
            self.earlier_button: self.tr(
                "Go on with a run that was stopped, from its last checkpoint."
            ),
        }
        for widget, tip in tips.items():
            widget.setToolTip(tip)
            widget.setAccessibleDescription(tip)
        icons.wear(self.copy_button, "terminal", "quiet")
        icons.wear(self.earlier_button, "open", "quiet")
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.GRID)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        names = (self.tr("Family"), self.tr("Data"), self.tr("Name"))
        fields = (self.family, self.data, self.name)
        for row, (text, field) in enumerate(zip(names, fields, strict=True), start=1):
            label = theme.quiet(QLabel(text, self))
            label.setBuddy(field)
            field.setAccessibleName(text)
            field.setMinimumWidth(_FIELD_PX)
            if field is self.family:  # its titles are long: they take a line of their own
                grid.addWidget(label, 0, 0, 1, 2)
                grid.addWidget(field, 1, 0, 1, 2)
            else:
                grid.addWidget(label, row, 0)
                grid.addWidget(field, row, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(theme.heading(QLabel(self.tr("New run"), self)))
        column.addLayout(grid)
        column.addWidget(self._waiting)
        column.addLayout(self._forms)
        column.addWidget(self.copy_button)
        column.addWidget(self.earlier_button)

    def _family_chosen(self) -> None:
        from genstudio.engine.settings import TrainSettings, split_settings

        family = self._families[self.family_key()]
        while self._forms.count():
            widget = self._forms.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._config = Form(family.config, self)
        self._settings = Form(TrainSettings, self)
        suited = split_settings({}, family)[1].model_dump()
        self._settings.set_defaults(suited)
        self._settings.set_values(suited)
        for title, form in ((family.title, self._config), (self.tr("Training"), self._settings)):
            heading = theme.heading(QLabel(title, self))
            heading.setContentsMargins(0, theme.GRID, 0, 0)
            heading.setWordWrap(True)
            self._forms.addWidget(heading)
            self._forms.addWidget(form)
            form.changed.connect(self._edited)
            form.validity_changed.connect(lambda _valid: self.changed.emit())
        self._edited()

    def _data_moved(self) -> None:
        self.data.setCurrentText(self._session.data)

    def _edited(self) -> None:
        self.name.setPlaceholderText(fresh_name(self.suggested_name(), paths.user_runs()))
        self.changed.emit()
