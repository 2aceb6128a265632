"""Training on the job lane with asks beside it, as the window has it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import torch
from engine_help import digest, drive, training

from genstudio.engine import checkpoint, library
from genstudio.engine.device import prepare_ask_lane, prepare_job_lane
from genstudio.engine.faults import explain
from genstudio.engine.lanes import Engine, live_name
from genstudio.engine.library import Store
from genstudio.engine.messages import JobState, Published, StateChange

WAIT_S = 30.0


class _Window:
    """Collects what comes up and waits for a message, never for the clock."""

    def __init__(self) -> None:
        self.engine = Engine(
            lambda: Store(prepare_ask_lane("cpu")), explain=explain, prepare_jobs=prepare_job_lane
        )
        self.seen: list[object] = []

    def until(self, wanted: object) -> object:
        """The first message for which `wanted(message)` holds."""
        tick = threading.Event()
        for _ in range(int(WAIT_S / 0.005)):
            self.seen += [*self.engine.outbox.take_urgent(), *self.engine.outbox.take_rest()]
            for message in self.seen:
                if wanted(message):  # type: ignore[operator]
                    return message
            tick.wait(0.005)
        raise AssertionError(f"It never came; there were {self.seen[-5:]}")


def _state(run: int, state: JobState) -> object:
    return lambda m: isinstance(m, StateChange) and (m.run, m.state) == (run, state)


@pytest.fixture
def window():
    window = _Window()
    before = torch.get_num_threads()
    yield window
    assert window.engine.close()
    torch.set_num_threads(before)


def test_on_the_lane_as_by_hand_with_somebody_watching(tmp_path: Path, window: _Window) -> None:
    run = window.engine.start(lambda: training(tmp_path / "lane"), "lane")
    window.engine.watch(run, True)
    done = window.until(_state(run, JobState.DONE))
    assert isinstance(done, StateChange)
    assert done.result.metrics["steps"] == 20
    window.until(lambda m: isinstance(m, Published) and m.model == live_name(run))
    drive(training(tmp_path / "hand"))
    assert digest(tmp_path / "lane", 20) == digest(tmp_path / "hand", 20)


def test_closing_while_training_saves(tmp_path: Path, window: _Window) -> None:
    out = tmp_path / "run"
    run = window.engine.start(lambda: training(out, steps=1_000_000), "endless")
    window.until(lambda m: getattr(m, "run", 0) == run and getattr(m, "done", 0) >= 3)
    assert window.engine.close()
    found = checkpoint.latest(out)
    assert found is not None
    assert found.step >= 3
    assert library.load(out).family == "vae"


def test_after_a_failure_the_next_job_runs(tmp_path: Path, window: _Window) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes.txt").write_text("mine")
    first = window.engine.start(lambda: training(tmp_path / "taken"), "taken")
    failed = window.until(_state(first, JobState.FAILED))
    assert isinstance(failed, StateChange)
    assert failed.failure is not None
    assert "not empty" in failed.failure.title
    second = window.engine.start(lambda: training(tmp_path / "free", steps=3), "free")
    window.until(_state(second, JobState.DONE))
