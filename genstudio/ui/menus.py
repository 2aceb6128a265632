"""Menus from tables: what each entry is called, its key, and what it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu

from genstudio.ui import theme
from genstudio.ui.help import show_about, show_gestures, show_panel_help

if TYPE_CHECKING:
    from genstudio.ui.main_window import MainWindow

Entry = tuple[str, str, Callable[[], object]] | None  # text, key, what it does; None is a line


def build_menus(window: MainWindow) -> None:
    """Give `window` its menu bar."""
    tr, intake = window.tr, window.intake
    _fill(
        window,
        tr("&File"),
        [
            (tr("Open model or weights…"), "Ctrl+O", intake.open_model),
            (tr("Open image…"), "Ctrl+I", intake.open_image),
            (tr("Paste image"), "Ctrl+V", intake.paste),
            None,
            (tr("Open project…"), "Ctrl+Shift+O", intake.open_project),
            (tr("Save project"), "Ctrl+S", intake.save_project),
            (tr("Save project as…"), "Ctrl+Shift+S", intake.save_project_as),
            None,
            (tr("Save picture of the panel…"), "Ctrl+E", intake.save_picture),
            None,
            (tr("Quit"), "Ctrl+Q", window.close),
        ],
    )
    edit = window.menuBar().addMenu(tr("&Edit"))
    undo = window.session.undo.createUndoAction(window, tr("Undo"))
    undo.setShortcut(QKeySequence("Ctrl+Z"))
    redo = window.session.undo.createRedoAction(window, tr("Redo"))
    redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
    edit.addActions([undo, redo])
    _view_menu(window)
    _fill(
        window,
        tr("&Help"),
        [
            (tr("What am I seeing?"), "F1", lambda: show_panel_help(window)),
            (tr("Mouse and keyboard"), "", lambda: show_gestures(window)),
            (tr("Errors and log…"), "", intake.show_errors),
            None,
            (tr("About GenStudio"), "", lambda: show_about(window)),
        ],
    )


def _view_menu(window: MainWindow) -> None:
    tr = window.tr
    view = window.menuBar().addMenu(tr("&View"))
    view.setObjectName("view-menu")
    view.addAction(window.library_dock.toggleViewAction())
    view.addAction(window.inspector_dock.toggleViewAction())
    split = window.panels.split
    _add(view, (tr("Panel beside the others"), "", lambda: split(Qt.Orientation.Horizontal)))
    _add(view, (tr("Panel below the others"), "", lambda: split(Qt.Orientation.Vertical)))
    _add(view, (tr("Reset layout"), "", window.reset_layout))
    view.addSeparator()
    look = view.addMenu(tr("Colours"))
    group = QActionGroup(look)
    names = {
        theme.Choice.SYSTEM: tr("As the system"),
        theme.Choice.LIGHT: tr("Light"),
        theme.Choice.DARK: tr("Dark"),
    }
    for choice, name in names.items():
        action = look.addAction(name, lambda choice=choice: window.set_theme(choice))
        action.setCheckable(True)
        action.setChecked(theme.choice() == choice)
        group.addAction(action)


def add_panels(window: MainWindow) -> None:
    """Put every panel with its key at the head of the View menu."""
    view = window.menuBar().findChild(QMenu, "view-menu")
    before = view.actions()[0]
    for number, spec in enumerate(window.panels.specs(), start=1):
        action = QAction(spec.title, view)
        action.setShortcut(QKeySequence(spec.shortcut or f"Ctrl+{number}"))
        action.triggered.connect(lambda _=False, key=spec.key: window.panels.show_panel(key))
        view.insertAction(before, action)
    view.insertSeparator(before)


def _fill(window: MainWindow, title: str, entries: list[Entry]) -> QMenu:
    menu = window.menuBar().addMenu(title)
    for entry in entries:
        _add(menu, entry)
    return menu


def _add(menu: QMenu, entry: Entry) -> QAction | None:
    if entry is None:
        menu.addSeparator()
        return None
    text, key, run = entry
    action = menu.addAction(text, lambda: run())
    if key:
        action.setShortcut(QKeySequence(key))
    return action
