"""The files that leave Denoise, each written piece by piece: a sheet as PNG, a film as GIF or MP4.

No Qt here: the ask lane writes them, and between two pieces the hand is answered. A writer yields
the share that is done.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from genstudio.abilities import BadInput
from genstudio.engine import files

LEAST_PX = 336  # side of a film's picture, small images at a whole factor
FRAME_MS = (20, 80)  # of one step; a GIF shows none faster
FILM_MS = 20_000  # at most, where the steps allow it
END_MS = 1_200  # the last picture stands
MOST_PX = 65_535  # side of a GIF

Work = Iterator[float]
Writer = Callable[[BinaryIO], Work]


@dataclass(frozen=True, eq=False)
class Film:
    """Pictures in their order: `picture(k)` is uint8 (H, W) or (H, W, 3), all of one size."""

    count: int
    picture: Callable[[int], np.ndarray]
    about: str  # one line that stands in the file

    @property
    def frame_ms(self) -> int:
        """How long one step is shown, in ms: whole hundredths of a second, as a GIF counts."""
        shortest, longest = FRAME_MS
        return round(min(max(FILM_MS / self.count, shortest), longest) / 10) * 10


@dataclass(frozen=True)
class Saved:
    """How far a file is; `path` once it is there."""

    share: float
    path: Path | None = None


def save(model: Any, path: Path, write: Writer, size: int = 0) -> Generator[Saved, None, Saved]:
    """Query: write a file whole or not at all; the model is not asked anything.

    Given up between two pieces, nothing is left. Raises: CannotSave, with the old file intact,
    also where there is no room for `size` bytes.
    """
    yield Saved(0.0)
    files.check_space(path.parent, size)
    with files.whole(path) as file:
        for share in write(file):
            yield Saved(share)
    return Saved(1.0, path)


# PNG --------------------------------------------------------------------------------------------


def png(n_rows: int, row: Callable[[int], np.ndarray], about: str) -> Writer:
    """`row(i)`, uint8 (H, W) or (H, W, 3) of one size, below each other as a PNG file."""

    def write(file: BinaryIO) -> Work:
        packer = zlib.compressobj()
        for i in range(n_rows):
            strip = row(i)
            high, wide = strip.shape[:2]
            if i == 0:
                colour = 2 if strip.ndim == 3 else 0
                size = struct.pack(">IIBBBBB", wide, n_rows * high, 8, colour, 0, 0, 0)
                file.write(b"\x89PNG\r\n\x1a\n")
                _chunk(file, b"IHDR", size)
                _chunk(file, b"iTXt", b"Description\0\0\0\0\0" + about.encode())
            flat = strip.reshape(high, -1)
            lines = np.zeros((high, flat.shape[1] + 1), np.uint8)  # 0 before each: no filter
            lines[:, 1:] = flat
            for line in lines:
                packed = packer.compress(line.tobytes())
                if packed:
                    _chunk(file, b"IDAT", packed)
            yield (i + 1) / n_rows
        _chunk(file, b"IDAT", packer.flush())
        _chunk(file, b"IEND", b"")

    return write


def _chunk(file: BinaryIO, kind: bytes, data: bytes) -> None:
    body = kind + data
    file.write(struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body)))


# Films ------------------------------------------------------------------------------------------


def enlarged(picture: np.ndarray) -> np.ndarray:
    """`picture` (H, W[, 3]) at the whole factor that makes it large enough for a film."""
    factor = max(1, -(-LEAST_PX // min(picture.shape[:2])))
    return picture.repeat(factor, 0).repeat(factor, 1)


def gif(film: Film) -> Writer:
    """An endless GIF; 256 greys for all pictures, or for coloured ones the best 256 colours each.

    The writer raises BadInput for pictures that are too large for a GIF.
    """

    def write(file: BinaryIO) -> Work:
        from PIL.GifImagePlugin import getdata, getheader

        for k in range(film.count):
            picture = enlarged(film.picture(k))
            if max(picture.shape[:2]) > MOST_PX:
                high, wide = picture.shape[:2]
                raise BadInput(f"A GIF has at most {MOST_PX} pixels a side, got {wide} x {high}.")
            image = _indexed(picture)
            if k == 0:
                parts, _ = getheader(image, info={"loop": 0, "comment": film.about})
                file.write(b"".join(parts))
            ms = END_MS if k == film.count - 1 else film.frame_ms
            own = picture.ndim == 3
            file.write(b"".join(getdata(image, duration=ms, include_color_table=own)))
            yield (k + 1) / film.count
        file.write(b";")

    return write


def _indexed(picture: np.ndarray) -> Any:
    """uint8 (H, W) or (H, W, 3) as an image with a palette of 256."""
    from PIL import Image

    image = Image.fromarray(picture)
    if picture.ndim == 3:
        return image.quantize(256, dither=Image.Dither.NONE)
    grey = Image.frombytes("P", image.size, picture.tobytes())
    grey.putpalette([level for level in range(256) for _ in range(3)])
    return grey


def mp4(film: Film) -> Writer:
    """A film in H.264.

    Raises: BadInput where the packages that make it are not installed.
    """
    missing = [name for name in ("imageio", "av") if find_spec(name) is None]
    if missing:
        raise BadInput(
            f"MP4 needs {' and '.join(missing)}, which this installation does not have. Install "
            "it with pip install 'genstudio[video]', or choose GIF."
        )

    def write(file: BinaryIO) -> Work:
        import imageio.v3 as iio

        rate = 1000 / film.frame_ms
        repeats = round(END_MS / film.frame_ms)
        buffer = io.BytesIO()  # its beginning is written last, and a film is small
        with iio.imopen(buffer, "w", plugin="pyav", extension=".mp4") as video:
            video.init_video_stream("libx264", fps=rate, pixel_format="yuv420p")
            video.container_metadata["comment"] = film.about
            for k in range(film.count):
                frame = _even(enlarged(film.picture(k)))
                for _ in range(repeats if k == film.count - 1 else 1):
                    video.write_frame(frame)
                yield (k + 1) / film.count
        file.write(buffer.getvalue())

    return write


def _even(picture: np.ndarray) -> np.ndarray:
    """uint8 (H, W[, 3]) in colour, its sides made even, as the codec wants them."""
    high, wide = picture.shape[:2]
    colour = picture if picture.ndim == 3 else np.repeat(picture[:, :, None], 3, 2)
    return np.pad(colour, ((0, high % 2), (0, wide % 2), (0, 0)), mode="edge")
