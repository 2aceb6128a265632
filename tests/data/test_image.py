"""data/_image.py: pictures of every kind come out as a model takes them, bad ones as a sentence."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from genstudio import data
from genstudio.abilities import BadInput
from genstudio.data import _image

GREY, COLOUR = (1, 28, 28), (3, 32, 32)


def encoded(picture: Image.Image, format: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def ramp(height: int, width: int) -> np.ndarray:
    """A dark border and a colourful middle, uint8 (h, w, 3)."""
    picture = np.zeros((height, width, 3), np.uint8)
    y, x = np.mgrid[:height, :width]
    picture[..., 0], picture[..., 1], picture[..., 2] = x * 255 // width, y * 255 // height, 90
    picture[[0, -1]] = 0
    picture[:, [0, -1]] = 0
    return picture


def test_a_picture_of_the_right_size_is_not_touched(tmp_path: Path) -> None:
    pixels = ramp(32, 32)
    path = tmp_path / "päth with spaces.png"
    Image.fromarray(pixels).save(path)
    for source in (path, str(path), path.read_bytes(), pixels, pixels / 255.0):
        got = _image.read(source, COLOUR)
        assert got.shape == COLOUR
        assert got.dtype == np.float32
        assert got.flags.c_contiguous
        np.testing.assert_array_equal(got, (pixels.transpose(2, 0, 1) / np.float32(255)))


@pytest.mark.parametrize("format", _image.FORMATS)
def test_every_allowed_format_is_read(format: str) -> None:
    got = _image.read(encoded(Image.fromarray(ramp(64, 64)), format), (3, 64, 64))
    expected = ramp(64, 64).transpose(2, 0, 1) / 255
    assert np.abs(got - expected).mean() < 0.03


@pytest.mark.parametrize("format", ["PPM", "TGA", "PDF", "EPS", "ICO"])
def test_other_formats_are_not(format: str) -> None:
    content = encoded(Image.new("RGB", (32, 32)), format)
    with pytest.raises(BadInput, match=r"not a picture that can be read. Choose one of: PNG, JPEG"):
        _image.read(content, COLOUR)


def test_svg_and_text_are_not_pictures() -> None:
    for content in (b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"hello", b""):
        with pytest.raises(BadInput, match="not a picture that can be read"):
            _image.read(content, COLOUR)


def test_areas_are_averaged() -> None:
    tiles = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    tiles[[0, -1]] = tiles[:, [0, -1]] = 0
    large = np.kron(tiles, np.ones((4, 4), np.uint8))
    large[::2, ::2] ^= 1  # detail that has to average out
    got = _image.read(large, GREY)
    np.testing.assert_allclose(got[0] * 255, tiles, atol=1.0)


def test_the_central_part_is_taken() -> None:
    wide = np.zeros((56, 156, 3), np.uint8)
    wide[:, 50:106] = ramp(56, 56)
    wide[:, :50] = (255, 0, 0)
    got = _image.read(wide, (3, 28, 28))
    assert np.abs(got - _image.read(ramp(56, 56), (3, 28, 28))).max() < 1e-6
    assert _image.read(wide, (3, 20, 60)).shape == (3, 20, 60)


def test_dark_ink_on_paper_is_inverted_and_only_that() -> None:
    digit = data.load("mnist").test.images[0, 0].numpy()
    expected = digit.astype(np.float32) / 255
    paper = 255 - digit
    np.testing.assert_allclose(_image.read(digit, GREY)[0], expected)
    np.testing.assert_allclose(_image.read(paper, GREY)[0], expected, atol=1e-6)
    np.testing.assert_allclose(_image.read(paper, GREY, invert=False)[0], 1 - expected, atol=1e-6)
    np.testing.assert_allclose(_image.read(digit, GREY, invert=True)[0], 1 - expected, atol=1e-6)
    colour = np.full((32, 32, 3), 240, np.uint8)
    colour[10:20, 10:20] = 30
    assert _image.read(colour, COLOUR)[0, 0, 0] > 0.9
    assert _image.read(np.full((28, 28), 255, np.uint8), GREY).min() == 1.0  # no ink at all


def test_a_photograph_of_a_digit_is_laid_out_as_mnist() -> None:
    """Blue ink, uneven grey paper, off centre and large: the same digit within the resampling."""
    digit = data.load("mnist").test.images[0, 0].numpy()
    rng = np.random.default_rng(1)
    photo = np.full((400, 500, 3), 200.0) + rng.normal(0, 3, (400, 500, 1))
    ink = np.kron(digit, np.ones((10, 10))) / 255
    photo[100:380, 30:310] -= ink[..., None] * np.array([170.0, 160.0, 60.0])
    jpeg = encoded(Image.fromarray(photo.clip(0, 255).astype(np.uint8)), "JPEG", quality=92)
    got = _image.read(jpeg, GREY, ink=True)[0]
    expected = digit / 255
    assert np.corrcoef(got.ravel(), expected.ravel())[0, 1] > 0.97
    assert got[expected == 0].mean() < 0.02
    blank = np.full((50, 50, 3), 200, np.uint8)
    assert not _image.read(blank, GREY, ink=True).any()


def test_what_is_transparent_is_seen_against_a_ground() -> None:
    dark, light = Image.new("RGBA", (28, 28)), Image.new("RGBA", (28, 28))
    ImageDraw.Draw(dark).rectangle((10, 8, 14, 20), fill=(0, 0, 0, 255))
    ImageDraw.Draw(light).rectangle((10, 8, 14, 20), fill=(255, 255, 255, 255))
    for picture in (dark, light):
        got = _image.read(encoded(picture), GREY)[0]
        assert got[8:21, 10:15].min() == 1.0
        assert got.sum() == 13 * 5


def test_sixteen_bits_palettes_and_grey_with_alpha() -> None:
    tall = np.zeros((28, 28), np.uint16)
    tall[10:18, 10:18] = 65535
    tall[12, 12] = 32768
    got = _image.read(encoded(Image.fromarray(tall)), GREY)[0]
    assert got[11, 11] == 1.0
    assert got[12, 12] == pytest.approx(0.5, abs=0.003)
    palette = Image.fromarray(ramp(32, 32)).quantize(64)
    assert _image.read(encoded(palette), COLOUR).shape == COLOUR
    binary = Image.fromarray(tall > 0)
    assert _image.read(encoded(binary), GREY)[0, 12, 12] == 1.0
    floats = Image.fromarray((tall / 65535).astype(np.float32))
    np.testing.assert_allclose(
        _image.read(encoded(floats, "TIFF"), GREY)[0, 12, 12], 0.5, atol=0.01
    )


def test_a_photograph_lies_upright() -> None:
    picture = Image.fromarray(ramp(40, 40))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    got = _image.read(encoded(picture, exif=exif), (3, 40, 40))
    turned = np.rot90(ramp(40, 40), -1).transpose(2, 0, 1) / np.float32(255)
    np.testing.assert_array_equal(got, turned)


def test_a_large_jpeg_is_unpacked_no_larger_than_needed() -> None:
    jpeg = encoded(Image.fromarray(ramp(400, 800)), "JPEG")
    for at_least, size in (
        (None, (800, 400)),
        (50, (100, 50)),
        (51, (200, 100)),
        (999, (800, 400)),
    ):
        assert _image.open_picture(jpeg, at_least=at_least).size == size


def test_the_first_frame_of_a_movement() -> None:
    frames = [Image.new("L", (28, 28), grey) for grey in (10, 200)]
    gif = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert _image.read(gif, GREY).max() == pytest.approx(10 / 255)


def png_of(width: int, height: int) -> bytes:
    """A PNG that declares width x height and holds next to nothing."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content))
            + kind
            + content
            + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(8001, 8000), (10_000, 10_000), (20_000, 20_000), (2**31 - 1, 9)])
def test_more_pixels_than_allowed_are_refused_unopened(size: tuple[int, int]) -> None:
    with pytest.raises(BadInput, match=r"million.*Make it smaller"):
        _image.read(png_of(*size), GREY)


def test_a_file_larger_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_image, "MAX_BYTES", 100)
    with pytest.raises(BadInput, match="100 are allowed"):
        _image.read(bytes(101), GREY)


def test_damaged_missing_and_foldered(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    whole = encoded(Image.fromarray(noise))
    with pytest.raises(BadInput, match="is damaged"):
        _image.read(whole[: len(whole) // 2], GREY)
    with pytest.raises(BadInput, match="No such file"):
        _image.read(tmp_path / "missing.png", GREY)
    with pytest.raises(BadInput, match="cannot be read"):
        _image.read(tmp_path, GREY)
    with pytest.raises(BadInput):
        _image.read("a\0b", GREY)


@pytest.mark.parametrize("shape", [(3,), (2, 2, 2), (2, 2, 5), (0, 4), (1, 2, 3, 3)])
def test_arrays_that_are_no_pictures(shape: tuple[int, ...]) -> None:
    with pytest.raises(BadInput, match="A picture"):
        _image.read(np.zeros(shape, np.uint8), GREY)


SEEDS = [
    encoded(Image.fromarray(ramp(9, 12)), format, **options)
    for format, options in (
        ("PNG", {}),
        ("JPEG", {}),
        ("WEBP", {}),
        ("BMP", {}),
        ("GIF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
    )
]


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    content=st.sampled_from(SEEDS),
    edits=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=6),
    cut=st.none() | st.integers(0, 4000),
)
def test_a_mutated_picture_is_a_picture_or_a_sentence(
    content: bytes, edits: list[tuple[int, int]], cut: int | None
) -> None:
    mutated = bytearray(content)
    for where, value in edits:
        mutated[where % len(mutated)] = value
    with contextlib.suppress(BadInput):
        got = _image.read(bytes(mutated[:cut]), GREY)
        assert got.shape == GREY
        assert np.isfinite(got).all()
        assert 0 <= got.min() <= got.max() <= 1
