"""The plane of the Denoise panel driven as by a hand, on a tiny model of points in real lanes."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from denoise_forward_help import WITHIN_MS, settle, write_ddpm
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QImage,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from genstudio.data.toy2d import mixture
from genstudio.engine import library
from genstudio.latent import denoise, particles
from genstudio.ui import theme
from genstudio.ui.main_window import MainWindow
from genstudio.ui.panels._denoise_plane import Plane, plug
from genstudio.ui.panels._denoise_plane_legend import Kinds
from genstudio.ui.panels._denoise_plane_record import Start
from genstudio.ui.panels._denoise_recipe import Recipe, RunState
from genstudio.ui.panels.denoise import Denoise
from genstudio.ui.session import Session
from genstudio.ui.widgets.latent_plane import View

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
T, N, STEPS, SCALE = 40, 40, 8, 2.0


@pytest.fixture
def source(tmp_path: Path) -> str:
    return write_points(tmp_path / "points", "toy2d:moons")


def write_points(folder: Path, data: str) -> str:
    written = write_ddpm(folder, (2,), n_steps=T, n_classes=2)
    card = folder / "card.json"
    card.write_text(card.read_text().replace('"toy2d"', f'"{data}"'))
    return written


@pytest.fixture
def panel(qtbot: QtBot, session: Session, source: str) -> Denoise:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, theme.Choice.DARK)
    session.show("A", source)
    made = Denoise(session)
    if "plane" not in made.modes:
        plug(made)
    inspector = made.inspector()
    assert inspector is not None
    for widget, size in ((made, (820, 640)), (inspector, (290, 900))):
        qtbot.addWidget(widget)
        widget.resize(*size)
        widget.show()
    qtbot.waitExposed(made)
    made.activated()
    qtbot.waitUntil(lambda: session.torch_ready, timeout=3 * WITHIN_MS)
    settle(qtbot, made, lambda: made.process is not None)
    view = made.modes["plane"]
    assert isinstance(view, Plane)
    view.map.animation_ms = 0
    begin(qtbot, made)
    return made


@pytest.fixture
def plane(panel: Denoise) -> Plane:
    view = panel.modes["plane"]
    assert isinstance(view, Plane)
    return view


def begin(qtbot: QtBot, panel: Denoise, **changes: object) -> None:
    """A run of N points in STEPS steps, walked to its end."""
    panel.starter.begin(Recipe(**{"n": N, "steps": STEPS, "seed": 4, **changes}))
    rest(qtbot, panel)


def rest(qtbot: QtBot, panel: Denoise) -> None:
    def over() -> bool:
        run = panel.runs.current()
        return run is not None and run.state is RunState.DONE and not panel._dirty

    settle(qtbot, panel, over)


def at(plane: Plane, x: float, y: float) -> QPoint:
    return plane.map.to_widget(x, y).toPoint()


def click(qtbot: QtBot, plane: Plane, x: float, y: float) -> None:
    QTest.mouseClick(plane.map, LEFT, NONE, at(plane, x, y))
    rest(qtbot, plane._panel)


def empty_place(plane: Plane) -> tuple[float, float]:
    """A place on a whole pixel without a particle near it."""
    points = plane.record.x_t(plane.map.place())
    for x in np.linspace(-3, 3, 25):
        for y in np.linspace(-3, 3, 25):
            if np.linalg.norm(points - (x, y), axis=1).min() > 0.35:
                return on_pixel(plane, x, y)
    raise AssertionError("Particles are everywhere.")


def on_pixel(plane: Plane, x: float, y: float) -> tuple[float, float]:
    return plane.map.to_map(QPointF(at(plane, x, y)))


def paths(source: str, start: object, **changes: object) -> particles.Paths:
    recipe = Recipe(n=N, steps=STEPS, seed=4)
    model = library.load(source)
    walking = {**recipe.arguments(), **changes}
    return particles.paths(model, start, [(walking, None, False)], room=32)


# Particles ---------------------------------------------------------------------------------------


def test_a_model_of_points_is_shown_in_the_plane_and_one_of_images_is_not(
    qtbot: QtBot, panel: Denoise, plane: Plane, tmp_path: Path
) -> None:
    assert panel.mode == "plane"
    assert plane.isVisible()
    images = write_ddpm(tmp_path / "images", n_steps=T)
    panel.session.show("A", images)
    settle(qtbot, panel, lambda: panel.process is not None and not panel.process.points)
    assert panel.mode == "denoise"
    assert not plane.isVisible()


def test_the_particles_are_those_of_the_step_under_the_cursor(
    qtbot: QtBot, panel: Denoise, plane: Plane
) -> None:
    time = panel.timeline()
    assert time is not None
    assert time.count() == STEPS + 1
    run = panel.runs.current()
    assert run is not None
    for index in (0, 3, STEPS - 1):
        time.set_index(index)
        expected = run.tape.frame(index).arrays["x_t"] * SCALE
        assert np.array_equal(plane.map._cloud._xy, expected)
        row = int(np.argmin(np.abs(expected).max(1)))
        assert row == plane.map.row_of(plane.map.point_at(*expected[row].tolist()))
    time.set_index(STEPS)
    ended = run.tape.frame(STEPS - 1).arrays["x0_hat"] * SCALE
    assert np.array_equal(plane.map._cloud._xy, ended)
    assert time.label(STEPS) == "end, t = 0"
    time.set_index(2)
    assert panel.step == 2
    assert np.array_equal(plane.map._cloud._xy, run.tape.frame(2).arrays["x_t"] * SCALE)


def test_a_finished_run_shows_where_its_particles_ended_and_in_which_class(
    plane: Plane, source: str
) -> None:
    assert plane.time.at_end
    ends = plane.record.x_t(STEPS)
    labels = particles.ends(None, "toy2d:moons", ends).labels
    assert np.array_equal(plane.map._kinds, labels)
    rows = plane.kinds.legend.classes()
    assert [row.split("  ")[1] for row in rows] == [str((labels == i).sum()) for i in (0, 1)]
    assert f"{(labels < 0).sum()} of {N}" in plane.kinds.note.text()


def test_a_class_of_the_legend_hides_its_particles(
    qtbot: QtBot, panel: Denoise, plane: Plane
) -> None:
    plane._ends = particles.Ends(np.arange(N) % 2, ("upper", "lower"))
    plane._show_kinds()
    qtbot.mouseClick(
        plane.kinds.legend, LEFT, pos=plane.kinds.legend.row_rect(1).center().toPoint()
    )
    assert len(plane.map._cloud._xy) == N // 2
    assert plane.map.row_of(3) == 6


def test_all_classes_of_the_legend_are_in_view_whenever_they_come(qtbot: QtBot) -> None:
    for before in (0, 2):
        host, kinds = QWidget(), Kinds()
        qtbot.addWidget(host)
        row = QHBoxLayout(host)
        row.addWidget(kinds)
        host.resize(200, 500)
        host.show()
        kinds.set_classes(["a"] * before, [1] * before, 0)
        QApplication.processEvents()
        kinds.set_classes([f"{k} degrees" for k in range(8)], [9] * 8, 3)
        QApplication.processEvents()
        assert kinds._area.verticalScrollBar().maximum() == 0
        host.resize(200, 150)  # in a low window they scroll
        QApplication.processEvents()
        assert kinds._area.verticalScrollBar().maximum() > 0


def test_trails_and_layers_are_switched_by_pills_and_keys(
    qtbot: QtBot, panel: Denoise, plane: Plane
) -> None:
    panel.show_step(STEPS // 2)
    settle(qtbot, panel)
    for key, layer in (("T", "trails"), ("S", "score"), ("P", "particles"), ("D", "density")):
        before = plane.map.grab().toImage()
        QTest.keyClick(plane.map, key)
        settle(qtbot, panel)
        assert not plane.bar.pills[layer].isChecked()
        assert plane.map.grab().toImage() != before
        qtbot.mouseClick(plane.bar.pills[layer], LEFT)
        settle(qtbot, panel)
        assert plane.map.shows(layer)
        assert plane.map.grab().toImage() == before
    before = plane.map.grab().toImage()
    QTest.keyClick(plane.map, "G")
    assert plane.map.shows("targets")
    assert plane.map.grab().toImage() != before


def test_the_whole_way_of_a_particle_under_the_pointer_is_shown_and_told(
    qtbot: QtBot, panel: Denoise, plane: Plane
) -> None:
    panel.show_step(3)
    settle(qtbot, panel)
    points = plane.record.x_t(3)
    row = int(np.argmin(np.linalg.norm(points, axis=1)))
    QTest.mouseMove(plane.map, at(plane, *points[row].tolist()))
    qtbot.waitUntil(lambda: plane.map._chosen is not None, timeout=WITHIN_MS)
    told = plane.map.row_of(plane.map.hovered_point())
    assert np.array_equal(plane.map._chosen, plane.record.path(told))
    assert len(plane.map._chosen) == STEPS + 1
    settle(qtbot, panel, lambda: f"particle {told}, ends in:" in plane.caption.readout.text())


# Density and score -------------------------------------------------------------------------------


def test_the_true_density_is_that_of_this_t_and_the_right_way_round(
    qtbot: QtBot, panel: Denoise, plane: Plane
) -> None:
    for layer in ("particles", "trails", "score"):
        plane.set_shows(layer, False)
    plane.time.set_index(STEPS)
    settle(qtbot, panel, lambda: plane.density.shown is not None and plane.density.shown[1] == 0)
    assert "true density of the data, noised to t = 0" in plane.caption.density.text()
    image = plane.map.grab().toImage()
    moons = mixture("moons")
    tops = [moons.centres[moons.labels == 0].mean(0), moons.centres[moons.labels == 1].mean(0)]
    on = moons.centres[[20, 64, 110, 150, 192, 240]]
    dark = [(-x, y) for x, y in (moons.centres[5], moons.centres[130])] + [(x, 3.2) for x in (0, 1)]
    assert tops[0][1] > tops[1][1]

    def green(x: float, y: float) -> int:
        return QColor(image.pixel(at(plane, x, y))).green()

    assert min(green(*p) for p in on) > 150
    assert max(green(*p) for p in ((0.0, 1.6), (0.0, -1.6), dark[2], dark[3])) < 30


def test_each_step_has_the_density_of_its_own_t(
    qtbot: QtBot, panel: Denoise, plane: Plane, source: str
) -> None:
    model = library.load(source)
    for k in (1, 6, 1):
        panel.show_step(k)
        t = plane.record.time(k)
        settle(qtbot, panel, lambda t=t: plane.density.shown is not None)
        kind, shown, peak = plane.density.shown
        axis = np.linspace(-7, 7, 161)[:-1] + 7 / 160
        expected = denoise.density(model, "toy2d:moons", t, axis, axis).max()
        assert (kind, shown) == ("true", t)
        assert peak == pytest.approx(float(expected), rel=1e-5)
        assert plane.map.sheet_tag()[1] == t
        assert plane.map.sheets()[-1].pixels_per_unit() > 160 / 14  # the fine one lies on top


def test_the_arrows_are_the_learned_score_at_this_t(
    qtbot: QtBot, panel: Denoise, plane: Plane, source: str
) -> None:
    panel.show_step(4)
    settle(qtbot, panel)
    arrows = plane.map.arrows()
    assert arrows is not None
    model = library.load(source)
    score = denoise.score(model, plane.record.time(4), arrows.places)
    norm = np.linalg.norm(score, axis=1)
    assert plane.score.longest == pytest.approx(norm.max(), rel=1e-5)
    length = np.linalg.norm(arrows.ways, axis=1)
    assert length == pytest.approx(np.sqrt(norm / norm.max()), rel=1e-4)
    cosine = (arrows.ways * score).sum(1) / (length * norm)
    assert cosine == pytest.approx(1.0, abs=1e-4)
    plane.time.set_index(STEPS)
    settle(qtbot, panel)
    assert plane.map.arrows() is None
    assert "no score" in plane.caption.score.text()


def test_the_readout_tells_density_and_score_under_the_pointer(
    qtbot: QtBot, panel: Denoise, plane: Plane, source: str
) -> None:
    panel.show_step(2)
    settle(qtbot, panel)
    x, y = empty_place(plane)
    QTest.mouseMove(plane.map, at(plane, x, y))
    qtbot.waitUntil(lambda: "|score|" in plane.caption.readout.text(), timeout=WITHIN_MS)
    settle(qtbot, panel)
    model = library.load(source)
    t = plane.record.time(2)
    density = float(denoise.density(model, "toy2d:moons", t, [x], [y])[0, 0])
    score = float(np.linalg.norm(denoise.score(model, t, [(x, y)])))
    said = plane.caption.readout.text()
    assert f"true density {density:.3g}" in said
    assert f"|score| {score:.3g}" in said
    assert f"({x:.2f}, {y:.2f})" in said
    away = np.linalg.norm(plane.record.x_t(2) - (x, y), axis=1)
    assert f"nearest: particle {away.argmin()}, {away.min():.2f} away" in said
    QTest.mouseMove(plane.map, QPoint(2, 2))
    assert "nearest" not in plane.caption.readout.text()


def test_the_models_own_density_is_counted_and_named(
    qtbot: QtBot, panel: Denoise, plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genstudio.ui.panels._denoise_plane_density.N_POINTS", 600)
    QTest.keyClick(plane.map, "M")
    settle(qtbot, panel, lambda: plane.density.counted == 600)
    assert "600 points of the model at t = 0" in plane.caption.density.text()
    panel.show_step(0)
    settle(qtbot, panel)
    assert plane.density.shown == ("model", T, plane.density.shown[2])
    flat = 1 / (2 * math.pi * SCALE**2)  # the peak of the noise that walks start from
    assert flat < plane.density.shown[2] < 12 * flat
    QTest.keyClick(plane.map, "M")
    settle(qtbot, panel)
    assert plane.density.shown[0] == "true"


def test_the_wheel_zooms_at_the_pointer_and_home_goes_back(
    qtbot: QtBot, panel: Denoise, plane: Plane
) -> None:
    where = at(plane, 1.5, 1.0)
    before = plane.map.to_map(QPointF(where))
    event = QWheelEvent(
        QPointF(where), plane.map.mapToGlobal(QPointF(where)), QPoint(), QPoint(0, 240),
        Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(plane.map, event)
    assert plane.map.view().span < 9.0
    assert plane.map.to_map(QPointF(where)) == pytest.approx(before, abs=0.02)
    settle(qtbot, panel)
    assert plane.map.sheets()[-1].extent.contains(plane.map.frame().extent)
    QTest.keyClick(plane.map, Qt.Key.Key_Home)
    assert plane.map.view() == View(0.0, 0.0, 9.0)


# Starts ------------------------------------------------------------------------------------------


def test_a_click_puts_a_start_whose_path_is_the_models_and_undo_takes_it_back(
    qtbot: QtBot, panel: Denoise, plane: Plane, source: str
) -> None:
    x, y = empty_place(plane)
    click(qtbot, plane, x, y)
    assert [(p.x, p.y) for p in plane.map.pins()] == [pytest.approx((x, y))]
    own = plane.map.own()
    assert own is not None
    assert own.paths[:, 0] == pytest.approx(paths(source, [(x, y)]).x_t[:, 0], abs=1e-5)
    panel.session.undo.undo()
    settle(qtbot, panel)
    assert plane.map.own() is None
    assert not plane.map.pins()
    panel.session.undo.redo()
    settle(qtbot, panel)
    assert plane.map.own() is not None


def test_a_path_follows_while_the_hand_drags_its_start(
    qtbot: QtBot, panel: Denoise, plane: Plane, source: str
) -> None:
    first = empty_place(plane)
    click(qtbot, plane, *first)
    there = on_pixel(plane, 1.3, -0.9)
    QTest.mousePress(plane.map, LEFT, NONE, at(plane, *first))
    for share in (0.3, 0.7, 1.0):
        x, y = (a + share * (b - a) for a, b in zip(first, there, strict=True))
        QTest.mouseMove(plane.map, at(plane, x, y))
    qtbot.waitUntil(
        lambda: np.allclose(plane.map.own().paths[0, 0], there, atol=1e-4), timeout=WITHIN_MS
    )
    held = plane.map.own().paths
    assert held[:, 0] == pytest.approx(paths(source, [there]).x_t[:, 0], abs=1e-4)
    assert panel.session.undo.count() == 1  # the hand has not let go yet
    QTest.mouseRelease(plane.map, LEFT, NONE, at(plane, *there))
    assert panel.session.undo.count() == 2
    panel.session.undo.undo()
    settle(qtbot, panel)
    assert plane.map.own().paths[0, 0] == pytest.approx(first, abs=1e-5)


def test_escape_puts_a_dragged_start_back(qtbot: QtBot, panel: Denoise, plane: Plane) -> None:
    first = empty_place(plane)
    click(qtbot, plane, *first)
    QTest.mousePress(plane.map, LEFT, NONE, at(plane, *first))
    QTest.mouseMove(plane.map, at(plane, 0.5, 0.5))
    QTest.keyClick(plane.map, Qt.Key.Key_Escape)
    QTest.mouseRelease(plane.map, LEFT, NONE, at(plane, 0.5, 0.5))
    settle(qtbot, panel)
    assert plane.map.own().paths[0, 0] == pytest.approx(first, abs=1e-5)
    assert panel.session.undo.count() == 1


def test_delete_removes_the_chosen_start_and_arrows_move_it_in_one_entry(
    qtbot: QtBot, panel: Denoise, plane: Plane
) -> None:
    x, y = empty_place(plane)
    click(qtbot, plane, x, y)
    for _ in range(3):
        QTest.keyClick(plane.map, Qt.Key.Key_Right)
    settle(qtbot, panel)
    assert plane.map.pins()[0].x == pytest.approx(x + 3 * plane.map.step())
    assert panel.session.undo.count() == 2
    QTest.keyClick(plane.map, Qt.Key.Key_Delete)
    settle(qtbot, panel)
    assert not plane.map.pins()
    panel.session.undo.undo()
    panel.session.undo.undo()
    settle(qtbot, panel)
    assert plane.map.pins()[0].x == pytest.approx(x)


@pytest.mark.parametrize("sampler", ["dpmpp", "ddpm"])
def test_a_particle_dragged_off_its_start_takes_another_way_and_no_other_does(
    qtbot: QtBot, panel: Denoise, plane: Plane, sampler: str, source: str
) -> None:
    begin(qtbot, panel, sampler=sampler)
    plane.time.set_index(0)
    settle(qtbot, panel)
    starts = plane.record.x_t(0)
    apart = np.linalg.norm(starts[:, None] - starts, axis=2) + 9 * np.eye(N)
    row = int(np.argmax(np.where((np.abs(starts) < 3).all(1), apart.min(1), 0)))
    from_x, from_y = starts[row].tolist()
    pressed = at(plane, from_x, from_y)
    QTest.mousePress(plane.map, LEFT, NONE, pressed)
    for moved in (6, 20):
        QTest.mouseMove(plane.map, pressed + QPoint(moved, -moved))
    QTest.mouseRelease(plane.map, LEFT, NONE, pressed + QPoint(20, -20))
    settle(qtbot, panel)
    assert plane.hand.moved() == {row}
    assert len(plane.map._cloud._xy) == N - 1
    own = plane.map.own().paths[:, 0]
    per_px = plane.map.frame().unit
    assert own[0] == pytest.approx((from_x + 20 * per_px, from_y + 20 * per_px), abs=1e-4)
    batch = starts.copy()
    batch[row] = own[0]
    recipe = Recipe(n=N, steps=STEPS, seed=4, sampler=sampler)
    model = library.load(source)
    whole = particles.paths(model, batch, [(recipe.arguments(), None, False)])
    assert own == pytest.approx(whole.x_t[:, row], abs=1e-4)
    others = np.delete(np.arange(N), row)
    assert np.array_equal(whole.x_t[STEPS, others], plane.record.x_t(STEPS)[others])
    panel.session.undo.undo()
    settle(qtbot, panel)
    assert plane.hand.moved() == frozenset()
    assert len(plane.map._cloud._xy) == N


def test_a_click_on_a_particle_shows_its_start_hollow_and_dragging_that_moves_it(
    qtbot: QtBot, panel: Denoise, plane: Plane
) -> None:
    panel.show_step(5)
    settle(qtbot, panel)
    points = plane.record.x_t(5)
    row = int(np.argmin(np.linalg.norm(points, axis=1)))
    click(qtbot, plane, *points[row].tolist())
    row = plane.hand.chosen()
    pins = plane.map.pins()
    assert [pin.aside for pin in pins] == [True]
    assert (pins[0].x, pins[0].y) == pytest.approx(tuple(plane.record.x_t(0)[row]))
    assert panel.session.undo.count() == 0
    start = at(plane, pins[0].x, pins[0].y)
    if not plane.map.rect().contains(start):
        pytest.skip("its start is out of view")
    QTest.mousePress(plane.map, LEFT, NONE, start)
    QTest.mouseMove(plane.map, start + QPoint(12, 0))
    QTest.mouseRelease(plane.map, LEFT, NONE, start + QPoint(12, 0))
    settle(qtbot, panel)
    assert plane.hand.moved() == {row}
    assert [pin.aside for pin in plane.map.pins()] == [False]


def test_starts_stay_with_other_settings_and_belong_to_their_own_noise(
    qtbot: QtBot, panel: Denoise, plane: Plane, source: str
) -> None:
    x, y = empty_place(plane)
    click(qtbot, plane, x, y)
    begin(qtbot, panel, steps=4, sampler="ddim")
    own = plane.map.own()
    assert own is not None
    expected = paths(source, [(x, y)], sampler="ddim", steps=4)
    assert own.paths[:, 0] == pytest.approx(expected.x_t[:, 0], abs=1e-5)


def test_a_fork_of_the_run_carries_the_starts_the_same_way(
    qtbot: QtBot, panel: Denoise, plane: Plane, source: str
) -> None:
    x, y = empty_place(plane)
    click(qtbot, plane, x, y)
    before = plane.map.own().paths.copy()
    run = panel.runs.current()
    assert run is not None
    panel.runs.fork(run.id, 3, sampler="ddim")
    rest(qtbot, panel)
    assert plane.record.n_steps == STEPS
    after = plane.map.own().paths
    assert after[:4] == pytest.approx(before[:4], abs=1e-6)
    assert not np.allclose(after[-1], before[-1], atol=1e-4)
    assert np.array_equal(plane.record.x_t(2), run.tape.frame(2).arrays["x_t"] * SCALE)


def test_a_start_goes_the_way_of_a_fork_with_another_class(
    qtbot: QtBot, panel: Denoise, plane: Plane
) -> None:
    run = panel.runs.current()
    assert run is not None
    panel.runs.fork(run.id, 3, label=1)
    rest(qtbot, panel)
    row = 5
    whole = plane.record.path(row)
    plane.hand.board.add(Start(*whole[0].tolist(), plane.record.level))
    settle(qtbot, panel)
    assert plane.map.own().paths[:, 0] == pytest.approx(whole, abs=1e-5)


def test_density_and_score_of_a_fork_s_first_steps_are_its_parent_s(
    qtbot: QtBot, panel: Denoise, plane: Plane
) -> None:
    run = panel.runs.current()
    assert run is not None
    panel.runs.fork(run.id, 3, label=1, guidance=2.0)
    rest(qtbot, panel)
    for k, label, guidance, words in (
        (2, None, 1.0, "true density of the data, noised"),
        (3, 1, 2.0, "true density of class lower, noised"),
    ):
        plane.time.set_index(k)
        settle(qtbot, panel)
        asked = plane.readout._asked
        assert (asked.label, asked.guidance) == (label, guidance)
        assert words in plane.caption.density.text()


@pytest.mark.parametrize("what", ["file", "image"])
def test_a_picture_is_refused_while_it_is_dragged_over_the_plane(
    qtbot: QtBot, make_window: Callable[..., MainWindow], source: str, tmp_path: Path, what: str
) -> None:
    window = make_window()
    window.session.panel_wanted.emit("denoise")
    window.session.show("A", source)
    panel = window.panels.panel("denoise")
    qtbot.waitUntil(lambda: panel.process is not None, timeout=WITHIN_MS)
    rest(qtbot, panel)
    plane, failures = panel.modes["plane"], []
    window.session.failed.connect(failures.append)
    held = QMimeData()
    if what == "file":
        held.setUrls([QUrl.fromLocalFile(str(tmp_path / "digit.PNG"))])
    else:
        held.setImageData(QImage(8, 8, QImage.Format.Format_RGB888))
    place = plane.map.rect().center()
    action = Qt.DropAction.CopyAction
    enter = QDragEnterEvent(place, action, held, LEFT, NONE)
    QApplication.sendEvent(plane.map, enter)
    move = QDragMoveEvent(place, action, held, LEFT, NONE)
    QApplication.sendEvent(plane.map, move)
    assert enter.isAccepted() and not move.isAccepted()  # kept from the window, and refused
    readout = plane.caption.readout
    assert readout.text() == "This model makes points. Choose a model of images for a picture."
    assert readout.property("role") == "warning"
    QApplication.sendEvent(plane.map, QDragLeaveEvent())
    plane.map.peek.emit(0.0, 0.0)
    assert readout.text().startswith("(0.00, 0.00)") and readout.property("role") != "warning"
    assert not failures
    model = QMimeData()  # anything else is the window's
    model.setUrls([QUrl.fromLocalFile(source)])
    enter = QDragEnterEvent(place, action, model, LEFT, NONE)
    QApplication.sendEvent(plane.map, enter)
    move = QDragMoveEvent(place, action, model, LEFT, NONE)
    QApplication.sendEvent(plane.map, move)
    assert enter.isAccepted() and readout.property("role") != "warning"
    drop = QDropEvent(place.toPointF(), action, model, LEFT, NONE)
    QApplication.sendEvent(plane.map, drop)
    assert drop.isAccepted()
    settle(qtbot, panel)


def test_a_run_can_begin_with_the_starts_as_the_hand_made_them(
    qtbot: QtBot, panel: Denoise, plane: Plane
) -> None:
    x, y = empty_place(plane)
    click(qtbot, plane, x, y)
    batch = plane.record.x_t(0).copy()
    qtbot.mouseClick(plane.bar.keep, LEFT)
    rest(qtbot, panel)
    run = panel.runs.current()
    assert run is not None
    assert run.recipe.n == N + 1
    begun = run.tape.frame(0).arrays["x_t"] * SCALE
    assert begun == pytest.approx(np.concatenate([batch, [(x, y)]]), abs=1e-5)


def test_further_training_moves_arrows_and_paths_and_keeps_the_run(
    qtbot: QtBot, panel: Denoise, plane: Plane
) -> None:
    panel.show_step(4)
    x, y = empty_place(plane)
    click(qtbot, plane, x, y)
    record, arrows, sheets = plane.record, plane.map.arrows(), plane.map.sheets()
    plane.weights_moved(7)
    assert plane.map.arrows() is arrows
    assert plane.map.sheets() == sheets
    settle(qtbot, panel)
    assert plane.record is record
    assert plane.map.arrows() is not arrows
    assert plane.map.own() is not None


# Keeping -----------------------------------------------------------------------------------------


def test_layers_view_and_starts_come_back(
    qtbot: QtBot, panel: Denoise, plane: Plane, session: Session
) -> None:
    x, y = empty_place(plane)
    click(qtbot, plane, x, y)
    plane.bar.pills["trails"].setChecked(False)
    plane.map.set_view(View(0.5, -0.25, 4.0))
    kept = plane.state()
    other = Plane(panel)
    qtbot.addWidget(other)
    other.restore(kept)
    assert other.state() == kept
    other.restore({"layers": 3, "view": ["a"], "starts": [[1], None, [1, math.nan, 2]]})
    assert other.map.wanted_view() == View(0.5, -0.25, 4.0)


def test_data_without_a_density_says_so_and_the_particles_stay(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    session.show("A", write_points(tmp_path / "lost", "toy2d:nowhere"))
    made = Denoise(session)
    if "plane" not in made.modes:
        plug(made)
    for widget in (made, made.inspector()):
        qtbot.addWidget(widget)
    made.resize(820, 640)
    made.show()
    made.activated()
    settle(qtbot, made, lambda: made.process is not None)
    begin(qtbot, made)
    view = made.modes["plane"]
    assert "no point set 'nowhere'" in view.caption.density.text()
    assert len(view.map._cloud._xy) == N
