"""data/mnist.py and data/_mnist_format.py: what ships is MNIST, read one split at a time."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from genstudio import data, paths
from genstudio.abilities import BadInput
from genstudio.data import _idx, _mnist_format, mnist

FOLDER = paths.resources() / "mnist"


def test_the_shipped_files_are_the_original_ones() -> None:
    lines = (FOLDER / "SHA256SUMS").read_text().splitlines()
    sums = dict(reversed(line.split()) for line in lines)
    assert set(sums) == {f"{name}.gz" for name in _mnist_format.FILES}
    for name, expected in sums.items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == expected


def test_it_is_mnist() -> None:
    dataset = data.load("mnist")
    assert (len(dataset.train), len(dataset.test)) == (60_000, 10_000)
    assert dataset.train.images.shape == (60_000, 1, 28, 28)
    assert dataset.classes == list("0123456789")
    # The counts of each digit that LeCun's page and every textbook give.
    train = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    test = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert dataset.train.labels.bincount().tolist() == train
    assert dataset.test.labels.bincount().tolist() == test
    assert dataset.train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert dataset.test.labels[:5].tolist() == [7, 2, 1, 0, 4]
    mean = dataset.train.images.float().mean().item() / 255
    assert mean == pytest.approx(0.1307, abs=5e-5)


def test_the_test_split_does_not_read_the_training_files(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = _idx.read

    def spy(path: Path, **limits: int) -> np.ndarray:
        read.append(path.name)
        return real(path, **limits)

    monkeypatch.setattr(_idx, "read", spy)
    dataset = mnist.DATASET.load("")
    assert (len(dataset.train), len(dataset.test)) == (60_000, 10_000)
    assert read == []
    assert dataset.test.images.shape == (10_000, 1, 28, 28)
    assert read == ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"]


def test_missing_files_say_where_they_should_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "resources", lambda: tmp_path)
    assert not mnist.DATASET.available()
    with pytest.raises(BadInput, match=r"MNIST is not in .*mnist.*Install GenStudio again"):
        mnist.DATASET.load("")


def write(path: Path, array: np.ndarray) -> Path:
    shape = b"".join(n.to_bytes(4, "big") for n in array.shape)
    path.write_bytes(gzip.compress(bytes([0, 0, 8, array.ndim]) + shape + array.tobytes()))
    return path


def test_files_of_another_shape_are_refused(tmp_path: Path) -> None:
    images = write(tmp_path / "i.gz", np.zeros((3, 28, 28), np.uint8))
    labels = write(tmp_path / "l.gz", np.array([1, 2, 9], np.uint8))
    assert len(_mnist_format.read(images, labels, 3)) == 3
    small = write(tmp_path / "s.gz", np.zeros((3, 20, 28), np.uint8))
    with pytest.raises(BadInput, match="should hold 3 x 28 x 28 of uint8, got 3 x 20 x 28"):
        _mnist_format.read(small, labels, 3)
    with pytest.raises(BadInput, match="more than the 1568 bytes allowed"):
        _mnist_format.read(images, labels, 2)
    wrong = write(tmp_path / "w.gz", np.array([1, 2, 10], np.uint8))
    with pytest.raises(BadInput, match="labels from 0 to 9"):
        _mnist_format.read(images, wrong, 3)


def test_plain_files_are_found_beside_packed_ones(tmp_path: Path) -> None:
    for name in _mnist_format.FILES[:3]:
        (tmp_path / f"{name}.gz").touch()
    assert _mnist_format.find(tmp_path) is None
    (tmp_path / _mnist_format.FILES[3]).touch()
    found = _mnist_format.find(tmp_path)
    assert [path.name for path in found][2:] == [
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte",
    ]
