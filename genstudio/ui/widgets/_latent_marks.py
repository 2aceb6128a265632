"""What is drawn over the pictures of a map: axes, outlines, pins, the probe, the point under the
pointer.

Everything paints into a painter in device pixels; `ratio` is device pixels per logical pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen, QPolygonF

from genstudio.ui import theme
from genstudio.ui.widgets._latent_view import Frame

PIN_RADIUS = 8.0  # logical pixels
PROBE_RADIUS = 5.0
TICK = 4.0
THUMB = 56.0  # longer side of the picture beside a point


@dataclass(frozen=True, eq=False)
class Outline:
    """A closed line on the map; `colour` is a name of the theme or "#RRGGBB", `label` stands at its
    top.
    """

    points: NDArray[np.floating]  # (n, 2)
    colour: str = "accent"
    width: float = 1.5
    opacity: float = 1.0
    dashed: bool = False
    label: str = ""
    fill: float = 0.0  # opacity of its inside


@dataclass(frozen=True)
class Pin:
    """A handle at a point of the map; `aside` says that its latent point lies off the plane."""

    x: float
    y: float
    label: str = ""
    aside: bool = False


@dataclass(frozen=True, eq=False)
class PointCard:
    """What is told of the point under the pointer."""

    x: float
    y: float
    title: str
    image: QImage | None = None
    colour: QColor = field(default_factory=lambda: QColor("white"))


@dataclass(frozen=True)
class Mark:
    """A tick of an axis: its place on the map and what stands beside it."""

    position: float
    label: str


def paint_axes(
    painter: QPainter,
    frame: Frame,
    area: QRectF,
    marks: tuple[Sequence[Mark], Sequence[Mark]],
    labels: tuple[str, str],
    ratio: float,
) -> None:
    """Ticks in latent units outside the picture that lies in `area`, and the axes' names."""
    quiet, line = theme.colour("quiet"), theme.colour("line")
    font = theme.figure_font(theme.CAPTION_PX)
    font.setPixelSize(round(theme.CAPTION_PX * ratio))
    painter.setFont(font)
    text = QFontMetricsF(font)
    tick = TICK * ratio
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    widest = 0.0
    for mark in marks[0]:
        x = round(area.left() + frame.to_px(mark.position, 0.0)[0])
        painter.fillRect(QRectF(x, area.bottom(), max(1, round(ratio)), tick), line)
        width = text.horizontalAdvance(mark.label)
        painter.setPen(quiet)
        box = QRectF(x - width, area.bottom() + tick + ratio, 2 * width, text.height())
        painter.drawText(box, Qt.AlignmentFlag.AlignHCenter, mark.label)
    for mark in marks[1]:
        y = round(area.top() + frame.to_px(0.0, mark.position)[1])
        painter.fillRect(QRectF(area.left() - tick, y, tick, max(1, round(ratio))), line)
        width = text.horizontalAdvance(mark.label)
        widest = max(widest, width)
        painter.setPen(quiet)
        box = QRectF(
            area.left() - tick - 3 * ratio - width, y - text.height(), width, 2 * text.height()
        )
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, mark.label)
    painter.setPen(theme.colour("text"))
    below = QRectF(
        area.left(),
        area.bottom() + tick + text.height() + 2 * ratio,
        area.width(),
        2 * text.height(),
    )
    painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, labels[0])
    painter.save()
    painter.translate(
        area.left() - tick - 8 * ratio - widest - text.height() / 2, area.center().y()
    )
    if len(labels[1]) > 3:
        painter.rotate(-90)
    width = text.horizontalAdvance(labels[1])
    room = QRectF(-width / 2 - 4, -text.height() / 2, width + 8, text.height())
    painter.drawText(room, Qt.AlignmentFlag.AlignCenter, labels[1])
    painter.restore()


def paint_outlines(
    painter: QPainter, frame: Frame, outlines: Sequence[Outline], ratio: float
) -> None:
    """Closed lines with a dark seam, so that they show on black and on white."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for outline in outlines:
        px = frame.many_to_px(outline.points)
        if not _near(px, frame):
            continue
        polygon = QPolygonF([QPointF(float(x), float(y)) for x, y in px])
        seam = QPen(QColor(0, 0, 0, round(110 * outline.opacity)), (outline.width + 1.5) * ratio)
        pen = QPen(_colour(outline, outline.opacity), outline.width * ratio)
        if outline.dashed:
            pen.setDashPattern([4.0, 4.0])
        painter.setPen(seam)
        painter.drawPolygon(polygon)
        painter.setPen(pen)
        if outline.fill:
            painter.setBrush(_colour(outline, outline.fill))
        painter.drawPolygon(polygon)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if outline.label:
            _paint_label(painter, frame, px, outline, ratio)


def _colour(outline: Outline, opacity: float) -> QColor:
    if not outline.colour.startswith("#"):
        return theme.colour(outline.colour, opacity)
    colour = QColor(outline.colour)
    colour.setAlphaF(opacity)
    return colour


def _paint_label(
    painter: QPainter, frame: Frame, px: NDArray[np.floating], outline: Outline, ratio: float
) -> None:
    font = theme.figure_font(theme.CAPTION_PX)
    font.setPixelSize(round(theme.CAPTION_PX * ratio))
    painter.setFont(font)
    text = QFontMetricsF(font)
    x, y = px[np.argmin(px[:, 1])]
    width = text.horizontalAdvance(outline.label) + 8 * ratio
    box = QRectF(float(x) - width / 2, float(y) - text.height() / 2, width, text.height())
    if not QRectF(0, 0, frame.width, frame.height).contains(box):
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 150))
    painter.drawRoundedRect(box, 3 * ratio, 3 * ratio)
    painter.setPen(QColor("#E6E7E9"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, outline.label)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _near(px: NDArray[np.floating], frame: Frame) -> bool:
    """Whether a line is worth drawing: finite, in view, and not a thousand times larger than it."""
    if not np.isfinite(px).all():
        return False
    low, high = px.min(0), px.max(0)
    reach = 1000 * max(frame.width, frame.height)
    seen = low[0] < frame.width and low[1] < frame.height and high[0] > 0 and high[1] > 0
    return bool(seen and np.abs(px).max() < reach)


def paint_pins(
    painter: QPainter, frame: Frame, pins: Sequence[Pin], active: int, ratio: float
) -> None:
    """The handles; the active one is filled larger, one off the plane is hollow."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    font = theme.figure_font(theme.CAPTION_PX)
    font.setPixelSize(round(10 * ratio))
    painter.setFont(font)
    for number, pin in enumerate(pins):
        centre = QPointF(*frame.to_px(pin.x, pin.y))
        radius = (PIN_RADIUS - (0 if number == active else 1.5)) * ratio
        painter.setPen(QPen(QColor(0, 0, 0, 130), 4 * ratio))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(centre, radius, radius)
        painter.setPen(QPen(QColor("white"), 2 * ratio))
        accent = theme.colour("accent")
        painter.setBrush(QColor(0, 0, 0, 90) if pin.aside else accent)
        painter.drawEllipse(centre, radius, radius)
        if pin.label:
            painter.setPen(QColor("white") if pin.aside else theme.colour("on_accent"))
            box = QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, pin.label)


def paint_dots(
    painter: QPainter, frame: Frame, dots: Sequence[tuple[float, float]], ratio: float
) -> None:
    """Draws, the newest last and strongest."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(QColor(0, 0, 0, 150), ratio))
    for age, (x, y) in enumerate(reversed(dots)):
        painter.setBrush(QColor(255, 255, 255, 255 if age == 0 else 150))
        painter.drawEllipse(QPointF(*frame.to_px(x, y)), 3 * ratio, 3 * ratio)


def paint_probe(painter: QPainter, centre: QPointF, ratio: float) -> None:
    """A small ring with a dark seam where the picture shown comes from."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    radius = PROBE_RADIUS * ratio
    painter.setPen(QPen(QColor(0, 0, 0, 170), 3.5 * ratio))
    painter.drawEllipse(centre, radius, radius)
    painter.setPen(QPen(QColor("white"), 1.5 * ratio))
    painter.drawEllipse(centre, radius, radius)


def card_rect(frame: Frame, card: PointCard, ratio: float) -> QRectF:
    """Where the card of a point stands: beside it, within the picture."""
    x, y = frame.to_px(card.x, card.y)
    font = theme.text_font(theme.CAPTION_PX)
    width = QFontMetricsF(font).horizontalAdvance(card.title) + 16
    side = _thumb(card, ratio)
    width = max(width * ratio, side[0] + 16 * ratio)
    height = (28 if side[1] else 24) * ratio + side[1]
    left = x + 14 * ratio if x + 14 * ratio + width < frame.width else x - 14 * ratio - width
    top = min(max(y - height / 2, 4 * ratio), frame.height - height - 4 * ratio)
    return QRectF(left, top, width, height)


def paint_card(painter: QPainter, frame: Frame, card: PointCard, ratio: float) -> None:
    """The ring around a point and the card with its image and name."""
    centre = QPointF(*frame.to_px(card.x, card.y))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(QColor("white"), 2 * ratio))
    painter.setBrush(card.colour)
    painter.drawEllipse(centre, 5 * ratio, 5 * ratio)
    box = card_rect(frame, card, ratio)
    painter.setPen(QPen(theme.colour("line"), ratio))
    painter.setBrush(theme.colour("pane", 0.95))
    painter.drawRoundedRect(box, 6 * ratio, 6 * ratio)
    w, h = _thumb(card, ratio)
    if card.image is not None and w:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        x, y = round(box.center().x() - w / 2), round(box.top() + 8 * ratio)
        painter.drawImage(QRectF(x, y, w, h), card.image)
    font = theme.text_font(theme.CAPTION_PX)
    font.setPixelSize(round(theme.CAPTION_PX * ratio))
    painter.setFont(font)
    painter.setPen(theme.colour("text"))
    text = QRectF(box.left(), box.bottom() - 20 * ratio, box.width(), 16 * ratio)
    if not w:
        text = box
    painter.drawText(text, Qt.AlignmentFlag.AlignCenter, card.title)


def _thumb(card: PointCard, ratio: float) -> tuple[float, float]:
    """Width and height in device pixels of a card's image, at a whole factor where it is small."""
    if card.image is None:
        return 0.0, 0.0
    longer = max(card.image.width(), card.image.height())
    factor: float = max(1, int(THUMB * ratio // longer))
    if longer > THUMB * ratio:
        factor = THUMB * ratio / longer
    return card.image.width() * factor, card.image.height() * factor
