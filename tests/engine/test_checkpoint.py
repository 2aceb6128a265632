from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genstudio.engine import checkpoint, files
from genstudio.engine.faults import CannotSave

CONTENTS = {"model.safetensors": b"m" * 3000, "state.json": b"{}"}


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


class _Disk:
    """Takes `room` bytes in all files together, then raises."""

    def __init__(self, room: int, error: int) -> None:
        self.room, self.error = room, error

    def open_new(self, path: Path) -> Any:
        if self.room < 0:
            raise OSError(self.error, os.strerror(self.error), str(path))
        return _File(self, path.open("xb", buffering=0))


class _File:
    def __init__(self, disk: _Disk, file: Any) -> None:
        self.disk, self.file = disk, file

    def write(self, data: memoryview) -> int:
        taken = min(len(data), self.disk.room)
        self.disk.room -= taken
        if taken == 0:
            raise OSError(self.disk.error, os.strerror(self.disk.error))
        return int(self.file.write(data[:taken]))

    def fileno(self) -> int:
        return int(self.file.fileno())

    def __enter__(self) -> _File:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


def test_what_was_written_is_read(tmp_path: Path) -> None:
    checkpoint.write(tmp_path, 7, CONTENTS)
    found = checkpoint.latest(tmp_path)
    assert found is not None
    assert (found.step, found.notes) == (7, ())
    assert {name: found.read(name) for name in CONTENTS} == CONTENTS
    assert json.loads((tmp_path / "latest.json").read_bytes())["name"] == "step-000007"
    manifest = json.loads((found.path / "manifest.json").read_bytes())
    assert manifest["files"]["model.safetensors"]["bytes"] == 3000


def test_no_checkpoint_is_none(tmp_path: Path) -> None:
    assert checkpoint.latest(tmp_path) is None
    assert checkpoint.latest(tmp_path / "nowhere") is None


def test_the_last_three_are_kept(tmp_path: Path) -> None:
    for step in (1, 5, 9, 1_234_567):
        checkpoint.write(tmp_path, step, CONTENTS)
    assert checkpoint.names(tmp_path) == ["step-1234567", "step-000009", "step-000005"]


def test_the_same_step_again_is_the_newest(tmp_path: Path) -> None:
    checkpoint.write(tmp_path, 5, CONTENTS)
    checkpoint.write(tmp_path, 5, {"state.json": b"other"})
    found = checkpoint.latest(tmp_path)
    assert found is not None
    assert found.step == 5
    assert found.read("state.json") == b"other"


@pytest.mark.parametrize(
    "damage",
    [
        "truncated",
        "changed",
        "missing",
        "no manifest",
        "bad manifest",
        "empty manifest",
        "traversal",
    ],
)
def test_a_damaged_one_is_passed_over_and_named(tmp_path: Path, damage: str) -> None:
    for step in (3, 8):
        checkpoint.write(tmp_path, step, CONTENTS)
    folder = tmp_path / "checkpoints" / "step-000008"
    model, manifest = folder / "model.safetensors", folder / "manifest.json"
    match damage:
        case "truncated":
            model.write_bytes(b"m" * 2999)
        case "changed":
            model.write_bytes(b"m" * 2999 + b"n")
        case "missing":
            model.unlink()
        case "no manifest":
            manifest.unlink()
        case "bad manifest":
            manifest.write_bytes(manifest.read_bytes()[:50])
        case "empty manifest":
            manifest.write_text('{"files": {}}')
        case "traversal":
            manifest.write_text('{"files": {"../step-000003/state.json": {"bytes": 2}}}')
    found = checkpoint.latest(tmp_path)
    assert found is not None
    assert found.step == 3
    assert "step-000008 was passed over" in found.notes[0]


def test_pruning_never_deletes_the_only_good_one(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        checkpoint.write(tmp_path, step, CONTENTS)
    for step in (2, 3):
        (tmp_path / "checkpoints" / f"step-00000{step}" / "state.json").write_bytes(b"broken")
    checkpoint.prune(tmp_path, keep=1)
    found = checkpoint.latest(tmp_path)
    assert found is not None
    assert found.step == 1


def test_leftovers_are_ignored_and_swept(tmp_path: Path) -> None:
    checkpoint.write(tmp_path, 1, CONTENTS)
    left = tmp_path / "checkpoints" / f"step-000002{files.TEMPORARY}123"
    shutil.copytree(tmp_path / "checkpoints" / "step-000001", left)
    (tmp_path / f"latest.json{files.TEMPORARY}123").write_text("x")
    found = checkpoint.latest(tmp_path)
    assert found is not None
    assert found.step == 1
    checkpoint.write(tmp_path, 3, CONTENTS)
    assert not [name for name in everything(tmp_path) if files.TEMPORARY in name]


def test_modes_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        checkpoint.write(tmp_path, 1, CONTENTS)
    finally:
        os.umask(before)
    for path in (tmp_path / "checkpoints" / "step-000001").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o640


SIZE = sum(map(len, CONTENTS.values())) + 400  # and the manifest and latest.json


@pytest.mark.parametrize("room", [-1, 0, 1, 1499, 2999, 3000, 3001, 3002, 3003, 3050, 3200])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EACCES, errno.EIO])
def test_a_full_disk_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int, error: int
) -> None:
    checkpoint.write(tmp_path, 1, CONTENTS)
    before = everything(tmp_path)
    monkeypatch.setattr(files, "open_new", _Disk(room, error).open_new)
    with pytest.raises(CannotSave) as caught:
        checkpoint.write(tmp_path, 2, {**CONTENTS, "state.json": b"[]"})
    assert caught.value.errno == error
    assert everything(tmp_path) == before


def test_with_room_enough_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk above does refuse for lack of room alone."""
    monkeypatch.setattr(files, "open_new", _Disk(SIZE, errno.ENOSPC).open_new)
    assert checkpoint.write(tmp_path, 2, CONTENTS).step == 2


def test_too_little_space_is_said_before_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint.write(tmp_path, 1, CONTENTS)
    before = everything(tmp_path)
    usage = shutil.disk_usage(tmp_path)._replace(free=3000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(CannotSave, match="are free") as caught:
        checkpoint.write(tmp_path, 2, CONTENTS)
    assert caught.value.errno == errno.ENOSPC
    assert everything(tmp_path) == before


def test_replace_is_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "card.json"
    files.replace(path, b"old")
    for room in (-1, 0, 3, 5):
        with monkeypatch.context() as patch:
            patch.setattr(files, "open_new", _Disk(room, errno.ENOSPC).open_new)
            with pytest.raises(CannotSave):
                files.replace(path, b"newer.")
        assert everything(tmp_path) == {"card.json": b"old"}
    files.replace(path, b"newer.")
    assert path.read_bytes() == b"newer."


# Kills ----------------------------------------------------------------------------------------

N_KILLS = 40

# One process loads torch and opens a training; for each line on its input it forks a child that
# goes on and saves back to back, naming each step it has saved.
SERVER = """
import os, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
import torch
torch.set_num_threads(1)
from engine_help import training
from genstudio.engine import checkpoint
out = Path(sys.argv[1])
job = training(out, "vae", 10_000_000, train_n_snapshots=0)
steps = job.run(1)
next(steps)
print("ready", flush=True)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        job._learner.step = checkpoint.latest(out).step
        print("pid", os.getpid(), flush=True)
        while True:
            steps.send([])
            job._keeper.save()
            print("saved", job.step, flush=True)
    os.waitpid(child, 0)
    print("gone", flush=True)
os._exit(0)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    here = Path(__file__).parent
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path / "run"), str(here), str(here.parents[1])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    yield process
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    process.wait(20)
    process.stdout.close()


@pytest.mark.slow
def test_forty_kills_while_saving(tmp_path: Path, server: subprocess.Popen[str]) -> None:
    """The last checkpoint that was said to be saved is there, whole, and goes on."""
    from engine_help import training

    from genstudio.engine import library

    out = tmp_path / "run"
    chance = random.Random(0)
    lines = server.stdout
    assert lines is not None
    assert server.stdin is not None
    assert lines.readline() == "ready\n"
    left_behind = 0
    saved = 0
    for _ in range(N_KILLS):
        server.stdin.write("go\n")
        server.stdin.flush()
        word, pid = lines.readline().split()
        assert word == "pid"
        for _ in range(chance.randrange(2)):
            saved = int(lines.readline().split()[1])
        # how long the child lives is what is tried out here
        with pytest.raises(subprocess.TimeoutExpired):
            server.wait(chance.uniform(0.0, 0.05))
        os.kill(int(pid), signal.SIGKILL)
        while (line := lines.readline()) != "gone\n":
            saved = int(line.split()[1])
        left_behind += any(files.TEMPORARY in name for name in everything(out))
        found = checkpoint.latest(out)
        assert found is not None
        assert found.step >= saved
        assert library.load(out).family == "vae"
    assert saved >= N_KILLS // 4
    assert left_behind >= 3  # some kills did hit a writer at work
    job = training(out, "vae", 10_000_000, resume=True, train_n_snapshots=0)
    steps = job.run(1)
    next(steps)
    steps.send([])
    steps.close()
    assert job.step > saved
