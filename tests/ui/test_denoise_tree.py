"""The tree of runs: its order, and what a hand does to it."""

from __future__ import annotations

from genstudio.ui.panels._denoise_tree_rows import rows, step


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
