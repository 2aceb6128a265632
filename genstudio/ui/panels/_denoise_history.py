"""Forks and deletions of runs as entries of the window's history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QUndoCommand

from genstudio.ui.panels._denoise_recipe import Run

if TYPE_CHECKING:
    from genstudio.ui.panels._denoise_run import Runs


class Put(QUndoCommand):
    """Runs that come or leave. Once their model is out of view there is nothing to do."""

    def __init__(self, runs: Runs, text: str, put: list[Run], *, there: bool) -> None:
        super().__init__(text)
        self._runs, self._put, self._there = runs, put, there
        self._tree = runs.tree

    def redo(self) -> None:
        self._do(self._there)

    def undo(self) -> None:
        self._do(not self._there)

    def _do(self, there: bool) -> None:
        if self._tree is self._runs.tree:
            self._runs.put(self._tree, self._put, there)
        else:
            self.setObsolete(True)
