"""Menus of Interpolate: where a slot's image comes from, what can be done with a point, export."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QMimeData, QObject, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from genstudio.abilities import BadInput
from genstudio.engine import files
from genstudio.engine.messages import Failure
from genstudio.ui.panels._interpolate_board import LETTERS, Slot
from genstudio.ui.panels._interpolate_export import FORMATS, Export, write
from genstudio.ui.panels._manifold_pins import PinBoard
from genstudio.ui.saving import ask_where
from genstudio.ui.widgets.image_view import png_bytes

if TYPE_CHECKING:
    from genstudio.ui.panels.interpolate import Interpolate

MOST_PINS = 20  # in a menu


class Menus(QObject):
    """Menus of one panel, and what their entries do."""

    def __init__(self, panel: Interpolate) -> None:
        super().__init__(panel)
        self._panel = panel

    def _menu(self) -> QMenu:
        menu = QMenu(self._panel)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return menu

    # A slot ------------------------------------------------------------------------------------

    def slot_menu(self, place: int) -> QMenu:
        """Where the image of a slot may come from, and what else can be done with it."""
        panel, menu = self._panel, self._menu()
        menu.addAction(self.tr("Random test image"), partial(panel.filler.random, place))
        menu.addAction(self.tr("Open image…"), partial(self.open_image, place))
        menu.addAction(self.tr("Paste image"), partial(self.paste, place))
        drawing = menu.addAction(self.tr("My drawing"), partial(self.take_drawing, place))
        drawing.setEnabled(self._canvas() is not None)
        pins = self.pins()
        if pins:
            inner = menu.addMenu(self.tr("Pin of the Manifold"))
            for number, z in enumerate(pins[:MOST_PINS], start=1):
                title = self.tr("Pin %1").replace("%1", str(number))
                slot = Slot(title, code=z)
                inner.addAction(title, partial(panel.board.fill, place, slot))
        menu.addAction(self.tr("The handle's point"), partial(self.take_handle, place))
        menu.addSeparator()
        for other, letter in enumerate(LETTERS):
            if other != place:
                text = self.tr("Swap with %1").replace("%1", letter)
                menu.addAction(text, partial(panel.board.swap, place, other))
        menu.addSeparator()
        clear = menu.addAction(self.tr("Clear"), partial(panel.board.clear, place))
        clear.setEnabled(panel.board.value().slots[place] is not None)
        return menu

    def show_slot_menu(self, place: int, position: QPoint) -> None:
        self.slot_menu(place).popup(position)

    def pins(self) -> list[np.ndarray]:
        """Points pinned in this window that lie in the latent space shown."""
        ref = self._panel.ref
        dim = ref.card.latent_dim if ref is not None else None
        found = []
        for board in self._panel.window().findChildren(PinBoard):
            points = board.pins().points
            found += [np.array(p, np.float32) for p in points if len(p) == dim]
        return found

    def open_image(self, place: int) -> None:
        """A file by a dialog; it goes into the slot."""
        self._panel.slots.choose(place)
        intake = getattr(self._panel.window(), "intake", None)
        if intake is not None:
            intake.open_image()

    def paste(self, place: int) -> None:
        """What the clipboard holds, into the slot."""
        self.take_mime(place, QGuiApplication.clipboard().mimeData())

    def take_mime(self, place: int, mime: QMimeData) -> None:
        """What was dropped or pasted, by the window's own way in; the image comes back to us."""
        self._panel.slots.choose(place)
        intake = getattr(self._panel.window(), "intake", None)
        if intake is None or not intake.take(mime):
            self._fail(self.tr("There is no image to take. Copy one first."))

    def _canvas(self) -> object | None:
        library = getattr(self._panel.window(), "library", None)
        return getattr(library, "canvas", None)

    def take_drawing(self, place: int) -> None:
        """The drawing of the library, into the slot."""
        self._panel.slots.choose(place)
        canvas, intake = self._canvas(), getattr(self._panel.window(), "intake", None)
        if canvas is None or intake is None:
            return
        ink = canvas.image()  # type: ignore[attr-defined]
        if ink is None or not np.any(ink):
            self._fail(self.tr("Nothing is drawn yet. Draw on the sheet in the Library first."))
        else:
            intake.take_drawing(ink)

    def take_handle(self, place: int) -> None:
        """What the handle shows, into the slot."""
        z = self._panel.handle_z()
        if z is not None:
            self._panel.board.fill(place, Slot(self.tr("from the path"), code=z))

    # A point of the map ------------------------------------------------------------------------

    def show_map_menu(self, position: QPoint, x: float, y: float) -> None:
        self.map_menu(x, y).popup(position)

    def map_menu(self, x: float, y: float) -> QMenu:
        """The menu of the right button at a map point."""
        panel, menu = self._panel, self._menu()
        z = panel.scene.space.to_z(x, y)
        for place, letter in enumerate(LETTERS):
            text = self.tr("Put this point into %1").replace("%1", letter)
            slot = Slot(self.tr("from the map"), code=panel.codes.before_truncation(z))
            menu.addAction(text, partial(panel.board.fill, place, slot))
        menu.addSeparator()
        ways = len(panel.board.value().ways)
        menu.addAction(self.tr("Add a way-point here"), partial(panel.board.add_way, ways, z))
        clear = menu.addAction(self.tr("Remove all way-points"), panel.board.clear_ways)
        clear.setEnabled(ways > 0)
        menu.addSeparator()
        menu.addAction(self.tr("Reset the view"), panel.plane.reset_view)
        return menu

    # Export ------------------------------------------------------------------------------------

    def export_menu(self) -> QMenu:
        """The formats in which the chosen path, or the square, leaves."""
        menu = self._menu()
        if self._panel.mode == "square":
            menu.addAction(self.tr("Square as PNG…"), partial(self.ask_export, "png"))
            return menu
        for kind, (text, _) in FORMATS.items():
            menu.addAction(self.tr(text), partial(self.ask_export, kind))
        return menu

    def show_export_menu(self) -> None:
        button = self._panel.bar.export
        self.export_menu().popup(button.mapToGlobal(QPoint(0, button.height())))

    def ask_export(self, kind: str) -> None:
        """Ask for a name, then write the chosen path."""
        title, types = self.tr("Export the path"), self.tr(FORMATS[kind][1])
        path = ask_where(self._panel.window(), title, f"path.{kind}", types)
        if path is not None:
            self.export(kind, path)

    def export(self, kind: str, path: Path) -> bool:
        """Write the chosen path to a file; a refusal is one sentence, and nothing is written."""
        try:
            if self._panel.mode == "square":
                self._write_square(path)
            else:
                self._write_path(kind, path)
        except (BadInput, OSError) as error:
            self._fail(str(error))
            return False
        return True

    def _write_path(self, kind: str, path: Path) -> None:
        panel = self._panel
        traced = panel.tracer.path(panel.hand.kind)
        if traced is None:
            raise BadInput(self.tr("There is no path to export. Fill slots A and B first."))
        write(Export(traced, panel.tracer.wish, self._source(), panel.session.seed), kind, path)

    def _write_square(self, path: Path) -> None:
        sheets = self._panel.square.plane.sheets()
        if not sheets:
            raise BadInput(self.tr("There is no square to export. Fill all four slots first."))
        files.replace(path, png_bytes(sheets[-1].image))

    def _source(self) -> str:
        """What a script can load: for a model in training, its run's folder."""
        ref = self._panel.ref
        if ref is None:
            return ""
        job = self._panel.session.jobs().get(ref.run) if ref.run is not None else None
        return str(job.folder) if job is not None and job.folder is not None else ref.source

    def _fail(self, sentence: str) -> None:
        self._panel.session.failed.emit(Failure(sentence))
