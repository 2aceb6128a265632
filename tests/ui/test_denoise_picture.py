"""The large pictures: what their pixels are, what keys and hand do."""

from __future__ import annotations

from time import thread_time

import numpy as np
import pytest
from denoise_stage_help import (
    CTRL,
    LEFT,
    NONE,
    T,
    a_picture,
    alpha_bar,
    caption,
    drag,
    frame_of,
    hover,
    place,
    press,
    tape_of,
)
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from genstudio.tape import Frame
from genstudio.ui.panels._denoise_picture import HOLD_MS, BigPicture
from genstudio.ui.panels._denoise_picture_layout import arrange
from genstudio.ui.panels._denoise_picture_look import change_limit, diverging, pixels
from genstudio.ui.panels._denoise_schedule import SchedulePlot
from genstudio.ui.panels._denoise_strip import Strips
from genstudio.ui.panels._denoise_strip_row import Row


@pytest.fixture
def picture(qtbot: QtBot) -> BigPicture:
    return a_picture(qtbot)


# Pixels ------------------------------------------------------------------------------------------


def test_the_models_scale_becomes_grey_and_is_clipped_at_its_ends() -> None:
    values = np.array([-7.0, -1, 0, 1, 7, np.nan], np.float32).reshape(1, 1, 1, 6)
    assert pixels("x_t", values).ravel().tolist() == [0, 0, 128, 255, 255, 0]
    assert pixels("noise_hat", 3 * values).ravel().tolist() == [0, 0, 128, 255, 255, 0]
    assert pixels("noise_hat", values)[0, 0, 1] == 85  # minus one of three deviations


def test_colour_comes_with_its_channels_last() -> None:
    values = np.stack([np.full((2, 2), v, np.float32) for v in (1.0, 0.0, -1.0)])[None]
    assert pixels("x0_hat", values).shape == (1, 2, 2, 3)
    assert pixels("x0_hat", values)[0, 0, 0].tolist() == [255, 128, 0]
    assert np.array_equal(pixels("change", values)[0, 0, 0], diverging()[128])  # their mean is zero


def test_the_colours_of_a_change_are_even_to_both_sides_of_zero() -> None:
    table = diverging().astype(float) / 255
    linear = np.where(table <= 0.04045, table / 12.92, ((table + 0.055) / 1.055) ** 2.4)
    to_lms = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
    lms = np.cbrt(linear @ np.array(to_lms).T)
    lightness = lms @ [0.2104542553, 0.7936177850, -0.0040720468]
    steps = np.diff(lightness)
    assert np.all(steps[:120] < 0) and np.all(steps[136:] > 0)
    assert np.abs(lightness - lightness[::-1]).max() < 0.02
    assert steps[140:].std() < 0.35 * steps[140:].mean()  # rounding to bytes is most of it
    assert table[0, 2] > 2 * table[0, 0] / 1.5 and table[255, 0] > 1.5 * table[255, 2]


@pytest.mark.parametrize(("most", "limit"), [(0.07, 0.1), (0.2, 0.2), (3.1, 5.0), (0.0, 0.001)])
def test_the_scale_of_a_change_is_a_round_number(most: float, limit: float) -> None:
    assert change_limit(np.linspace(-most, most, 4001)) == pytest.approx(limit)


# What is shown -----------------------------------------------------------------------------------


def test_the_clean_guess_stands_beside_x_and_both_are_named(picture: BigPicture) -> None:
    assert picture.sides() == ("x0_hat", "x_t")
    words = caption(picture)
    assert "clean guess at t = 750: mean 0.05" in words
    assert "x at t = 750: 0.06 of the image and 1.00 of noise" in words
    frame = frame_of(5, 20)
    for kind in picture.sides():
        seen = picture.grab().toImage().pixelColor(place(picture, kind, 4, 4).toPoint()).red()
        assert seen == pixels(kind, frame.arrays[kind])[0, 4, 4]


def test_number_keys_choose_what_is_shown(picture: BigPicture) -> None:
    heard: list[str] = []
    picture.kind_changed.connect(heard.append)
    for key in (Qt.Key.Key_2, Qt.Key.Key_3, Qt.Key.Key_4, Qt.Key.Key_1):
        QTest.keyClick(picture, key)
        if key == Qt.Key.Key_2:
            assert picture.sides() == ("x_t", "x0_hat")
        if key == Qt.Key.Key_4:
            assert "change of x from t = 800 to t = 750" in caption(picture)
            change = frame_of(5, 20).arrays["x_t"] - frame_of(4, 20).arrays["x_t"]
            wanted = pixels("change", change, change_limit(change))[0]
            assert np.array_equal(picture.image(), wanted)
    assert heard == ["x_t", "noise_hat", "change", "x0_hat"]


def test_the_first_step_has_no_change_and_says_so(picture: BigPicture) -> None:
    picture.set_frame(frame_of(0, 20), None, "run")
    picture.set_kind("change")
    assert picture.image() is None
    picture.grab()
    assert picture.sides()[0] == "change"


def test_tab_held_flips_and_let_go_at_once_moves_the_focus(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    picture, other = BigPicture(), BigPicture()
    column.addWidget(picture)
    column.addWidget(other)
    picture.set_frame(frame_of(5, 20))
    window.show()
    window.activateWindow()
    picture.setFocus()
    qtbot.waitUntil(picture.hasFocus)
    QTest.keyPress(picture, Qt.Key.Key_Tab)
    assert picture.sides()[0] == "x0_hat"
    qtbot.waitUntil(lambda: picture.sides() == ("x_t", "x0_hat"), timeout=20 * HOLD_MS)
    QTest.keyRelease(picture, Qt.Key.Key_Tab)
    assert picture.sides()[0] == "x0_hat" and picture.hasFocus()
    assert picture.kind() == "x0_hat"
    QTest.keyClick(picture, Qt.Key.Key_Tab)
    assert other.hasFocus() and picture.sides()[0] == "x0_hat"


def test_pixels_are_whole_numbers_of_the_screens(picture: BigPicture) -> None:
    for n in (1, 2, 6, 17, 64):
        for ratio in (1.0, 1.5, 2.0):
            area = QRectF(0, 0, 900, 420)
            for pane in arrange(area, ratio, ("x0_hat", "x_t"), n, (28, 28)):
                factor = pane.cell.width() * ratio / 28
                assert factor == pytest.approx(round(factor)) and factor >= 1
                assert area.contains(pane.rect)
                for index in range(n):
                    cell = pane.cell_rect(index)
                    assert pane.index_at(cell.center()) == index


def test_a_batch_is_a_grid_to_choose_in(picture: BigPicture) -> None:
    picture.set_frame(frame_of(5, 20, n=6), frame_of(4, 20, n=6), "run")
    heard: list[object] = []
    picture.index_changed.connect(heard.append)
    picture.alone_changed.connect(heard.append)
    pane = picture.panes()[0]
    assert not picture.alone() and pane.n == 6
    QTest.mouseClick(picture, LEFT, NONE, pane.cell_rect(4).center().toPoint())
    QTest.keyClick(picture, Qt.Key.Key_Left)
    QTest.keyClick(picture, Qt.Key.Key_Return)
    assert heard == [4, 3, True] and picture.panes()[0].n == 1
    assert "image 4 of 6: mean 0.08" in caption(picture)
    QTest.keyClick(picture, Qt.Key.Key_PageDown)
    QTest.keyClick(picture, Qt.Key.Key_Escape)
    assert heard[3:] == [4, False] and picture.index() == 4
    middle = picture.panes()[0].cell_rect(2).center().toPoint()
    QTest.mouseClick(picture, LEFT, NONE, middle)
    QTest.mouseDClick(picture, LEFT, NONE, middle)
    assert picture.alone() and picture.index() == 2


def test_sixty_four_are_shown_without_a_companion_where_that_makes_them_larger(
    picture: BigPicture,
) -> None:
    picture.resize(900, 380)
    picture.set_frame(frame_of(5, 20, n=64, side=28), None, "run")
    assert [pane.kind for pane in picture.panes()] == ["x0_hat"]
    assert picture.panes()[0].cell.width() == 56
    picture.set_sides("x0_hat", "x_t")
    assert [pane.kind for pane in picture.panes()] == ["x0_hat", "x_t"]


def test_hovering_tells_the_pixel_in_both_pictures_and_leaving_restores(
    picture: BigPicture,
) -> None:
    before = caption(picture)
    hover(picture, place(picture, "x0_hat", 2.5, 6.5))
    words = caption(picture)
    assert "clean guess at t = 750: row 3, column 7: 0.050" in words
    assert words.count("row 3, column 7") == 2
    hover(picture, QPointF(1, 1))
    assert caption(picture) == before


def test_other_arrays_can_be_sides_under_names_of_their_own(picture: BigPicture) -> None:
    walk = np.full((1, 1, 8, 8), 0.5, np.float32)
    picture.set_frame(Frame(0, 1, {"closed": -walk, "walk": walk}, {"t": 300.0}))
    picture.set_sides("closed", "walk")
    picture.set_words({"closed": "closed form", "walk": "step by step"})
    assert "closed form at t = 300: mean −0.50" in caption(picture)
    image = picture.image("walk")
    assert image is not None and image[0, 0] == 191


def test_points_and_nothing_leave_the_sentence(picture: BigPicture) -> None:
    picture.set_frame(None)
    nothing = picture.grab().toImage()
    picture.set_frame(Frame(0, 1, {"x_t": np.zeros((5, 2), np.float32)}))
    assert picture.panes() == [] and picture.grab().toImage() == nothing
    press(picture, QPointF(50, 50))
    QTest.keyClick(picture, Qt.Key.Key_Return)
    assert picture.image() is None


def test_the_chosen_image_is_copied(picture: BigPicture) -> None:
    QTest.keyClick(picture, Qt.Key.Key_C, CTRL)
    image = QApplication.clipboard().image()
    assert (image.width(), image.height()) == (8, 8)
    assert (
        image.pixelColor(3, 3).red() == pixels("x0_hat", frame_of(5, 20).arrays["x0_hat"])[0, 3, 3]
    )


def test_the_chosen_image_stays_while_there_is_nothing_to_show(picture: BigPicture) -> None:
    picture.set_frame(frame_of(5, 20, n=6))
    picture.set_index(4)
    picture.set_frame(None)
    picture.set_frame(frame_of(0, 20, n=6))
    assert picture.index() == 4
    picture.set_frame(frame_of(0, 20, n=3))
    assert picture.index() == 2 and picture.image().shape == (8, 8)


def test_an_image_is_dragged_out_but_not_while_painting(
    picture: BigPicture, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[np.ndarray] = []
    monkeypatch.setattr(
        "genstudio.ui.panels._denoise_picture_paint.drag_out",
        lambda _widget, pixels: taken.append(pixels),
    )
    way = place(picture, "x_t", 2, 2), place(picture, "x_t", 6, 6)
    drag(picture, *way)
    assert len(taken) == 1 and np.array_equal(taken[0], picture.image("x_t"))
    picture.set_tool("paint")
    drag(picture, *way)
    assert len(taken) == 1


def test_a_step_of_scrubbing_takes_a_part_of_a_frame(qtbot: QtBot) -> None:
    """64 images of 28 x 28 among 1000 steps, pictures, strips and schedule: processor time."""
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    picture, strips, plot = BigPicture(), Strips(), SchedulePlot()
    for widget in (picture, strips, plot):
        column.addWidget(widget)
    window.resize(1000, 760)
    tape = tape_of(1000, side=4)
    strips.set_axis("t", T)
    strips.set_rows([Row("a", "run", tape), Row("b", "fork", tape, begins=0, parent="a")])
    plot.set_schedule(alpha_bar())
    frames = [frame_of(k, 1000, n=64, side=28) for k in range(0, 1000, 100)]
    window.show()
    QApplication.processEvents()
    taken = []
    for k in range(0, 1000, 20):
        frame = frames[k // 100]
        start = thread_time()
        strips.set_step(k)
        plot.set_t(tape.frame(k).scalars["t"])
        picture.set_frame(frame, frames[k // 100 - 1], str(k))
        QApplication.processEvents()
        taken.append(thread_time() - start)
    assert sorted(taken)[len(taken) // 2] < 0.0167


def test_it_works_on_screens_of_two_pixels_to_one() -> None:
    (pane,) = arrange(QRectF(0, 0, 101, 141), 2.0, ("x_t",), 1, (28, 28))
    assert pane.cell.width() == 28 * 6 / 2  # half a pixel of the widget is one of the screen
    assert pane.origin.x() * 2 == round(pane.origin.x() * 2)
