"""The map under real mouse, wheel and key events; what is asserted is what is shown."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QImage,
    QMouseEvent,
    QNativeGestureEvent,
    QPointingDevice,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from genstudio.ui import theme
from genstudio.ui.widgets._latent_layers import Picture, SheetStack, sheet_image
from genstudio.ui.widgets.latent_plane import (
    POINT_PX,
    Extent,
    LatentPlane,
    Mark,
    Outline,
    Pin,
    PointCard,
    View,
    small_image,
)

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def plane(qtbot: QtBot) -> LatentPlane:
    widget = LatentPlane()
    widget.animation_ms = 0
    widget.set_axes(
        ("z1", "z2"), lambda low, high, n: [Mark(v, str(v)) for v in (-2, 0, 2) if low < v < high]
    )
    widget.resize(700, 640)
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def at(plane: LatentPlane, x: float, y: float) -> QPoint:
    return plane.to_widget(x, y).toPoint()


def map_of(plane: LatentPlane, point: QPoint) -> tuple[float, float]:
    return plane.to_map(QPointF(point))


def sheet(plane: LatentPlane, value: int | None = None, seed: int = 0, margin: int = 1):
    """A mosaic for the cells in view: noise, or one grey."""
    asked = plane.request(margin)
    shape = (len(asked.ys) * 28, len(asked.xs) * 28)
    if value is not None:
        return np.full(shape, value, np.uint8), asked.extent
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8), asked.extent


def shown(plane: LatentPlane) -> QImage:
    return plane.grab().toImage()


def grey(image: QImage, point: QPoint) -> int:
    return QColor(image.pixel(point)).red()


def wheel(plane: LatentPlane, point: QPoint, notches: float) -> None:
    event = QWheelEvent(
        QPointF(point),
        QPointF(plane.mapToGlobal(point)),
        QPoint(),
        QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton,
        NONE,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(plane, event)


def move(
    plane: LatentPlane,
    point: QPoint,
    modifiers: Qt.KeyboardModifier,
    buttons: Qt.MouseButton = Qt.MouseButton.NoButton,
) -> None:
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(point),
        QPointF(plane.mapToGlobal(point)),
        Qt.MouseButton.NoButton,
        buttons,
        modifiers,
    )
    QApplication.sendEvent(plane, event)


# Moving and looking ------------------------------------------------------------------------------


def test_hover_peeks_at_the_point_under_the_pointer_and_leaving_tells(
    plane: LatentPlane, qtbot: QtBot
) -> None:
    point = at(plane, 1.0, -0.5)
    with qtbot.waitSignal(plane.peek) as heard:
        QTest.mouseMove(plane, point)
    assert heard.args == pytest.approx(list(map_of(plane, point)))
    with qtbot.waitSignal(plane.left):
        QTest.mouseMove(plane, QPoint(3, 3))


def test_shift_makes_the_hover_fine(plane: LatentPlane) -> None:
    heard: list[tuple[float, float]] = []
    plane.peek.connect(lambda x, y: heard.append((x, y)))
    start = at(plane, 0.0, 0.0)
    QTest.mouseMove(plane, start)
    move(plane, start + QPoint(100, 0), SHIFT)
    unit = plane.frame().unit
    assert heard[-1][0] - heard[0][0] == pytest.approx(100 * unit / 50, rel=1e-3)


def test_wheel_zooms_at_the_pointer(plane: LatentPlane) -> None:
    point = at(plane, 1.5, 1.0)
    before, span = map_of(plane, point), plane.view().span
    wheel(plane, point, 3)
    assert plane.view().span == pytest.approx(span / 1.25**3)
    assert map_of(plane, point) == pytest.approx(before, abs=2 * plane.frame().unit)
    wheel(plane, point, -3)
    assert plane.view().span == pytest.approx(span)


def test_a_smooth_zoom_passes_through_views_between(plane: LatentPlane, qtbot: QtBot) -> None:
    plane.animation_ms = 120
    spans: list[float] = []
    plane.view_changed.connect(lambda: spans.append(plane.view().span))
    wheel(plane, at(plane, 0.5, 0.5), 2)
    assert plane.wanted_view().span == pytest.approx(6 / 1.25**2), "asked for at once"
    qtbot.waitUntil(lambda: plane.view() == plane.wanted_view())
    assert spans == sorted(spans, reverse=True)
    assert len(spans) > 2


def test_keys_zoom_and_bring_home(plane: LatentPlane) -> None:
    QTest.keyClick(plane, Qt.Key.Key_Plus)
    assert plane.view().span == pytest.approx(6 / 1.25)
    QTest.keyClick(plane, Qt.Key.Key_Minus)
    QTest.keyClick(plane, Qt.Key.Key_Minus)
    assert plane.view().span == pytest.approx(6 * 1.25)
    QTest.keyClick(plane, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert plane.view() == plane.home()
    QTest.keyClick(plane, Qt.Key.Key_Plus)
    QTest.keyClick(plane, Qt.Key.Key_Home)
    assert plane.view() == plane.home()


def test_dragging_the_ground_moves_it_with_the_hand(plane: LatentPlane, qtbot: QtBot) -> None:
    clicks: list[object] = []
    plane.clicked.connect(lambda *place: clicks.append(place))
    start = at(plane, 0.0, 0.0)
    grabbed = map_of(plane, start)
    QTest.mousePress(plane, LEFT, NONE, start)
    for step in range(1, 6):
        QTest.mouseMove(plane, start + QPoint(20 * step, 10 * step))
    end = start + QPoint(100, 50)
    assert map_of(plane, end) == pytest.approx(grabbed, abs=2 * plane.frame().unit)
    QTest.mouseRelease(plane, LEFT, NONE, end)
    assert not clicks, "a drag is no click"


def test_a_click_tells_where(plane: LatentPlane, qtbot: QtBot) -> None:
    point = at(plane, -1.0, 2.0)
    with qtbot.waitSignal(plane.clicked) as heard:
        QTest.mouseClick(plane, LEFT, NONE, point)
    assert heard.args == pytest.approx(list(map_of(plane, point)))


def test_a_click_beside_the_picture_does_nothing(plane: LatentPlane) -> None:
    clicks: list[tuple[float, float]] = []
    plane.clicked.connect(lambda *place: clicks.append(place))
    area = plane.picture_rect()
    beside = QPoint(int(area.left()) - 3, int(area.center().y()))
    QTest.mouseClick(plane, LEFT, NONE, beside)
    assert clicks == []
    inside = beside + QPoint(6, 0)
    QTest.mouseClick(plane, LEFT, NONE, inside)
    assert clicks == [pytest.approx(map_of(plane, inside))]


# Pins --------------------------------------------------------------------------------------------


def test_a_pin_is_dragged_and_dropped(plane: LatentPlane, qtbot: QtBot) -> None:
    plane.set_pins([Pin(0.0, 0.0, "1"), Pin(1.0, 1.0, "2")])
    moved: list[tuple[int, float, float]] = []
    plane.pin_moved.connect(lambda *place: moved.append(place))
    start = at(plane, 1.0, 1.0)
    view = plane.view()
    QTest.mousePress(plane, LEFT, NONE, start)
    QTest.mouseMove(plane, start + QPoint(30, 0))
    with qtbot.waitSignal(plane.pin_dropped) as dropped:
        QTest.mouseRelease(plane, LEFT, NONE, start + QPoint(30, 0))
    number, x0, y0, x, y = dropped.args
    assert (number, x0, y0) == (1, 1.0, 1.0)
    assert x == pytest.approx(1.0 + 30 * plane.frame().unit)
    assert y == pytest.approx(1.0)
    assert moved[-1] == pytest.approx((1, x, y))
    assert plane.view() == view, "the ground stays"


@pytest.mark.parametrize("joins", [True, False])
def test_a_pin_let_go_on_another_joins_them_where_that_is_wanted(
    plane: LatentPlane, qtbot: QtBot, joins: bool
) -> None:
    plane.joins_pins = joins
    plane.set_pins([Pin(0.0, 0.0, "1"), Pin(1.0, 1.0, "2")])
    wanted, other = plane.pin_joined, plane.pin_dropped
    if not joins:
        wanted, other = other, wanted
    start, end = at(plane, 1.0, 1.0), at(plane, 0.0, 0.0) + QPoint(2, 1)
    QTest.mousePress(plane, LEFT, NONE, start)
    QTest.mouseMove(plane, end)
    with qtbot.assertNotEmitted(other), qtbot.waitSignal(wanted) as heard:
        QTest.mouseRelease(plane, LEFT, NONE, end)
    place = (plane.pins()[1].x, plane.pins()[1].y)
    if joins:
        assert heard.args == [1, 0]
        assert place == (1.0, 1.0), "it goes back"
    else:
        assert place == pytest.approx((0.0, 0.0), abs=3 * plane.frame().unit)


def test_a_click_on_one_of_two_close_pins_chooses_it_and_joins_nothing(
    plane: LatentPlane, qtbot: QtBot
) -> None:
    plane.joins_pins = True
    near = Pin(2 * plane.frame().unit, 0.0, "2")
    plane.set_pins([Pin(0.0, 0.0, "1"), near])
    removed: list[int] = []
    plane.pin_removed.connect(removed.append)
    quiet = [qtbot.assertNotEmitted(signal) for signal in (plane.pin_joined, plane.pin_dropped)]
    with quiet[0], quiet[1], qtbot.waitSignal(plane.pin_chosen) as heard:
        QTest.mouseClick(plane, LEFT, NONE, at(plane, 0.0, 0.0))
    assert heard.args == [0]
    assert [(pin.x, pin.y) for pin in plane.pins()] == [(0.0, 0.0), (near.x, near.y)]
    QTest.keyClick(plane, Qt.Key.Key_Delete)
    assert removed == [0], "the keys mean the pin that was clicked"


def test_shift_drags_a_pin_finely(plane: LatentPlane) -> None:
    plane.set_pins([Pin(0.0, 0.0)])
    start = at(plane, 0.0, 0.0)
    QTest.mousePress(plane, LEFT, NONE, start)
    move(plane, start + QPoint(100, 0), SHIFT, LEFT)
    QTest.mouseRelease(plane, LEFT, SHIFT, start + QPoint(100, 0))
    assert plane.pins()[0].x == pytest.approx(2 * plane.frame().unit, rel=1e-3)


def test_escape_puts_a_dragged_pin_back(plane: LatentPlane, qtbot: QtBot) -> None:
    plane.set_pins([Pin(0.5, 0.5)])
    start = at(plane, 0.5, 0.5)
    QTest.mousePress(plane, LEFT, NONE, start)
    QTest.mouseMove(plane, start + QPoint(60, 60))
    QTest.keyClick(plane, Qt.Key.Key_Escape)
    assert (plane.pins()[0].x, plane.pins()[0].y) == (0.5, 0.5)
    with qtbot.assertNotEmitted(plane.pin_dropped):
        QTest.mouseRelease(plane, LEFT, NONE, start)


def test_arrows_step_the_active_pin_and_shift_ten_times_as_far(
    plane: LatentPlane, qtbot: QtBot
) -> None:
    plane.set_pins([Pin(0.0, 0.0)], 0)
    with qtbot.waitSignal(plane.pin_stepped) as heard:
        QTest.keyClick(plane, Qt.Key.Key_Right)
    assert heard.args == pytest.approx([0, 0.0, 0.0, plane.step(), 0.0])
    QTest.keyClick(plane, Qt.Key.Key_Up, SHIFT)
    assert plane.pins()[0].y == pytest.approx(10 * plane.step())


def test_delete_and_page_keys_work_on_pins(plane: LatentPlane, qtbot: QtBot) -> None:
    plane.set_pins([Pin(0.0, 0.0), Pin(1.0, 0.0)], 0)
    with qtbot.waitSignal(plane.pin_chosen) as chosen:
        QTest.keyClick(plane, Qt.Key.Key_PageDown)
    assert chosen.args == [1]
    with qtbot.waitSignal(plane.pin_removed) as removed:
        QTest.keyClick(plane, Qt.Key.Key_Delete)
    assert removed.args == [1]


def test_the_keyboard_probes_pins_and_lets_go(plane: LatentPlane, qtbot: QtBot) -> None:
    plane.set_probe(0.0, 0.0, "Probe at z1 0, z2 0")
    assert plane.accessibleDescription() == "Probe at z1 0, z2 0"
    with qtbot.waitSignal(plane.peek) as heard:
        QTest.keyClick(plane, Qt.Key.Key_Left)
    assert heard.args == pytest.approx([-plane.step(), 0.0])
    with qtbot.waitSignal(plane.clicked) as pinned:
        QTest.keyClick(plane, Qt.Key.Key_Return)
    assert pinned.args == pytest.approx([-plane.step(), 0.0])
    QTest.keyClick(plane, Qt.Key.Key_Left)
    with qtbot.waitSignal(plane.left):
        QTest.keyClick(plane, Qt.Key.Key_Escape)


def test_a_bounded_map_keeps_the_keyboard_inside(plane: LatentPlane, qtbot: QtBot) -> None:
    plane.set_home(View(0.5, 0.5, 1.0), (0.0, 1.0))
    plane.set_view(plane.home())
    plane.set_pins([Pin(0.999, 0.5)], 0)
    QTest.keyClick(plane, Qt.Key.Key_Right, SHIFT)
    assert 0.99 < plane.pins()[0].x < 1.0


# Points ------------------------------------------------------------------------------------------


def test_the_nearest_point_under_the_pointer_is_told(plane: LatentPlane, qtbot: QtBot) -> None:
    plane.set_cloud(np.array([[0.0, 0.0], [1.0, 1.0], [1.02, 1.0]], np.float32))
    heard: list[int] = []
    plane.point_hovered.connect(heard.append)
    QTest.mouseMove(plane, at(plane, 1.0, 1.0))
    qtbot.waitUntil(lambda: heard == [1])
    QTest.mouseMove(plane, at(plane, -2.0, -2.0))
    qtbot.waitUntil(lambda: heard == [1, -1])
    plane.set_layer_shown("points", False)
    QTest.mouseMove(plane, at(plane, 1.0, 1.0))
    qtbot.waitUntil(lambda: plane._resting is None)
    assert heard == [1, -1], "hidden points do not answer"


def test_a_points_card_shows_its_image(plane: LatentPlane) -> None:
    plane.put_sheet(*sheet(plane, 0), "a", 1)
    before = shown(plane)
    image = small_image(np.ones((28, 28), np.float32))
    plane.set_card(PointCard(0.0, 0.0, "7 · test 12", image, QColor("red")))
    after = shown(plane)
    assert before != after
    centre = at(plane, 0.0, 0.0)
    assert QColor(after.pixel(centre)).red() > 200
    plane.set_card(None)
    assert shown(plane) == before, "nothing of it is left"


# Pictures ----------------------------------------------------------------------------------------


def test_a_settled_sheet_is_shown_pixel_by_pixel(plane: LatentPlane) -> None:
    mosaic, extent = sheet(plane)
    plane.put_sheet(mosaic, extent, "a", 1)
    area = plane.picture_rect()
    x, y, _, _ = plane.frame().rect_px(extent)
    image = shown(plane)
    rng = np.random.default_rng(1)
    for _ in range(300):
        px = int(rng.integers(2, area.width() - 2))
        py = int(rng.integers(2, area.height() - 2))
        told = grey(image, QPoint(int(area.x()) + px, int(area.y()) + py))
        assert told == mosaic[py - round(y), px - round(x)]


def test_a_sheet_stays_under_a_zoom_until_a_newer_one_has_come(plane: LatentPlane) -> None:
    plane.put_sheet(*sheet(plane, 200), "a", 1)
    wheel(plane, at(plane, 0.3, 0.3), 4)
    image = shown(plane)
    assert grey(image, at(plane, 0.5, 0.5)) == 200, "stretched, not gone"
    plane.put_sheet(*sheet(plane, 90), "a", 2)
    assert grey(shown(plane), at(plane, 0.5, 0.5)) == 90
    plane.reset_view()
    assert grey(shown(plane), at(plane, 2.5, 2.5)) == 200, "the first one shows around it"


def test_an_older_request_never_covers_a_newer_one(plane: LatentPlane) -> None:
    mosaic, extent = sheet(plane, 10)
    assert plane.put_sheet(mosaic, extent, "a", 5)
    assert not plane.put_sheet(np.full_like(mosaic, 99), extent, "a", 4)
    assert grey(shown(plane), at(plane, 1.0, 1.0)) == 10
    points = np.full((8, 8, 4), 255, np.uint8)
    assert plane.put_points(points, extent, 9)
    assert not plane.put_points(points // 2, extent, 8)


def test_another_models_sheet_replaces_all_of_the_first(plane: LatentPlane) -> None:
    plane.put_sheet(*sheet(plane, 200), "a", 1)
    wheel(plane, at(plane, 0.3, 0.3), 4)
    plane.put_sheet(*sheet(plane, 90), ("b", 7), 2)
    assert plane.sheet_tag() == ("b", 7)
    plane.reset_view()
    assert grey(shown(plane), at(plane, 2.5, 2.5)) != 200, "nothing of model a is left"


def test_what_is_sharp_never_turns_coarse(plane: LatentPlane) -> None:
    mosaic, extent = sheet(plane, 200)
    plane.put_sheet(mosaic, extent, "a", 1)
    coarse = np.full((8 * 28, 8 * 28), 50, np.uint8)
    assert not plane.put_sheet(coarse, extent, "a", 2, whole=False)
    assert grey(shown(plane), at(plane, 1.0, 1.0)) == 200
    plane.clear_pictures()
    assert plane.put_sheet(coarse, extent, "a", 3, whole=False), "but coarse is better than nothing"
    assert grey(shown(plane), at(plane, 1.0, 1.0)) == 50


def test_a_sheet_far_away_is_averaged_over_area(plane: LatentPlane) -> None:
    mosaic, extent = sheet(plane, 0)
    mosaic[::2, ::2] = 255
    mosaic[1::2, 1::2] = 255
    plane.put_sheet(mosaic, extent, "a", 1)
    plane.set_view(plane.home().zoomed(8.0, 0.0, 0.0))
    image = shown(plane)
    values = [grey(image, at(plane, 0.1 * k, 0.1 * k)) for k in range(-20, 21, 4)]
    assert max(values) - min(values) < 12, "no moire"
    assert abs(np.mean(values) - 127) < 12


def test_panning_leaves_no_hole_where_something_was_known(plane: LatentPlane) -> None:
    plane.put_sheet(*sheet(plane, 60), "a", 1)
    plane.set_view(View(2.0, 0.0, 6.0))
    plane.put_sheet(*sheet(plane, 61), "a", 2)
    plane.set_view(View(0.0, 0.0, 6.0))
    image = shown(plane)
    assert grey(image, at(plane, -2.5, 0.0)) == 60
    assert grey(image, at(plane, 2.0, 0.0)) == 61


def test_points_are_stretched_while_new_ones_are_on_their_way(plane: LatentPlane) -> None:
    plane.put_sheet(*sheet(plane, 0), "a", 1)
    extent = plane.frame().extent
    picture = np.zeros((100, 100, 4), np.uint8)
    picture[:, 50:] = (255, 0, 0, 255)
    plane.put_points(picture, extent, 1)
    wheel(plane, at(plane, 0.0, 0.0), 2)
    image = shown(plane)
    assert QColor(image.pixel(at(plane, 1.0, 1.0))).red() == 255
    assert QColor(image.pixel(at(plane, -1.0, 1.0))).red() == 0
    plane.set_layer_shown("points", False)
    assert QColor(shown(plane).pixel(at(plane, 1.0, 1.0))).red() == 0


def test_outlines_pins_and_dots_are_drawn_on_their_places(plane: LatentPlane) -> None:
    plane.put_sheet(*sheet(plane, 0), "a", 1)
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], 1)
    plane.set_outlines("prior", [Outline(ring, "accent", 3.0)])
    plane.set_dots([(-2.0, -2.0)])
    plane.set_pins([Pin(2.0, 2.0)])
    image = shown(plane)
    assert QColor(image.pixel(at(plane, 1.0, 0.0))).blue() > 100
    assert grey(image, at(plane, -2.0, -2.0)) > 200
    assert QColor(image.pixel(at(plane, 2.0, 2.0))) == theme.colour("accent")
    plane.set_outlines("prior", [])
    assert grey(shown(plane), at(plane, 1.0, 0.0)) == 0


def test_the_stack_keeps_few_sheets_and_drops_hidden_ones() -> None:
    stack = SheetStack()
    image = sheet_image(np.zeros((28, 28), np.uint8))
    for k in range(20):
        width = 2.0**-k
        stack.put(Picture(image, Extent(0, 0, width, width)), "a", k)
    assert len(stack.pictures) <= 4
    stack.put(Picture(image, Extent(-1, -1, 2, 2)), "a", 99)
    assert len(stack.pictures) == 1


def test_views_and_sizes_ask_for_new_pictures(plane: LatentPlane, qtbot: QtBot) -> None:
    with qtbot.waitSignal(plane.view_wanted):
        wheel(plane, at(plane, 0.0, 0.0), 1)
    with qtbot.waitSignal(plane.view_wanted):
        plane.resize(600, 600)
    with qtbot.waitSignal(plane.view_wanted):
        QTest.keyClick(plane, Qt.Key.Key_Home)


def test_the_menu_key_asks_for_a_menu_at_the_probe(plane: LatentPlane, qtbot: QtBot) -> None:
    plane.set_probe(0.5, 0.5)
    with qtbot.waitSignal(plane.menu_wanted) as heard:
        QApplication.sendEvent(
            plane, QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(), QPoint())
        )
    assert heard.args[1:] == pytest.approx([0.5, 0.5])


def test_a_pinch_zooms(plane: LatentPlane) -> None:
    point = QPointF(at(plane, 0.0, 0.0))
    event = QNativeGestureEvent(
        Qt.NativeGestureType.ZoomNativeGesture,
        QPointingDevice.primaryPointingDevice(),
        2,
        point,
        point,
        QPointF(plane.mapToGlobal(point)),
        0.5,
        QPointF(),
    )
    QApplication.sendEvent(plane, event)
    assert plane.view().span == pytest.approx(6 / 1.5)


def test_the_point_under_the_pointer_is_the_nearest_of_all(plane: LatentPlane) -> None:
    """The strip that is searched must hold what a search through all points finds."""
    rng = np.random.default_rng(0)
    cloud = rng.uniform(-3, 3, (5_000, 2)).astype(np.float32)
    plane.set_cloud(cloud)
    plane.set_layer_shown("points", True)
    reach = POINT_PX * plane.frame().unit
    found = 0
    for x, y in rng.uniform(-3, 3, (300, 2)):
        distance = np.hypot(*(cloud - (x, y)).T)
        nearest = int(distance.argmin())
        expected = nearest if distance[nearest] <= reach else -1
        assert plane.point_at(x, y) == expected
        found += expected >= 0
    assert 20 < found < 300
