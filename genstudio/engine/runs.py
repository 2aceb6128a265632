"""A run folder while it is written: what lies where, snapshots, curves. Needs no torch.

    RUN/model.safetensors, card.json         the newest saved weights (averages where there are
                                             any) and their card
    RUN/checkpoints/, latest.json            see checkpoint.py
    RUN/snapshots/step-000123.safetensors    weights along the way, for time travel
    RUN/metrics.jsonl                        a point of a curve, or an event, in each line

What runs there are, and renaming and deleting them, is the shelf's.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from genstudio.engine import checkpoint, files

MODEL = "model.safetensors"
CARD = "card.json"
METRICS = "metrics.jsonl"
SNAPSHOTS = "snapshots"
_SUFFIX = ".safetensors"
_MAX_LINE = 1 << 20


def is_run(folder: Path) -> bool:
    """Whether training wrote `folder`."""
    return (folder / checkpoint.FOLDER).is_dir() or (folder / METRICS).is_file()


def is_empty(folder: Path) -> bool:
    """Whether `folder` holds nothing, or only what a run left that was killed before its first
    checkpoint.
    """
    if not folder.exists():
        return True
    if not folder.is_dir():
        return False
    ours = {checkpoint.FOLDER, SNAPSHOTS, METRICS}
    names = {entry.name for entry in os.scandir(folder)}
    if not all(name in ours or files.TEMPORARY in name for name in names):
        return False
    return not checkpoint.names(folder)


def clear(folder: Path) -> None:
    """Sweep away what a run left that was killed before its first checkpoint."""
    (folder / METRICS).unlink(missing_ok=True)
    for _, path in snapshots(folder):
        path.unlink(missing_ok=True)


def snapshot_path(folder: Path, step: int) -> Path:
    return folder / SNAPSHOTS / f"{checkpoint.name_of(step)}{_SUFFIX}"


def snapshots(folder: Path) -> tuple[tuple[int, Path], ...]:
    """(step, weights file) of the stored steps of a run, in order."""
    found = []
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder / SNAPSHOTS):
            step = checkpoint.step_of(entry.name.removesuffix(_SUFFIX))
            if step is not None and entry.name.endswith(_SUFFIX):
                found.append((step, Path(entry.path)))
    return tuple(sorted(found))


def drop_after(folder: Path, step: int) -> None:
    """Forget snapshots and curves after `step`: a resumed run makes them anew.

    Raises: CannotSave.
    """
    for at, path in snapshots(folder):
        if at > step:
            with files.saving(path):
                path.unlink(missing_ok=True)
    path = folder / METRICS
    if path.exists():
        kept = [row for row in rows(folder) if row["step"] <= step]
        files.replace(path, b"".join(map(_encode, kept)))


def scalar_rows(
    split: str, steps: np.ndarray, values: Mapping[str, np.ndarray]
) -> Iterator[dict[str, Any]]:
    """A block of a curve as lines of metrics.jsonl, numbers rounded to seven digits."""
    columns = {name: column.tolist() for name, column in values.items()}
    for i, step in enumerate(steps.tolist()):
        point = {name: float(f"{column[i]:.7g}") for name, column in columns.items()}
        yield {"step": step, "split": split, **point}


def append(folder: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Add lines to metrics.jsonl.

    Raises: CannotSave.
    """
    data = b"".join(map(_encode, lines))
    path = folder / METRICS
    with files.saving(path), path.open("ab") as file:
        file.write(data)


def _encode(line: Mapping[str, Any]) -> bytes:
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def rows(folder: Path) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl; one that a kill cut short is passed over."""
    found: list[dict[str, Any]] = []
    with contextlib.suppress(OSError), (folder / METRICS).open("rb") as file:
        while text := file.readline(_MAX_LINE):
            with contextlib.suppress(ValueError, RecursionError):
                row = json.loads(text)
                if isinstance(row, dict) and isinstance(row.get("step"), int):
                    found.append(row)
    return found
