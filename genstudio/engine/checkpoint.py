"""Checkpoints that a kill cannot break: a folder is written aside, synced, and renamed when it is whole.

    RUN/checkpoints/step-000123/   named files, then manifest.json with their sizes and SHA-256, written last
    RUN/latest.json                which one is the newest; replaced after the rename

Leftovers of a killed writer carry ".tmp-" in their name, are ignored when reading and swept away by the next writer.
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
_NAME = re.compile(r"step-(\d{6,12})")
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


def name_of(step: int) -> str:
    return f"step-{step:06d}"


def step_of(name: str) -> int | None:
    """The step in a checkpoint's name, or None where it is none."""
    match = _NAME.fullmatch(name)
    return int(match.group(1)) if match else None


def write(run: Path, step: int, contents: Mapping[str, bytes], keep: int = KEEP) -> Checkpoint:
    """Write a checkpoint of `contents` (file name: bytes), make it the latest, and prune to the last `keep`.

    Raises: CannotSave; the checkpoints that were there are intact.
    """
    folder = run / FOLDER
    target = folder / name_of(step)
    with files.saving(target):
        folder.mkdir(parents=True, exist_ok=True)
        sweep(run)
    files.check_space(folder, sum(map(len, contents.values())))
    aside = folder / f"{target.name}{files.TEMPORARY}{os.getpid()}"
    with files.saving(target):
        try:
            aside.mkdir()
            for name, data in contents.items():
                files.write_synced(aside / name, data)
            files.write_synced(aside / MANIFEST, _manifest(step, contents))
            files.sync_folder(aside)
            if target.exists():  # the same step again: what stands there is complete or damaged
                _replace_folder(aside, target)
            else:
                files.rename(aside, target)
            files.sync_folder(folder)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
    files.replace(run / LATEST, json.dumps({"step": step, "name": target.name}).encode())
    prune(run, keep)
    return Checkpoint(target, step)


def _replace_folder(aside: Path, target: Path) -> None:
    """Put `aside` where `target` is. A folder cannot be replaced in one stroke, so the old one steps aside first."""
    if not problems(target):
        shutil.rmtree(aside)  # complete already: the same step of the same run
        return
    shutil.rmtree(target)
    files.rename(aside, target)


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


def steps(run: Path) -> list[int]:
    """Steps of the checkpoints in `run` by name, newest first, complete or not."""
    try:
        names = [entry.name for entry in os.scandir(run / FOLDER) if entry.is_dir()]
    except OSError:
        return []
    return sorted((s for s in map(step_of, names) if s is not None), reverse=True)


def latest(run: Path) -> Checkpoint | None:
    """The newest complete checkpoint of `run`, or None. What is damaged is passed over and named in its notes."""
    notes: list[str] = []
    for step in steps(run):
        path = run / FOLDER / name_of(step)
        reason = problems(path)
        if not reason:
            return Checkpoint(path, step, tuple(notes))
        notes.append(f"The checkpoint of step {step:,} was passed over: {reason}.")
    return None


def prune(run: Path, keep: int = KEEP) -> None:
    """Delete all but the last `keep` checkpoints, but never the newest complete one."""
    newest = latest(run)
    if newest is None:
        return
    for step in steps(run)[max(1, keep) :]:
        if step != newest.step:
            _discard(run / FOLDER / name_of(step))


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
                    os.unlink(entry.path)
