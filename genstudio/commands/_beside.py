"""tour and doctor: what runs beside the window."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from genstudio.commands._options import Json
from genstudio.commands._output import print_json, progress


class Theme(StrEnum):
    dark = "dark"
    light = "light"


def add_to(app: typer.Typer) -> None:
    app.command()(tour)
    app.command()(doctor)


def tour(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the pictures.")],
    size: Annotated[str, typer.Option(metavar="WxH", help="Size of the window.")] = "1440x880",
    theme: Annotated[Theme, typer.Option(help="Colours.")] = Theme.dark,
) -> None:
    """Drive every panel and photograph it; needs no screen."""
    from genstudio import tour as tours

    width, height = tours.parse_size(size)
    with progress("tour") as advance:
        pictures, failures = tours.run(out, width, height, theme.value, advance)
    print(f"{len(pictures)} pictures: {out}")
    for sentence in failures:
        print(sentence, file=sys.stderr)
    if failures:
        raise typer.Exit(1)


def doctor(as_json: Json = False) -> None:
    """Say what is installed, what is missing and what to do about it."""
    from genstudio import doctor as doctors

    report = doctors.examine()
    if as_json:
        print_json(report)
    else:
        for line in doctors.lines(report):
            print(line)
