"""The runs as a tree with a picture of what each has made: one in front, one beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from genstudio.ui import theme
from genstudio.ui.panels._denoise_tree_rows import Row, rows, step
from genstudio.ui.widgets.image_view import fit

ROW_PX, PICTURE_PX, INDENT_PX = 52, 40, 20
BAR_PX = 3  # height of the bar that tells how far a run is
EMPTY_PX = 56
WAYS = {
    Qt.Key.Key_Up: "up",
    Qt.Key.Key_Down: "down",
    Qt.Key.Key_Left: "left",
    Qt.Key.Key_Right: "right",
}


@dataclass(frozen=True, eq=False)
class Twig:
    """A run as the tree shows it."""

    id: int
    parent: int | None
    title: str  # "Run 1.2"
    says: str  # what differs from the parent, or where the run stands
    tip: str  # all settings
    picture: QImage | None = None
    share: float | None = None  # of the steps that are taken, while it runs or waits
    failed: bool = False


class RunTree(QWidget):
    """A click or the arrow keys choose a run, a click with Ctrl or C puts one beside it, Delete
    takes one away with its forks, the right button opens a menu.
    """

    chosen = Signal(int)
    partner_chosen = Signal(int)
    removed = Signal(int)
    menu_wanted = Signal(int, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._twigs: dict[int, Twig] = {}
        self._rows: list[Row] = []
        self._current: int | None = None
        self._partner: int | None = None
        self._hover: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Tree of runs"))
        theme.notifier().changed.connect(self.update)

    # Get and set -------------------------------------------------------------------------------

    def twigs(self) -> list[Twig]:
        """The runs in the order of their rows."""
        return [self._twigs[row.id] for row in self._rows]

    def set_twigs(self, twigs: Sequence[Twig], current: int | None, partner: int | None) -> None:
        """Show these runs; `current` is in front, `partner` beside it."""
        old = len(self._rows)
        self._twigs = {twig.id: twig for twig in twigs}
        self._rows = rows({twig.id: twig.parent for twig in twigs})
        self._current, self._partner = current, partner
        words = [f"{twig.title}: {twig.says}" for twig in self.twigs()]
        self.setAccessibleDescription("; ".join(words))
        if len(self._rows) != old:
            self.updateGeometry()
        self.update()

    def current(self) -> int | None:
        return self._current

    def partner(self) -> int | None:
        return self._partner

    def row_rect(self, run: int) -> QRectF:
        """Where a run's row lies; empty for a run that there is not."""
        for place, row in enumerate(self._rows):
            if row.id == run:
                return QRectF(0, place * ROW_PX, self.width(), ROW_PX)
        return QRectF()

    def picture_rect(self, run: int) -> QRectF:
        """The room of a run's picture."""
        row = next((each for each in self._rows if each.id == run), None)
        if row is None:
            return QRectF()
        top = self.row_rect(run).top() + (ROW_PX - PICTURE_PX) / 2
        return QRectF(6 + row.level * INDENT_PX, top, PICTURE_PX, PICTURE_PX)

    def sizeHint(self) -> QSize:
        return QSize(240, max(EMPTY_PX, len(self._rows) * ROW_PX))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    # The hand ----------------------------------------------------------------------------------

    def _run_at(self, y: float) -> int | None:
        place = int(y // ROW_PX)
        return self._rows[place].id if 0 <= place < len(self._rows) else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        run = self._run_at(event.position().y())
        if event.button() != Qt.MouseButton.LeftButton or run is None:
            event.ignore()
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.partner_chosen.emit(run)
        else:
            self.chosen.emit(run)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hover(self._run_at(event.position().y()))

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hover(None)

    def _set_hover(self, run: int | None) -> None:
        if run != self._hover:
            self._hover = run
            hand = Qt.CursorShape.PointingHandCursor
            self.setCursor(Qt.CursorShape.ArrowCursor if run is None else hand)
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in WAYS:
            run = step(self._rows, self._current, WAYS[key])
            if run is not None and run != self._current:
                self.chosen.emit(run)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._current is not None:
            self.removed.emit(self._current)
        elif key == Qt.Key.Key_C and not event.modifiers() and self._rows:
            self.partner_chosen.emit(self._next_partner())
        else:
            super().keyPressEvent(event)

    def _next_partner(self) -> int:
        """The run after the one beside, going round; not the one in front if there is another."""
        ids = [row.id for row in self._rows if row.id != self._current]
        if not ids:
            return self._rows[0].id
        return ids[(ids.index(self._partner) + 1) % len(ids)] if self._partner in ids else ids[0]

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        run = self._run_at(event.pos().y()) if mouse else self._current
        if run is not None:
            low = self.row_rect(run).bottomLeft().toPoint()
            at = event.globalPos() if mouse else self.mapToGlobal(low)
            self.menu_wanted.emit(run, at)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            run = self._run_at(event.pos().y())
            tip = self._twigs[run].tip if run in self._twigs else ""
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return super().event(event)

    # Painting ----------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._rows:
            painter.setPen(theme.colour("quiet"))
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            words = self.tr("No run yet. The first one begins with new noise.")
            painter.drawText(self.rect(), int(flags | Qt.TextFlag.TextWordWrap), words)
        for row in self._rows:
            box = self.row_rect(row.id)
            if box.intersects(QRectF(event.rect())):
                self._paint_row(painter, row, box)
        self._paint_lines(painter)
        painter.end()

    def _paint_row(self, painter: QPainter, row: Row, box: QRectF) -> None:
        twig, current = self._twigs[row.id], row.id == self._current
        inner = box.adjusted(0.5, 1.5, -0.5, -1.5)
        if current or row.id == self._hover:
            focus = current and self.hasFocus()
            rim = QPen(theme.colour("accent"), 1) if focus else Qt.PenStyle.NoPen
            painter.setPen(rim)
            painter.setBrush(theme.colour("selected" if current else "field"))
            painter.drawRoundedRect(inner, theme.RADIUS, theme.RADIUS)
        room = self.picture_rect(row.id)
        self._paint_picture(painter, twig, room)
        left = room.right() + theme.GRID
        right = box.right() - (28 if row.id in (self._current, self._partner) else 8)
        self._paint_words(painter, twig, QRectF(left, box.top(), right - left, ROW_PX), current)
        self._paint_letter(painter, row.id, box)

    def _paint_picture(self, painter: QPainter, twig: Twig, room: QRectF) -> None:
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.setBrush(theme.colour("field"))
        if twig.picture is None:
            painter.drawRoundedRect(room, 3, 3)
        else:
            side = QSize(PICTURE_PX, PICTURE_PX)
            ratio = self.devicePixelRatioF()
            place = fit(twig.picture.size(), side, ratio, smooth=True).translated(room.topLeft())
            shrunk = place.width() * ratio < twig.picture.width()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrunk)
            painter.drawImage(place, twig.picture)
        if twig.failed:
            painter.fillRect(room, theme.colour("pane", 0.6))
            painter.setPen(theme.colour("error"))
            painter.setFont(theme.text_font(20))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, "!")
        if twig.share is not None:
            bar = QRectF(room.left(), room.bottom() - BAR_PX, room.width(), BAR_PX)
            painter.fillRect(bar, theme.colour("window"))
            bar.setWidth(bar.width() * min(1.0, twig.share))
            painter.fillRect(bar, theme.colour("accent"))

    def _paint_words(self, painter: QPainter, twig: Twig, room: QRectF, current: bool) -> None:
        weight = QFont.Weight.DemiBold if current else QFont.Weight.Normal
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        middle = room.center().y()
        lines = (
            (theme.text_font(theme.TEXT_PX, weight), "text", twig.title, middle - 18),
            (
                theme.figure_font(theme.CAPTION_PX),
                "error" if twig.failed else "quiet",
                twig.says,
                middle + 1,
            ),
        )
        for font, colour, words, top in lines:
            painter.setFont(font)
            painter.setPen(theme.colour(colour))
            shown = QFontMetricsF(font).elidedText(words, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(QRectF(room.left(), top, room.width(), 17), flags, shown)

    def _paint_letter(self, painter: QPainter, run: int, box: QRectF) -> None:
        """A for the run in front, B for the one beside it, where there are two."""
        if self._partner is None or run not in (self._current, self._partner):
            return
        place = QRectF(box.right() - 26, box.center().y() - 9, 18, 18)
        first = run == self._current
        painter.setPen(QPen(theme.colour("accent"), 1.25))
        painter.setBrush(theme.colour("accent") if first else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(place, 4, 4)
        painter.setFont(theme.text_font(theme.CAPTION_PX, QFont.Weight.DemiBold))
        painter.setPen(theme.colour("on_accent" if first else "accent"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, "A" if first else "B")

    def _paint_lines(self, painter: QPainter) -> None:
        """From each parent's picture down and across to its forks."""
        painter.setPen(QPen(theme.colour("faint"), 1.25))
        for row in self._rows:
            if row.parent is None:
                continue
            up, here = self.picture_rect(row.parent), self.picture_rect(row.id)
            if here.left() <= up.left():  # too deep to be drawn further in
                continue
            x = round(up.left() + INDENT_PX / 2 - 2) + 0.5
            y = round(here.center().y()) + 0.5
            painter.drawLine(QPointF(x, up.bottom() + 2), QPointF(x, y))
            painter.drawLine(QPointF(x, y), QPointF(here.left() - 3, y))
