"""The image view and the grid: honest pixels, copies, cells."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest

from genstudio.ui.widgets.image_grid import ImageGrid, mosaic
from genstudio.ui.widgets.image_view import ImageView, fit, mime, to_uint8

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def view(qtbot) -> ImageView:
    view = ImageView(name="Probe")
    qtbot.addWidget(view)
    view.resize(100, 90)
    view.show()
    return view


def shown(view: ImageView) -> np.ndarray:
    """Red of every pixel on the screen, (height, width)."""
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8)
    rows = rows.reshape(image.height(), image.bytesPerLine())[:, : 3 * image.width()]
    return rows.reshape(image.height(), image.width(), 3)[:, :, 0].copy()


def test_pixels_are_squares_of_one_colour(view: ImageView) -> None:
    pixels = np.array([[0, 255, 40], [80, 120, 160], [200, 10, 90]], np.uint8)
    view.set_image(pixels)
    rect = view.picture_rect()
    assert (rect.width(), rect.height()) == (90, 90)
    x, y = int(rect.x()), int(rect.y())
    screen = shown(view)[y : y + 90, x : x + 90]
    assert np.array_equal(screen, np.kron(pixels, np.ones((30, 30), np.uint8)))


def test_factors_are_whole_screen_pixels_on_every_screen() -> None:
    for ratio in (1.0, 1.25, 1.5, 2.0):
        rect = fit(QSize(28, 28), QSize(101, 77), ratio)
        factor = rect.width() * ratio / 28
        assert factor == pytest.approx(int(77 * ratio / 28))
        assert (rect.x() * ratio) % 1 == pytest.approx(0, abs=1e-9)
    assert fit(QSize(28, 28), QSize(100, 100), 1.0, smooth=True).width() == 100
    assert fit(QSize(280, 280), QSize(100, 100), 1.0).width() == 100


ON_ANOTHER_SCREEN = """
import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
app = QApplication([])
from genstudio.ui.widgets.image_view import ImageView
view = ImageView()
view.resize(101, 90)
pixels = np.random.default_rng(0).integers(0, 255, (28, 28), dtype=np.uint8)
view.set_image(pixels)
view.show()
view.setFocus()
app.processEvents()
image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
ratio, rect = image.devicePixelRatio(), view.picture_rect()
rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
red = rows[:, 0 : 3 * image.width() : 3]
factor = round(rect.width() * ratio / 28)
x, y, side = round(rect.x() * ratio), round(rect.y() * ratio), 28 * factor
squares = np.kron(pixels, np.ones((factor, factor), np.uint8))
print(ratio, factor, np.array_equal(red[y : y + side, x : x + side], squares))
"""


@pytest.mark.parametrize(("scale", "factor"), [("1.5", 4), ("2", 6)])
def test_pixels_are_honest_on_fine_screens(scale: str, factor: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ON_ANOTHER_SCREEN],
        env={**os.environ, "QT_SCALE_FACTOR": scale, "QT_QPA_PLATFORM": "offscreen"},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == [str(float(scale)), str(factor), "True"]


def test_smooth_is_a_choice(view: ImageView) -> None:
    view.set_image(np.array([[0, 255]], np.uint8))
    assert len(np.unique(shown(view)[45:46, 5:95])) == 2
    view.set_smooth(True)
    assert len(np.unique(shown(view)[45:46, 5:95])) > 10


@pytest.mark.parametrize(
    ("shape", "result"),
    [
        ((4, 5), (4, 5)),
        ((1, 4, 5), (4, 5)),
        ((4, 5, 1), (4, 5)),
        ((3, 4, 5), (4, 5, 3)),
        ((4, 5, 3), (4, 5, 3)),
        ((3, 1, 1), (1, 1, 3)),
        ((1, 4, 3), (4, 3)),
    ],
)
def test_shapes(shape, result) -> None:
    assert to_uint8(np.zeros(shape, np.float32)).shape == result


def test_values() -> None:
    floats = np.array([[-1.0, 0.0, 0.5, 1.0, 2.0, np.nan]], np.float32)
    assert to_uint8(floats).tolist() == [[0, 0, 128, 255, 255, 0]]
    exact = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(to_uint8(exact.astype(np.float32) / 255), exact)
    with pytest.raises(ValueError, match="got \\(2, 4, 5\\)"):
        to_uint8(np.zeros((2, 4, 5)))


def test_colour_channels_keep_their_places(view: ImageView) -> None:
    image = np.zeros((3, 1, 1), np.float32)
    image[0], image[1] = 1.0, 0.2
    view.set_image(image)
    pixel = view.grab().toImage().pixelColor(50, 45)
    assert (pixel.red(), pixel.green(), pixel.blue()) == (255, 51, 0)


def test_setting_an_image_is_cheap(view: ImageView) -> None:
    image = np.random.default_rng(0).random((1, 28, 28), dtype=np.float32)
    took = []
    for _ in range(50):
        start = time.perf_counter()
        view.set_image(image)
        took.append(time.perf_counter() - start)
    assert min(took) < 0.3e-3


def test_copy_gives_image_and_png(view: ImageView, qtbot) -> None:
    pixels = np.array([[0, 255], [90, 30]], np.uint8)
    view.set_image(pixels)
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    data = QGuiApplication.clipboard().mimeData()
    assert data.hasImage()
    back = QImage.fromData(bytes(mime(view._image).data("image/png").data()))
    assert [back.pixelColor(x, y).red() for y in (0, 1) for x in (0, 1)] == [0, 255, 90, 30]


def test_save(view: ImageView, tmp_path) -> None:
    assert not view.save_png(str(tmp_path / "nothing.png"))
    view.set_image(np.full((2, 3), 77, np.uint8))
    assert view.save_png(str(tmp_path / "x.png"))
    assert QImage(str(tmp_path / "x.png")).pixelColor(2, 1).red() == 77
    assert not view.save_png(str(tmp_path / "no" / "folder.png"))


def test_menu_name_and_empty_text(view: ImageView) -> None:
    menu = view.context_menu()
    assert [action.isEnabled() for action in menu.actions()] == [False, False]
    menu.deleteLater()
    assert view.accessibleName() == "Probe"
    before = shown(view).copy()
    view.set_empty_text("Nothing here yet")
    assert not np.array_equal(before, shown(view))


def test_click_and_drag_are_told_apart(view: ImageView, qtbot, monkeypatch) -> None:
    view.set_image(np.zeros((2, 2), np.uint8))
    dragged = []
    monkeypatch.setattr(view, "_drag_out", lambda: dragged.append(True))
    with qtbot.waitSignal(view.clicked):
        qtbot.mouseClick(view, LEFT, pos=QPoint(50, 45))
    QTest.mousePress(view, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(50, 45))
    with qtbot.assertNotEmitted(view.clicked):
        QTest.mouseMove(view, QPoint(80, 45))
        QTest.mouseRelease(view, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(80, 45))
    assert dragged == [True]


def test_pixel_at(view: ImageView) -> None:
    view.set_image(np.zeros((3, 3), np.uint8))
    assert view.pixel_at(view.picture_rect().center()) == (1, 1)
    assert view.pixel_at(view.picture_rect().topLeft() - QPoint(1, 0)) is None


# Grid ------------------------------------------------------------


def test_mosaic_is_row_major() -> None:
    images = np.arange(5, dtype=np.uint8)[:, None, None] * np.ones((5, 2, 2), np.uint8)
    sheet = mosaic(images)
    assert sheet.shape == (4, 6)
    assert sheet[::2, ::2].tolist() == [[0, 1, 2], [3, 4, 0]]
    assert mosaic(np.zeros((2, 3, 4, 5)), columns=1).shape == (8, 5, 3)


@pytest.fixture
def grid(qtbot) -> ImageGrid:
    grid = ImageGrid()
    qtbot.addWidget(grid)
    grid.resize(120, 120)
    grid.set_images(np.zeros((7, 4, 4), np.uint8))
    grid.show()
    grid.hovers = []
    grid.hovered.connect(grid.hovers.append)
    return grid


def test_hover_names_the_cell(grid: ImageGrid) -> None:
    for index in (0, 4, 6):
        QTest.mouseMove(grid, grid.cell_rect(index).center().toPoint())
    empty = grid.cell_rect(6).center().toPoint() + QPoint(40, 0)
    QTest.mouseMove(grid, empty)
    assert grid.hovers == [0, 4, 6, -1]


def test_a_click_and_enter_pick(qtbot, grid: ImageGrid) -> None:
    picked: list[int] = []
    grid.picked.connect(picked.append)
    qtbot.mouseClick(grid, LEFT, pos=grid.cell_rect(5).center().toPoint())
    grid.setFocus()
    grid._go(-1)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Return):
        qtbot.keyClick(grid, key)
    assert picked == [5, 4]
