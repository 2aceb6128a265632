"""interpolate: the pictures on a path between two encoded test images."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from genstudio.commands._options import Data, Source
from genstudio.commands._output import (
    check_name,
    check_place,
    progress,
    tiles,
    write_gif,
    write_npz,
    write_png,
)

if TYPE_CHECKING:
    from genstudio.latent.paths import Path as Traced

FRAME_MS = 60  # of a GIF; viewers slow down anything below 20
MAX_PIXELS = 1 << 26  # of the picture


class Kind(StrEnum):
    lerp = "lerp"
    slerp = "slerp"
    geodesic = "geodesic"


def add_to(app: typer.Typer) -> None:
    app.command()(interpolate)


def interpolate(
    source: Source,
    data: Data,
    first: Annotated[
        int, typer.Option("--from", metavar="I", help="Number of a test image, from 0.")
    ],
    last: Annotated[int, typer.Option("--to", metavar="J", help="Number of another test image.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="The picture: .png (one row) or .gif.")
    ],
    path: Annotated[
        Kind,
        typer.Option(help="Straight, about the mean code, or of least energy in pixels."),
    ] = Kind.lerp,
    frames: Annotated[
        int, typer.Option(min=2, max=2048, metavar="N", help="How many pictures, ends included.")
    ] = 16,
    npz: Annotated[
        Path | None,
        typer.Option(
            "--npz", metavar="FILE", help="Also write x float32 (N, C, H, W) and z (N, latent_dim)."
        ),
    ] = None,
    even: Annotated[
        bool, typer.Option("--even", help="Place the frames equally far apart in pixels.")
    ] = False,
    density: Annotated[
        float,
        typer.Option(min=0.0, help="Weight that keeps a geodesic near the encodings; 0 for none."),
    ] = 0.0,
) -> None:
    """Decode the codes on a path between two encoded test images."""
    import genstudio
    from genstudio.abilities import LATENT, BadInput
    from genstudio.latent import paths

    check_name(out, ".png", ".gif")
    check_place(npz)
    if density > 0.0 and path is not Kind.geodesic:
        raise BadInput(f"--density bends a geodesic, got --path {path.value}. Leave one out.")
    model: Any = genstudio.load(source)
    if LATENT not in model.abilities:
        raise BadInput(f"{source} has no latent space to walk through. Choose another model.")
    if len(model.shape) != 3:
        raise BadInput(f"{source} makes points, not images. Choose another model.")
    paths.check_kind(model, path.value)
    if frames * int(np.prod(model.shape)) > MAX_PIXELS:
        raise BadInput(f"--frames {frames} does not fit into a picture. Choose fewer.")
    knots = _codes(model, source, data, (first, last))
    traced = _trace(model, path.value, knots, frames, even, density, data)
    if npz is not None:
        write_npz(npz, x=traced.images, z=traced.z)
    if out.suffix.lower() == ".gif":
        write_gif(out, [tiles(image[None], 1) for image in traced.images], FRAME_MS, FRAME_MS)
    else:
        write_png(out, tiles(traced.images, frames))


def _codes(model: Any, source: str, data: str, numbers: tuple[int, int]) -> np.ndarray:
    """The posterior means (2, D) of two test images."""
    import torch

    import genstudio
    from genstudio.abilities import BadInput
    from genstudio.latent.encodings import split_of

    dataset = genstudio.dataset(data)
    if tuple(dataset.shape) != tuple(model.shape):
        got, need = (" x ".join(map(str, shape)) for shape in (dataset.shape, model.shape))
        raise BadInput(
            f"{source} takes {need}, got {data} with {got}. Choose other data or another model."
        )
    test = split_of(dataset, "test")
    for option, number in zip(("--from", "--to"), numbers, strict=True):
        if not 0 <= number < len(test):
            raise BadInput(
                f"{data} has test images 0 to {len(test) - 1}, got {option} {number}. "
                "Choose one of these."
            )
    if numbers[0] == numbers[1]:
        raise BadInput(
            f"A path needs two different ends, got image {numbers[0]} twice. Choose another one."
        )
    with torch.no_grad():
        mean = model.encode(test.batch(torch.tensor(numbers)).to(model.device)).mean
    return np.asarray(mean.cpu().numpy())


def _trace(
    model: Any,
    kind: str,
    knots: np.ndarray,
    frames: int,
    even: bool,
    density: float,
    data: str,
) -> Traced:
    """The last and best of the paths, with a bar while they grow better."""
    from genstudio.engine import device
    from genstudio.latent import paths

    device.use_threads(1)  # a few frames at a time: sharing them out costs more than it saves
    best: Traced | None = None
    with progress(kind) as advance:
        advance(0, 100, "")
        for traced in paths.trace(
            model, kind, knots, frames, even=even, density=density, data=data
        ):
            if traced is not None:
                best = traced
                advance(round(100 * traced.done), 100, f"energy {traced.energy:.4g}")
    assert best is not None  # a trace ends with a path
    return best
