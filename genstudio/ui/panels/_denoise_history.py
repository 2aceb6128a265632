"""Forks and deletions of runs as entries of the window's history."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from PySide6.QtGui import QUndoCommand, QUndoStack

from genstudio.ui.panels._denoise_recipe import Run

if TYPE_CHECKING:
    from genstudio.ui.panels._denoise_run import Runs


class Put(QUndoCommand):
    """Runs that come or leave. There is nothing to do once their model is out of view, a fork's
    parent has gone or begun anew, or a run has left in another way.
    """

    def __init__(self, runs: Runs, text: str, put: list[Run], *, there: bool) -> None:
        super().__init__(text)
        self._runs, self._put, self._there = runs, put, there
        self._tree: object = runs.tree
        mother = runs.run(put[0].parent)
        self._record = None if mother is None else weakref.ref(mother.tape)

    def redo(self) -> None:
        self._do(self._there)

    def undo(self) -> None:
        self._do(not self._there)

    def let_go(self) -> None:
        """Hold no run any more, if one of them is not among those in view."""
        if self._tree is not self._runs.tree or not self._all_here():
            self._tree, self._put = None, []

    def _do(self, there: bool) -> None:
        if self._tree is self._runs.tree and (self._fits() if there else self._all_here()):
            self._runs.put(self._runs.tree, self._put, there)
        else:
            self.setObsolete(True)

    def _all_here(self) -> bool:
        return all(self._runs.run(run.id) is run for run in self._put)

    def _fits(self) -> bool:
        """Whether the parent still is what the first of the runs was forked from."""
        mother = self._runs.run(self._put[0].parent)
        if self._record is None:
            return self._put[0].parent is None
        return mother is not None and mother.tape is self._record()


def let_go(stack: QUndoStack) -> None:
    """Give up runs that the history alone still holds: deleted ones, and those of models that have
    been given up.
    """
    for i in range(stack.count()):
        command = stack.command(i)
        if isinstance(command, Put):
            command.let_go()
