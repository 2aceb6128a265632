"""The slim bar at the top: data set, model, seed, undo and redo, device."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSpinBox,
    QToolBar,
    QToolButton,
    QWidget,
)

from genstudio.ui import icons, theme
from genstudio.ui.session import Session


class TopBar(QToolBar):
    """What is in view, and the controls that every panel shares."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setObjectName("top-bar")
        self.setWindowTitle(self.tr("Toolbar"))
        self.setMovable(False)
        self.setFloatable(False)
        row = QHBoxLayout()
        row.setContentsMargins(12, 4, 12, 4)
        row.setSpacing(theme.GRID)
        name = QLabel("GenStudio")
        theme.title(name)
        row.addWidget(name)
        row.addSpacing(2 * theme.GRID)
        self.data_box = self._combo(self.tr("Data"), self.tr("Data set that is encoded and shown."))
        self.model_box = self._combo(
            self.tr("Model"), self.tr("Model A: the one that every panel shows.")
        )
        self.seed_box = QSpinBox()
        self.seed_box.setRange(0, 2**31 - 1)
        self.seed_box.setToolTip(
            self.tr("Seed of every random draw on the screen, from 0 to 2,147,483,647.")
        )
        self.seed_box.setAccessibleName(self.tr("Seed"))
        self.seed_box.setFixedWidth(84)
        for label, box in (
            (self.tr("Data"), self.data_box),
            (self.tr("Model A"), self.model_box),
            (self.tr("Seed"), self.seed_box),
        ):
            caption = QLabel(label)
            theme.caption(caption)
            caption.setBuddy(box)
            row.addWidget(caption)
            row.addWidget(box)
            row.addSpacing(theme.GRID)
        row.addStretch(1)
        self.undo_button = self._button("undo", self.tr("Undo (Ctrl+Z)"))
        self.redo_button = self._button("redo", self.tr("Redo (Ctrl+Shift+Z)"))
        row.addWidget(self.undo_button)
        row.addWidget(self.redo_button)
        row.addSpacing(theme.GRID)
        self.device_label = QLabel(self.tr("loading torch"))
        theme.caption(self.device_label)
        self.device_label.setToolTip(self.tr("Device, precision and threads of the computations."))
        row.addWidget(self.device_label)
        holder = QWidget()
        holder.setLayout(row)
        holder.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(holder)
        self._wire()

    def set_models(self, sources: list[tuple[str, str]]) -> None:
        """Offer models as (source, title)."""
        with QSignalBlocker(self.model_box):
            self.model_box.clear()
            for source, title in sources:
                self.model_box.addItem(title, source)
        self._show_model("A")

    def set_data_names(self, names: list[tuple[str, str]]) -> None:
        """Offer data sets as (name, title)."""
        with QSignalBlocker(self.data_box):
            self.data_box.clear()
            for name, title in names:
                self.data_box.addItem(title, name)
        self._show_data()

    def set_device(self, text: str) -> None:
        self.device_label.setText(text)

    # private --------------------------------------------------------------------------------

    def _combo(self, name: str, tip: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setToolTip(tip)
        box.setMinimumWidth(148)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        return box

    def _button(self, icon: str, tip: str) -> QToolButton:
        button = QToolButton()
        icons.wear(button, icon)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        return button

    def _wire(self) -> None:
        session = self._session
        stack = session.undo
        self.undo_button.clicked.connect(stack.undo)
        self.redo_button.clicked.connect(stack.redo)
        stack.canUndoChanged.connect(self.undo_button.setEnabled)
        stack.canRedoChanged.connect(self.redo_button.setEnabled)
        self.undo_button.setEnabled(stack.canUndo())
        self.redo_button.setEnabled(stack.canRedo())
        self.seed_box.setValue(session.seed)
        self.seed_box.valueChanged.connect(session.set_seed)
        session.seed_changed.connect(self.seed_box.setValue)
        self.model_box.activated.connect(
            lambda i: session.try_show("A", self.model_box.itemData(i)) or self._show_model("A")
        )
        self.data_box.activated.connect(lambda i: session.set_data(self.data_box.itemData(i)))
        session.model_changed.connect(self._show_model)
        session.data_changed.connect(self._show_data)
        self._show_data()

    def _show_model(self, slot: str) -> None:
        if slot != "A":
            return
        ref = self._session.model("A")
        _choose(self.model_box, ref.source if ref else None, ref.title if ref else "")

    def _show_data(self) -> None:
        _choose(self.data_box, self._session.data, self._session.data)


def _choose(box: QComboBox, value: str | None, title: str) -> None:
    """Show `value`, added under `title` where the box does not offer it."""
    with QSignalBlocker(box):
        index = box.findData(value) if value is not None else -1
        if index < 0 and value is not None:
            box.addItem(title, value)
            index = box.count() - 1
        box.setCurrentIndex(index)
