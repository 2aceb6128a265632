"""An on-off switch: a pill with a knob that slides."""

from __future__ import annotations

from PySide6.QtCore import Property, QEasingCurve, QPointF, QPropertyAnimation, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from genstudio.ui import theme

_WIDTH, _HEIGHT = 32, 18


class Switch(QAbstractButton):
    """A checkable switch; Space and click toggle it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._place = 0.0  # of the knob, 0 is off
        self._move = QPropertyAnimation(self, b"place", self)
        self._move.setDuration(theme.MOVEMENT_MS)
        self._move.setEasingCurve(QEasingCurve.Type.OutCubic)
        self.toggled.connect(self._slide)

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH + 4, 24)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _get_place(self) -> float:
        return self._place

    def _set_place(self, place: float) -> None:
        self._place = place
        self.update()

    place = Property(float, _get_place, _set_place)

    def checkStateSet(self) -> None:
        """Show what was set without a signal, too."""
        self._slide(self.isChecked())

    def _slide(self, on: bool) -> None:
        self._move.stop()
        if not self.isVisible():
            self._set_place(float(on))
            return
        self._move.setStartValue(self._place)
        self._move.setEndValue(float(on))
        self._move.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        enabled = self.isEnabled()
        body = QRectF(self.width() - _WIDTH - 2, (self.height() - _HEIGHT) / 2, _WIDTH, _HEIGHT)
        on = theme.colour("accent" if enabled else "faint")
        ring = self.hasFocus() or (self.underMouse() and enabled)
        painter.setPen(QPen(theme.colour("accent" if ring else "faint"), 1.0))
        painter.setBrush(theme.colour("field"))
        painter.drawRoundedRect(body.adjusted(0.5, 0.5, -0.5, -0.5), _HEIGHT / 2, _HEIGHT / 2)
        if self._place > 0:
            on.setAlphaF(self._place)
            painter.setPen(QPen(theme.colour("text" if self.hasFocus() else "accent"), 1.0))
            painter.setBrush(on)
            painter.drawRoundedRect(body.adjusted(0.5, 0.5, -0.5, -0.5), _HEIGHT / 2, _HEIGHT / 2)
        radius = _HEIGHT / 2 - 4
        x = body.left() + _HEIGHT / 2 + self._place * (_WIDTH - _HEIGHT)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("on_accent" if self._place > 0.5 else "quiet"))
        painter.drawEllipse(QPointF(x, body.center().y()), radius, radius)
