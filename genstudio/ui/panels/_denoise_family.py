"""The runs of one model as a tree: roots from noise or an image, and forks below them."""

from __future__ import annotations

from dataclasses import dataclass, field

from genstudio.ui.panels._denoise_recipe import Run


@dataclass
class Tree:
    """Runs by their id, and the one in front."""

    runs: dict[int, Run] = field(default_factory=dict)
    current: int | None = None
    roots: int = 0  # how many roots there have been, for their names
    forks: dict[int, int] = field(default_factory=dict)  # how many of each run

    def run(self, number: int | None) -> Run | None:
        return None if number is None else self.runs.get(number)

    def all(self) -> list[Run]:
        """Every run, each fork below its parent, in the order in which they were made."""
        return [run for root in self.children(None) for run in self.family(root.id)]

    def children(self, parent: int | None) -> list[Run]:
        """The forks of a run in the order they were made; the roots for None."""
        found = [run for run in self.runs.values() if run.parent == parent]
        return sorted(found, key=lambda run: run.id)

    def family(self, number: int) -> list[Run]:
        """A run and everything forked from it."""
        run = self.runs[number]
        return [run, *(each for fork in self.children(number) for each in self.family(fork.id))]

    def name_next(self, mother: Run | None) -> str:
        """The name of a root, "2", or of a fork, "1.2", which no other gets again."""
        if mother is None:
            self.roots += 1
            return str(self.roots)
        count = self.forks[mother.id] = self.forks.get(mother.id, 0) + 1
        return f"{mother.name}.{count}"

    def beyond(self, most: int) -> list[Run]:
        """The oldest roots that go where there are more than `most`: without forks, and neither in
        front nor the newest.
        """
        roots = self.children(None)
        kept = {self.current, roots[-1].id}
        plain = [run for run in roots if run.id not in kept and not self.children(run.id)]
        return plain[: max(0, len(roots) - most)]

    def choose_after(self, gone: Run) -> None:
        """Another run in front where the one that was is not there any more: the parent of `gone`,
        or the newest.
        """
        if self.current not in self.runs:
            left = list(self.runs)
            newest = left[-1] if left else None
            self.current = gone.parent if gone.parent in self.runs else newest
