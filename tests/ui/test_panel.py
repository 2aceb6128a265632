"""What every panel does alike: its picture is written whole, or refused in one sentence."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap, QTextDocument
from pytestqt.qtbot import QtBot

from genstudio.abilities import BadInput
from genstudio.engine import files
from genstudio.ui.help import HelpDialog
from genstudio.ui.panel import PanelSpec, panels, save_png
from genstudio.ui.session import Session


@pytest.fixture
def picture(qtbot: QtBot) -> QPixmap:
    picture = QPixmap(20, 10)
    picture.fill(Qt.GlobalColor.red)
    return picture


def test_a_picture_is_written(picture: QPixmap, tmp_path: Path) -> None:
    save_png(picture, tmp_path / "panel.png")
    image = QImage(str(tmp_path / "panel.png"))
    assert (image.width(), image.height()) == (20, 10)


def test_a_folder_that_is_not_there_is_a_sentence(picture: QPixmap, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"panel\.png cannot be written: .*Choose another place\."):
        save_png(picture, tmp_path / "nowhere" / "panel.png")


def test_a_full_disk_leaves_the_earlier_picture(
    picture: QPixmap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "panel.png"
    path.write_bytes(b"earlier")

    def full(_path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "open_new", full)
    with pytest.raises(BadInput, match="No space left"):
        save_png(picture, path)
    assert path.read_bytes() == b"earlier"
    assert [file.name for file in tmp_path.iterdir()] == ["panel.png"]


def test_an_empty_picture_is_refused(qtbot: QtBot, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="empty picture"):
        save_png(QPixmap(), tmp_path / "panel.png")


@pytest.mark.parametrize("spec", panels(), ids=lambda spec: spec.key)
def test_help_is_what_the_panel_s_own_record_says(qtbot: QtBot, spec: PanelSpec) -> None:
    session = Session("cpu")
    try:
        panel = spec.factory(session)
        qtbot.addWidget(panel)
        qtbot.addWidget(panel.inspector())
        panel.show_help()
        dialog = panel.findChild(HelpDialog)
        assert dialog.windowTitle() == f"What am I seeing? {spec.title}"
        want = QTextDocument()
        want.setHtml(spec.help)
        assert dialog.text.toPlainText() == want.toPlainText() != ""
        assert dialog.isVisible()
        dialog.reject()
    finally:
        assert session.close(), "a thread is left"
