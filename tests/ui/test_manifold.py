"""The Manifold driven as by a user, on real models in real lanes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from manifold_help import WITHIN_MS, move, open_panel, settle, write_run
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from genstudio.abilities import Card
from genstudio.data import load
from genstudio.engine import library
from genstudio.engine.settings import train_settings
from genstudio.engine.training import Training
from genstudio.models import family
from genstudio.ui.panels._map_scene import Subset
from genstudio.ui.panels.manifold import Manifold
from genstudio.ui.session import Session
from genstudio.ui.widgets.latent_plane import small_image

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def panel(qtbot: QtBot, session: Session, tmp_path: Path) -> Manifold:
    source = write_run(tmp_path / "vae", steps=(0, 100, 300), width=16)
    return open_panel(qtbot, session, source, (760, 600))


def at(panel: Manifold, x: float, y: float) -> QPoint:
    return panel.plane.to_widget(x, y).toPoint()


def z_at(panel: Manifold, point: QPoint) -> np.ndarray:
    return panel.scene.space.to_z(*panel.plane.to_map(point.toPointF()))


def decoded(source: str, z: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return library.load(source).decode(torch.tensor(np.atleast_2d(z))).numpy()[0]


def cell_on_screen(panel: Manifold, picture_index: int = -1) -> np.ndarray:
    """The sheet's cell under the middle of the map, as it lies on the map."""
    sheet = panel.plane.sheets()[picture_index]
    image = sheet.image.convertToFormat(QImage.Format.Format_Grayscale8)
    return np.array(
        [[image.pixelColor(x, y).red() for x in range(28)] for y in range(28)], np.uint8
    )


def top_left_z(panel: Manifold) -> np.ndarray:
    asked = panel.plane.request()
    scale = panel.scene.space.scale
    return np.array([scale.inverse(asked.xs[0]), scale.inverse(asked.ys[0])], np.float32)


def same_as_cell(panel: Manifold, source: str) -> None:
    truth = np.floor(decoded(source, top_left_z(panel))[0] * 255 + 0.5)
    np.testing.assert_allclose(cell_on_screen(panel), truth, atol=1)


# The map -----------------------------------------------------------------------------------------


def test_it_opens_on_a_decoded_sheet_with_points_and_a_posterior(panel: Manifold) -> None:
    assert panel.bar.title.text() == "Manifold of vae"
    columns, rows = panel.plane.cells_in_view()
    assert panel.bar.status.text() == f"{columns} x {rows} cells"
    same_as_cell(panel, panel.scene.source)
    assert len(panel.scene.shown().mean) == 2000
    assert panel.plane.points() is not None
    assert len(panel.plane.outlines("posterior")) == 2
    assert panel.legend.classes() == list("0123456789")
    assert panel.column.image.title.text() == "test image 0, class 7"


def test_zooming_decodes_the_cells_on_screen_again(panel: Manifold, qtbot: QtBot) -> None:
    before = panel.plane.sheets()[-1]
    QTest.keyClick(panel.plane, Qt.Key.Key_Plus)
    assert panel.plane.sheets()[-1] is before, "the old picture stays"
    settle(qtbot, panel)
    assert panel.plane.sheets()[-1] is not before
    same_as_cell(panel, panel.scene.source)


def test_panning_decodes_what_comes_into_view(panel: Manifold, qtbot: QtBot) -> None:
    start = at(panel, 1.1, 0.4)
    QTest.mousePress(panel.plane, LEFT, NONE, start)
    for k in range(1, 12):
        QTest.mouseMove(panel.plane, start + QPoint(9 * k, 5 * k))
    QTest.mouseRelease(panel.plane, LEFT, NONE, start + QPoint(99, 55))
    settle(qtbot, panel)
    assert panel.plane.sheets()[-1].extent.contains(panel.plane.frame().extent)
    same_as_cell(panel, panel.scene.source)


def test_quantile_spacing_decodes_equal_mass(panel: Manifold, qtbot: QtBot) -> None:
    rect = panel.bar.scale.segment_rect(1).center().toPoint()
    QTest.mouseClick(panel.bar.scale, LEFT, NONE, rect)
    settle(qtbot, panel)
    assert panel.plane.home().span == 1.0
    assert np.abs(top_left_z(panel)).max() > 1.5
    same_as_cell(panel, panel.scene.source)


def test_pills_show_and_hide_layers(panel: Manifold) -> None:
    for layer, gone in (("points", True), ("sheet", True)):
        before = panel.plane.grab().toImage()
        QTest.mouseClick(panel.bar.pills[layer], LEFT)
        assert (panel.plane.grab().toImage() != before) is gone
    QTest.mouseClick(panel.bar.pills["prior"], LEFT)
    assert [line.label for line in panel.plane.outlines("prior")] == ["1 σ", "2 σ", "3 σ"]
    QTest.mouseClick(panel.bar.pills["posterior"], LEFT)
    assert not panel.plane.outlines("posterior")
    assert not panel.plane.dots()


def test_the_legend_filters_classes(panel: Manifold, qtbot: QtBot) -> None:
    total = len(panel.scene.shown().mean)
    QTest.mouseClick(panel.legend, LEFT, NONE, panel.legend.row_rect(3).center().toPoint())
    settle(qtbot, panel)
    shown = panel.scene.shown()
    assert len(shown.mean) < total
    assert 3 not in shown.labels


# The probe ---------------------------------------------------------------------------------------


def test_hover_peeks_and_leaving_restores(panel: Manifold, qtbot: QtBot) -> None:
    view = panel.column.probe
    rested = view.probed().z
    point = at(panel, 1.3, -0.7)
    move(panel, point)
    settle(qtbot, panel)
    z = z_at(panel, point)
    np.testing.assert_allclose(view.probed().z, z, atol=1e-6)
    np.testing.assert_allclose(view.probed().image, decoded(panel.scene.source, z), atol=2e-6)
    assert view.image() == small_image(view.probed().image)
    names = [name for name, _ in view.rows()]
    assert names == ["z1", "z2", "log p(z)", "cycle error"]
    density = -0.5 * float(z @ z) - np.log(2 * np.pi)
    assert view.rows()[2][1] == f"{density:.2f} nats".replace("-", "−")
    assert "z1" in panel.plane.accessibleDescription()
    move(panel, QPoint(2, 2))
    settle(qtbot, panel)
    np.testing.assert_allclose(view.probed().z, rested)


def test_hovering_a_point_shows_its_image_and_label(panel: Manifold, qtbot: QtBot) -> None:
    cloud = panel.scene.shown()
    x, y = panel.scene.space.to_map(cloud.mean[7])
    move(panel, at(panel, float(x), float(y)))
    qtbot.waitUntil(
        lambda: panel.plane.card() is not None and panel.plane.card().image is not None,
        timeout=WITHIN_MS,
    )
    number = panel.plane.hovered_point()
    label, index = cloud.labels[number], cloud.index[number]
    assert panel.plane.card().title == f"{label} · test {index:,}"
    from genstudio.data import load

    truth = load("mnist").test.images[int(index)].numpy()
    assert panel.plane.card().image == small_image(truth)
    assert len(panel.plane.outlines("hovered")) == 2
    move(panel, QPoint(2, 2))
    assert panel.plane.card() is None
    settle(qtbot, panel)


# Pins --------------------------------------------------------------------------------------------


def test_click_pins_drag_moves_delete_removes_and_undo_brings_back(
    panel: Manifold, qtbot: QtBot
) -> None:
    panel.bar.pills["points"].setChecked(False)
    point = at(panel, -2.2, 2.2)
    QTest.mouseClick(panel.plane, LEFT, NONE, point)
    settle(qtbot, panel)
    z = z_at(panel, point)
    np.testing.assert_allclose(panel.board.pins().z(0), z, atol=1e-6)
    end = point + QPoint(40, 30)
    QTest.mousePress(panel.plane, LEFT, NONE, point)
    QTest.mouseMove(panel.plane, end)
    settle(qtbot, panel)
    np.testing.assert_allclose(panel.column.probe.probed().z, z_at(panel, end), atol=0.03)
    QTest.mouseRelease(panel.plane, LEFT, NONE, end)
    moved = panel.board.pins().z(0)
    panel.session.undo.undo()
    np.testing.assert_allclose(panel.board.pins().z(0), z, atol=1e-6)
    assert (panel.plane.pins()[0].x, panel.plane.pins()[0].y) == pytest.approx(tuple(z), abs=1e-5)
    panel.session.undo.redo()
    np.testing.assert_allclose(panel.board.pins().z(0), moved)
    QTest.keyClick(panel.plane, Qt.Key.Key_Delete)
    assert not panel.plane.pins()
    panel.session.undo.undo()
    assert len(panel.plane.pins()) == 1
    move(panel, QPoint(2, 2))
    settle(qtbot, panel)
    np.testing.assert_allclose(panel.column.probe.probed().z, moved, err_msg="the pin rests")


def test_a_pin_dragged_onto_another_asks_for_the_path_between_them(
    panel: Manifold, qtbot: QtBot
) -> None:
    panel.bar.pills["points"].setChecked(False)
    ends = [at(panel, -2.2, 2.2), at(panel, -1.4, 1.2)]
    for point in ends:
        QTest.mouseClick(panel.plane, LEFT, NONE, point)
        settle(qtbot, panel)
    pins, entries = panel.board.pins(), panel.session.undo.count()
    QTest.mousePress(panel.plane, LEFT, NONE, ends[0])
    QTest.mouseMove(panel.plane, (ends[0] + ends[1]) / 2)
    settle(qtbot, panel)
    QTest.mouseMove(panel.plane, ends[1])
    with qtbot.waitSignal(panel.session.path_wanted) as asked:
        QTest.mouseRelease(panel.plane, LEFT, NONE, ends[1])
    np.testing.assert_array_equal(asked.args[0], pins.z(0))
    np.testing.assert_array_equal(asked.args[1], pins.z(1))
    assert panel.board.pins().points == pins.points, "both stand where they stood"
    assert panel.session.undo.count() == entries
    panel.board.choose(1)
    menu = panel.actions.menu(0.0, 0.0)
    path = next(a.menu() for a in menu.actions() if a.menu() is not None)
    assert path.title() == "Path from pin 2"
    with qtbot.waitSignal(panel.session.path_wanted) as asked:
        path.actions()[0].trigger()
    np.testing.assert_array_equal(asked.args[0], pins.z(1))
    np.testing.assert_array_equal(asked.args[1], pins.z(0))
    menu.close()


def test_a_click_on_a_point_pins_its_mean_and_shows_its_posterior(
    panel: Manifold, qtbot: QtBot
) -> None:
    cloud = panel.scene.shown()
    x, y = panel.scene.space.to_map(cloud.mean[3])
    point = at(panel, float(x), float(y))
    number = panel.plane.point_at(*panel.plane.to_map(point.toPointF()))
    QTest.mouseClick(panel.plane, LEFT, NONE, point)
    settle(qtbot, panel, lambda: panel.study.index == int(cloud.index[number]))
    np.testing.assert_allclose(panel.board.pins().z(0), cloud.mean[number])
    np.testing.assert_allclose(panel.study.mean, cloud.mean[number], atol=1e-5)


# The image ---------------------------------------------------------------------------------------


def test_a_test_image_by_number_and_draws_from_its_posterior(panel: Manifold, qtbot: QtBot) -> None:
    section = panel.column.image
    section.index.setFocus()
    section.index.selectAll()
    QTest.keyClicks(section.index, "42")
    QTest.keyClick(section.index, Qt.Key.Key_Return)
    settle(qtbot, panel, lambda: panel.study.index == 42)
    from genstudio.data import load

    x = load("mnist").test.batch(slice(42, 43))
    with torch.no_grad():
        model = library.load(panel.scene.source)
        posterior = model.encode(x)
    np.testing.assert_allclose(panel.study.mean, posterior.mean[0].numpy(), atol=1e-5)
    assert section.input.image().shape == (28, 28)
    QTest.mouseClick(section.draw, LEFT)
    settle(qtbot, panel, lambda: len(panel.study.draws) == 2)
    rows = dict(section.rows.rows())
    mean, sigma, noise, z = (
        np.array([float(v.replace("−", "-")) for v in rows[name].split()])
        for name in ("mean", "sigma", "noise", "z")
    )
    np.testing.assert_allclose(z, mean + sigma * noise, atol=0.05)
    assert section.seed.text() == "seed 1"
    assert len(panel.plane.dots()) == 2


def test_an_image_from_outside_is_encoded_at_once(panel: Manifold, qtbot: QtBot) -> None:
    image = np.zeros((1, 28, 28), np.float32)
    image[0, 4:24, 13:16] = 1
    panel.session.image_offered.emit(image, "a drawing")
    settle(qtbot, panel, lambda: panel.column.image.title.text() == "a drawing")
    with torch.no_grad():
        truth = library.load(panel.scene.source).encode(torch.from_numpy(image[None])).mean[0]
    np.testing.assert_allclose(panel.study.mean, truth, atol=1e-5)
    centre = panel.plane.outlines("posterior")[0].points.mean(0)
    np.testing.assert_allclose(centre, truth, atol=1e-3)
    np.testing.assert_allclose(panel.column.probe.probed().z, truth, atol=1e-5)


def test_a_random_image_changes_the_number(panel: Manifold, qtbot: QtBot) -> None:
    QTest.mouseClick(panel.column.image.random, LEFT)
    settle(qtbot, panel, lambda: panel.study.index != 0)
    assert panel.column.image.index.value() == panel.study.index


# Models and time ---------------------------------------------------------------------------------


def test_scrubbing_shows_the_same_map_at_a_stored_step(panel: Manifold, qtbot: QtBot) -> None:
    line = panel.timeline()
    assert line.count() == 4
    rested = panel.column.probe.probed().z
    line.set_index(1)
    assert panel.plane.sheets(), "the old picture stays until the new one has come"
    settle(qtbot, panel)
    snapshot = panel._ref.snapshots[1][1]
    assert panel.scene.source == snapshot
    same_as_cell(panel, snapshot)
    np.testing.assert_allclose(
        panel.column.probe.probed().image,
        decoded(snapshot, panel.column.probe.probed().z),
        atol=2e-6,
    )
    assert panel.column.probe.probed().source == snapshot
    assert rested.shape == (2,)


def test_sheet_and_points_of_a_step_change_together(panel: Manifold, qtbot: QtBot) -> None:
    seen: list[tuple[object, object]] = []
    tag = panel.plane.sheet_tag()
    points = panel.plane.points()

    def note() -> None:
        seen.append((panel.plane.sheet_tag(), panel.plane.points()))

    panel.scene.sheet_shown.connect(note)
    panel.scene.settled.connect(note)
    panel.timeline().set_index(0)
    settle(qtbot, panel)
    assert seen[-1][0] != tag
    assert seen[-1][1] is not points
    assert panel.plane.points() is not points


@pytest.mark.usefixtures("published_often")
def test_the_map_follows_a_model_in_training_without_mixing_steps(
    panel: Manifold, qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    record = family("vae")
    config = record.configure({"latent_dim": 2, "width": 16, "depth": 1})
    settings = train_settings({"steps": 4000, "precision": "float32", "threads": 1})
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
    seen: list[tuple[object, int | None]] = []
    panel.scene.settled.connect(
        lambda: seen.append((panel.plane.sheet_tag(), panel.scene.encoded_at()))
    )
    holes: list[int] = []
    begun = 3 * WITHIN_MS  # data are read and the fastest way to train is chosen first
    qtbot.waitUntil(lambda: bool(session.jobs()[run].progress), timeout=begun)
    session.show("A", f"live:{run}")

    def grown() -> bool:
        if seen and not panel.plane.sheets():
            holes.append(len(seen))
        return len({tag[1] for tag, _ in seen}) >= 4

    qtbot.waitUntil(grown, timeout=WITHIN_MS)
    session.stop(run)
    qtbot.waitUntil(lambda: session.jobs()[run].state.over, timeout=WITHIN_MS)
    settle(qtbot, panel)
    steps = [tag[1] for tag, _ in seen if tag[1] is not None]
    assert steps == sorted(steps), "training is never seen to go back"
    assert all(tag[1] == points for tag, points in seen), "sheet and points are of one step"
    assert not holes, "the old picture stays until the new one has come"
    assert "training step" in panel.bar.status.text()


def test_another_model_comes_into_view(
    panel: Manifold, qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    other = write_run(tmp_path / "other", seed=5, width=16)
    session.show("A", other)
    settle(qtbot, panel)
    assert panel.bar.title.text() == "Manifold of other"
    same_as_cell(panel, other)
    assert panel.column.probe.probed().source == other


def test_a_model_without_a_prior_is_shown_where_its_encodings_are(
    panel: Manifold, qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    session.show("A", write_run(tmp_path / "ae", "ae", width=16))
    settle(qtbot, panel)
    mean = panel.scene.cloud.mean
    low, high = np.percentile(mean, (0.5, 99.5), axis=0)
    extent = panel.plane.frame().extent
    assert extent.left < low[0] < high[0] < extent.right
    assert panel.plane.home().span == pytest.approx(1.1 * float((high - low).max()), rel=0.1)
    assert not panel.plane.outlines("posterior"), "an AE has no sigma"
    panel.bar.pills["prior"].setChecked(True)
    assert len(panel.plane.outlines("prior")) == 3


def test_a_damaged_model_is_an_error_where_the_picture_would_be(
    panel: Manifold, qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    bad = write_run(tmp_path / "bad", width=16)
    (Path(bad) / "model.safetensors").write_bytes(b"nothing")
    session.show("A", bad)
    qtbot.waitUntil(lambda: panel.pages.currentWidget() is panel.empty, timeout=WITHIN_MS)
    assert panel.empty.text()
    settle(qtbot, panel)
    assert not panel.plane.sheets()
    write_run(tmp_path / "good", width=16)
    session.show("A", str(tmp_path / "good"))
    settle(qtbot, panel)
    assert panel.pages.currentWidget() is not panel.empty


# More dimensions ---------------------------------------------------------------------------------


@pytest.fixture
def deep(qtbot: QtBot, session: Session, tmp_path: Path) -> Manifold:
    return open_panel(
        qtbot, session, write_run(tmp_path / "deep", latent_dim=5, width=16), (760, 600)
    )


def test_planes_through_more_dimensions(deep: Manifold, qtbot: QtBot) -> None:
    section = deep.column.plane
    assert section.isVisible()
    assert set(section.sliders()) == {2, 3, 4}
    section.up.setCurrentIndex(3)
    section.up.activated.emit(3)
    settle(qtbot, deep)
    assert deep.scene.space.plane.dims == (0, 3)
    slider = section.sliders()[4]
    slider.set_value(1.5)
    slider.value_changed.emit(1.5)
    settle(qtbot, deep)
    assert deep.scene.space.plane.origin[4] == 1.5
    move(deep, at(deep, 1.0, -1.0))
    settle(qtbot, deep)
    z = deep.column.probe.probed().z
    assert z[4] == 1.5
    np.testing.assert_allclose(
        deep.column.probe.probed().image, decoded(deep.scene.source, z), atol=2e-6
    )
    section.shell.click()
    move(deep, at(deep, 1.2, -1.0))
    settle(qtbot, deep)
    assert np.linalg.norm(deep.column.probe.probed().z) == pytest.approx(5**0.5, rel=1e-4)


def test_the_pca_plane_and_the_plane_through_three_images(deep: Manifold, qtbot: QtBot) -> None:
    section = deep.column.plane
    section.kind.setCurrentIndex(1)
    section.kind.activated.emit(1)
    settle(qtbot, deep)
    assert deep.scene.space.plane.kind == "pca"
    assert deep.plane.sheets()
    section.kind.setCurrentIndex(2)
    section.kind.activated.emit(2)
    settle(qtbot, deep, lambda: deep.scene.space.plane.kind == "points")
    from genstudio.data import load

    with torch.no_grad():
        model = library.load(deep.scene.source)
        means = model.encode(load("mnist").test.batch(slice(0, 3))).mean.numpy()
    assert deep.scene.space.plane.residual(means) == pytest.approx(0, abs=1e-4)


# Out and back ------------------------------------------------------------------------------------


def test_copies_are_text_and_python(panel: Manifold) -> None:
    QTest.mouseClick(panel.column.text, LEFT)
    z = panel.column.probe.probed().z
    text = QGuiApplication.clipboard().text()
    np.testing.assert_array_equal(np.array([float(v) for v in text.split(",")], np.float32), z)
    QTest.mouseClick(panel.column.python, LEFT)
    assert f"genstudio.load({panel.scene.source!r})" in QGuiApplication.clipboard().text()


def test_the_sheet_is_saved_at_a_chosen_size(panel: Manifold, qtbot: QtBot, tmp_path: Path) -> None:
    dialog = panel.actions.save_sheet()
    dialog.cells.set_value(6)
    dialog.factor.set_value(2)
    columns, rows, factor = dialog.grid()
    with qtbot.waitSignal(dialog.saved, timeout=WITHIN_MS):
        dialog.save(tmp_path / "sheet.png")
    image = QImage(str(tmp_path / "sheet.png"))
    assert (image.width(), image.height()) == (columns * 28 * factor, rows * 28 * factor)
    extent = panel.plane.frame().extent
    pitch = extent.width / columns
    z = np.array([extent.left + pitch / 2, (rows - 1) / 2 * pitch], np.float32)
    truth = decoded(panel.scene.source, z)[0]
    assert image.pixelColor(2 * 14, 2 * 14).red() == pytest.approx(truth[14, 14] * 255, abs=1.5)


def test_cancelling_a_save_writes_nothing(panel: Manifold, qtbot: QtBot, tmp_path: Path) -> None:
    dialog = panel.actions.save_sheet()
    dialog.cells.set_value(150)
    dialog.save(tmp_path / "never.png")
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    settle(qtbot, panel)
    assert not (tmp_path / "never.png").exists()


def test_the_state_brings_the_panel_back(panel: Manifold, qtbot: QtBot, session: Session) -> None:
    panel.bar.pills["points"].setChecked(False)
    QTest.mouseClick(panel.plane, LEFT, NONE, at(panel, -1.0, 1.0))
    panel.plane.zoom(0.5, (1.0, 1.0))
    panel.choose_scale("quantile")
    panel.plane.zoom(0.5, (0.3, 0.3))
    settle(qtbot, panel)
    state = panel.state()
    again = open_panel(qtbot, session, panel.scene.source, (760, 600))
    again.restore(state)
    settle(qtbot, again)
    assert again.state() == state
    assert again.plane.view() == panel.plane.view()
    assert again.bar.scale.value() == "quantile"
    again.restore({"view": "nonsense", "pins": 3})
    settle(qtbot, again)


def test_the_menu_offers_what_can_be_done(panel: Manifold) -> None:
    menu = panel.actions.menu(5.0, 5.0)
    texts = {action.text(): action for action in menu.actions()}
    assert not texts["Remove the chosen pin"].isEnabled()
    texts["Pin this point"].trigger()
    assert panel.board.pins().points == ((5.0, 5.0),)
    menu.close()


def test_the_points_can_be_others_or_none(panel: Manifold, qtbot: QtBot) -> None:
    panel.column.subset.setCurrentIndex(3)
    panel.column.subset.activated.emit(3)
    settle(qtbot, panel)
    assert panel.scene.subset == Subset("test", 0)
    assert panel.plane.points() is None
    panel.column.subset.setCurrentIndex(1)
    panel.column.subset.activated.emit(1)
    settle(qtbot, panel)
    assert len(panel.scene.shown().mean) == 10_000


def test_the_tour_runs_and_leaves_the_panel_as_it_was(panel: Manifold, qtbot: QtBot) -> None:
    before = panel.state()
    captions = []
    for caption in panel.tour():
        settle(qtbot, panel)
        captions.append(caption)
    settle(qtbot, panel)
    assert len([c for c in captions if c]) == 5
    after = panel.state()
    assert {k: after[k] for k in ("view", "layers", "scale", "plane")} == {
        k: before[k] for k in ("view", "layers", "scale", "plane")
    }


# Never two models on one map ---------------------------------------------------------------------


def points_are_of(panel: Manifold, source: str) -> None:
    cloud = panel.scene.shown()
    assert cloud is not None
    images = load("mnist").test.batch(torch.tensor(cloud.index[:20]))
    with torch.no_grad():
        mean = library.load(source).encode(images).mean.numpy()
    np.testing.assert_allclose(cloud.mean[:20], mean, atol=1e-4)


@pytest.mark.parametrize("hurry", ["scale", "view", "subset"])
def test_a_hand_that_does_not_wait_never_sees_points_of_the_model_before(
    panel: Manifold, qtbot: QtBot, session: Session, tmp_path: Path, hurry: str
) -> None:
    other = write_run(tmp_path / "other", seed=5, width=16)
    seen: list[tuple[str, object]] = []
    put = panel.plane.put_points

    def note(*arguments: object) -> bool:
        seen.append((panel.scene.source, panel.scene.cloud))
        return put(*arguments)

    panel.plane.put_points = note
    before = panel.scene.cloud
    session.show("A", other)
    if hurry == "scale":
        panel.choose_scale("quantile")
    elif hurry == "view":
        panel.plane.set_view(panel.plane.view())
        panel.scene.ask_pictures()
    else:
        panel.scene.set_subset(Subset("test", 300))
    settle(qtbot, panel)
    points_are_of(panel, other)
    assert seen and all(cloud is not before for _, cloud in seen)


def test_a_draw_moves_with_the_posterior_when_the_model_changes(
    panel: Manifold, qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    panel.study.draw_again()
    settle(qtbot, panel, lambda: len(panel.study.draws) == 2)
    other = write_run(tmp_path / "other", seed=5, width=16)
    session.show("A", other)
    settle(qtbot, panel)
    study = panel.study
    assert len(study.draws) == 2, "the noise stays, what it is scaled by changes"
    for z, noise in zip(study.draws, study.noises, strict=True):
        np.testing.assert_allclose(z, study.mean + study.std * noise, atol=1e-6)
    with torch.no_grad():
        picture = library.load(other).decode(torch.tensor(study.draws[-1][None])).numpy()[0]
    np.testing.assert_allclose(
        panel.column.image.drawn.image(), np.floor(picture[0] * 255 + 0.5), atol=1
    )
    mean = dict(panel.column.image.rows.rows())["mean"].replace("−", "-")
    np.testing.assert_allclose([float(v) for v in mean.split()], study.mean, atol=0.006)
