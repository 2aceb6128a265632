"""The Compare panel driven as by a user, on real models in real lanes."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from compare_help import LEFT, NONE, hover, open_compare, settle, spot, two_models
from manifold_help import write_run
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox
from pytestqt.qtbot import QtBot

from genstudio import paths
from genstudio.data import load
from genstudio.engine import library
from genstudio.latent import samplers
from genstudio.metrics import gap
from genstudio.metrics.evaluate import Progress
from genstudio.ui.panels._compare_cursor import Target
from genstudio.ui.panels._compare_text import VIEWS
from genstudio.ui.panels.compare import Compare
from genstudio.ui.session import Session
from genstudio.ui.widgets.segmented import Segmented


@pytest.fixture
def panel(qtbot: QtBot, session: Session, tmp_path: Path) -> Compare:
    return open_compare(qtbot, session, two_models(tmp_path))


def panes(panel: Compare) -> list[Any]:
    return list(panel.maps.panes.values())


def decoded(source: str, z: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        image = library.load(source).decode(torch.tensor(np.atleast_2d(z)))
    return np.floor(image.numpy()[0, 0] * 255 + 0.5)


def shown(pane: Any) -> np.ndarray:
    """The picture under the cursor, as it is on the screen."""
    image = pane.readout.image()
    return np.array(
        [[image.pixelColor(x, y).red() for x in range(28)] for y in range(28)], np.float64
    )


def z_of(pane: Any) -> np.ndarray:
    """z where the cursor stands on a map."""
    return pane.space.to_z(*pane.plane.probe())


def press(segmented: Segmented, value: object) -> None:
    index = [each for each, _words in segmented.options()].index(value)
    QTest.mouseClick(segmented, LEFT, NONE, segmented.segment_rect(index).center().toPoint())


# One cursor --------------------------------------------------------------------------------------


def test_two_models_come_up_with_maps_and_pictures(panel: Compare) -> None:
    first, second = panes(panel)
    assert panel.title.text() == "Compare one, two"
    for pane in (first, second):
        assert pane.plane.sheets() and pane.plane.points() is not None
        np.testing.assert_allclose(shown(pane), decoded(pane.source, z_of(pane)), atol=1)
    assert first.readout.frame == second.readout.frame


def test_hovering_one_map_moves_all_by_quantile(panel: Compare, qtbot: QtBot) -> None:
    first, second = panes(panel)
    before = first.readout.frame
    hover(first.plane, spot(first.plane, 0.7, 0.3))
    settle(qtbot, panel)
    assert first.readout.frame == second.readout.frame > before
    for axis in (0, 1):
        shares = [
            (pane.scene.cloud.mean[:, axis] < z_of(pane)[axis]).mean() for pane in (first, second)
        ]
        if 0.02 < shares[0] < 0.98:
            assert shares[1] == pytest.approx(shares[0], abs=0.02)
    for pane in (first, second):
        np.testing.assert_allclose(shown(pane), decoded(pane.source, z_of(pane)), atol=1)


def test_linked_by_z_all_maps_stand_at_the_same_z(panel: Compare, qtbot: QtBot) -> None:
    press(panel.column.sections["maps"].link, "z")
    first, second = panes(panel)
    hover(second.plane, spot(second.plane, 0.25, 0.4))
    settle(qtbot, panel)
    np.testing.assert_allclose(z_of(first), z_of(second), atol=1e-4)
    assert not np.allclose(z_of(first), 0)


def test_linked_by_image_each_map_shows_its_own_code_of_it(panel: Compare, qtbot: QtBot) -> None:
    press(panel.column.sections["maps"].link, "image")
    settle(qtbot, panel)
    first, second = panes(panel)
    cloud = first.scene.cloud
    np.testing.assert_allclose(z_of(first), cloud.mean[0], atol=1e-4)  # where it rests
    np.testing.assert_allclose(z_of(second), second.scene.cloud.mean[0], atol=1e-4)
    wanted = int(np.argmin(((cloud.mean - np.median(cloud.mean, 0)) ** 2).sum(1)))
    place = first.plane.to_widget(*map(float, first.space.to_map(cloud.mean[wanted]))).toPoint()
    hover(first.plane, place)
    settle(qtbot, panel)
    index = panel.maps.cursor.target.index
    for pane in (first, second):
        row = int(np.flatnonzero(pane.scene.cloud.index == index)[0])
        np.testing.assert_allclose(z_of(pane), pane.scene.cloud.mean[row], atol=1e-4)
    there = load("mnist").test.batch(slice(index, index + 1))
    with torch.no_grad():
        code = library.load(second.source).encode(there).mean[0].numpy()
    np.testing.assert_allclose(z_of(second), code, atol=1e-4)


def test_one_z_for_spaces_of_two_sizes_is_refused_in_the_pane(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    first, _ = two_models(tmp_path)
    wide = write_run(tmp_path / "wide", "ae", latent_dim=5, width=16, depth=1)
    panel = open_compare(qtbot, session, (first, wide))
    press(panel.column.sections["maps"].link, "z")
    settle(qtbot, panel)
    assert "5 here, 2 there" in panes(panel)[1].readout.sentence()
    assert panes(panel)[0].readout.image() is not None, "the other goes on"
    press(panel.column.sections["maps"].link, "quantile")
    settle(qtbot, panel)
    assert panes(panel)[1].readout.image() is not None


def test_a_click_pins_leaving_restores_and_undo_takes_it_back(
    panel: Compare, qtbot: QtBot, session: Session
) -> None:
    first, second = panes(panel)
    QTest.mouseClick(first.plane, LEFT, NONE, spot(first.plane, 0.6, 0.4))
    settle(qtbot, panel)
    pinned = [z_of(pane) for pane in (first, second)]
    assert len(first.plane.pins()) == len(second.plane.pins()) == 1
    hover(second.plane, spot(second.plane, 0.2, 0.8))
    settle(qtbot, panel)
    assert not np.allclose(z_of(first), pinned[0], atol=1e-3)
    QApplication.sendEvent(second.plane, QEvent(QEvent.Type.Leave))
    settle(qtbot, panel)
    np.testing.assert_allclose(z_of(first), pinned[0], atol=1e-4)
    session.undo.undo()
    settle(qtbot, panel)
    assert not first.plane.pins() and panel.maps.cursor.pin is None
    session.undo.redo()
    settle(qtbot, panel)
    np.testing.assert_allclose(z_of(second), pinned[1], atol=1e-4)


def test_the_pin_is_dragged_on_one_map_and_follows_on_the_other(
    panel: Compare, qtbot: QtBot, session: Session
) -> None:
    first, second = panes(panel)
    start = spot(first.plane, 0.5, 0.5)
    QTest.mouseClick(first.plane, LEFT, NONE, start)
    settle(qtbot, panel)
    before = z_of(second)
    QTest.mousePress(first.plane, LEFT, NONE, start)
    for k in range(1, 6):
        QTest.mouseMove(first.plane, start + QPoint(8 * k, -6 * k))
    QTest.mouseRelease(first.plane, LEFT, NONE, start + QPoint(40, -30))
    settle(qtbot, panel)
    assert not np.allclose(z_of(second), before, atol=1e-3)
    session.undo.undo()
    settle(qtbot, panel)
    np.testing.assert_allclose(z_of(second), before, atol=1e-4)


def test_an_image_from_outside_is_encoded_in_each(
    panel: Compare, qtbot: QtBot, session: Session
) -> None:
    image = load("mnist").train.batch(slice(3, 4))[0].numpy()
    session.image_offered.emit(image, "mine")
    settle(qtbot, panel)
    assert panel.column.sections["maps"].link.value() == "image"
    for pane in panes(panel):
        with torch.no_grad():
            code = library.load(pane.source).encode(torch.tensor(image)[None]).mean[0].numpy()
        np.testing.assert_allclose(z_of(pane), code, atol=1e-4)


def test_hundreds_of_moves_end_where_the_hand_is(panel: Compare, qtbot: QtBot) -> None:
    first, second = panes(panel)
    frames: list[Any] = []
    panel.maps.cursor.together.shown.connect(frames.append)
    for k in range(400):
        hover(first.plane, spot(first.plane, 0.2 + 0.6 * (k % 53) / 53, 0.2 + 0.6 * (k % 31) / 31))
        if k % 10 == 0:
            QApplication.processEvents()
            assert first.readout.frame == second.readout.frame
    settle(qtbot, panel)
    assert all(set(frame.answers) == {"A", "B"} for frame in frames)
    for pane in (first, second):
        np.testing.assert_allclose(shown(pane), decoded(pane.source, z_of(pane)), atol=1)


# Models ------------------------------------------------------------------------------------------


def test_models_are_added_swapped_removed_and_undone(
    panel: Compare, qtbot: QtBot, session: Session
) -> None:
    sources = panel.slots.sources()
    QTest.mouseClick(panel.add, LEFT)
    settle(qtbot, panel)
    assert len(panel.maps.panes) == 3 and panel.slots.sources()[:2] == sources
    QTest.mouseClick(panes(panel)[0].header.swap, LEFT)
    settle(qtbot, panel)
    assert panel.slots.sources()[:2] == sources[::-1]
    assert [pane.ref.source for pane in panes(panel)[:2]] == list(sources[::-1])
    QTest.mouseClick(panes(panel)[2].header.remove, LEFT)
    settle(qtbot, panel)
    assert panel.slots.sources() == sources[::-1]
    assert not panes(panel)[0].header.remove.isEnabled(), "two is the least"
    for _ in range(3):
        session.undo.undo()
    settle(qtbot, panel)
    assert panel.slots.sources() == sources


def test_four_models_at_most_stand_in_two_rows(panel: Compare, qtbot: QtBot) -> None:
    QTest.mouseClick(panel.add, LEFT)
    QTest.mouseClick(panel.add, LEFT)
    settle(qtbot, panel)
    assert len(panel.maps.panes) == 4 and not panel.add.isEnabled()
    places = [pane.geometry().topLeft() for pane in panes(panel)]
    assert places[0].y() == places[1].y() < places[2].y() == places[3].y()
    frames = {pane.readout.frame for pane in panes(panel) if pane.source}
    assert len(frames) == 1


def test_a_model_is_chosen_in_the_header(panel: Compare, qtbot: QtBot) -> None:
    picker = panes(panel)[1].header.picker
    row = picker.findData("pca-mnist-2d")
    picker.setCurrentIndex(row)
    picker.activated.emit(row)
    settle(qtbot, panel)
    assert panel.slots.sources()[1] == "pca-mnist-2d"
    assert panes(panel)[1].plane.sheets()


def test_other_data_is_a_sentence_where_the_map_would_be(
    panel: Compare, qtbot: QtBot, tmp_path: Path
) -> None:
    other = Path(write_run(tmp_path / "fashion", "ae", width=16, depth=1))
    card = json.loads((other / "card.json").read_text())
    (other / "card.json").write_text(json.dumps({**card, "data": "fashion-mnist"}))
    assert panel.slots.add(str(other))
    settle(qtbot, panel)
    first, _, third = panes(panel)
    assert third.pages.currentIndex() == 1 and "fashion-mnist" in third.sentence.text()
    assert first.readout.image() is not None and first.pages.currentIndex() == 0
    QTest.mouseClick(third.header.remove, LEFT)
    settle(qtbot, panel)
    assert len(panel.maps.panes) == 2


def test_a_source_that_is_not_there_leaves_the_models_alone(
    panel: Compare, session: Session
) -> None:
    before, failures = panel.slots.sources(), []
    session.failed.connect(failures.append)
    assert not panel.slots.choose("B", "nowhere")
    assert panel.slots.sources() == before and "nowhere" in failures[0].sentence()


# Layers ------------------------------------------------------------------------------------------


def choose_layer(panel: Compare, name: str) -> None:
    combo = panel.column.sections["maps"].layer
    row = combo.findData(name)
    combo.setCurrentIndex(row)
    combo.activated.emit(row)


def test_a_layer_has_one_scale_and_its_values_stand_beside_the_picture(
    panel: Compare, qtbot: QtBot
) -> None:
    choose_layer(panel, "volume")
    settle(qtbot, panel, lambda: all(pane.layer.done() == 1.0 for pane in panes(panel)))
    scale = panel.maps.legend.scale()
    both = np.concatenate([pane.layer.values()["volume"].ravel() for pane in panes(panel)])
    low, high = np.percentile(both, (2, 98))
    assert scale.low <= low and scale.high >= high
    for pane in panes(panel):
        assert pane.plane.field() is not None
        name, value = pane.readout.rows()[-1]
        at = pane.layer.at(*pane.plane.probe(), "volume")
        assert name == "volume" and value == f"{at:.2f}".replace("-", "\N{MINUS SIGN}")
    choose_layer(panel, "pictures")
    assert all(pane.plane.field() is None for pane in panes(panel))


def test_cycle_error_of_pca_is_not_defined_and_says_so(panel: Compare, qtbot: QtBot) -> None:
    panel.slots.choose("B", "pca-mnist-2d")
    settle(qtbot, panel)
    choose_layer(panel, "cycle")
    settle(qtbot, panel)
    first, second = panes(panel)
    assert "not defined for PCA" in second.note.text() and second.note.isVisible()
    assert first.plane.field() is not None and second.plane.field() is None
    choose_layer(panel, "volume")
    settle(qtbot, panel)
    assert second.note.isHidden() and second.plane.field() is not None


def test_points_are_hidden_and_shown(panel: Compare) -> None:
    switch = panel.column.sections["maps"].points
    QTest.mouseClick(switch, LEFT, pos=QPoint(switch.width() - 10, switch.height() // 2))
    assert not panel.maps.points
    first = panes(panel)[0]
    code = first.space.to_map(first.scene.cloud.mean[0])
    assert first.plane.point_at(float(code[0]), float(code[1])) == -1


# Reconstructions ---------------------------------------------------------------------------------


def test_the_same_images_go_through_each_model(panel: Compare, qtbot: QtBot) -> None:
    press(panel.views, "rows")
    settle(qtbot, panel)
    rows = panel.rows.sheet.rows()
    assert [row.title for row in rows] == ["originals", "A  one", "B  two"]
    n = rows[0].picture.shape[1] // 28
    inputs = rows[0].picture.reshape(28, n, 28).transpose(1, 0, 2)[:, None] / 255.0
    for row, source in zip(rows[1:], panel.slots.sources()):
        model = library.load(source)
        with torch.no_grad():
            back = model.decode(model.encode(torch.tensor(inputs, dtype=torch.float32)).mean)
        picture = row.picture.reshape(28, n, 28).transpose(1, 0, 2)
        np.testing.assert_allclose(picture, np.floor(back[:, 0].numpy() * 255 + 0.5), atol=1.5)


def test_shuffling_shows_other_images_in_every_row(panel: Compare, qtbot: QtBot) -> None:
    press(panel.views, "rows")
    settle(qtbot, panel)
    before = panel.rows.sheet.rows()
    QTest.mouseClick(panel.column.sections["rows"].shuffle, LEFT)
    settle(qtbot, panel)
    after = panel.rows.sheet.rows()
    assert all(not np.array_equal(a.picture, b.picture) for a, b in zip(before, after))
    assert "seed 1" in after[0].note
    QTest.mouseClick(panel.column.sections["rows"].back, LEFT)
    settle(qtbot, panel)
    assert np.array_equal(panel.rows.sheet.rows()[0].picture, before[0].picture)


def test_an_image_of_the_rows_is_taken_to_the_maps(panel: Compare, qtbot: QtBot) -> None:
    press(panel.views, "rows")
    settle(qtbot, panel)
    sheet = panel.rows.sheet
    side = int(sheet.row_rect(0).height())
    point = sheet.row_rect(0).topLeft().toPoint() + QPoint(side + side // 2, side // 2)
    image = sheet.rows()[0].picture[:, 28:56] / 255.0
    QTest.mouseClick(sheet, LEFT, NONE, point)
    settle(qtbot, panel)
    assert panel.view == "maps" and panel.views.value() == "maps"
    with torch.no_grad():
        batch = torch.tensor(image, dtype=torch.float32)[None, None]
        code = library.load(panel.slots.sources()[0]).encode(batch).mean[0].numpy()
    np.testing.assert_allclose(z_of(panes(panel)[0]), code, atol=1e-3)


# The report --------------------------------------------------------------------------------------


def figures(hole_share: float) -> dict[str, Any]:
    row = dict.fromkeys(("precision", "recall", "density", "coverage", "path_gap"), 0.5)
    row.update(hole_share=hole_share, frechet=10 * hole_share, frechet_floor=0.1, n=1000)
    ends = {key: [value - 0.01, value + 0.01] for key, value in row.items()}
    return {**row, "intervals": ends, "bank": "reconstructions"}


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Reports that take as long as the test wants: `go` False holds them."""
    control: dict[str, Any] = {"go": True, "begun": 0}

    def report(model: Any, data: str, seed: int, n: int) -> Generator[Progress, None, dict]:
        control["begun"] += 1
        done = 0
        while not control["go"] or done < 3:
            done = min(done + 1, 50)
            yield Progress(done, 100, "samples from prior")
        share = 0.1 if model.family == "vae" else 0.4
        rows = {"prior": figures(share), "gaussian": figures(share / 2)}
        return {**rows["prior"], "sampler": "prior", "samplers": rows}

    monkeypatch.setattr(gap, "report", report)
    return control


def test_the_report_runs_at_a_button_and_is_sorted_by_a_click(
    panel: Compare, qtbot: QtBot, reports: dict[str, Any]
) -> None:
    press(panel.views, "report")
    settle(qtbot, panel)
    assert reports["begun"] == 0, "nothing runs before it is asked for"
    view = panel.report
    QTest.mouseClick(view.start, LEFT)
    settle(qtbot, panel)
    assert [(line.model, line.sampler) for line in view.table.lines()] == [
        ("one", "prior"),
        ("one", "gaussian"),
        ("two", "prior"),
        ("two", "gaussian"),
    ]
    assert "one wins in hole share (0.1 against 0.4 of two)" in view.said.text()
    assert view.start.isHidden() and view.cancel.isHidden()
    header = view.table.horizontalHeader()
    click = QPoint(header.sectionViewportPosition(2) + 12, header.height() // 2)
    QTest.mouseClick(header.viewport(), LEFT, NONE, click)
    column = [row[2] for row in view.table.texts()]
    assert column in (
        ["5.0 %", "10.0 %", "20.0 %", "40.0 %"],
        ["40.0 %", "20.0 %", "10.0 %", "5.0 %"],
    )
    right = view.table.item(0, 2).textAlignment() & Qt.AlignmentFlag.AlignRight
    assert right, "numbers stand at the right"


def test_the_report_is_cancelled_at_once(
    panel: Compare, qtbot: QtBot, session: Session, reports: dict[str, Any]
) -> None:
    reports["go"] = False
    press(panel.views, "report")
    settle(qtbot, panel)
    view = panel.report
    QTest.mouseClick(view.start, LEFT)
    qtbot.waitUntil(lambda: view.progress.value() > 0 and not view.progress.isHidden())
    assert "samples from prior" in view.doing.text()
    QTest.mouseClick(view.cancel, LEFT)
    assert not view.reports.running() and not view.start.isHidden()
    settle(qtbot, panel)  # the lane is free although the work never ended
    assert not view.table.lines()
    assert session.idle()


def test_a_report_is_kept_while_its_model_stays(
    panel: Compare, qtbot: QtBot, reports: dict[str, Any], tmp_path: Path
) -> None:
    press(panel.views, "report")
    QTest.mouseClick(panel.report.start, LEFT)
    settle(qtbot, panel)
    third = write_run(tmp_path / "three", "ae", seed=5, width=16, depth=1)
    panel.slots.add(third)
    settle(qtbot, panel)
    assert len(panel.report.table.lines()) == 4 and not panel.report.start.isHidden()
    QTest.mouseClick(panel.report.start, LEFT)
    settle(qtbot, panel)
    assert reports["begun"] == 3 and len(panel.report.table.lines()) == 6
    panel.slots.swap("A")
    settle(qtbot, panel)
    assert [line.slot for line in panel.report.table.lines()[:2]] == ["A", "A"]
    assert panel.report.table.lines()[0].model == "two"


def test_the_report_is_saved_as_csv_and_markdown(
    panel: Compare, qtbot: QtBot, session: Session, reports: dict[str, Any], tmp_path: Path
) -> None:
    failures: list[Any] = []
    session.failed.connect(failures.append)
    panel.report.save("csv", tmp_path / "none.csv")
    assert "no report yet" in failures[0].sentence()
    press(panel.views, "report")
    QTest.mouseClick(panel.report.start, LEFT)
    settle(qtbot, panel)
    panel.report.save("csv", tmp_path / "gaps.csv")
    panel.report.save("markdown", tmp_path / "gaps.md")
    assert (tmp_path / "gaps.csv").read_text().count("\n") == 5
    assert "| two | Gaussian |" in (tmp_path / "gaps.md").read_text()
    (tmp_path / "file").write_text("")
    panel.report.save("csv", tmp_path / "file" / "folder.csv")
    assert len(failures) == 2, "what cannot be written is said"


def test_one_switch_draws_z_another_way_in_every_model(panel: Compare, qtbot: QtBot) -> None:
    press(panel.views, "report")
    settle(qtbot, panel)
    sheets = panel.report.sheets.shown()
    before = [sheet.grid.image().copy() for sheet in sheets]
    press(panel.report.switch, "encodings")
    settle(qtbot, panel)
    for old, sheet in zip(before, sheets):
        assert sheet.grid.image().shape == old.shape
        assert not np.array_equal(sheet.grid.image(), old)


def test_the_mixture_moves_round_by_round_on_the_transport_bar(
    panel: Compare, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samplers, "N_FIT", 600)
    press(panel.views, "report")
    press(panel.report.switch, "mixture")
    settle(qtbot, panel)
    rounds = panel.timeline()
    assert rounds is not None and rounds.count() > 2
    sheets = panel.report.sheets.shown()
    assert all(len(sheet.map.lines()) >= 2 for sheet in sheets)
    last = [sheet.map.lines()[0].copy() for sheet in sheets]
    rounds.set_index(0)
    first = [sheet.map.lines()[0] for sheet in sheets]
    assert any(not np.allclose(a, b) for a, b in zip(last, first)), "the ellipses have moved"
    assert rounds.label(0).startswith("round 0 of")
    likelihood = [state.log_likelihood for state in sheets[0].steps]
    assert np.all(np.diff(likelihood) > -1e-6)
    press(panel.report.switch, "prior")
    assert panel.timeline() is None


# Both terms, and the moon ------------------------------------------------------------------------


@pytest.fixture
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Shipped models: two of the betas, the KL alone, and the moons; all tiny."""
    folder = tmp_path / "weights"
    for name in (
        "vae-mnist-2d",
        "vae-mnist-2d-beta0",
        "vae-mnist-2d-kl",
        "vae-moons",
        "vae-moons3",
    ):
        write_run(folder / name, "vae", width=16, depth=1)
    for name in ("ae-mnist-2d", "ae-moons", "ae-moons3"):
        write_run(folder / name, "ae", width=16, depth=1)
    monkeypatch.setattr(paths, "weights", lambda: folder)
    return folder


def test_three_vaes_come_up_and_a_missing_beta_is_greyed(
    few: Path, qtbot: QtBot, session: Session
) -> None:
    panel = open_compare(qtbot, session, ("vae-mnist-2d", "ae-mnist-2d"))
    press(panel.views, "terms")
    settle(qtbot, panel)
    terms = panel.terms
    assert [term.pane.source for term in terms.terms.values()] == [
        "vae-mnist-2d-beta0",
        "vae-mnist-2d",
        "vae-mnist-2d-kl",
    ]
    assert all(term.pairs.image() is not None for term in terms.terms.values())
    section = panel.column.sections["terms"]
    press(section.beta, 4.0)
    assert terms.beta == 1.0, "its weights are missing"
    assert "vae-mnist-2d-beta4 is not installed" in section.gone.text()
    press(section.beta, 0.0)
    settle(qtbot, panel)
    assert terms.terms["both"].pane.source == "vae-mnist-2d-beta0"
    assert terms.terms["both"].title.text() == "Both, β = 0"
    timeline = panel.timeline()
    assert timeline is not None and timeline.count() == 2
    timeline.set_index(1)
    settle(qtbot, panel)
    assert terms.beta == 1.0 and timeline.label(1) == "β = 1"
    first = terms.terms["reconstruction"].pane
    hover(first.plane, spot(first.plane, 0.6, 0.4))
    settle(qtbot, panel, lambda: not terms.cursor.together.busy())
    frames = {term.pane.readout.frame for term in terms.terms.values()}
    assert len(frames) == 1, "one cursor in all three"


def test_a_missing_vae_is_a_sentence_in_its_column(
    shipped: Path, qtbot: QtBot, session: Session
) -> None:
    panel = open_compare(qtbot, session, ("vae-mnist-2d", "ae-mnist-16d"))
    press(panel.views, "terms")
    settle(qtbot, panel)
    term = panel.terms.terms["kl"]
    assert "vae-mnist-2d-kl is not installed" in term.pane.sentence.text()
    assert term.pane.pages.currentIndex() == 1
    press(panel.views, "moon")
    settle(qtbot, panel)
    assert "vae-moons is not installed" in panel.moon.cases[1].sentence.text()
    presets = panel.column.sections["maps"].presets
    assert not presets.buttons["terms"].isEnabled()
    assert "vae-mnist-2d-kl" in presets.buttons["terms"].toolTip()


def test_the_moon_is_dragged_and_measured_in_both_cases(
    few: Path, qtbot: QtBot, session: Session
) -> None:
    panel = open_compare(qtbot, session, ("vae-mnist-2d", "ae-mnist-2d"))
    press(panel.views, "moon")
    cases = panel.moon.cases
    settle(qtbot, panel, lambda: all(case.finding() is not None for case in cases))
    timeline = panel.timeline()
    assert timeline is not None and timeline.count() == 33
    for case in cases:
        names = [name for name, *_ in case.frames.cells()]
        assert names == ["AE", "VAE", "cross-fade", "true moons"]
        strips = case.strips()
        assert float(np.max(strips["true moons"].distance)) < 0.02
        assert float(np.max(strips["cross-fade"].distance)) > 0.1
    chart = cases[0].far
    QTest.mouseClick(chart, LEFT, NONE, chart.position(8).toPoint())
    assert timeline.index() == 8
    for case in cases:
        picture = case.frames.cells()[2][1]
        np.testing.assert_array_equal(picture, case.strips()["cross-fade"].images[8])
    QTest.keyClick(chart, Qt.Key.Key_Right)
    assert timeline.index() == 9 and timeline.label(9).endswith("lit 64 %")
    found = cases[0].finding()
    assert found is not None
    assert f"{100 * found.off['VAE']:.0f} % of the VAE's" in cases[0].said.text()
    section = panel.column.sections["moon"]
    QTest.mouseClick(section.many, LEFT)
    qtbot.waitUntil(lambda: panel.moon.many.progress() > 0, timeout=20_000)
    QTest.mouseClick(section.stop, LEFT)
    assert not panel.moon.many.running() and section.many.isVisibleTo(section)
    seed = panel.moon.cases[0].strips()["true moons"].images
    QTest.mouseClick(panel.column.sections["moon"].shuffle, LEFT)
    settle(qtbot, panel, lambda: all(case.finding() is not None for case in cases))
    assert not np.array_equal(panel.moon.cases[0].strips()["true moons"].images, seed)


# The panel ---------------------------------------------------------------------------------------


def test_a_second_model_comes_by_itself_the_first_time(
    few: Path, qtbot: QtBot, session: Session
) -> None:
    panel = open_compare(qtbot, session, ("vae-mnist-2d",))
    assert panel.slots.sources() == ("vae-mnist-2d", "ae-mnist-2d")
    assert not session.undo.canUndo()


def test_state_comes_back(panel: Compare, qtbot: QtBot, session: Session) -> None:
    panel.maps.cursor.set_link("z")
    first = panes(panel)[0]
    QTest.mouseClick(first.plane, LEFT, NONE, spot(first.plane, 0.6, 0.4))
    choose_layer(panel, "volume")
    panel.column.sections["rows"].show_seed(4)
    panel.moon.timeline.set_index(5)
    press(panel.views, "rows")
    settle(qtbot, panel)
    state = json.loads(json.dumps(panel.state()))
    again = Compare(session)
    qtbot.addWidget(again)
    again.restore(state)
    assert again.view == "rows" and again.views.value() == "rows"
    assert again.maps.cursor.link == "z" and again.maps.layer == "volume"
    assert again.maps.cursor.pin == panel.maps.cursor.pin
    assert again.rows.seed == 4 and again.moon.timeline.index() == 5
    assert again.state() == state
    settle(qtbot, panel)


def test_a_damaged_state_is_passed_over(panel: Compare, qtbot: QtBot) -> None:
    before = panel.state()
    panel.restore(
        {
            "view": "nowhere",
            "maps": {"layer": 3, "link": "chance", "pin": ["x"], "points": "yes"},
            "images": -4,
            "samples": 7,
            "sampler": "luck",
            "beta": "much",
            "moon": {"seed": 1.5, "position": 999},
        }
    )
    settle(qtbot, panel)
    assert panel.state() == before


def test_a_pin_of_another_size_says_so_and_nothing_breaks(panel: Compare, qtbot: QtBot) -> None:
    panel.maps.restore({"link": "z", "pin": [0.0, 1.0, 2.0]})
    settle(qtbot, panel)
    assert panel.maps.cursor.pin == Target("z", (0.0, 1.0, 2.0))
    assert all("as many latent dimensions" in pane.readout.sentence() for pane in panes(panel))


def test_every_control_says_what_it_is(panel: Compare, qtbot: QtBot) -> None:
    for view in VIEWS:
        panel.show_view(view)
    settle(qtbot, panel)
    for root in (panel, panel.column):
        for kind in (QAbstractButton, QComboBox, Segmented):
            for control in root.findChildren(kind):
                if control.isVisible() or isinstance(control, Segmented):
                    name = control.accessibleName() or getattr(control, "text", str)()
                    assert name, f"{control} has no name"
                    assert control.toolTip(), f"{name} has no tooltip"


def test_keys_shuffle_and_cancel(panel: Compare, qtbot: QtBot, reports: dict[str, Any]) -> None:
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow)
    press(panel.views, "rows")
    settle(qtbot, panel)
    panel.rows.sheet.setFocus()
    QTest.keyClick(panel.rows.sheet, Qt.Key.Key_R)
    assert panel.rows.seed == 1
    press(panel.views, "moon")
    panel.moon.cases[0].far.setFocus()
    QTest.keyClick(panel.moon.cases[0].far, Qt.Key.Key_R)
    assert panel.moon.seed == 1
    reports["go"] = False
    press(panel.views, "report")
    QTest.mouseClick(panel.report.start, LEFT)
    panel.report.table.setFocus()
    QTest.keyClick(panel.report.table, Qt.Key.Key_Escape)
    assert not panel.report.reports.running()
    settle(qtbot, panel)


def test_without_a_model_one_sentence_and_the_button_that_fills_it(
    few: Path, qtbot: QtBot, session: Session
) -> None:
    panel = open_compare(qtbot, session, ("vae-mnist-2d", "ae-mnist-2d"))
    for slot in "AB":
        session.show(slot, None)
    assert panel.pages.currentWidget() is panel.empty
    press(panel.views, "terms")
    assert panel.pages.currentWidget() is panel.terms, "it brings its own models"
    press(panel.views, "maps")
    QTest.mouseClick(panel.empty.findChild(QAbstractButton), LEFT)
    settle(qtbot, panel)
    assert len(panel.slots.sources()) == 2 and panel.pages.currentWidget() is panel.maps


def test_the_picture_is_exported(panel: Compare, tmp_path: Path) -> None:
    panel.export_png(tmp_path / "compare.png")
    assert (tmp_path / "compare.png").stat().st_size > 5_000
