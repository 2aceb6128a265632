"""Where and how training computes: device by name; memory format, precision and threads by
measurement.
"""

from __future__ import annotations

import copy
import itertools
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from genstudio.abilities import BadInput
from genstudio.engine.faults import NotFinite, is_out_of_memory
from genstudio.engine.memory import keep_freed_memory
from genstudio.engine.settings import TrainSettings
from genstudio.engine.updates import Updates
from genstudio.models import Model

BUDGET_S = 3.0  # of the measurement at the start of a training, once the data are read
SLOW_STEP_S = 1.0  # of a step that slow, the first one tells enough
ROUNDS = 2  # of the threads' candidates in turn, so that a moment's other work decides nothing
JOB_NICENESS = 10  # of 19; where nothing else wants the processors, jobs have them whole
MAX_THREADS = 16
GAIN = 0.97  # a candidate must take less than this share of the best time so far
BFLOAT16_GAIN = 0.87  # rounding to 8 bits has a price, so it must be worth it
_FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


@dataclass(frozen=True)
class Choice:
    """How a run computes. Same seed and same choice give identical weights (CPU)."""

    device: str = "cpu"
    precision: str = "float32"
    memory_format: str = "contiguous"
    threads: int = 1
    # What was measured, by candidate; two choices are equal whatever was measured.
    ms_per_step: dict[str, float] = field(default_factory=dict, compare=False)

    @property
    def format(self) -> torch.memory_format:
        return _FORMATS[self.memory_format]

    @property
    def bfloat16(self) -> bool:
        return self.precision == "bfloat16"

    def autocast(self) -> AbstractContextManager[Any]:
        """The context of a training step; enter it anew for each step."""
        if not self.bfloat16:
            return nullcontext()
        return torch.autocast(torch.device(self.device).type, dtype=torch.bfloat16)

    def label(self) -> str:
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f"{self.precision}, {self.memory_format}, {threads}"

    def sentence(self) -> str:
        text = f"Computing on {self.device} with {self.label()}."
        if len(self.ms_per_step) > 1:
            text += f" Fastest of {len(self.ms_per_step)} ways measured."
        return text

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Choice:
        return cls(**values)


def pick(name: str = "auto") -> torch.device:
    """The device `name`; "auto" takes CUDA, then MPS, then the processor.

    Raises: BadInput when there is no such device here.
    """
    cuda = torch.cuda.is_available()
    mps = torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if cuda else "mps" if mps else "cpu")
    there = {"cpu": True, "cuda": cuda, "mps": mps}
    if name not in there:
        raise BadInput(f"There is no device {name!r}. Choose auto, cpu, cuda or mps.")
    if not there[name]:
        raise BadInput(f"This machine has no {name} device that torch can use. Choose auto or cpu.")
    return torch.device(name)


def processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def use_threads(n: int) -> None:
    """Make torch compute on `n` threads in the calling thread.

    One parallel operation follows, because the count sticks to a thread only then. From the first
    call on, freed memory stays with the process.
    """
    keep_freed_memory()
    torch.set_num_threads(n)
    torch.ones(1 << 17).add_(1.0)


def prepare_ask_lane(name: str = "auto") -> torch.device:
    """Set up the calling thread for asks: one torch thread, no gradients. Returns its device."""
    use_threads(1)
    torch.set_grad_enabled(False)
    return pick(name)


def prepare_job_lane() -> None:
    """Set up the calling thread for jobs; a training then sets the threads that it chose.

    On Linux, where niceness belongs to a thread, the lane and torch's workers that it starts give
    way to the hand: an ask that waits for a processor gets one at once, and nothing else changes.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), JOB_NICENESS)
    use_threads(processors())


def summary(name: str = "auto") -> str:
    """What computes, in a few words for the window."""
    device = pick(name)
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return "Apple GPU"
    n = processors()
    return "CPU, 1 processor" if n == 1 else f"CPU, {n} processors"


def has_convolutions(model: nn.Module) -> bool:
    return any(isinstance(m, nn.Conv2d | nn.ConvTranspose2d) for m in model.modules())


def settle(model: Model, device: str | torch.device) -> Model:
    """The model on `device`, ready to be looked at: in eval mode, without gradients, and laid out
    as torch's convolutions like it best. MPS keeps the plain order, which alone it always follows.
    """
    plain = torch.device(device).type == "mps" or not has_convolutions(model)
    order = _FORMATS["contiguous" if plain else "channels_last"]
    model.to(device=device, memory_format=order)  # type: ignore[call-overload]
    return model.eval().requires_grad_(False)


def choose(
    model: Model,
    settings: TrainSettings,
    batch: Callable[[torch.memory_format], tuple[Tensor, Tensor | None]],
    device: torch.device,
    budget_s: float = BUDGET_S,
    n_processors: int | None = None,
) -> Choice:
    """The fastest way that `settings` leave open, by steps of a copy of `model` on a real batch,
    with at most `n_processors` threads (None: as many as there are processors).

    Neither the model's weights nor any generator but the measurement's own are touched.
    """
    choice = _fixed(model, settings, device)
    if choice is not None:
        return choice
    batch(torch.contiguous_format)  # reads the data, which is not what is measured
    stopwatch = _Stopwatch(model, settings, batch, device)
    deadline = time.perf_counter() + budget_s
    timings: dict[Choice, float] = {}
    before = torch.get_num_threads()
    try:
        for turn in range(ROUNDS):
            for candidate in _thread_options(settings, device, n_processors or processors()):
                if turn and time.perf_counter() > deadline:
                    break  # each had its turn, however slow the net
                seconds = stopwatch.time(candidate, deadline)
                timings[candidate] = min(seconds, timings.get(candidate, math.inf))
                if seconds > 1.2 * min(timings.values()):
                    break  # more threads only make it slower
        for candidate in _rest(model, settings, _fastest(timings)):
            if time.perf_counter() > deadline + budget_s:
                break
            timings[candidate] = stopwatch.time(candidate, deadline)
    finally:
        torch.set_num_threads(before)
    best = _fastest(timings)
    measured = {choice.label(): round(1000 * seconds, 3) for choice, seconds in timings.items()}
    return replace(best, ms_per_step=measured)


def _fastest(timings: Mapping[Choice, float]) -> Choice:
    """The candidate that is worth it; of two alike the plainer, which was measured first."""
    best, *others = timings
    for candidate in others:
        gain = BFLOAT16_GAIN if candidate.bfloat16 and not best.bfloat16 else GAIN
        if timings[candidate] < gain * timings[best]:
            best = candidate
    return best


def _fixed(model: Model, settings: TrainSettings, device: torch.device) -> Choice | None:
    """The choice where precision and threads are given by hand: nothing is left to the clock."""
    if settings.precision == "auto" or (settings.threads == 0 and device.type == "cpu"):
        return None
    memory_format = settings.memory_format
    if memory_format == "auto":
        memory_format = "channels_last" if has_convolutions(model) else "contiguous"
    return Choice(device.type, settings.precision, memory_format, settings.threads or 1)


def _thread_options(
    settings: TrainSettings, device: torch.device, n_processors: int
) -> Iterator[Choice]:
    """Candidates that differ in threads only, in the plainest precision and format allowed."""
    precision = "bfloat16" if settings.precision == "bfloat16" else "float32"
    memory_format = "channels_last" if settings.memory_format == "channels_last" else "contiguous"
    if settings.threads or device.type != "cpu":
        counts = [settings.threads or 1]
    else:
        top = min(n_processors, MAX_THREADS)
        counts = sorted({top, *itertools.takewhile(lambda n: n < top, (1, 2, 4, 8))})
    for threads in counts:
        yield Choice(device.type, precision, memory_format, threads)


def _rest(model: Model, settings: TrainSettings, best: Choice) -> Iterator[Choice]:
    """Candidates that keep the threads of `best` and differ in format or precision."""
    formats = ["contiguous", "channels_last"] if has_convolutions(model) else ["contiguous"]
    if settings.memory_format != "auto":
        formats = [settings.memory_format]
    precisions = ["float32", "bfloat16"]
    if settings.precision != "auto":
        precisions = [settings.precision]
    elif best.device == "mps":
        precisions = ["float32"]
    pairs = [(p, f) for p in reversed(precisions) for f in reversed(formats)]
    for precision, memory_format in pairs:
        candidate = Choice(best.device, precision, memory_format, best.threads)
        if (precision, memory_format) != (best.precision, best.memory_format):
            yield candidate


class _Stopwatch:
    """Times training steps of copies of a model."""

    def __init__(
        self,
        model: Model,
        settings: TrainSettings,
        batch: Callable[[torch.memory_format], tuple[Tensor, Tensor | None]],
        device: torch.device,
    ) -> None:
        self._model = model
        self._settings = settings
        self._batch = batch
        self._device = device

    def time(self, candidate: Choice, deadline: float) -> float:
        """Seconds of the fastest of a few steps; infinite where it cannot be computed."""
        if self._device.type == "cpu":
            use_threads(candidate.threads)
        model = copy.deepcopy(self._model)
        model.to(memory_format=candidate.format)  # type: ignore[call-overload]
        model.train()
        update = Updates(
            model.optimizers(self._settings),
            self._settings.lr,
            self._device,
            autocast=candidate.bfloat16,
        )
        x, y = self._batch(candidate.format)
        rng = torch.Generator(self._device).manual_seed(0)
        try:
            return self._fastest(model, candidate, x, y, update, rng, deadline)
        except NotFinite:
            return math.inf
        except RuntimeError as error:
            if candidate.precision == "float32" or is_out_of_memory(error):
                raise
            return math.inf  # an operation of this net has no bfloat16 kernel here

    def _fastest(
        self,
        model: Model,
        candidate: Choice,
        x: Tensor,
        y: Tensor | None,
        update: Updates,
        rng: torch.Generator,
        deadline: float,
    ) -> float:
        best = math.inf
        started = time.perf_counter()
        for i in range(40):
            begin = time.perf_counter()
            with candidate.autocast():
                model.training_step(x, y, update, rng)
            if self._device.type == "cuda":
                torch.cuda.synchronize(self._device)
            end = time.perf_counter()
            if i > 0 or end - begin > SLOW_STEP_S:  # the first builds kernels and optimizer state
                best = min(best, end - begin)
            done = i >= 3 and end - started > 0.12
            if done or (best < math.inf and (i >= 2 or best > SLOW_STEP_S) and end > deadline):
                break
        return best
