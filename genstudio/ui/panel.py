"""What a panel is: its record, its hooks, and how the panels are found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QVBoxLayout, QWidget

from genstudio._found import records
from genstudio.abilities import BadInput, Card
from genstudio.engine import files
from genstudio.engine.messages import Failure
from genstudio.ui import theme

if TYPE_CHECKING:
    from genstudio.ui.session import Session


class Timeline(QObject):
    """An ordered record of frames under the transport bar.

    `changed` says that the count, the index or a label is another.
    """

    changed = Signal()

    def count(self) -> int:
        raise NotImplementedError

    def index(self) -> int:
        raise NotImplementedError

    def set_index(self, index: int) -> None:
        raise NotImplementedError

    def label(self, index: int) -> str:
        """What stands beside the slider: "step 600 of 18,760"."""
        raise NotImplementedError

    def title(self) -> str:
        """Whose record it is: "training of vae-mnist-2d, 48 snapshots"."""
        raise NotImplementedError


class Panel(QWidget):
    """A view that joins the two gestures to a model's abilities. Subclasses take the session."""

    timeline_changed = Signal()  # the panel has another timeline object, or none
    title_changed = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session

    def inspector(self) -> QWidget | None:
        """The column on the right: settings, numbers, what is this. Built once."""
        return None

    def timeline(self) -> Timeline | None:
        return None

    def activated(self) -> None:
        """The panel has come to the front."""

    def deactivated(self) -> None:
        """The panel is no longer in front."""

    def lay_column(self) -> QVBoxLayout:
        """The column of the panel's own parts, with the edge and the gaps that panels have."""
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * theme.GRID, theme.GRID, 2 * theme.GRID, theme.GRID)
        column.setSpacing(theme.GRID)
        return column

    def show_help(self) -> None:
        """Say what is seen here, with formula and source, in a window of its own."""
        from genstudio.ui.help import open_panel_help

        open_panel_help(spec_of(self), self.window())

    def tells(self, failure: Failure) -> bool:
        """Whether the panel shows this failure itself, so that the window need not say it again."""
        return False

    def state(self) -> dict[str, Any]:
        """What brings the panel back as it is, as JSON."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Take back `state`; unknown or damaged entries are passed over."""

    def export_png(self, path: Path) -> None:
        """Write the panel's picture as PNG.

        Raises: BadInput when it cannot be written there.
        """
        save_png(self.grab(), path)

    def tour(self) -> Iterator[str]:
        """Drive the panel as a user would; each step yields the caption of its photograph, taken
        once idle.
        """
        yield from ()


def save_png(picture: QPixmap, path: Path) -> None:
    """Write a picture as PNG, whole or not at all.

    Raises: BadInput when it cannot be written there.
    """
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not picture.save(buffer, "PNG"):
        raise BadInput(f"{path.name} could not be made of an empty picture. Show something first.")
    try:
        files.replace(path, data.data())
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadInput(f"{path} cannot be written: {reason}. Choose another place.") from error


@dataclass(frozen=True)
class PanelSpec:
    """A panel's record. `serves` answers None, or the sentence that says why not this model."""

    key: str
    title: str
    icon: str
    order: int
    factory: Callable[[Session], Panel]
    serves: Callable[[Card], str | None]
    help: str  # "What am I seeing?", rich text with formula and source
    shortcut: str = ""
    offers: str = ""  # a shipped model that it can show, offered where it cannot show model A
    follows: str = ""  # what it does with a model in training, which Train then offers


@cache
def panels() -> tuple[PanelSpec, ...]:
    """Every panel in `ui/panels`, by its order.

    Raises: RuntimeError when a file without a leading underscore has no PANEL record.
    """
    found = records("genstudio.ui.panels", "PANEL", PanelSpec)
    return tuple(sorted(found, key=lambda spec: spec.order))


def spec_of(panel: Panel) -> PanelSpec:
    """The record of the panel that this is."""
    return next(spec for spec in panels() if spec.factory is type(panel))
