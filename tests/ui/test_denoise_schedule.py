"""The schedule's plot: its curves are the paper's, its cursor is where t is, the hand scrubs."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from denoise_stage_help import NONE, SHIFT, T, alpha_bar, drag, press, tape_of
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from genstudio.ui import theme
from genstudio.ui.panels._denoise_schedule import SchedulePlot
from genstudio.ui.panels._denoise_schedule_curves import curves
from genstudio.ui.panels._denoise_strip import Strips
from genstudio.ui.panels._denoise_strip_axis import Axis
from genstudio.ui.panels._denoise_strip_row import Row


@pytest.fixture
def plot(qtbot: QtBot) -> SchedulePlot:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, theme.Choice.DARK)
    widget = SchedulePlot()
    qtbot.addWidget(widget)
    widget.resize(700, 110)
    widget.show()
    widget.set_schedule(alpha_bar())
    return widget


def cosine() -> np.ndarray:
    f = np.cos((np.arange(T + 1) / T + 0.008) / 1.008 * np.pi / 2) ** 2
    return np.concatenate([[1.0], np.cumprod(1 - np.minimum(1 - f[1:] / f[:-1], 0.999))])


def at(plot: SchedulePlot, t: float) -> QPointF:
    return QPointF(plot.x_of(t), plot.plot_rect().center().y())


def test_the_curves_are_those_of_the_schedule() -> None:
    a = alpha_bar()
    found = curves(a)
    beta = np.linspace(1e-4, 0.02, T)
    assert np.allclose(found["beta"].values[1:], beta) and np.isnan(found["beta"].values[0])
    half = int(np.argmin(np.abs(a - 0.5)))
    assert abs(found["snr"].at(half)) < 0.1 and found["snr"].at(0) == math.inf
    assert found["snr"].at(600) == pytest.approx(10 * math.log10(a[600] / (1 - a[600])))
    assert found["alpha_bar"].at(600.5) == pytest.approx((a[600] + a[601]) / 2)
    assert found["beta"].high == 0.02 and found["alpha_bar"].high == 1.0


def test_what_lies_beyond_a_scale_is_drawn_at_its_edge() -> None:
    found = curves(cosine())
    assert found["beta"].high < 0.1 < found["beta"].at(T)  # its last leap does not flatten the rest
    assert found["beta"].share(found["beta"].at(T)) == 1.0
    assert (found["snr"].low, found["snr"].high) == (-60.0, 60.0)
    assert found["snr"].share(math.inf) == 1.0


def test_noise_is_at_the_left_and_the_values_stand_at_the_cursor(plot: SchedulePlot) -> None:
    assert plot.x_of(T) < plot.x_of(500) < plot.x_of(0)
    plot.set_t(600)
    a = alpha_bar()[600]
    assert plot.readout() == {
        "alpha_bar": f"alpha bar {a:.3g}",
        "snr": f"signal to noise −{-10 * math.log10(a / (1 - a)):.1f} dB",
        "beta": f"beta {1 - a / alpha_bar()[599]:.3g}",
    }
    assert "t = 600 of 1000" in plot.accessibleDescription()
    plot.set_t(0)
    assert plot.readout()["snr"] == "signal to noise ∞ dB"
    assert plot.readout()["beta"] == "beta none"


def test_dragging_scrubs_and_shift_drags_finely(plot: SchedulePlot) -> None:
    heard: list[float] = []
    plot.scrubbed.connect(heard.append)
    drag(plot, at(plot, 800), at(plot, 300), QPointF(-50, 60))
    assert heard[0] == pytest.approx(800, abs=1) and heard[1] == pytest.approx(300, abs=1)
    assert heard[2] == T == plot.t()
    plot.set_t(500)
    drag(plot, at(plot, 500), at(plot, 400), keys=SHIFT)
    assert plot.t() == pytest.approx(498, abs=0.1)


def test_keys_go_to_the_steps_of_the_run(plot: SchedulePlot) -> None:
    heard: list[float] = []
    plot.scrubbed.connect(heard.append)
    plot.set_times([1000, 750, 500, 250])
    plot.set_t(750)
    for key, keys in (
        (Qt.Key.Key_Right, NONE),
        (Qt.Key.Key_Left, NONE),
        (Qt.Key.Key_Right, SHIFT),
        (Qt.Key.Key_Home, NONE),
        (Qt.Key.Key_End, NONE),
    ):
        QTest.keyClick(plot, key, keys)
    assert heard == [500, 750, 250, 1000, 0]
    plot.set_times([])
    QTest.keyClick(plot, Qt.Key.Key_Left)
    assert plot.t() == 10


def test_a_click_on_a_name_and_a_letter_choose_a_curve(plot: SchedulePlot) -> None:
    heard: list[object] = []
    plot.curve_changed.connect(heard.append)
    plot.scrubbed.connect(heard.append)
    before = plot.grab().toImage()
    press(plot, plot.name_rect("snr").center())
    assert heard == ["snr"] and plot.grab().toImage() != before
    QTest.keyClick(plot, Qt.Key.Key_B)
    QTest.keyClick(plot, Qt.Key.Key_A)
    assert heard == ["snr", "beta", "alpha_bar"] and plot.grab().toImage() == before
    with pytest.raises(ValueError, match="no curve"):
        plot.set_curve("gamma")


def test_its_cursor_stands_under_that_of_the_strips(plot: SchedulePlot, qtbot: QtBot) -> None:
    strips = Strips()
    qtbot.addWidget(strips)
    strips.resize(700, 120)
    strips.show()
    tape = tape_of(20)
    strips.set_rows([Row("a", "run", tape)])
    plot.set_times(tape.scalars("t"))
    for by in ("t", "step"):
        strips.set_axis(by, T)
        plot.set_axis(strips.axis())
        for k in (0, 7, 19):
            t = tape.frame(k).scalars["t"]
            assert plot.x_of(t) == pytest.approx(strips.x_of("a", k))
            assert plot.t_of(plot.x_of(t)) == pytest.approx(t)


def test_moving_the_cursor_leaves_the_curves_as_they_were_drawn(plot: SchedulePlot) -> None:
    plot.grab()
    layer = plot._layer
    for t in (100, 350, 900):
        plot.set_t(t)
        plot.grab()
    assert plot._layer is layer
    plot.set_axis(Axis("t", T, 40, 660))
    plot.grab()
    assert plot._layer is not layer


def test_the_curve_of_alpha_bar_rises_to_the_right_on_the_screen(plot: SchedulePlot) -> None:
    plot.set_t(0)
    image, rect = plot.grab().toImage(), plot.plot_rect()
    text = theme.colour("text")
    heights = []
    for t in (900, 600, 300, 100):
        x = round(plot.x_of(t))
        column = [
            y
            for y in range(int(rect.top()), int(rect.bottom()) - 1)
            if abs(image.pixelColor(x, y).lightness() - text.lightness()) < 40
        ]
        heights.append(np.mean(column))
    assert all(later < earlier for earlier, later in pairwise(heights))
    for t, y in zip((900, 600, 300, 100), heights, strict=True):
        wanted = rect.bottom() - 1 - alpha_bar()[t] * (rect.height() - 2)
        assert y == pytest.approx(wanted, abs=2)


def test_without_a_schedule_nothing_happens(plot: SchedulePlot) -> None:
    plot.set_schedule(None)
    press(plot, QPointF(100, 60))
    QTest.keyClick(plot, Qt.Key.Key_Home)
    plot.grab()
    assert plot.readout() == {} and plot.t() is None


def test_without_a_step_there_is_no_cursor(plot: SchedulePlot) -> None:
    plot.set_t(500)
    with_cursor = plot.grab().toImage()
    plot.set_t(None)
    assert plot.t() is None
    assert set(plot.readout().values()) == {"alpha bar", "signal to noise", "beta"}
    assert "no step" in plot.accessibleDescription()
    accent, x = theme.colour("accent"), round(plot.x_of(500))
    y = round(plot.plot_rect().top()) + 2
    assert with_cursor.pixelColor(x, y) == accent != plot.grab().toImage().pixelColor(x, y)
    QTest.keyClick(plot, Qt.Key.Key_Right)  # from the noise on
    assert plot.t() == T - T / 100
