"""train: the same generator that the window runs, with a progress bar."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genstudio.commands._options import Data
from genstudio.commands._output import Advance, Interrupted, progress

if TYPE_CHECKING:
    from genstudio.engine.jobs import Job
    from genstudio.engine.parallel import Group

JOB = 1  # the run number of the one job here


class Device(StrEnum):
    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"
    mps = "mps"


class Precision(StrEnum):
    auto = "auto"
    float32 = "float32"
    bfloat16 = "bfloat16"


def add_to(app: typer.Typer) -> None:
    app.command()(train)


def train(
    family: Annotated[str, typer.Argument(metavar="FAMILY", help="See `genstudio families`.")],
    data: Data,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The run folder.")],
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="A setting of the family, or train.lr, train.batch_size, ... May be repeated.",
        ),
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Total training steps.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Total epochs, or --steps.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of weights, order and noise.")] = 0,
    device: Annotated[Device, typer.Option(help="Where to compute.")] = Device.auto,
    precision: Annotated[
        Precision, typer.Option(help="auto measures and stores its choice.")
    ] = Precision.auto,
    threads: Annotated[
        int | None, typer.Option(min=1, max=256, help="Measured and stored unless given.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where DIR stopped.")] = False,
) -> None:
    """Train a model; Ctrl-C saves, and --resume goes on from there bit for bit.

    Under torchrun several processes train it together.
    """
    from genstudio import models
    from genstudio.abilities import BadInput
    from genstudio.engine.parallel import joined
    from genstudio.engine.settings import parse_settings, split_settings
    from genstudio.engine.training import Training

    def begin(group: Group | None) -> Training:
        if steps is not None and epochs is not None:
            raise BadInput("--steps and --epochs were both given. Choose one of them.")
        record = models.family(family)
        given = {
            "steps": steps,
            "epochs": epochs,
            "seed": seed,
            "device": device.value,
            "precision": precision.value,
            "threads": threads,
        }
        config, settings = split_settings(
            parse_settings(set_ or (), record),
            record,
            {key: value for key, value in given.items() if value is not None},
        )
        return Training(record, data, out, config, settings, resume=resume, group=group)

    with joined() as group, _one_voice(group):
        first = group is None or group.is_first
        job = begin(None) if group is None else group.together(lambda: begin(group))
        with progress(f"train {family}") if first else nullcontext(_silent) as advance:
            _follow(job, advance, group)
        if first:
            print(f"{job.step:,} steps of {family}: {out}")


def _silent(_done: int, _total: int | None, _note: str = "") -> None:
    """The progress of a process that says nothing."""


@contextmanager
def _one_voice(group: Group | None) -> Iterator[None]:
    """Of several processes only the first says what ended them all; the others leave after it, with
    the same exit code.
    """
    from genstudio.abilities import BadInput
    from genstudio.engine.faults import NotFinite, PeerGone

    codes: dict[type[BaseException], int] = {
        BadInput: 2, Interrupted: 130, NotFinite: 1, PeerGone: 1, KeyboardInterrupt: 130
    }  # fmt: skip
    try:
        yield
    except tuple(codes) as stop:
        if group is None or group.is_first:
            raise
        code = next(code for kind, code in codes.items() if isinstance(stop, kind))
        # A KeyboardInterrupt the first may not have seen: it is not to be waited for.
        group.leave_quietly(code, wait=not isinstance(stop, KeyboardInterrupt))


def _follow(job: Job, advance: Advance, group: Group | None = None) -> Any:
    """Run `job` to its end.

    Raises: Interrupted after Ctrl-C or SIGTERM, or when nobody reads the progress any more; the
    run is saved then.
    """
    steps = job.run(JOB)
    with _asked_to_stop(insists=group is None) as asked:
        try:
            while not _stopping(asked, group):
                try:
                    for report in next(steps) or ():
                        _show(report, advance)
                except BrokenPipeError:
                    asked.append(signal.SIGPIPE)
        except StopIteration as end:
            return end.value
        finally:
            steps.close()
    raise Interrupted("Interrupted. The run is saved; --resume goes on from there.")


def _stopping(asked: list[int], group: Group | None) -> bool:
    """Whether to stop now; several processes stop after the same step, when all know."""
    if group is None:
        return bool(asked)
    group.stop_asked = bool(asked)
    return group.stop


def _show(report: Any, advance: Advance) -> None:
    from genstudio.engine.messages import Event, Progress

    if isinstance(report, Progress):
        rate = f"{report.per_second:,.0f} steps/s " if report.per_second else ""
        advance(report.done, report.total, f"{rate}{report.note}")
    elif isinstance(report, Event) and report.kind in ("alarm", "choice", "resumed"):
        print(report.text, file=sys.stderr)


@contextmanager
def _asked_to_stop(insists: bool = True) -> Iterator[list[int]]:
    """A list that is empty until a first Ctrl-C or SIGTERM, which lets the step in flight end.

    A second one interrupts at once where it `insists`; torchrun sends several and kills in the end.
    """
    asked: list[int] = []

    def ask(number: int, _frame: Any) -> None:
        if asked and insists:
            raise KeyboardInterrupt
        asked.append(number)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
