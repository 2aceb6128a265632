"""sample, reconstruct: what a model draws, as a picture and as arrays."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from genstudio.commands._options import Data, NpzFile, Number, PngFile, Seed, Source
from genstudio.commands._output import check_folder, check_name, dots, tiles, write_npz, write_png

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor


MAX_VALUES = 1 << 28  # floats drawn at once: 1 GiB


class Sampler(StrEnum):
    prior = "prior"
    gaussian = "gaussian"
    mixture = "mixture"
    kde = "kde"
    encodings = "encodings"


def add_to(app: typer.Typer) -> None:
    app.command()(sample)
    app.command()(reconstruct)


def sample(
    source: Source,
    out: PngFile,
    n: Number = 64,
    seed: Seed = 0,
    npz: NpzFile = None,
    sampler: Annotated[
        Sampler | None,
        typer.Option(
            help="Where z is drawn from, the model's own sampler unless given; encodings are those "
            "of test images."
        ),
    ] = None,
) -> None:
    """Draw new images from a model."""
    import torch

    import genstudio
    from genstudio.engine import library
    from genstudio.latent import samplers

    check_name(out, ".png")
    check_folder(npz)
    model = genstudio.load(source)
    _bound(n, model.shape)
    rng = torch.Generator().manual_seed(seed)
    if sampler is None:
        x = model.sample(n, rng)
    else:
        fitted = samplers.make(sampler.value, model, library.describe(source).data, rng)
        x = torch.cat(list(samplers.images(model, fitted, n, rng)))
    _write(out, npz, x)


def reconstruct(
    source: Source, data: Data, out: PngFile, n: Number = 16, npz: NpzFile = None
) -> None:
    """Encode and decode the first images of a test split: input left, output right."""
    import torch

    import genstudio
    from genstudio.abilities import LATENT, BadInput

    check_name(out, ".png")
    check_folder(npz)
    model: Any = genstudio.load(source)
    if LATENT not in model.abilities:
        raise BadInput(f"{source} has no latent space to pass through. Choose another model.")
    dataset = genstudio.dataset(data)
    if tuple(dataset.shape) != tuple(model.shape):
        raise BadInput(
            f"{source} takes {_times(model.shape)}, got {data} with {_times(dataset.shape)}. "
            "Choose other data or another model."
        )
    if n > len(dataset.test):
        raise BadInput(f"{data} has {len(dataset.test)} test images, got -n {n}. Choose fewer.")
    _bound(n, model.shape)
    x = dataset.test.batch(slice(0, n))
    with torch.no_grad():
        y = model.decode(model.encode(x).mean)
    pairs = torch.stack((x, y), dim=1).flatten(0, 1)  # (2 N, C, H, W)
    _write(out, npz, y, pairs, columns=2)


def _write(
    out: Path, npz: Path | None, x: Tensor, shown: Tensor | None = None, columns: int | None = None
) -> None:
    """`x` into the npz, `shown` (x unless given) into the picture."""
    picture = (x if shown is None else shown).detach().numpy()
    write_png(out, dots(picture) if picture.ndim == 2 else tiles(picture, columns))
    if npz is not None:
        write_npz(npz, x=np.ascontiguousarray(x.detach().numpy(), dtype=np.float32))


def _bound(n: int, shape: tuple[int, ...]) -> None:
    from genstudio.abilities import BadInput

    if n * math.prod(shape) > MAX_VALUES:
        most = MAX_VALUES // math.prod(shape)
        raise BadInput(f"-n {n} does not fit into memory. Choose at most {most}.")


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
