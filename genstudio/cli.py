"""The command `genstudio`: with nothing to do it opens the window, else it hands on to `commands`.

The window's road imports neither Typer, rich nor torch, so that it is on the screen at once.

Exit codes: 0 done, 1 failed, 2 bad input with one sentence on standard error, 130 interrupted
after saving.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from genstudio import doctor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
_WINDOW_OPTIONS = ("--weights", "--panel", "--device")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    code = run(words)
    if "genstudio.engine.parallel" in sys.modules:
        from genstudio.engine.parallel import leave

        leave(code)
    sys.exit(code)


def run(words: list[str]) -> int:
    """Do what `words` say.

    Returns: the exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name that the terminal cannot show
    _listen_to_sigterm()
    try:
        options = window_options(words)
        if options is not None:
            return open_window(**options)
        from genstudio.commands import run_command

        return run_command(words, open_window)
    except KeyboardInterrupt as stop:
        return _say(str(stop) or "Interrupted.", INTERRUPTED)
    except BrokenPipeError:
        _silence(sys.stdout)
        _silence(sys.stderr)
        return FAILED
    except Exception as error:  # noqa: BLE001 (the edge: every failure becomes one sentence)
        return _report(error)
    finally:
        _flush()


def window_options(words: Sequence[str]) -> dict[str, str] | None:
    """The window's options when `words` hold nothing else, or None: it is a command then."""
    found: dict[str, str] = {}
    rest = list(words)
    while rest:
        name, given, value = rest.pop(0).partition("=")
        if name not in _WINDOW_OPTIONS:
            return None
        if not given:
            if not rest or rest[0].startswith("-"):
                return None
            value = rest.pop(0)
        found[name[2:]] = value
    return found


def open_window(weights: str = "", panel: str = "", device: str = "auto") -> int:
    """Open the window and stay until it is closed.

    Raises: BadInput for an unknown device, weights or panel, and on a known-bad PySide6.
    """
    from genstudio.abilities import BadInput

    if device not in ("auto", "cpu", "cuda", "mps"):
        raise BadInput(f"There is no device {device!r}. Choose one of: auto, cpu, cuda, mps.")
    doctor.refuse_known_bad()
    doctor.refuse_missing_screen()
    if weights:
        from genstudio.engine import shelf

        shelf.describe(weights)
    os.environ.setdefault("QT_API", "pyside6")
    os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
    if sys.platform == "win32":
        import torch  # noqa: F401 (before Qt: loaded after it, its DLLs fail there)
    try:
        from genstudio.ui.app import open_window as show
    except ImportError as error:
        raise doctor.explain_import(error) from error
    if panel:
        _check_panel(panel)
    return show(panel=panel, weights=weights, device=device)


def _check_panel(key: str) -> None:
    from genstudio.abilities import BadInput
    from genstudio.ui.panel import panels

    known = [spec.key for spec in panels()]
    if key not in known:
        raise BadInput(f"There is no panel {key!r}. Choose one of: {', '.join(known)}.")


def _report(error: Exception) -> int:
    from genstudio.abilities import BadInput

    if isinstance(error, BadInput):
        return _say(str(error), BAD_INPUT)
    if os.environ.get("GENSTUDIO_TRACEBACK"):
        raise error
    from genstudio.engine.faults import explain

    with _log_file():
        failure = explain(error)
    return _say(failure.sentence(), FAILED)


@contextmanager
def _log_file() -> Iterator[None]:
    """Let what is logged go to the user's log, not to the terminal."""
    import logging

    from genstudio import paths

    try:
        paths.user_logs().mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = logging.FileHandler(paths.user_logs() / "command-line.log")
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()


def _say(sentence: str, code: int) -> int:
    try:
        print(sentence, file=sys.stderr)
    except BrokenPipeError:
        _silence(sys.stderr)
    return code


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            _silence(stream)


def _silence(stream: Any) -> None:
    """Point a stream whose reader has gone at nothing, so that the last flush does not complain."""
    try:
        number = stream.fileno()
    except ValueError:  # closed, or no file of the system: nothing of it is flushed at the end
        return
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, number)
    finally:
        os.close(nothing)


def _listen_to_sigterm() -> None:
    """SIGTERM is Ctrl-C from elsewhere."""

    def interrupt(_signal: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    try:
        signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not in the main thread: somebody else's program
        return
