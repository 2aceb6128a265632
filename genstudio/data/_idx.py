"""Reads IDX files, plain or gzip: the format of MNIST (yann.lecun.com/exdb/mnist).

Two zero bytes, one byte for the element type, one for the number of dimensions, the dimensions as
big-endian uint32, then the elements, big-endian, last dimension fastest. Nothing is allocated
before its size is known to be bearable: the dimensions are held against the limit and against what
a file of this size can hold at all.
"""

from __future__ import annotations

import gzip
import math
import stat
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from genstudio.abilities import BadInput

ELEMENTS = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MAX_DIMENSIONS = 4
MAX_BYTES = 1 << 28  # 256 MiB of elements; MNIST's training images are 45 MiB

_GZIP_MAGIC = b"\x1f\x8b"
_MAX_DEFLATE_RATIO = 1032  # the most that deflate can reach: 258 bytes from 2 bits
_CHUNK = 1 << 18


def read(path: str | Path, *, max_bytes: int = MAX_BYTES) -> np.ndarray:
    """The array in file `path`, in the machine's byte order, at most `max_bytes` large.

    Raises: BadInput when the file cannot be read, is not IDX, is truncated, goes on after its end,
    or is too large.
    """
    path = Path(path)
    try:
        n_file = _size(path)
        with path.open("rb") as file:
            if file.read(2) != _GZIP_MAGIC:
                if path.suffix == ".gz" and n_file:
                    raise BadInput(
                        f"{path} is not a gzip file, though its name says so. Download it again."
                    )
                file.seek(0)
                return _read(file, path, max_bytes, n_file, ratio=1)
            file.seek(0)
            with gzip.GzipFile(fileobj=file) as unpacked:
                return _read(unpacked, path, max_bytes, n_file, ratio=_MAX_DEFLATE_RATIO)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BadInput(f"{path} is a damaged gzip file ({error}). Download it again.") from error
    except OSError as error:
        reason = error.strerror or error
        raise BadInput(f"{path} cannot be read: {reason}. Choose another file.") from error


def _size(path: Path) -> int:
    """Bytes of the regular file `path`; a pipe or device could block or never end: refused."""
    try:
        status = path.stat()
    except ValueError as error:  # a zero byte in the name
        raise BadInput(f"{str(path)!r} is no file name ({error}). Choose another file.") from error
    if not stat.S_ISREG(status.st_mode):
        what = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
        raise BadInput(f"{path} is {what}. Choose an IDX file.")
    return status.st_size


def _read(
    stream: IO[bytes] | gzip.GzipFile, path: Path, max_bytes: int, n_file: int, ratio: int
) -> np.ndarray:
    """The array in `stream`, which gives at most `ratio` bytes for each of the file's `n_file`."""
    dtype, shape = _header(stream, path)
    n_bytes = math.prod(shape) * dtype.itemsize
    what = f"{_times(shape)} elements of {dtype.itemsize} bytes"
    if n_bytes > max_bytes:
        raise BadInput(
            f"{path} declares {what}, more than the {max_bytes} bytes allowed. "
            "Choose a smaller file."
        )
    if n_bytes > n_file * ratio:
        raise BadInput(
            f"{path} is truncated: it declares {what}, more than its {n_file} bytes can hold. "
            "Download it again."
        )
    array = np.empty(shape, dtype)
    rest = memoryview(array.reshape(-1).view(np.uint8))  # type: ignore[arg-type]
    while rest:
        got = stream.read(min(len(rest), _CHUNK))
        if not got:
            raise BadInput(
                f"{path} is truncated: it declares {what}, of which {len(rest)} bytes are missing. "
                "Download it again."
            )
        rest[: len(got)] = got
        rest = rest[len(got) :]
    if stream.read(1):  # at the end of a gzip stream this also checks its CRC
        raise BadInput(f"{path} goes on after the {what} that it declares. Download it again.")
    if not dtype.isnative:
        array = array.byteswap(inplace=True).view(dtype.newbyteorder("="))
    return array


def _header(
    stream: IO[bytes] | gzip.GzipFile, path: Path
) -> tuple[np.dtype[np.generic], tuple[int, ...]]:
    magic = stream.read(4)
    if not magic:
        raise BadInput(f"{path} is empty. Download it again.")
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in ELEMENTS:
        raise BadInput(
            f"{path} is not an IDX file: it begins with {magic.hex(' ')}. "
            "Choose an IDX file such as MNIST's."
        )
    n_dimensions = magic[3]
    if not 1 <= n_dimensions <= MAX_DIMENSIONS:
        raise BadInput(
            f"{path} has {n_dimensions} dimensions, 1 to {MAX_DIMENSIONS} can be read. "
            "Choose another file."
        )
    raw = stream.read(4 * n_dimensions)
    if len(raw) < 4 * n_dimensions:
        raise BadInput(f"{path} is truncated within its header. Download it again.")
    shape = tuple(int(n) for n in np.frombuffer(raw, ">u4"))
    if 0 in shape:
        raise BadInput(
            f"{path} declares {_times(shape)} elements, which is none. Choose another file."
        )
    return np.dtype(ELEMENTS[magic[2]]), shape


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
