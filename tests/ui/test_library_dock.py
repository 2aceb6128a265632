"""The library: what it lists, what a click shows, rename, delete and drop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QInputDialog, QMessageBox, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from genstudio import paths
from genstudio.abilities import Card
from genstudio.engine.messages import Event
from genstudio.ui.library_dock import Library
from genstudio.ui.session import Session
from tests.engine.test_shelf import make_run


@pytest.fixture
def session(qtbot: QtBot) -> Iterator[Session]:
    session = Session("cpu")
    yield session
    assert session.close()


@pytest.fixture
def library(session: Session, qtbot: QtBot) -> Library:
    make_run("my vae")
    library = Library(session)
    qtbot.addWidget(library)
    library.resize(220, 700)
    library.show()
    return library


def item(library: Library, name: str) -> QTreeWidgetItem:
    return library.tree.findItems(name, Qt.MatchFlag.MatchRecursive)[0]


def click(library: Library, qtbot: QtBot, name: str) -> None:
    row = item(library, name)
    library.tree.scrollToItem(row)
    where = library.tree.visualItemRect(row).center()
    qtbot.mouseClick(library.tree.viewport(), Qt.MouseButton.LeftButton, pos=where)


def test_a_click_shows_the_model_and_marks_it(
    library: Library, session: Session, qtbot: QtBot
) -> None:
    click(library, qtbot, "my vae")
    assert session.model("A").card.name == "my vae"
    assert session.model("A").snapshots[0][0] == 0
    assert item(library, "my vae").isSelected()


def test_a_new_run_appears_when_the_library_changes(library: Library, session: Session) -> None:
    assert library.tree.findItems("second", Qt.MatchFlag.MatchRecursive) == []
    make_run("second")
    session.library_changed.emit()
    assert item(library, "second").toolTip(0) == "vae"


def test_rename_goes_through_a_dialog(
    library: Library, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QInputDialog, "getText", lambda *a, **k: ("best of all", True))
    entry = item(library, "my vae").data(0, Qt.ItemDataRole.UserRole)
    library._rename(entry)
    assert item(library, "best of all") is not None


@pytest.mark.parametrize("answer", ["Yes", "No"])
def test_delete_asks_first(
    library: Library, session: Session, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    button = getattr(QMessageBox.StandardButton, answer)
    monkeypatch.setattr(QMessageBox, "question", lambda *a, **k: button)
    entry = item(library, "my vae").data(0, Qt.ItemDataRole.UserRole)
    library._delete(entry)
    assert (paths.user_runs() / "my vae").exists() == (answer == "No")
    assert bool(library.tree.findItems("my vae", Qt.MatchFlag.MatchRecursive)) == (answer == "No")


def choose(library: Library, entry: object, text: str) -> None:
    menu = library.menu(entry)
    next(action for action in menu.actions() if action.text() == text).trigger()
    menu.deleteLater()


def test_the_menu_fills_the_slots_beside(library: Library, session: Session) -> None:
    entry = item(library, "my vae").data(0, Qt.ItemDataRole.UserRole)
    for slot in "BCD":
        choose(library, entry, f"Show as model {slot}")
    assert [ref.source for ref in session.slots().values()] == [entry.source] * 3
    assert session.model("A") is None
    assert not item(library, "my vae").isSelected(), "the mark is of model A"


def test_a_deleted_model_leaves_every_slot(
    library: Library, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QMessageBox, "question", lambda *a, **k: QMessageBox.StandardButton.Yes)
    entry = item(library, "my vae").data(0, Qt.ItemDataRole.UserRole)
    for slot in "ABD":
        session.show(slot, entry.source)
    library._delete(entry)
    assert session.slots() == {}


def test_the_card_is_shown_as_plain_text(library: Library, qtbot: QtBot) -> None:
    entry = item(library, "my vae").data(0, Qt.ItemDataRole.UserRole)
    library.show_card(entry)
    dialog = QApplication.activeModalWidget() or library.findChildren(type(library))[0]
    assert "my vae" in dialog.windowTitle()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None)


def test_dropped_files_are_handed_on(library: Library, qtbot: QtBot, tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "a b ü.safetensors"))])
    with qtbot.waitSignal(library.files_dropped) as dropped:
        library.dropEvent(
            QDropEvent(
                QPointF(5, 5),
                Qt.DropAction.CopyAction,
                mime,
                Qt.MouseButton.LeftButton,
                Qt.KeyboardModifier.NoModifier,
            )
        )
    assert dropped.args[0] == [tmp_path / "a b ü.safetensors"]


class Live:
    """A job that trains the run in a folder until it is stopped."""

    name = "my vae"

    def run(self, run: int) -> Iterator[Any]:
        card = Card(name="my vae", family="vae", shape=(1, 28, 28))
        yield [Event(run, 0, "card", "", {"card": card})]
        while True:
            yield None

    def weights(self) -> None:
        return None


def test_a_run_in_training_is_listed_once(library: Library, session: Session, qtbot: QtBot) -> None:
    run = session.start(Live, "my vae", folder=paths.user_runs() / "my vae")
    qtbot.waitUntil(lambda: session.jobs()[run].card is not None)
    found = library.tree.findItems("my vae", Qt.MatchFlag.MatchRecursive)
    assert [entry.data(0, Qt.ItemDataRole.UserRole) for entry in found] == [f"live:{run}"]
    session.stop(run)
    qtbot.waitUntil(lambda: session.jobs()[run].state.over)
    found = library.tree.findItems("my vae", Qt.MatchFlag.MatchRecursive)
    assert [entry.data(0, Qt.ItemDataRole.UserRole).kind for entry in found] == ["run"]


def test_a_live_model_can_be_shown_beside(library: Library, session: Session, qtbot: QtBot) -> None:
    run = session.start(Live, "my vae", folder=paths.user_runs() / "my vae")
    qtbot.waitUntil(lambda: session.jobs()[run].card is not None)
    choose(library, item(library, "my vae").data(0, Qt.ItemDataRole.UserRole), "Show as model C")
    assert session.model("C").run == run
    session.stop(run)
    qtbot.waitUntil(lambda: session.jobs()[run].state.over)
