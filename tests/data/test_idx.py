"""data/_idx.py: right files are read, wrong ones are one sentence, memory is bounded."""

from __future__ import annotations

import contextlib
import gzip
import os
import struct
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genstudio.abilities import BadInput
from genstudio.data import _idx

LIMIT = 1 << 16
SLACK = 3 << 20  # buffers of the reader and of gzip


def encode(array: np.ndarray) -> bytes:
    """`array` as an IDX file, written from the format's description, apart from the reader."""
    code = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}[array.dtype.str[1:]]
    header = bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def header(*shape: int, code: int = 8, zeros: bytes = b"\0\0") -> bytes:
    return zeros + bytes([code, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One path that hypothesis writes to again and again."""
    return tmp_path_factory.mktemp("idx") / "x"


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize("shape", [(5,), (2, 3), (2, 3, 4), (2, 1, 3, 2)])
@pytest.mark.parametrize("packed", [False, True])
def test_reads_what_was_written(
    tmp_path: Path, dtype: str, shape: tuple[int, ...], packed: bool
) -> None:
    array = np.arange(-3, np.prod(shape) - 3).astype(dtype).reshape(shape)
    path = tmp_path / ("a.gz" if packed else "a")
    path.write_bytes(gzip.compress(encode(array)) if packed else encode(array))
    got = _idx.read(path)
    assert got.dtype == array.dtype
    assert got.dtype.isnative
    np.testing.assert_array_equal(got, array)


GOOD = encode(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(gzip.compress(b""), "is empty", id="empty-gzip"),
        pytest.param(header(3, zeros=b"\0\1") + b"abc", "begins with 00 01 08 01", id="magic"),
        pytest.param(b"\x89PNG\r\n", "not an IDX file: it begins with 89 50 4e 47", id="png"),
        pytest.param(b"\0\0", "not an IDX file", id="two-bytes"),
        pytest.param(header(3, code=0x0A) + b"abc", "not an IDX file", id="element-code"),
        pytest.param(b"\0\0\x08\0", "has 0 dimensions", id="no-dimensions"),
        pytest.param(header(1, 1, 1, 1, 1) + b"a", "has 5 dimensions", id="five-dimensions"),
        pytest.param(header(3, 4)[:-1], "truncated within its header", id="header"),
        pytest.param(header(0, 28, 28), "0 x 28 x 28 elements, which is none", id="none"),
        pytest.param(GOOD[:-1], "truncated: it declares 2 x 3 x 4", id="short"),
        pytest.param(GOOD + b"x", "goes on after the 2 x 3 x 4", id="long"),
        pytest.param(gzip.compress(GOOD[:-1]), "of which 1 bytes are missing", id="short-gzip"),
        pytest.param(gzip.compress(GOOD + b"x"), "goes on after", id="long-gzip"),
        pytest.param(gzip.compress(GOOD)[:-9], "damaged gzip file", id="cut-gzip"),
        pytest.param(gzip.compress(GOOD) + b"x", "damaged gzip file", id="gzip-tail"),
        pytest.param(gzip.compress(GOOD)[:-8] + bytes(8), "damaged gzip file", id="crc"),
        pytest.param(b"\x1f\x8b", "damaged gzip file", id="gzip-magic-only"),
        pytest.param(b"\x1f\x8b\x07" + bytes(20), "damaged gzip file", id="gzip-method"),
        pytest.param(header(2**32 - 1), "more than the 65536 bytes allowed", id="huge"),
        pytest.param(header(*[2**32 - 1] * 4, code=14), "more than the 65536", id="overflow"),
        pytest.param(header(60000), "more than its 8 bytes can hold", id="counts"),
        pytest.param(gzip.compress(header(65536)), "can hold", id="counts-gzip"),
    ],
)
def test_each_fault_is_one_clear_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "some file"
    path.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        _idx.read(path, max_bytes=LIMIT)
    message = str(caught.value)
    assert says in message
    assert message.startswith(str(path))
    assert message.endswith(".")
    assert "\n" not in message


def test_a_plain_file_named_gz_is_not_gzip(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(GOOD)
    with pytest.raises(BadInput, match="not a gzip file, though its name says so"):
        _idx.read(path)


def test_what_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is a folder"):
        _idx.read(tmp_path)
    with pytest.raises(BadInput, match="No such file"):
        _idx.read(tmp_path / "missing")
    with pytest.raises(BadInput, match="no file name"):
        _idx.read("a\0b")
    with pytest.raises(BadInput, match="cannot be read"):
        _idx.read(tmp_path / ("x" * 5000))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are Unix")
def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match="not a regular file"):
        _idx.read(tmp_path / "pipe")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads it all")
def test_an_unreadable_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(GOOD)
    path.chmod(0)
    with pytest.raises(BadInput, match="Permission denied"):
        _idx.read(path)


def peak_of(path: Path, max_bytes: int) -> int:
    """The most memory that reading `path` takes; a BadInput is as good as an array."""
    tracemalloc.start()
    try:
        with contextlib.suppress(BadInput):
            _idx.read(path, max_bytes=max_bytes)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return peak


def test_a_gzip_bomb_is_refused_before_it_unfolds(tmp_path: Path) -> None:
    honest, hidden = tmp_path / "honest.gz", tmp_path / "hidden.gz"
    zeros = bytes(64 << 20)
    honest.write_bytes(gzip.compress(header(64 << 20) + zeros, 1))
    hidden.write_bytes(gzip.compress(header(16) + zeros, 1))
    for path, says in ((honest, "bytes allowed"), (hidden, "goes on after")):
        with pytest.raises(BadInput, match=says):
            _idx.read(path, max_bytes=LIMIT)
        assert peak_of(path, LIMIT) < SLACK


def test_a_large_array_is_held_once(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    array = np.arange(2 << 20, dtype=np.int32)  # 8 MiB, to be swapped in place
    path.write_bytes(gzip.compress(encode(array), 1))
    assert peak_of(path, array.nbytes) < array.nbytes + SLACK


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(content=st.binary(max_size=200), packed=st.booleans(), idx=st.booleans())
def test_any_bytes_are_an_array_or_a_sentence(
    file: Path, content: bytes, packed: bool, idx: bool
) -> None:
    if idx:
        content = b"\0\0" + content
    file.write_bytes(gzip.compress(content) if packed else content)
    check(file)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    shape=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    code=st.sampled_from(["u1", "i2", "f4", "f8"]),
    edits=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4),
    cut=st.none() | st.integers(0, 400),
    tail=st.binary(max_size=9),
    packed=st.sampled_from(["no", "before", "after"]),
)
def test_a_mutated_file_is_an_array_or_a_sentence(
    file: Path,
    shape: list[int],
    code: str,
    edits: list[tuple[int, int]],
    cut: int | None,
    tail: bytes,
    packed: str,
) -> None:
    """Edits, cuts and tails of a valid file, done before or after it is packed."""
    content = bytearray(encode(np.ones(shape, code)))
    if packed == "after":
        content = bytearray(gzip.compress(bytes(content)))
    for where, value in edits:
        content[where % len(content)] = value
    content = content[:cut] + tail
    file.write_bytes(gzip.compress(bytes(content)) if packed == "before" else bytes(content))
    check(file)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    shape=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4),
    code=st.sampled_from(sorted(_idx.ELEMENTS)),
    body=st.binary(max_size=64),
    packed=st.booleans(),
)
def test_no_declared_size_is_believed(
    file: Path, shape: list[int], code: int, body: bytes, packed: bool
) -> None:
    content = header(*shape, code=code) + body
    file.write_bytes(gzip.compress(content) if packed else content)
    check(file)


def check(path: Path) -> None:
    """Reading gives an array within the limit or raises BadInput, and takes no memory beyond it."""
    array = None
    tracemalloc.start()
    try:
        with contextlib.suppress(BadInput):
            array = _idx.read(path, max_bytes=LIMIT)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < LIMIT + SLACK
    if array is not None:
        assert 0 < array.nbytes <= LIMIT
        assert array.dtype.isnative
