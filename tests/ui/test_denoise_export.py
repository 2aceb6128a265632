"""What leaves Denoise: files read back with other readers, whole or not there."""

from __future__ import annotations

import errno
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genstudio.abilities import BadInput
from genstudio.engine import files
from genstudio.engine.faults import CannotSave
from genstudio.ui.panels import _denoise_export_files as export
from genstudio.ui.panels._denoise_export_files import Film, Writer, gif, mp4, png, save

ABOUT = "run 1 of ddpm-mnist, seed 7; every 4th of 1000 steps is kept"


def stack(channels: int = 1) -> np.ndarray:
    """3 steps of 2 images, all levels apart."""
    rng = np.random.default_rng(1)
    levels = rng.integers(0, 256, (3, 2, channels, 5, 4))
    return (levels / 255).astype(np.float32)


def written(write: Writer) -> bytes:
    buffer = io.BytesIO()
    shares = list(write(buffer))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    return buffer.getvalue()


def film(count: int = 4, colour: bool = False) -> Film:
    def picture(k: int) -> np.ndarray:
        level = np.full((28, 28, 3) if colour else (28, 28), 40 * k, np.uint8)
        level[:14] = 255 if not colour else (255, 0, 40 * k)
        return level

    return Film(count, picture, ABOUT)


# PNG ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 3])
def test_the_sheet_has_a_row_for_each_image_and_a_column_for_each_step(channels: int) -> None:
    images = stack(channels)
    with Image.open(io.BytesIO(written(png(images, ABOUT)))) as picture:
        assert picture.mode == ("L" if channels == 1 else "RGB")
        assert picture.size == (3 * 4, 2 * 5)
        assert picture.text["Description"] == ABOUT  # type: ignore[attr-defined]
        pixels = np.asarray(picture).reshape(2, 5, 3, 4, channels)
    want = np.rint(images * 255).transpose(1, 3, 0, 4, 2)  # (N, H, S, W, C)
    np.testing.assert_array_equal(pixels, want)


# Films -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("colour", [False, True])
def test_a_gif_shows_every_step_and_lets_the_last_stand(colour: bool) -> None:
    data = written(gif(film(4, colour)))
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.n_frames == 4  # type: ignore[attr-defined]
        assert picture.info["loop"] == 0
        assert picture.info["comment"] == ABOUT.encode()
        assert picture.size == (336, 336)
        times = []
        for k in range(4):
            picture.seek(k)
            times.append(picture.info["duration"])
            shown = np.asarray(picture.convert("RGB"))
            want = (255, 0, 40 * k) if colour else (255, 255, 255)
            assert tuple(shown[100, 100]) == want
            assert tuple(shown[300, 300]) == (40 * k,) * 3
    assert times == [80, 80, 80, export.END_MS]


def test_a_long_film_is_faster_and_no_faster_than_a_gif_shows() -> None:
    assert film(1000).frame_ms == 20
    assert film(400).frame_ms == 50
    assert film(10).frame_ms == 80


def test_an_mp4_plays_every_step() -> None:
    pytest.importorskip("av")
    iio = pytest.importorskip("imageio.v3")
    data = written(mp4(film(4)))
    frames = iio.imread(data, plugin="pyav", extension=".mp4")
    assert frames.shape == (4 - 1 + 15, 336, 336, 3)  # the last stands 1.2 s
    for k in range(4):
        np.testing.assert_allclose(frames[k][250, 100].astype(int), 40 * k, atol=4)
    facts = iio.immeta(data, plugin="pyav", extension=".mp4")
    assert facts["comment"] == ABOUT
    assert facts["fps"] == pytest.approx(12.5)


def test_without_the_packages_the_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(export, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"imageio and av.*pip install 'genstudio\[video\]'"):
        mp4(film())


def test_odd_sides_are_made_even_for_the_codec() -> None:
    even = export._even(np.full((337, 335), 9, np.uint8))
    assert even.shape == (338, 336, 3)
    assert (even == 9).all()


# Whole or not at all -----------------------------------------------------------------------------


def pieces(*parts: bytes) -> Writer:
    def write(file: io.BytesIO):  # type: ignore[no-untyped-def]
        for k, part in enumerate(parts):
            file.write(part)
            yield (k + 1) / len(parts)

    return write  # type: ignore[return-value]


def test_a_file_is_there_at_the_end_and_not_before(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    work = save(None, path, pieces(b"ab", b"cd"))
    shares = []
    for step in work:
        shares.append(step.share)
        assert path.read_bytes() == b"old"
    assert shares == [0.0, 0.5, 1.0]
    assert path.read_bytes() == b"abcd"
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


@pytest.mark.parametrize("stop", [1, 2])
def test_given_up_nothing_is_left(tmp_path: Path, stop: int) -> None:
    path = tmp_path / "a.bin"
    work = save(None, path, pieces(b"ab", b"cd", b"ef"))
    for _ in range(stop + 1):
        next(work)
    work.close()
    assert list(tmp_path.iterdir()) == []


def failing(code: int) -> Callable[[Path], io.RawIOBase]:
    class Full(io.FileIO):
        def write(self, data: object) -> int:  # type: ignore[override]
            raise OSError(code, "No space left on device")

    return lambda path: Full(path, "xb")


def test_on_a_full_disk_the_old_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    monkeypatch.setattr(files, "open_new", failing(errno.ENOSPC))
    with pytest.raises(CannotSave, match="No space left"):
        list(save(None, path, pieces(b"x" * (3 << 20))))
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CannotSave, match=r"nowhere"):
        list(save(None, tmp_path / "nowhere" / "a.bin", pieces(b"x")))
