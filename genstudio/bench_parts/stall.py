"""Lateness of a 16 ms tick of the window's thread while a model trains with everything live."""

from __future__ import annotations

from typing import Any

from genstudio.bench_parts._figures import spread
from genstudio.bench_parts._screen import screen
from genstudio.bench_parts._window import window

SECONDS = 12.0


def measure(minutes: float) -> dict[str, Any]:
    """Milliseconds beside an empty window's in the same process; the first second is left out."""
    with screen() as (environment, kind), window(environment) as told:
        empty = told.tell("empty_ticks", seconds=SECONDS / 2)
        told.tell("points", n=60_000)
        figures: dict[str, Any] = {"screen": kind, **spread(empty, "reference_ms")}
        for net in ("dense", "conv"):
            told.tell("train", net=net)
            told.tell("rest", ms=1000)
            figures.update(spread(told.tell("ticks", seconds=SECONDS), f"{net}_ms"))
            told.tell("stop")
    return figures
