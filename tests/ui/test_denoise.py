"""The Denoise panel driven as by a hand, on a tiny model in real lanes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from genstudio.abilities import Card
from genstudio.engine import library, weights_file
from genstudio.engine.messages import Failure
from genstudio.latent import denoise as queries
from genstudio.models import family
from genstudio.models._diffusion import cosine
from genstudio.tape import Plan, Tape
from genstudio.ui.main_window import MainWindow
from genstudio.ui.panels import _denoise_run, _denoise_starter
from genstudio.ui.panels._denoise_bar import ONE_ROW_PX
from genstudio.ui.panels._denoise_fork_fields import MOST_GUIDANCE
from genstudio.ui.panels._denoise_line import Line
from genstudio.ui.panels._denoise_recipe import Recipe, Run, RunState, spread
from genstudio.ui.panels._denoise_settings import Wanted, of_bytes
from genstudio.ui.panels.denoise import Denoise, serves
from genstudio.ui.session import Priority, Session

N_TIMES = 40
WITHIN_MS = 60_000
LEFT = Qt.MouseButton.LeftButton
FIELDS = ("x_t", "x0_hat", "noise_hat")


def write_ddpm(folder: Path, n_classes: int = 3, shape: tuple[int, ...] = (1, 8, 8)) -> str:
    """A run folder with a tiny diffusion model; its source."""
    settings = {"n_steps": N_TIMES, "n_classes": n_classes, "channels": 8, "levels": 1}
    settings |= {"blocks_per_level": 1, "attention": False, "width": 16, "depth": 1}
    kind = family("ddpm")
    model = kind.build(shape, kind.configure(settings), seed=3)
    folder.mkdir(parents=True)
    data = weights_file.to_bytes(model.state_dict(), weights_file.header_of(model))
    (folder / "model.safetensors").write_bytes(data)
    card = Card(
        name=folder.name,
        family="ddpm",
        title=folder.name,
        abilities=model.abilities,
        shape=model.shape,
        latent_dim=model.latent_dim,
    )
    (folder / "card.json").write_text(card.model_dump_json())
    return str(folder)


@pytest.fixture
def session() -> Iterator[Session]:
    one = Session("cpu")
    one.set_seed(7)
    yield one
    assert one.close(), "a thread is left"


@pytest.fixture
def source(tmp_path: Path) -> str:
    return write_ddpm(tmp_path / "ddpm-tiny")


@pytest.fixture
def panel(qtbot: QtBot, session: Session, source: str) -> Denoise:
    """The panel in front, its first run done."""
    return open_panel(qtbot, session, source)


def open_panel(qtbot: QtBot, session: Session, source: str) -> Denoise:
    session.show("A", source)
    panel = Denoise(session)
    column = panel.inspector()
    qtbot.addWidget(panel)
    qtbot.addWidget(column)
    panel.resize(800, 640)
    column.resize(290, 1400)
    panel.show()
    column.show()
    panel.activated()
    qtbot.waitUntil(lambda: panel.process is not None, timeout=WITHIN_MS)
    rest(qtbot, panel)
    return panel


def rest(qtbot: QtBot, panel: Denoise) -> None:
    """Wait until nothing walks, nothing is asked, and no setting waits for the hand to rest."""

    def at_rest() -> bool:
        starter = panel.starter
        waits = starter._rest.isActive() or (starter._seeds.isActive() and starter._seed_due)
        still = panel.session.idle() and not panel.runs.running()
        return still and not waits and not panel._dirty

    qtbot.waitUntil(at_rest, timeout=WITHIN_MS)


def current(panel: Denoise) -> Run:
    run = panel.runs.current()
    assert run is not None
    return run


def type_into(field: object, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def same(first: Run, second: Run, since: int = 0) -> bool:
    """Whether two records are equal bit by bit from step `since` on."""
    return all(
        np.array_equal(
            first.tape.stack(name)[since - first.at :], second.tape.stack(name)[since - second.at :]
        )
        for name in FIELDS
    )


def stop_after(panel: Denoise, number: int, steps: int, act: Callable[[], None]) -> None:
    """Do `act` as soon as a run has taken so many steps."""

    def check(grown: int) -> None:
        run = panel.runs.run(number)
        if grown == number and run is not None and run.done_steps == steps:
            panel.runs.grew.disconnect(check)
            act()

    panel.runs.grew.connect(check)


# The first run -----------------------------------------------------------------------------------


def test_the_first_run_starts_by_itself_and_is_the_query_s_own_walk(
    panel: Denoise, source: str
) -> None:
    run = current(panel)
    assert run.recipe.seed == 7 and run.recipe.n == 16 and run.recipe.steps == 20
    assert run.state is RunState.DONE and len(run.tape) == 20
    model = library.load(source)
    whole = list(queries.walk(model, n=16, seed=7, sampler="dpmpp", steps=20))
    for name in FIELDS:
        assert np.array_equal(run.tape.stack(name), np.stack([f.arrays[name] for f in whole]))
    frame = panel.watch.picture.frame()
    assert frame is not None and frame.index == 19
    assert panel.bar.title.text() == "Denoise with ddpm-tiny"


def test_nothing_walks_before_the_panel_is_in_front(
    qtbot: QtBot, session: Session, source: str
) -> None:
    session.show("A", source)
    panel = Denoise(session)
    qtbot.addWidget(panel)
    qtbot.addWidget(panel.inspector())
    qtbot.waitUntil(lambda: panel.process is not None and session.idle(), timeout=WITHIN_MS)
    assert panel.runs.all() == []
    panel.activated()
    assert len(panel.runs.all()) == 1
    rest(qtbot, panel)


def test_frames_are_shown_while_they_come(panel: Denoise, qtbot: QtBot) -> None:
    seen: list[int] = []
    panel.step_shown.connect(lambda _run, k: seen.append(k))
    panel.starter.begin(replace(panel.recipe(), steps=40, sampler="ddpm", n=64))
    assert panel.line is not None and panel.line.n_steps == 40
    rest(qtbot, panel)
    qtbot.waitUntil(lambda: panel.step == 39)
    fresh = seen[seen.index(0) :] if 0 in seen else seen
    assert len(set(fresh)) > 2 and fresh == sorted(fresh), fresh


# Scrubbing ---------------------------------------------------------------------------------------


def test_the_timeline_scrubs_through_every_step_and_says_t(panel: Denoise) -> None:
    line = panel.timeline()
    assert line is not None and line.count() == 20
    line.set_index(5)
    frame = panel.watch.picture.frame()
    assert frame is not None and frame.index == 5 and panel.watch.strips.step() == 5
    t = spread(N_TIMES, 20)[5]
    assert line.label(5) == f"step 5 of 20, t = {t}"
    assert panel.watch.schedule.t() == t
    rows = dict(panel.numbers.table.rows())
    assert rows["step"] == "5 of 20" and rows["t"] == f"{t} of {N_TIMES}"
    a = cosine(N_TIMES).alpha_bar[t]
    assert rows["alpha bar"] == f"{a:.3f}"
    assert rows["signal to noise"] == f"{10 * np.log10(a / (1 - a)):.1f} dB".replace("-", "−")
    expected = np.sqrt(
        np.mean((current(panel).tape.frame(6).arrays["x_t"] - frame.arrays["x_t"]) ** 2)
    )
    assert float(rows["change of x"]) == pytest.approx(expected, abs=1e-3)


def test_the_schedule_and_the_strips_move_the_same_cursor(panel: Denoise, qtbot: QtBot) -> None:
    plot = panel.watch.schedule
    x = round(plot.x_of(20.0))
    QTest.mouseClick(plot, LEFT, pos=QPoint(x, plot.height() // 2))
    assert panel.step == 10 and panel.steps.index() == 10
    strips = panel.watch.strips
    strips.setFocus()
    QTest.keyClick(strips, Qt.Key.Key_Right)
    assert panel.step == 11 and plot.t() == 18


def test_a_hand_that_scrubs_is_not_carried_off_by_new_frames(panel: Denoise, qtbot: QtBot) -> None:
    number = panel.runs.begin(replace(panel.recipe(), steps=40, sampler="ddpm"))
    stop_after(panel, number, 10, lambda: panel.steps.set_index(2))
    rest(qtbot, panel)
    assert current(panel).id == number and len(current(panel).tape) == 40
    assert panel.step == 2
    panel.steps.set_index(39)
    assert panel.step == 39


# Cancel and go on --------------------------------------------------------------------------------


@pytest.mark.parametrize("sampler", ["dpmpp", "ddpm"])
@pytest.mark.parametrize("steps", [1, 7])
def test_a_cancelled_walk_goes_on_bit_by_bit(
    panel: Denoise, qtbot: QtBot, sampler: str, steps: int
) -> None:
    recipe = replace(panel.recipe(), sampler=sampler, n=3)
    whole = panel.runs.begin(recipe)
    rest(qtbot, panel)
    broken = panel.runs.begin(recipe)
    panel.setFocus()
    stop_after(panel, broken, steps, lambda: QTest.keyClick(panel, Qt.Key.Key_Escape))
    rest(qtbot, panel)
    run = current(panel)
    assert run.id == broken and run.state is RunState.PAUSED and run.done_steps == steps
    assert panel.bar.run.text() == "Go on"
    assert panel.steps.label(19) == "step 19 of 20, not taken yet"
    QTest.mouseClick(panel.bar.run, LEFT)
    rest(qtbot, panel)
    done = panel.runs.run(whole)
    assert run.state is RunState.DONE and done is not None and same(run, done)


def test_run_again_replays_the_run_bit_by_bit(panel: Denoise, qtbot: QtBot) -> None:
    run = current(panel)
    before = run.tape
    QTest.mouseClick(panel.bar.run, LEFT)
    rest(qtbot, panel)
    assert current(panel) is run and run.tape is not before
    for name in FIELDS:
        assert np.array_equal(run.tape.stack(name), before.stack(name))


# Noise and settings ------------------------------------------------------------------------------


def test_new_noise_is_the_next_seed_in_another_run(panel: Denoise, qtbot: QtBot) -> None:
    first = current(panel)
    panel.setFocus()
    QTest.keyClick(panel, Qt.Key.Key_R)
    rest(qtbot, panel)
    assert panel.session.seed == 8 and current(panel).recipe.seed == 8
    assert panel.runs.all() == [first, current(panel)]
    assert not np.array_equal(first.tape.stack("x_t"), current(panel).tape.stack("x_t"))
    assert panel.settings.wanted().seed == 8


def test_a_seed_typed_above_runs_too_but_not_every_one_on_the_way(
    panel: Denoise, qtbot: QtBot
) -> None:
    for seed in range(20, 40):
        panel.session.set_seed(seed)
    rest(qtbot, panel)
    assert current(panel).recipe.seed == 39
    assert len(panel.runs.all()) <= 3


def test_same_noise_keeps_the_run_and_starts_from_the_same_noise(
    panel: Denoise, qtbot: QtBot
) -> None:
    first = current(panel)
    QTest.mouseClick(panel.bar.same_noise, LEFT)
    rest(qtbot, panel)
    assert current(panel) is not first and same(first, current(panel))


def test_a_run_from_noise_of_its_own_keeps_that_noise(panel: Denoise, qtbot: QtBot) -> None:
    start = np.full((16, 1, 8, 8), 0.25, np.float32)
    panel.starter.begin(replace(panel.recipe(), start=start, note="starts moved"))
    rest(qtbot, panel)
    own = current(panel)
    assert own.title().endswith(", starts moved")
    panel.settings.sampler.setCurrentIndex(panel.settings.sampler.findData("ddim"))
    panel.settings.sampler.activated.emit(0)
    rest(qtbot, panel)
    assert current(panel).recipe.sampler == "ddim"
    assert np.array_equal(current(panel).tape.frame(0).arrays["x_t"], start)
    panel.starter.same_noise()
    rest(qtbot, panel)
    assert current(panel) is not own
    assert np.array_equal(current(panel).tape.frame(0).arrays["x_t"], start)
    panel.starter.new_noise()
    rest(qtbot, panel)
    assert current(panel).recipe.start is None and not current(panel).recipe.note


def test_resting_over_a_strip_peeks_and_leaving_restores(panel: Denoise) -> None:
    strips, picture, tape = panel.watch.strips, panel.watch.picture, current(panel).tape
    number = str(current(panel).id)
    panel.show_step(3)
    here = picture.image("x_t", 0)
    strips.peeked.emit(number, 9)
    there = picture.image("x_t", 0)
    panel.kind_changed.emit("x_t")
    assert not np.array_equal(there, here) and panel.step == 3 and strips.step() == 3
    strips.peeked.emit("", -1)
    assert np.array_equal(picture.image("x_t", 0), here)
    strips.peeked.emit(number, 9)
    panel.show_step(4)  # an arrow key: the cursor takes the pictures back
    picture_of_4 = picture.image("x_t", 0)
    strips.peeked.emit("", -1)
    assert np.array_equal(picture.image("x_t", 0), picture_of_4)
    assert not np.array_equal(tape.frame(4).arrays["x_t"], tape.frame(9).arrays["x_t"])
    assert not np.array_equal(picture_of_4, there)
    picture.set_tool("paint")
    strips.peeked.emit(number, 9)
    assert np.array_equal(picture.image("x_t", 0), picture_of_4)  # a brush stays at its step


@pytest.mark.parametrize("width", [500, 620, 1180])
def test_no_button_of_the_bar_is_cut(panel: Denoise, width: int) -> None:
    bar = panel.bar
    bar.say("a rather long sentence about the run that is in front, and what it waits for")
    panel.resize(width, 640)
    QTest.qWait(0)
    assert bar.width() <= width
    for button in (bar.new_noise, bar.same_noise, bar.run, bar.save):
        assert button.width() >= button.sizeHint().width() or button is bar.run
        assert bar.rect().contains(button.mapTo(bar, button.rect().bottomRight()))
    last = bar.kinds if width < ONE_ROW_PX else bar.save
    right = last.mapTo(bar, last.rect().bottomRight()).x()
    assert right >= bar.width() - 2 * 8


def test_a_setting_restarts_the_run_in_its_place(panel: Denoise, qtbot: QtBot) -> None:
    run = current(panel)
    type_into(panel.settings.steps, "10")
    assert "Record: 10 steps of 16 images" in panel.settings.record.text()
    rest(qtbot, panel)
    assert panel.runs.all() == [run] and run.recipe.steps == 10 and len(run.tape) == 10
    assert panel.step == 9


def test_a_run_with_a_fork_is_not_replaced(panel: Denoise, qtbot: QtBot) -> None:
    run = current(panel)
    panel.runs.fork(run.id, 4, seed=8, sampler="ddpm")
    rest(qtbot, panel)
    panel.runs.choose(run.id)
    type_into(panel.settings.steps, "10")
    rest(qtbot, panel)
    assert run.recipe.steps == 20 and current(panel).recipe.steps == 10
    assert len(panel.runs.children(None)) == 2


def test_what_does_not_apply_is_greyed(panel: Denoise) -> None:
    settings = panel.settings
    assert not settings.eta.isEnabled() and not settings.guidance.isEnabled()
    settings.sampler.setCurrentIndex(settings.sampler.findData("ddim"))
    settings.sampler.activated.emit(settings.sampler.currentIndex())
    assert settings.eta.isEnabled()
    settings.label.setCurrentIndex(settings.label.findData(2))
    settings.label.activated.emit(settings.label.currentIndex())
    assert settings.guidance.isEnabled()
    settings.guidance._take(3.0)
    recipe = panel.recipe()
    assert (recipe.sampler, recipe.label, recipe.guidance) == ("ddim", 2, 3.0)


def test_guidance_reaches_as_far_as_a_fork_s(panel: Denoise) -> None:
    panel.settings.set_wanted(replace(panel.settings.wanted(), label=1, guidance=MOST_GUIDANCE))
    assert panel.settings.guidance.value() == MOST_GUIDANCE


def test_a_model_without_classes_is_not_asked_for_one(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    panel = open_panel(qtbot, session, write_ddpm(tmp_path / "plain", n_classes=0))
    assert not panel.settings.label.isEnabled()
    assert "without classes" in panel.settings.label.toolTip()


def test_a_model_of_points_is_shown_in_the_plane(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    panel = open_panel(qtbot, session, write_ddpm(tmp_path / "plane", n_classes=0, shape=(2,)))
    assert panel.mode == "plane" and panel.bar.run.isVisible() and not panel.bar.kinds.isVisible()
    run = current(panel)
    assert run.recipe.n == 512 and run.tape.frame(0).arrays["x_t"].shape == (512, 2)
    assert not panel.settings.clip.isVisible()


def test_a_wrong_number_is_said_and_loses_nothing(panel: Denoise, qtbot: QtBot) -> None:
    run = current(panel)
    type_into(panel.settings.steps, "5000")
    assert panel.settings.error.text() == "Steps must be a whole number from 1 to 40, got 5000."
    rest(qtbot, panel)
    assert current(panel) is run and len(run.tape) == 20
    assert panel.watch.picture.frame() is not None


# Memory ------------------------------------------------------------------------------------------


def test_a_large_record_says_its_size_and_waits_for_the_button(
    panel: Denoise, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_denoise_starter, "PATIENCE_BYTES", 500_000)
    run = current(panel)
    type_into(panel.settings.count, "64")
    size = of_bytes(64 * 64 * 3 * 4 * 20)
    assert f"Record: 20 steps of 64 images, {size}. Every" in panel.settings.record.text()
    rest(qtbot, panel)
    assert run.recipe.n == 16 and panel.settings.run.isVisible()
    QTest.mouseClick(panel.settings.run, LEFT)
    rest(qtbot, panel)
    assert run.recipe.n == 64 and not panel.settings.run.isVisible()


def test_a_long_first_run_waits_for_the_button_too(
    qtbot: QtBot, session: Session, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_denoise_starter, "PATIENCE_BYTES", 1)
    panel = open_panel(qtbot, session, source)
    assert panel.starter.pending and not panel.runs.all()
    assert panel.settings.run.isVisibleTo(panel.settings)
    QTest.mouseClick(panel.bar.run, LEFT)
    rest(qtbot, panel)
    assert current(panel).state is RunState.DONE


def test_a_long_walk_lets_other_pictures_go_first(
    panel: Denoise, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    ask = panel.session.ask
    monkeypatch.setattr(
        panel.session, "ask", lambda *a, **k: (asked.append(k.get("priority")), ask(*a, **k))
    )
    panel.starter.same_noise()
    monkeypatch.setattr(_denoise_run, "PATIENCE_BYTES", 1)
    panel.starter.same_noise()
    assert [each for each in asked if each is not None][:2] == [Priority.PICTURE, Priority.REPORT]
    rest(qtbot, panel)


def test_a_thinned_record_says_so(panel: Denoise, qtbot: QtBot) -> None:
    frame = 16 * 64 * 3 * 4
    panel.runs.budget_bytes = 2 * 8 * frame  # half of it, in the place of the run in front
    type_into(panel.settings.steps, "40")
    assert panel.settings.record.text() == (
        f"Record: 40 steps of 16 images would take {of_bytes(40 * frame)}. "
        f"One in 6 is kept: {of_bytes(8 * frame)}."
    )
    QTest.mouseClick(panel.settings.run, LEFT)
    rest(qtbot, panel)
    run = current(panel)
    assert run.thinned and run.tape.indices == (0, 6, 12, 18, 24, 30, 36, 39)
    assert panel.steps.count() == 8 and panel.steps.label(3) == "step 18 of 40, t = 22"
    assert "One in 6 of 40 steps is kept" in panel.bar.status.text()


def test_a_record_without_room_is_refused_and_nothing_is_lost(panel: Denoise, qtbot: QtBot) -> None:
    run = current(panel)
    panel.runs.budget_bytes = 0
    type_into(panel.settings.steps, "40")
    assert "Choose fewer images" in panel.settings.error.text()
    rest(qtbot, panel)
    failures: list[Failure] = []
    panel.session.failed.connect(failures.append)
    panel.starter.apply()
    assert failures and "Choose fewer images" in failures[0].sentence()
    assert current(panel) is run and len(run.tape) == 20


# Forks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sampler", ["dpmpp", "ddpm", "ddim"])
def test_an_unedited_fork_is_its_parent(panel: Denoise, qtbot: QtBot, sampler: str) -> None:
    mother = panel.runs.begin(replace(panel.recipe(), sampler=sampler, eta=0.5, n=3))
    rest(qtbot, panel)
    for k in (0, 1, 12, 19):
        number = panel.runs.fork(mother, k)
        rest(qtbot, panel)
        fork, parent = panel.runs.run(number), panel.runs.run(mother)
        assert fork is not None and parent is not None
        assert fork.tape.indices == tuple(range(k, 20)) and same(fork, parent, since=k)


def test_a_fork_shows_its_parent_s_steps_before_its_own(panel: Denoise, qtbot: QtBot) -> None:
    mother = current(panel)
    number = panel.runs.fork(mother.id, 6, seed=3, sampler="ddpm")
    rest(qtbot, panel)
    fork = current(panel)
    assert fork.id == number and panel.steps.count() == 20
    panel.show_step(3)
    frame = panel.frame()
    assert frame is not None
    assert np.array_equal(frame.arrays["x_t"], mother.tape.frame(3).arrays["x_t"])
    panel.show_step(10)
    frame = panel.frame()
    assert frame is not None
    assert np.array_equal(frame.arrays["x_t"], fork.tape.frame(4).arrays["x_t"])
    assert not np.array_equal(frame.arrays["x_t"], mother.tape.frame(10).arrays["x_t"])


def test_forks_and_deletions_are_undone(panel: Denoise, qtbot: QtBot) -> None:
    runs, undo = panel.runs, panel.session.undo
    mother = current(panel)
    fork = runs.fork(mother.id, 6, seed=3, sampler="ddpm")
    rest(qtbot, panel)
    undo.undo()
    assert runs.all() == [mother] and current(panel) is mother
    undo.redo()
    assert [run.id for run in runs.all()] == [mother.id, fork] and current(panel).id == fork
    assert len(current(panel).tape) == 14, "its record is not made again"
    runs.delete(mother.id)
    assert runs.all() == [] and panel.watch.picture.frame() is None
    undo.undo()
    assert [run.id for run in runs.all()] == [mother.id, fork]
    assert panel.watch.picture.frame() is not None


def test_a_fork_undone_on_its_way_is_finished_when_it_comes_back(
    panel: Denoise, qtbot: QtBot
) -> None:
    mother = current(panel)
    number = panel.runs.fork(mother.id, 2, sampler="ddpm", seed=3)
    stop_after(panel, number, 5, panel.session.undo.undo)
    rest(qtbot, panel)
    assert panel.runs.all() == [mother]
    panel.session.undo.redo()
    rest(qtbot, panel)
    broken = current(panel)
    assert broken.state is RunState.DONE and broken.tape.indices == tuple(range(2, 20))
    whole = panel.runs.run(panel.runs.fork(mother.id, 2, sampler="ddpm", seed=3))
    rest(qtbot, panel)
    assert whole is not None and same(broken, whole, since=2)


# Views and kinds ---------------------------------------------------------------------------------


def test_keys_choose_what_the_pictures_show(panel: Denoise) -> None:
    panel.setFocus()
    for key, kind in zip("2341", ("x_t", "noise_hat", "change", "x0_hat"), strict=True):
        QTest.keyClick(panel, key)
        assert panel.kind == kind and panel.bar.kinds.value() == kind
        assert panel.watch.picture.kind() == kind and panel.watch.strips.kind() == kind


def test_an_image_from_outside_goes_to_the_forward_view(panel: Denoise, qtbot: QtBot) -> None:
    image = np.zeros((1, 8, 8), np.float32)
    panel.session.image_offered.emit(image, "a drawing")
    assert panel.mode == "forward" and panel.bar.modes.value() == "forward"
    assert not panel.bar.run.isVisible()
    panel.set_mode("denoise")
    rest(qtbot, panel)
    assert panel.bar.run.isVisible() and len(panel.runs.all()) == 1


def test_settings_changed_in_another_view_wait_for_the_button(panel: Denoise, qtbot: QtBot) -> None:
    panel.set_mode("forward")
    type_into(panel.settings.steps, "10")
    rest(qtbot, panel)
    assert current(panel).recipe.steps == 20
    panel.set_mode("denoise")
    QTest.mouseClick(panel.bar.run, LEFT)
    rest(qtbot, panel)
    assert current(panel).recipe.steps == 10


# Models ------------------------------------------------------------------------------------------


def test_runs_of_another_model_are_put_away_and_come_back(
    panel: Denoise, qtbot: QtBot, source: str, tmp_path: Path
) -> None:
    first = current(panel)
    panel.session.show("A", write_ddpm(tmp_path / "other"))
    qtbot.waitUntil(lambda: panel.runs.source().endswith("other"), timeout=WITHIN_MS)
    rest(qtbot, panel)
    assert current(panel) is not first and panel.bar.title.text() == "Denoise with other"
    panel.session.show("A", source)
    qtbot.waitUntil(lambda: panel.runs.source() == source, timeout=WITHIN_MS)
    rest(qtbot, panel)
    assert panel.runs.all() == [first] and panel.watch.picture.frame() is not None


def test_a_walk_stops_at_once_when_another_model_is_chosen(panel: Denoise, tmp_path: Path) -> None:
    run = panel.runs.run(panel.runs.begin(Recipe(n=2, steps=40)))
    assert run is not None and run.state is RunState.RUNNING
    panel.session.show("A", write_ddpm(tmp_path / "other"))
    assert run.state is RunState.PAUSED


def test_the_classes_of_another_model_are_others(
    panel: Denoise, qtbot: QtBot, session: Session, tmp_path: Path, source: str
) -> None:
    panel.settings.set_wanted(replace(panel.settings.wanted(), label=2, guidance=3.0))
    panel.starter.same_noise()
    rest(qtbot, panel)
    session.show("A", write_ddpm(tmp_path / "another"))
    qtbot.waitUntil(lambda: len(panel.runs.all()) == 1, timeout=WITHIN_MS)
    rest(qtbot, panel)
    assert current(panel).recipe.label is None and current(panel).recipe.guidance == 1.0
    session.show("A", source)  # its runs come back as they were
    qtbot.waitUntil(lambda: len(panel.runs.all()) == 2, timeout=WITHIN_MS)
    rest(qtbot, panel)
    assert panel.settings.wanted().label == current(panel).recipe.label == 2


def test_a_model_that_does_not_denoise_is_named_and_another_offered(
    window: MainWindow, shipped: Path, qtbot: QtBot
) -> None:
    write_ddpm(shipped / "ddpm-mnist")
    window.panels.show_panel("denoise")
    dock = window.panels._docks["denoise"]
    assert "does not go from noise" in dock._refusal.text()
    button = dock._refusal.findChild(QPushButton)
    assert button is not None and button.text() == "Show ddpm-mnist" and button.isVisible()
    QTest.mouseClick(button, LEFT)
    panel = window.panels.panel("denoise")
    assert isinstance(panel, Denoise)
    qtbot.waitUntil(lambda: panel.isVisible() and panel.process is not None, timeout=WITHIN_MS)
    rest(qtbot, panel)
    assert len(current(panel).tape) == 20
    assert window.transport.label().startswith("step 19 of 20, t = ")
    window.transport.setFocus()
    QTest.keyClick(window.transport, Qt.Key.Key_Home)
    assert panel.step == 0 and window.transport.label() == "step 0 of 20, t = 40"
    window.panels.show_panel("manifold")


def test_a_card_says_whether_a_model_denoises() -> None:
    card = Card(name="a", family="x", shape=(1, 8, 8), abilities=("latent", "steps"))
    assert "noise" in (serves(card) or "")
    assert serves(card.model_copy(update={"abilities": ("steps", "noise")})) is None


def test_a_model_in_training_is_sampled_again_when_its_weights_move(
    panel: Denoise, qtbot: QtBot
) -> None:
    run = current(panel)
    before = run.tape
    run.step = 100
    panel.settings.live.show()
    panel.starter.weights_moved(200)
    panel.runs_changed()
    assert panel.bar.status.text() == "weights of step 100; now they are at 200"
    assert current(panel).tape is before
    panel.settings.auto.setChecked(True)
    panel.starter.weights_moved(300)
    assert run.tape is not before
    panel.settings.auto.setChecked(False)
    rest(qtbot, panel)


# Coming back -------------------------------------------------------------------------------------


def test_the_panel_comes_back_as_it_was(
    panel: Denoise, qtbot: QtBot, session: Session, source: str
) -> None:
    panel.set_kind("noise_hat")
    panel.choose_image(5)
    panel.settings.set_wanted(Wanted("ddim", 0.3, 9, 1, 2.5, 7, 6, False))
    panel.starter.apply()
    rest(qtbot, panel)
    state = panel.state()
    panel.deactivated()
    other = Denoise(session)
    qtbot.addWidget(other)
    qtbot.addWidget(other.inspector())
    other.restore(state)
    other.activated()
    qtbot.waitUntil(lambda: other.process is not None, timeout=WITHIN_MS)
    rest(qtbot, other)
    assert other.settings.wanted() == panel.settings.wanted()
    assert other.kind == "noise_hat" and other.image == 5
    assert same(current(other), current(panel))


@pytest.mark.parametrize(
    "state",
    [
        {"kind": 3, "mode": ["x"], "image": -1, "settings": {"steps": "many"}, "modes": 1},
        {"settings": {"images": {"steps": "many", "n": 0}, "points": 3, "sounds": {}}},
        {"settings": {"images": {"sampler": "best", "label": 10**9, "eta": float("nan")}}},
        {"settings": ["images"], "folds": {"x": 1}},
        {"modes": {"denoise": {"sizes": [1, "a"], "axis": 7}, "nothing": {}}},
    ],
)
def test_damaged_state_is_passed_over(
    panel: Denoise, qtbot: QtBot, state: dict[str, object]
) -> None:
    before = panel.settings.wanted()
    panel.restore(state)
    rest(qtbot, panel)
    assert panel.settings.wanted() == before and panel.kind == "x0_hat"


# Pure parts --------------------------------------------------------------------------------------


def test_times_are_the_schedule_s_own() -> None:
    schedule = cosine(1000)
    for n in (1, 7, 20, 50, 333, 1000):
        assert list(spread(1000, n)) == schedule.times(n)


def test_a_line_of_forks_of_forks_takes_each_step_from_its_own_run(
    panel: Denoise, qtbot: QtBot
) -> None:
    runs = panel.runs
    root = current(panel)
    first = runs.fork(root.id, 5, sampler="ddpm", seed=1)
    rest(qtbot, panel)
    second = runs.fork(first, 9, steps=3, seed=2)
    rest(qtbot, panel)
    run = runs.run(second)
    assert run is not None
    line = Line(runs, run)
    assert line.steps == list(range(12)) and line.n_steps == 12
    assert [line.of(k).id for k in (0, 4, 5, 8, 9, 11)] == [root.id] * 2 + [first] * 2 + [
        second
    ] * 2
    times = line.times()
    assert times == sorted(times, reverse=True) and len(times) == 12
    assert line.nearest(0.0) == 11 and line.nearest(times[6]) == 6


def test_a_run_is_named_by_what_it_was_told() -> None:
    def title(recipe: Recipe, mother: Run | None = None, classes: tuple[str, ...] = ()) -> str:
        run = Run(1, "1.2", recipe, Tape(1, (1,), Plan(1, 12)), mother)
        run.classes = classes
        return run.title()

    assert title(Recipe(seed=7, steps=50)) == "run 1.2, seed 7, dpmpp, 50 steps"
    told = Recipe(seed=7, sampler="ddim", eta=0.5, label=3, guidance=2.5)
    assert title(told) == "run 1.2, seed 7, ddim, 20 steps, eta 0.5, class 3, guidance 2.5"
    mother = Run(0, "1", Recipe(seed=7, steps=50), Tape(1, (1,), Plan(1, 12)))
    forked = Recipe(kind="fork", first=20, steps=30, seed=8, note="brush")
    assert title(forked, mother) == "run 1.2, forked at step 20, seed 8, painted"
    other = replace(forked, seed=7, sampler="ddim", label=2, guidance=2.0, steps=9, note="")
    assert title(other, mother, ("0 degrees", "45 degrees", "90 degrees")) == (
        "run 1.2, forked at step 20, ddim eta 0, class 90 degrees, guidance 2, 9 steps to go"
    )
    same = replace(mother.recipe, kind="fork", first=20, steps=30)
    assert title(same, mother) == "run 1.2, forked at step 20, nothing changed"
    noised = Recipe(kind="image", times=(600, 300), steps=2)
    assert title(noised) == "run 1.2, from an image at t = 600, dpmpp, 2 steps"


def test_without_a_run_nothing_stands_where_its_step_was(
    qtbot: QtBot, session: Session, source: str
) -> None:
    panel = open_panel(qtbot, session, source)
    plot, numbers = panel.watch.schedule, panel.numbers
    assert plot.t() is not None and plot.isEnabled() and numbers.none.isHidden()
    panel.runs.delete(current(panel).id)
    qtbot.waitUntil(lambda: plot.t() is None)
    assert panel.line is None and not plot.isEnabled()
    assert numbers.table.rows() == [] and not numbers.none.isHidden()
    session.undo.undo()
    qtbot.waitUntil(lambda: plot.t() is not None)
    assert plot.isEnabled() and numbers.none.isHidden()
    duel = panel.column.sections["runs"].duel
    assert duel.isEnabled()
    session.show("A", None)
    qtbot.waitUntil(lambda: not duel.isEnabled())
    bar = panel.bar
    assert bar.title.text() == "Denoise"
    assert not any(button.isEnabled() for button in (bar.new_noise, bar.same_noise, bar.run))
    session.show("A", source)
    qtbot.waitUntil(lambda: duel.isEnabled())
    assert bar.run.isEnabled() and bar.title.text() == "Denoise with ddpm-tiny"


def test_a_recipe_hands_eta_on_only_to_ddim() -> None:
    assert Recipe(sampler="ddpm", eta=0.5).arguments()["eta"] == 0.0
    assert Recipe(sampler="ddim", eta=0.5).arguments()["eta"] == 0.5
