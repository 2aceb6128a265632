"""Run folders: what lies where, which runs there are, and their curves. Needs no torch.

RUN/model.safetensors, card.json    the newest saved weights (averaged where there are averages) and their card
RUN/checkpoints/, latest.json       see checkpoint.py
RUN/snapshots/step-000123.safetensors   weights along the way, for time travel
RUN/metrics.jsonl                   curves and events, a line each block
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from genstudio.abilities import BadInput, Card
from genstudio.engine import checkpoint, files

MODEL = "model.safetensors"
CARD = "card.json"
METRICS = "metrics.jsonl"
SNAPSHOTS = "snapshots"
_SUFFIX = ".safetensors"
_MAX_LINE = 1 << 24


@dataclass(frozen=True)
class Run:
    """A run folder that holds a saved model."""

    path: Path
    card: Card

    @property
    def snapshots(self) -> tuple[tuple[int, Path], ...]:
        return snapshots(self.path)


@dataclass
class Curves:
    """What metrics.jsonl holds: `values[split][name]` belongs to `steps[split]` point by point (NaN where missing)."""

    steps: dict[str, np.ndarray] = field(default_factory=dict)
    values: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)


def runs(folder: Path) -> list[Run]:
    """Runs in `folder`, newest first; what is no run is passed over."""
    found: list[tuple[float, Run]] = []
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            path = Path(entry.path)
            with contextlib.suppress(BadInput, OSError):
                if entry.is_dir() and (path / MODEL).is_file():
                    changed = (path / CARD).stat().st_mtime
                    found.append((changed, Run(path, Card.read(path / CARD))))
    return [run for _, run in sorted(found, key=lambda pair: pair[0], reverse=True)]


def is_run(folder: Path) -> bool:
    """Whether GenStudio's training wrote `folder`."""
    return (folder / checkpoint.FOLDER).is_dir() or (folder / METRICS).is_file()


def is_empty(folder: Path) -> bool:
    """Whether nothing is in `folder`, or nothing but the leftovers of a run killed before its first checkpoint."""
    if not folder.exists():
        return True
    if not folder.is_dir():
        return False
    ours = {checkpoint.FOLDER, SNAPSHOTS, METRICS}
    names = {entry.name for entry in os.scandir(folder)}
    if not all(name in ours or files.TEMPORARY in name for name in names):
        return False
    return not checkpoint.steps(folder)


def new_folder(base: Path, family: str, data: str) -> Path:
    """A path in `base` that is not taken: vae-mnist-001, vae-mnist-002, ... It is not made."""
    stem = re.sub(r"[^A-Za-z0-9]+", "-", f"{family}-{data}").strip("-")[:60]
    number = 1
    while (base / f"{stem}-{number:03d}").exists():
        number += 1
    return base / f"{stem}-{number:03d}"


def rename(folder: Path, name: str) -> Path:
    """Give run `folder` another name; returns where it is now.

    Raises: BadInput when the name is taken or cannot be a folder's.
    """
    if not name.strip() or name != Path(name).name or name.startswith("."):
        raise BadInput(f"{name!r} cannot be the name of a run. Choose one without slashes.")
    target = folder.with_name(name)
    if target.exists():
        raise BadInput(f"There is already a {name!r}. Choose another name.")
    try:
        files.rename(folder, target)
    except OSError as error:
        raise BadInput(f"{folder.name} could not be renamed: {error.strerror}.") from error
    return target


def delete(folder: Path) -> None:
    """Delete run `folder` with everything in it.

    Raises: BadInput when it is no run of GenStudio's.
    """
    if folder.is_symlink() or not is_run(folder):
        raise BadInput(f"{folder} is not a run that GenStudio wrote, so it was not deleted.")
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise BadInput(f"{folder} could not be deleted: {error.strerror}.") from error


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
    """Forget snapshots and curves after `step`: a resumed run makes them anew."""
    for at, path in snapshots(folder):
        if at > step:
            with files.saving(path):
                path.unlink(missing_ok=True)
    path = folder / METRICS
    lines = [kept for line in _lines(path) if (kept := _until(line, step))]
    if path.exists():
        files.replace(path, b"".join(_encode(line) for line in lines))


def _until(line: dict[str, Any], step: int) -> dict[str, Any] | None:
    if "kind" in line:
        return line if line["step"] <= step else None
    keep = [i for i, at in enumerate(line["steps"]) if at <= step]
    if not keep:
        return None
    values = {name: [column[i] for i in keep] for name, column in line["values"].items()}
    return {**line, "steps": [line["steps"][i] for i in keep], "values": values}


def clear(folder: Path) -> None:
    """Sweep away what a run left that was killed before its first checkpoint."""
    (folder / METRICS).unlink(missing_ok=True)
    for _, path in snapshots(folder):
        path.unlink(missing_ok=True)


def scalars_line(split: str, steps: np.ndarray, values: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """A block of a curve as a line of metrics.jsonl, numbers rounded to seven digits."""
    rounded = {
        name: [float(f"{v:.7g}") for v in column.tolist()] for name, column in values.items()
    }
    return {"split": split, "steps": steps.tolist(), "values": rounded}


def event_line(step: int, kind: str, text: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {"step": step, "kind": kind, "text": text, "facts": dict(facts)}


def append(folder: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Add lines to metrics.jsonl.

    Raises: CannotSave.
    """
    data = b"".join(_encode(line) for line in lines)
    path = folder / METRICS
    with files.saving(path), path.open("ab") as file:
        file.write(data)


def _encode(line: Mapping[str, Any]) -> bytes:
    return json.dumps(line, separators=(",", ":"), default=str).encode() + b"\n"


def _lines(path: Path) -> list[dict[str, Any]]:
    """The lines that can be read; a last one that a kill cut short is passed over."""
    found: list[dict[str, Any]] = []
    with contextlib.suppress(OSError), path.open("rb") as file:
        while text := file.readline(_MAX_LINE):
            with contextlib.suppress(ValueError, RecursionError):
                line = json.loads(text)
                if isinstance(line, dict) and (_is_block(line) or _is_event(line)):
                    found.append(line)
    return found


def _is_event(line: dict[str, Any]) -> bool:
    return isinstance(line.get("step"), int) and isinstance(line.get("kind"), str)


def _is_block(line: dict[str, Any]) -> bool:
    steps, values = line.get("steps"), line.get("values")
    if not isinstance(line.get("split"), str) or not isinstance(steps, list):
        return False
    return isinstance(values, dict) and all(
        isinstance(column, list) and len(column) == len(steps) for column in values.values()
    )


def read_metrics(folder: Path) -> Curves:
    """The curves and events of a run; empty where there are none."""
    blocks: dict[str, list[dict[str, Any]]] = {}
    curves = Curves()
    for line in _lines(folder / METRICS):
        if "kind" in line:
            curves.events.append(line)
        else:
            blocks.setdefault(line["split"], []).append(line)
    for split, parts in blocks.items():
        names = dict.fromkeys(name for part in parts for name in part["values"])
        curves.steps[split] = np.concatenate([np.asarray(p["steps"], np.int64) for p in parts])
        curves.values[split] = {
            name: np.concatenate(
                [
                    np.asarray(p["values"].get(name, [np.nan] * len(p["steps"])), np.float64)
                    for p in parts
                ]
            )
            for name in names
        }
    return curves
