"""data/fashion_mnist.py: where it is looked for, and that only `fetch` goes out for it."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from genstudio import data, paths
from genstudio.abilities import BadInput
from genstudio.data import fashion_mnist

SOURCE = fashion_mnist.DATASET


@pytest.fixture(autouse=True)
def _nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GENSTUDIO_DATA_DIR", raising=False)
    monkeypatch.setattr(fashion_mnist, "_DEBIAN", tmp_path / "debian")


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Files of the right form and made-up content, which the module takes for the real ones."""
    rng = np.random.default_rng(0)
    made = {}
    for name in fashion_mnist.FILES:
        n = 60_000 if name.startswith("train") else 10_000
        shape = (n, 28, 28) if "images" in name else (n,)
        array = np.zeros(shape, np.uint8)
        array.flat[:50] = rng.integers(10, size=50)
        dims = b"".join(size.to_bytes(4, "big") for size in shape)
        packed = gzip.compress(bytes([0, 0, 8, len(shape)]) + dims + array.tobytes(), 1)
        made[name] = packed
    known = {name: (len(c), hashlib.sha256(c).hexdigest()) for name, c in made.items()}
    monkeypatch.setattr(fashion_mnist, "FILES", known)
    return made


def put(files: dict[str, bytes], folder: Path) -> None:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def test_without_files_it_says_how_to_get_them() -> None:
    assert not SOURCE.available()
    with pytest.raises(BadInput) as caught:
        SOURCE.load("")
    message = str(caught.value)
    for hint in (str(paths.user_data()), "debian", "dataset-fashion-mnist", "data.fetch("):
        assert hint in message


@pytest.mark.parametrize("where", ["named", "inside", "user", "debian"])
def test_it_is_found_in_each_of_its_places(
    where: str, files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = tmp_path / "däta sets"
    folder = {
        "named": named,
        "inside": named / "fashion-mnist",
        "user": paths.user_data() / "fashion-mnist",
        "debian": tmp_path / "debian",
    }[where]
    put(files, folder)
    if where in ("named", "inside"):
        assert not SOURCE.available()
        monkeypatch.setenv("GENSTUDIO_DATA_DIR", str(named))
    assert SOURCE.available()
    dataset = SOURCE.load("")
    assert dataset.classes[9] == "ankle boot"
    assert dataset.test.images.shape == (10_000, 1, 28, 28)


def test_mnist_in_the_named_folder_is_not_taken_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENSTUDIO_DATA_DIR", str(paths.resources() / "mnist"))
    assert not SOURCE.available()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]


class _Mirror(ThreadingHTTPServer):
    def handle_error(self, *args: object) -> None:
        """A client that hangs up is what one test is about."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ThreadingHTTPServer]:
    """A mirror on this machine: it serves tmp_path / "www"."""
    (tmp_path / "www").mkdir()
    handler = partial(_Quiet, directory=str(tmp_path / "www"))
    with _Mirror(("127.0.0.1", 0), handler) as server:
        server.asked = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def mirrors(server: ThreadingHTTPServer, *folders: str) -> tuple[str, ...]:
    return tuple(f"http://127.0.0.1:{server.server_port}/{folder}/" for folder in folders)


def test_fetch_takes_the_second_mirror_where_the_first_is_wrong(
    server: ThreadingHTTPServer,
    files: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = {name: content[:-1] + b"?" for name, content in files.items()}
    del wrong["t10k-labels-idx1-ubyte.gz"]  # a 404
    put(wrong, tmp_path / "www" / "wrong")
    put(files, tmp_path / "www" / "right")
    monkeypatch.setattr(fashion_mnist, "MIRRORS", mirrors(server, "wrong", "right"))
    seen: list[tuple[int, int]] = []
    folder = data.fetch("fashion-mnist", lambda done, total: seen.append((done, total)))
    assert folder == paths.user_data() / "fashion-mnist"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files
    assert seen[-1][0] == sum(map(len, files.values()))
    assert SOURCE.available()
    server.asked.clear()  # type: ignore[attr-defined]
    data.fetch("fashion-mnist")  # what is there and right is not fetched again
    assert server.asked == []  # type: ignore[attr-defined]


def test_a_mirror_that_never_ends_is_cut_off(
    server: ThreadingHTTPServer,
    files: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put({name: bytes(16 << 20) for name in files}, tmp_path / "www" / "big")
    monkeypatch.setattr(fashion_mnist, "MIRRORS", mirrors(server, "big"))
    with pytest.raises(BadInput, match="sends more than the file holds"):
        data.fetch("fashion-mnist")
    assert not SOURCE.available()


def test_no_mirror_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = ("http://127.0.0.1:9/a/", "http://127.0.0.1:9/b/")
    monkeypatch.setattr(fashion_mnist, "MIRRORS", closed)
    with pytest.raises(BadInput, match=r"could not be downloaded.*Check the connection"):
        data.fetch("fashion-mnist")


def test_the_mirrors_are_https_and_two() -> None:
    assert len(fashion_mnist.MIRRORS) >= 2
    assert all(mirror.startswith("https://") for mirror in fashion_mnist.MIRRORS)
    assert len({mirror.split("/")[2] for mirror in fashion_mnist.MIRRORS}) >= 2
