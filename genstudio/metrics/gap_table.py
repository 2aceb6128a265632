"""Gap reports as a table: names and units of the figures, their order, CSV and Markdown.

For the window and the command line alike. No torch here.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SAMPLERS = ("prior", "gaussian", "mixture", "kde", "encodings")


@dataclass(frozen=True)
class Figure:
    """A column: its key in the report, its name and unit, and whether more of it is better."""

    key: str
    title: str
    unit: str
    digits: int
    more_is_better: bool | None
    tip: str

    def text(self, value: float | None) -> str:
        """The number as it stands in the table, without its unit; a dash where there is none."""
        if value is None:
            return "\N{EN DASH}"
        scaled = value * 100 if self.unit == "%" else value
        return f"{scaled:.{self.digits}f}".replace("-", "\N{MINUS SIGN}")

    def with_unit(self, value: float | None) -> str:
        """The number with its unit."""
        text = self.text(value)
        return f"{text} {self.unit}" if self.unit and value is not None else text


FIGURES = (
    Figure("hole_share", "Holes", "%", 1, False, "Share of samples off support, beyond the 5 %"),
    Figure("precision", "Precision", "%", 1, True, "Share of samples within the real images"),
    Figure("recall", "Recall", "%", 1, True, "Share of real images within the samples"),
    Figure("density", "Density", "", 2, True, "Real neighbourhoods that a sample lies in, over 5"),
    Figure("coverage", "Coverage", "%", 1, True, "Share of real images with a sample nearby"),
    Figure("frechet", "Fréchet", "", 1, False, "Fréchet distance to test images, judge features"),
    Figure("frechet_floor", "Floor", "", 1, None, "The same for held-back real images"),
    Figure("path_gap", "Path gap", "%", 1, False, "Share of frames of straight paths off support"),
)


@dataclass(frozen=True)
class Line:
    """The figures of one model under one sampler; `own` where it is the model's own."""

    slot: str
    model: str
    sampler: str
    values: Mapping[str, float | None]
    intervals: Mapping[str, Sequence[float]]
    bank: str = ""
    n: int = 0
    own: bool = False


def lines(reports: Mapping[str, Mapping[str, Any]], titles: Mapping[str, str]) -> list[Line]:
    """One line for each model and sampler of the reports, by slot."""
    found = []
    for slot, report in reports.items():
        for name, row in report["samplers"].items():
            values = {figure.key: row.get(figure.key) for figure in FIGURES}
            intervals = dict(row.get("intervals") or {})
            kind, n = str(row.get("bank") or ""), int(row.get("n") or 0)
            own = name == report.get("sampler")
            found.append(Line(slot, titles[slot], name, values, intervals, kind, n, own))
    return found


def best(rows: Sequence[Line], figure: Figure) -> set[int]:
    """The rows that have the best value of a column."""
    known = [(row.values[figure.key], i) for i, row in enumerate(rows)]
    numbers = [(value, i) for value, i in known if value is not None]
    if figure.more_is_better is None or len(numbers) < 2:
        return set()
    ideal = (max if figure.more_is_better else min)(value for value, _ in numbers)
    return {i for value, i in numbers if value == ideal}


def as_csv(rows: Sequence[Line]) -> str:
    """The table with the ends of its intervals, shares as fractions; what does not apply is
    empty.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    head = ["model", "sampler", "own", "bank", "n"]
    for figure in FIGURES:
        head += [figure.key, f"{figure.key}_low", f"{figure.key}_high"]
    writer.writerow(head)
    for row in rows:
        own = "yes" if row.own else "no"
        cells: list[Any] = [row.model, row.sampler, own, row.bank, row.n]
        for figure in FIGURES:
            low, high = row.intervals.get(figure.key) or ("", "")
            value = row.values[figure.key]
            cells += ["" if value is None else value, low, high]
        writer.writerow(cells)
    return out.getvalue()


def as_markdown(rows: Sequence[Line], names: Mapping[str, str], below: Sequence[str] = ()) -> str:
    """The table as it stands on the screen, with intervals at 95 %; `names` are of samplers, and
    `below` are sentences about it.
    """
    heads = [f"{f.title}, {f.unit}" if f.unit else f.title for f in FIGURES]
    text = [_line(["model", "z from", "bank", *heads])]
    text.append("|---|---|---" + "|---:" * len(FIGURES) + "|")
    for row in rows:
        name = names.get(row.sampler, row.sampler)
        cells = [row.model.replace("|", "\\|"), f"{name} (own)" if row.own else name, row.bank]
        for figure in FIGURES:
            cell = figure.text(row.values[figure.key])
            ends = row.intervals.get(figure.key)
            if ends:
                cell += f" ({figure.text(ends[0])} to {figure.text(ends[1])})"
            cells.append(cell)
        text.append(_line(cells))
    if below:
        text += ["", *(f"- {sentence}" for sentence in below)]
    return "\n".join(text) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
