"""Options that several commands take."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from genstudio.abilities import MAX_SEED


class Sampler(StrEnum):
    """Where z is drawn from."""

    prior = "prior"
    gaussian = "gaussian"
    mixture = "mixture"
    kde = "kde"
    encodings = "encodings"


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Source = Annotated[
    str,
    typer.Argument(metavar="SOURCE", help="A shipped name, a run folder or a weights file."),
]
Data = Annotated[str, typer.Option("--data", metavar="NAME", help="See `genstudio data`.")]
Seed = Annotated[int, typer.Option("--seed", min=0, max=MAX_SEED, help="Seed of what is drawn.")]
Number = Annotated[int, typer.Option("-n", min=1, help="How many images.")]
PngFile = Annotated[Path, typer.Option("--out", metavar="FILE.png", help="The picture to write.")]
NpzFile = Annotated[
    Path | None,
    typer.Option("--npz", metavar="FILE", help="Also write x float32 (N, C, H, W)."),
]
