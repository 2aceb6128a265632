"""data/folder.py: the user's own images, of every sort that people have."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genstudio import data
from genstudio.abilities import BadInput
from genstudio.data import _image, folder


def save(path: Path, colour: int | tuple[int, int, int] = 100, size: int = 16) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L" if isinstance(colour, int) else "RGB", (size, size), colour).save(path)
    return path


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    """Two classes of colour, 20 pictures each, under a name that breaks careless code."""
    root = tmp_path / "Mëine Bilder; $(x) 'a' %s {0}"
    for k in range(20):
        save(root / "cat" / f"{k}.png", (200, k, 0))
        save(root / "dög 狗" / f"{k}.png", (0, k, 200))
    return root


def test_class_folders_are_the_labels(animals: Path) -> None:
    dataset = data.load(f"folder:{animals}")
    assert dataset.classes == ["cat", "dög 狗"]
    assert dataset.shape == (3, 16, 16)  # the pictures' own size
    assert len(dataset.train) + len(dataset.test) == 40
    assert dataset.notes == ""
    for split in (dataset.train, dataset.test):
        is_dog = split.images[:, 2, 0, 0] == 200
        assert split.labels.equal(is_dog.long())
        assert split.images[:, 1, 3, 3].max() < 20
    values = [split.images[:, 1, 0, 0].tolist() for split in (dataset.train, dataset.test)]
    assert sorted(values[0] + values[1]) == sorted(2 * list(range(20)))


def test_the_name_loads_the_same_again(animals: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(animals.parent)
    dataset = data.load(f"folder:{animals.name}?size=12")
    assert dataset.name == f"folder:{animals}?size=12"
    monkeypatch.chdir("/")
    again = data.load(dataset.name)
    assert again.shape == (3, 12, 12)
    assert again.sha256 == dataset.sha256


def test_a_flat_folder_is_one_class_and_grey_stays_grey(tmp_path: Path) -> None:
    for k in range(30):
        save(tmp_path / "flat" / f"{k:02}.png", 8 * k)
    dataset = data.load(f"folder:{tmp_path / 'flat'}")
    assert dataset.shape == (1, 16, 16)
    assert dataset.classes == ["flat"]
    assert not dataset.train.labels.any()
    greys = dataset.train.images[:, 0, 5, 5].tolist() + dataset.test.images[:, 0, 5, 5].tolist()
    assert sorted(greys) == [8 * k for k in range(30)]


def test_one_colour_picture_makes_all_rgb(tmp_path: Path) -> None:
    for k in range(4):
        save(tmp_path / f"{k}.png", 50)
    save(tmp_path / "c.png", (9, 8, 7))
    assert data.load(f"folder:{tmp_path}").shape == (3, 16, 16)


@pytest.mark.parametrize(
    ("sizes", "option", "expected"),
    [
        ([16, 16], "", 16),
        ([16, 17], "", folder.DEFAULT_SIZE),
        ([64, 64], "", 64),
        ([65, 65], "", folder.DEFAULT_SIZE),
        ([7, 7], "", folder.DEFAULT_SIZE),
        ([16, 16], "?size=40", 40),
    ],
)
def test_which_size_is_taken(tmp_path: Path, sizes: list[int], option: str, expected: int) -> None:
    for k, size in enumerate(sizes):
        save(tmp_path / f"{k}.png", 50, size)
    assert data.load(f"folder:{tmp_path}{option}", fresh=True).shape == (1, expected, expected)


def test_the_central_square_is_taken(tmp_path: Path) -> None:
    wide = np.zeros((40, 100), np.uint8)
    wide[:, 30:70] = 200
    for k in range(2):
        Image.fromarray(wide).save(tmp_path / f"{k}.png")
    dataset = data.load(f"folder:{tmp_path}?size=20")
    assert (dataset.train.images == 200).all()


def test_a_large_jpeg_is_averaged(tmp_path: Path) -> None:
    y, x = np.mgrid[:1200, :1200]
    smooth = (x // 5 + y // 100).astype(np.uint8)
    for k in range(2):
        Image.fromarray(smooth).save(tmp_path / f"{k}.jpg", quality=95)
    got = data.load(f"folder:{tmp_path}?size=24").train.images[0, 0].numpy()
    expected = smooth.reshape(24, 50, 24, 50).mean((1, 3))
    assert np.abs(got - expected).max() < 2.5


def test_ninety_to_ten_by_the_name_alone() -> None:
    names = [f"class/{k}.png" for k in range(5000)]
    chosen = folder.is_test(names)
    assert chosen.mean() == pytest.approx(0.1, abs=0.015)
    # From the documented rule, computed apart: SHA-256 of the name within the folder.
    digests = [hashlib.sha256(name.encode()).digest() for name in names]
    expected = [int.from_bytes(digest[:6], "big") / 2**48 < 0.1 for digest in digests]
    np.testing.assert_array_equal(chosen, expected)
    # Others in the folder change nothing.
    np.testing.assert_array_equal(folder.is_test(names[1000:2000]), chosen[1000:2000])
    composed, decomposed = "caf\u00e9.png", "cafe\u0301.png"
    assert folder._hash(composed) == folder._hash(decomposed)


@pytest.mark.parametrize("n", [2, 3, 5])
def test_a_small_folder_has_both_splits(tmp_path: Path, n: int) -> None:
    for k in range(n):
        save(tmp_path / f"{k}.png", k)
    dataset = data.load(f"folder:{tmp_path}")
    assert len(dataset.train) >= 1
    assert len(dataset.test) >= 1


def test_what_is_left_out_is_said(animals: Path) -> None:
    (animals / "cat" / "notes.txt").write_text("x")
    (animals / "cat" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    whole = save(animals / "cat" / "cut.bmp", (1, 2, 3))
    whole.write_bytes(whole.read_bytes()[:200])
    save(animals / "alone.png", (1, 2, 3))
    save(animals / "cat" / "kittens" / "1.png")
    (animals / "empty").mkdir()
    (animals / ".DS_Store").write_text("x")
    dataset = data.load(f"folder:{animals}", fresh=True)
    assert len(dataset.train) + len(dataset.test) == 40
    assert dataset.classes == ["cat", "dög 狗"]
    for said in (
        "cat/notes.txt: not a picture",
        "cat/broken.png",
        "cat/cut.bmp is damaged",
        "alone.png: beside the class folders",
        "cat/kittens: a folder within a class",
        "empty: a folder without pictures",
    ):
        assert said in dataset.notes
    assert "DS_Store" not in dataset.notes
    assert str(animals) not in dataset.notes  # names within the folder are enough


def test_a_bomb_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for k in range(3):
        save(tmp_path / f"{k}.png", k)
    save(tmp_path / "bomb.png", 1, 40)
    monkeypatch.setattr(_image, "MAX_PIXELS", 39 * 39)
    dataset = data.load(f"folder:{tmp_path}")
    assert len(dataset.train) + len(dataset.test) == 3
    assert dataset.shape == (1, 16, 16)
    assert "bomb.png has 40 x 40 pixels" in dataset.notes


def test_long_notes_are_cut_and_say_so(tmp_path: Path) -> None:
    for k in range(2):
        save(tmp_path / f"{k}.png")
    for k in range(50):
        (tmp_path / f"{k}.txt").touch()
    notes = data.load(f"folder:{tmp_path}").notes
    assert notes.endswith("and 30 more")
    assert len(notes.splitlines()) == 22


@pytest.mark.skipif(os.name == "nt", reason="links need rights there, and such names are refused")
def test_links_do_not_lead_out_and_names_do_not_write_lines(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", save(tmp_path / "outside" / "secret.png", 77)
    for k in range(2):
        save(root / f"{k}.png", k)
    (root / "out.png").symlink_to(outside)
    (root / "gone.png").symlink_to(root / "nothing.png")
    (root / "loop").symlink_to(root)
    (root / "away").symlink_to(outside.parent)
    (root / "inside.png").symlink_to(root / "1.png")
    (root / "line\nbreak\x1b[31m.txt").touch()
    os.mkfifo(root / "pipe.png")
    dataset = data.load(f"folder:{root}")
    assert len(dataset.train) + len(dataset.test) == 3  # 0, 1 and the link to 1
    greys = dataset.train.images.unique().tolist() + dataset.test.images.unique().tolist()
    assert 77 not in greys
    assert "out.png: a link out of the folder" in dataset.notes
    assert "away: a link out of the folder" in dataset.notes
    assert "gone.png: a link to no file" in dataset.notes
    assert "loop: a link to no file" in dataset.notes
    assert "pipe.png: not a picture" in dataset.notes
    assert "line?break?[31m.txt" in dataset.notes


def test_too_many_files_stop_the_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for k in range(6):
        save(tmp_path / "a" / f"{k}.png")
    monkeypatch.setattr(folder, "MAX_FILES", 6)  # five of them and the folder a
    with pytest.raises(BadInput, match=r"holds more than 6 files. Choose a smaller folder"):
        data.load(f"folder:{tmp_path}")


def test_memory_is_bounded_before_it_is_taken(
    animals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "MAX_BYTES", 40 * 3 * 256 * 256 - 1)
    monkeypatch.setattr(np, "empty", lambda *args: pytest.fail("allocated"))
    with pytest.raises(BadInput, match=r"40 pictures of 3 x 256 x 256 take .* are allowed"):
        folder.DATASET.load(f"{animals}?size=256")


@pytest.mark.parametrize("option", ["size=3", "size=257", "size=", "size=9999999", "width=3", ""])
def test_a_wrong_option_is_refused(tmp_path: Path, option: str) -> None:
    with pytest.raises(BadInput, match="stands size=4 to 256"):
        data.load(f"folder:{tmp_path}?{option}")


@pytest.mark.skipif(os.name == "nt", reason="no ? in names there")
def test_a_folder_whose_name_looks_like_an_option(tmp_path: Path) -> None:
    for k in range(2):
        save(tmp_path / "what?size=8" / f"{k}.png")
    assert data.load(f"folder:{tmp_path / 'what?size=8'}").shape == (1, 16, 16)
    assert data.load(f"folder:{tmp_path / 'what?size=8'}?size=8").shape == (1, 8, 8)


@pytest.mark.parametrize("name", ["missing", "file", "a\0b", "x" * 5000])
def test_what_is_no_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="not a folder that can be read"):
        data.load(f"folder:{tmp_path / name}")


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_pictures(tmp_path: Path, n: int) -> None:
    for k in range(n):
        save(tmp_path / f"{k}.png")
    (tmp_path / "a.txt").touch()
    with pytest.raises(BadInput, match=rf"holds {n} pictures that can be read, at least 2.*a\.txt"):
        data.load(f"folder:{tmp_path}")


def test_reading_tells_how_far_it_is_and_gives_the_same(animals: Path) -> None:
    name = f"folder:{animals}"
    work, seen = data.loading(name), []
    while True:
        try:
            seen.append(next(work))
        except StopIteration as end:
            read = end.value
            break
    assert [step.done for step in seen] == sorted({step.done for step in seen})
    assert {step.total for step in seen} == {seen[-1].done + 1}  # a step before each piece
    assert data.load(name) is read  # kept
    assert list(data.loading(name)) == []
    again = data.load(name, fresh=True)
    assert again.sha256 == read.sha256 and again.notes == read.notes


def test_reading_can_be_given_up(animals: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    look = _image.look
    monkeypatch.setattr(_image, "look", lambda path: opened.append(path) or look(path))
    name = f"folder:{animals}?size=12"
    work = data.loading(name)
    next(work)
    next(work)
    work.close()
    assert len(opened) == 1
    assert len(data.load(name).train) > 0
