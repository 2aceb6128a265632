"""What the command line can do: one Typer app, one file for each kind of command."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer
from pydantic import ValidationError

from genstudio.abilities import BadInput
from genstudio.commands import (
    _beside,
    _compare,
    _denoise,
    _interpolate,
    _lists,
    _measure,
    _pictures,
    _train,
)
from genstudio.commands._output import Interrupted

INTERRUPTED = 130
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]  # click's, wherever Typer keeps it

app = typer.Typer(
    name="genstudio",
    help="See how generative models work by touching them. Without a command the window opens.",
    add_completion=False,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _part in (_lists, _train, _pictures, _interpolate, _denoise, _measure, _compare, _beside):
    _part.add_to(app)


def _version(wanted: bool) -> None:
    if wanted:
        from genstudio import __version__

        typer.echo(f"genstudio {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _window(
    context: typer.Context,
    weights: Annotated[
        str, typer.Option(help="The model in view: a shipped name, a run folder or a weights file.")
    ] = "",
    panel: Annotated[str, typer.Option(help="The panel in front, by its key.")] = "",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    if context.invoked_subcommand is not None:
        if weights or panel or device != "auto":
            raise BadInput(
                "--weights, --panel and --device stand before no command. Leave one out."
            )
        return
    raise typer.Exit(context.obj(weights, panel, device))


def run_command(words: Sequence[str], open_window: Callable[[str, str, str], int]) -> int:
    """Run one command, or `open_window(weights, panel, device)` where there is none.

    Returns: the exit code.
    """
    try:
        code = app(args=list(words), prog_name="genstudio", standalone_mode=False, obj=open_window)
    except typer.Exit as leave:
        code = leave.exit_code
    except Interrupted as stop:
        print(stop, file=sys.stderr)
        return INTERRUPTED
    except typer.Abort:
        raise KeyboardInterrupt from None
    except _UsageError as error:
        print(_sentence(error), file=sys.stderr)
        return 2
    if code == INTERRUPTED:  # what Typer makes of Ctrl-C
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


def _sentence(error: Exception) -> str:
    """What was wrong with the words, and where to read what is right."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "genstudio"
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    message = " ".join(message.split())
    if isinstance(error.__cause__, ValidationError):
        message += f", got {error.__cause__.errors()[0]['input']}"
    stop = "" if message.endswith((".", "?", "!")) else "."
    return f"{message}{stop} Try '{command} --help'."
