"""The transport bar scrubs an ordered record of frames: steps, snapshots, layers, positions."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QToolButton, QWidget

from genstudio.ui import icons, theme
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.track import Track

SPEEDS = (1, 2, 4, 8, 15, 30, 60)  # frames a second
_DEFAULT_SPEED = 8
MIN_TRACK_PX = 96  # shorter than this a hand cannot scrub
LOOP_PX = 40  # the loop's button and its gap; it gives way first, its key stays
ENDS_PX = 80  # the same of the buttons to both ends, which give way next
MIN_CAPTION_PX = 88  # in less room the caption says nothing and leaves it to the slider


class Transport(QWidget):
    """First, back, play, forward, last, slider, speed, and the words for the frame shown.

    Space plays or pauses, arrows step (Shift: ten), Home and End go to the ends, L plays on from
    the first frame at the end. While the hand holds the slider nothing else moves it: `set_index`
    is dropped, `set_count` waits.
    """

    moved = Signal(int)  # the user or playing went to this frame; not emitted by set_index
    played = Signal(bool)  # playing began or ended

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._count = 0
        self._index = 0
        self._waiting_count: int | None = None
        self._loop = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Transport bar"))
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        self._first = self._button(
            "first", self.tr("Go to the first frame (Home)"), lambda: self._go(0)
        )
        self._back = self._button(
            "back", self.tr("One frame back (Left; with Shift ten)"), lambda: self._step(-1)
        )
        self._play = self._button("play", self.tr("Play or pause (Space)"), self.toggle)
        self._forward = self._button(
            "forward", self.tr("One frame forward (Right; with Shift ten)"), lambda: self._step(1)
        )
        self._last = self._button(
            "last", self.tr("Go to the last frame (End)"), lambda: self._go(self._count - 1)
        )
        self._loop_button = self._button(
            "loop", self.tr("Play on from the first frame at the end (L)"), self._show_loop
        )
        self._loop_button.setCheckable(True)
        self._track = Track(self)
        self._track.setMinimumWidth(MIN_TRACK_PX)
        self._track.setAccessibleName(self.tr("Frame"))
        self._track.setToolTip(
            self.tr("Drag to scrub through the frames. Shift drags finely, arrows step.")
        )
        self._track.valueChanged.connect(self._track_moved)
        self._track.sliderPressed.connect(self.pause)
        self._track.sliderReleased.connect(self._let_go)
        self._speed = self._speed_box()
        self._label = ElidedLabel(self)
        self._label.setFont(theme.figure_font())
        self._caption = ElidedLabel(self)
        theme.caption(self._caption)
        self._caption.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._arrange()
        self._refresh()

    # Get and set ------------------------------------------------------------

    def count(self) -> int:
        return self._count

    def set_count(self, count: int) -> None:
        """The record holds `count` frames. The frame shown stays, or becomes the last."""
        if self._track.held():
            self._waiting_count = count
            return
        if count != self._count:
            self._count = max(0, count)
            self._index = min(self._index, max(0, self._count - 1))
            if self._count < 2:
                self.pause()
            self._refresh()

    def index(self) -> int:
        return self._index

    def set_index(self, index: int) -> None:
        """Show frame `index`. Nothing happens while the hand holds the slider."""
        if not self._track.held() and index != self._index:
            self._index = min(max(index, 0), max(0, self._count - 1))
            self._refresh()

    def label(self) -> str:
        return self._label.text()

    def set_label(self, text: str) -> None:
        """The words for the frame shown, such as "step 18,760 of 18,760"."""
        self._label.setText(text)
        self._share_room()

    def caption(self) -> str:
        return self._caption.text()

    def set_caption(self, text: str) -> None:
        """What the record is, at the right: "training of vae-mnist-2d, 48 snapshots"."""
        self._caption.setText(text)
        self._share_room()

    def speed(self) -> int:
        """Frames a second."""
        return int(self._speed.currentData())

    def set_speed(self, frames_per_second: int) -> None:
        self._speed.setCurrentIndex(
            min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - frames_per_second))
        )

    def set_loop(self, loop: bool) -> None:
        """Whether playing begins again at the end; otherwise it stops there."""
        self._loop = loop
        self._loop_button.setChecked(loop)

    def loop(self) -> bool:
        return self._loop

    def playing(self) -> bool:
        return self._timer.isActive()

    def held(self) -> bool:
        """Whether the hand holds the slider."""
        return self._track.held()

    # Playing ------------------------------------------------------------

    def play(self) -> None:
        if self.playing() or self._count < 2:
            return
        if self._index >= self._count - 1:
            self._go(0)
        self._timer.start(round(1000 / self.speed()))
        self._show_playing()
        self.played.emit(True)

    def pause(self) -> None:
        if self.playing():
            self._timer.stop()
            self._show_playing()
            self.played.emit(False)

    def toggle(self) -> None:
        self.pause() if self.playing() else self.play()

    # Keyboard ------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        many = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        actions = {
            Qt.Key.Key_Space: self.toggle,
            Qt.Key.Key_Left: lambda: self._step(-many),
            Qt.Key.Key_Right: lambda: self._step(many),
            Qt.Key.Key_Home: lambda: self._go(0),
            Qt.Key.Key_End: lambda: self._go(self._count - 1),
            Qt.Key.Key_L: lambda: self.set_loop(not self._loop),
        }
        action = actions.get(Qt.Key(event.key()))
        if action is None:
            super().keyPressEvent(event)
        else:
            action()

    # Private ------------------------------------------------------------

    def _button(self, icon: str, tip: str, action: Callable[[], None]) -> QToolButton:
        button = QToolButton(self)
        theme.role(button, "tool")
        icons.wear(button, icon)
        button.setIconSize(QSize(16, 16))
        button.setFixedSize(32, 28)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda _checked=False: action())
        return button

    def _show_loop(self) -> None:
        self._loop = self._loop_button.isChecked()

    def _speed_box(self) -> QComboBox:
        box = QComboBox(self)
        for speed in SPEEDS:
            box.addItem(self.tr("{0} per s").format(speed), speed)
        box.setCurrentIndex(SPEEDS.index(_DEFAULT_SPEED))
        box.setToolTip(self.tr("Speed of playing, 1 to 60 frames a second"))
        box.setAccessibleName(self.tr("Speed of playing in frames a second"))
        box.currentIndexChanged.connect(
            lambda _i: self._timer.setInterval(round(1000 / self.speed()))
        )
        return box

    def _arrange(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 16, 8)
        row.setSpacing(theme.GRID)
        for button in (self._first, self._back, self._play, self._forward, self._last):
            row.addWidget(button)
        row.addWidget(self._loop_button)
        row.addSpacing(theme.GRID)
        row.addWidget(self._track, 1)
        row.addSpacing(theme.GRID)
        row.addWidget(self._label)
        row.addSpacing(theme.GRID)
        row.addWidget(self._caption)
        row.addWidget(self._speed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_room()

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        spare = 0 if self._loop_button.isHidden() else LOOP_PX
        spare += 0 if self._first.isHidden() else ENDS_PX
        return QSize(hint.width() - spare, hint.height())

    def _share_room(self) -> None:
        """Where there is no room, the loop's button gives way, then those to the ends, and the
        caption where it would say nothing or squeeze the slider.
        """
        row = self.layout()
        cut = self._label.sizeHint().width() - self._label.minimumSizeHint().width()
        least = self.minimumSizeHint().width() + cut
        for end in (self._first, self._last):
            end.setHidden(self.width() < least + ENDS_PX)
        self._loop_button.setHidden(self.width() < least + ENDS_PX + LOOP_PX)
        taken = row.minimumSize().width() + cut  # the label is cut last
        if not self._caption.isHidden():
            taken -= self._caption.minimumSizeHint().width() + row.spacing()
        wanted = min(MIN_CAPTION_PX, self._caption.sizeHint().width())
        room = self.width() - taken - row.spacing()
        self._caption.setHidden(room < wanted)
        self._caption.setMaximumWidth(max(0, room))
        self.setToolTip(self._caption.text() if self._caption.isHidden() else "")

    def _go(self, index: int) -> None:
        index = min(max(index, 0), max(0, self._count - 1))
        if index != self._index and not self._track.held():
            self._index = index
            self._refresh()
            self.moved.emit(index)

    def _step(self, frames: int) -> None:
        self.pause()
        self._go(self._index + frames)

    def _tick(self) -> None:
        if self._index + 1 < self._count:
            self._go(self._index + 1)
        elif self._loop:
            self._go(0)
        if not self._loop and self._index >= self._count - 1:
            self.pause()

    def _track_moved(self, value: int) -> None:
        if value != self._index:
            if not self._track.held():
                self.pause()
            self._index = value
            self._enable()
            self.moved.emit(value)

    def _let_go(self) -> None:
        if self._waiting_count is not None:
            count, self._waiting_count = self._waiting_count, None
            self.set_count(count)

    def _refresh(self) -> None:
        blocked = self._track.blockSignals(True)
        self._track.setRange(0, max(0, self._count - 1))
        self._track.setValue(self._index)
        self._track.blockSignals(blocked)
        self._track.update()
        self._enable()

    def _enable(self) -> None:
        many = self._count > 1
        for button in (self._first, self._back):
            button.setEnabled(many and self._index > 0)
        for button in (self._forward, self._last):
            button.setEnabled(many and self._index < self._count - 1)
        for widget in (self._play, self._track, self._speed, self._loop_button):
            widget.setEnabled(many)

    def _show_playing(self) -> None:
        icons.wear(self._play, "pause" if self.playing() else "play")
