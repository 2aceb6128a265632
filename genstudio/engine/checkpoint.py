"""Checkpoints that a kill cannot break: a folder written aside, synced, renamed when it is whole.

    RUN/checkpoints/step-000123/   named files, then manifest.json with their sizes and SHA-256
    RUN/latest.json                which one is the newest; replaced after the rename

Leftovers of a killed writer carry ".tmp-" in their name, are ignored when reading and swept away by
the next writer.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from genstudio.engine import files

KEEP = 3
FOLDER = "checkpoints"
LATEST = "latest.json"
MANIFEST = "manifest.json"
_NAME = re.compile(r"step-(\d{6,12})(?:-(\d{1,6}))?")
_MAX_MANIFEST_BYTES = 1 << 20


@dataclass(frozen=True)
class Checkpoint:
    """A complete checkpoint. `notes` says what was passed over to reach it."""

    path: Path
    step: int
    notes: tuple[str, ...] = field(default=())

    def read(self, name: str) -> bytes:
        """The bytes of one of its files."""
        return (self.path / name).read_bytes()


def name_of(step: int, revision: int = 0) -> str:
    """step-000123, or step-000123-1 where the same step was saved again."""
    return f"step-{step:06d}" + (f"-{revision}" if revision else "")


def step_of(name: str) -> int | None:
    """The step in a checkpoint's name, or None where it is none."""
    place = _place(name)
    return None if place is None else place[0]


def _place(name: str) -> tuple[int, int] | None:
    match = _NAME.fullmatch(name)
    return (int(match.group(1)), int(match.group(2) or 0)) if match else None


def write(run: Path, step: int, contents: Mapping[str, bytes], keep: int = KEEP) -> Checkpoint:
    """Write a checkpoint of `contents` (file name: bytes), make it the latest, keep the last few.

    Raises: CannotSave; the checkpoints that were there are intact.
    """
    folder = run / FOLDER
    with files.saving(folder):
        folder.mkdir(parents=True, exist_ok=True)
        sweep(run)
    files.check_space(folder, sum(map(len, contents.values())))
    target = folder / _free_name(run, step)
    aside = folder / f"{target.name}{files.TEMPORARY}{os.getpid()}"
    with files.saving(target):
        try:
            aside.mkdir()
            for name, data in contents.items():
                files.write_synced(aside / name, data)
            files.write_synced(aside / MANIFEST, _manifest(step, contents))
            files.sync_folder(aside)
            files.rename(aside, target)
            files.sync_folder(folder)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
    files.replace(run / LATEST, json.dumps({"step": step, "name": target.name}).encode())
    prune(run, keep)
    return Checkpoint(target, step)


def _free_name(run: Path, step: int) -> str:
    """A new name for a step saved again: a folder cannot replace another in one stroke."""
    taken = set(names(run))
    revision = 0
    while name_of(step, revision) in taken:
        revision += 1
    return name_of(step, revision)


def _manifest(step: int, contents: Mapping[str, bytes]) -> bytes:
    entries = {
        name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in contents.items()
    }
    return json.dumps({"schema_version": 1, "step": step, "files": entries}, indent=1).encode()


def problems(path: Path) -> str:
    """Why the checkpoint at `path` is not complete, or "" where it is."""
    try:
        if (path / MANIFEST).stat().st_size > _MAX_MANIFEST_BYTES:
            return "its manifest is too large"
        entries = json.loads((path / MANIFEST).read_bytes())["files"]
        if not entries:
            return "its manifest is empty"
        for name, entry in entries.items():
            if Path(name).name != name:
                return f"its manifest names {name!r}"
            if (path / name).stat().st_size != entry["bytes"]:
                return f"{name} has another size"
            digest = hashlib.sha256((path / name).read_bytes()).hexdigest()
            if digest != entry["sha256"]:
                return f"{name} has another content"
    except OSError as error:
        return f"{Path(error.filename or path).name} is missing or unreadable"
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "its manifest is damaged"
    return ""


def names(run: Path) -> list[str]:
    """Names of the checkpoints in `run`, newest first, complete or not."""
    try:
        found = [entry.name for entry in os.scandir(run / FOLDER) if entry.is_dir()]
    except OSError:
        return []
    placed = [(place, name) for name in found if (place := _place(name)) is not None]
    return [name for _, name in sorted(placed, reverse=True)]


def latest(run: Path) -> Checkpoint | None:
    """The newest complete checkpoint of `run`, or None; its notes name what was passed over."""
    notes: list[str] = []
    for name in names(run):
        path = run / FOLDER / name
        reason = problems(path)
        if not reason:
            return Checkpoint(path, step_of(name) or 0, tuple(notes))
        notes.append(f"The checkpoint {name} was passed over: {reason}.")
    return None


def prune(run: Path, keep: int = KEEP) -> None:
    """Delete all but the last `keep` checkpoints, but never the newest complete one."""
    if len(names(run)) <= max(1, keep):
        return
    newest = latest(run)
    for name in names(run)[max(1, keep) :]:
        if newest is not None and name != newest.path.name:
            _discard(run / FOLDER / name)


def _discard(path: Path) -> None:
    """Delete a folder so that a kill half-way leaves no damaged checkpoint under a good name."""
    aside = path.with_name(f"{path.name}{files.TEMPORARY}old-{os.getpid()}")
    with contextlib.suppress(OSError):
        files.rename(path, aside)
        shutil.rmtree(aside, ignore_errors=True)


def sweep(run: Path) -> None:
    """Delete what a killed writer left behind."""
    for folder in (run, run / FOLDER):
        with contextlib.suppress(OSError):
            for entry in list(os.scandir(folder)):
                if files.TEMPORARY not in entry.name:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    Path(entry.path).unlink()
