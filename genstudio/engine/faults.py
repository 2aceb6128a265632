"""Exceptions as messages: what went wrong in one sentence, what to do, and the traceback as text.

An exception holds its traceback, the traceback holds frames, and the frames hold tensors. So the
text is taken, the frames are emptied, and only strings travel on: after an out-of-memory error the
next smaller job finds its memory free.
"""

from __future__ import annotations

import errno
import gc
import logging
import sys
import traceback
from collections.abc import Iterator, Mapping

from genstudio import paths
from genstudio.abilities import BadInput
from genstudio.engine.messages import Failure

log = logging.getLogger(__name__)

_MEMORY_TEXTS = (
    "not enough memory",
    "can't allocate memory",
    "cannot allocate memory",
    "defaultcpuallocator",
    "alloc_cpu",
    "out of memory",
    "bad_alloc",
    "bad allocation",
)
_FULL = {errno.ENOSPC, errno.EDQUOT}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}


class NotFinite(ArithmeticError):
    """Loss or gradient is NaN or infinite; the weights of this update were not touched.

    `step` counts from 1 and is filled in by the training loop, as are `kept` (the checkpoint that
    stands) and `parts`.
    """

    def __init__(
        self,
        what: str,
        *,
        lr: float,
        parts: Mapping[str, float] | None = None,
        step: int = 0,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.lr = lr
        self.parts = dict(parts or {})
        self.step = step
        self.kept: int | None = None

    def __str__(self) -> str:
        parts = ", ".join(f"{name} {value:.6g}" for name, value in self.parts.items())
        seen = f" ({parts})" if parts else ""
        return (
            f"Training stopped at step {self.step:,}: {self.what} is not finite{seen}, "
            f"with learning rate {self.lr:.3g}."
        )


class PeerGone(ConnectionError):
    """Another process of the same run has stopped."""


class CannotSave(OSError):
    """A checkpoint or snapshot could not be written; what was saved before is intact."""


def explain(error: BaseException) -> Failure:
    """The message for `error`. Empties the frames that its traceback holds, then frees what they
    held.
    """
    details = "".join(traceback.format_exception(error))
    failure = _message(error, details)
    if not isinstance(error, BadInput):
        log.error("%s\n%s", failure.sentence(), details)
    _release(error)
    return failure


def _message(error: BaseException, details: str) -> Failure:
    if isinstance(error, BadInput):
        return Failure(str(error), "", details)
    if isinstance(error, NotFinite):
        if error.kept is None:
            kept = "Nothing was saved yet."
        else:
            kept = f"The checkpoint of step {error.kept:,} is kept."
        advice = f"{kept} Choose a lower learning rate, or set train.clip_norm, and resume."
        return Failure(str(error), advice, details)
    if isinstance(error, PeerGone):
        return Failure(str(error), "What was saved before is intact; resume from there.", details)
    if is_out_of_memory(error):
        return Failure(
            "There was not enough memory for this.",
            "Choose a smaller batch size or a smaller network, or stop another run.",
            details,
        )
    if isinstance(error, OSError):
        return _file_message(error, details)
    return Failure(
        f"Something unexpected went wrong: {type(error).__name__}: "
        f"{_first_line(error).rstrip('.')}.",
        f"The log is in {paths.user_logs()}.",
        details,
    )


def _file_message(error: OSError, details: str) -> Failure:
    where = f" ({error.filename})" if error.filename else ""
    intact = " What was saved before is intact." if isinstance(error, CannotSave) else ""
    if error.errno in _FULL:
        return Failure(
            f"The disk is full{where}: {error.strerror}.{intact}",
            "Free some space or choose another folder, and try again.",
            details,
        )
    if error.errno in _REFUSED:
        return Failure(
            f"Writing is not permitted{where}: {error.strerror}.{intact}",
            "Choose a folder that you may write to.",
            details,
        )
    reason = error.strerror or _first_line(error)
    return Failure(
        f"A file could not be read or written{where}: {reason}.{intact}",
        "Check the folder and try again.",
        details,
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out: torch's CPU allocator says so by a plain RuntimeError."""
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(part in text for part in _MEMORY_TEXTS)


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0][:300] if text else "no message"


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [current.__cause__, current.__context__]


def _release(error: BaseException) -> None:
    for each in list(_chain(error)):
        if each.__traceback__ is not None:
            traceback.clear_frames(each.__traceback__)
            each.__traceback__ = None
        each.__cause__ = each.__context__ = None
    if gc.isenabled():  # where a window lives, only its thread may collect
        gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
