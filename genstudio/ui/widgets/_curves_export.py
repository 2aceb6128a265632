"""Copying and saving curves: as CSV, or as the picture that is seen."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QMenu, QWidget

from genstudio.ui.saving import ask_where


def csv_text(x_label: str, curves: Iterable[tuple[str, str, str, np.ndarray, np.ndarray]]) -> str:
    """Every point of the curves (run, part, split, xs, ys) as a line."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["run", "part", "split", x_label, "value"])
    for run, part, split, xs, ys in curves:
        for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
            at = f"{x:g}" if not x.is_integer() else int(x)
            writer.writerow([run, part, split, at, repr(y)])
    return text.getvalue()


class CurvesExport(QObject):
    """The menu of a plot's "more" button, and writing to files; `csv` and `picture` give what is
    copied and saved.
    """

    failed = Signal(str)  # one sentence: what could not be written, and what to do

    def __init__(
        self, parent: QWidget, csv: Callable[[], str], picture: Callable[[], QImage]
    ) -> None:
        super().__init__(parent)
        self._window = parent
        self._csv, self._picture = csv, picture

    def menu(self) -> QMenu:
        """Copy and save."""
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        clipboard = QGuiApplication.clipboard()
        menu.addAction(self.tr("Copy as CSV"), lambda: clipboard.setText(self._csv()))
        menu.addAction(self.tr("Copy picture"), lambda: clipboard.setImage(self._picture()))
        menu.addSeparator()
        menu.addAction(self.tr("Save as CSV…"), self.ask_csv)
        menu.addAction(self.tr("Save as PNG…"), self.ask_png)
        return menu

    def save_csv(self, path: str | Path) -> None:
        """Write the points. Raises: OSError."""
        Path(path).write_text(self._csv(), encoding="utf-8")

    def save_png(self, path: str | Path) -> None:
        """Write the picture. Raises: OSError."""
        if not self._picture().save(str(path), "PNG"):
            raise OSError(self.tr("the picture could not be written there"))

    def ask_csv(self) -> None:
        """Ask for a file and write the points into it."""
        title, kind = self.tr("Save curves"), self.tr("CSV (*.csv)")
        self._ask(title, "curves.csv", kind, self.save_csv)

    def ask_png(self) -> None:
        """Ask for a file and write the picture into it."""
        title, kind = self.tr("Save picture"), self.tr("PNG image (*.png)")
        self._ask(title, "curves.png", kind, self.save_png)

    def _ask(self, title: str, name: str, kind: str, write: Callable[[Path], None]) -> None:
        path = ask_where(self._window, title, name, kind)
        if path is None:
            return
        try:
            write(path)
        except OSError as error:
            words = self.tr("The curves were not saved to {0}: {1}. Choose another place.")
            self.failed.emit(words.format(path, error.strerror or str(error)))
