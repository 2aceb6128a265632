"""Where Interpolate's pictures stand: slots, map or square, the picture at the hand, the film."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from genstudio.ui import theme
from genstudio.ui.panels._interpolate_film import Film
from genstudio.ui.panels._interpolate_slots import SlotColumn
from genstudio.ui.panels._manifold_rows import ProbeView
from genstudio.ui.widgets.banner import EmptyState

WIDE_PX = 768
SLOTS_PX, PICTURE_PX = 84, 224
NARROW_SLOTS_PX, NARROW_PICTURE_PX = 60, 140
NUMBERS_PX = 104  # below the picture
FILM_SHARE, FILM_LEAST, FILM_MOST = 0.48, 132, 328  # of the height, in px


class Stage(QStackedWidget):
    """The pictures, or one sentence and one button in their place."""

    def __init__(
        self, slots: SlotColumn, plane: QWidget, square: QWidget, view: ProbeView, film: Film
    ) -> None:
        super().__init__()
        self._slots, self._view = slots, view
        self.empty = EmptyState(icon="interpolate")
        self.lacking = EmptyState()  # in the film's place
        self.maps, self.below = QStackedWidget(), QStackedWidget()
        for stack, widgets in ((self.maps, (plane, square)), (self.below, (film, self.lacking))):
            for widget in widgets:
                stack.addWidget(widget)
            stack.setMinimumSize(240, 100)  # an empty state asks for more
        top = QHBoxLayout()
        top.setSpacing(theme.GRID)
        top.addWidget(slots)
        top.addWidget(self.maps, 1)
        top.addWidget(view, 0, Qt.AlignmentFlag.AlignTop)
        body = QWidget()
        inner = QVBoxLayout(body)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(theme.GRID)
        inner.addLayout(top, 1)
        inner.addWidget(self.below)
        self.addWidget(body)
        self.addWidget(self.empty)
        self.setMinimumSize(440, 100)

    def show_pictures(self) -> None:
        self.setCurrentIndex(0)

    def say(self, sentence: str, button: str) -> None:
        """One sentence in the place of all pictures."""
        self.empty.set_text(sentence)
        self.empty.set_button(button)
        self.setCurrentIndex(1)

    def show_square(self, square: bool) -> None:
        """The square of four, or the map with its film."""
        self.maps.setCurrentIndex(1 if square else 0)
        self.below.setVisible(not square)

    def say_lacking(self, sentence: str, button: str = "") -> None:
        """One sentence in the place of the film; "" brings the film back."""
        self.lacking.set_text(sentence)
        self.lacking.set_button(button)
        self.below.setCurrentIndex(1 if sentence else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        wide = self.width() >= WIDE_PX
        self._slots.set_width(SLOTS_PX if wide else NARROW_SLOTS_PX)
        picture = PICTURE_PX if wide else NARROW_PICTURE_PX
        self._view.setFixedWidth(picture)
        room = self.height() - picture - NUMBERS_PX - theme.GRID
        height = min(round(FILM_SHARE * self.height()), FILM_MOST, room)
        self.below.setFixedHeight(max(height, FILM_LEAST))
        super().resizeEvent(event)
