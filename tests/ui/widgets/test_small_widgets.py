"""Legend, number table, pills, segments, switch, slider, banner, empty state, elided label."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from genstudio.latent.points import stamps
from genstudio.ui import theme
from genstudio.ui.widgets.banner import Banner, EmptyState
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.legend import ROW_PX, Legend
from genstudio.ui.widgets.number_table import NumberTable
from genstudio.ui.widgets.pill import Pill
from genstudio.ui.widgets.segmented import Segmented
from genstudio.ui.widgets.slider import Slider
from genstudio.ui.widgets.switch import Switch

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


# Legend ------------------------------------------------------------


@pytest.fixture
def legend(qtbot) -> Legend:
    legend = Legend(stamps("shape"))
    qtbot.addWidget(legend)
    legend.set_classes([str(k) for k in range(10)])
    legend.resize(legend.sizeHint())
    legend.show()
    legend.told = []
    legend.filter_changed.connect(legend.told.append)
    return legend


def row(legend: Legend, index: int) -> QPoint:
    return legend.row_rect(index).center().toPoint()


def test_a_click_hides_a_class_and_shows_it_again(qtbot, legend: Legend) -> None:
    place = QPoint(12, row(legend, 3).y())
    filled = legend.grab().toImage().pixelColor(place)
    qtbot.mouseClick(legend, LEFT, pos=row(legend, 3))
    assert legend.told == [set(range(10)) - {3}]
    assert filled == theme.class_colour(3)
    assert legend.grab().toImage().pixelColor(place) != filled
    QTest.mousePress(legend, LEFT, NONE, row(legend, 3), 1000)
    assert legend.told[-1] == set(range(10))


def test_a_double_click_shows_one_alone_and_again_all(legend: Legend) -> None:
    QTest.mouseDClick(legend, LEFT, NONE, row(legend, 4))
    assert legend.shown() == {4}
    QTest.mouseDClick(legend, LEFT, NONE, row(legend, 4))
    assert legend.shown() == set(range(10))


def test_the_legend_by_key(qtbot, legend: Legend) -> None:
    legend.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Space):
        qtbot.keyClick(legend, key)
    assert legend.shown() == set(range(10)) - {1}
    qtbot.keyClick(legend, Qt.Key.Key_Return)
    assert legend.shown() == {1}
    qtbot.keyClick(legend, Qt.Key.Key_N)
    assert legend.shown() == set()
    assert "none" in legend.accessibleDescription()
    qtbot.keyClick(legend, Qt.Key.Key_A)
    assert legend.shown() == set(range(10))


def ink(legend: Legend, index: int) -> np.ndarray:
    """Where the mark of a class has its full colour, bool (ROW_PX, 24)."""
    picture = legend.grab().toImage()
    top, colour = round(legend.row_rect(index).top()), theme.class_colour(index)
    return np.array(
        [[picture.pixelColor(x, top + y) == colour for x in range(24)] for y in range(ROW_PX)]
    )


def test_classes_differ_by_shape_as_well_as_colour(legend: Legend) -> None:
    shapes = [ink(legend, k) for k in range(10)]
    for k, shape in enumerate(shapes):
        assert 0 < shape.any(0).sum() <= 13
        for other in shapes[k + 1 :]:
            assert not np.array_equal(shape, other)


def test_the_legend_has_the_marks_it_is_given(legend: Legend) -> None:
    legend.set_stamp(stamps("disc"))
    assert np.array_equal(ink(legend, 0), ink(legend, 5))
    legend.set_stamp(stamps("digit"))
    assert not np.array_equal(ink(legend, 0), ink(legend, 5))


def test_hover_in_the_legend(legend: Legend) -> None:
    rows: list[int] = []
    legend.hovered.connect(rows.append)
    QTest.mouseMove(legend, row(legend, 2))
    QTest.mouseMove(legend, row(legend, 7))
    assert rows == [2, 7]


# Number table ------------------------------------------------------------


def test_number_table(qtbot) -> None:
    table = NumberTable()
    qtbot.addWidget(table)
    table.set_rows([("z1", "-0.84"), ("log p(z)", "-2.31", "nats")])
    table.show()
    assert table.rows() == [("z1", "-0.84"), ("log p(z)", "-2.31 nats")]
    kept = table._rows["z1"][1]
    table.set_rows([("z1", "0.10"), ("log p(z)", "-2.5", "nats")])
    assert table._rows["z1"][1] is kept
    assert kept.alignment() & Qt.AlignmentFlag.AlignRight
    table.set_value("judge", "3", "(0.98)")
    assert table.value("judge") == "3 (0.98)"
    table.activateWindow()
    qtbot.waitUntil(table.isActiveWindow)
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    text = QGuiApplication.clipboard().text()
    assert text == "z1\t0.10\nlog p(z)\t-2.5 nats\njudge\t3 (0.98)"
    table.set_alarm("judge", True)
    assert kept.mapTo(table, QPoint()).x() < table.width()
    table.clear()
    assert table.rows() == []


# Pills, segments, switch ----------------------------------------------------


def test_a_pill_is_filled_while_on(qapp, qtbot) -> None:
    theme.apply(qapp, "dark")
    pill = Pill("Sheet")
    qtbot.addWidget(pill)
    pill.show()

    def ground() -> str:
        return pill.grab().toImage().pixelColor(10, pill.height() // 2).name().upper()

    off = ground()
    QTest.mouseClick(pill, LEFT)
    QTest.mouseMove(pill, QPoint(-5, -5))
    on = ground()
    theme.apply(qapp, "light")
    assert (off, on) == (theme.DARK.field, theme.DARK.selected)


def test_segments(qtbot) -> None:
    segments = Segmented([("a", "one"), ("b", "two"), ("c", "three")])
    qtbot.addWidget(segments)
    segments.show()
    told: list[object] = []
    segments.changed.connect(told.append)
    qtbot.mouseClick(segments, LEFT, pos=segments.segment_rect(2).center().toPoint())
    segments.set_value("a")
    assert (told, segments.value()) == (["c"], "a")
    segments.set_option_enabled("b", False)
    segments.setFocus()
    qtbot.keyClick(segments, Qt.Key.Key_Right)
    assert told == ["c", "c"]
    qtbot.mouseClick(segments, LEFT, pos=segments.segment_rect(1).center().toPoint())
    assert segments.value() == "c"
    assert "three" in segments.accessibleDescription()


def test_the_switch_slides_to_its_side(qtbot) -> None:
    switch = Switch()
    qtbot.addWidget(switch)
    switch.show()
    qtbot.mouseClick(switch, LEFT)
    assert switch.isChecked()
    qtbot.waitUntil(lambda: switch.property("place") == 1.0)
    switch.hide()
    switch.setChecked(False)
    assert switch.property("place") == 0.0


# Slider ------------------------------------------------------------


@pytest.fixture
def slider(qtbot) -> Slider:
    slider = Slider("Learning rate", 1e-5, 1e-1, 1e-3, log=True)
    qtbot.addWidget(slider)
    slider.resize(240, 48)
    slider.show()
    slider.told = []
    slider.committed.connect(slider.told.append)
    return slider


def test_a_logarithmic_slider_goes_by_decades(slider: Slider) -> None:
    track = slider._track
    middle = QPoint(track.width() // 2, track.height() // 2)
    assert track.knob().x() == pytest.approx(middle.x(), abs=1)
    QTest.mousePress(track, LEFT, NONE, middle)
    QTest.mouseMove(track, QPoint(round(10 + track._length() * 0.75), middle.y()))
    assert slider.told == []
    slider.set_value(1e-5)
    assert slider.value() == pytest.approx(1e-2, rel=0.06)
    QTest.mouseRelease(track, LEFT, NONE, middle)
    assert slider.told == [slider.value()]


def test_the_number_can_be_typed(qtbot, slider: Slider) -> None:
    field = slider._number
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "0.02")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert (slider.value(), slider.told) == (0.02, [0.02])
    field.selectAll()
    qtbot.keyClicks(field, "7")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert slider.value() == 0.1
    assert field.text() == "0.1"


def test_a_double_click_resets(slider: Slider) -> None:
    slider.set_value(0.05)
    QTest.mouseDClick(slider._track, LEFT, NONE, QPoint(30, 12))
    assert slider.value() == slider.default() == 1e-3


def test_arrows_step_the_slider_and_tell_once(qtbot) -> None:
    slider = Slider("Beta", 0, 10, 1, step=0.1)
    qtbot.addWidget(slider)
    slider.show()
    told: list[float] = []
    slider.committed.connect(told.append)
    slider._track.setFocus()
    for _ in range(3):
        qtbot.keyClick(slider._track, Qt.Key.Key_Right)
    assert slider.value() == pytest.approx(1.3)
    qtbot.waitUntil(lambda: told == [slider.value()])


# Banner and empty state ------------------------------------------------------------


def test_a_banner_says_copies_and_goes_with_escape(qtbot) -> None:
    banner = Banner()
    qtbot.addWidget(banner)
    assert banner.isHidden()
    banner.show_error("The disk is full. Free 200 MB.", "Traceback: no space")
    assert banner.isVisible()
    assert banner.text() == "The disk is full. Free 200 MB."
    qtbot.mouseClick(banner._copy, LEFT)
    text = QGuiApplication.clipboard().text()
    assert text == "The disk is full. Free 200 MB.\n\nTraceback: no space"
    with qtbot.waitSignal(banner.dismissed):
        qtbot.keyClick(banner, Qt.Key.Key_Escape)
    assert banner.isHidden()
    banner.show_message("info", "The last session ended early.", action="Restore")
    assert not banner._copy.isVisible()
    with qtbot.waitSignal(banner.acted):
        qtbot.mouseClick(banner._action, LEFT)


def test_an_empty_state_has_one_sentence_and_one_button(qtbot) -> None:
    empty = EmptyState("No training yet.", "Train on MNIST", "curves")
    qtbot.addWidget(empty)
    empty.show()
    with qtbot.waitSignal(empty.pressed):
        qtbot.mouseClick(empty._button, LEFT)
    empty.set_button("")
    assert not empty._button.isVisible()
    assert empty.accessibleName() == "No training yet."


def test_an_elided_label_gives_the_whole_text_as_tooltip(qtbot) -> None:
    label = ElidedLabel(text="training of vae-mnist-2d, 48 snapshots")
    qtbot.addWidget(label)
    label.resize(80, 20)
    label.show()
    label.grab()
    assert label.shown().endswith("…")
    assert label.toolTip() == label.text()
    label.resize(600, 20)
    label.grab()
    assert (label.shown(), label.toolTip()) == (label.text(), "")


@pytest.mark.parametrize("width", [400, 700, 1200])
def test_an_empty_state_shows_the_whole_of_a_long_sentence(qtbot, width: int) -> None:
    sentence = "This model makes points in the plane and has no images. " * 3
    empty = EmptyState(sentence.strip(), "Show vae-mnist-2d", "curves")
    qtbot.addWidget(empty)
    empty.resize(width, 300)
    empty.show()
    words = empty._words
    assert words.height() >= words.heightForWidth(words.width())
    assert words.height() > 2 * words.fontMetrics().height()
    assert abs(words.geometry().center().x() - empty.rect().center().x()) <= 1
