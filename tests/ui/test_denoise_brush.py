"""The brush on the large pictures: edits of a step, the mask, strokes taken back, all by keys."""

from __future__ import annotations

import numpy as np
import pytest
from denoise_stage_help import CTRL, RIGHT, a_picture, caption, drag, frame_of, place, press
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from genstudio.ui.panels._denoise_brush import Edit, masked, painted, touched
from genstudio.ui.panels._denoise_picture import BigPicture


@pytest.fixture
def picture(qtbot: QtBot) -> BigPicture:
    return a_picture(qtbot)


def test_a_brush_covers_what_lies_under_it() -> None:
    cover = touched((9, 9), (4.5, 4.5), (4.5, 4.5), 3.0)
    assert cover[4, 4] == cover[4, 5] == 1.0 and cover[4, 7] == 0.0
    assert np.array_equal(cover, cover.T) and np.array_equal(cover, cover[::-1])
    line = touched((9, 9), (4.5, 1.5), (4.5, 7.5), 1.0)
    assert np.array_equal(np.argwhere(line > 0.5), [[4, c] for c in range(1, 8)])
    dot = touched((9, 9), (4.9, 2.1), (4.9, 2.1), 1.0)
    assert np.argwhere(dot > 0).tolist() == [[4, 2]]


def test_painting_changes_one_image_and_leaves_the_base_alone() -> None:
    base = np.zeros((2, 3, 4, 4), np.float32)
    cover = np.zeros((4, 4), np.float32)
    cover[1, 2] = 0.5
    result = painted(base, 1, cover, np.array([1.0, 0.0, -1.0]))
    assert not base.any() and not result[0].any()
    assert result[1, :, 1, 2].tolist() == [0.5, 0.0, -0.5]
    assert not result.flags.writeable


def test_a_mask_of_nothing_is_none() -> None:
    cover = np.ones((3, 3), np.float32)
    kept = masked(None, cover, True)
    assert kept is not None and kept.all()
    assert masked(kept, cover, False) is None


def test_a_stroke_is_an_edit_of_the_whole_batch_that_can_be_taken_back(
    picture: BigPicture,
) -> None:
    frame = frame_of(5, 20, n=2)
    picture.set_frame(frame, None, "run 3")
    heard: list[tuple[str, object]] = []
    picture.edited.connect(lambda kind, array: heard.append((kind, array)))
    QTest.keyClick(picture, Qt.Key.Key_B)
    assert picture.tool() == "paint"
    picture.set_brush(2)
    drag(picture, place(picture, "x_t", 2, 2, 1), place(picture, "x_t", 2, 6, 1))
    (kind, array) = heard[-1]
    assert kind == "x_t" and isinstance(array, np.ndarray) and array.shape == (2, 1, 8, 8)
    assert np.array_equal(array[0], frame.arrays["x_t"][0])
    changed = array[1, 0] != frame.arrays["x_t"][1, 0]
    assert changed[1:3, 2:6].all() and not changed[5:].any() and array[1, 0, 1, 3] == 1.0
    edit = picture.edit()
    assert edit is not None and (edit.source, edit.index, edit.kind) == ("run 3", 5, "x_t")
    assert "x at t = 750, 2 images" in caption(picture).replace(", edited", "")
    assert ", edited" in caption(picture)
    drag(picture, place(picture, "x_t", 6, 2, 1), place(picture, "x_t", 6, 6, 1), button=RIGHT)
    rubbed = heard[-1][1]
    assert rubbed[1, 0, 6, 4] == -1.0 and rubbed[1, 0, 1, 3] == 1.0
    QTest.keyClick(picture, Qt.Key.Key_Z, CTRL)
    assert np.array_equal(heard[-1][1], array)
    QTest.keyClick(picture, Qt.Key.Key_Z, CTRL)
    assert heard[-1] == ("", None) and picture.edit() is None and not picture.can_undo()
    picture.redo()
    assert np.array_equal(heard[-1][1], array)


def test_strokes_are_taken_back_before_the_windows_own_changes(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    picture, undone = BigPicture(), []
    window.setCentralWidget(picture)
    undo = QAction("Undo", window, shortcut="Ctrl+Z")
    undo.triggered.connect(lambda: undone.append("window"))
    window.addAction(undo)
    picture.edited.connect(lambda _kind, array: undone.append(array is None))
    window.resize(500, 300)
    window.show()
    window.activateWindow()
    picture.setFocus()
    qtbot.waitUntil(picture.hasFocus)
    picture.set_frame(frame_of(5, 20))
    picture.set_tool("paint")
    drag(picture, place(picture, "x_t", 4, 4), place(picture, "x_t", 4, 5))
    for _ in range(2):
        QTest.keyClick(window.windowHandle(), Qt.Key.Key_Z, CTRL)
    assert undone == [False, True, "window"]


def test_an_edit_belongs_to_its_step(picture: BigPicture) -> None:
    picture.set_tool("paint")
    drag(picture, place(picture, "x0_hat", 4, 4), place(picture, "x0_hat", 4, 5))
    painted_here = picture.image("x0_hat")
    assert painted_here is not None and painted_here[4, 4] == 255
    picture.set_frame(frame_of(6, 20), None, "run")
    assert picture.image("x0_hat")[4, 4] == 135
    picture.set_frame(frame_of(5, 20), None, "another run")
    assert picture.image("x0_hat")[4, 4] == 134
    picture.set_frame(frame_of(5, 20), None, "run")
    assert np.array_equal(picture.image("x0_hat"), painted_here)
    assert picture.edit() is not None


def test_a_stroke_ends_when_the_step_goes_away_under_it(picture: BigPicture) -> None:
    picture.set_tool("paint")
    press(picture, place(picture, "x0_hat", 4, 4))
    picture.set_frame(frame_of(6, 20), None, "run")
    edit = picture.edit()
    assert edit is not None and edit.index == 5


def test_noise_cannot_be_painted_and_a_sentence_says_why(picture: BigPicture, qtbot: QtBot) -> None:
    picture.set_kind("noise_hat")
    picture.set_tool("paint")
    with qtbot.waitSignal(picture.refused) as said:
        drag(picture, place(picture, "noise_hat", 4, 4), place(picture, "noise_hat", 4, 5))
    assert "Paint on" in said.args[0] and picture.edit() is None and not picture.can_undo()


def test_a_mask_is_painted_and_seen_by_more_than_colour(picture: BigPicture) -> None:
    heard: list[np.ndarray | None] = []
    picture.mask_changed.connect(heard.append)
    QTest.keyClick(picture, Qt.Key.Key_M)
    picture.set_brush(3)
    plain = picture.grab().toImage()
    drag(picture, place(picture, "x0_hat", 4, 2), place(picture, "x0_hat", 4, 6))
    mask = heard[-1]
    assert mask is not None and mask.dtype == bool and mask.shape == (8, 8)
    assert mask[4, 2:6].all() and not mask[0].any()
    shown = picture.grab().toImage()
    for kind in ("x0_hat", "x_t"):  # in both pictures: stripes of more than one lightness
        cell = picture.pane(kind).cell_rect(0)
        side = cell.width() / 8
        greys = {
            shown.pixelColor(int(cell.x() + 3.2 * side) + k, int(cell.y() + 4.2 * side)).lightness()
            for k in range(12)
        }
        assert len(greys) > 2
        outside = place(picture, kind, 0.5, 0.5).toPoint()
        assert shown.pixelColor(outside) == plain.pixelColor(outside)
    drag(picture, place(picture, "x_t", 4, 1), place(picture, "x_t", 4, 7), button=RIGHT)
    assert heard[-1] is None and picture.edit() is None
    picture.undo()
    assert np.array_equal(heard[-1], mask)


def test_everything_of_the_brush_is_reached_by_keys(picture: BigPicture) -> None:
    heard: list[tuple[str, object]] = []
    widths: list[float] = []
    picture.edited.connect(lambda kind, array: heard.append((kind, array)))
    picture.brush_changed.connect(widths.append)
    keys = Qt.Key
    for key in (keys.Key_B, keys.Key_BracketRight, keys.Key_BracketLeft, keys.Key_BracketLeft):
        QTest.keyClick(picture, key)
    assert widths == [4.0, 3.0, 2.0]
    for key in (keys.Key_BracketLeft, keys.Key_Up, keys.Key_Space, keys.Key_Right, keys.Key_Right):
        QTest.keyClick(picture, key)
    assert not heard
    QTest.keyClick(picture, keys.Key_Space)
    assert (heard[-1][1] == 1.0).nonzero()[3].tolist() == [4, 5, 6]
    assert set((heard[-1][1] == 1.0).nonzero()[2]) == {3}
    rubs: list[bool] = []
    picture.erasing_changed.connect(rubs.append)
    QTest.keyClick(picture, keys.Key_X)
    assert picture.erasing() and rubs == [True]
    QTest.keyClick(picture, keys.Key_Space)
    QTest.keyClick(picture, keys.Key_Escape)  # drops the stroke
    assert picture.tool() == "paint" and len(heard) == 1
    QTest.keyClick(picture, keys.Key_Delete)
    assert heard[-1] == ("", None) and picture.can_undo()
    QTest.keyClick(picture, keys.Key_Escape)
    assert picture.tool() == ""


def test_the_program_can_put_an_edit_and_a_mask_there(picture: BigPicture) -> None:
    heard: list[object] = []
    picture.edited.connect(lambda *what: heard.append(what))
    picture.mask_changed.connect(heard.append)
    picture.set_edit(Edit("run", 5, "x_t", np.full((1, 1, 8, 8), -1, np.float32)))
    picture.set_mask(np.ones((8, 8), bool))
    assert picture.image("x_t").max() == 0 and picture.mask().all() and not heard
