"""Curves of a training: parts of the loss for training and test, read at the pointer."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QIcon,
    QImage,
    QPainter,
    QPen,
    QPixmap,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from genstudio.ui import icons, theme
from genstudio.ui.widgets._curves_plot import Plot
from genstudio.ui.widgets._series import Series, thin
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.pill import Pill
from genstudio.ui.widgets.track import Track

REDRAW_MS = 66  # at most 15 pictures a second, however fast points come
_OUTLIERS = 98.0  # percentile that the first view reaches up to
_SMOOTH_ENOUGH = 0.5
_CALM = 6.0  # heights of the picture
_HUES = (1, 4, 6, 2, 3, 8, 7, 5)  # class colours for the parts after the first


@dataclass(eq=False)
class _Curve:
    run: str  # "" is the run in front
    part: str
    split: str
    series: Series = field(default_factory=Series)
    line: pg.PlotCurveItem | None = None
    faint: pg.PlotCurveItem | None = None  # the raw values behind the smoothed


class Curves(QWidget):
    """Named parts, each a solid line for "train" and a dashed one for "test".

    Points may come at any rate: they are drawn at most 15 times a second, thinned to the picture's
    columns. The wheel zooms, dragging pans, Fit shows all again; arrows lead the crosshair.
    """

    parts_changed = Signal(object)  # set of the parts shown
    hovered = Signal(object)  # x at the crosshair, or None

    def __init__(
        self, x_label: str = "step", y_label: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._x_label = x_label
        self._y_label = y_label
        self._units: dict[str, str] = {}
        self._curves: dict[tuple[str, str, str], _Curve] = {}
        self._marks: list[tuple[float, str]] = []
        self._hidden: set[str] = set()  # parts and runs that the user switched off
        self._smoothing = 0.0
        self._log = False
        self._follow = True
        self._setting_range = False
        self._at: float | None = None
        self._pills: dict[str, Pill] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REDRAW_MS)
        self._timer.timeout.connect(self._redraw)
        self._plot = Plot(self)
        self._plot.setAccessibleName(self.tr("Curves; the values stand in the line above"))
        self._plot.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._read = ElidedLabel(self)
        self._read.setFont(theme.figure_font(12))
        self._build_bar()
        self._plot.pointed.connect(self._point)
        self._plot.view_changed.connect(self._view_changed)
        self._plot.taken.connect(self._taken)
        theme.notifier().changed.connect(self._dress)
        self.set_labels(x_label, y_label)

    # Data ------------------------------------------------------------

    def append(self, part: str, split: str, x: float, y: float) -> None:
        """One more point of a part, at the end."""
        self.extend(part, split, np.array([x]), np.array([y]))

    def extend(self, part: str, split: str, xs: np.ndarray, ys: np.ndarray) -> None:
        """More points (N,) of a part, at the end."""
        self._curve("", part, split).series.extend(xs, ys)
        self._schedule()

    def set_data(self, part: str, split: str, xs: np.ndarray, ys: np.ndarray) -> None:
        """All points of a part anew."""
        curve = self._curve("", part, split)
        curve.series = Series()
        curve.series.extend(xs, ys)
        self._schedule()

    def data(self, part: str, split: str, run: str = "") -> tuple[np.ndarray, np.ndarray]:
        """x and y of a part, read only views; empty where there is none."""
        curve = self._curves.get((run, part, split))
        if curve is None:
            return np.empty(0), np.empty(0)
        return curve.series.x, curve.series.y

    def overlay(
        self, run: str, data: Mapping[tuple[str, str], tuple[np.ndarray, np.ndarray]]
    ) -> None:
        """Lay an earlier run over: {(part, split): (xs, ys)}."""
        self.remove_overlay(run)
        for (part, split), (xs, ys) in data.items():
            self._curve(run, part, split).series.extend(xs, ys)
        self._schedule()

    def remove_overlay(self, run: str) -> None:
        for key in [key for key in self._curves if run and key[0] == run]:
            self._drop(key)
        self._remove_pill(run)
        self._schedule()

    def overlays(self) -> list[str]:
        return list(dict.fromkeys(run for run, _part, _split in self._curves if run))

    def mark(self, x: float, text: str) -> None:
        """Mark where something was changed while the training ran."""
        self._marks.append((x, text))
        self._plot.set_marks(self._marks)

    def marks(self) -> list[tuple[float, str]]:
        return list(self._marks)

    def clear(self) -> None:
        """Take the run in front and its marks away; what is laid over stays."""
        for key in [key for key in self._curves if not key[0]]:
            self._drop(key)
        for part in [name for name in self._pills if name not in self.overlays()]:
            if part not in self.parts():
                self._remove_pill(part)
        self._marks.clear()
        self._plot.set_marks([])
        self._follow = True
        self._point(None)
        self._schedule()

    # Get and set ------------------------------------------------------------

    def parts(self) -> list[str]:
        """Names of the parts there are, in the order in which they came."""
        return list(dict.fromkeys(part for _run, part, _split in self._curves))

    def shown_parts(self) -> set[str]:
        return {part for part in self.parts() if part not in self._hidden}

    def set_shown_parts(self, parts: set[str]) -> None:
        """Show these parts only."""
        for part in self.parts():
            self._pills[part].setChecked(part in parts)

    def set_labels(self, x: str, y: str) -> None:
        """Words at the axes, with units: "step", "nats per image"."""
        self._x_label, self._y_label = x, y
        self._plot.set_labels(x, y)

    def set_unit(self, part: str, unit: str) -> None:
        """The unit that stands behind a part's numbers."""
        self._units[part] = unit

    def log(self) -> bool:
        return self._log

    def set_log(self, log: bool) -> None:
        """A logarithmic axis for y; values that are not positive are left out."""
        self._log_pill.setChecked(log)

    def smoothing(self) -> float:
        return self._smoothing

    def set_smoothing(self, weight: float) -> None:
        """Weight of the exponential moving average, 0 (raw) to 0.99; raw values stay, faint."""
        self._track.setValue(round(100 * weight))

    def following(self) -> bool:
        """Whether the view follows the data; panning or zooming ends it."""
        return self._follow

    def fit(self) -> None:
        """Show all the data and follow it."""
        self._follow = True
        self._redraw()

    def reading(self) -> str:
        """The values at the crosshair, or the last ones, in words."""
        return self._read.text()

    # Export ------------------------------------------------------------

    def csv(self) -> str:
        """Every point as a line: run, part, split, x, value; raw, whatever is shown."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["run", "part", "split", self._x_label, "value"])
        for curve in self._curves.values():
            head = (curve.run, curve.part, curve.split)
            for x, y in zip(curve.series.x.tolist(), curve.series.y.tolist(), strict=True):
                writer.writerow([*head, f"{x:g}" if not x.is_integer() else int(x), repr(y)])
        return text.getvalue()

    def save_csv(self, path: str | Path) -> None:
        """Write the points. Raises: OSError."""
        Path(path).write_text(self.csv(), encoding="utf-8")

    def picture(self, scale: float = 2.0) -> QImage:
        """The plot as it stands, `scale` pixels per pixel."""
        self._redraw()
        image = QImage(self._plot.size() * scale, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(scale)
        image.fill(theme.colour("pane"))
        painter = QPainter(image)
        self._plot.render(painter, QRectF(0, 0, self._plot.width(), self._plot.height()))
        painter.end()
        return image

    def save_png(self, path: str | Path) -> bool:
        """Write the picture; False when it could not be written."""
        return self.picture().save(str(path), "PNG")

    # Bar ------------------------------------------------------------

    def _build_bar(self) -> None:
        self._pill_row = QHBoxLayout()
        self._pill_row.setSpacing(theme.GRID // 2)
        self._log_pill = Pill(self.tr("Log"), self, tip=self.tr("Logarithmic axis"))
        self._log_pill.toggled.connect(self._set_log)
        words = theme.caption(QLabel(self.tr("Smoothing"), self))
        self._track = Track(self)
        self._track.setRange(0, 99)
        self._track.setFixedWidth(96)
        self._track.setAccessibleName(self.tr("Smoothing"))
        self._track.setToolTip(
            self.tr("Weight of the moving average, 0 to 0.99; double click switches it off")
        )
        self._track.valueChanged.connect(self._set_smoothing)
        self._track.reset_wanted.connect(lambda: self._track.setValue(0))
        self._fit = self._tool("fit", self.tr("Show all the data and follow it"), self.fit)
        self._more = self._tool("more", self.tr("Copy or save the curves"), self._show_menu)
        bar = QHBoxLayout()
        bar.setSpacing(theme.GRID)
        bar.addLayout(self._pill_row)
        bar.addStretch(1)
        for widget in (words, self._track, self._log_pill, self._fit, self._more):
            bar.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        column.addLayout(bar)
        column.addWidget(self._read)
        column.addWidget(self._plot, 1)

    def _tool(self, icon: str, tip: str, run: object) -> QToolButton:
        button = QToolButton(self)
        icons.wear(button, icon, "quiet")
        button.setIconSize(QSize(16, 16))
        button.setFixedSize(26, 24)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.clicked.connect(lambda _checked=False: run())  # type: ignore[operator]
        return button

    def menu(self) -> QMenu:
        """Copy and save."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        clipboard = QGuiApplication.clipboard()
        menu.addAction(self.tr("Copy as CSV"), lambda: clipboard.setText(self.csv()))
        menu.addAction(self.tr("Copy picture"), lambda: clipboard.setImage(self.picture()))
        menu.addSeparator()
        menu.addAction(self.tr("Save as CSV…"), self._ask_csv)
        menu.addAction(self.tr("Save as PNG…"), self._ask_png)
        return menu

    def _show_menu(self) -> None:
        self.menu().popup(self._more.mapToGlobal(self._more.rect().bottomLeft()))

    def _ask_csv(self) -> None:
        title, kind = self.tr("Save curves"), self.tr("CSV (*.csv)")
        path, _ = QFileDialog.getSaveFileName(self, title, "curves.csv", kind)
        if path:
            self.save_csv(path)

    def _ask_png(self) -> None:
        title, kind = self.tr("Save picture"), self.tr("PNG (*.png)")
        path, _ = QFileDialog.getSaveFileName(self, title, "curves.png", kind)
        if path:
            self.save_png(path)

    def _add_pill(self, name: str, tip: str) -> None:
        if name not in self._pills:
            pill = Pill(name, self, on=True, tip=tip)
            pill.toggled.connect(lambda on, name=name: self._show_named(name, on))
            self._pills[name] = pill
            self._pill_row.addWidget(pill)
            self._colour_pills()

    def _remove_pill(self, name: str) -> None:
        pill = self._pills.pop(name, None)
        self._hidden.discard(name)
        if pill is not None:
            self._pill_row.removeWidget(pill)
            pill.hide()
            pill.deleteLater()

    def _colour_pills(self) -> None:
        overlays = self.overlays()
        for name, pill in self._pills.items():
            picture = QPixmap(28, 20)
            picture.setDevicePixelRatio(2)
            picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(picture)
            colour = self._colour(name if name in overlays else "", name)
            painter.setPen(QPen(colour, 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLine(2, 5, 12, 5)
            painter.end()
            pill.setIcon(QIcon(picture))

    def _show_named(self, name: str, on: bool) -> None:
        (self._hidden.discard if on else self._hidden.add)(name)
        self._redraw()
        self.parts_changed.emit(self.shown_parts())

    def _set_log(self, log: bool) -> None:
        self._log = log
        self._plot.set_log(log)
        self._follow = True
        self._redraw()

    def _set_smoothing(self, percent: int) -> None:
        self._smoothing = percent / 100
        self._schedule()

    # Drawing ------------------------------------------------------------

    def _colour(self, run: str, part: str) -> QColor:
        if run:
            runs = self.overlays()
            return theme.class_colour(_HUES[(runs.index(run) + 3) % len(_HUES)])
        parts = self.parts()
        index = parts.index(part) if part in parts else 0
        return theme.colour("accent") if index == 0 else theme.class_colour(_HUES[(index - 1) % 8])

    def _curve(self, run: str, part: str, split: str) -> _Curve:
        key = (run, part, split)
        if key not in self._curves:
            curve = self._curves[key] = _Curve(run, part, split)
            curve.faint, curve.line = pg.PlotCurveItem(), pg.PlotCurveItem()
            for z, item in ((1, curve.faint), (5 if run else 10, curve.line)):
                item.setZValue(z)
                item.setSegmentedLineMode("on")
                self._plot.addItem(item, ignoreBounds=True)
            self._add_pill(part, self.tr("Show or hide {0}").format(part))
            if run:
                self._add_pill(run, self.tr("Show or hide the earlier run {0}").format(run))
            self._pen(curve)
        return self._curves[key]

    def _drop(self, key: tuple[str, str, str]) -> None:
        curve = self._curves.pop(key)
        for item in (curve.line, curve.faint):
            if item is not None:
                self._plot.removeItem(item)

    def _pen(self, curve: _Curve, *, calm: bool = True) -> None:
        colour = self._colour(curve.run, curve.part)
        dash = Qt.PenStyle.DashLine if curve.split == "test" else Qt.PenStyle.SolidLine
        width = 1.8 if calm and not curve.run else 1
        faint = QColor(colour)
        faint.setAlphaF(0.28)
        if curve.line is not None and curve.faint is not None:
            curve.line.setPen(pg.mkPen(colour, width=width, style=dash))
            curve.faint.setPen(pg.mkPen(faint, width=1))

    def _schedule(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._schedule()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._schedule()

    def _view_changed(self) -> None:
        if not self._setting_range:
            self._schedule()

    def _taken(self) -> None:
        self._follow = False
        self._schedule()

    def _visible(self) -> list[_Curve]:
        hidden = self._hidden
        curves = self._curves.values()
        return [c for c in curves if c.part not in hidden and c.run not in hidden]

    def _redraw(self) -> None:
        self._timer.stop()
        visible = self._visible()
        if self._follow:
            self._set_range(visible)
        low, high = self._plot.x_range()
        columns = max(64, self._plot.width() // 2)
        for curve in self._curves.values():
            self._draw(curve, curve in visible, low, high, columns)
        self._reread()

    def _draw(self, curve: _Curve, on: bool, low: float, high: float, columns: int) -> None:
        line, faint, series = curve.line, curve.faint, curve.series
        if line is None or faint is None:
            return
        on = on and len(series) > 0
        smooth = on and self._weight(curve) > 0
        line.setVisible(on)
        faint.setVisible(smooth)
        if on:
            weight = self._weight(curve)
            mean = weight >= _SMOOTH_ENOUGH
            x, y = thin(series.x, series.smoothed(weight), low, high, columns, mean=mean)
            y = self._scaled(y)
            line.setData(x, y, connect="finite", antialias=True)
            self._pen(curve, calm=self._calm(y))
        if smooth:
            x, y = thin(series.x, series.y, low, high, columns)
            faint.setData(x, self._scaled(y), connect="finite", antialias=False)

    def _weight(self, curve: _Curve) -> float:
        """The smoothing of a curve: tests are few and far between, an average would only lag."""
        return self._smoothing if curve.split == "train" else 0.0

    def _calm(self, y: np.ndarray) -> bool:
        """Whether a line goes up and down little enough to be drawn broad (broad zigzags take Qt
        a hundred times as long as thin ones)."""
        low, high = self._plot.y_range()
        travel = float(np.nansum(np.abs(np.diff(y)))) if len(y) > 1 else 0.0
        return travel < _CALM * max(high - low, 1e-12)

    def _scaled(self, y: np.ndarray) -> np.ndarray:
        """y in the coordinates of the view; what cannot be drawn is NaN."""
        y = np.where(np.isfinite(y), y, np.nan)
        if not self._log:
            return y
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(y > 0, np.log10(np.where(y > 0, y, 1.0)), np.nan)

    def _set_range(self, visible: list[_Curve]) -> None:
        """All of x; of y all but the first outliers, which would press the rest flat."""
        xs = [c.series.x for c in visible if len(c.series)]
        if not xs:
            return
        lows, highs = [], []
        for curve in visible:
            y = self._scaled(curve.series.smoothed(self._weight(curve)))
            y = y[np.isfinite(y)]
            if len(y):
                lows.append(float(y.min()))
                highs.append(float(y.max()) if self._log else top_of(y))
        x = (min(float(each[0]) for each in xs), max(float(each[-1]) for each in xs))
        y_range = (min(lows), max(highs)) if lows else (0.0, 1.0)
        if x[0] == x[1]:
            x = (x[0] - 0.5, x[1] + 0.5)
        if y_range[0] == y_range[1]:
            y_range = (y_range[0] - 0.5, y_range[1] + 0.5)
        self._setting_range = True
        self._plot.show_range(x, y_range)
        self._setting_range = False

    # Reading ------------------------------------------------------------

    def _point(self, x: float | None) -> None:
        self._at = x
        self._reread()
        self.hovered.emit(x)

    def _reread(self) -> None:
        words, dots = [], []
        where: float | None = None
        for curve in self._visible():
            series = curve.series
            if not len(series):
                continue
            index = len(series) - 1 if self._at is None else nearest(series.x, self._at)
            x = float(series.x[index])
            y = float(series.smoothed(self._weight(curve))[index])
            if where is None or abs(x - (self._at or x)) < abs(where - (self._at or where)):
                where = x
            unit = self._units.get(curve.part, "")
            name = " ".join(part for part in (curve.run, curve.part, curve.split) if part)
            words.append(f"{name} {y:.5g} {unit}".strip())
            height = float(self._scaled(np.array([y]))[0])
            if self._at is not None and np.isfinite(height):
                dots.append((x, height, self._colour(curve.run, curve.part)))
        head = f"{self._x_label} {where:,.0f}   " if where is not None else ""
        self._read.setText(head + "   ".join(words))
        self._plot.point_at(where if self._at is not None else None, dots)

    def _dress(self) -> None:
        self._plot.dress()
        self._plot.set_marks(self._marks)
        for curve in self._curves.values():
            self._pen(curve)
        self._colour_pills()


def top_of(y: np.ndarray) -> float:
    """The height that the first view reaches: above all but the greatest values (a loss begins far
    above where it ends); all of a curve of a few points."""
    if len(y) < 10:
        return float(y.max())
    few = y[:: max(1, len(y) // 4000)]
    return float(np.percentile(few, _OUTLIERS if len(y) >= 50 else 90.0))


def nearest(xs: np.ndarray, x: float) -> int:
    """Index of the value of rising xs (N,) that is nearest to x."""
    index = int(np.searchsorted(xs, x))
    if index == 0:
        return 0
    if index == len(xs):
        return len(xs) - 1
    return index if xs[index] - x < x - xs[index - 1] else index - 1
