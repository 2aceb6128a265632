"""compare: gap reports of several models, each sampler beside the others."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from genstudio.commands._options import Data, Json, Sampler, Seed
from genstudio.commands._output import check_name, print_json, print_table, progress, write_whole
from genstudio.metrics.gap_table import FIGURES, SAMPLERS, as_csv, as_markdown, lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Reports = Mapping[str, Mapping[str, Any]]


def add_to(app: typer.Typer) -> None:
    app.command()(compare)


def compare(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...", help="Shipped names, run folders or weights files, one or more."
        ),
    ],
    data: Data,
    seed: Seed = 0,
    n: Annotated[int, typer.Option("-n", min=20, help="Samples of each sampler.")] = 10_000,
    sampler: Annotated[
        list[Sampler] | None,
        typer.Option(
            help="A way to draw z beside the model's own; again for more. All unless given."
        ),
    ] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Also write the table as CSV.")
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option("--markdown", metavar="FILE", help="Also write the table as Markdown."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure where models have gaps: hole share, precision, recall, density, coverage, Frechet.

    encodings draws from q(z|x) of held-out images.
    """
    import genstudio
    from genstudio.metrics import bank
    from genstudio.metrics.verdict import verdict

    check_name(csv_file, ".csv")
    check_name(markdown, ".md", ".markdown")
    dataset = genstudio.dataset(data)
    models = {source: genstudio.load(source) for source in dict.fromkeys(sources)}
    for model in models.values():
        bank.check(model, dataset)
    names = None if sampler is None else [s.value for s in sampler]
    with progress("compare") as advance:
        reports = _reports(models, dataset, seed, n, names, advance)
    sentences = verdict(reports)
    rows = lines(reports, {source: source for source in reports})
    if csv_file is not None:
        _write(csv_file, as_csv(rows))
    if markdown is not None:
        _write(markdown, as_markdown(rows, {}, [*_notes(reports), *sentences]))
    if as_json:
        print_json(reports)
        return
    columns = _samplers(reports)
    print_table(("model", "figure", *columns), table(reports, columns))
    for sentence in (*_notes(reports), *sentences):
        print(sentence)


def _reports(
    models: Mapping[str, Any],
    dataset: Any,
    seed: int,
    n: int,
    names: list[str] | None,
    advance: Callable[[int, int | None, str], None],
) -> dict[str, dict[str, Any]]:
    """The report of each model by its name; the bar counts all of them as equal parts."""
    from genstudio.metrics import gap

    works = {name: gap.report(model, dataset, seed, n, names) for name, model in models.items()}
    firsts = {name: next(work) for name, work in works.items()}  # bad input of any shows at once
    reports = {}
    for i, (name, work) in enumerate(works.items()):
        at = firsts[name]
        while True:
            total = at.total
            advance(i * total + at.done, len(works) * total, f"{name}: {at.note}")
            try:
                at = next(work)
            except StopIteration as end:
                reports[name] = end.value
                break
    return reports


def _samplers(reports: Reports) -> list[str]:
    """Every sampler of any report, in their usual order."""
    usual = [*SAMPLERS, "own"]
    found = {name for report in reports.values() for name in report["samplers"]}
    return [name for name in usual if name in found]


def table(reports: Reports, columns: list[str]) -> list[list[Any]]:
    """Rows (model, figure, value by sampler); the model's own sampler is marked with *."""
    rows: list[list[Any]] = []
    for model, report in reports.items():
        own = report["sampler"]
        rows.append([model, "own sampler", *("*" if name == own else "" for name in columns)])
        for figure in FIGURES:
            values = [report["samplers"].get(name, {}).get(figure.key) for name in columns]
            rows.append(["", figure.key.replace("_", " "), *values])
        if report["bank"] != "reconstructions":
            rows.append(["", "bank", *(report["bank"] for _ in columns)])
    return rows


def _notes(reports: Reports) -> list[str]:
    """What has to be said of the figures, each once."""
    return list(dict.fromkeys(r["note"] for r in reports.values() if r["note"]))


def _write(path: Path, text: str) -> None:
    def write(file: IO[bytes]) -> None:
        file.write(text.encode())

    write_whole(path, write)
