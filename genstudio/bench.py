"""`genstudio bench`: figures of this machine, each beside its bare reference from the same run.

Run it alone on the machine. Every part is a file in `bench_parts` that says how it measures.
"""

from __future__ import annotations

import importlib
import os
import platform
from collections.abc import Sequence
from typing import Any

from genstudio.abilities import BadInput

NAMES = (
    *("startup", "latency", "stall", "sheet", "points"),
    *("training", "sampling", "compare", "memory"),
)
_LONG = ("memory",)  # only when asked for


def choose(words: Sequence[str]) -> list[str]:
    """The measurements that `words` name, in the order of NAMES; without words all but the long.

    Raises: BadInput naming those there are.
    """
    for word in words:
        if word not in NAMES:
            raise BadInput(f"There is no measurement {word!r}. Choose from: {', '.join(NAMES)}.")
    return [name for name in NAMES if (name in words if words else name not in _LONG)]


def measure(name: str, minutes: float = 30.0) -> dict[str, Any]:
    """Run one measurement; `minutes` is for the long ones."""
    part = importlib.import_module(f"genstudio.bench_parts.{name}")
    figures: dict[str, Any] = part.measure(minutes)
    return figures


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    from importlib import metadata

    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch": metadata.version("torch"),
        "pyside6": metadata.version("PySide6-Essentials"),
        "load_before": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123 (Linux's own)
            names = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor()


def rows(results: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """(what, figure, value) of every figure, for a table."""
    return [
        (what, figure, value)
        for what, figures in results.items()
        for figure, value in figures.items()
    ]
