"""The bar over curves: a pill for each part and each run laid over, smoothing, scale, fit, more."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from genstudio.ui import theme
from genstudio.ui.widgets._tool import small_tool
from genstudio.ui.widgets.pill import Pill
from genstudio.ui.widgets.track import Track

PILL_PX = 96  # longest name on a pill


class CurvesBar(QWidget):
    """Controls of a plot; smoothing gives way where there is no room for it."""

    toggled = Signal(str, bool)  # a part or run was switched on or off
    log_toggled = Signal(bool)
    smoothing_changed = Signal(float)  # weight of the moving average, 0 to 0.99
    fit_wanted = Signal()
    menu_wanted = Signal(QPoint)  # at this place of the screen

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pills: dict[str, Pill] = {}
        self._pills_only = False
        self._pill_row = QHBoxLayout()
        self._pill_row.setSpacing(theme.GRID // 2)
        self.log = Pill(self.tr("Log"), self, tip=self.tr("Logarithmic axis"))
        self.log.toggled.connect(self.log_toggled)
        self._words = theme.caption(QLabel(self.tr("Smoothing"), self))
        self.track = Track(self)
        self.track.setRange(0, 99)
        self.track.setFixedWidth(96)
        self.track.setAccessibleName(self.tr("Smoothing"))
        self.track.setToolTip(
            self.tr("Weight of the moving average, 0 to 0.99; double click switches it off")
        )
        self.track.valueChanged.connect(lambda percent: self.smoothing_changed.emit(percent / 100))
        self.track.reset_wanted.connect(lambda: self.track.setValue(0))
        words = self.tr("Show all the data and follow it")
        self.fit = small_tool(self, "fit", words, self.fit_wanted.emit)
        self.more = small_tool(self, "more", self.tr("Copy or save the curves"), self._ask_menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GRID)
        row.addLayout(self._pill_row)
        row.addStretch(1)
        for widget in (self._words, self.track, self.log, self.fit, self.more):
            row.addWidget(widget)

    # Get and set ------------------------------------------------------------

    def add_pill(self, name: str, tip: str) -> bool:
        """A pill that is on, unless there is one of this name; whether one was added."""
        if name in self.pills:
            return False
        pill = Pill(name, self, on=True, tip=tip)
        pill.setText(pill.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, PILL_PX))
        pill.toggled.connect(lambda on, name=name: self.toggled.emit(name, on))
        self.pills[name] = pill
        self._pill_row.addWidget(pill)
        self._make_room()
        return True

    def show_pills_only(self) -> None:
        """The rest of the controls stand at another plot."""
        self._pills_only = True
        for widget in (self.log, self.fit, self.more):
            widget.hide()
        self._make_room()

    def remove_pill(self, name: str) -> None:
        pill = self.pills.pop(name, None)
        if pill is not None:
            self._pill_row.removeWidget(pill)
            pill.hide()
            pill.deleteLater()
        self._make_room()

    def set_colour(self, name: str, colour: QColor) -> None:
        """The colour of the line on a pill."""
        picture = QPixmap(28, 20)
        picture.setDevicePixelRatio(2)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setPen(QPen(colour, 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(2, 5, 12, 5)
        painter.end()
        self.pills[name].setIcon(QIcon(picture))

    # Private ------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        gap = theme.GRID
        smoothing = (self._words, self.track)
        others = (self.log, self.fit, self.more)
        needed = sum(widget.sizeHint().width() + gap for widget in others) - gap
        needed += sum(pill.sizeHint().width() + gap // 2 for pill in self.pills.values())
        needed += sum(min(w.maximumWidth(), w.sizeHint().width()) + gap for w in smoothing)
        for widget in smoothing:
            widget.setVisible(self.width() >= needed and not self._pills_only)

    def _ask_menu(self) -> None:
        self.menu_wanted.emit(self.more.mapToGlobal(self.more.rect().bottomLeft()))
