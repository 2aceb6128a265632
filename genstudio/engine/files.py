"""Files that are either whole or not there: written aside, synced, renamed."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from genstudio.engine.faults import CannotSave

CHUNK = 1 << 20
TEMPORARY = (
    ".tmp-"  # part of every name that is not finished; ignored and swept away by the next writer
)


def open_new(path: Path) -> BinaryIO:
    """A new file for writing, with the permissions that the umask gives. Tests put a failing one
    here.
    """
    return path.open("xb", buffering=0)


def write_synced(path: Path, data: bytes) -> None:
    """Write `data` to the new file `path` and see it on the disk.

    Raises: OSError.
    """
    with open_new(path) as file:
        view = memoryview(data)
        while view:
            view = view[file.write(view[:CHUNK]) :]
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """See the names in `path` on the disk, where the system lets a folder be synced."""
    if os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def rename(source: Path, target: Path) -> None:
    """os.replace; on Windows tried again for a moment while a virus scanner holds the file."""
    for attempt in range(10):
        try:
            source.replace(target)
        except PermissionError:
            if os.name != "nt" or attempt == 9:
                raise
            time.sleep(0.05)
        else:
            return


def replace(path: Path, data: bytes) -> None:
    """Put `data` at `path`: at any moment there is the old file or the new one, whole.

    Raises: CannotSave; the old file is then intact and nothing is left beside it.
    """
    aside = path.with_name(f"{path.name}{TEMPORARY}{os.getpid()}")
    with saving(path):
        try:
            aside.unlink(missing_ok=True)
            write_synced(aside, data)
            rename(aside, path)
            sync_folder(path.parent)
        except BaseException:
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)
            raise


def try_place(path: Path) -> None:
    """See that a file can be made at `path`; what is there stays, and nothing is left beside it.

    Raises: CannotSave.
    """
    aside = path.with_name(f"{path.name}{TEMPORARY}{os.getpid()}")
    with saving(path):
        aside.unlink(missing_ok=True)
        open_new(aside).close()
        aside.unlink()


@contextlib.contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """A file to be written in pieces that becomes `path` when the block ends without an error.

    Raises: CannotSave. After any error the old file is intact and nothing is left beside it.
    """
    aside = path.with_name(f"{path.name}{TEMPORARY}{os.getpid()}")
    with saving(path):
        try:
            aside.unlink(missing_ok=True)
            with io.BufferedWriter(open_new(aside), CHUNK) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            rename(aside, path)
            sync_folder(path.parent)
        except BaseException:
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def saving(path: Path) -> Iterator[None]:
    """Turn an OSError into CannotSave that names `path`."""
    try:
        yield
    except CannotSave:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise CannotSave(error.errno or errno.EIO, reason, str(path)) from error


def check_space(folder: Path, n_bytes: int) -> None:
    """Refuse to start writing `n_bytes` where twice as many are not free.

    Raises: CannotSave.
    """
    with saving(folder):
        free = shutil.disk_usage(folder).free
    if free < 2 * n_bytes:
        reason = f"{2 * n_bytes / 1e6:,.1f} MB are needed, {free / 1e6:,.1f} MB are free"
        raise CannotSave(errno.ENOSPC, reason, str(folder))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
