"""Pointer move over the manifold to the painted probe picture, idle and while a model trains."""

from __future__ import annotations

import sys
import time
from typing import Any

from genstudio.bench_parts._figures import spread
from genstudio.bench_parts._screen import HandAndEye, screen
from genstudio.bench_parts._window import Window, window

MOVES = 200
STORM = 500
STORM_SPACING_S = 0.002
GIVE_UP_S = 0.5
SETTLED_WITHIN_S = 2.0
N_POINTS = 60_000


def measure(minutes: float) -> dict[str, Any]:
    """Milliseconds with 60,000 points shown; on an X screen measured from outside.

    On X a move counts until the probe's pixels read back from the server differ; the reading takes
    about a millisecond and is part of the figure. Offscreen it counts until the probe was painted.
    """
    figures: dict[str, Any] = {}
    with screen() as (environment, kind), window(environment) as told:
        figures["screen"] = kind
        figures["points"] = told.tell("points", n=N_POINTS)
        for state in ("idle", "training"):
            if state == "training":
                told.tell("train", net="conv")
            if kind == "offscreen" or not sys.platform.startswith("linux"):
                late, settled = told.tell("latency", n=MOVES), None
                still = 0
            else:
                late, still, settled = _from_outside(told, environment["DISPLAY"])
            figures.update(spread(late, f"{state}_ms"))
            figures[f"{state}_unchanged_moves"] = still
            figures[f"{state}_storm_settled_ms"] = settled
    return figures


def _from_outside(told: Window, display: str) -> tuple[list[float], int, float]:
    """(milliseconds of each move, moves after which nothing changed, storm to last change)."""
    where = told.tell("where")
    left, top, width, height = where["plane"]
    x, y, w, h = where["probe"]
    place = HandAndEye(display)

    def point(share: float) -> tuple[int, int]:
        across = 0.15 + 0.7 * share
        return round(left + across * width), round(top + across * height)

    late: list[float] = []
    still = 0
    try:
        for i in range(MOVES + 5):
            before = place.look(x, y, w, h)
            start = time.perf_counter()
            place.move(*point((i % 60) / 60))
            while place.look(x, y, w, h) == before:
                if time.perf_counter() - start > GIVE_UP_S:
                    still += 1
                    break
            else:
                if i >= 5:
                    late.append((time.perf_counter() - start) * 1e3)
            told.tell("rest", ms=30)
        for i in range(STORM):
            place.move(*point((i % 97) / 97))
            time.sleep(STORM_SPACING_S)
        end = changed = time.perf_counter()
        before = place.look(x, y, w, h)
        while time.perf_counter() - end < SETTLED_WITHIN_S:
            now = place.look(x, y, w, h)
            if now != before:
                before, changed = now, time.perf_counter()
        return late, still, (changed - end) * 1e3
    finally:
        place.close()
