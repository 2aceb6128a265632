"""What leaves the Manifold, and the menu of its right button: copy z, save the sheet."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from genstudio.ui.panels._manifold_hand import Hand
from genstudio.ui.panels._manifold_rows import ProbeView
from genstudio.ui.panels._manifold_save import SaveSheet
from genstudio.ui.panels._manifold_text import as_python, z_text
from genstudio.ui.session import Session


class Actions(QObject):
    """Copy, save and the context menu of one panel."""

    def __init__(self, session: Session, hand: Hand, probe: ProbeView, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._hand, self._probe, self._panel = session, hand, probe, parent

    def _shown_z(self) -> np.ndarray | None:
        probed = self._probe.probed()
        return probed.z if probed is not None else None

    def copy_text(self) -> None:
        """z of the probe on the clipboard, as numbers."""
        z = self._shown_z()
        if z is not None:
            QGuiApplication.clipboard().setText(z_text(z))

    def copy_python(self) -> None:
        """A script that decodes z of the probe on the clipboard."""
        z = self._shown_z()
        if z is not None:
            source = self._session.lasting(self._hand.scene.source)
            QGuiApplication.clipboard().setText(as_python(source, z))

    def save_sheet(self) -> SaveSheet | None:
        """Open the dialog that decodes the region in view at a chosen size."""
        if self._hand.scene.ref is None:
            return None
        dialog = SaveSheet(
            self._session,
            self._hand.scene.source,
            self._hand.scene.space,
            self._hand.plane.frame().extent,
            self._hand.scene.ref.card.shape,
            self._panel.window(),
        )
        dialog.open()
        return dialog

    def menu(self, x: float, y: float) -> QMenu:
        """The menu of the right button at a map point."""
        menu = QMenu(self._panel)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Pin this point"), lambda: self._hand.click(x, y))
        cloud, point = self._hand.scene.shown(), self._hand.plane.point_at(x, y)
        if cloud is not None and 0 <= point < len(cloud.mean):
            index, split = int(cloud.index[point]), cloud.split
            text = self.tr("Show the posterior of %1 image %2")
            text = text.replace("%1", split).replace("%2", f"{index:,}")
            menu.addAction(text, lambda: self._hand.study.choose(index, split))
        menu.addSeparator()
        menu.addAction(self.tr("Copy z as text"), self.copy_text)
        menu.addAction(self.tr("Copy z as Python"), self.copy_python)
        menu.addSeparator()
        active = self._hand.plane.active_pin()
        self._add_paths(menu, active)
        remove = menu.addAction(
            self.tr("Remove the chosen pin"), lambda: self._hand.board.remove(active)
        )
        remove.setEnabled(active >= 0)
        clear = menu.addAction(self.tr("Remove all pins"), self._hand.board.clear)
        clear.setEnabled(bool(self._hand.board.pins().points))
        menu.addSeparator()
        menu.addAction(self.tr("Random test image"), self._hand.study.choose_random)
        menu.addAction(self.tr("Reset the view"), self._hand.plane.reset_view)
        menu.addAction(self.tr("Save the sheet as PNG…"), self.save_sheet)
        return menu

    def _add_paths(self, menu: QMenu, active: int) -> None:
        """A path from the chosen pin to each other one."""
        others = [n for n in range(len(self._hand.board.pins().points)) if n != active]
        if active < 0 or not others:
            return
        inner = menu.addMenu(self.tr("Path from pin %1").replace("%1", str(active + 1)))
        for number in others:
            text = self.tr("To pin %1").replace("%1", str(number + 1))
            inner.addAction(text, partial(self._hand.join, active, number))
        menu.addSeparator()

    def show_menu(self, position: QPoint, x: float, y: float) -> None:
        self.menu(x, y).popup(position)
