"""Parts of Interpolate: what goes in and out, what is refused, how it is drawn."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from interpolate_help import LEFT, NONE, encoded, open_panel, settle, spread
from manifold_help import write_run
from PIL import Image
from PySide6.QtCore import QEvent, QMimeData, QPointF, QRectF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from genstudio.engine import files
from genstudio.engine.messages import Failure
from genstudio.latent.plane import axes, through
from genstudio.ui.main_window import MainWindow
from genstudio.ui.panels import _interpolate_plane as plane_choice
from genstudio.ui.panels._interpolate_board import Slot
from genstudio.ui.panels._interpolate_look import LOOKS, lines, nearest
from genstudio.ui.panels._interpolate_square import Square
from genstudio.ui.panels._interpolate_strips import Strip, lay_out
from genstudio.ui.panels.interpolate import Interpolate
from genstudio.ui.session import Session


@pytest.fixture
def source(tmp_path: Path) -> str:
    return write_run(tmp_path / "vae", width=16)


@pytest.fixture
def panel(qtbot: QtBot, session: Session, source: str) -> Interpolate:
    return open_panel(qtbot, session, source)


@pytest.fixture
def failures(session: Session) -> list[Failure]:
    found: list[Failure] = []
    session.failed.connect(found.append)
    return found


# Slots -------------------------------------------------------------------------------------------


def test_a_number_and_the_dice_fill_the_chosen_slot(
    panel: Interpolate, qtbot: QtBot, session: Session, source: str
) -> None:
    section = panel.column.slot
    QTest.mouseClick(panel.slots.cards[2], LEFT)
    assert section.place.value() == 2
    section.index.setFocus()
    QTest.keyClicks(section.index, "11")
    QTest.keyClick(section.index, Qt.Key.Key_Return)
    settle(qtbot, panel)
    np.testing.assert_allclose(panel.codes.code(2), encoded(source, 11), atol=1e-5)
    section.kinds.setCurrentIndex(section.kinds.findText("4"))
    QTest.mouseClick(section.random, LEFT)
    settle(qtbot, panel)
    assert panel.slots.cards[2].title().endswith("· 4")
    session.undo.undo()
    settle(qtbot, panel)
    assert panel.slots.cards[2].title() == "test 11 · 6"
    QTest.keyClick(panel.slots.cards[2], Qt.Key.Key_Delete)
    assert panel.codes.code(2) is None
    assert panel.slots.cards[2].image() is None
    settle(qtbot, panel)


def test_swapping_turns_the_path_round(panel: Interpolate, qtbot: QtBot) -> None:
    before = panel.tracer.path("lerp").z
    QTest.mouseClick(panel.column.slot.swap, LEFT)
    settle(qtbot, panel)
    np.testing.assert_allclose(panel.tracer.path("lerp").z, before[::-1], atol=1e-5)


def test_without_an_end_there_is_one_sentence_and_one_button(
    panel: Interpolate, qtbot: QtBot
) -> None:
    panel.board.clear(1)
    assert panel.stage.below.currentWidget() is panel.stage.lacking
    assert panel.stage.lacking.text() == "Two images make a path: fill slots A and B."
    assert panel.tracer.path("lerp") is None
    panel.stage.lacking.pressed.emit()
    settle(qtbot, panel)
    assert panel.stage.below.currentWidget() is panel.film
    assert panel.tracer.path("lerp") is not None


def test_equal_ends_are_a_sentence_where_the_frames_would_be(
    panel: Interpolate, qtbot: QtBot
) -> None:
    panel.filler.index(1, 0)
    settle(qtbot, panel)
    assert panel.stage.below.currentWidget() is panel.stage.lacking
    assert "same point" in panel.stage.lacking.text()
    assert panel.stage.lacking.button() == ""
    panel.filler.index(1, 1)
    settle(qtbot, panel)
    assert panel.stage.below.currentWidget() is panel.film
    assert panel.film.strips()[0].frames


def test_an_image_of_another_shape_is_refused_in_its_slot(panel: Interpolate, qtbot: QtBot) -> None:
    panel.board.fill(1, Slot("large", image=np.zeros((3, 64, 64), np.float32)))
    settle(qtbot, panel)
    assert "28 x 28" in panel.slots.cards[1].says()
    assert panel.stage.lacking.text().startswith("Slot B: This model works on images of")
    assert panel.tracer.path("lerp") is None
    panel.session.undo.undo()
    settle(qtbot, panel)
    assert panel.slots.cards[1].says() == ""
    assert panel.tracer.path("lerp") is not None


def test_a_moved_code_keeps_its_picture_in_another_latent_space(
    panel: Interpolate, qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    spread(qtbot, panel)
    session.show("A", write_run(tmp_path / "ae", "ae", latent_dim=4, width=16))
    settle(qtbot, panel)
    assert panel.codes.code(0).shape == (4,), "its picture was encoded"
    assert panel.slots.cards[0].says() == ""


# From the window ---------------------------------------------------------------------------------


@pytest.fixture
def in_window(make_window: Callable[..., MainWindow], qtbot: QtBot) -> Interpolate:
    window = make_window(panel="interpolate")
    panel = window.panels.panel("interpolate")
    assert isinstance(panel, Interpolate)
    panel.column.paths.gaps.setChecked(False)
    settle(qtbot, panel)
    return panel


def stripes() -> QImage:
    image = QImage(28, 28, QImage.Format.Format_Grayscale8)
    image.fill(0)
    for x in range(10, 18):
        for y in range(4, 24):
            image.setPixel(x, y, 255)
    return image


def test_an_image_dropped_on_a_slot_fills_that_slot(
    in_window: Interpolate, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "one.png"
    stripes().save(str(file), "PNG")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file))])
    event = QDropEvent(QPointF(20, 20), Qt.DropAction.CopyAction, mime, LEFT, NONE)
    in_window.slots.cards[2].dropEvent(event)
    settle(qtbot, in_window)
    assert in_window.slots.cards[2].title() == "one.png"
    assert in_window.codes.code(2) is not None


def test_paste_and_drawing_fill_the_slot_and_strokes_are_one_entry(
    in_window: Interpolate, qtbot: QtBot
) -> None:
    QGuiApplication.clipboard().setImage(stripes())
    menu = in_window.menus.slot_menu(3)
    paste = next(a for a in menu.actions() if a.text() == "Paste image")
    paste.trigger()
    settle(qtbot, in_window)
    assert in_window.slots.cards[3].image() is not None
    before = in_window.session.undo.count()
    window = in_window.window()
    in_window.slots.choose(2)
    for width in (40, 80, 120):
        ink = np.zeros((280, 280), np.float32)
        ink[60:220, 100 : 100 + width] = 1.0
        window.intake.take_drawing(ink)
    settle(qtbot, in_window)
    assert in_window.slots.cards[2].title() == "drawing"
    assert in_window.session.undo.count() == before + 1
    menu.close()


def test_a_pin_of_the_manifold_fills_a_slot(in_window: Interpolate, qtbot: QtBot) -> None:
    window = in_window.window()
    z = np.array([0.7, -0.2], np.float32)
    window.panels.panel("manifold").board.add(z)
    settle(qtbot, in_window)
    menu = in_window.menus.slot_menu(0)
    inner = next(a.menu() for a in menu.actions() if a.text() == "Pin of the Manifold")
    inner.actions()[0].trigger()
    settle(qtbot, in_window)
    np.testing.assert_allclose(in_window.codes.code(0), z)
    menu.close()


def test_an_image_goes_elsewhere_while_another_panel_is_in_front(
    in_window: Interpolate, qtbot: QtBot
) -> None:
    before = in_window.board.value()
    in_window.window().panels.show_panel("train")
    in_window.session.image_offered.emit(np.zeros((1, 28, 28), np.float32), "nothing")
    assert in_window.board.value() == before


def test_closing_while_paths_are_traced_leaves_nothing(
    make_window: Callable[..., MainWindow], qtbot: QtBot
) -> None:
    window = make_window(panel="interpolate")
    panel = window.panels.panel("interpolate")
    panel.filler.index(1, 7)
    panel.board.add_way(0, np.array([0.5, 0.5], np.float32))
    window.close()  # the session's threads, timers and windows are looked for at the end
    assert not panel.tracer.waiting()


# Arithmetic --------------------------------------------------------------------------------------


def test_a_minus_b_plus_c_goes_into_a_slot(panel: Interpolate, qtbot: QtBot, source: str) -> None:
    panel.filler.index(2, 9)
    panel.column.folds["analogy"].set_shown(True)
    settle(qtbot, panel)
    a, b, c = (encoded(source, k) for k in (0, 1, 9))
    np.testing.assert_allclose(panel.column.analogy.result(), a - b + c, atol=1e-5)
    panel.column.analogy.put.menu().actions()[3].trigger()
    settle(qtbot, panel)
    np.testing.assert_allclose(panel.codes.code(3), a - b + c, atol=1e-5)
    assert panel.slots.cards[3].title() == "A − B + C"


def test_a_step_from_class_to_class_follows_the_slider(panel: Interpolate, qtbot: QtBot) -> None:
    part = panel.column.classes
    panel.column.folds["classes"].set_shown(True)
    settle(qtbot, panel, lambda: part.end.count() == 10)
    base = panel.codes.code(0)
    part.step.set_value(0.0)
    part.again()
    np.testing.assert_allclose(part.result(), base)
    way = part._means[1] - part._means[0]
    part.step._take(1.5)
    settle(qtbot, panel)
    np.testing.assert_allclose(part.result(), base + 1.5 * way, atol=1e-5)


def test_the_traversal_table_is_sorted_and_a_click_takes_a_code(
    panel: Interpolate, qtbot: QtBot
) -> None:
    panel.column.folds["dims"].set_shown(True)
    table = panel.column.dims.table
    settle(qtbot, panel, lambda: table.traversal() is not None)
    found = table.traversal()
    assert list(found.weight[found.order]) == sorted(found.weight, reverse=True)
    panel.slots.choose(2)
    QTest.mouseClick(table, LEFT, NONE, table.cell_rect(0, 5).center().toPoint())
    settle(qtbot, panel)
    z = np.array(panel.handle_z())
    z[found.order[0]] = found.values[0, 5]
    np.testing.assert_allclose(panel.codes.code(2), z, atol=1e-5)
    panel.slots.choose(3)
    QTest.keyClick(table, Qt.Key.Key_Left)
    QTest.keyClick(table, Qt.Key.Key_Return)
    settle(qtbot, panel)
    z[found.order[0]] = found.values[0, 4]
    np.testing.assert_allclose(panel.codes.code(3), z, atol=1e-5)


# Export ------------------------------------------------------------------------------------------


def test_the_path_is_written_as_png_gif_and_npz(panel: Interpolate, tmp_path: Path) -> None:
    path = panel.tracer.path("lerp")
    for kind in ("png", "gif", "npz"):
        assert panel.menus.export(kind, tmp_path / f"path.{kind}")
    strip = np.asarray(Image.open(tmp_path / "path.png"))
    assert strip.shape == (28, 33 * 28)
    np.testing.assert_allclose(strip[:, :28] / 255, path.images[0, 0], atol=0.003)
    with Image.open(tmp_path / "path.gif") as gif:
        assert gif.n_frames >= 33
        assert gif.size == (112, 112)
    with np.load(tmp_path / "path.npz") as kept:
        np.testing.assert_array_equal(kept["z"], path.z)
        np.testing.assert_array_equal(kept["x"], path.images)


def test_the_script_makes_the_same_pictures_again(
    panel: Interpolate, qtbot: QtBot, tmp_path: Path
) -> None:
    panel.hand.set_t(0.5, "slerp")
    settle(qtbot, panel)
    script = tmp_path / "again.py"
    assert panel.menus.export("py", script)
    done = subprocess.run(
        [sys.executable, script.name], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    path = panel.tracer.path("slerp")
    with np.load(tmp_path / "again.npz") as kept:
        np.testing.assert_allclose(kept["z"], path.z, atol=1e-6)
        np.testing.assert_allclose(kept["x"], path.images, atol=1e-6)


def test_a_failed_export_is_a_sentence_and_leaves_nothing(
    panel: Interpolate,
    failures: list[Failure],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = tmp_path / "path.png"
    old.write_bytes(b"old")

    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

        def fileno(self) -> int:
            return 0

    def full(path: Path) -> io.BytesIO:
        path.write_bytes(b"half")
        return Full()

    monkeypatch.setattr(files, "open_new", full)
    assert not panel.menus.export("png", old)
    assert "No space left" in failures[-1].sentence()
    assert old.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["path.png"]
    panel.board.clear(0)
    assert not panel.menus.export("png", tmp_path / "none.png")
    assert "no path to export" in failures[-1].sentence()


def test_the_square_is_written_as_png(panel: Interpolate, qtbot: QtBot, tmp_path: Path) -> None:
    panel.filler.missing(4)
    panel.set_mode("square")
    settle(qtbot, panel, lambda: bool(panel.square.plane.sheets()))
    assert [a.text() for a in panel.menus.export_menu().actions()] == ["Square as PNG…"]
    assert panel.menus.export("png", tmp_path / "square.png")
    with Image.open(tmp_path / "square.png") as picture:
        assert picture.width % 28 == picture.height % 28 == 0


# Drawing -----------------------------------------------------------------------------------------


def test_strips_stand_at_whole_factors_over_one_axis() -> None:
    frames = tuple(QImage(28, 28, QImage.Format.Format_RGB32) for _ in range(33))
    strips = [Strip(kind, look, frames) for kind, look in LOOKS.items()]
    for width, height in ((860, 300), (860, 230), (600, 190), (420, 150)):
        place = lay_out(width, height, strips, True, 1.0)
        assert place.cell_h % 28 == 0 or place.cell_h < 28
        assert all(row.bottom() <= height for row in place.rows)
        assert all(plot.rect.bottom() <= height for plot in place.plots)
        assert place.t_of(place.x_of(0.37)) == pytest.approx(0.37)
        assert place.x_of(1.0) + place.cell_w / 2 == pytest.approx(width)


def test_lines_go_back_as_they_came_and_the_nearest_place_is_found() -> None:
    xy = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 2.0]])
    (line,) = lines("lerp", xy, True)
    np.testing.assert_array_equal(line.points[:3], xy)
    np.testing.assert_array_equal(line.points[3:], xy[::-1])
    dashes = lines("slerp", xy, False)
    assert len(dashes) > 5
    t, away = nearest(xy, 1.5, 1.0)
    assert (t, away) == pytest.approx((0.75, 0.5))


def test_the_plane_stays_while_the_pins_lie_on_it() -> None:
    rng = np.random.default_rng(0)
    a, b, c, far = rng.normal(size=(4, 6)).astype(np.float32)
    plane = through(a, b, c)
    inside = plane.to_z((0.3, -1.2))
    assert plane_choice.still_good("mean", plane, [inside, b, None, None], 6)
    assert not plane_choice.still_good("mean", plane, [far, b, None, None], 6)
    assert not plane_choice.still_good("mean", axes(6), [a, b, None, None], 6)
    found = plane_choice.choose("third", [a, b, None, None], None, 6)
    assert "Slot C is empty" in found.says
    assert found.plane.residual(np.array([a, b])).max() < 1e-4


def test_the_square_has_the_codes_at_its_corners() -> None:
    codes = np.arange(12, dtype=np.float32).reshape(4, 3)
    square = Square(codes)
    corners = square.to_z(np.array([(0, 1), (1, 1), (0, 0), (1, 0)]))
    np.testing.assert_allclose(corners, codes)
    np.testing.assert_allclose(square.to_z((0.5, 0.5)), codes.mean(0))


def test_every_control_has_a_name_and_a_tooltip(panel: Interpolate) -> None:
    from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit

    for root in (panel, panel.inspector()):
        for kind in (QAbstractButton, QComboBox, QLineEdit):
            for widget in root.findChildren(kind):
                if widget.isVisibleTo(root) and widget.objectName() != "qt_toolbar_ext_button":
                    name = widget.accessibleName() or getattr(widget, "text", lambda: "")()
                    assert name, widget
                    if widget is not panel.stage.lacking and "EmptyState" not in str(
                        widget.parent()
                    ):
                        assert widget.toolTip(), (name, widget)


def test_a_double_click_on_a_path_adds_a_way_point(panel: Interpolate, qtbot: QtBot) -> None:
    spread(qtbot, panel)
    x, y = panel.plane.paths()["lerp"][8]
    place = panel.plane.to_widget(float(x), float(y))
    event = QMouseEvent(
        QEvent.Type.MouseButtonDblClick, place, panel.plane.mapToGlobal(place), LEFT, LEFT, NONE
    )
    QApplication.sendEvent(panel.plane, event)
    assert len(panel.board.value().ways) == 1
    settle(qtbot, panel)


def test_it_fits_small_windows(panel: Interpolate, qtbot: QtBot) -> None:
    panel.resize(panel.minimumSizeHint())
    settle(qtbot, panel)
    film, view = panel.stage.below.geometry(), panel.view.geometry()
    assert view.bottom() <= film.top() + 1
    assert panel.view.width() == 140
    assert not QRectF(panel.film.strip_rect("lerp")).isEmpty()
