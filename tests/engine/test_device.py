from __future__ import annotations

import copy
import threading

import pytest
import torch
from engine_help import tiny_data

from genstudio.abilities import BadInput
from genstudio.engine import device
from genstudio.engine.batches import Batches
from genstudio.engine.device import Choice, choose
from genstudio.engine.settings import TrainSettings
from genstudio.models import Model, family

CPU = torch.device("cpu")


def _model(**config: object) -> Model:
    record = family("vae")
    return record.build((1, 8, 8), record.configure({"width": 8, "depth": 1, **config}))


def _choose(model: Model, **settings: object) -> Choice:
    batches = Batches(tiny_data().train, 20, 0, CPU)
    return choose(model, TrainSettings(**settings), lambda f: batches.at(0, f), CPU, budget_s=60.0)


def test_measuring_leaves_model_and_generators_alone() -> None:
    model = _model(net="conv", channels=2, levels=1)
    before = copy.deepcopy(model.state_dict())
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    choice = _choose(model)
    assert len(choice.ms_per_step) >= 2
    assert choice.label() in choice.ms_per_step
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


class _Clock:
    """Gives each candidate the time that a table says."""

    def __init__(self, table: dict[tuple[str, str, int], float]) -> None:
        self.table = table
        self.asked: list[tuple[str, str, int]] = []

    def __call__(self, watch: object, candidate: Choice, deadline: float) -> float:
        key = (candidate.precision, candidate.memory_format, candidate.threads)
        self.asked.append(key)
        return self.table[key]


def _table(default: float, **faster: float) -> dict[tuple[str, str, int], float]:
    keys = [
        (p, m, t)
        for p in ("float32", "bfloat16")
        for m in ("contiguous", "channels_last")
        for t in (1, 2)
    ]
    return {key: faster.get("_".join(map(str, key)), default) for key in keys}


def test_a_busy_moment_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads lose the first round, while something else runs, and win the second."""
    monkeypatch.setattr(device, "processors", lambda: 2)
    times = {1: [1.0, 1.0], 2: [1.1, 0.6]}
    monkeypatch.setattr(
        device._Stopwatch, "time", lambda self, choice, deadline: times[choice.threads].pop(0)
    )
    choice = _choose(_model(), precision="float32")
    assert choice.threads == 2
    assert choice.ms_per_step["float32, contiguous, 2 threads"] == 600.0


def test_reading_the_data_takes_nothing_of_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(device.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(device, "processors", lambda: 2)
    batches = Batches(tiny_data().train, 20, 0, CPU)

    def read(memory_format: torch.memory_format) -> tuple[torch.Tensor, torch.Tensor | None]:
        now[0] += 100.0  # the first call opens files
        return batches.at(0, memory_format)

    monkeypatch.setattr(device._Stopwatch, "time", lambda self, choice, deadline: 0.1)
    choice = choose(_model(), TrainSettings(precision="float32"), read, CPU, budget_s=1.0)
    assert len(choice.ms_per_step) == 2


@pytest.mark.parametrize(
    ("faster", "wanted"),
    [
        ({}, ("float32", "contiguous", 1)),
        ({"float32_contiguous_2": 0.5}, ("float32", "contiguous", 2)),
        ({"float32_channels_last_1": 0.8}, ("float32", "channels_last", 1)),
        ({"bfloat16_channels_last_1": 0.5}, ("bfloat16", "channels_last", 1)),
        ({"bfloat16_contiguous_1": 0.5}, ("bfloat16", "contiguous", 1)),
        ({"bfloat16_contiguous_1": 0.95}, ("float32", "contiguous", 1)),  # not worth its rounding
        (
            {"bfloat16_contiguous_1": 0.5, "bfloat16_channels_last_1": 0.4},
            ("bfloat16", "channels_last", 1),
        ),
    ],
)
def test_the_fastest_is_chosen(
    monkeypatch: pytest.MonkeyPatch, faster: dict[str, float], wanted: tuple[str, str, int]
) -> None:
    monkeypatch.setattr(device, "processors", lambda: 2)
    monkeypatch.setattr(device._Stopwatch, "time", _Clock(_table(1.0, **faster)).__call__)
    clock = _Clock(_table(1.0, **faster))
    monkeypatch.setattr(device._Stopwatch, "time", lambda self, c, d: clock(self, c, d))
    choice = _choose(_model(net="conv", channels=2, levels=1))
    assert (choice.precision, choice.memory_format, choice.threads) == wanted


def test_what_is_set_by_hand_is_kept_and_not_measured() -> None:
    model = _model()
    fixed = _choose(model, precision="bfloat16", threads=3)
    assert (fixed.precision, fixed.threads, fixed.ms_per_step) == ("bfloat16", 3, {})
    assert _choose(model, precision="float32").precision == "float32"
    assert _choose(model, threads=1).threads == 1


def test_a_net_that_bfloat16_cannot_compute_stays_in_float32(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = _model()
    right = type(model).losses

    def fails(
        self: Model, x: torch.Tensor, rng: torch.Generator, y: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        if torch.is_autocast_enabled("cpu"):
            raise RuntimeError('"odd_op" not implemented for BFloat16')
        return right(self, x, rng, y)

    monkeypatch.setattr(type(model), "losses", fails)
    assert _choose(model, threads=1).precision == "float32"


def test_a_choice_survives_its_json() -> None:
    choice = Choice("cpu", "bfloat16", "channels_last", 2, {"a": 1.5})
    assert Choice.from_json(choice.to_json()) == choice
    assert "bfloat16" in choice.sentence()


def test_a_device_that_is_not_there_is_refused() -> None:
    assert device.pick("cpu").type == "cpu"
    with pytest.raises(BadInput, match="no device 'tpu'"):
        device.pick("tpu")
    if not torch.cuda.is_available():
        with pytest.raises(BadInput, match="no cuda device"):
            device.pick("cuda")


def test_threads_stick_to_their_lane() -> None:
    counts: dict[str, int] = {}
    first, second = threading.Event(), threading.Event()

    def ask_lane() -> None:
        device.prepare_ask_lane("cpu")
        first.set()
        second.wait(20)
        counts["ask"] = torch.get_num_threads()
        counts["gradients"] = torch.is_grad_enabled()

    def job_lane() -> None:
        first.wait(20)
        device.use_threads(2)
        counts["job"] = torch.get_num_threads()
        second.set()

    before = torch.get_num_threads()
    threads = [threading.Thread(target=lane) for lane in (ask_lane, job_lane)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    torch.set_num_threads(before)
    assert counts == {"ask": 1, "job": 2, "gradients": False}
    assert torch.is_grad_enabled()


def test_summary_names_the_processor() -> None:
    assert device.summary("cpu").startswith("CPU, ")


def test_a_slow_net_has_every_number_of_threads_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """The budget is over with the first candidate; two threads are twice as fast."""
    now = [0.0]
    monkeypatch.setattr(device.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(device, "processors", lambda: 2)

    def slow(self: object, choice: device.Choice, deadline: float) -> float:
        now[0] += 2.0
        return 0.2 / choice.threads

    monkeypatch.setattr(device._Stopwatch, "time", slow)
    batches = Batches(tiny_data().train, 20, 0, CPU)
    settings = TrainSettings(precision="float32")
    choice = choose(_model(), settings, lambda f: batches.at(0, f), CPU, budget_s=1.0)
    assert choice.threads == 2


@pytest.mark.parametrize(("first", "then", "wanted"), [(0.5, 0.1, 0.1), (1.5, 0.1, 1.5)])
def test_a_step_that_builds_kernels_is_no_measure_of_the_next(
    monkeypatch: pytest.MonkeyPatch, first: float, then: float, wanted: float
) -> None:
    """Past the deadline too, unless a single step takes more than a second."""
    now, took = [0.0], iter([first, *[then] * 50])

    class Net:
        def training_step(self, *_: object) -> None:
            now[0] += next(took)

    monkeypatch.setattr(device.time, "perf_counter", lambda: now[0])
    stopwatch = device._Stopwatch(_model(), TrainSettings(), lambda f: (None, None), CPU)  # type: ignore[arg-type]
    best = stopwatch._fastest(
        Net(), device.Choice(), None, None, None, None, deadline=0.0  # type: ignore[arg-type]
    )  # fmt: skip
    assert best == pytest.approx(wanted)


def test_a_model_to_look_at_is_laid_out_for_its_convolutions() -> None:
    conv = family("vae").build((1, 28, 28), family("vae").configure({"net": "conv"}))
    plain = copy.deepcopy(conv)
    settled = device.settle(conv, "cpu")
    kernels = [p for p in settled.parameters() if p.ndim == 4 and p.shape[1] > 1]
    assert kernels and all(p.is_contiguous(memory_format=torch.channels_last) for p in kernels)
    assert not settled.training and not any(p.requires_grad for p in settled.parameters())
    x = torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(settled.encode(x).mean, plain.eval().encode(x).mean)
