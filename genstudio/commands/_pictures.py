"""sample, reconstruct: what a model draws, as a picture and as arrays."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from genstudio.abilities import LATENT, BadInput, has_noise_space
from genstudio.commands._options import Data, NpzFile, Number, PngFile, Sampler, Seed, Source
from genstudio.commands._output import (
    check_name,
    check_place,
    dots,
    progress,
    tiles,
    write_npz,
    write_png,
)
from genstudio.engine import room

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from torch import Tensor

    from genstudio.models import Model


MAX_VALUES = 1 << 28  # floats of a picture
COPIES = 16  # float32 for each value: a step of a sampler holds 10 at once; the rest is for layers


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

    check_name(out, ".png")
    check_place(npz)
    model = genstudio.load(source)
    _bound(n, model)
    rng = torch.Generator().manual_seed(seed)
    if sampler is None or (sampler is Sampler.prior and has_noise_space(model)):
        x = _generated(model, n, rng)
    else:
        _check_sampler(source, model, sampler)
        x = _drawn_by(sampler, model, library.describe(source).data, n, rng)
    _write(out, npz, x)


def _generated(model: Model, n: int, rng: torch.Generator) -> Tensor:
    """n samples by the model's own sampler, with a bar where it takes many steps."""
    import torch

    with progress("sample") as advance, torch.no_grad():
        for step in model.generate(n, rng):
            if step.n_steps > 1:
                advance(step.index + 1, step.n_steps, "")
    return step.images["x"]


def _check_sampler(source: str, model: Model, sampler: Sampler) -> None:
    """Raises: BadInput for a density of codes in noise space: images are inverted into it in many
    steps of the whole net, and 10,000 of them take many minutes.
    """
    fitted = sampler not in (Sampler.prior, Sampler.encodings)
    if fitted and has_noise_space(model) and len(model.shape) == 3:
        raise BadInput(
            f"{source} draws from noise, N(0, I), and no density is fitted to the codes of images, "
            f"got --sampler {sampler.value}. Choose prior or encodings, or leave it out."
        )


def _drawn_by(sampler: Sampler, model: Model, data: str, n: int, rng: torch.Generator) -> Tensor:
    """n decoded draws of `sampler`."""
    import torch

    from genstudio.latent import samplers

    slow = has_noise_space(model)
    n_fit = min(n, samplers.N_FIT) if slow and sampler is Sampler.encodings else samplers.N_FIT
    with progress(f"sample {sampler.value}") as advance:
        work = samplers.making(sampler.value, model, data, rng, n_fit)
        for piece in itertools.count(1):
            try:
                next(work)
            except StopIteration as end:
                fitted = end.value
                break
            if slow:
                advance(0, n, f"{min(piece * samplers.PIECE, n_fit):,} encoded")
        parts: list[Tensor] = []
        for part in samplers.images(model, fitted, n, rng):
            parts.append(part)
            if slow:
                advance(sum(map(len, parts)), n, "")
    return torch.cat(parts)


def reconstruct(
    source: Source, data: Data, out: PngFile, n: Number = 16, npz: NpzFile = None
) -> None:
    """Encode and decode the first images of a test split: input left, output right."""
    import torch

    import genstudio

    check_name(out, ".png")
    check_place(npz)
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
    _bound(n, model)
    x = dataset.test.batch(slice(0, n))
    with torch.no_grad():
        parts = [model.decode(model.encode(part).mean) for part in x.split(model.n_at_once)]
    y = torch.cat(parts)
    if y.ndim == 2:
        reach = float(torch.cat([x, y]).abs().max())
        picture = np.concatenate([dots(part.numpy(), reach=reach) for part in (x, y)], axis=1)
    else:
        picture = tiles(torch.stack((x, y), dim=1).flatten(0, 1).numpy(), 2)  # (2 N, C, H, W)
    _write(out, npz, y, picture)


def _write(out: Path, npz: Path | None, x: Tensor, picture: np.ndarray | None = None) -> None:
    """`x` into the npz, `picture` into the other, tiles or dots of x unless given."""
    array = np.ascontiguousarray(x.detach().numpy(), dtype=np.float32)
    if picture is None:
        picture = dots(array) if array.ndim == 2 else tiles(array)
    write_png(out, picture)
    if npz is not None:
        write_npz(npz, x=array)


def _bound(n: int, model: Model) -> None:
    """Raises: BadInput where n samples would not fit, while they are made, into what is free."""
    each, free = math.prod(model.shape), room.free_bytes()
    needed, most = 4 * COPIES * each * n, free // (4 * COPIES * each)
    if n > most:
        raise BadInput(
            f"-n {n} does not fit into memory: it takes {needed / 1e9:,.1f} GB, and "
            f"{free / 1e9:,.1f} GB are free. Choose at most {most}."
        )
    if n * each > MAX_VALUES:
        most = MAX_VALUES // each
        raise BadInput(f"-n {n} does not fit into one picture. Choose at most {most}.")


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
