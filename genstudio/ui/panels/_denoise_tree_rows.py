"""Where the runs stand in their tree: one row each, forks below what they left. No Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

DEEPEST = 4  # further forks are drawn no further in


@dataclass(frozen=True)
class Row:
    """One run. `rails[d]` says whether the line to forks of level d + 1 goes on beside it; `last` whether
    no other fork of the same parent comes after it.
    """

    id: int
    parent: int | None
    depth: int
    last: bool
    rails: tuple[bool, ...]

    @property
    def level(self) -> int:
        """How far in it is drawn."""
        return min(self.depth, DEEPEST)


def rows(parents: Mapping[int, int | None]) -> list[Row]:
    """The runs in the order of their rows, from each run's parent, None for a root.

    Roots and forks keep the order that they have in `parents`; a run whose parent is not there
    stands as a root.
    """
    children: dict[int | None, list[int]] = {}
    for run, parent in parents.items():
        children.setdefault(parent if parent in parents else None, []).append(run)
    found: list[Row] = []
    waiting: list[tuple[int, int, bool, tuple[bool, ...]]] = []  # run, depth, last, rails

    def put_off(runs: Sequence[int], depth: int, rails: tuple[bool, ...]) -> None:
        for place in range(len(runs) - 1, -1, -1):
            waiting.append((runs[place], depth, place == len(runs) - 1, rails))

    put_off(children.get(None, ()), 0, ())
    while waiting:
        run, depth, last, rails = waiting.pop()
        parent = parents[run] if depth else None
        found.append(Row(run, parent, depth, last, rails))
        put_off(children.get(run, ()), depth + 1, (*rails, not last) if depth else ())
    return found


def step(order: Sequence[Row], current: int | None, way: str) -> int | None:
    """The run that an arrow key goes to: "up", "down", "left" to the parent, "right" to the first
    fork; the same run where there is none.
    """
    ids = [row.id for row in order]
    if current not in ids:
        return ids[0] if ids else None
    place = ids.index(current)
    if way in ("up", "down"):
        return ids[min(max(place + (1 if way == "down" else -1), 0), len(ids) - 1)]
    if way == "left":
        return order[place].parent if order[place].parent is not None else current
    below = place + 1
    return ids[below] if below < len(ids) and order[below].parent == current else current


def branch(parents: Mapping[int, int | None], root: int) -> list[int]:
    """A run and all its forks, in the order of their rows."""
    inside = {root}
    for row in rows(parents):
        if row.parent in inside:
            inside.add(row.id)
    return [row.id for row in rows(parents) if row.id in inside]
