"""Drive every panel of the real window and photograph it: NN-panel-caption.png and panel.gif."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genstudio import doctor
from genstudio.abilities import BadInput

if TYPE_CHECKING:
    from PIL import Image

MIN_SIDE, MAX_SIDE = 480, 7680  # pixels
GIF_WIDTH = 960  # pixels
MOVING_MS, RESTING_MS = 100, 1_200  # how long a frame on the way and a captioned one stand
MAX_FRAMES = 120  # of one GIF; the last ones on the way are left out beyond it
MAX_SLUG = 48  # characters
INDEX = "index.json"


def parse_size(text: str) -> tuple[int, int]:
    """ "1440x880" as (1440, 880).

    Raises: BadInput when it is no such pair, or out of range.
    """
    match = re.fullmatch(r"(\d{1,5})[xX](\d{1,5})", text)
    sides = tuple(map(int, match.groups())) if match else ()
    if len(sides) != 2 or not all(MIN_SIDE <= side <= MAX_SIDE for side in sides):
        raise BadInput(
            f"--size takes WIDTHxHEIGHT from {MIN_SIDE} to {MAX_SIDE} pixels, got {text!r}. "
            "Write for example 1440x880."
        )
    return sides[0], sides[1]


def run(
    out: Path,
    width: int,
    height: int,
    scheme: str,
    advance: Callable[[int, int | None, str], None] = lambda done, total, note: None,
) -> tuple[list[Path], list[str]]:
    """Photograph every panel into the folder `out`; the user's own folder is left alone.

    Returns: the files written, in order, and a sentence for each thing that failed in the window.
    Raises: BadInput when `out` cannot be written.
    """
    doctor.refuse_known_bad()
    _make_folder(out)
    index: list[dict[str, Any]] = []
    with _own_home(), _screen():
        try:
            from genstudio.ui.driver import Driver
        except ImportError as error:
            raise doctor.explain_import(error) from error
        with Driver(width, height, scheme) as driver:
            keys = driver.panels()
            for done, key in enumerate(keys):
                advance(done, len(keys), key)
                _photograph_panel(driver.tour(key), key, out, index)
            advance(len(keys), len(keys), "")
            failures = list(dict.fromkeys(driver.failures))
    (out / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
    return [out / entry["file"] for entry in index], failures


def _make_folder(out: Path) -> None:
    """Make `out`, and take away what an earlier tour left there."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        earlier = out / INDEX
        if earlier.is_file():
            for entry in json.loads(earlier.read_text(encoding="utf-8")):
                (out / Path(str(entry["file"])).name).unlink(missing_ok=True)
            earlier.unlink()
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error.strerror}. Choose another.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{out / INDEX} is not from a tour. Choose another folder.") from error


@contextmanager
def _own_home() -> Iterator[None]:
    """A user folder that is thrown away: the photographs are the same on every machine."""
    before = os.environ.get("GENSTUDIO_HOME")
    with tempfile.TemporaryDirectory(prefix="genstudio-tour-", ignore_cleanup_errors=True) as home:
        os.environ["GENSTUDIO_HOME"] = home
        try:
            yield
        finally:
            if before is None:
                del os.environ["GENSTUDIO_HOME"]
            else:
                os.environ["GENSTUDIO_HOME"] = before


@contextmanager
def _screen() -> Iterator[None]:
    """Draw into memory where there is no screen."""
    os.environ.setdefault("QT_API", "pyside6")
    os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
    if doctor.has_screen() or os.environ.get("QT_QPA_PLATFORM"):
        if sys.platform == "win32":
            import torch  # noqa: F401 (before Qt: loaded after it, its DLLs fail there)
        yield
        return
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    try:
        yield
    finally:
        del os.environ["QT_QPA_PLATFORM"]


def _photograph_panel(
    steps: Iterator[tuple[str, np.ndarray]], key: str, out: Path, index: list[dict[str, Any]]
) -> None:
    """Write a panel's photographs and its GIF, and add them to `index`."""
    frames: list[np.ndarray] = []
    durations_ms: list[int] = []
    for caption, picture in steps:
        small = _shrink(picture)
        if caption:
            number = 1 + sum(entry["file"].endswith(".png") for entry in index)
            name = f"{number:02d}-{key}-{slug(caption)}.png"
            _save(out / name, picture)
            index.append({"file": name, "panel": key, "caption": caption})
        elif len(frames) >= MAX_FRAMES or (frames and np.array_equal(frames[-1], small)):
            continue
        frames.append(small)
        durations_ms.append(RESTING_MS if caption else MOVING_MS)
    if frames:
        write_gif(out / f"{key}.gif", frames, durations_ms)
        index.append({"file": f"{key}.gif", "panel": key, "caption": ""})


def slug(caption: str) -> str:
    """A caption as part of a file name: its first whole words, lower case, with hyphens."""
    words = re.findall(r"[a-z0-9]+", caption.lower())
    while len("-".join(words)) > MAX_SLUG and len(words) > 1:
        words.pop()
    return "-".join(words)[:MAX_SLUG] or "panel"


def _save(path: Path, picture: np.ndarray) -> None:
    from PIL import Image

    Image.fromarray(picture).save(path)


def _shrink(picture: np.ndarray) -> np.ndarray:
    from PIL import Image

    height, width = picture.shape[:2]
    if width <= GIF_WIDTH:
        return picture
    size = (GIF_WIDTH, round(height * GIF_WIDTH / width))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


def write_gif(path: Path, frames: list[np.ndarray], durations_ms: list[int]) -> None:
    """Write uint8 (H, W, 3) frames as an endless GIF with one palette; 20 ms is the shortest."""
    from PIL import Image

    palette = _palette(frames)
    images = [
        Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE)
        for frame in frames
    ]
    durations = [max(20, round(ms / 10) * 10) for ms in durations_ms]
    images[0].save(
        path, save_all=True, append_images=images[1:], duration=durations, loop=0, optimize=False
    )


def _palette(frames: list[np.ndarray]) -> Image.Image:
    """At most 255 colours, taken from up to eight frames of the film side by side."""
    from PIL import Image

    chosen = frames[:: max(1, len(frames) // 8)]
    together = Image.fromarray(np.concatenate([frame[::2, ::2] for frame in chosen]))
    return together.quantize(255, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
