"""The gap report as a table: numbers at the right with their intervals, sorted by a click."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QKeySequence, QPainter, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from genstudio.metrics.gap_table import FIGURES, Line, best
from genstudio.ui import theme

ROW_PX = 36
MODEL_PX, SAMPLER_PX = 108, 108
INTERVAL = Qt.ItemDataRole.UserRole
NUMBER = Qt.ItemDataRole.UserRole + 1
BEST = Qt.ItemDataRole.UserRole + 2

Index = QModelIndex | QPersistentModelIndex


class _Item(QTableWidgetItem):
    """A cell that sorts by its number; what has none comes last."""

    def __lt__(self, other: QTableWidgetItem) -> bool:
        mine, its = self.data(NUMBER), other.data(NUMBER)
        if isinstance(mine, str) or isinstance(its, str):
            return str(mine) < str(its)
        return (mine is None, mine or 0.0) < (its is None, its or 0.0)


class _Cell(QStyledItemDelegate):
    """A number in tabular figures, and below it, small, the ends of its interval."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        area = QRectF(option.rect).adjusted(4, 2, -8, -2)
        text, interval = str(index.data() or ""), str(index.data(INTERVAL) or "")
        right = index.data(Qt.ItemDataRole.TextAlignmentRole) or 0
        side = Qt.AlignmentFlag(int(right)) & Qt.AlignmentFlag.AlignHorizontal_Mask
        font = theme.figure_font()
        if index.data(BEST):
            font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(theme.colour("text"))
        upper = QRectF(area.left(), area.top(), area.width(), 18 if interval else area.height())
        metrics = painter.fontMetrics()
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, int(area.width()))
        painter.drawText(upper, side | Qt.AlignmentFlag.AlignVCenter, shown)
        if interval:
            painter.setFont(theme.figure_font(10))
            painter.setPen(theme.colour("quiet"))
            lower = QRectF(area.left(), area.top() + 17, area.width(), 14)
            painter.drawText(lower, side | Qt.AlignmentFlag.AlignVCenter, interval)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(64, ROW_PX)


class GapTable(QTableWidget):
    """One row for each model and sampler. Ctrl+C copies it with tabulators."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 2 + len(FIGURES), parent)
        self._lines: list[Line] = []
        titles = [self.tr("Model"), self.tr("z from")]
        titles += [figure.title for figure in FIGURES]
        self.setHorizontalHeaderLabels(titles)
        for column, figure in enumerate(FIGURES, 2):
            head = self.horizontalHeaderItem(column)
            head.setToolTip(figure.tip + self.tr("; below it the 95 % interval"))
            head.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for column in (0, 1):
            head = self.horizontalHeaderItem(column)
            head.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        header = self.horizontalHeader()
        for column in range(self.columnCount()):
            self.horizontalHeaderItem(column).setFont(theme.text_font(theme.CAPTION_PX))
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(62)
        for column, wide in ((0, MODEL_PX), (1, SAMPLER_PX)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, wide)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setHighlightSections(False)
        self.setItemDelegate(_Cell(self))
        self.setShowGrid(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSortingEnabled(True)
        self.setAccessibleName(self.tr("Gap report"))
        self.setToolTip(self.tr("Click a heading to sort; bold is the best of a column"))
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy)

    def lines(self) -> list[Line]:
        """What is shown, in the order of the slots."""
        return list(self._lines)

    def show_lines(self, lines: Sequence[Line], names: Mapping[str, str]) -> None:
        """Show these rows; they stay sorted as they are."""
        self._lines = list(lines)
        self.setSortingEnabled(False)
        self.setRowCount(len(lines))
        winners = [best(lines, figure) for figure in FIGURES]
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for number, line in enumerate(lines):
            self._put(number, 0, line.model, f"{line.slot}{number:03d}", left)
            self._put(number, 1, names.get(line.sampler, line.sampler), f"{number:03d}", left)
            if line.bank == "real images":
                tip = self.tr("Without an encoder, measured against real images")
                self.item(number, 0).setToolTip(tip)
            for column, figure in enumerate(FIGURES):
                value, ends = line.values[figure.key], line.intervals.get(figure.key)
                item = self._put(number, column + 2, figure.with_unit(value), value, right)
                if ends:
                    span = f"{figure.text(ends[0])}\N{EN DASH}{figure.text(ends[1])}"
                    item.setData(INTERVAL, span)
                item.setData(BEST, number in winners[column])
        self.setSortingEnabled(True)

    def _put(
        self, row: int, column: int, text: str, number: object, side: Qt.AlignmentFlag
    ) -> _Item:
        item = _Item(text)
        item.setData(NUMBER, number)
        item.setTextAlignment(side)
        self.setItem(row, column, item)
        return item

    def wanted_height(self) -> int:
        """Pixels that all rows take."""
        return self.rowCount() * ROW_PX + self.horizontalHeader().sizeHint().height() + 4

    def texts(self) -> list[list[str]]:
        """The table as it is sorted now, row by row."""
        return [
            [self.item(row, column).text() for column in range(self.columnCount())]
            for row in range(self.rowCount())
        ]

    def copy(self) -> None:
        """Put the table on the clipboard."""
        QApplication.clipboard().setText("\n".join("\t".join(row) for row in self.texts()))
