"""The noise schedule over t, with the cursor: alpha bar, signal-to-noise ratio, beta.

SchedulePlot(parent)
  set_schedule(alpha_bar | None)    (T + 1,) float, from 1 at t = 0 (Process.alpha_bar)
  set_t(t | None), t()      where the cursor stands; None for nowhere, as there is no step
  set_times(times)          the falling times of the run in front, as ticks
  set_axis(axis)            a Strips.axis(): both cursors then stand at the same pixel; by "step"
                            the times that are set say where a t lies
  set_curve(key), curve()   "alpha_bar" | "snr" | "beta": the one that stands out
  readout() -> {key: words} the values at the cursor as they are written
signals
  scrubbed(float t)         the hand or a key went to this t
  curve_changed(str)        a click or key chose another curve
hand and keys: drag scrubs (Shift: 1/50 as fast), Left and Right go to the next tick (without ticks
T / 100), Home to T and End to 0, A S B choose a curve, or a click on its name.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QToolTip, QWidget

from genstudio.ui.panels._denoise_schedule_canvas import HEAD_PX, ScheduleCanvas
from genstudio.ui.panels._denoise_schedule_curves import KEYS
from genstudio.ui.panels._denoise_strip_axis import nearest

FINE = 1 / 50  # of the hand's movement while Shift is held
_LETTERS = {Qt.Key.Key_A: "alpha_bar", Qt.Key.Key_S: "snr", Qt.Key.Key_B: "beta"}


class SchedulePlot(ScheduleCanvas):
    """See the top of this file."""

    scrubbed = Signal(float)
    curve_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grip: tuple[float, float] | None = None  # x of the hand, x that counts
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self._curves:
            event.ignore()
            return
        for key in KEYS:
            if self.name_rect(key).contains(event.position()):
                self._take_curve(key)
                return
        x = event.position().x()
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._grip = (x, self.x_of(self._here()) if fine else x)
        if not fine:
            self._go(self.t_of(x))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if self._grip is None:
            over = self._curves and event.position().y() < HEAD_PX
            names = over and any(self.name_rect(k).contains(event.position()) for k in KEYS)
            shape = Qt.CursorShape.PointingHandCursor if names else Qt.CursorShape.ArrowCursor
            self.setCursor(shape)
            return
        last, counts = self._grip
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        counts = counts + (x - last) * FINE if fine else x
        self._grip = (x, counts)
        self._go(self.t_of(counts))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._grip = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        many = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        if not self._curves or event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._go(self._beside(-many if key == Qt.Key.Key_Left else many))
        elif key == Qt.Key.Key_Home:
            self._go(self.t_max())
        elif key == Qt.Key.Key_End:
            self._go(0.0)
        elif key in _LETTERS:
            self._take_curve(_LETTERS[key])
        else:
            super().keyPressEvent(event)

    def _beside(self, ticks: int) -> float:
        """The time so many ticks to the right."""
        if not len(self._times):
            return min(max(self._here() - ticks * self.t_max() / 100, 0.0), self.t_max())
        here = nearest(-self._times, -self._here())
        return float(self._times[min(max(here + ticks, 0), len(self._times) - 1)])

    def _here(self) -> float:
        """The cursor's time; without one, where a walk begins."""
        return self.t_max() if self._t is None else self._t

    def _take_curve(self, key: str) -> None:
        if key != self._curve:
            self.set_curve(key)
            self.curve_changed.emit(key)

    def _go(self, t: float) -> None:
        if t != self._t:
            self.set_t(t)
            self.scrubbed.emit(t)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            words = self.tr(
                "The noise schedule: x at t is √ᾱ of the image and √(1 − ᾱ) of noise. t falls from"
                " {0}, noise, at the left to 0, the image, at the right. Signal to noise is"
                " ᾱ / (1 − ᾱ), drawn within ±60 dB; beta is 1 − ᾱ at t over ᾱ at t − 1, so none at"
                " t = 0. Each curve has a scale of its own, given in brackets; what lies beyond is"
                " drawn at its edge. A, S and B, or a click on a name, choose the curve that stands"
                " out."
            )
            tip = words.format(f"{self.t_max():g}") if self._curves else ""
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return super().event(event)
