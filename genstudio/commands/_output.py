"""What commands leave behind: whole files or none, one JSON object, tables, a progress bar."""

from __future__ import annotations

import errno
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from genstudio.abilities import BadInput
from genstudio.engine import files


class Interrupted(Exception):
    """The user stopped the work, and it is saved. The message says how to go on."""


def write_whole(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Write `path` in one piece: into a temporary file beside it, then replace.

    Raises: BadInput when the folder is missing or nothing can be written there.
    """
    if path.is_dir():
        raise BadInput(f"{path} is a folder. Give the name of a file to write.")
    with _one_sentence(path), files.whole(path) as file:
        write(file)


@contextmanager
def _one_sentence(path: Path) -> Iterator[None]:
    """Raises: BadInput in place of an OSError, for a file that cannot be written."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadInput(f"{path} cannot be written: {reason}. Choose another place.") from error


def check_name(path: Path | None, *endings: str) -> None:
    """Refuse a file name that does not end as the format does, before any work.

    Raises: BadInput naming the endings, or as `check_place`.
    """
    if path is None:
        return
    if path.suffix.lower() not in endings:
        raise BadInput(f"{path} should end with {' or '.join(endings)}. Choose another name.")
    check_place(path)


def check_place(path: Path | None) -> None:
    """Refuse a file that cannot be written where it is wanted, before any work.

    Raises: BadInput naming the folder that does not exist, or why nothing can be written in it.
    """
    if path is None:
        return
    with _one_sentence(path):
        if not path.parent.is_dir():
            raise BadInput(f"The folder {path.parent} does not exist. Make it first.")
        if path.is_dir():
            raise BadInput(f"{path} is a folder. Choose the name of a file in it.")
        files.try_place(path)


def tiles(images: np.ndarray, columns: int | None = None) -> np.ndarray:
    """Images (N, C, H, W) in [0, 1], or uint8, as one picture uint8 (rows*H, columns*W[, 3]).

    Row-major, without gaps, ceil(sqrt(N)) columns unless given; what is left over is black.
    """
    n, channels, height, width = images.shape
    columns = columns or math.ceil(math.sqrt(n))
    rows = math.ceil(n / columns)
    cells = np.zeros((rows * columns, channels, height, width), np.uint8)
    if images.dtype == np.uint8:
        cells[:n] = images
    else:
        cells[:n] = np.rint(np.clip(images, 0.0, 1.0) * 255.0).astype(np.uint8)
    grid = cells.reshape(rows, columns, channels, height, width).transpose(0, 3, 1, 4, 2)
    picture = grid.reshape(rows * height, columns * width, channels)
    return picture[:, :, 0] if channels == 1 else picture


def dots(points: np.ndarray, side: int = 512, reach: float | None = None) -> np.ndarray:
    """Points (N, 2) as one picture uint8 (side, side): darker where there are more, y upwards.

    It reaches a little beyond `reach` on each side of 0, as far as the points do unless given.
    """
    farthest = float(np.abs(points).max(initial=0.0)) if reach is None else reach
    reach = max(farthest * 1.05, 1e-6)
    edges = np.linspace(-reach, reach, side + 1)
    counts, _, _ = np.histogram2d(points[:, 1], points[:, 0], bins=(edges, edges))
    return (255 - np.minimum(counts[::-1] * 160, 255)).astype(np.uint8)


def write_png(path: Path, picture: np.ndarray) -> None:
    """Write uint8 (H, W) or (H, W, 3) as PNG."""
    from PIL import Image

    write_whole(path, lambda file: Image.fromarray(picture).save(file, "PNG"))


def write_gif(path: Path, pictures: Sequence[np.ndarray], frame_ms: int, last_ms: int) -> None:
    """Write uint8 pictures (H, W) or (H, W, 3) as a GIF that runs forever, the last for longer."""
    from PIL import Image

    frames = [Image.fromarray(picture) for picture in pictures]
    durations = [*[frame_ms] * (len(frames) - 1), last_ms]
    write_whole(
        path,
        lambda file: frames[0].save(
            file,
            "GIF",
            save_all=True,
            append_images=frames[1:],
            duration=durations,
            loop=0,
            optimize=False,
        ),
    )


def write_npz(path: Path, **arrays: np.ndarray) -> None:
    """Write arrays as a compressed npz file."""
    write_whole(path, lambda file: np.savez_compressed(file, **arrays))  # type: ignore[arg-type]


def print_json(value: Mapping[str, Any]) -> None:
    """One object on standard output; a figure that is not a finite number is null."""
    print(json.dumps(_plain(value), indent=2, allow_nan=False))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(entry) for entry in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, (str, int, bool, type(None))) else str(value)


def print_table(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table on standard output, plain where that is no terminal."""
    console = _Console(width=None if sys.stdout.isatty() else 200)
    table = Table(*headings, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(_cell(cell) for cell in row))
    console.print(table, markup=False, highlight=False)


def _cell(value: Any) -> Any:
    from rich.text import Text

    if value is None:
        return Text("-")
    return Text(f"{value:.4g}" if isinstance(value, float) else str(value))


DRAW_EVERY_S = 0.2
Advance = Callable[[int, int | None, str], None]


@contextmanager
def progress(what: str) -> Iterator[Advance]:
    """A bar with time left on standard error; call it with (done, total, note).

    It stands there from the first call on, so that work which is refused leaves its sentence alone.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    bar = Progress(*columns, console=_Console(stderr=True), auto_refresh=False)
    task = bar.add_task(what, total=None, note="")
    drawn = 0.0

    def advance(done: int, total: int | None, note: str = "") -> None:
        nonlocal drawn
        if not bar.live.is_started:
            bar.start()
        bar.update(task, completed=done, total=total, note=note)
        if time.monotonic() - drawn > DRAW_EVERY_S:
            bar.refresh()
            drawn = time.monotonic()

    try:
        yield advance
    finally:
        if bar.live.is_started:
            with suppress(BrokenPipeError):
                bar.stop()


class _Console(Console):
    """A console that reports a reader who has gone instead of leaving the program at once."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError(errno.EPIPE, "nobody reads any more")
