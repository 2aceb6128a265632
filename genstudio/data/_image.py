"""A picture from outside made into a model's input: numpy and Pillow only, the window uses it.

Every size is bounded before pixels are unpacked, only the formats of FORMATS are opened, and what
is wrong with a picture is one sentence.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from genstudio.abilities import BadInput
from genstudio.data import _drawing

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
MAX_PIXELS = 64_000_000
MAX_BYTES = 1 << 28  # of a file

# What Pillow's readers raise on damaged files, beside OSError; they are many, and not only its own.
FAULTS = (
    OSError,
    ValueError,
    TypeError,
    SyntaxError,
    LookupError,
    ArithmeticError,
    AttributeError,
    EOFError,
    MemoryError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
_GREY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "I;16N", "F")
_PAPER = 0.5  # a border lighter than this is paper
_FAINTEST = 0.15  # share of the darkest ink below which a photograph's paper is only uneven


def read(
    source: str | Path | bytes | np.ndarray,
    shape: tuple[int, int, int],
    *,
    invert: bool | Literal["auto"] = "auto",
    ink: bool = False,
) -> np.ndarray:
    """The picture `source` as an input of `shape` (C, H, W): float32 in [0, 1].

    Turned upright, put on white (or black, if it is bright) where it is transparent, cut to the
    central part with the shape's aspect, resized, made grey for one channel. `invert` swaps black
    and white; "auto" does so for one channel where the border is light, as of ink on paper. `ink`
    lays it out as MNIST's digits are (`_drawing.normalise`).

    `source` is a path, the bytes of a file, or an array (h, w), (h, w, 3) or (h, w, 4) of uint8 or
    of floats in [0, 1]. Raises: BadInput.
    """
    channels, height, width = shape
    picture = _from_array(source) if isinstance(source, np.ndarray) else open_picture(source)
    if ink:
        grey = _to_float(picture.convert("L"))
        if invert is True or (invert == "auto" and _on_paper(grey)):
            grey = 1.0 - grey
        return _drawing.normalise(_lifted(grey), shape)
    picture = fit(picture, height, width).convert("L" if channels == 1 else "RGB")
    pixels = _to_float(picture)
    if invert is True or (invert == "auto" and channels == 1 and _on_paper(pixels)):
        pixels = 1.0 - pixels
    planes = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    return np.ascontiguousarray(planes)  # (C, H, W)


def open_picture(source: str | Path | bytes, *, at_least: int | None = None) -> Image.Image:
    """The picture in a file, or in its bytes: upright, mode L or RGB, the first frame of several.

    A JPEG may be unpacked at a half, quarter or eighth of its size, no side below `at_least`.
    Raises: BadInput when it cannot be read, is none of FORMATS, or is too large.
    """
    name = "The picture" if isinstance(source, bytes) else str(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata
        try:
            with _opened(source, name) as picture:
                if at_least is not None:
                    picture.draft(None, (at_least, at_least))
                upright = ImageOps.exif_transpose(picture)
                return _plain(upright if upright is not None else picture)
        except FAULTS as error:
            raise BadInput(_complaint(name, error)) from error


def look(path: str | Path) -> tuple[tuple[int, int], bool]:
    """Width and height of the picture in file `path` and whether it is grey, from its header alone.

    Raises: BadInput as `open_picture`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with _opened(path, str(path)) as picture:
                return picture.size, picture.mode in _GREY_MODES
        except FAULTS as error:
            raise BadInput(_complaint(str(path), error)) from error


def fit(picture: Image.Image, height: int, width: int) -> Image.Image:
    """The central part of `picture` with the aspect height : width, resized; as it is if it fits.

    Areas are averaged where it shrinks to half or less, Lanczos otherwise.
    """
    w, h = picture.size
    if (w, h) == (width, height):
        return picture
    part_w, part_h = min(w, h * width / height), min(h, w * height / width)
    left, top = (w - part_w) / 2, (h - part_h) / 2
    shrinks = part_w >= 2 * width and part_h >= 2 * height
    how = Image.Resampling.BOX if shrinks else Image.Resampling.LANCZOS
    return picture.resize((width, height), how, (left, top, left + part_w, top + part_h))


def _opened(source: str | Path | bytes, name: str) -> Image.Image:
    """The picture with only its header read.

    Raises: BadInput when it is too large; any of FAULTS.
    """
    n_bytes = len(source) if isinstance(source, bytes) else Path(source).stat().st_size
    if n_bytes > MAX_BYTES:
        raise BadInput(f"{name} has {n_bytes} bytes, {MAX_BYTES} are allowed. Make it smaller.")
    picture = Image.open(
        io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS
    )
    width, height = picture.size
    if width * height > MAX_PIXELS or not width or not height:
        picture.close()
        raise BadInput(
            f"{name} has {width} x {height} pixels, {MAX_PIXELS // 1_000_000} million are allowed. "
            "Make it smaller."
        )
    return picture


def _complaint(name: str, error: BaseException) -> str:
    if isinstance(error, BadInput):  # a ValueError, so it passes by here
        return str(error)
    if isinstance(error, Image.DecompressionBombError):
        return f"{name} has more than {MAX_PIXELS // 1_000_000} million pixels. Make it smaller."
    if isinstance(error, UnidentifiedImageError):
        return f"{name} is not a picture that can be read. Choose one of: {', '.join(FORMATS)}."
    if isinstance(error, OSError) and error.strerror:
        return f"{name} cannot be read: {error.strerror}. Choose another picture."
    return f"{name} is damaged ({error}). Choose another picture."


def _plain(picture: Image.Image) -> Image.Image:
    """`picture` unpacked, mode L if it is grey, else RGB; transparent parts are put on a ground."""
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        return _eight_bit(picture)
    if picture.has_transparency_data:
        grey = picture.mode in ("LA", "La", "L", "1")
        picture = _on_ground(picture.convert("RGBA"))
        return picture.convert("L") if grey else picture
    return picture.convert("L" if picture.mode in _GREY_MODES else "RGB")


def _eight_bit(picture: Image.Image) -> Image.Image:
    """Grey of 16 bits, or of floats in [0, 1] or [0, 255], as mode L."""
    values = np.nan_to_num(np.asarray(picture).astype(np.float32), nan=0.0)
    if picture.mode == "F":
        scale = 255.0 if values.max() <= 1.0 else 1.0
    else:
        scale = 1.0 if picture.mode == "I" and values.max() <= 255 else 255.0 / 65535.0
    return Image.fromarray(np.clip(np.rint(values * scale), 0, 255).astype(np.uint8))


def _on_ground(picture: Image.Image) -> Image.Image:
    """RGBA on white, or on black where what is seen of it is bright and would vanish on white."""
    alpha = np.asarray(picture.getchannel("A"), np.float32)
    seen = (np.asarray(picture.convert("L"), np.float32) * alpha).sum() / max(alpha.sum(), 1.0)
    ground = Image.new("RGBA", picture.size, "black" if seen > 200 else "white")
    return Image.alpha_composite(ground, picture).convert("RGB")


def _from_array(array: np.ndarray) -> Image.Image:
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise BadInput(f"A picture is (h, w), (h, w, 3) or (h, w, 4), got {array.shape}.")
    if not 0 < array.shape[0] * array.shape[1] <= MAX_PIXELS:
        raise BadInput(
            f"A picture has 1 to {MAX_PIXELS // 1_000_000} million pixels, got {array.shape}."
        )
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.dtype != np.uint8:
        scaled = np.nan_to_num(array.astype(np.float32), nan=0.0) * 255.0
        array = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    return _plain(Image.fromarray(np.ascontiguousarray(array)))


def _to_float(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture, np.float32) / np.float32(255.0)


def _on_paper(grey: np.ndarray) -> bool:
    """Whether grey (h, w) has a light border around darker things."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return float(np.median(border)) > max(_PAPER, float(grey.mean()))


def _lifted(grey: np.ndarray) -> np.ndarray:
    """Light ink on dark ground, stretched so that the ground is 0 and the strongest ink is 1."""
    ground = float(np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])))
    strongest = float(grey.max())
    if strongest - ground < 1 / 255:
        return np.zeros_like(grey)
    lifted = (grey - ground) / (strongest - ground)
    return np.where(lifted > _FAINTEST, lifted, 0.0).astype(np.float32)
