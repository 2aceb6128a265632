"""The curves: numbers kept, smoothing that is right, reading at the pointer, cheap growth."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from genstudio.ui import theme
from genstudio.ui.widgets._series import Ema, Series, nearest, thin
from genstudio.ui.widgets.curves import Curves


def slow_ema(ys: np.ndarray, weight: float) -> np.ndarray:
    """The definition, one value after the other."""
    mean, bias, result = 0.0, 1.0, []
    for y in ys:
        if np.isfinite(y):
            mean = weight * mean + (1 - weight) * y
            bias *= weight
        result.append(mean / (1 - bias) if bias < 1 else np.nan)
    return np.array(result)


@pytest.mark.parametrize("weight", [0.3, 0.9, 0.99])
def test_smoothing_is_the_moving_average_however_the_points_come(weight: float) -> None:
    ys = np.random.default_rng(0).normal(size=1000)
    ys[[0, 5, 300, 301]] = np.nan
    ema = Ema(weight)
    for chunk in np.split(ys, [1, 7, 400, 401]):
        ema.extend(chunk)
    np.testing.assert_allclose(ema.values, slow_ema(ys, weight), rtol=1e-9)


def test_a_series_grows_and_changes_its_smoothing() -> None:
    series = Series()
    ys = np.random.default_rng(1).normal(size=700)
    for k in range(700):
        series.extend(np.array([k]), ys[k : k + 1])
    assert np.array_equal(series.y, ys)
    np.testing.assert_allclose(series.smoothed(0.5), slow_ema(ys, 0.5), rtol=1e-9)
    np.testing.assert_allclose(series.smoothed(0.9), slow_ema(ys, 0.9), rtol=1e-9)
    with pytest.raises(ValueError, match="as many x as y"):
        series.extend(np.zeros(2), np.zeros(3))


def test_thinning_keeps_every_peak() -> None:
    xs = np.arange(100_000.0)
    ys = np.zeros(100_000)
    ys[77_777], ys[33_333] = 5.0, -3.0
    x, y = thin(xs, ys, 0, 100_000, 400)
    assert len(x) < 1_000
    assert (y.max(), y.min()) == (5.0, -3.0)
    assert abs(x[y.argmax()] - 77_777) <= 100_000 / 400
    x, y = thin(xs, ys, 500.5, 520.5, 400)
    assert (x[0], x[-1]) == (500, 521)
    x, y = thin(xs, xs, 0, 100_000, 400, mean=True)
    assert y[0] == xs[:250].mean()


def test_nearest() -> None:
    xs = np.array([0.0, 10.0, 20.0])
    assert [nearest(xs, x) for x in (-5, 4, 6, 16, 99)] == [0, 0, 1, 2, 2]


@pytest.fixture
def curves(qtbot) -> Curves:
    curves = Curves("step", "nats per image")
    qtbot.addWidget(curves)
    curves.resize(640, 360)
    curves.show()
    xs = np.arange(0, 101)
    curves.extend("loss", "train", xs, 200.0 - xs)
    curves.extend("loss", "test", xs[::50], 210.0 - xs[::50])
    curves.extend("kl", "train", xs, 0.1 * xs)
    curves.set_unit("loss", "nats")
    curves.fit()
    return curves


def point_at(curves: Curves, x: float) -> QPoint:
    """A place on the plot's screen above step x."""
    box = curves._plot.item.getViewBox()
    middle = sum(curves._plot.y_range()) / 2
    return curves._plot.mapFromScene(box.mapViewToScene(QPointF(x, middle)))


def test_the_pointer_reads_the_values(curves: Curves) -> None:
    assert curves.reading().startswith("step 100   loss train 100 nats   kl train 10")
    assert curves.reading().endswith("loss test 110 nats")
    QTest.mouseMove(curves._plot.viewport(), point_at(curves, 40))
    assert "step 40" in curves.reading()
    assert "loss train 160 nats" in curves.reading()
    assert "loss test 160 nats" in curves.reading()  # the test before last, at step 50
    assert "kl train 4" in curves.reading()
    assert curves._plot._line.isVisible()


def test_every_value_stands_with_its_step(curves: Curves) -> None:
    curves.append("loss", "train", 120.0, 90.0)
    curves.fit()
    assert curves.reading().splitlines() == [
        "step 120   loss train 90 nats",
        "step 100   kl train 10   loss test 110 nats",
    ]
    curves.resize(1, 300)
    QTest.qWait(0)
    read = curves._read
    assert read.height() >= read.heightForWidth(read.width())  # nothing is cut off


def test_only_tests_that_are_few_are_marked(curves: Curves) -> None:
    curves.set_data("loss", "test", np.array([0.0, 50.0, 100.0]), np.array([9.0, np.nan, 7.0]))
    curves.fit()
    line = curves._curves["", "loss", "test"]
    assert line.dots.isVisible()
    x, y = line.dots.getData()
    assert (list(x), list(y)) == ([0.0, 100.0], [9.0, 7.0])
    assert not len(curves._curves["", "loss", "train"].dots.getData()[0])
    curves.set_shown_parts({"kl"})
    assert not line.dots.isVisible()
    curves.set_shown_parts({"loss"})
    many = np.arange(1000.0)
    curves.set_data("loss", "test", many, many)
    curves.fit()
    assert not len(line.dots.getData()[0])


def test_the_crosshair_goes_by_key(qtbot, curves: Curves) -> None:
    curves._plot.setFocus()
    qtbot.keyClick(curves._plot, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    step = int(curves.reading().split()[1])
    assert 90 <= step < 100


def test_parts_can_be_hidden(qtbot, curves: Curves) -> None:
    with qtbot.waitSignal(curves.parts_changed) as changed:
        qtbot.mouseClick(curves.bar.pills["kl"], Qt.MouseButton.LeftButton)
    assert changed.args == [{"loss"}]
    assert "kl" not in curves.reading()
    assert curves._plot.y_range()[0] > 90
    curves.set_shown_parts({"kl"})
    assert curves.shown_parts() == {"kl"}


def ink(curves: Curves, name: str) -> int:
    """How many pixels of the plot have a colour of the theme."""
    image = curves.picture(1.0).convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    pixels = rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)
    colour = theme.colour(name)
    wanted = np.array([colour.red(), colour.green(), colour.blue()])
    return int((np.abs(pixels - wanted).max(axis=2) < 24).sum())


def test_the_curve_is_drawn_in_the_accent_colour_of_the_scheme(qapp, curves: Curves) -> None:
    theme.apply(qapp, "light")
    assert ink(curves, "accent") > 100
    theme.apply(qapp, "dark")
    drawn = ink(curves, "accent")
    ground = curves.picture(1.0).pixelColor(300, 2).name().upper()
    theme.apply(qapp, "light")
    assert drawn > 100
    assert ground == theme.DARK.pane


def test_log_scale(curves: Curves) -> None:
    curves.append("kl", "train", 101, -1.0)
    curves.set_log(True)
    low, high = curves._plot.y_range()
    assert high == pytest.approx(np.log10(210), abs=0.15)
    assert low < np.log10(0.2)
    assert "kl train -1" in curves.reading()
    curves.set_log(False)
    assert curves._plot.y_range()[1] > 150


def test_smoothing_leaves_numbers_and_tests_alone(curves: Curves) -> None:
    before = curves.csv()
    curves.set_smoothing(0.9)
    curves.fit()
    assert "loss train 100 nats" not in curves.reading()
    assert "loss test 110 nats" in curves.reading()
    assert curves.csv() == before


def test_a_view_taken_by_the_hand_stays(qtbot, curves: Curves) -> None:
    curves._plot.item.getViewBox().sigRangeChangedManually.emit([True, True])
    assert not curves.following()
    before = curves._plot.x_range()
    curves.append("loss", "train", 500, 90.0)
    curves._redraw()
    assert curves._plot.x_range() == before
    qtbot.mouseClick(curves.bar.fit, Qt.MouseButton.LeftButton)
    assert curves.following()
    assert curves._plot.x_range()[1] >= 500


def test_many_points_are_drawn_few_times_and_thinned(qtbot, curves: Curves, monkeypatch) -> None:
    drawn = []
    redraw = curves._redraw
    monkeypatch.setattr(curves, "_redraw", lambda: drawn.append(redraw()))
    curves._timer.timeout.disconnect()
    curves._timer.timeout.connect(lambda: curves._redraw())
    for k in range(3000):
        curves.append("loss", "train", 101 + k, 100.0)
    assert drawn == []
    qtbot.waitUntil(lambda: len(drawn) == 1)
    curves.extend("loss", "train", np.arange(4000, 104_000), np.ones(100_000))
    qtbot.waitUntil(lambda: len(drawn) == 2)
    shown = curves._curves["", "loss", "train"].line.getData()[0]
    assert len(shown) < 4 * curves.width()
    assert len(curves.data("loss", "train")[0]) == 103_101


def test_nothing_is_drawn_while_hidden(qtbot, curves: Curves) -> None:
    curves.fit()
    curves.hide()
    curves.append("loss", "train", 200, 1.0)
    assert not curves._timer.isActive()
    curves.show()
    qtbot.waitUntil(lambda: curves._plot.x_range()[1] >= 200)


def test_earlier_runs_are_laid_over_and_taken_away(curves: Curves) -> None:
    xs = np.arange(50)
    curves.overlay("beta 4", {("loss", "train"): (xs, xs + 300.0)})
    curves.fit()
    assert curves.overlays() == ["beta 4"]
    assert "beta 4 loss train 349" in curves.reading()
    curves.clear()
    assert curves.overlays() == ["beta 4"]
    curves.remove_overlay("beta 4")
    assert curves.overlays() == []
    curves.fit()
    assert curves.reading() == ""


def test_csv_and_png_and_marks(curves: Curves, tmp_path) -> None:
    curves.mark(30, "lr 1e-4")
    assert curves.marks() == [(30, "lr 1e-4")]
    curves.export.save_csv(tmp_path / "x.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "x.csv").read_text(encoding="utf-8"))))
    assert len(rows) == 101 + 3 + 101
    assert rows[0] == {"run": "", "part": "loss", "split": "train", "step": "0", "value": "200.0"}
    curves.export.save_png(tmp_path / "x.png")
    assert QImage(str(tmp_path / "x.png")).width() == 2 * curves._plot.width()
    curves.clear()
    assert curves.marks() == []


@pytest.mark.parametrize("kind", ["csv", "png"])
def test_a_place_that_cannot_be_written_is_told(
    curves: Curves, tmp_path, monkeypatch, kind: str
) -> None:
    path = str(tmp_path / "missing" / f"x.{kind}")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (path, ""))
    told: list[str] = []
    curves.failed.connect(told.append)
    getattr(curves.export, f"ask_{kind}")()
    assert len(told) == 1
    assert path in told[0]


@pytest.fixture
def led(qtbot) -> Curves:
    curves = Curves("step", "nats", bar=False)
    qtbot.addWidget(curves)
    return curves  # held to the end: the plot is painted once more after the test


def test_without_a_bar_a_plot_is_led_from_outside(led: Curves) -> None:
    curves = led
    xs = np.arange(50)
    curves.set_data("kl", "train", xs, xs * 2.0)
    curves.resize(400, 200)
    curves.show()
    curves.show_at(12.0)
    assert curves.reading().startswith("step 12 ")
    assert not curves.bar.isVisible()
    curves.show_named("kl", False)
    assert curves.shown_parts() == set()
    curves.show_named("never there", True)
