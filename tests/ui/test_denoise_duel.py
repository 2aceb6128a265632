"""Two runs side by side: duels, locking on t, the numbers between them, the seconds they took."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from denoise_fork_help import (
    LEFT,
    N_TIMES,
    NONE,
    WANTED,
    WITHIN_MS,
    beside,
    compare,
    duel,
    frames,
    newest,
    open_panel,
    settle,
    tree,
    write_ddpm,
)
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QStyle, QStyleOptionComboBox
from pytestqt.qtbot import QtBot

from genstudio.ui.panels._denoise_compare_clock import Clock, net_calls
from genstudio.ui.panels._denoise_compare_plot import DistancePlot
from genstudio.ui.panels._denoise_duel_start import PRESETS, sides_of
from genstudio.ui.panels._denoise_fork_fields import Values
from genstudio.ui.panels._denoise_recipe import Recipe, Run
from genstudio.ui.panels._denoise_strip_axis import Axis
from genstudio.ui.panels.denoise import Denoise
from genstudio.ui.session import Session


@pytest.fixture
def panel(qtbot: QtBot, session: Session, tmp_path: Path) -> Denoise:
    return open_panel(qtbot, session, write_ddpm(tmp_path / "ddpm"))


def pair(panel: Denoise) -> tuple[Run, Run]:
    a, b = beside(panel).shown()
    assert a is not None and b is not None
    return a, b


def play(qtbot: QtBot, panel: Denoise, preset: str) -> tuple[Run, Run]:
    panel.set_mode("duel")
    QTest.mouseClick(duel(panel).presets[preset], LEFT)
    settle(qtbot, panel)
    return pair(panel)


def set_sides(panel: Denoise, a: Values, b: Values) -> None:
    duel(panel).shared.set_values(a)
    for column, values in zip(duel(panel).columns, (a, b), strict=True):
        column.set_values(values)


# Setting up --------------------------------------------------------------------------------------


def test_presets_fit_the_schedule_and_keep_noise_and_class() -> None:
    base = Values(seed=5, label=2, guidance=3.0)
    a, b = sides_of(PRESETS["all"], base, 1000)
    assert a == Values(5, "ddpm", 0.0, 1000, 2, 3.0)
    assert b == Values(5, "dpmpp", 0.0, 20, 2, 3.0)
    a, b = sides_of(PRESETS["eta"], base, 40)
    assert (a.steps, b.steps, a.eta, b.eta) == (40, 40, 0.0, 1.0)


def test_guidance_asks_the_net_twice() -> None:
    assert net_calls(Recipe(steps=20)) == 20
    assert net_calls(Recipe(steps=20, label=1, guidance=2.0)) == 40


# A duel ------------------------------------------------------------------------------------------


def test_a_duel_walks_both_ways_from_the_same_noise(panel: Denoise, qtbot: QtBot) -> None:
    a, b = play(qtbot, panel, "all")
    assert (a.recipe.sampler, a.recipe.steps) == ("ddpm", N_TIMES)
    assert (b.recipe.sampler, b.recipe.steps) == ("dpmpp", 20)
    assert a.recipe.n == b.recipe.n == 3
    np.testing.assert_array_equal(frames(a)[0], frames(b)[0])
    assert not np.array_equal(frames(a, "x0_hat")[-1], frames(b, "x0_hat")[-1])
    assert panel.runs.current() is a


def test_the_same_noise_is_added_at_the_same_t(panel: Denoise, qtbot: QtBot) -> None:
    panel.set_mode("duel")
    set_sides(panel, Values(7, "ddim", 1.0, 10), Values(7, "ddpm", 0.0, 10))
    QTest.mouseClick(duel(panel).begin, LEFT)
    settle(qtbot, panel)
    a, b = pair(panel)  # by eta 1 ddim is ddpm: only equal noise makes the two equal
    np.testing.assert_allclose(frames(a), frames(b), atol=2e-5)


def test_the_shorter_side_goes_first_and_the_other_waits(panel: Denoise, qtbot: QtBot) -> None:
    panel.set_mode("duel")
    order: list[int] = []
    panel.runs.changed.connect(lambda: order.append(len(panel.runs.running())))
    QTest.mouseClick(duel(panel).presets["all"], LEFT)
    view = beside(panel)
    a, b = view.shown()
    assert a is None and b is not None and b.recipe.steps == 20
    assert view.sides[0].title.text() == "ddpm"
    assert not duel(panel).begin.isEnabled()
    assert "under way" in compare(panel).says.text()
    qtbot.waitUntil(lambda: len(b.tape) > 2, timeout=WITHIN_MS)
    view._paint()
    shown = view.sides[1].picture.frame()  # the cursor goes along with the one that walks
    assert shown is not None and shown.index == b.tape.indices[-1]
    settle(qtbot, panel)
    assert max(order) == 1  # never two at once


def test_cancelling_the_first_side_ends_the_duel(panel: Denoise, qtbot: QtBot) -> None:
    panel.set_mode("duel")
    n = len(panel.runs.all())
    QTest.mouseClick(duel(panel).presets["all"], LEFT)
    panel.runs.cancel(panel.runs.running()[0].id)
    assert not duel(panel).duel.waiting()
    settle(qtbot, panel)
    assert len(panel.runs.all()) == n + 1
    assert duel(panel).begin.isEnabled()


def test_a_run_that_is_there_is_not_run_again(panel: Denoise, qtbot: QtBot) -> None:
    first = play(qtbot, panel, "few")
    n = len(panel.runs.all())
    again = play(qtbot, panel, "few")
    assert again == first
    assert len(panel.runs.all()) == n
    a, b = play(qtbot, panel, "all")
    assert len(panel.runs.all()) == n + 2
    set_sides(panel, Values(7, "ddim", 0.0, 10), Values(7, "ddim", 0.0, 10))
    QTest.mouseClick(duel(panel).begin, LEFT)
    settle(qtbot, panel)
    a, b = pair(panel)  # one against itself is walked twice, and equal
    assert a.id != b.id
    np.testing.assert_array_equal(frames(a), frames(b))


def test_wrong_settings_are_said_and_nothing_starts(panel: Denoise) -> None:
    panel.set_mode("duel")
    duel(panel).columns[1].steps.setText("41")
    duel(panel).columns[1].steps.edited.emit()
    assert duel(panel).error.text() == "The number of steps must be from 1 to 40, got 41."
    assert not duel(panel).begin.isEnabled()


def test_seed_and_class_are_those_of_the_run_in_front_until_the_hand_sets_others(
    panel: Denoise, qtbot: QtBot
) -> None:
    panel.set_mode("duel")
    assert duel(panel).shared.values().seed == 7
    assert duel(panel).size.text() == "3 images a side, records of 0.0 MB."
    root = panel.runs.current()
    panel.runs.fork(root.id, 4, label=2, guidance=2.0)
    settle(qtbot, panel)
    values = duel(panel).shared.values()
    assert (values.seed, values.label) == (7, 2)
    assert duel(panel).columns[0].guidance.isEnabled()
    duel(panel).shared.seed.setText("55")
    duel(panel).shared.seed.edited.emit()
    panel.runs.choose(root.id)
    values = duel(panel).shared.values()
    assert (values.seed, values.label) == (55, 2)


def test_the_sides_can_be_exchanged(panel: Denoise) -> None:
    panel.set_mode("duel")
    set_sides(panel, Values(7, "ddim", 0.0, 10), Values(7, "ddpm", 0.0, 30))
    QTest.mouseClick(duel(panel).mirror, LEFT)
    assert [column.values().sampler for column in duel(panel).columns] == ["ddpm", "ddim"]
    assert [column.values().steps for column in duel(panel).columns] == [30, 10]


def test_the_longest_sampler_can_be_read_in_a_narrow_inspector(
    panel: Denoise, qtbot: QtBot
) -> None:
    panel.set_mode("duel")
    inspector = panel.inspector()
    inspector.setFixedWidth(220)
    set_sides(panel, Values(7, "ddpm-large", 0.0, 10), Values(7, "dpmpp", 0.0, 30))
    section = duel(panel)
    qtbot.waitUntil(lambda: section.width() <= 220)
    assert section.minimumSizeHint().width() <= section.width()  # nothing is cut at its edge
    for column in section.columns:
        box, option = column.sampler, QStyleOptionComboBox()
        box.initStyleOption(option)
        room = box.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, box
        )
        assert box.fontMetrics().horizontalAdvance("ddpm-large") <= room.width()


def test_the_buttons_of_a_comparison_are_whole_in_a_narrow_inspector(
    panel: Denoise, qtbot: QtBot
) -> None:
    panel.starter.same_noise()
    settle(qtbot, panel)
    panel.column.folds["compare"].set_shown(True)
    tree(panel).partner_chosen.emit(panel.runs.all()[0].id)
    panel.inspector().setFixedWidth(220)
    for button in (compare(panel).see, compare(panel).parting):
        qtbot.waitUntil(lambda button=button: button.isVisible() and button.width() <= 220)
        assert button.width() >= button.sizeHint().width()


# Locked on t -------------------------------------------------------------------------------------


def test_both_pictures_stand_at_the_same_t_or_the_last_not_below(
    panel: Denoise, qtbot: QtBot
) -> None:
    a, b = play(qtbot, panel, "all")
    view = beside(panel)
    timeline = panel.timeline()
    assert timeline is view.lock
    assert timeline.count() == N_TIMES
    for index in (0, 7, 21, N_TIMES - 1):
        timeline.set_index(index)
        t = N_TIMES - index
        shown = [side.picture.frame() for side in view.sides]
        assert shown[0].scalars["t"] == t
        assert shown[1].scalars["t"] == min(s for s in b.times(N_TIMES) if s >= t)
        assert timeline.index() == index
    timeline.set_index(3)
    assert timeline.label(3) == "t = 37, A 3/40, B 1/20"
    assert timeline.title() == f"Run {a.name} and run {b.name}, locked on t"


def test_a_drag_in_the_strip_of_b_moves_a_too(panel: Denoise, qtbot: QtBot) -> None:
    _a, b = play(qtbot, panel, "all")
    view = beside(panel)
    strips = view.strips
    place = QPoint(round(strips.x_of(str(b.id), 5)), strips.strip_rect(str(b.id)).center().y())
    QTest.mouseClick(strips.viewport(), LEFT, NONE, place)
    t = b.times(N_TIMES)[5]
    assert view.lock.t() == t
    assert [side.picture.frame().scalars["t"] for side in view.sides] == [t, t]
    QTest.keyClick(strips, Qt.Key.Key_Left)
    assert view.lock.t() > t


def test_the_curve_scrubs_and_leaving_keeps_the_step(panel: Denoise, qtbot: QtBot) -> None:
    a, _b = play(qtbot, panel, "all")
    view = beside(panel)
    qtbot.waitUntil(lambda: len(view.plot.curve()[0]) == 20, timeout=WITHIN_MS)
    x = round(view.strips.axis().x_of(20))
    QTest.mouseClick(view.plot, LEFT, NONE, QPoint(x, 40))
    assert view.lock.t() == 20
    panel.set_mode("denoise")
    assert panel.frame().scalars["t"] == 20
    assert panel.runs.current() is a


def test_choosing_image_and_kind_goes_for_both(panel: Denoise, qtbot: QtBot) -> None:
    play(qtbot, panel, "few")
    view = beside(panel)
    panel.choose_image(2)
    panel.set_kind("x_t")
    for side in view.sides:
        assert side.picture.index() == 2
        assert side.picture.sides() == ("x_t",)


# Numbers -----------------------------------------------------------------------------------------


def test_numbers_are_the_distance_between_the_pictures(panel: Denoise, qtbot: QtBot) -> None:
    a, b = play(qtbot, panel, "few")
    beside(panel).show_time(20.0)
    at = a.times(N_TIMES).index(20)
    table = compare(panel).numbers

    def rms(name: str, k: int) -> str:
        gap = (frames(a, name)[k] - frames(b, name)[k]) / 2
        return f"{np.sqrt(np.mean(gap.astype(np.float64) ** 2)):.4f}"

    assert table.value("clean guesses apart") == rms("x0_hat", at)
    assert table.value("x at t apart") == rms("x_t", at)
    assert table.value("results apart") == rms("x0_hat", -1)


def test_a_fork_and_its_parent_part_where_the_noise_is_another(
    panel: Denoise, qtbot: QtBot
) -> None:
    root = panel.runs.current()
    panel.runs.fork(root.id, 4, seed=8)
    settle(qtbot, panel)
    fork = newest(panel)
    panel.column.folds["compare"].set_shown(True)
    compare(panel)._pair.suggest()
    table = compare(panel).numbers
    t = fork.times(N_TIMES)[1]  # at its first step it is still its parent
    qtbot.waitUntil(lambda: table.value("they part") == f"at t = {t}", timeout=WITHIN_MS)
    QTest.mouseClick(compare(panel).parting, LEFT)
    assert panel.frame().scalars["t"] == t
    assert "seed 7" in compare(panel).says.text()
    assert panel.watch.strips.row("difference") is not None


def test_an_unedited_fork_parts_nowhere(panel: Denoise, qtbot: QtBot) -> None:
    root = panel.runs.current()
    panel.runs.fork(root.id, 4)
    settle(qtbot, panel)
    panel.set_mode("duel")
    table = compare(panel).numbers
    qtbot.waitUntil(lambda: table.value("they part") == "nowhere", timeout=WITHIN_MS)
    assert table.value("results apart") == "0"
    assert not compare(panel).parting.isEnabled()


def test_without_another_run_the_view_says_what_to_do(panel: Denoise) -> None:
    panel.set_mode("duel")
    assert beside(panel).shown()[1] is None
    assert "Fork" in compare(panel).says.text()
    assert not compare(panel).numbers.isVisible()
    beside(panel).grab()


def test_calls_and_seconds_stand_side_by_side(panel: Denoise, qtbot: QtBot) -> None:
    play(qtbot, panel, "all")
    facts = duel(panel).facts
    assert facts.read("steps") == ("40", "20")
    assert facts.read("net calls") == ("40", "20")
    for words in facts.read("seconds"):
        assert float(words) >= 0.0


def test_only_a_walk_alone_and_without_a_break_is_timed(panel: Denoise, qtbot: QtBot) -> None:
    now = iter(np.arange(0.0, 1000.0, 0.5).tolist())
    clock = Clock(panel.runs, now=lambda: next(now))
    alone = panel.runs.begin(replace(WANTED, steps=4).recipe())
    settle(qtbot, panel)
    run = panel.runs.run(alone)
    # ticks: first and last of the first frame, then one a frame: 0.0 0.5 | 1.0 | 1.5 | 2.0
    assert clock.seconds(run) == pytest.approx(2.0 * 4 / 3)
    broken = panel.runs.begin(replace(WANTED, steps=40, seed=9).recipe())
    qtbot.waitUntil(lambda: panel.runs.run(broken).done_steps > 1, timeout=WITHIN_MS)
    panel.runs.cancel(broken)
    panel.runs.go_on(broken)
    settle(qtbot, panel)
    assert clock.seconds(panel.runs.run(broken)) is None
    both = [panel.runs.begin(replace(WANTED, seed=seed).recipe()) for seed in (10, 11)]
    settle(qtbot, panel)
    assert clock.seconds(panel.runs.run(both[0])) is None


def test_the_plot_reads_its_curve_at_the_cursor(qtbot: QtBot) -> None:
    plot = DistancePlot()
    qtbot.addWidget(plot)
    plot.resize(300, 64)
    plot.set_axis(Axis("t", 40.0, 10.0, 290.0))
    plot.set_curve(np.array([40.0, 20.0]), np.array([0.0, 0.3]), 20.0)
    assert [plot.value_at(t) for t in (41, 40, 30, 20, 5)] == [None, 0.0, 0.0, 0.3, 0.3]
    seen: list[float] = []
    plot.scrubbed.connect(seen.append)
    plot.set_t(20.0)
    QTest.mouseClick(plot, LEFT, NONE, QPoint(10, 40))
    assert seen == [pytest.approx(40.0)]
    plot.grab()


def test_a_record_that_is_gone_is_held_nowhere(panel: Denoise, qtbot: QtBot) -> None:
    a, b = play(qtbot, panel, "few")
    records = [weakref.ref(run.tape) for run in (a, b)]
    panel.set_mode("denoise")
    for run in (b, a):
        panel.runs.delete(run.id)
    panel.session.undo.clear()
    del a, b, run
    gc.collect()
    assert [record() for record in records] == [None, None]
