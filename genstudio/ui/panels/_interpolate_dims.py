"""The traversal table: what each latent dimension does at the handle, sorted by what it carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from genstudio.engine.messages import Answer, Failure
from genstudio.ui import theme
from genstudio.ui.session import Priority, Session
from genstudio.ui.widgets.latent_plane import sheet_image

if TYPE_CHECKING:
    from genstudio.latent.arithmetic import Traversal

COLUMNS = 7
MOST_ROWS = 16
LABEL_PX = 60
ROW_GAP = 3


class Dimensions(QWidget):
    """Rows of pictures in which one dimension alone moves; a click takes that code."""

    taken = Signal(object)  # z (D,)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._source, self._data = "", ""
        self._z: np.ndarray | None = None
        self.table = _Table()
        self.table.picked.connect(self._picked)
        self.fill = QPushButton(self.tr("At the handle, again"))
        self.fill.setToolTip(self.tr("Move each dimension from the handle's point on the path"))
        self.fill.clicked.connect(lambda _=False: self.again())
        self.says = theme.caption(QLabel())
        self.says.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self.says)
        column.addWidget(self.table)
        column.addWidget(self.fill)

    def use(self, source: str, data: str) -> None:
        if (source, data) != (self._source, self._data):
            self._source, self._data = source, data
            self.table.show_table(None)

    def look_at(self, z: np.ndarray | None) -> None:
        """The point that the rows go through, once they are asked for."""
        first = self._z is None or z is None or len(self._z) != len(z)
        self._z = z
        if first or self.table.traversal() is None:
            self.again()

    def again(self) -> None:
        """Ask for the table, if it is looked at."""
        if self.isHidden() or self._z is None or not self._source:
            return
        self._session.ask(
            self,
            "table",
            "latent.arithmetic:traversal",
            model=self._source,
            priority=Priority.SHEET,
            then=self._take,
            failed=self._refused,
            z=self._z,
            data=self._data,
            columns=COLUMNS,
        )

    def _take(self, answer: Answer) -> None:
        if answer.value is None:
            return
        self.table.show_table(answer.value)
        names = {"nats": self.tr("KL from the prior in nats"), "variance": self.tr("variance")}
        text = self.tr("Each row moves one dimension by ±3 sd; at the left its %1.")
        theme.caption(self.says)
        self.says.setText(text.replace("%1", names[answer.value.unit]))

    def _refused(self, failure: Failure) -> None:
        self.table.show_table(None)
        theme.error(self.says)
        self.says.setText(failure.sentence())

    def _picked(self, row: int, column: int) -> None:
        found = self.table.traversal()
        if found is not None and self._z is not None:
            z = np.array(self._z, np.float32)
            z[int(found.order[row])] = found.values[row, column]
            self.taken.emit(z)


class _Table(QWidget):
    """The mosaic of a Traversal with names and weights of its rows; arrows and Enter pick."""

    picked = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self._found: Traversal | None = None
        self._image: QImage | None = None
        self._current = (0, COLUMNS // 2)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Traversal of the latent dimensions"))
        self.setToolTip(
            self.tr(
                "Click a picture, or choose it with the arrows and press Enter, to put its code"
                " into the chosen slot"
            )
        )

    def traversal(self) -> Traversal | None:
        return self._found

    def show_table(self, found: Traversal | None) -> None:
        self._found = found
        self._image = None if found is None else sheet_image(found.mosaic)
        if found is not None:
            rows = (f"z{int(d) + 1} {found.weight[d]:.2f} {found.unit}" for d in found.order)
            self.setAccessibleDescription("; ".join(rows))
        self.updateGeometry()
        self._set_height()
        self.update()

    def rows(self) -> int:
        return 0 if self._found is None else min(MOST_ROWS, len(self._found.order))

    def cell_rect(self, row: int, column: int) -> QRectF:
        """Where a picture lies."""
        w, h = self._cell()
        return QRectF(LABEL_PX + column * w, row * (h + ROW_GAP), w, h)

    def _cell(self) -> tuple[float, float]:
        if self._found is None or self._image is None:
            return 28.0, 28.0
        rows, columns = self._found.values.shape
        w, h = self._image.width() / columns, self._image.height() / rows
        ratio = self.devicePixelRatioF()
        room = max(1.0, (self.width() - LABEL_PX) / columns) * ratio
        factor = room / w
        factor = float(int(factor)) if factor >= 1 else factor
        return w * factor / ratio, h * factor / ratio

    def _set_height(self) -> None:
        self.setFixedHeight(max(1, round(self.rows() * (self._cell()[1] + ROW_GAP))))

    def resizeEvent(self, event: object) -> None:
        self._set_height()

    def sizeHint(self) -> QSize:
        return QSize(LABEL_PX + 28 * COLUMNS, self.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row, column = self._at(event.position())
        if row >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._current = (row, column)
            self.picked.emit(row, column)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ways = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        way = ways.get(Qt.Key(event.key()))
        row, column = self._current
        if way is not None and self.rows():
            row = min(max(row + way[0], 0), self.rows() - 1)
            self._current = (row, min(max(column + way[1], 0), COLUMNS - 1))
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and row < self.rows():
            self.picked.emit(row, column)
        else:
            super().keyPressEvent(event)

    def _at(self, position: QPointF) -> tuple[int, int]:
        for row in range(self.rows()):
            for column in range(COLUMNS):
                if self.cell_rect(row, column).contains(position):
                    return row, column
        return -1, -1

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._found is None or self._image is None:
            return
        painter = QPainter(self)
        rows, columns = self._found.values.shape
        w, h = self._image.width() / columns, self._image.height() / rows
        small = theme.figure_font(theme.CAPTION_PX)
        painter.setFont(small)
        left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        for row in range(self.rows()):
            d = int(self._found.order[row])
            first = self.cell_rect(row, 0)
            words = QRectF(0, first.top(), LABEL_PX - 8, first.height())
            painter.setPen(theme.colour("text"))
            painter.drawText(words, left, f"z{d + 1}")
            painter.setPen(theme.colour("quiet"))
            painter.drawText(words, right, f"{float(self._found.weight[d]):.2f}")
            whole = QRectF(first.topLeft(), first.size())
            whole.setWidth(first.width() * columns)
            shrunk = first.width() * self.devicePixelRatioF() < w
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrunk)
            painter.drawImage(whole, self._image, QRectF(0, row * h, w * columns, h))
        if self.hasFocus() and self._current[0] < self.rows():
            painter.setPen(QPen(theme.colour("accent"), 2))
            painter.drawRect(self.cell_rect(*self._current).adjusted(1, 1, -1, -1))
        painter.end()
