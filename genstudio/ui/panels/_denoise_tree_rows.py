"""Where the runs stand in their tree: one row each, forks below what they left. No Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

DEEPEST = 4  # further forks are drawn no further in


@dataclass(frozen=True)
class Row:
    """One run, `depth` forks away from its root."""

    id: int
    parent: int | None
    depth: int

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
    waiting = [(run, 0) for run in reversed(children.get(None, []))]
    while waiting:
        run, depth = waiting.pop()
        found.append(Row(run, parents[run] if depth else None, depth))
        waiting.extend((child, depth + 1) for child in reversed(children.get(run, [])))
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
