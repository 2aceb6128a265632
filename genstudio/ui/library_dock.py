"""The library at the left: shipped models, the user's runs and files, and the images to encode."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QInputDialog,
    QLabel,
    QMenu,
    QMessageBox,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from genstudio.abilities import BadInput
from genstudio.engine import shelf
from genstudio.engine.messages import Failure
from genstudio.ui import theme
from genstudio.ui.card_dialog import CardDialog
from genstudio.ui.session import SLOTS, Session
from genstudio.ui.widgets.draw_canvas import DrawCanvas

_ENTRY = Qt.ItemDataRole.UserRole


class Library(QWidget):
    """Double-click or Enter shows a model; the context menu renames, deletes and shows the card."""

    files_dropped = Signal(list)  # of Path

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setAcceptDrops(True)
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setRootIsDecorated(False)
        self.tree.setIndentation(0)
        self.tree.setAccessibleName(self.tr("Models"))
        self.tree.setToolTip(
            self.tr("Enter or double-click shows a model; drop weights files here.")
        )
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tree.customContextMenuRequested.connect(self._menu)
        self.tree.itemActivated.connect(lambda item: self._open(item.data(0, _ENTRY)))
        self.tree.itemClicked.connect(lambda item: self._open(item.data(0, _ENTRY)))
        self.canvas = DrawCanvas()
        self.canvas.setToolTip(
            self.tr("Draw here, or drop or paste an image: it is encoded at once.")
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GRID, 0, theme.GRID, theme.GRID)
        column.setSpacing(theme.GRID)
        column.addWidget(self.tree, 1)
        images = QLabel(self.tr("Images"))
        theme.caption(images)
        column.addWidget(images)
        column.addWidget(self.canvas)
        self.canvas.refused.connect(lambda text: session.failed.emit(Failure(text)))
        session.library_changed.connect(self.refresh)
        session.jobs_changed.connect(self.refresh)
        session.model_changed.connect(lambda _slot: self._mark_shown())
        self.refresh()

    def entries(self) -> list[shelf.Entry]:
        return self._entries

    def refresh(self) -> None:
        """Read the shelf again."""
        self._entries = shelf.entries()
        self.tree.clear()
        for title, kinds in (
            (self.tr("Shipped models"), ("shipped",)),
            (self.tr("My runs"), ("run",)),
            (self.tr("My files"), ("file",)),
        ):
            live = self._live() if "run" in kinds else []
            busy = self._busy_folders()
            group = [e for e in self._entries if e.kind in kinds and e.path not in busy]
            if not group and not live and "file" in kinds:
                continue
            head = QTreeWidgetItem([title])
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            head.setForeground(0, theme.colour("quiet"))
            head.setFont(0, theme.text_font(theme.CAPTION_PX))
            self.tree.addTopLevelItem(head)
            for source, name in live:
                head.addChild(self._item(name, source, self.tr("In training now.")))
            for entry in group:
                head.addChild(self._item(entry.title, entry, entry.card.title or entry.card.family))
            if not group and not live:
                empty = QTreeWidgetItem([self.tr("none yet; train one")])
                empty.setFlags(Qt.ItemFlag.NoItemFlags)
                empty.setForeground(0, theme.colour("faint"))
                head.addChild(empty)
            head.setSizeHint(0, QSize(0, 3 * theme.GRID))
            head.setExpanded(True)
        self._mark_shown()

    # private --------------------------------------------------------------------------------

    def _live(self) -> list[tuple[str, str]]:
        jobs = self._session.jobs().values()
        return [(f"live:{job.run}", job.name) for job in jobs if job.card and not job.state.over]

    def _busy_folders(self) -> set[Path]:
        """Folders of runs that are in training now: they are listed as live."""
        jobs = self._session.jobs().values()
        return {job.folder for job in jobs if job.card and job.folder and not job.state.over}

    def _item(self, name: str, entry: shelf.Entry | str, tip: str) -> QTreeWidgetItem:
        item = QTreeWidgetItem([name])
        item.setSizeHint(0, QSize(0, 3 * theme.GRID))
        item.setData(0, _ENTRY, entry)
        item.setToolTip(0, tip)
        return item

    def _mark_shown(self) -> None:
        ref = self._session.model("A")
        for i in range(self.tree.topLevelItemCount()):
            head = self.tree.topLevelItem(i)
            for j in range(head.childCount()):
                child = head.child(j)
                entry = child.data(0, _ENTRY)
                source = entry.source if isinstance(entry, shelf.Entry) else entry
                child.setSelected(ref is not None and source == ref.source)

    def _open(self, entry: shelf.Entry | str | None, slot: str = "A") -> None:
        if entry is None:
            return
        source = entry.source if isinstance(entry, shelf.Entry) else entry
        shown = self._session.model(slot)
        if shown is None or shown.source != source:
            self._session.try_show(slot, source)

    def _menu(self, where: QPoint) -> None:
        item = self.tree.itemAt(where)
        entry = item.data(0, _ENTRY) if item is not None else None
        if entry is None:
            return
        menu = self.menu(entry)
        menu.exec(self.tree.viewport().mapToGlobal(where))
        menu.deleteLater()
        self._mark_shown()  # the press had marked the entry as if it were shown

    def menu(self, entry: shelf.Entry | str) -> QMenu:
        """What can be done with an entry, or with the live model of that source."""
        menu = QMenu(self)
        for slot in SLOTS:
            text = self.tr("Show as model %1").replace("%1", slot)
            menu.addAction(text, lambda slot=slot: self._open(entry, slot))
        if not isinstance(entry, shelf.Entry):
            return menu
        menu.addSeparator()
        menu.addAction(self.tr("Show card…"), lambda: self.show_card(entry))
        if entry.kind != "shipped":
            menu.addSeparator()
            menu.addAction(self.tr("Rename…"), lambda: self._rename(entry))
            text = self.tr("Delete…") if entry.kind == "run" else self.tr("Take off the list")
            menu.addAction(text, lambda: self._delete(entry))
        return menu

    def show_card(self, entry: shelf.Entry) -> None:
        """The model's card in a window of its own."""
        dialog = CardDialog(entry.card, self)
        dialog.open()

    def _rename(self, entry: shelf.Entry) -> None:
        name, accepted = QInputDialog.getText(
            self, self.tr("Rename"), self.tr("New name"), text=entry.title
        )
        if accepted:
            self._change_shelf(lambda: shelf.rename(entry, name))

    def _delete(self, entry: shelf.Entry) -> None:
        if entry.kind == "run":
            question = self.tr("Delete the run %1 with its checkpoints? This cannot be undone.")
            answer = QMessageBox.question(
                self, self.tr("Delete run"), question.replace("%1", entry.title)
            )
            if answer != QMessageBox.StandardButton.Yes:
                return
        self._change_shelf(lambda: shelf.delete(entry))
        for slot, ref in self._session.slots().items():
            if ref.source == entry.source:
                self._session.show(slot, None)

    def _try(self, change: Callable[[], object]) -> None:
        try:
            change()
        except (BadInput, OSError) as error:
            self._session.failed.emit(Failure(str(error)))

    def _change_shelf(self, change: Callable[[], object]) -> None:
        self._try(change)
        self._session.library_changed.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        urls = event.mimeData().urls()
        self.files_dropped.emit([Path(url.toLocalFile()) for url in urls if url.isLocalFile()])
        event.acceptProposedAction()
