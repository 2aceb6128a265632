"""A value with a history: previews, drops, and steps that become one entry."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QUndoStack

from genstudio.ui.undo import Kept


@pytest.fixture
def stack(qapp):
    stack = QUndoStack()
    yield stack
    stack.clear()


def test_a_change_is_taken_back_and_done_again(stack, qtbot) -> None:
    kept = Kept(stack, 1)
    with qtbot.waitSignal(kept.changed):
        kept.push("two", 2)
    assert kept.value() == 2
    stack.undo()
    assert kept.value() == 1
    stack.redo()
    assert kept.value() == 2
    assert stack.undoText() == "two"


def test_what_the_hand_drags_is_one_entry_once_it_lets_go(stack) -> None:
    kept = Kept(stack, 1)
    for value in (2, 3, 4):
        kept.preview(value)
    assert (kept.value(), stack.count()) == (4, 0)
    kept.drop("drag")
    assert (kept.value(), stack.count()) == (4, 1)
    stack.undo()
    assert kept.value() == 1


def test_a_drag_that_is_given_up_leaves_no_trace(stack) -> None:
    kept = Kept(stack, 1)
    kept.preview(5)
    kept.give_up()
    kept.drop("nothing was dragged")
    assert (kept.value(), stack.count()) == (1, 0)


def test_steps_of_one_thing_become_one_entry_and_those_of_another_do_not(stack) -> None:
    kept, other = Kept(stack, 0), Kept(stack, 0)
    for value in (1, 2, 3):
        kept.push("step", value, "pin 1")
    kept.push("step", 4, "pin 2")
    other.push("step", 9, "pin 2")
    kept.push("step", 5)
    kept.push("step", 6)
    assert stack.count() == 5
    for _ in range(3):
        stack.undo()
    assert (kept.value(), other.value()) == (4, 0)
    stack.undo()
    assert kept.value() == 3
    stack.undo()
    assert kept.value() == 0
