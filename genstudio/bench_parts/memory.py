"""Memory of the window's process during long training, scrubbing and dragging."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from genstudio.bench_parts._screen import screen
from genstudio.bench_parts._window import window

SETTLE_MINUTES = 5.0
EVERY_S = 5.0


def measure(minutes: float) -> dict[str, Any]:
    """MB per minute: the slope of resident memory by least squares from the fifth minute on.

    In a run of less than ten minutes the first half is left out instead.
    """
    settle = min(SETTLE_MINUTES, minutes / 2)
    times, megabytes = [], []
    with screen() as (environment, kind), window(environment) as told:
        told.tell("points", n=60_000)
        told.tell("train", net="conv")
        start = time.monotonic()
        while (now := (time.monotonic() - start) / 60) < minutes:
            told.tell("play", seconds=EVERY_S)
            times.append(now)
            megabytes.append(_resident_bytes(told.pid) / 1e6)
        told.tell("stop")
    kept = np.array(times) >= settle
    slope = np.polyfit(np.array(times)[kept], np.array(megabytes)[kept], 1)[0]
    return {
        "screen": kind,
        "minutes": minutes,
        "settled_after_minutes": settle,
        "first_mb": megabytes[0],
        "last_mb": megabytes[-1],
        "mb_per_minute": float(slope),
    }


def _resident_bytes(pid: int) -> int:
    """Resident memory of a process (Linux: from /proc)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
