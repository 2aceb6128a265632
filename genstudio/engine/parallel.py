"""Several processes that train one model, as `torchrun` starts them: gloo on processors, NCCL on
CUDA devices.

Every process holds the whole model and takes its interleaved share of each batch. After each
backward pass the gradients and the loss travel in one flat bucket, are summed over the processes
and divided by their number, so that the update is the one of a single process up to rounding.
NaN and infinity survive a sum: all processes find them in the same update. After the step one small
message carries the mean of the reported parts and two flags, "stop" and "save", so that all do the
same after the same step and nobody waits for a process that has gone.

Differs: not torch's DistributedDataParallel, which hooks into the `forward` of one module. Here
`training_step` belongs to the model; it may use encoder and decoder on their own and update several
optimizers. So the place is `Updates`, where each gradient passes anyway. A model whose number of
updates in a step depends on chance or on its share of the data cannot be trained so.

The first process alone writes and reports. Noise comes from a stream of each process's own.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from genstudio.abilities import BadInput
from genstudio.engine import device
from genstudio.engine.faults import PeerGone
from genstudio.models import Model

T = TypeVar("T")
TIMEOUT = timedelta(minutes=30)  # the others wait while the first measures and saves
_PLACE = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")  # what torchrun tells a process


@contextlib.contextmanager
def joined() -> Iterator[Group | None]:
    """The processes that `torchrun` started with this one, or None where there is one only.

    Leaving it without an error waits for the others. After an error the connection stands until
    the program ends, so that the first process can say what happened before the others go.

    Raises: BadInput where the environment names no place among the processes.
    """
    _check_place()
    if not _several():
        yield None
        return
    both = torch.cuda.is_available() and dist.is_nccl_available()
    dist.init_process_group("cpu:gloo,cuda:nccl" if both else "gloo", timeout=TIMEOUT)
    group = Group(_whole("LOCAL_RANK", 0), _whole("LOCAL_WORLD_SIZE", 1))
    atexit.register(_leave)
    yield group
    group.meet()
    atexit.unregister(_leave)
    dist.destroy_process_group()


def _several() -> bool:
    return all(name in os.environ for name in _PLACE) and _whole("WORLD_SIZE", 1) > 1


def _check_place() -> None:
    """Raises: BadInput where what torchrun should have set says nothing sensible."""
    if not all(name in os.environ for name in _PLACE):
        return
    names = ("WORLD_SIZE", "RANK", "MASTER_PORT", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
    for name in names:
        if _whole(name, 0) < 0:
            raise BadInput(
                f"The environment variable {name} should be a whole number, got "
                f"{os.environ[name]!r}. Start the processes with torchrun, or unset it."
            )
    if _several() and _whole("RANK", 0) >= _whole("WORLD_SIZE", 1):
        raise BadInput(
            f"RANK is below WORLD_SIZE, got {os.environ['RANK']} of {os.environ['WORLD_SIZE']} "
            "in the environment. Start the processes with torchrun, or unset them."
        )


def _whole(name: str, default: int) -> int:
    """An environment variable as a whole number, -1 where it is none."""
    text = os.environ.get(name, str(default))
    return int(text) if text.isascii() and text.isdigit() else -1


def _leave() -> None:
    """The others go when the connection closes; torchrun then must not disturb this exit code."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if dist.is_initialized():
        dist.destroy_process_group()


def leave(code: int) -> None:
    """End this process with exit code `code` where it is one of several; elsewhere do nothing.

    For the outermost place of a program, when all is written: the process ends at once, without the
    interpreter's own end. A connection may outlive its closing, held by the traceback of an error,
    and its native thread may still hold the tensors of the last message. Freeing them takes the
    interpreter's lock, and a thread that asks for that while the interpreter ends is unwound by
    force: the process aborts with SIGABRT, though all its work is done. The system closes the
    connection, which is what lets the others go.
    """
    if _several():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class Group:
    """The processes of one run, seen from one of them.

    `stop_asked` and `save_asked` are this process's wishes; `stop` and `save` are what all agreed
    on at the end of the last step. Every method must be called by all processes in the same order.
    """

    def __init__(self, local_rank: int = 0, local_size: int = 1) -> None:
        self.rank = dist.get_rank()
        self.size = dist.get_world_size()
        self.is_first = self.rank == 0
        self.local_rank = local_rank
        self.local_size = local_size
        self.stop_asked = self.save_asked = False
        self.stop = self.save = False

    # Before the first step -----------------------------------------------------------------------

    def together(self, work: Callable[[], T]) -> T:
        """`work()`, which must not talk to the others.

        Raises: BadInput in all processes where it is raised in one of them.
        """
        value, failure = None, ""
        try:
            value = work()
        except BadInput as error:
            failure = str(error)
        failures = [text for text in self.gather(failure) if text]
        if failures:
            raise BadInput(failures[0])
        return value  # type: ignore[return-value]

    def pick(self, name: str) -> torch.device:
        """The device of this process: a CUDA device of its own, or the processor.

        Raises: BadInput.
        """
        where = device.pick("cpu" if name == "auto" and not torch.cuda.is_available() else name)
        if where.type == "cuda":
            if self.local_rank >= torch.cuda.device_count():
                raise BadInput(
                    f"{self.local_size} processes need a CUDA device each, this machine has "
                    f"{torch.cuda.device_count()}. Start fewer processes, or choose --device cpu."
                )
            torch.cuda.set_device(self.local_rank)
            return torch.device("cuda", self.local_rank)
        if where.type != "cpu":
            raise BadInput(f"Processes cannot share a {where.type} device. Choose --device cpu.")
        return where

    def check(self, model: Model, settings: Any, batch_size: int) -> None:
        """Raises: BadInput where this model, or batches of `batch_size`, cannot be shared out."""
        if not model.optimizers(settings):
            raise BadInput(
                f"The family {model.family} has no gradient that processes could average. "
                "Train it in one process, without torchrun."
            )
        if batch_size % self.size:
            raise BadInput(
                f"Each of {self.size} processes takes the same share of a batch, got batches of "
                f"{batch_size}. Choose a train.batch_size divisible by {self.size}."
            )

    def check_start(self, out: Path, step: int | None) -> None:
        """Raises: BadInput where the processes would not begin at the same `step`."""
        if len(set(self.gather(step))) > 1:
            raise BadInput(
                f"Not all processes see the same checkpoint in {out}. "
                "Choose a folder that every machine reads."
            )

    @property
    def processors(self) -> int:
        """Processors that this process may use beside the others on its machine."""
        return max(1, device.processors() // self.local_size)

    # In every step -------------------------------------------------------------------------------

    def averager(self) -> Averager:
        """What averages the gradients of one model."""
        return Averager(self.size)

    def agree(self, parts: Mapping[str, float]) -> dict[str, float]:
        """Means of `parts` over the processes; `stop` and `save` where one of them asked for it."""
        row = torch.tensor(
            [float(self.stop_asked), float(self.save_asked), *parts.values()], dtype=torch.float64
        )
        with _talking():
            dist.all_reduce(row)
        stop, save, *sums = row.tolist()
        self.stop, self.save = stop > 0, save > 0
        return {name: value / self.size for name, value in zip(parts, sums)}

    # Now and then --------------------------------------------------------------------------------

    def gather(self, value: T) -> list[T]:
        """`value` of every process, in order."""
        values: list[Any] = [None] * self.size
        with _talking():
            dist.all_gather_object(values, value)
        return values

    def check_same(self, model: Model) -> None:
        """Raises: RuntimeError where the processes hold different weights.

        The optimizer steps of one kind of machine are the same to the bit; a difference means that
        the model learns from something that is not averaged.
        """
        digest = hashlib.sha256()
        for name, value in sorted({**model.state_dict(), **model.training_state()}.items()):
            digest.update(name.encode())
            digest.update(value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
        if len(set(self.gather(digest.hexdigest()))) > 1:
            raise RuntimeError(
                f"The processes hold different weights of {model.family}: it learns from something "
                "besides its gradients, or the machines compute differently"
            )

    def meet(self) -> None:
        """Wait until all have come here."""
        with _talking():
            dist.all_reduce(torch.zeros(1))

    def leave_quietly(self, code: int, *, wait: bool) -> NoReturn:
        """End this process, which is not the first; `wait` until the first has said why it ends."""
        if wait:
            with contextlib.suppress(PeerGone):
                self.meet()
        leave(code)
        raise AssertionError("a group has more than one process")


class Averager:
    """Averages gradients over the processes, in one bucket for each optimizer."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._buckets: dict[str, _Bucket] = {}

    @torch.no_grad()
    def __call__(self, name: str, loss: Tensor, params: list[Tensor]) -> Tensor:
        """Let the gradients of `params` be their means; returns the mean loss, 0-d.

        A parameter that got a gradient in one process gets one in all.
        """
        if name not in self._buckets:
            self._buckets[name] = _Bucket(params, loss)
        bucket = self._buckets[name]
        missing = bucket.fill(loss, params)
        with _talking():
            dist.all_reduce(bucket.flat)
        bucket.flat.div_(self._size)
        for i in missing:
            if bucket.present[i].item() > 0:
                params[i].grad = torch.zeros_like(params[i])
        pairs = [(p.grad, view) for p, view in zip(params, bucket.views) if p.grad is not None]
        if pairs:
            torch._foreach_copy_([grad for grad, _ in pairs], [view for _, view in pairs])
        return bucket.loss.clone()


class _Bucket:
    """Gradients, which of them there are, and the loss, in one float32 tensor."""

    def __init__(self, params: list[Tensor], loss: Tensor) -> None:
        sizes = [p.numel() for p in params]
        n = sum(sizes)
        self.flat = torch.zeros(n + len(params) + 1, device=loss.device)
        self.views = [part.view(p.shape) for part, p in zip(self.flat[:n].split(sizes), params)]
        self.present = self.flat[n:-1]
        self.loss = self.flat[-1]

    def fill(self, loss: Tensor, params: list[Tensor]) -> list[int]:
        """Take in the gradients of this process; returns the places of those it has not."""
        missing = [i for i, p in enumerate(params) if p.grad is None]
        pairs = [(view, p.grad) for view, p in zip(self.views, params) if p.grad is not None]
        if pairs:
            torch._foreach_copy_([view for view, _ in pairs], [grad for _, grad in pairs])
        self.present.fill_(1.0)
        for i in missing:
            self.views[i].zero_()
            self.present[i] = 0.0
        self.loss.copy_(loss.detach())
        return missing


@contextlib.contextmanager
def _talking() -> Iterator[None]:
    """Raises: PeerGone where another process left the conversation."""
    try:
        yield
    except RuntimeError as error:  # torch's own errors of a lost connection are all of this kind
        raise PeerGone("Another process of this run has stopped, so this one stops too.") from error
