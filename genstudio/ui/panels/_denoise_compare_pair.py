"""Which two runs are looked at beside each other: A is the one in front, B another."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from genstudio.ui.panels._denoise_compare_numbers import Film, Piece
from genstudio.ui.panels._denoise_recipe import Run
from genstudio.ui.panels._denoise_run import Runs


class Pair(QObject):
    """A and B. Where the one in front becomes B, the one before it becomes A's partner."""

    changed = Signal()

    def __init__(self, runs: Runs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs = runs
        self._front: int | None = None
        self._partner: int | None = None
        self._films: dict[int, Film] = {}
        runs.chosen.connect(self._chosen)
        runs.changed.connect(self._came_or_went)

    # Get and set -------------------------------------------------------------------------------

    def a(self) -> Run | None:
        return self._runs.current()

    def b(self) -> Run | None:
        return self._runs.run(self._partner)

    def both(self) -> tuple[Run, Run] | None:
        """A and B, where there are two."""
        a, b = self.a(), self.b()
        return (a, b) if a is not None and b is not None and a.id != b.id else None

    def others(self) -> list[Run]:
        """The runs that can stand beside the one in front: those of its batch size."""
        a = self.a()
        if a is None:
            return []
        return [run for run in self._runs.all() if run.id != a.id and run.recipe.n == a.recipe.n]

    def set_partner(self, run: int | None) -> None:
        """Put a run beside the one in front; None, or the one in front, for no run."""
        fit = run if any(each.id == run for each in self.others()) else None
        if fit != self._partner:
            self._partner = fit
            self.changed.emit()

    def suggest(self) -> None:
        """Where nothing stands beside: the parent of the one in front, or its newest fork, or the
        newest other run.
        """
        a, others = self.a(), self.others()
        if a is None or self.b() is not None or not others:
            return
        near = [run for run in others if run.id == a.parent or run.parent == a.id]
        best = next((run for run in near if run.id == a.parent), None)
        self.set_partner((best or (near or others)[-1]).id)

    def swap(self) -> None:
        """B comes to the front, and A beside it."""
        pair = self.both()
        if pair is not None:
            self._runs.choose(pair[1].id)

    def film(self, run: Run) -> Film:
        """All of a run's frames from T on; the same object as long as its records are the same."""
        made, known = film(self._runs, run), self._films.get(run.id)
        if known is None or known.tapes != made.tapes:
            known = self._films[run.id] = made
        return known

    # Private -----------------------------------------------------------------------------------

    def _chosen(self, number: int) -> None:
        before, self._front = self._front, number if number >= 0 else None
        if self._partner == self._front:
            self._partner = before
        self._check()
        self.changed.emit()

    def _came_or_went(self) -> None:
        for number, known in list(self._films.items()):  # a record that is gone is not held here
            run = self._runs.run(number)
            if run is None or film(self._runs, run).tapes != known.tapes:
                del self._films[number]
        if self._partner is not None and not self._check():
            self.changed.emit()

    def _check(self) -> bool:
        """Let go of a partner that is gone or of another size; whether it stays."""
        if any(run.id == self._partner for run in self.others()):
            return True
        self._partner = None
        return False


def film(runs: Runs, run: Run) -> Film:
    """All of a run's frames from T on: before a fork's own those of its parent."""
    pieces: list[Piece] = []
    each: Run | None = run
    while each is not None:
        times = each.recipe.times
        fork = each.parent is not None and times is not None
        begins = float(times[0]) if fork and times is not None else float("inf")
        pieces.insert(0, Piece(each.tape, begins))
        each = runs.run(each.parent)
    return Film(pieces)
