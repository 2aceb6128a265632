"""Interpolate driven as by a user, on real models in real lanes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from interpolate_help import (
    LEFT,
    NONE,
    WITHIN_MS,
    decoded,
    drag,
    encoded,
    move,
    open_panel,
    pin_place,
    settle,
    spread,
)
from manifold_help import write_run
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from genstudio.abilities import BadInput, Card
from genstudio.engine.settings import train_settings
from genstudio.engine.training import Training
from genstudio.metrics import bank
from genstudio.models import family
from genstudio.ui.panels._interpolate_tracer import at
from genstudio.ui.panels.interpolate import PANEL, Interpolate, serves
from genstudio.ui.session import Session


@pytest.fixture
def source(tmp_path: Path) -> str:
    return write_run(tmp_path / "vae", width=16)


@pytest.fixture
def panel(qtbot: QtBot, session: Session, source: str) -> Interpolate:
    return open_panel(qtbot, session, source)


def shown(panel: Interpolate) -> np.ndarray:
    probed = panel.view.probed()
    assert probed is not None
    return probed.z


# First sight -------------------------------------------------------------------------------------


def test_it_opens_on_two_encoded_test_images_and_three_paths(
    panel: Interpolate, source: str
) -> None:
    a, b = encoded(source, 0), encoded(source, 1)
    for kind in ("lerp", "slerp", "geodesic"):
        path = panel.tracer.path(kind)
        assert path is not None
        np.testing.assert_allclose(path.z[0], a, atol=1e-5)
        np.testing.assert_allclose(path.z[-1], b, atol=1e-5)
    assert panel.tracer.path("geodesic").energy <= panel.tracer.path("lerp").energy * (1 + 1e-6)
    strips = panel.film.strips()
    assert [strip.look.name for strip in strips] == ["Straight", "Spherical", "Geodesic"]
    assert strips[0].facts[0] == f"length {panel.tracer.path('lerp').length:.2f} ‖Δx‖"
    assert [card.title() for card in panel.slots.cards] == ["test 0 · 7", "test 1 · 2", "", ""]
    assert set(panel.plane.paths()) == {"lerp", "slerp", "geodesic"}
    np.testing.assert_allclose(shown(panel), (a + b) / 2, atol=1e-5)


def test_frames_are_measured_against_what_the_model_can_do(
    qtbot: QtBot, session: Session, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bank, "N_BANK", 200)
    monkeypatch.setattr(bank, "N_HELD_OUT", 100)
    panel = open_panel(qtbot, session, source, gaps=True)
    qtbot.waitUntil(lambda: panel.tracer.gaps("lerp") is not None, timeout=60_000)
    assert panel.tracer.gaps("lerp").shape == (33,)
    names = [name for name, _ in panel.view.rows()]
    assert "gap distance" in names
    settle(qtbot, panel)


# The handle --------------------------------------------------------------------------------------


def test_dragging_the_handle_decodes_the_path_under_the_hand(
    panel: Interpolate, qtbot: QtBot, source: str
) -> None:
    spread(qtbot, panel)
    start = pin_place(panel, ("handle", 0))
    end = pin_place(panel, ("slot", 1))
    drag(panel.plane, start, start + (end - start) * 0.6)
    settle(qtbot, panel)
    assert panel.hand.t == pytest.approx(0.8, abs=0.03)
    z = at(panel.tracer.path("lerp"), panel.hand.t)
    np.testing.assert_allclose(shown(panel), z, atol=1e-6)
    np.testing.assert_allclose(panel.view.probed().image, decoded(source, z), atol=2e-6)
    assert panel.film.t() == panel.hand.t
    assert panel.timeline().index() == round(panel.hand.t * 32)


def test_scrubbing_the_film_and_the_timeline_moves_the_handle(
    panel: Interpolate, qtbot: QtBot
) -> None:
    rect = panel.film.strip_rect("slerp")
    place = QPoint(round(panel.film.x_of(0.25)), round(rect.center().y()))
    QTest.mouseClick(panel.film, LEFT, NONE, place)
    settle(qtbot, panel)
    assert panel.hand.kind == "slerp"
    assert panel.hand.t == pytest.approx(0.25, abs=0.01)
    np.testing.assert_allclose(shown(panel), at(panel.tracer.path("slerp"), panel.hand.t))
    timeline = panel.timeline()
    timeline.set_index(32)
    settle(qtbot, panel)
    np.testing.assert_allclose(shown(panel), panel.tracer.path("slerp").z[-1])
    assert timeline.label(32) == "position 1.00 on the path"
    assert timeline.title() == "Spherical path"
    QTest.keyClick(panel.film, Qt.Key.Key_Left)
    assert panel.timeline().index() == 31
    QTest.keyClick(panel.film, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert panel.timeline().index() == 21
    QTest.keyClick(panel.film, Qt.Key.Key_Down)
    assert panel.hand.kind == "geodesic"
    settle(qtbot, panel)


def test_a_click_on_the_mark_goes_to_the_worst_place(panel: Interpolate, qtbot: QtBot) -> None:
    mark = panel.film.mark_of("geodesic")
    QTest.mouseClick(panel.film, LEFT, NONE, mark.toPoint())
    settle(qtbot, panel)
    strip = panel.film.strips()[2]
    assert panel.hand.kind == "geodesic"
    assert panel.hand.t == pytest.approx(strip.worst)
    path = panel.tracer.path("geodesic")
    if panel.tracer.gaps("geodesic") is None:
        assert strip.worst == pytest.approx((path.worst + 0.5) / 32)


def test_hover_peeks_and_leaving_restores(panel: Interpolate, qtbot: QtBot) -> None:
    before = shown(panel)
    point = panel.plane.to_widget(1.5, 1.0).toPoint()
    move(panel.plane, point)
    settle(qtbot, panel)
    np.testing.assert_allclose(
        shown(panel), panel.scene.space.to_z(*panel.plane.to_map(point.toPointF())), atol=1e-6
    )
    move(panel.plane, QPoint(2, 2))
    settle(qtbot, panel)
    np.testing.assert_allclose(shown(panel), before)


# Ends and way-points -----------------------------------------------------------------------------


def test_dragging_an_end_traces_again_and_undo_puts_the_image_back(
    panel: Interpolate, qtbot: QtBot, session: Session, source: str
) -> None:
    old = panel.tracer.path("lerp").z[0]
    start = pin_place(panel, ("slot", 0))
    drag(panel.plane, start, start + QPoint(40, -50))
    settle(qtbot, panel)
    new = panel.tracer.path("lerp").z[0]
    assert np.linalg.norm(new - old) > 0.1
    np.testing.assert_allclose(panel.codes.code(0), new, atol=1e-6)
    assert session.undo.count() == 1, "one entry for one drag"
    assert panel.slots.cards[0].title() == "moved"
    session.undo.undo()
    settle(qtbot, panel)
    np.testing.assert_allclose(panel.tracer.path("lerp").z[0], encoded(source, 0), atol=1e-5)
    assert panel.slots.cards[0].title() == "test 0 · 7"
    session.undo.redo()
    settle(qtbot, panel)
    np.testing.assert_allclose(panel.tracer.path("lerp").z[0], new, atol=1e-6)


def test_pulling_a_path_puts_a_way_point_into_it(
    panel: Interpolate, qtbot: QtBot, session: Session
) -> None:
    spread(qtbot, panel)
    x, y = panel.plane.paths()["lerp"][8]
    start = panel.plane.to_widget(float(x), float(y)).toPoint()
    end = start + QPoint(0, 60)
    drag(panel.plane, start, end)
    settle(qtbot, panel)
    ways = panel.board.value().ways
    assert len(ways) == 1
    wanted = panel.scene.space.to_z(*panel.plane.to_map(end.toPointF()))
    np.testing.assert_allclose(ways[0], wanted, atol=0.1)
    for kind in ("lerp", "slerp", "geodesic"):
        away = np.linalg.norm(panel.tracer.path(kind).z - np.array(ways[0]), axis=1)
        assert away.min() < 1e-5, f"{kind} goes by the way-point"
    assert ("way", 0) in panel.hand.roles()
    QTest.mouseClick(panel.plane, LEFT, NONE, pin_place(panel, ("way", 0)))
    QTest.keyClick(panel.plane, Qt.Key.Key_Delete)
    assert panel.board.value().ways == ()
    session.undo.undo()
    assert panel.board.value().ways == ways
    settle(qtbot, panel)


def test_a_second_way_point_goes_where_the_path_is_pulled(panel: Interpolate, qtbot: QtBot) -> None:
    spread(qtbot, panel)
    for frame, aside in ((24, 40), (8, -40)):
        settle(qtbot, panel)
        x, y = panel.plane.paths()["lerp"][frame]
        place = panel.plane.to_widget(float(x), float(y)).toPoint()
        drag(panel.plane, place, place + QPoint(0, aside))
    settle(qtbot, panel)
    path, ways = panel.tracer.path("lerp"), panel.board.value().ways
    found = [int(np.argmin(np.linalg.norm(path.z - np.array(w), axis=1))) for w in ways]
    assert len(ways) == 2
    assert found == sorted(found), "in the order in which the path meets them"


def test_constant_speed_evens_the_steps(panel: Interpolate, qtbot: QtBot) -> None:
    QTest.mouseClick(panel.column.paths.even, LEFT)
    settle(qtbot, panel)
    speed = panel.tracer.path("lerp").speed
    assert speed.std() / speed.mean() <= 0.05
    assert panel.timeline().title() == "Straight path, constant speed"


def test_the_density_switch_reaches_the_geodesic_alone(panel: Interpolate, qtbot: QtBot) -> None:
    before = {kind: panel.tracer.path(kind).z for kind in ("lerp", "geodesic")}
    QTest.mouseClick(panel.column.paths.near, LEFT)
    settle(qtbot, panel)
    assert panel.tracer.wish.density == pytest.approx(10.0)
    np.testing.assert_allclose(panel.tracer.path("lerp").z, before["lerp"])
    assert np.abs(panel.tracer.path("geodesic").z - before["geodesic"]).max() > 1e-4


def test_pills_leave_paths_out(panel: Interpolate, qtbot: QtBot) -> None:
    QTest.mouseClick(panel.bar.kinds["lerp"], LEFT)
    settle(qtbot, panel)
    assert [s.kind for s in panel.film.strips()] == ["slerp", "geodesic"]
    assert set(panel.plane.paths()) == {"slerp", "geodesic"}
    assert panel.hand.kind == "slerp", "the handle changes over to a path that is shown"


def test_truncation_draws_the_ends_towards_the_mean(panel: Interpolate, qtbot: QtBot) -> None:
    a, centre = panel.codes.code(0), np.array(panel.placer.centre)
    panel.column.paths.truncation.value_changed.emit(0.5)
    settle(qtbot, panel)
    np.testing.assert_allclose(panel.tracer.path("lerp").z[0], (a + centre) / 2, atol=1e-5)


def test_esc_puts_back_what_the_hand_drags(
    panel: Interpolate, qtbot: QtBot, session: Session
) -> None:
    spread(qtbot, panel)
    before = panel.board.value()
    start = pin_place(panel, ("slot", 1))
    QTest.mousePress(panel.plane, LEFT, NONE, start)
    assert panel.slots.place() == 1, "the slot of the pin is chosen"
    move(panel.plane, start + QPoint(-30, 40), LEFT)
    assert panel.board.value() != before
    QTest.keyClick(panel.plane, Qt.Key.Key_Escape)
    QTest.mouseRelease(panel.plane, LEFT, NONE, start + QPoint(-30, 40))
    assert panel.board.value() == before
    assert session.undo.count() == 0
    settle(qtbot, panel)
    np.testing.assert_allclose(panel.tracer.path("lerp").z[-1], panel.codes.code(1))


def test_arrow_keys_move_a_pin_as_one_entry(
    panel: Interpolate, qtbot: QtBot, session: Session
) -> None:
    spread(qtbot, panel)
    QTest.mouseClick(panel.plane, LEFT, NONE, pin_place(panel, ("slot", 0)))
    before = panel.codes.code(0)
    for _ in range(3):
        QTest.keyClick(panel.plane, Qt.Key.Key_Up)
    settle(qtbot, panel)
    step = panel.plane.step()
    np.testing.assert_allclose(panel.codes.code(0) - before, (0, 3 * step), atol=1e-5)
    assert session.undo.count() == 1
    session.undo.undo()
    np.testing.assert_allclose(panel.codes.code(0), before)
    settle(qtbot, panel)


# The square --------------------------------------------------------------------------------------


def test_the_square_mixes_four_codes_under_the_hand(
    panel: Interpolate, qtbot: QtBot, source: str
) -> None:
    rect = panel.bar.mode.segment_rect(1).center().toPoint()
    QTest.mouseClick(panel.bar.mode, LEFT, NONE, rect)
    assert panel.square.currentWidget() is panel.square.empty
    assert panel.square.empty.text() == "The square needs four images, and C, D are still empty."
    panel.square.empty.pressed.emit()
    settle(qtbot, panel, lambda: bool(panel.square.plane.sheets()))
    plane = panel.square.plane
    start, end = (plane.to_widget(x, y).toPoint() for x, y in ((0.5, 0.5), (0.25, 0.75)))
    drag(plane, start, end)
    settle(qtbot, panel)
    assert (panel.square.u, panel.square.v) == pytest.approx((0.25, 0.25), abs=0.01)
    corners = [encoded(source, k) for k in range(4)]
    u, v = panel.square.u, panel.square.v
    shares = ((1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v)
    z = sum(s * c for s, c in zip(shares, corners, strict=True))
    np.testing.assert_allclose(shown(panel), z, atol=1e-5)
    np.testing.assert_allclose(panel.view.probed().image, decoded(source, z), atol=1e-5)
    assert panel.timeline().count() == 0


# State, models, the end --------------------------------------------------------------------------


def test_state_comes_back_in_another_panel(
    panel: Interpolate, qtbot: QtBot, session: Session
) -> None:
    panel.filler.index(1, 5)
    panel.column.paths.even.setChecked(True)
    panel.bar.kinds["slerp"].setChecked(False)
    panel.board.add_way(0, np.array([0.4, -0.3], np.float32))
    settle(qtbot, panel)
    panel.hand.set_t(0.75, "geodesic")
    state = json.loads(json.dumps(panel.state()))
    other = Interpolate(session)
    qtbot.addWidget(other)
    qtbot.addWidget(other.inspector())
    other.restore(state)
    settle(qtbot, other)
    assert other.state() == state
    np.testing.assert_allclose(
        other.tracer.path("geodesic").z, panel.tracer.path("geodesic").z, atol=1e-5
    )


def test_a_damaged_state_changes_nothing(panel: Interpolate, qtbot: QtBot) -> None:
    before = panel.state()
    for state in (
        {},
        {"slots": 3, "ways": "x", "t": [1], "uv": None, "frames": -1, "plane": 9},
        {"slots": [{"code": ["a"]}, {"image": "!!"}, {"index": -3}, 7], "shown": [1, None]},
        {"slots": [{"image": "AAAA"}], "ways": [[float("nan")]], "layers": [], "psi": 99},
    ):
        panel.restore(state)
        settle(qtbot, panel)
    assert panel.state()["slots"] == before["slots"]
    assert panel.tracer.path("lerp") is not None


def test_another_model_encodes_the_same_images(
    panel: Interpolate, qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    other = write_run(tmp_path / "ae", "ae", latent_dim=5, width=16)
    session.show("A", other)
    settle(qtbot, panel, lambda: bool(panel.plane.sheets()))
    np.testing.assert_allclose(panel.tracer.path("lerp").z[0], encoded(other, 0), atol=1e-4)
    plane = panel.scene.space.plane
    assert plane.latent_dim == 5
    codes = np.array([panel.codes.code(0), panel.codes.code(1), panel.placer.centre])
    assert plane.residual(codes).max() < 1e-3, "the plane goes through A, B and the mean code"
    assert plane.residual(panel.tracer.path("slerp").z).max() < 1e-2


def test_the_plane_goes_through_three_images(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    source = write_run(tmp_path / "ae", "ae", latent_dim=5, width=16)
    panel = open_panel(qtbot, session, source)
    panel.choose_plane("third")
    assert panel.placer.says == "Slot C is empty: fill it to see the plane through three images."
    panel.filler.index(2, 9)
    settle(qtbot, panel)
    panel.choose_plane("third")
    settle(qtbot, panel)
    codes = np.array([encoded(source, k) for k in (0, 1, 9)])
    assert panel.scene.space.plane.residual(codes).max() < 1e-3


def test_who_is_served() -> None:
    base = Card(name="m", family="vae", abilities=("latent",), shape=(1, 28, 28), latent_dim=2)
    assert serves(base) is None
    assert "no latent space" in serves(base.model_copy(update={"abilities": ()}))
    assert "one" in serves(base.model_copy(update={"latent_dim": 1}))
    assert "points" in serves(base.model_copy(update={"shape": (2,)}))
    assert PANEL.key == "interpolate"


def test_without_a_model_there_is_one_sentence_and_one_button(
    panel: Interpolate, qtbot: QtBot, session: Session
) -> None:
    session.show("A", None)
    assert panel.stage.currentWidget() is panel.stage.empty
    assert panel.stage.empty.button() == "Show vae-mnist-2d"
    settle(qtbot, panel)


@pytest.mark.slow
@pytest.mark.usefixtures("published_often")
def test_it_follows_a_model_in_training(
    panel: Interpolate, qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    record = family("vae")
    config = record.configure({"latent_dim": 2, "width": 16, "depth": 1})
    settings = train_settings({"steps": 3000, "precision": "float32", "threads": 1})
    card = Card(
        name="live",
        family="vae",
        shape=(1, 28, 28),
        latent_dim=2,
        abilities=("latent", "likelihood"),
        data="mnist",
    )
    run = session.start(
        lambda: Training(record, "mnist", tmp_path / "live", config, settings), "live", card=card
    )
    session.watch(run, True)
    qtbot.waitUntil(lambda: bool(session.jobs()[run].progress), timeout=3 * WITHIN_MS)
    session.show("A", f"live:{run}")
    ends: set[bytes] = set()

    def moved() -> bool:
        path = panel.tracer.path("lerp")
        if path is not None:
            ends.add(path.z[0].tobytes())
        return len(ends) >= 4

    qtbot.waitUntil(moved, timeout=WITHIN_MS)
    assert not panel.tracer.wish.gaps, "distances are not measured while the model changes"
    session.stop(run)
    qtbot.waitUntil(lambda: session.jobs()[run].state.over, timeout=WITHIN_MS)
    settle(qtbot, panel)
    for kind in ("lerp", "slerp", "geodesic"):
        np.testing.assert_allclose(
            panel.tracer.path(kind).z[0], panel.codes.code(0), atol=1e-5, err_msg=kind
        )


def test_while_an_end_is_dragged_its_own_picture_comes_first(
    panel: Interpolate, qtbot: QtBot, source: str
) -> None:
    spread(qtbot, panel)
    start = pin_place(panel, ("slot", 0))
    QTest.mousePress(panel.plane, LEFT, NONE, start)
    for k in range(1, 30):
        move(panel.plane, start + QPoint(2 * k, -2 * k), LEFT)
    assert panel.plane.held()
    z = panel.codes.code(0)
    qtbot.waitUntil(lambda: np.allclose(shown(panel), z), timeout=WITHIN_MS)
    qtbot.waitUntil(lambda: np.allclose(panel.tracer.path("lerp").z[0], z), timeout=WITHIN_MS)
    assert panel.session.undo.count() == 0, "no entry before the hand lets go"
    QTest.mouseRelease(panel.plane, LEFT, NONE, start + QPoint(58, -58))
    settle(qtbot, panel)
    assert panel.session.undo.count() == 1
    for kind in ("lerp", "slerp", "geodesic"):
        np.testing.assert_allclose(panel.tracer.path(kind).z[0], z, atol=1e-6)


def test_two_pins_of_the_manifold_become_a_path(panel: Interpolate, qtbot: QtBot) -> None:
    before = panel.board.value()
    panel.set_mode("square")
    ends = np.array([-0.7, 0.4], np.float32), np.array([1.1, -0.3], np.float32)
    with qtbot.waitSignal(panel.session.panel_wanted) as wanted:
        panel.session.path_wanted.emit(*ends)
    assert wanted.args == ["interpolate"]
    assert panel.mode == "path" and panel.bar.mode.value() == "path"
    settle(qtbot, panel, lambda: panel.tracer.path("lerp") is not None)
    path = panel.tracer.path("lerp")
    np.testing.assert_allclose(path.z[0], ends[0], atol=1e-6)
    np.testing.assert_allclose(path.z[-1], ends[1], atol=1e-6)
    panel.session.undo.undo()
    assert panel.board.value() == before, "one entry of the history"


def test_a_picture_that_cannot_be_written_is_one_sentence(
    panel: Interpolate, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="cannot be written"):
        panel.export_png(tmp_path / "missing" / "picture.png")
    panel.export_png(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 1000
