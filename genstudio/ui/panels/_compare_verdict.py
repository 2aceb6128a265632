"""Which model wins where, for the way to draw z that is chosen. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genstudio.metrics.verdict import verdict

Report = Mapping[str, Any]


def sentences(
    reports: Mapping[str, Report], titles: Mapping[str, str], sampler: str
) -> tuple[list[str], list[str]]:
    """Who wins with z drawn by `sampler`; and beside it what a fitted Gaussian does against N(0, I)
    and which sampler closes most of each model's gap. `reports` and `titles` are by slot.
    """
    named = {_name(slot, titles): report for slot, report in reports.items()}
    here = {
        name: {**report, "samplers": {sampler: report["samplers"][sampler]}}
        for name, report in named.items()
        if sampler in report["samplers"]
    }
    wins = verdict(here) if len(here) > 1 else []
    best = [said for name, report in named.items() for said in verdict({name: report})]
    return wins[:1], [*best, *wins[1:]]


def _name(slot: str, titles: Mapping[str, str]) -> str:
    """A model's title, with its slot where another has the same."""
    title = titles[slot]
    again = sum(other == title for other in titles.values()) > 1
    return f"{title} ({slot})" if again else title
