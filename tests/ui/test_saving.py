"""A file is never replaced unasked: the ending that is added is asked about too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

import genstudio.ui
from genstudio.ui.saving import ask_where
from genstudio.ui.widgets.image_view import ImageView

YES, NO = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Type a name in the dialog and answer what is asked; the questions are kept."""

    def answer(name: str, button: QMessageBox.StandardButton = NO) -> list[str]:
        asked: list[str] = []
        path = str(tmp_path / name) if name else ""
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (path, ""))

        def question(_parent: QWidget, _title: str, words: str, *_rest: object) -> object:
            asked.append(words)
            return button

        monkeypatch.setattr(QMessageBox, "question", question)
        return asked

    return answer


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


def test_an_ending_is_added_and_asked_about_where_such_a_file_is(
    window: QWidget, typed: Callable[..., list[str]], tmp_path: Path
) -> None:
    def ask() -> Path | None:
        return ask_where(window, "Export", "run.gif", "GIF film (*.gif)")

    asked = typed("film")
    assert ask() == tmp_path / "film.gif" and asked == []
    (tmp_path / "film.gif").write_bytes(b"here")
    asked = typed("film", NO)
    assert ask() is None and asked == ["film.gif is there already. Replace it?"]
    typed("film", YES)
    assert ask() == tmp_path / "film.gif"
    for name in ("film.gif", "FILM.GIF"):  # the dialog itself has asked about these
        asked = typed(name)
        assert ask() == tmp_path / name and asked == []
    typed("step 0.5")
    assert ask() == tmp_path / "step 0.5.gif"  # what follows a point is no ending
    typed("")
    assert ask() is None


def test_a_picture_that_is_there_is_kept(
    qtbot: QtBot, typed: Callable[..., list[str]], tmp_path: Path
) -> None:
    view = ImageView()
    qtbot.addWidget(view)
    view.set_image(np.zeros((1, 8, 8), np.float32))
    (tmp_path / "x.png").write_bytes(b"here")
    asked = typed("x", NO)
    view._ask_and_save()
    assert asked and (tmp_path / "x.png").read_bytes() == b"here"
    typed("x", YES)
    view._ask_and_save()
    assert (tmp_path / "x.png").read_bytes()[:4] == b"\x89PNG"


def test_one_place_asks_where_a_file_is_to_be_saved() -> None:
    folder = Path(genstudio.ui.__file__).parent
    texts = {path: path.read_text(encoding="utf-8") for path in folder.rglob("*.py")}
    assert [p.name for p, text in texts.items() if "getSaveFileName" in text] == ["saving.py"]
