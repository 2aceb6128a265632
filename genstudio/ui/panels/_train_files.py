"""Earlier runs of the user: their curves laid over, or the run resumed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from genstudio.abilities import BadInput, Card
from genstudio.engine.messages import Failure
from genstudio.ui import icons, theme
from genstudio.ui.panels._train_curves import Curves
from genstudio.ui.panels._train_run import loss_scale

if TYPE_CHECKING:
    from genstudio.ui.panels._train_runs import Runs, Slot
    from genstudio.ui.session import Session

MAX_OVERLAYS = 6
MAX_OFFERED = 20


class FileMenu(QToolButton):
    """The panel's "more" button. Earlier runs are read in the ask lane, since their curves may be
    long.
    """

    overlays_changed = Signal()  # other earlier runs are laid over
    resume_wanted = Signal(object)  # Path of the run's folder
    copy_wanted = Signal()  # the command line
    refused = Signal(object)  # Failure

    def __init__(
        self, session: Session, runs: Runs, chosen: Callable[[], Slot | None], parent: QWidget
    ) -> None:
        """`chosen` gives the slot in front."""
        super().__init__(parent)
        self._session, self._runs, self._chosen = session, runs, chosen
        self._overlays: dict[str, Curves] = {}
        theme.role(self, "tool")
        icons.wear(self, "more")
        self.setFixedSize(28, 28)
        self.setToolTip(self.tr("Lay over or resume an earlier run, or copy the command line."))
        self.setAccessibleName(self.toolTip())
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.aboutToShow.connect(self._fill)
        self.setMenu(menu)

    def overlays(self) -> list[Curves]:
        return list(self._overlays.values())

    def earlier(self) -> list[Path]:
        """Run folders of the user that are not in a slot, newest first."""
        from genstudio.engine import shelf

        shown = {slot.view.recipe.out for slot in self._runs.slots if slot is not None}
        return [entry.path for entry in shelf.runs() if entry.path not in shown][:MAX_OFFERED]

    def lay_over(self, folder: Path, on: bool) -> None:
        """Draw the curves of an earlier run behind those of the chosen one, or take them away."""
        key, slot = str(folder), self._chosen()
        if not on:
            self._overlays.pop(key, None)
            self.overlays_changed.emit()
        elif len(self._overlays) >= MAX_OVERLAYS:
            words = self.tr("Six earlier runs are shown. Take one away to lay over another.")
            self.refused.emit(Failure(words))
        elif slot is not None and scale_in(folder) != slot.curves.scale:
            words = self.tr(
                "The loss of {0} has another unit and cannot be laid over. Choose another."
            )
            self.refused.emit(Failure(words.format(folder.name)))
        else:
            self.fetch(folder, lambda curves: self._laid(key, curves))

    def fetch(self, folder: Path, then: Callable[[Curves], None]) -> None:
        """Read the curves of a run off the window's thread."""
        self._session.ask(
            self,
            f"curves {folder}",
            "ui.panels._train_curves:earlier",
            model="",
            then=lambda answer: then(answer.value),
            folder=str(folder),
            name=folder.name,
            scale=scale_in(folder),
        )

    def _laid(self, key: str, curves: Curves) -> None:
        self._overlays[key] = curves
        self.overlays_changed.emit()

    def ask_resume(self, button: QWidget) -> None:
        """A menu of earlier runs to go on with, under `button`."""
        menu = QMenu(self)
        for folder in self.earlier():
            menu.addAction(folder.name, lambda f=folder: self.resume_wanted.emit(f))
        if menu.isEmpty():
            menu.addAction(self.tr("There is no earlier run yet.")).setEnabled(False)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

    def _fill(self) -> None:
        """The entries as things stand now."""
        menu = self.menu()
        menu.clear()
        has_run = self._chosen() is not None
        over = menu.addMenu(self.tr("Lay over an earlier run"))
        folders = self.earlier()
        for folder in folders:
            action = over.addAction(folder.name)
            action.setCheckable(True)
            action.setChecked(str(folder) in self._overlays)
            action.toggled.connect(lambda on, f=folder: self.lay_over(f, on))
        over.setEnabled(bool(folders) and has_run)
        again = menu.addMenu(self.tr("Resume an earlier run"))
        for folder in folders:
            again.addAction(folder.name, lambda f=folder: self.resume_wanted.emit(f))
        again.setEnabled(bool(folders))
        menu.addSeparator()
        menu.addAction(self.tr("Copy as command line"), self.copy_wanted.emit)


def scale_in(folder: Path) -> str:
    """The scale of the losses of the run in `folder`; nothing where it has no card."""
    try:
        card = Card.read(folder / "card.json")
    except BadInput:
        return ""
    return loss_scale(card.family, card.config)
