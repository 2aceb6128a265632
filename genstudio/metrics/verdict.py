"""What gap reports say of several models, in sentences: which one wins where, whichever it is.

A win is said only where the bootstrap intervals of two figures lie apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Report = Mapping[str, Any]


@dataclass(frozen=True)
class _Figure:
    """A figure by which models are told apart."""

    key: str
    name: str
    less_is_better: bool


_FIGURES = (
    _Figure("hole_share", "hole share", True),
    _Figure("precision", "precision", False),
    _Figure("recall", "recall", False),
    _Figure("density", "density", False),
    _Figure("coverage", "coverage", False),
    _Figure("frechet", "Frechet distance", True),
)
_DRAWN = {
    "prior": "from N(0, I)",
    "gaussian": "from a fitted Gaussian",
    "mixture": "from a fitted mixture",
    "kde": "from a kernel density",
    "encodings": "from encodings of held-out images",
    "own": "by the model itself",
}


def verdict(reports: Mapping[str, Report]) -> list[str]:
    """Sentences about `gap.report`s by model name; none for a single model with one sampler.

    For each sampler that all share: who wins in which figure. For models that sample from a fitted
    Gaussian against those that sample from the prior: whether the Gaussian makes them the better
    ones. For each model: which sampler closes most of its gap.
    """
    sentences = []
    if len(reports) > 1:
        shared = [
            name
            for name in next(iter(reports.values()))["samplers"]
            if all(name in report["samplers"] for report in reports.values())
        ]
        for sampler in shared:
            rows = {model: report["samplers"][sampler] for model, report in reports.items()}
            sentences.append(_who_wins(sampler, rows))
        sentences += _gaussian_against_prior(reports)
    sentences += [s for model, report in reports.items() if (s := _best_sampler(model, report))]
    return sentences


def _who_wins(sampler: str, rows: Mapping[str, Report]) -> str:
    """Which model wins in which figure when z is drawn in the same way."""
    wins: dict[str, list[str]] = {}
    close = []
    for figure in _FIGURES:
        order = _ranked(figure, rows)
        if len(order) < 2:
            continue
        first, second = order[:2]
        if _apart(figure, rows[first], rows[second]):
            wins.setdefault(first, []).append(
                f"{figure.name} ({rows[first][figure.key]:.3g} against "
                f"{rows[second][figure.key]:.3g} of {second})"
            )
        else:
            close.append(figure.name)
    parts = [f"{model} wins in {_listed(figures)}" for model, figures in wins.items()]
    if close:
        parts.append(f"in {_listed(close)} the first two cannot be told apart")
    return f"With z drawn {_DRAWN[sampler]}, {'; '.join(parts)}."


def _gaussian_against_prior(reports: Mapping[str, Report]) -> list[str]:
    """Where a model with a fitted Gaussian beats one that samples from the prior, or does not."""
    sentences = []
    for a, left in reports.items():
        for b, right in reports.items():
            if left["sampler"] != "gaussian" or right["sampler"] != "prior":
                continue
            better: list[str] = []
            worse: list[str] = []
            for figure in _FIGURES:
                ranked = _ranked(figure, {a: left, b: right})
                if len(ranked) == 2 and _apart(figure, left, right):
                    (better if ranked[0] == a else worse).append(figure.name)
            sentences.append(_compared(a, b, better, worse))
    return sentences


def _compared(a: str, b: str, better: list[str], worse: list[str]) -> str:
    begin = f"{a} with a fitted Gaussian"
    against = f"{b} from N(0, I)"
    if better and not worse:
        return f"{begin} is the better one: it beats {against} in {_listed(better)}."
    if worse and not better:
        return f"{begin} is not the better one: {against} beats it in {_listed(worse)}."
    if better and worse:
        return f"{begin} is the better one in {_listed(better)}; {against} is in {_listed(worse)}."
    return f"{begin} and {against} cannot be told apart."


def _best_sampler(model: str, report: Report) -> str:
    """Which way to draw z leaves the smallest hole share; empty where there is no choice."""
    rows = {
        name: row
        for name, row in report["samplers"].items()
        if name != "encodings" and row["hole_share"] is not None
    }
    if len(rows) < 2:
        return ""
    order = _ranked(_FIGURES[0], rows)
    best, worst = order[0], order[-1]
    if not _apart(_FIGURES[0], rows[best], rows[worst]):
        low, high = _share(rows[best]), _share(rows[worst])
        if low == high:
            return f"{model} has the same hole share for every sampler, {low}."
        return f"{model} has hole shares of {low} to {high}, which cannot be told apart."
    return (
        f"{model} has the smallest hole share drawn {_DRAWN[best]}, {_share(rows[best])}, and the "
        f"largest drawn {_DRAWN[worst]}, {_share(rows[worst])}."
    )


def _ranked(figure: _Figure, rows: Mapping[str, Report]) -> list[str]:
    """Names of rows that have the figure, the best first."""
    known = [name for name, row in rows.items() if row[figure.key] is not None]
    return sorted(known, key=lambda name: rows[name][figure.key], reverse=not figure.less_is_better)


def _apart(figure: _Figure, first: Report, second: Report) -> bool:
    """Whether the intervals of two rows do not touch."""
    (a, b), (c, d) = first["intervals"][figure.key], second["intervals"][figure.key]
    return bool(b < c or d < a)


def _share(row: Report) -> str:
    return f"{row['hole_share']:.2f}"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
