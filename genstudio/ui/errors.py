"""One road for whatever goes wrong: into the log, and as a sentence to the banner.

Exceptions that nobody caught (in slots, in threads), Qt's own messages, and crashes of the process,
whose trace is found at the next start. Nothing leaves this machine.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import platform
import sys
import threading
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from PySide6.QtCore import (
    QCoreApplication,
    QLockFile,
    QMessageLogContext,
    QObject,
    Qt,
    QtMsgType,
    Signal,
    qInstallMessageHandler,
)

import genstudio
from genstudio import paths
from genstudio.abilities import BadInput
from genstudio.engine.messages import Failure

log = logging.getLogger("genstudio.ui")

_LOG_BYTES, _LOGS_KEPT = 1 << 20, 3
_CRASH_BYTES = 1 << 16
_QT_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class _Bridge(QObject):
    """Carries a failure from whichever thread to the GUI thread."""

    failed = Signal(object)

    def __init__(self, report: Callable[[Failure], None]) -> None:
        super().__init__()
        self._report = report
        self._reporting = False
        self.failed.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def _tell(self, failure: Failure) -> None:
        if self._reporting:  # showing an error failed: the log has both
            return
        self._reporting = True
        try:
            self._report(failure)
        finally:
            self._reporting = False


class _Installed:
    """The hooks in force, and what stood there before."""

    def __init__(self, report: Callable[[Failure], None]) -> None:
        self.bridge = _Bridge(report)
        self.before = (sys.excepthook, threading.excepthook)
        self.handler: logging.Handler | None = None
        self.crash_file: TextIO | None = None
        self.crash_path: Path | None = None
        self.lock: QLockFile | None = None
        self.tracing_before = faulthandler.is_enabled()


_installed: _Installed | None = None


def log_file() -> Path:
    """Where errors are written."""
    return paths.user_logs() / "genstudio.log"


def install(report: Callable[[Failure], None]) -> str:
    """Send every uncaught error to the log and, on the GUI thread, to `report`.

    Returns: the trace that a crashed earlier start has left, once, or nothing. A folder that cannot
    be written costs the log and the trace, never the start.
    """
    global _installed
    clean_exit()
    state = _installed = _Installed(report)
    sys.excepthook = _hook
    threading.excepthook = _thread_hook
    qInstallMessageHandler(_qt_message)
    folder = paths.user_logs()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        state.handler = _log_handler(log_file())
        logging.getLogger("genstudio").addHandler(state.handler)
        found = _left_behind(folder)
        _watch_for_crash(state, folder)
    except OSError as error:
        log.warning("No log is written to %s: %s", folder, error)
        return ""
    return found


def clean_exit() -> None:
    """Take the hooks away; the file that would tell of a crash goes too."""
    global _installed
    state, _installed = _installed, None
    if state is None:
        return
    sys.excepthook, threading.excepthook = state.before
    qInstallMessageHandler(None)
    if state.handler is not None:
        logging.getLogger("genstudio").removeHandler(state.handler)
        state.handler.close()
    if state.crash_file is not None and state.crash_path is not None:
        faulthandler.disable()
        if state.tracing_before and sys.__stderr__ is not None:
            faulthandler.enable(sys.__stderr__)
        state.crash_file.close()
        state.crash_path.unlink(missing_ok=True)
    if state.lock is not None:
        state.lock.unlock()
    state.bridge.deleteLater()


def explain(error: BaseException) -> Failure:
    """What is shown of an exception: the user's own mistakes in their own words."""
    details = "".join(traceback.format_exception(error))
    if isinstance(error, BadInput):
        return Failure(str(error), details=details)
    tr = QCoreApplication.translate
    what = str(error).strip().splitlines()
    name = type(error).__name__
    words = f"{name}: {what[0].rstrip('.')}" if what else name
    title = tr("Errors", "Something went wrong ({0}).").format(words)
    advice = tr("Errors", "Your work is kept; the details are in {0}.").format(
        home_short(log_file())
    )
    return Failure(title, advice, details)


def home_short(path: Path) -> str:
    """A path with the home folder as ~, which names nobody."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(path)


# Hooks ------------------------------------------------------------


def _hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    state = _installed
    log.error("Uncaught error", exc_info=(kind, error, trace))
    if state is not None:
        state.bridge.failed.emit(explain(error))


def _thread_hook(arguments: Any) -> None:
    if arguments.exc_value is not None and not issubclass(arguments.exc_type, SystemExit):
        _hook(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)


def _qt_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    category = context.category or "default"
    log.log(_QT_LEVELS.get(kind, logging.WARNING), "Qt %s: %s", category, text)


def _log_handler(path: Path) -> logging.Handler:
    handler = RotatingFileHandler(
        path, maxBytes=_LOG_BYTES, backupCount=_LOGS_KEPT, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler


# Crashes ------------------------------------------------------------


def _watch_for_crash(state: _Installed, folder: Path) -> None:
    """Open the file that the interpreter writes its last words to; its lock says who lives."""
    now = datetime.now(UTC).astimezone()
    stem = f"crash-{now:%Y%m%d-%H%M%S}-{os.getpid()}"
    state.lock = QLockFile(str(folder / f"{stem}.lock"))
    state.lock.setStaleLockTime(0)
    state.lock.tryLock(0)
    state.crash_path = folder / f"{stem}.txt"
    state.crash_file = state.crash_path.open("w", encoding="utf-8")
    state.crash_file.write(
        f"GenStudio {genstudio.__version__}, Python {platform.python_version()},"
        f" {platform.system()} {platform.machine()}, started {now:%Y-%m-%d %H:%M:%S}\n"
    )
    state.crash_file.flush()
    faulthandler.enable(state.crash_file)


def _left_behind(folder: Path) -> str:
    """The texts of starts that ended without a clean exit; their files are removed."""
    found = []
    for path in sorted(folder.glob("crash-*.txt")):
        lock = QLockFile(str(path.with_suffix(".lock")))
        lock.setStaleLockTime(0)
        own = path.stem.endswith(f"-{os.getpid()}")  # this process has none yet: an older one's
        if not own and not lock.tryLock(0):
            continue  # another window is open
        with path.open(encoding="utf-8", errors="replace") as file:
            found.append(file.read(_CRASH_BYTES))
        lock.unlock()
        for rest in (path, path.with_suffix(".lock")):
            rest.unlink(missing_ok=True)
    return "\n".join(found)
