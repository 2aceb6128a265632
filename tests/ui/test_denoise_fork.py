"""Forks made as by a user: other settings, the brush, a mask, none of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from denoise_fork_help import form, frames, newest, open_panel, settle, write_ddpm
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from genstudio.engine.messages import Answer
from genstudio.tape import Frame
from genstudio.ui.panels._denoise_brush import Edit
from genstudio.ui.panels._denoise_fork_fields import Column, Values
from genstudio.ui.panels._denoise_fork_wish import started, suggested, touched, wished
from genstudio.ui.panels._denoise_recipe import Recipe
from genstudio.ui.panels.denoise import Denoise
from genstudio.ui.session import Session


@pytest.fixture
def source(tmp_path: Path) -> str:
    return write_ddpm(tmp_path / "ddpm")


@pytest.fixture
def panel(qtbot: QtBot, session: Session, source: str) -> Denoise:
    return open_panel(qtbot, session, source)


def a_frame(n: int = 2) -> Frame:
    rng = np.random.default_rng(0)
    x0_hat, noise = rng.normal(size=(2, n, 1, 4, 4)).astype(np.float32)
    x_t = (np.sqrt(0.4) * x0_hat + np.sqrt(0.6) * noise).astype(np.float32)
    arrays = {"x_t": x_t, "x0_hat": x0_hat, "noise_hat": noise}
    return Frame(3, 10, arrays, {"t": 20.0, "alpha_bar": 0.4})


# What a fork is to be ------------------------------------------------------------------------


def test_only_what_is_changed_is_handed_over() -> None:
    recipe = Recipe(seed=7, sampler="ddim", eta=0.5, steps=10, label=2, guidance=3.0)
    same = Values(7, "ddim", 0.5, 7, 2, 3.0)
    assert wished(recipe, same, 7, a_frame()).idle
    other = Values(8, "ddim", 0.5, 4, None, 1.0)
    options = wished(recipe, other, 7, a_frame()).options
    assert options == {"seed": 8, "steps": 4, "label": None, "guidance": 1.0}


def test_an_edit_of_the_clean_guess_keeps_the_noise_under_it() -> None:
    frame = a_frame()
    new = frame.arrays["x0_hat"].copy()
    new[1, 0, 2, 2] = 1.0
    start = started(frame, Edit("1", 3, "x0_hat", new))
    assert start is not None
    noise = (start - np.sqrt(0.4) * new) / np.sqrt(0.6)
    np.testing.assert_allclose(noise, frame.arrays["noise_hat"], atol=1e-6)
    apart = start != frame.arrays["x_t"]
    assert apart.sum() == 1 and apart[1, 0, 2, 2]  # all else is the parent's, to the bit
    assert touched(frame, Edit("1", 3, "x0_hat", new)) == [1]


def test_an_edit_of_x_t_is_taken_as_it_is_and_one_of_another_step_is_not() -> None:
    frame = a_frame()
    new = frame.arrays["x_t"] + 1.0
    np.testing.assert_array_equal(started(frame, Edit("1", 3, "x_t", new)), new)
    assert started(frame, Edit("1", 4, "x_t", new)) is None
    assert started(frame, Edit("1", 3, "x_t", frame.arrays["x_t"].copy())) is None


def test_suggested_settings_lead_elsewhere() -> None:
    assert suggested(Recipe(sampler="dpmpp"), 5, 8) == Values(8, "ddpm", 0.0, 5)
    assert suggested(Recipe(sampler="ddim"), 5, 8) == Values(8, "ddim", 1.0, 5)
    assert suggested(Recipe(sampler="ddim", eta=0.3), 5, 8) == Values(8, "ddim", 0.3, 5)
    assert suggested(Recipe(sampler="ddpm", label=1), 5, 8) == Values(8, "ddpm", 0.0, 5, 1)


def test_fields_say_what_is_wrong_and_hand_nothing_over(qtbot: QtBot) -> None:
    from PySide6.QtWidgets import QWidget

    box = QWidget()
    qtbot.addWidget(box)
    column = Column(box)
    column.set_most_steps(30)
    column.steps.setText("31")
    assert column.problem() == "The number of steps must be from 1 to 30, got 31."
    assert column.values() is None
    column.steps.setText("")
    assert "got nothing" in column.problem()
    column.steps.setText("30")
    assert column.values() == Values(steps=30)
    assert not column.guidance.isEnabled()  # there is no class to guide to
    column.set_classes(["0", "1"])
    column.label.setCurrentIndex(2)
    column.label.activated.emit(2)
    assert column.guidance.isEnabled()
    assert column.values() == Values(steps=30, label=1)


# By the hand -----------------------------------------------------------------------------------


def test_f_forks_at_the_step_shown_with_the_next_seed(panel: Denoise, qtbot: QtBot) -> None:
    root = panel.runs.current()
    panel.show_step(4)
    assert form(panel).place.text() == "At step 4 (t = 24) of run 1"
    assert form(panel).words.text() == "Will change: seed 8."
    QTest.keyClick(panel, Qt.Key.Key_F)
    settle(qtbot, panel)
    fork = newest(panel)
    assert (fork.parent, fork.at, fork.recipe.seed) == (root.id, 4, 8)
    assert panel.runs.current() is fork
    np.testing.assert_array_equal(frames(fork)[0], frames(root)[4])
    assert not np.array_equal(frames(fork)[1], frames(root)[5])


def test_a_fork_of_nothing_changed_equals_its_parent_bit_by_bit(
    panel: Denoise, qtbot: QtBot
) -> None:
    root = panel.runs.current()
    panel.show_step(3)
    QTest.mouseClick(form(panel).same, Qt.MouseButton.LeftButton)
    assert "will equal run 1" in form(panel).words.text()
    QTest.mouseClick(form(panel).fork, Qt.MouseButton.LeftButton)
    settle(qtbot, panel)
    fork = newest(panel)
    for name in ("x_t", "x0_hat", "noise_hat"):
        np.testing.assert_array_equal(frames(fork, name), frames(root, name)[3:])


def test_a_fork_s_strip_says_what_was_changed_and_calls_classes_by_their_names(
    panel: Denoise, qtbot: QtBot
) -> None:
    panel.show_step(4)
    column = form(panel).column
    column.label.setCurrentIndex(column.label.findData(2))
    column.label.activated.emit(column.label.currentIndex())
    column.sampler.setCurrentIndex(column.sampler.findData("ddim"))
    column.sampler.activated.emit(column.sampler.currentIndex())
    QTest.mouseClick(form(panel).fork, Qt.MouseButton.LeftButton)
    settle(qtbot, panel)
    assert "ddim" in newest(panel).title() and "class 2" in newest(panel).title()
    panel.model._named(Answer("", "classes", 0, ["0 degrees", "45 degrees", "90 degrees"], True))
    settle(qtbot, panel)
    changed = panel.column.sections["runs"].tree.twigs()[1].says.removeprefix("step 4: ")
    assert changed == "seed 8, ddim eta 0, class 90 degrees"
    told = [row.title for row in panel.watch.strips.rows()]
    assert f"run 1.1, forked at step 4, {changed}" in told
    panel.show_step(5)
    settle(qtbot, panel)
    fork = panel.runs.fork(newest(panel).id, 5, label=0)  # made after the names are known
    assert panel.runs.run(fork).title().endswith("class 0 degrees")


def test_undo_takes_the_fork_away_and_redo_brings_it_back(panel: Denoise, qtbot: QtBot) -> None:
    root = panel.runs.current()
    panel.show_step(4)
    QTest.keyClick(panel, Qt.Key.Key_F)
    settle(qtbot, panel)
    fork = newest(panel)
    panel.session.undo.undo()
    assert panel.runs.all() == [root]
    panel.session.undo.redo()
    assert panel.runs.all() == [root, fork]


def test_other_settings_and_fewer_steps_are_in_the_fork(panel: Denoise, qtbot: QtBot) -> None:
    panel.show_step(4)
    column = form(panel).column
    column.sampler.setCurrentIndex(column.sampler.findData("ddim"))
    column.sampler.activated.emit(column.sampler.currentIndex())
    column.eta.setFocus()
    column.eta.setText("0.5")
    column.steps.setText("3")
    column.label.setCurrentIndex(column.label.findData(2))
    column.label.activated.emit(column.label.currentIndex())
    column.guidance.setText("2")
    column.guidance.edited.emit()
    says = form(panel).words.text()
    assert says == "Will change: seed 8, ddim eta 0.5, class 2, guidance 2, 3 steps to go."
    QTest.mouseClick(form(panel).fork, Qt.MouseButton.LeftButton)
    settle(qtbot, panel)
    recipe = newest(panel).recipe
    assert (recipe.sampler, recipe.eta, recipe.label, recipe.guidance) == ("ddim", 0.5, 2, 2.0)
    assert recipe.times == (24, 16, 8)
    assert len(newest(panel).tape) == 3


def test_more_steps_than_there_are_times_is_said_and_nothing_starts(panel: Denoise) -> None:
    panel.show_step(4)
    form(panel).column.steps.setText("25")
    form(panel).column.steps.edited.emit()
    assert form(panel).error.text() == "The number of steps must be from 1 to 24, got 25."
    assert not form(panel).fork.isEnabled()
    QTest.keyClick(panel, Qt.Key.Key_F)
    assert len(panel.runs.all()) == 1
    assert panel.frame().index == 4


def test_another_seed_where_no_noise_is_added_is_said(panel: Denoise) -> None:
    panel.show_step(4)
    column = form(panel).column
    column.sampler.setCurrentIndex(column.sampler.findData("dpmpp"))
    column.sampler.activated.emit(column.sampler.currentIndex())
    column.seed.setText("99")
    column.seed.edited.emit()
    assert form(panel).words.text() == "Will change: seed 99, dpmpp."
    column.sampler.setCurrentIndex(column.sampler.findData("ddpm"))
    column.sampler.activated.emit(column.sampler.currentIndex())
    assert form(panel).words.text() == "Will change: seed 99."


def test_a_brush_on_the_clean_guess_forks_the_painted_image_alone(
    panel: Denoise, qtbot: QtBot
) -> None:
    root = panel.runs.current()
    panel.show_step(4)
    picture = panel.watch.picture
    QTest.mouseClick(form(panel).same, Qt.MouseButton.LeftButton)
    QTest.mouseClick(form(panel).tools["paint"], Qt.MouseButton.LeftButton)
    assert picture.tool() == "paint"
    pane = picture.pane("x0_hat")
    place = pane.cell_rect(1).center().toPoint()
    QTest.mousePress(picture, Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseRelease(picture, Qt.MouseButton.LeftButton, pos=place)
    assert form(panel).words.text() == "Will change: the clean guess painted in 1 of 3."
    QTest.keyClick(panel, Qt.Key.Key_F)
    settle(qtbot, panel)
    fork = newest(panel)
    apart = [not np.array_equal(frames(fork)[0][k], frames(root)[4][k]) for k in range(3)]
    assert apart == [False, True, False]
    for k in (0, 2):
        np.testing.assert_array_equal(frames(fork)[:, k], frames(root)[4:, k])
    assert fork.recipe.note == "brush"
    assert fork.recipe.before is None  # dpmpp would take the edit for a slope
    assert picture.edit() is None and picture.tool() == ""
    assert panel.column.sections["runs"].tree.twigs()[1].says == "step 4: painted"


def test_a_mask_keeps_its_pixels_through_every_step(panel: Denoise, qtbot: QtBot) -> None:
    root = panel.runs.current()
    panel.show_step(2)
    panel.choose_image(1)
    mask = np.zeros((8, 8), bool)
    mask[:, :4] = True
    panel.watch.picture.set_mask(mask)
    panel.watch.picture.mask_changed.emit(mask)
    assert "50 % of image 2 stays in all 3 of the batch." in form(panel).words.text()
    QTest.keyClick(panel, Qt.Key.Key_F)
    settle(qtbot, panel)
    fork = newest(panel)
    kept = frames(root, "x0_hat")[-1, 1][:, mask]
    for step in frames(fork, "x0_hat"):
        for image in step:
            np.testing.assert_array_equal(image[:, mask], kept)
    assert fork.recipe.note == "mask"
    assert panel.column.sections["runs"].tree.twigs()[1].says == "step 2: seed 8, a part kept"
    assert panel.watch.picture.mask() is None


def test_what_the_parent_keeps_can_be_let_go(panel: Denoise, qtbot: QtBot) -> None:
    mask = np.zeros((8, 8), bool)
    mask[:4] = True
    panel.show_step(2)
    panel.watch.picture.set_mask(mask)
    panel.watch.picture.mask_changed.emit(mask)
    QTest.keyClick(panel, Qt.Key.Key_F)
    settle(qtbot, panel)
    panel.show_step(5)
    assert form(panel).inherit.isVisible()
    QTest.mouseClick(form(panel).inherit, Qt.MouseButton.LeftButton)
    QTest.keyClick(panel, Qt.Key.Key_F)
    settle(qtbot, panel)
    assert newest(panel).recipe.keep is None


def test_a_step_before_the_fork_belongs_to_its_parent(panel: Denoise, qtbot: QtBot) -> None:
    root = panel.runs.current()
    panel.show_step(5)
    QTest.keyClick(panel, Qt.Key.Key_F)
    settle(qtbot, panel)
    panel.show_step(2)
    assert form(panel).place.text() == "At step 2 (t = 32) of run 1"
    QTest.keyClick(panel, Qt.Key.Key_F)
    settle(qtbot, panel)
    assert newest(panel).parent == root.id


def test_settings_the_hand_has_made_stay_while_it_scrubs(panel: Denoise) -> None:
    panel.show_step(4)
    column = form(panel).column
    column.seed.setText("123")
    column.seed.edited.emit()
    panel.show_step(6)
    assert column.values() == Values(123, "ddpm", 0.0, 4)
    column.steps.setText("2")
    column.steps.edited.emit()
    panel.show_step(3)
    assert column.values().steps == 2


def test_walks_of_points_fork_without_a_brush(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    panel = open_panel(qtbot, session, write_ddpm(tmp_path / "ring", 0, (2,)))
    root = panel.runs.current()
    assert not form(panel).brush.isVisible()
    panel.show_step(4)
    QTest.mouseClick(form(panel).fork, Qt.MouseButton.LeftButton)
    settle(qtbot, panel)
    fork = newest(panel)
    np.testing.assert_array_equal(frames(fork)[0], frames(root)[4])
    assert not np.array_equal(frames(fork)[-1], frames(root)[-1])
    assert panel.runs.current() is fork
    assert panel.column.sections["runs"].tree.twigs()[1].picture is not None


def test_the_form_follows_a_run_that_begins_anew_but_for_what_the_hand_has_set(
    panel: Denoise, qtbot: QtBot
) -> None:
    root, column = panel.runs.current(), form(panel).column
    panel.show_step(4)
    column.steps.setFocus()
    column.steps.selectAll()
    QTest.keyClicks(column.steps, "3")
    QTest.keyClick(column.steps, Qt.Key.Key_Return)
    settings = panel.settings
    for box, steps in ((settings.label, 2), (settings.sampler, 2)):  # class 1, ddim
        box.setFocus()
        for _ in range(steps):
            QTest.keyClick(box, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: root.recipe.sampler == "ddim" and root.recipe.label == 1)
    settle(qtbot, panel)
    panel.show_step(4)
    assert panel.runs.current() is root
    values = column.values()
    assert values is not None
    assert (values.sampler, values.label, values.seed) == ("ddim", 1, 8)  # of the run as it is
    assert values.steps == 3  # of the hand
