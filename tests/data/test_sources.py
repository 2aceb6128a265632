"""data/__init__.py and data/_base.py: how data sets are found, named, kept and listed."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from genstudio import data
from genstudio.abilities import BadInput
from genstudio.data import Dataset, LazySplit, Source, Split


def test_every_data_set_is_found() -> None:
    assert set(data.sources()) == {"mnist", "fashion-mnist", "moon-phases", "toy2d", "folder"}


@pytest.mark.parametrize("key", sorted(data.sources()))
def test_contract_of_every_offered_name(key: str) -> None:
    source = data.sources()[key]
    if not source.available():
        assert source.missing().endswith(".")
        with pytest.raises(BadInput):
            data.load(key)
        return
    for name in source.names:
        dataset = data.load(name)
        assert dataset.name == name
        for split in (dataset.train, dataset.test):
            inputs = split.images if len(dataset.shape) == 3 else split.points
            kind = torch.uint8 if len(dataset.shape) == 3 else torch.float32
            assert inputs.shape == (len(split), *dataset.shape)
            assert inputs.dtype == kind
            assert split.labels.shape == (len(split),)
            assert split.labels.dtype == torch.int64
            assert split.labels.min() >= 0
            assert split.labels.max() < len(dataset.classes)
            batch = split.batch(torch.tensor([0, 3]))
            assert batch.dtype == torch.float32
            if len(dataset.shape) == 3:
                assert batch.equal(inputs[[0, 3]].float() / 255)
            if dataset.factor_names:
                assert split.factors.shape == (len(split), len(dataset.factor_names))
                assert split.factors.dtype == torch.float32
        if source.shape is not None:
            assert source.shape == dataset.shape
        if source.classes:
            assert list(source.classes) == dataset.classes


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(BadInput, match=r"'mnits'.*fashion-mnist, folder:PATH.*mnist.*toy2d\[:ring"):
        data.load("mnits")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("mnist:7", "takes nothing behind a colon"),
        ("folder", r"Write folder:PATH\[\?size=S\]"),
        ("folder:", "needs to know which one"),
        ("toy2d:rnig", "ring, grid, moons, spiral"),
        ("moon-phases:four", "'three'"),
        ("", "There is no data set ''"),
    ],
)
def test_a_wrong_argument_is_one_sentence(name: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        data.load(name)


def test_what_was_loaded_is_kept_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def make(argument: str) -> Dataset:
        made.append(argument)
        split = Split(points=torch.zeros(1, 2))
        return Dataset(f"made:{argument}", "Made", (2,), [], split, split)

    source = Source("made", "Made", make, argument="N")
    monkeypatch.setattr(data, "sources", lambda: {"made": source})
    monkeypatch.setattr(data, "_kept", type(data._kept)())
    first = data.load("made:0")
    assert data.load("made:0") is first
    for n in range(1, data.MAX_KEPT):
        data.load(f"made:{n}")
    data.load("made:0")  # used again, so made:1 is now the oldest
    data.load("made:new")
    assert data.load("made:0") is first
    assert len(data._kept) == data.MAX_KEPT
    made.clear()
    data.load("made:1")
    assert made == ["1"]
    assert data.load("made:1", fresh=True) is data.load("made:1")
    assert made == ["1", "1"]


def test_listing_is_json_and_reads_no_file_nor_torch() -> None:
    code = (
        "import sys, json, genstudio.data as data, genstudio.data._image\n"
        "print(json.dumps(data.listing()))\n"
        "assert 'torch' not in sys.modules, 'torch was imported'\n"
        "assert 'pooch' not in sys.modules, 'pooch was imported'\n"
        "assert 'genstudio.ui' not in sys.modules\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rows = {row["name"]: row for row in json.loads(out.stdout)}
    assert rows["mnist"]["ships"] is True
    assert rows["mnist"]["available"] is True
    assert rows["mnist"]["shape"] == [1, 28, 28]
    assert rows["mnist"]["classes"] == list("0123456789")
    assert rows["folder"]["shape"] is None
    assert rows["folder"]["names"] == []
    assert rows["toy2d"]["shape"] == [2]
    assert all(row["title"] and row["description"] for row in rows.values())


def test_a_lazy_split_is_read_once_and_by_one_thread_only() -> None:
    reads: list[int] = []
    second_is_in = threading.Event()

    def read() -> Split:
        reads.append(1)
        if len(reads) > 1:
            second_is_in.set()
        second_is_in.wait(0.1)  # long enough for another thread to come in, if it could
        return Split(images=torch.zeros(3, 1, 2, 2, dtype=torch.uint8), labels=torch.arange(3))

    split = LazySplit(3, read)
    assert len(split) == 3
    assert not reads
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: split.images, range(32)))
    assert len(reads) == 1
    assert all(images is seen[0] for images in seen)
    assert split.labels.tolist() == [0, 1, 2]
    assert split.points is None
    assert split.factors is None
    with pytest.raises(dataclasses.FrozenInstanceError):
        split.images = None  # type: ignore[misc]


def test_a_lazy_split_tries_again_after_a_failure_and_holds_its_promise() -> None:
    answers = [BadInput("gone"), Split(points=torch.zeros(2, 2)), Split(points=torch.zeros(5, 2))]

    def read() -> Split:
        answer = answers.pop(0)
        if isinstance(answer, BadInput):
            raise answer
        return answer

    split = LazySplit(5, read)
    with pytest.raises(BadInput, match="gone"):
        _ = split.points
    with pytest.raises(RuntimeError, match="5 rows was promised, got 2"):
        _ = split.points
    assert split.points.shape == (5, 2)


def test_hash_is_of_the_training_pixels() -> None:
    images = torch.arange(8, dtype=torch.uint8).reshape(2, 1, 2, 2)
    dataset = Dataset("x", "X", (1, 2, 2), [], Split(images=images), Split(images=images[:1]))
    assert dataset.sha256 == hashlib.sha256(bytes(range(8))).hexdigest()
    transposed = Split(images=images.transpose(2, 3))
    other = Dataset("x", "X", (1, 2, 2), [], transposed, transposed)
    assert other.sha256 == hashlib.sha256(bytes([0, 2, 1, 3, 4, 6, 5, 7])).hexdigest()


def test_what_has_no_download_says_so() -> None:
    with pytest.raises(BadInput, match="mnist cannot be downloaded"):
        data.fetch("mnist")
