"""What the forward view shows: three pictures in a row, and under each what is measured in it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from genstudio.ui import icons, theme
from genstudio.ui.panels._denoise_forward_source import SourceBar
from genstudio.ui.panels._denoise_forward_strip import LEAST_PX, MOST_PX, NoiseStrip
from genstudio.ui.panels._denoise_picture_look import pixels
from genstudio.ui.panels._denoise_settings_range import out_of_range
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.image_view import ImageView
from genstudio.ui.widgets.number_field import NumberField
from genstudio.ui.widgets.segmented import Segmented
from genstudio.ui.widgets.slider import Slider

N_PICTURES = 3
MOST_SEED = 2**31 - 1
ROOMY_PX = 520  # height from which the strip is large


class Picture(QWidget):
    """A title, an image, and two lines of numbers under it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = ElidedLabel()
        self.title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.view = ImageView()
        self.view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.lines = [theme.caption(ElidedLabel()) for _ in range(2)]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        column.addStretch(1)
        column.addWidget(self.title)
        column.addWidget(self.view, 100)
        for line in self.lines:
            line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            line.setMinimumHeight(line.fontMetrics().height())
            column.addWidget(line)
        column.addStretch(1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.view.setMaximumHeight(max(self.view.minimumSizeHint().height(), self.width()))
        super().resizeEvent(event)

    def show_x(self, x: np.ndarray | None) -> None:
        """x (C, H, W) in the model's scale; None for nothing."""
        self.view.set_image(None if x is None else pixels("x_t", x[None])[0])

    def say(self, title: str, first: str = "", second: str = "", empty: str = "") -> None:
        self.title.setText(title)
        self.view.set_name(title)
        self.view.set_empty_text(empty)
        for line, words in zip(self.lines, (first, second), strict=True):
            line.setText(words)

    def set_tips(self, title: str, first: str, second: str) -> None:
        self.title.setToolTip(title)
        for line, tip in zip(self.lines, (first, second), strict=True):
            line.setToolTip(tip)


class ForwardView(QWidget):
    """The source of the image, the pictures, and what the hand moves in either way."""

    way_chosen = Signal(str)  # "noise" or "invert"
    t_moved = Signal(int)
    seed_wanted = Signal(int)
    denoise_wanted = Signal(str)  # from which x_t: "closed" or "walk"
    invert_wanted = Signal()
    cancel_wanted = Signal()
    run_wanted = Signal()  # show the round trip as a run

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.source = SourceBar()
        self.source.wrong.connect(self.say_error)
        self.ways = Segmented([("noise", self.tr("add noise")), ("invert", self.tr("invert"))])
        self.ways.setAccessibleName(self.tr("Way to noise"))
        self.ways.setToolTip(
            self.tr(
                "Add noise: x at t in closed form and step by step. Invert: by DDIM, the noise "
                "that leads back to this very image"
            )
        )
        self.ways.changed.connect(lambda way: self.way_chosen.emit(str(way)))
        self.pictures = [Picture() for _ in range(N_PICTURES)]
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.words.setMinimumHeight(self.words.fontMetrics().height())
        self.error = theme.error(QLabel())
        self.error.setWordWrap(True)
        self.error.hide()
        self.strip = NoiseStrip()
        self.strip.scrubbed.connect(self.t_moved)
        self.slider: Slider | None = None
        self._slider_place = QVBoxLayout()
        self.seed = NumberField(integer=True, minimum=0, maximum=MOST_SEED)
        self._seed = 0  # that is shown, whatever is being typed
        self.seed.setFixedWidth(64)
        self.seed.setAccessibleName(self.tr("Seed of the noise"))
        self.seed.setToolTip(self.tr("Seed of the noise that is added, 0 to 2147483647"))
        self.seed.edited.connect(self._check_seed)
        self.seed.committed.connect(self._seed_typed)
        self.new_noise = QToolButton()
        icons.wear(self.new_noise, "dice")
        theme.role(self.new_noise, "tool")
        self.new_noise.setToolTip(self.tr("Other noise: the next seed"))
        self.new_noise.setAccessibleName(self.tr("New noise"))
        self.new_noise.clicked.connect(lambda _=False: self._next_seed())
        self.closed = self._button(
            self.tr("Denoise from here"),
            self.tr("Begin a run from the closed form's x at this t, with the sampler's settings"),
            lambda: self.denoise_wanted.emit("closed"),
        )
        theme.primary(self.closed)
        self.walk = self._button(
            self.tr("Denoise the walk"),
            self.tr("Begin a run from the step-by-step walk's x at this t"),
            lambda: self.denoise_wanted.emit("walk"),
        )
        self.invert = self._button(
            self.tr("Invert"),
            self.tr("Find the noise that this image comes from, and denoise it again"),
            self.invert_wanted.emit,
        )
        theme.primary(self.invert)
        self.cancel = self._button(
            self.tr("Cancel"), self.tr("Stop here at once (Esc)"), self.cancel_wanted.emit
        )
        self.show_run = self._button(
            self.tr("Show the way back"),
            self.tr("The round trip as a run: scrub it, fork it, edit it"),
            self.run_wanted.emit,
        )
        self.settings = theme.caption(ElidedLabel())
        self._lay_out()

    def _button(self, words: str, tip: str, call: object) -> QPushButton:
        button = QPushButton(words)
        button.setToolTip(tip)
        button.setAutoDefault(False)
        button.clicked.connect(lambda _=False: call())  # type: ignore[operator]
        return button

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(theme.GRID)
        head.addWidget(self.source, 1)
        head.addWidget(self.ways)
        row = QGridLayout()
        row.setHorizontalSpacing(2 * theme.GRID)
        for k, picture in enumerate(self.pictures):
            row.addWidget(picture, 0, k)
            row.setColumnStretch(k, 1)
        self.below = {"noise": self._noise_row(), "invert": self._invert_row()}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addLayout(head)
        column.addLayout(row, 1)
        column.addWidget(self.words)
        column.addWidget(self.error)
        column.addWidget(self.strip)
        for page in self.below.values():
            column.addWidget(page)
        self.show_way("noise")

    def _noise_row(self) -> QWidget:
        page = QWidget()
        seed = theme.quiet(QLabel(self.tr("Seed")))
        acts = QHBoxLayout()
        acts.setSpacing(theme.GRID)
        acts.addWidget(seed)
        acts.addWidget(self.seed)
        acts.addWidget(self.new_noise)
        acts.addStretch(1)
        acts.addWidget(self.walk)
        acts.addWidget(self.closed)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addLayout(self._slider_place)
        column.addLayout(acts)
        return page

    def _invert_row(self) -> QWidget:
        page = QWidget()
        acts = QHBoxLayout(page)
        acts.setContentsMargins(0, 0, 0, 0)
        acts.setSpacing(theme.GRID)
        acts.addWidget(self.settings, 1)
        for button in (self.show_run, self.cancel, self.invert):
            acts.addWidget(button)
        return page

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a low window the pictures get the room of the strip."""
        self.strip.set_side(MOST_PX if self.height() >= ROOMY_PX else LEAST_PX)
        super().resizeEvent(event)

    # Get and set -------------------------------------------------------------------------------

    def set_times(self, n_steps: int, t: int) -> None:
        """The slider runs from 0 to T = `n_steps`."""
        if self.slider is not None:
            self._slider_place.removeWidget(self.slider)
            self.slider.deleteLater()
        self.slider = Slider(
            self.tr("Noise level t"),
            0,
            n_steps,
            t,
            step=1,
            tip=self.tr("How far on the way to noise: 0 is the image, T nothing but noise"),
        )
        self.slider.value_changed.connect(lambda value: self.t_moved.emit(round(value)))
        self._slider_place.addWidget(self.slider)

    def set_t(self, t: int) -> None:
        """Show t in slider and strip; what the hand holds stays."""
        if self.slider is not None:
            self.slider.set_value(t)
        if not self.strip.held():
            self.strip.set_t(t)

    def show_way(self, way: str) -> None:
        self.ways.set_value(way)
        for key, page in self.below.items():
            page.setVisible(key == way)

    def say_error(self, sentence: str) -> None:
        self.error.setText(sentence)
        self.error.setVisible(bool(sentence))

    def set_seed(self, seed: int) -> None:
        """Show the seed of the noise; what is being typed stays."""
        if seed != self._seed or not (self.seed.hasFocus() and self.seed.isModified()):
            self._seed = seed
            self.seed.set_value(seed)
            self.seed.set_invalid(False)

    def _check_seed(self) -> bool:
        wrong = out_of_range(self.seed, self.tr("Seed"), MOST_SEED)
        self.say_error(wrong)
        return not wrong

    def _seed_typed(self) -> None:
        if self._check_seed():
            self.seed.setModified(False)
            self.seed_wanted.emit(int(self.seed.value() or 0))

    def _next_seed(self) -> None:
        self.say_error("")
        self.seed.setModified(False)
        self.seed_wanted.emit((self._seed + 1) % (MOST_SEED + 1))
