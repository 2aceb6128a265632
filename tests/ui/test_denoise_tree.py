"""The tree of runs: its order, and what a hand does to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from denoise_fork_help import (
    CONTROL,
    LEFT,
    NONE,
    WANTED,
    frames,
    open_panel,
    settle,
    tree,
    write_ddpm,
)
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from genstudio.ui.panels._denoise_tree import RunTree
from genstudio.ui.panels._denoise_tree_rows import rows, step
from genstudio.ui.panels.denoise import Denoise
from genstudio.ui.session import Session


def test_forks_stand_below_their_parent_in_the_order_they_were_made() -> None:
    order = rows({1: None, 5: None, 2: 1, 4: 1, 3: 2, 6: 5})
    assert [row.id for row in order] == [1, 2, 3, 4, 5, 6]
    assert [row.depth for row in order] == [0, 1, 2, 1, 0, 1]


def test_a_run_whose_parent_is_gone_stands_as_a_root() -> None:
    order = rows({7: 3, 8: 7})
    assert [(row.id, row.depth, row.parent) for row in order] == [(7, 0, None), (8, 1, 7)]


def test_arrow_keys_go_up_and_down_to_the_parent_and_to_the_first_fork() -> None:
    order = rows({1: None, 2: 1, 3: 2, 4: 1, 5: None})
    assert [step(order, 2, way) for way in ("up", "down", "left", "right")] == [1, 3, 1, 3]
    assert step(order, 1, "up") == 1
    assert step(order, 5, "down") == 5
    assert step(order, 4, "right") == 4
    assert step(order, 1, "left") == 1
    assert step(order, None, "down") == 1
    assert step([], None, "down") is None


# By the hand -----------------------------------------------------------------------------------


@pytest.fixture
def panel(qtbot: QtBot, session: Session, tmp_path: Path) -> Denoise:
    """A root with two forks at step 4, seeds 8 and 9; the root is in front."""
    panel = open_panel(qtbot, session, write_ddpm(tmp_path / "ddpm"))
    root = panel.runs.current()
    for seed in (8, 9):
        panel.runs.fork(root.id, 4, seed=seed)
        settle(qtbot, panel)
    panel.runs.choose(root.id)
    return panel


def press(panel: Denoise, run: int, modifier: Qt.KeyboardModifier = NONE) -> None:
    place = tree(panel).row_rect(run).center().toPoint()
    QTest.mouseClick(tree(panel), LEFT, modifier, place)


def test_every_run_has_a_row_with_its_words_and_its_picture(panel: Denoise) -> None:
    one, two, three = panel.runs.all()
    twigs = tree(panel).twigs()
    assert [twig.title for twig in twigs] == ["Run 1", "Run 1.1", "Run 1.2"]
    assert [twig.says for twig in twigs] == [
        "seed 7, ddpm, 10 steps",
        "step 4: seed 8",
        "step 4: seed 9",
    ]
    assert "forked at step 4 (t = 24): seed 8" in twigs[1].tip
    assert "ddpm, 6 steps from t = 24" in twigs[1].tip
    assert tree(panel).picture_rect(two.id).left() > tree(panel).picture_rect(one.id).left()
    result = (frames(three, "x0_hat")[-1, 0, 0] + 1) / 2
    shown = twigs[2].picture
    assert shown is not None
    grey = [[shown.pixelColor(x, y).red() for x in range(8)] for y in range(8)]
    np.testing.assert_allclose(np.array(grey) / 255, result.clip(0, 1), atol=1 / 255)


def test_a_click_chooses_and_arrows_go_through_the_tree(panel: Denoise) -> None:
    one, two, three = panel.runs.all()
    press(panel, two.id)
    assert panel.runs.current() is two
    QTest.keyClick(tree(panel), Qt.Key.Key_Down)
    assert panel.runs.current() is three
    QTest.keyClick(tree(panel), Qt.Key.Key_Left)
    assert panel.runs.current() is one
    QTest.keyClick(tree(panel), Qt.Key.Key_Right)
    assert panel.runs.current() is two
    QTest.keyClick(tree(panel), Qt.Key.Key_Up)
    assert panel.runs.current() is one


def test_delete_takes_a_run_away_with_its_forks_and_undo_brings_them_back(
    panel: Denoise,
) -> None:
    before = panel.runs.all()
    press(panel, before[1].id)
    QTest.keyClick(tree(panel), Qt.Key.Key_Delete)
    assert [twig.title for twig in tree(panel).twigs()] == ["Run 1", "Run 1.2"]
    assert panel.runs.current() is before[0]
    QTest.keyClick(tree(panel), Qt.Key.Key_Delete)
    assert tree(panel).twigs() == []
    for _ in range(2):
        panel.session.undo.undo()
    assert panel.runs.all() == before
    assert [twig.title for twig in tree(panel).twigs()] == ["Run 1", "Run 1.1", "Run 1.2"]


def test_control_and_click_puts_a_run_beside_and_c_goes_round(panel: Denoise) -> None:
    one, two, three = panel.runs.all()
    press(panel, three.id, CONTROL)
    assert (tree(panel).current(), tree(panel).partner()) == (one.id, three.id)
    QTest.keyClick(tree(panel), Qt.Key.Key_C)
    assert tree(panel).partner() == two.id
    press(panel, two.id)  # what stood beside comes to the front: the two change places
    assert (tree(panel).current(), tree(panel).partner()) == (two.id, one.id)
    panel.runs.delete(one.id)
    assert tree(panel).partner() is None


def test_the_menu_offers_what_can_be_done(panel: Denoise, qtbot: QtBot) -> None:
    one, two, _three = panel.runs.all()
    section = panel.column.sections["runs"]
    own = {action.text(): action for action in section.menu(one.id).actions()}
    assert not own["Bring to the front"].isEnabled()
    assert not own["See beside run 1"].isEnabled()
    assert "Delete with 2 forks" in own
    other = {action.text(): action for action in section.menu(two.id).actions()}
    assert "Delete" in other
    other["See beside run 1"].trigger()
    assert panel.mode == "duel"
    assert tree(panel).partner() == two.id


def test_a_running_run_says_how_far_it_is(panel: Denoise, qtbot: QtBot) -> None:
    number = panel.runs.begin(replace(WANTED, steps=40).recipe())
    section = panel.column.sections["runs"]
    section.refresh()
    twig = tree(panel).twigs()[-1]
    assert twig.share is not None and twig.share < 1.0
    panel.runs.cancel(number)
    run = panel.runs.run(number)
    twig = tree(panel).twigs()[-1]
    assert twig.says.startswith(f"stopped after {run.done_steps} of 40 steps, seed 7")
    panel.runs.go_on(number)
    settle(qtbot, panel)
    section.refresh()
    assert tree(panel).twigs()[-1].share is None


def test_another_kind_of_model_comes_while_a_run_walks(
    panel: Denoise, qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    images, points = panel.ref.source, write_ddpm(tmp_path / "points", shape=(2,))
    panel.runs.begin(replace(panel.recipe(), steps=40))
    qtbot.waitUntil(lambda: bool(panel.runs.current().recent), timeout=30_000)
    of_images = panel.process
    panel.process = replace(of_images, points=True)  # as between one model's answer and the next
    panel.column.sections["runs"].refresh()
    panel.process = of_images
    session.show("A", points)
    qtbot.waitUntil(lambda: panel.process is not None and panel.process.points, timeout=30_000)
    settle(qtbot, panel)
    assert panel.mode == "plane" and len(tree(panel).twigs()) == len(panel.runs.all())
    assert " points, " in panel.settings.record.text()
    session.show("A", images)
    qtbot.waitUntil(lambda: not panel.process.points, timeout=30_000)
    settle(qtbot, panel)
    assert " images, " in panel.settings.record.text()


def test_an_empty_tree_says_so(qtbot: QtBot) -> None:
    alone = RunTree()
    qtbot.addWidget(alone)
    chosen: list[int] = []
    alone.chosen.connect(chosen.append)
    QTest.keyClick(alone, Qt.Key.Key_Down)
    QTest.keyClick(alone, Qt.Key.Key_C)
    assert chosen == [] and alone.sizeHint().height() > 0
    alone.grab()
