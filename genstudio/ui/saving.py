"""Asking where a file is to be saved."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget


def ask_where(parent: QWidget, title: str, name: str, types: str) -> Path | None:
    """The file that the user names, with the ending of `name` whether it was typed or not; None
    where it was given up.

    `name` is the proposal, `types` the dialog's filter. The system's dialog asks before a file is
    replaced, but only about the name as it was typed: one that gets its ending here is asked about
    here.
    """
    typed, _ = QFileDialog.getSaveFileName(parent, title, name, types)
    if not typed:
        return None
    ending = Path(name).suffix
    if typed.lower().endswith(ending.lower()):
        return Path(typed)
    path = Path(f"{typed}{ending}")
    return path if not path.exists() or _may_replace(parent, title, path) else None


def _may_replace(parent: QWidget, title: str, path: Path) -> bool:
    yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
    words = QCoreApplication.translate("Saving", "{0} is there already. Replace it?")
    return QMessageBox.question(parent, title, words.format(path.name), yes | no, no) == yes
