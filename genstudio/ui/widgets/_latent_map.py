"""A widget over a map that can be moved and zoomed: which part is seen, and where it lies."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QVariantAnimation, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from genstudio.ui import theme
from genstudio.ui.widgets._latent_view import (
    Frame,
    Lattice,
    SheetRequest,
    View,
    cell_factor,
    frame,
    lattice,
    limit,
    nice_step,
    sheet_request,
    whole_cells,
)

MARGIN_LEFT, MARGIN_TOP, MARGIN_RIGHT, MARGIN_BOTTOM = 64, 8, 16, 44  # logical pixels


class MovableMap(QWidget):
    """The view and its movements; what is painted there is up to whoever derives from it."""

    view_wanted = Signal()  # another view, or another size, is on its way: ask for its pictures
    view_changed = Signal()  # what is seen has moved

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.animation_ms = theme.MOVEMENT_MS
        self._home = View(0.0, 0.0, 6.0)
        self._view = self._wanted = self._from = self._home
        self._bounds: tuple[float, float] | None = None
        self._image_size = (28, 28)
        self._geometry: tuple[QRect, Lattice, float] | None = None
        self._animation = QVariantAnimation(self)
        self._animation.setStartValue(0.0)
        self._animation.setEndValue(1.0)
        self._animation.valueChanged.connect(self._animate)

    # What is seen ------------------------------------------------------------------------------

    def view(self) -> View:
        """What is seen now; while it moves, not yet what is wanted."""
        return self._view

    def wanted_view(self) -> View:
        return self._wanted

    def home(self) -> View:
        return self._home

    def set_home(self, home: View, bounds: tuple[float, float] | None = None) -> None:
        """The view that Home brings back, and the interval to which the map is bounded, if any."""
        self._home, self._bounds = home, bounds
        self._geometry = None
        self._repaint_all()

    def set_view(self, view: View, animated: bool = False) -> None:
        """Move to `view`; its pictures are asked for at once, before the movement ends."""
        self._wanted = limit(view, self._home, self._bounds)
        if animated and self.animation_ms > 0 and self.isVisible():
            self._animation.stop()
            self._from = self._view
            self._animation.setDuration(self.animation_ms)
            self._animation.start()
        else:
            self._animation.stop()
            self._show_view(self._wanted)
        self.view_wanted.emit()

    def reset_view(self) -> None:
        self.set_view(self._home, animated=True)

    def zoom(self, factor: float, at: tuple[float, float] | None = None) -> None:
        """Zoom by `factor` of the span at a map point, the middle unless given."""
        x, y = at if at is not None else (self._wanted.x, self._wanted.y)
        self.set_view(self._wanted.zoomed(factor, x, y), animated=True)

    def frame(self) -> Frame:
        """What is seen now, on whole device pixels."""
        return self._frame_of(self._view)

    def wanted_frame(self) -> Frame:
        return self._frame_of(self._wanted)

    def picture_rect(self) -> QRectF:
        """Where the picture lies in the widget, in logical pixels."""
        area, _, ratio = self._measure()
        return QRectF(
            area.x() / ratio, area.y() / ratio, area.width() / ratio, area.height() / ratio
        )

    def to_map(self, position: QPointF) -> tuple[float, float]:
        """The map point under a position in the widget."""
        return self.frame().to_map(*self._to_device(position))

    def to_widget(self, x: float, y: float) -> QPointF:
        """Where map point (x, y) lies in the widget."""
        area, _, ratio = self._measure()
        px, py = self.frame().to_px(x, y)
        return QPointF((area.x() + px) / ratio, (area.y() + py) / ratio)

    def step(self) -> float:
        """Map units of one press of an arrow key."""
        return nice_step(self._view.span)

    def set_image_size(self, height: int, width: int) -> None:
        """The size of a cell's image."""
        if (height, width) != self._image_size:
            self._image_size = (height, width)
            self._geometry = None
            self._repaint_all()

    def request(self, margin: int = 1) -> SheetRequest | None:
        """The cells that the wanted view needs; None where there is none."""
        _, grid, ratio = self._measure()
        return sheet_request(
            self.wanted_frame(), grid, self._image_size, ratio, self._bounds, margin
        )

    def cells_in_view(self) -> tuple[int, int]:
        """Columns and rows of cells that the wanted view shows, cut ones at its rim included."""
        asked = self.request(margin=0)
        return (len(asked.xs), len(asked.ys)) if asked is not None else (0, 0)

    # Geometry ----------------------------------------------------------------------------------

    def _measure(self) -> tuple[QRect, Lattice, float]:
        """The picture's place in device pixels, the lattice and device pixels per logical one."""
        if self._geometry is None:
            ratio = self.devicePixelRatioF()
            room_w = int((self.width() - MARGIN_LEFT - MARGIN_RIGHT) * ratio)
            room_h = int((self.height() - MARGIN_TOP - MARGIN_BOTTOM) * ratio)
            k = cell_factor(self._image_size, ratio)
            width = whole_cells(max(1, room_w), k * self._image_size[1])
            height = whole_cells(max(1, room_h), k * self._image_size[0])
            x = round(MARGIN_LEFT * ratio) + (room_w - width) // 2
            y = round(MARGIN_TOP * ratio)
            grid = lattice(self._home, width, height, self._image_size, ratio)
            self._geometry = (QRect(x, y, width, height), grid, ratio)
        return self._geometry

    def _frame_of(self, view: View) -> Frame:
        area, grid, _ = self._measure()
        return frame(view, area.width(), area.height(), grid)

    def _to_device(self, position: QPointF) -> tuple[float, float]:
        area, _, ratio = self._measure()
        return position.x() * ratio - area.x(), position.y() * ratio - area.y()

    def _over_picture(self, position: QPointF) -> bool:
        return self.picture_rect().contains(position)

    def _go(self, view: View) -> None:
        """Be at `view` at once, as the hand that drags the ground asks."""
        self._animation.stop()
        self._wanted = limit(view, self._home, self._bounds)
        self._show_view(self._wanted)
        self.view_wanted.emit()

    def _show_view(self, view: View) -> None:
        self._view = view
        self._repaint_all()
        self.view_changed.emit()

    def _animate(self, t: float) -> None:
        """A part of the way from one view to another, at a steady rate of zoom."""
        t = 1 - (1 - t) ** 3
        a, b = self._from, self._wanted
        if t >= 1.0:
            self._show_view(b)
            return
        span = a.span * (b.span / a.span) ** t
        share = (span - a.span) / (b.span - a.span) if abs(b.span / a.span - 1) > 1e-6 else t
        self._show_view(View(a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share, span))

    def _repaint_all(self) -> None:
        """What is seen has changed."""
        self.update()

    # Events ------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        if event.type() in (
            QEvent.Type.DevicePixelRatioChange,
            QEvent.Type.ScreenChangeInternal,
        ):
            self._geometry = None
            self._repaint_all()
            self.view_wanted.emit()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._geometry = None
        self._repaint_all()
        self.view_wanted.emit()
