"""Process start to the first window and the first decoded manifold, beside the bare imports."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

from genstudio.bench_parts._screen import screen

PAIRS = 5
WITHIN_S = 60.0
REFERENCE = "import torch, PySide6.QtWidgets, pyqtgraph"


def measure(minutes: float) -> dict[str, Any]:
    """Seconds: medians over pairs of runs in turn, after one pair that warms the disk's cache."""
    window: list[float] = []
    manifold: list[float] = []
    reference: list[float] = []
    with screen() as (environment, kind), tempfile.TemporaryDirectory() as home:
        environment = {**environment, "GENSTUDIO_HOME": home, "GENSTUDIO_BENCH_STARTUP": "1"}
        for pair in range(PAIRS + 1):
            bare = _reference(environment)
            times = _start(environment)
            if pair:
                reference.append(bare)
                window.append(times["window"])
                manifold.append(times["manifold"])
    return {
        "screen": kind,
        "runs": PAIRS,
        "window_s": statistics.median(window),
        "manifold_s": statistics.median(manifold),
        "reference_s": statistics.median(reference),
        "above_reference_s": statistics.median(
            [mine - bare for mine, bare in zip(manifold, reference)]
        ),
        "manifold_max_s": max(manifold),
    }


def _reference(environment: dict[str, str]) -> float:
    start = time.monotonic()
    words = [sys.executable, "-c", REFERENCE]
    subprocess.run(words, env=environment, check=True, timeout=WITHIN_S)
    return time.monotonic() - start


def _start(environment: dict[str, str]) -> dict[str, float]:
    """Seconds from the start of the process to what the window reports."""
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "genstudio"],
        env=environment,
        check=True,
        timeout=WITHIN_S,
        capture_output=True,
        text=True,
    )
    lines = (line.split() for line in done.stdout.splitlines())
    times = {words[0]: float(words[1]) - start for words in lines if len(words) == 2}
    if not {"window", "manifold"} <= set(times):
        raise RuntimeError(f"The window reported no times{os.linesep}{done.stderr}")
    return times
