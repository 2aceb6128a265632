"""denoise: the walk of a diffusion model from noise to images, as a picture and as a record."""

from __future__ import annotations

import math
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from genstudio.abilities import NOISE, BadInput
from genstudio.commands._options import Seed, Source
from genstudio.commands._output import (
    check_name,
    dots,
    progress,
    tiles,
    write_gif,
    write_png,
    write_whole,
)
from genstudio.engine import records
from genstudio.tape import Frame, Tape, plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genstudio.latent.denoise import Process

STEPS = 20  # where the schedule has as many
MAX_PIXELS = 1 << 26  # of a picture, or of all pictures of a film
FRAME_MS, LAST_MS = 80, 2000  # of a film
DOTS_PX, FILM_DOTS_PX = 160, 256  # side of a picture of points, in a row and in a film


class Sampler(StrEnum):
    dpmpp = "dpmpp"
    ddim = "ddim"
    ddpm = "ddpm"
    ddpm_large = "ddpm-large"


Out = Annotated[
    Path,
    typer.Option(
        "--out",
        metavar="FILE",
        help="The guesses of the clean images: .png (a row for each image, a column for each "
        "step) or .gif.",
    ),
]
SamplerName = Annotated[
    Sampler,
    typer.Option(
        help="DPM-Solver++ of order 2, DDIM, or DDPM with the small or the large variance."
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(
        min=1,
        help=f"Steps from noise to image; {STEPS} unless given, or all of a schedule that has "
        "fewer.",
    ),
]
Eta = Annotated[
    float | None,
    typer.Option(min=0.0, max=1.0, help="Noise that ddim adds; 0 unless given, 1 is ddpm's."),
]
Label = Annotated[
    int | None,
    typer.Option(min=0, metavar="C", help="The class to draw; by lot for each unless given."),
]
Guidance = Annotated[
    float, typer.Option(min=0.0, max=20.0, help="How much the class counts; 1 is as trained.")
]
Record = Annotated[
    Path | None,
    typer.Option(
        "--record",
        metavar="FILE.npz",
        help="Also write t, alpha_bar, x_t, x0_hat and noise_hat of every step, and x.",
    ),
]


def add_to(app: typer.Typer) -> None:
    app.command()(denoise)


def denoise(
    source: Source,
    out: Out,
    n: Annotated[int, typer.Option("-n", min=1, help="How many images.")] = 8,
    sampler: SamplerName = Sampler.ddpm,
    steps: Steps = None,
    seed: Seed = 0,
    eta: Eta = None,
    label: Label = None,
    guidance: Guidance = 1.0,
    record: Record = None,
) -> None:
    """Draw new images from a diffusion model, and keep every step of the way."""
    import genstudio
    from genstudio.latent import denoise as queries

    check_name(out, ".png", ".gif")
    check_name(record, ".npz")
    if eta is not None and sampler is not Sampler.ddim:
        raise BadInput(
            f"Only the sampler ddim takes --eta, got {sampler.value}. Leave --eta out or choose "
            "--sampler ddim."
        )
    model: Any = genstudio.load(source)
    if NOISE not in model.abilities:
        raise BadInput(f"{source} does not make images out of noise. Choose a diffusion model.")
    process = queries.process(model)
    queries.count(n)
    steps = len(process.times(min(STEPS, process.n_steps) if steps is None else steps))
    film = (_Points if process.points else _Images)(n, steps, process)
    tape = None if record is None else _tape(n, steps, process)
    walk = queries.walk(
        model,
        n=n,
        seed=seed,
        sampler=sampler.value,
        steps=steps,
        eta=eta or 0.0,
        label=label,
        guidance=guidance,
    )
    _follow(walk, film, tape)
    if record is not None and tape is not None:
        arrays = records.arrays(tape, process.scale)
        write_whole(record, lambda file: _drain(records.write(file, arrays)))
    film.write(out)


def _follow(walk: Iterator[Frame], film: _Images | _Points, tape: Tape | None) -> None:
    """Take every step, with a bar."""
    with progress("denoise") as advance:
        for frame in walk:
            film.add(frame)
            if tape is not None:
                tape.append(frame)
            advance(frame.index + 1, frame.n_steps, f"t = {frame.scalars['t']:.0f}")


def _tape(n: int, steps: int, process: Process) -> Tape:
    """Room for every step.

    Raises: BadInput when there is not that much memory.
    """
    records.check_room(n, process.shape, steps)
    room = records.n_bytes(n, process.shape, steps)
    return Tape(n, process.shape, plan(n, process.shape, steps, room))


def _drain(work: Iterator[Any]) -> None:
    for _ in work:
        pass


class _Images:
    """x0_hat of every step: a row for each image and a column for each step, or moving in a square.

    Raises: BadInput when the picture would be too large.
    """

    def __init__(self, n: int, steps: int, process: Process) -> None:
        pixels = math.prod(process.shape[1:])
        if n * steps * pixels > MAX_PIXELS:
            images, fewer = MAX_PIXELS // (steps * pixels), MAX_PIXELS // (n * pixels)
            fits = [f"{images} images"] if images else []
            fits += [f"{fewer} steps"] if fewer else []
            raise _too_large(f"{n} images in {steps} steps", n * steps * pixels, fits)
        self._scale = process.scale
        self._pixels = np.empty((n, steps, *process.shape), np.uint8)

    def add(self, frame: Frame) -> None:
        x = records.outside(frame.arrays["x0_hat"], self._scale)
        self._pixels[:, frame.index] = np.rint(x * 255.0)

    def write(self, path: Path) -> None:
        steps = self._pixels.shape[1]
        if path.suffix.lower() == ".gif":
            squares = [tiles(self._pixels[:, k]) for k in range(steps)]
            write_gif(path, squares, FRAME_MS, LAST_MS)
        else:
            write_png(path, tiles(self._pixels.reshape(-1, *self._pixels.shape[2:]), steps))


class _Points:
    """x0_hat of every step as dots in the plane: in one row, or moving. The plane reaches as far as
    the result does.

    Raises: BadInput when the picture would be too large.
    """

    def __init__(self, n: int, steps: int, process: Process) -> None:
        most = MAX_PIXELS // FILM_DOTS_PX**2
        if steps > most:
            raise _too_large(f"{steps} steps", steps * FILM_DOTS_PX**2, [f"{most} steps"])
        self._scale = process.scale
        self._points: list[np.ndarray] = []

    def add(self, frame: Frame) -> None:
        self._points.append(records.outside(frame.arrays["x0_hat"], self._scale))

    def write(self, path: Path) -> None:
        moving = path.suffix.lower() == ".gif"
        reach = float(np.abs(self._points[-1]).max())
        side = FILM_DOTS_PX if moving else DOTS_PX
        pictures = [dots(points, side, reach) for points in self._points]
        if moving:
            write_gif(path, pictures, FRAME_MS, LAST_MS)
        else:
            write_png(path, np.concatenate(pictures, axis=1))


def _too_large(what: str, pixels: int, fits: list[str]) -> BadInput:
    advice = f"Choose at most {' or '.join(fits)}." if fits else "Choose fewer of both."
    return BadInput(
        f"The picture of {what} would have {pixels / 1e6:,.0f} million pixels, and "
        f"{MAX_PIXELS / 1e6:.0f} million fit. {advice}"
    )
