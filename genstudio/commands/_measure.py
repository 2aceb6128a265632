"""evaluate and bench: numbers, each with what it is."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genstudio.commands._options import Data, Json, Seed, Source
from genstudio.commands._output import print_json, print_table, progress

if TYPE_CHECKING:
    from collections.abc import Generator


def add_to(app: typer.Typer) -> None:
    app.command()(evaluate)
    app.command()(bench)


def evaluate(source: Source, data: Data, seed: Seed = 0, as_json: Json = False) -> None:
    """Measure a model on a test split: likelihood or its bound, reconstruction, error."""
    import genstudio
    from genstudio.metrics import evaluate as metrics

    model = genstudio.load(source)
    dataset = genstudio.dataset(data)
    with progress(f"evaluate {source}") as advance:
        result = _finish(metrics.evaluate(model, dataset, seed), advance)
    result = {"source": source, **{k: v for k, v in result.items() if k != "source"}}
    if as_json:
        print_json(result)
        return
    print_table(("", ""), list(result.items()))
    if result.get("targets") == "grey" and result.get("neg_elbo_nats") is not None:
        print("neg_elbo_nats on grey targets is cross-entropy + KL, not a likelihood.")


def _finish(work: Generator[Any, Any, dict[str, Any]], advance: Any) -> dict[str, Any]:
    """Run a generator of progress to its result."""
    try:
        while True:
            report = next(work)
            if report is not None:
                advance(report.done, report.total, report.note)
    except StopIteration as end:
        result: dict[str, Any] = end.value
        return result


def bench(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[startup|latency|stall|sheet|points|training|sampling|compare|memory]...",
            help="What to measure; everything but memory unless given.",
        ),
    ] = None,
    minutes: Annotated[
        float, typer.Option(min=0.1, help="How long the memory measurement runs.")
    ] = 30.0,
    as_json: Json = False,
) -> None:
    """Measure this machine, each figure beside its bare reference from the same run.

    Takes some minutes; run it alone on the machine.
    """
    from genstudio import bench as benches

    chosen = benches.choose(what or ())
    results: dict[str, Any] = {"machine": benches.machine()}
    with progress("bench") as advance:
        for done, name in enumerate(chosen):
            advance(done, len(chosen), f"measuring {name}")
            start = time.monotonic()
            results[name] = benches.measure(name, minutes=minutes)
            print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr)
        advance(len(chosen), len(chosen), "")
    if as_json:
        print_json(results)
    else:
        print_table(("what", "figure", "value"), benches.rows(results))
