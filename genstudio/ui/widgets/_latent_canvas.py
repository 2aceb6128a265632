"""What lies on a map, its pictures and marks, and painting them.

What stays while the pointer moves is painted once, into a pixmap; a move of the pointer repaints a
small rectangle from it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Protocol

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from genstudio.ui import theme
from genstudio.ui.widgets import _latent_marks as marks
from genstudio.ui.widgets._latent_layers import Picture, SheetStack, rgba_image, sheet_image
from genstudio.ui.widgets._latent_map import MovableMap
from genstudio.ui.widgets._latent_marks import Mark, Outline, Pin, PointCard
from genstudio.ui.widgets._latent_view import Extent, Frame

PIXELS_PER_MARK = 90


class MarkMaker(Protocol):
    """Marks of an axis between two map coordinates, about `n` of them."""

    def __call__(self, low: float, high: float, n: int) -> Sequence[Mark]: ...


class MapCanvas(MovableMap):
    """Pictures and marks on a map that moves by its methods; see LatentPlane for the hand."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels = ("", "")
        self._make_marks: Callable[[float, float, int], Sequence[Mark]] = lambda low, high, n: ()
        self._sheets = SheetStack()
        self._points: Picture | None = None
        self._points_request = 0
        self._layers_shown = {"sheet": True, "points": True}
        self._outlines: dict[str, Sequence[Outline]] = {}
        self._passing: dict[str, Sequence[Outline]] = {}
        self._dots: tuple[tuple[float, float], ...] = ()
        self._pins: list[Pin] = []
        self._active = -1
        self._probe: tuple[float, float] | None = None
        self._probe_shown = True
        self._card: PointCard | None = None
        self._base: QPixmap | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 200)
        theme.notifier().changed.connect(self._repaint_all)

    def sizeHint(self) -> QSize:
        return QSize(720, 640)

    def set_axes(self, labels: tuple[str, str], make_marks: MarkMaker) -> None:
        """The names of the axes, and what makes the marks between two map coordinates."""
        self._labels, self._make_marks = labels, make_marks
        self._repaint_all()

    # Pictures ----------------------------------------------------------------------------------

    def put_sheet(
        self, mosaic: np.ndarray, extent: Extent, tag: Hashable, request: int, whole: bool = True
    ) -> bool:
        """Lay a decoded sheet, uint8 (H, W) or (H, W, 3), on the map.

        A sheet with another tag replaces all that lie there. One that is not `whole` yet is passed
        over where a picture is shown already: what is sharp never turns coarse. False when it is
        not shown.
        """
        if not whole and self._sheets.covers(self.frame().extent):
            return False
        picture = Picture(sheet_image(mosaic), extent)
        if not self._sheets.put(picture, tag, request):
            return False
        self._repaint_all()
        return True

    def take_points_away(self) -> None:
        """No points on the map."""
        self._points = None
        self._repaint_all()

    def points(self) -> Picture | None:
        """The picture of the points that is shown."""
        return self._points

    def set_dots(self, xy: Sequence[tuple[float, float]]) -> None:
        """Small white dots at map points: draws from a distribution."""
        self._dots = tuple(xy)
        self.update()

    def dots(self) -> Sequence[tuple[float, float]]:
        return self._dots

    def clear_pictures(self) -> None:
        """Take sheets and points away."""
        self._sheets.clear()
        self._points = None
        self._repaint_all()

    def sheets(self) -> list[Picture]:
        """The sheets on the map, the newest last."""
        return list(self._sheets.pictures)

    def sheet_tag(self) -> Hashable:
        return self._sheets.tag

    def put_points(self, picture: np.ndarray, extent: Extent, request: int) -> bool:
        """The picture of all points, RGBA uint8 (H, W, 4), on a rectangle of the map.

        False when a newer one is shown.
        """
        if request < self._points_request:
            return False
        self._points_request = request
        self._points = Picture(rgba_image(picture), extent)
        self._repaint_all()
        return True

    def set_layer_shown(self, layer: str, shown: bool) -> None:
        """Show or hide the layer "sheet" or "points"."""
        self._layers_shown[layer] = shown
        self._repaint_all()

    # Marks -------------------------------------------------------------------------------------

    def set_outlines(
        self, name: str, outlines: Sequence[Outline], *, passing: bool = False
    ) -> None:
        """The group `name` of closed lines; an empty one takes it away.

        A `passing` group follows the pointer: it is painted anew each time, over the rest.
        """
        groups = self._passing if passing else self._outlines
        if not outlines and not groups.get(name):
            return
        old = groups.get(name, ())
        groups[name] = tuple(outlines)
        if passing:
            self._update_lines((*old, *outlines))
        else:
            self._repaint_all()

    def _update_lines(self, outlines: Sequence[Outline]) -> None:
        area, _, ratio = self._measure()
        for outline in outlines:
            px = self.frame().many_to_px(outline.points)
            x, y = np.clip(px.min(0) - 4 * ratio, -9, (area.width(), area.height()))
            right, below = np.clip(px.max(0) + 4 * ratio, 0, (area.width(), area.height()))
            rect = QRectF(area.x() + x, area.y() + y, right - x, below - y)
            self.update(self._logical(rect))

    def _logical(self, rect: QRectF) -> QRect:
        """A rectangle of device pixels in the widget's own."""
        _, _, ratio = self._measure()
        scaled = QRectF(
            rect.x() / ratio, rect.y() / ratio, rect.width() / ratio, rect.height() / ratio
        )
        return scaled.toAlignedRect()

    def outlines(self, name: str) -> Sequence[Outline]:
        return self._outlines.get(name, ()) or self._passing.get(name, ())

    def pins(self) -> list[Pin]:
        return list(self._pins)

    def active_pin(self) -> int:
        """Number of the pin that the keys move, -1 for none."""
        return self._active

    def set_pins(self, pins: Sequence[Pin], active: int = -1) -> None:
        self._pins, self._active = list(pins), active if 0 <= active < len(pins) else -1
        self.update()

    def probe(self) -> tuple[float, float] | None:
        return self._probe

    def set_probe(self, x: float, y: float, name: str = "") -> None:
        """Mark the map point that the picture beside the map comes from."""
        old = self._probe
        self._probe = (x, y)
        for place in (old, self._probe):
            if place is not None:
                spot = self.to_widget(*place).toPoint()
                self.update(QRect(spot.x() - 10, spot.y() - 10, 21, 21))
        if name:
            self.setAccessibleDescription(name)

    def set_card(self, card: PointCard | None) -> None:
        """What is told of the point under the pointer."""
        for one in (self._card, card):
            if one is not None:
                self._update_card(one)
        self._card = card

    def card(self) -> PointCard | None:
        return self._card

    def _update_card(self, card: PointCard) -> None:
        area, _, ratio = self._measure()
        box = marks.card_rect(self.frame(), card, ratio).translated(QPointF(area.topLeft()))
        spot = self.to_widget(card.x, card.y).toPoint()
        self.update(self._logical(box).adjusted(-3, -3, 3, 3))
        self.update(QRect(spot.x() - 9, spot.y() - 9, 19, 19))

    # Painting ----------------------------------------------------------------------------------

    def _repaint_all(self) -> None:
        self._base = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        area, _, ratio = self._measure()
        if self._base is None:
            self._base = self._paint_base()
        painter = QPainter(self)
        dirty = event.rect()
        source = QRectF(
            dirty.x() * ratio, dirty.y() * ratio, dirty.width() * ratio, dirty.height() * ratio
        )
        painter.drawPixmap(QRectF(dirty), self._base, source)
        painter.setClipRect(self.picture_rect() & QRectF(dirty))
        painter.scale(1 / ratio, 1 / ratio)
        painter.translate(area.topLeft())
        seen = self.frame()
        for group in self._passing.values():
            marks.paint_outlines(painter, seen, group, ratio)
        if self._probe is not None and self._probe_shown:
            marks.paint_probe(painter, QPointF(*seen.to_px(*self._probe)), ratio)
        marks.paint_dots(painter, seen, self._dots, ratio)
        marks.paint_pins(painter, seen, self._pins, self._active, ratio)
        if self._card is not None:
            marks.paint_card(painter, seen, self._card, ratio)
        painter.end()

    def _paint_base(self) -> QPixmap:
        """All that stays while the pointer moves."""
        area, _, ratio = self._measure()
        base = QPixmap(max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio)))
        base.fill(theme.colour("pane"))
        seen = self.frame()
        painter = QPainter(base)
        self._paint_axes(painter, seen, area, ratio)
        painter.setClipRect(area)
        painter.fillRect(area, theme.colour("field"))
        painter.translate(area.topLeft())
        if self._layers_shown["sheet"]:
            self._sheets.paint(painter, seen)
        if self._layers_shown["points"] and self._points is not None:
            self._points.paint(painter, seen)
        for group in self._outlines.values():
            marks.paint_outlines(painter, seen, group, ratio)
        painter.resetTransform()
        painter.setClipping(False)
        if self.hasFocus():
            painter.setPen(theme.colour("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(area.adjusted(-1, -1, 0, 0))
        painter.end()
        return base

    def _paint_axes(self, painter: QPainter, seen: Frame, area: QRect, ratio: float) -> None:
        extent = seen.extent
        per_mark = PIXELS_PER_MARK * ratio
        found = (
            self._make_marks(extent.left, extent.right, max(2, int(area.width() / per_mark))),
            self._make_marks(extent.bottom, extent.top, max(2, int(area.height() / per_mark))),
        )
        marks.paint_axes(painter, seen, QRectF(area), found, self._labels, ratio)
