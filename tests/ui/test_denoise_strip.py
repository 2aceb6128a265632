"""Film strips of runs: where frames stand, how the hand goes through them, what is painted anew."""

from __future__ import annotations

import numpy as np
import pytest
from denoise_stage_help import NONE, SHIFT, T, drag, frame_of, hover, press, tape_of
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from genstudio.ui import theme
from genstudio.ui.panels._denoise_strip import Strips
from genstudio.ui.panels._denoise_strip_axis import Axis, shown
from genstudio.ui.panels._denoise_strip_layout import lay_out
from genstudio.ui.panels._denoise_strip_row import Row


@pytest.fixture
def strips(qtbot: QtBot) -> Strips:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, theme.Choice.DARK)
    widget = Strips()
    qtbot.addWidget(widget)
    widget.resize(800, 200)
    widget.show()
    widget.set_axis("t", T)
    return widget


def at(strips: Strips, row: str, index: int) -> QPointF:
    """In the middle of a row's strip, over a step."""
    return QPointF(strips.x_of(row, index), strips.strip_rect(row).center().y())


def test_noise_is_at_the_left_and_a_fork_stands_under_its_parents_time() -> None:
    axis = Axis("t", 1000.0, 10.0, 110.0)
    assert axis.x_of(1000) == 10.0 and axis.x_of(0) == 110.0 and axis.x_of(750) == 35.0
    steps = Axis("step", 50.0, 10.0, 110.0)
    assert steps.x_of(0) == 10.0 and steps.x_of(25) == 60.0
    for each in (axis, steps):
        assert each.at(each.x_of(12.5)) == pytest.approx(12.5)


def test_few_frames_stand_at_their_own_places_and_many_share_slots() -> None:
    assert shown(np.array([0.0, 40, 80]), 0, 80, 30) == [(0, 0.0), (1, 40.0), (2, 80.0)]
    dense = shown(np.linspace(0, 900, 1000), 0, 900, 30)
    assert len(dense) == 31
    middles = np.array([middle for _frame, middle in dense])
    assert np.diff(middles).min() >= 30
    places = np.linspace(0, 900, 1000)
    assert all(abs(places[frame] - middle) < 1 for frame, middle in dense)
    half = shown(places[:500], 0, 900, 30)  # half way: slots as they will be
    assert half[:-1] == dense[: len(half) - 1] and len(half) == 16
    assert shown(np.zeros(0), 0, 900, 30) == []


def test_thumbnails_are_whole_factors_and_rows_scroll_when_there_are_many() -> None:
    two = lay_out(800, 200, 2, (28, 28), 1.0)
    assert two.factor == 2.0 and two.cell == (56.0, 56.0) and two.height <= 200
    many = lay_out(800, 200, 9, (28, 28), 1.0)
    assert many.factor == 1.0 and many.height > 200
    sharp = lay_out(800, 200, 2, (28, 28), 2.0)
    assert sharp.factor == 4.0 and sharp.cell == (56.0, 56.0)
    large = lay_out(800, 200, 2, (256, 128), 1.0)
    assert large.cell == (64.0, 32.0)


def test_dragging_goes_through_the_steps_of_the_run_under_the_hand(
    strips: Strips, qtbot: QtBot
) -> None:
    strips.set_rows(
        [
            Row("a", "run 1", tape_of(50)),
            Row("b", "fork", tape_of(50, first=20), begins=20, parent="a"),
        ]
    )
    heard: list[tuple[str, int]] = []
    runs: list[str] = []
    strips.scrubbed.connect(lambda run, index: heard.append((run, index)))
    strips.chosen.connect(runs.append)
    assert strips.x_of("a", 20) == pytest.approx(strips.x_of("b", 20))
    drag(strips.viewport(), at(strips, "a", 10), at(strips, "a", 12), at(strips, "a", 30))
    assert heard == [("a", 10), ("a", 12), ("a", 30)] and not runs
    drag(strips.viewport(), at(strips, "b", 25), at(strips, "b", 20))
    assert heard[3:] == [("b", 25), ("b", 20)] and runs == ["b"]
    assert strips.step() == 20


def test_before_a_fork_begins_its_steps_are_the_parents(strips: Strips) -> None:
    parent = tape_of(50, room=26 * 3 * 64 * 4)  # every second step is kept
    fork = Row("b", "fork", tape_of(50, first=21), begins=21, parent="a")
    strips.set_rows([Row("a", "run 1", parent), fork])
    strips.set_chosen("b")
    strips.set_step(22)
    heard: list[tuple[str, int]] = []
    strips.scrubbed.connect(lambda run, index: heard.append((run, index)))
    for _ in range(3):
        QTest.keyClick(strips, Qt.Key.Key_Left)
    assert heard == [("b", 21), ("b", 20), ("b", 18)]
    assert "run 1: step 18 of 50" in strips.accessibleDescription()
    before = strips.grab().toImage()
    strips.set_step(30)
    x = round(strips.x_of("a", 18))
    assert before.pixel(x, 5) != strips.grab().toImage().pixel(x, 5)  # the cursor stood there
    drag(strips.viewport(), at(strips, "b", 30), QPointF(3, at(strips, "b", 30).y()))
    assert heard[-1] == ("b", 0)


def test_shift_drags_finely(strips: Strips) -> None:
    strips.set_rows([Row("a", "run 1", tape_of(1000, side=4))])
    strips.set_step(500)
    start = at(strips, "a", 500)
    drag(strips.viewport(), start, start + QPointF(200, 0), keys=SHIFT)
    moved = strips.step() - 500
    length = strips.axis().right - strips.axis().left
    assert moved == pytest.approx(200 / 50 / length * 1000, abs=1.01) and moved > 2


def test_keys_step_and_choose_runs(strips: Strips) -> None:
    strips.set_rows([Row("a", "run 1", tape_of(50)), Row("b", "run 2", tape_of(20))])
    heard: list[object] = []
    strips.scrubbed.connect(lambda run, index: heard.append(index))
    strips.chosen.connect(heard.append)
    for key, keys in (
        (Qt.Key.Key_Right, NONE),
        (Qt.Key.Key_Right, SHIFT),
        (Qt.Key.Key_Left, NONE),
        (Qt.Key.Key_End, NONE),
        (Qt.Key.Key_Down, NONE),
        (Qt.Key.Key_Home, NONE),
    ):
        QTest.keyClick(strips, key, keys)
    assert heard == [1, 11, 10, 49, "b", 0]
    assert "run 2: step 0 of 20, t = 1000" in strips.accessibleDescription()


def test_a_thinned_record_is_stepped_through_by_what_is_kept(strips: Strips) -> None:
    tape = tape_of(100, room=11 * 3 * 64 * 4)
    assert len(tape) == 11 and tape.plan.every == 10
    strips.set_rows([Row("a", "run 1", tape)])
    QTest.keyClick(strips, Qt.Key.Key_Right)
    assert strips.step() == tape.indices[1] == 10


def test_moving_the_cursor_draws_no_thumbnail_again(strips: Strips, qtbot: QtBot) -> None:
    strips.set_rows([Row("a", "run 1", tape_of(1000, side=4))])
    strips.grab()
    drawn = strips.n_thumbnails_drawn()
    assert 5 < drawn < 60  # of a thousand frames, those that are seen
    before = strips.grab().toImage()
    for index in range(0, 1000, 10):
        strips.set_step(index)
    after = strips.grab().toImage()
    assert strips.n_thumbnails_drawn() == drawn
    assert after != before  # the cursor went


def test_the_cursor_leaves_the_thumbnail_that_it_stands_on_free(strips: Strips) -> None:
    strips.set_rows([Row("a", "run 1", tape_of(10))])
    place = at(strips, "a", 4).toPoint()
    strips.set_step(9)
    free = strips.grab().toImage()
    strips.set_step(4)
    on = strips.grab().toImage()
    assert on.pixelColor(place) == free.pixelColor(place)
    rect = strips.strip_rect("a")
    above = QPoint(place.x(), rect.top() - 10)
    assert on.pixelColor(above) != free.pixelColor(above)
    edge = QPoint(place.x(), rect.top() - 1)
    assert on.pixelColor(edge) == theme.colour("accent")


def test_a_growing_tape_adds_thumbnails_and_keeps_the_others(strips: Strips) -> None:
    tape = tape_of(10, upto=3)
    strips.set_rows([Row("a", "run 1", tape)])
    strips.grab()
    assert strips.n_thumbnails_drawn() == 3
    tape.append(frame_of(3, 10))
    strips.grew("a")
    strips.grab()
    assert strips.n_thumbnails_drawn() == 4
    strips.set_rows([Row("a", "run 1, seed 8", tape)])  # another title, the same tape
    strips.grab()
    assert strips.n_thumbnails_drawn() == 4


def test_a_thumbnail_shows_its_frame(strips: Strips) -> None:
    strips.set_rows([Row("a", "run 1", tape_of(10, n=2))])
    strips.set_step(9)
    for image in (0, 1):
        strips.set_image(image)
        picture = strips.grab().toImage()
        for k in (0, 4):
            seen = picture.pixelColor(at(strips, "a", k).toPoint()).red()
            assert seen == int(((k + image) / 100 + 1) / 2 * 255 + 0.5)


def test_a_difference_is_taken_at_equal_t_and_only_where_both_have_come() -> None:
    whole, other = tape_of(10), tape_of(20, upto=7)
    row = Row("d", "", whole, other=other)
    assert np.allclose(row.values(0, "x0_hat", 0), 0.0)
    assert np.allclose(row.values(3, "x0_hat", 0), (3 - 6) / 100)  # step 6 of 20 has its t
    assert row.values(4, "x0_hat", 0) is None  # step 8 of 20 has not come
    fork = Row("f", "", tape_of(10), other=tape_of(10, first=5))
    assert fork.values(4, "x0_hat", 0) is None
    assert np.allclose(fork.values(5, "x0_hat", 0), 0.0)


def test_the_change_is_that_to_the_frame_before() -> None:
    tape = tape_of(10)
    row = Row("a", "", tape)
    wanted = tape.frame(4).arrays["x_t"][0] - tape.frame(3).arrays["x_t"][0]
    assert np.array_equal(row.values(4, "change", 0), wanted)
    assert row.values(0, "change", 0) is None  # a difference to nothing is no picture


def test_scrubbing_a_difference_moves_the_run_that_is_chosen(strips: Strips) -> None:
    a, b = tape_of(50), tape_of(50, first=20)
    strips.set_rows([Row("a", "run 1", a), Row("d", "difference", b, other=a)])
    heard: list[tuple[str, int]] = []
    strips.scrubbed.connect(lambda run, index: heard.append((run, index)))
    press(strips.viewport(), at(strips, "d", 40))
    assert heard == [("a", 40)] and strips.chosen_row() == "a"


def test_hovering_peeks_and_leaving_says_so(strips: Strips) -> None:
    strips.set_rows([Row("a", "run 1", tape_of(50))])
    heard: list[tuple[str, int]] = []
    strips.peeked.connect(lambda run, index: heard.append((run, index)))
    hover(strips.viewport(), at(strips, "a", 7))
    hover(strips.viewport(), QPointF(400, 190))
    assert heard == [("a", 7), ("", -1)] and strips.step() == 0


def test_a_double_click_and_enter_open_a_step(strips: Strips) -> None:
    strips.set_rows([Row("a", "run 1", tape_of(50))])
    heard: list[tuple[str, int]] = []
    strips.activated.connect(lambda run, index: heard.append((run, index)))
    place = at(strips, "a", 7).toPoint()
    QTest.mouseClick(strips.viewport(), Qt.MouseButton.LeftButton, NONE, place)
    QTest.mouseDClick(strips.viewport(), Qt.MouseButton.LeftButton, NONE, place)
    QTest.keyClick(strips, Qt.Key.Key_Return)
    assert heard == [("a", 7), ("a", 7)]


def test_by_step_the_first_of_each_run_stands_at_the_left(strips: Strips, qtbot: QtBot) -> None:
    strips.set_rows([Row("a", "run 1", tape_of(50)), Row("b", "run 2", tape_of(20))])
    assert strips.x_of("b", 10) == pytest.approx(strips.x_of("a", 25))  # t = 500
    with qtbot.waitSignal(strips.axis_changed):
        strips.set_axis("step")
    assert strips.x_of("b", 10) == pytest.approx(strips.x_of("a", 10))
    assert strips.x_of("a", 49) == pytest.approx(strips.axis().right)


def test_the_chosen_row_is_scrolled_into_sight(strips: Strips) -> None:
    strips.set_rows([Row(str(i), f"run {i}", tape_of(10)) for i in range(12)])
    assert strips.verticalScrollBar().maximum() > 0
    for _ in range(11):
        QTest.keyClick(strips, Qt.Key.Key_Down)
    rect = strips.strip_rect("11")
    assert strips.chosen_row() == "11" and rect.top() >= 0 and rect.bottom() <= 200
    assert strips.hit(QPointF(at(strips, "11", 3)))[0] == "11"


def test_rows_without_frames_and_no_rows_say_so(strips: Strips) -> None:
    empty = strips.grab().toImage()
    strips.set_rows([Row("a", "run 1", tape_of(10, upto=0)), Row("b", "run 2", says="Cancelled.")])
    assert strips.grab().toImage() != empty
    assert strips.hit(QPointF(100, 20)) == ("a", -1)
    QTest.keyClick(strips, Qt.Key.Key_Right)
    press(strips.viewport(), QPoint(100, 20))
    assert strips.step() == 0
    strips.set_rows([])
    assert strips.chosen_row() == "" and strips.grab().toImage() == empty
