"""What goes wrong in training: one clear message, the last good state kept, the next job runs."""

from __future__ import annotations

import errno
import os
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from engine_help import digest, drive, training

from genstudio.engine import checkpoint, files, library, runs
from genstudio.engine.batches import Batches
from genstudio.engine.faults import CannotSave, NotFinite, explain
from genstudio.engine.jobs import Change, Save
from genstudio.engine.learner import Learner
from genstudio.engine.training import Training
from genstudio.models import family

NAN, INF = float("nan"), float("inf")


def _fail_in_data(patch: pytest.MonkeyPatch, at: int) -> None:
    right = Batches.at

    def wrong(self: Batches, step: int, memory_format: torch.memory_format) -> tuple:
        x, y = right(self, step, memory_format)
        if step == at:
            x[0, 0, 0, 0] = NAN
        return x, y

    patch.setattr(Batches, "at", wrong)


def _fail_in_loss(value: float) -> Callable[[pytest.MonkeyPatch, int], None]:
    def inject(patch: pytest.MonkeyPatch, at: int) -> None:
        model = family("vae").model
        right = model.losses
        calls = {"train": 0}

        def wrong(
            self: torch.nn.Module,
            x: torch.Tensor,
            rng: torch.Generator,
            y: torch.Tensor | None = None,
        ) -> dict:
            parts = right(self, x, rng, y)
            if self.training:
                calls["train"] += 1
                if calls["train"] > at:
                    parts["loss"] = parts["loss"] * value
            return parts

        patch.setattr(model, "losses", wrong)

    return inject


def _fail_in_gradient(value: float) -> Callable[[pytest.MonkeyPatch, int], None]:
    def inject(patch: pytest.MonkeyPatch, at: int) -> None:
        right = Learner.advance

        def wrong(self: Learner) -> dict[str, float]:
            if self.step == at:
                first = next(self.model.parameters())
                first.register_hook(lambda gradient: torch.full_like(gradient, value))
            return right(self)

        patch.setattr(Learner, "advance", wrong)

    return inject


FAULTS: dict[str, Callable[[pytest.MonkeyPatch, int], None]] = {
    "NaN in the data": _fail_in_data,
    "NaN in the loss": _fail_in_loss(NAN),
    "infinite loss": _fail_in_loss(INF),
    "NaN in the gradient": _fail_in_gradient(NAN),
    "infinite gradient": _fail_in_gradient(INF),
}


def _tensors(learner: Learner) -> dict[str, torch.Tensor]:
    state = {f"model {k}": v.clone() for k, v in learner.model.state_dict().items()}
    state |= {f"shadow {k}": v.clone() for k, v in learner.shadow.named_parameters()}
    for name, optimizer in learner.update.optimizers.items():
        for index, entry in optimizer.state_dict()["state"].items():
            state |= {f"{name} {index} {k}": v.clone() for k, v in entry.items()}
    return state


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("key", ["vae"])
def test_nothing_is_written_once_numbers_are_not_finite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, key: str
) -> None:
    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        FAULTS[fault](patch, 6)
        job = training(out, key)
        steps = job.run(1)
        next(steps)
        for step in range(6):
            steps.send([Save()] if step == 4 else [])
        learner = job._learner
        before = _tensors(learner)
        with pytest.raises(NotFinite) as caught:
            steps.send([])
    after = _tensors(learner)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    failure = explain(caught.value)
    assert "step 7" in failure.title
    assert "learning rate 0.00" in failure.title
    assert "loss" in failure.title
    assert "checkpoint of step 4 is kept" in failure.advice
    found = checkpoint.latest(out)
    assert found is not None
    assert found.step == 4
    drive(training(out, key, resume=True))  # the next job runs, and from the last good state
    drive(training(tmp_path / "whole", key), send={4: [Save()]})
    assert digest(out, 20) == digest(tmp_path / "whole", 20)


@pytest.mark.parametrize("save_every_step", [False, True])
def test_an_absurd_learning_rate_stops_before_it_is_saved(
    tmp_path: Path, save_every_step: bool
) -> None:
    out = tmp_path / "run"
    job = training(out, train_lr_schedule="constant")
    steps = job.run(1)
    next(steps)
    for _ in range(3):
        steps.send([Save()])
    steps.send([Change("train.lr", 1e30)])
    with pytest.raises(NotFinite) as caught:
        steps.send([Save()] if save_every_step else [])
    assert caught.value.lr == pytest.approx(1e30)
    assert "1e+30" in explain(caught.value).title
    assert torch.isfinite(next(library.load(out).parameters())).all()
    found = checkpoint.latest(out)
    assert found is not None
    assert found.step == 2


@pytest.mark.parametrize(
    ("lr", "what"),
    [
        (1e30, "a weight"),
        (1e13, "z_cov of the model"),  # the weights still pass, their encodings do not
    ],
)
def test_a_damaged_model_leaves_no_snapshot(tmp_path: Path, lr: float, what: str) -> None:
    out = tmp_path / "run"
    job = training(out, train_lr=lr, train_lr_schedule="constant")  # snapshots at 0, 1 and 20
    steps = job.run(1)
    next(steps)
    with pytest.raises(NotFinite) as caught:
        steps.send([])
    assert caught.value.what == what
    assert caught.value.kept == 0
    assert [step for step, _ in runs.snapshots(out)] == [0]
    assert not [path for path in out.rglob("*") if files.TEMPORARY in path.name]
    found = checkpoint.latest(out)
    assert found is not None
    assert found.step == 0
    for saved in (str(out), str(runs.snapshot_path(out, 0))):
        assert all(
            torch.isfinite(value).all() for value in library.load(saved).state_dict().values()
        )


def test_closing_after_damage_keeps_the_last_good_checkpoint(tmp_path: Path) -> None:
    out = tmp_path / "run"
    job = training(out, train_lr_schedule="constant")
    steps = job.run(1)
    next(steps)
    steps.send([])
    steps.send([Save()])
    steps.send([Change("train.lr", 1e30)])
    steps.close()
    found = checkpoint.latest(out)
    assert found is not None
    assert found.step == 1


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:127] data. DefaultCPUAllocator: not enough memory: "
            "you tried to allocate 99999999999 bytes."
        ),
        RuntimeError("MPS backend out of memory (MPS allocated: 9.00 GB)"),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    ],
)
def test_out_of_memory_is_a_message_and_frees_what_it_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    held: list[weakref.ref[torch.Tensor]] = []

    class Big(torch.Tensor):
        pass

    def fail(self: Learner) -> dict[str, float]:
        big = torch.zeros(1000).as_subclass(Big)
        held.append(weakref.ref(big))
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(Learner, "advance", fail)
        steps = training(tmp_path / "run").run(1)
        next(steps)
        try:
            steps.send([])
        except (MemoryError, RuntimeError) as caught:
            failure = explain(caught)
    assert "memory" in failure.title
    assert "batch" in failure.advice
    assert held[0]() is None
    assert error.__traceback__ is None
    assert "fail" in failure.details
    drive(training(tmp_path / "smaller", train_batch_size=4))


def _refuse(code: int) -> Callable[[Path], object]:
    def open_new(path: Path) -> object:
        raise OSError(code, os.strerror(code), str(path))

    return open_new


@pytest.mark.parametrize(
    ("code", "word"),
    [(errno.ENOSPC, "full"), (errno.EROFS, "not permitted"), (errno.EACCES, "not permitted")],
)
def test_a_folder_that_takes_nothing_stops_with_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, word: str
) -> None:
    out = tmp_path / "run"
    job = training(out)
    steps = job.run(1)
    next(steps)
    steps.send([])
    steps.send([Save()])
    with monkeypatch.context() as patch:
        patch.setattr(files, "open_new", _refuse(code))
        with pytest.raises(CannotSave) as caught:
            steps.send([Save()])
    failure = explain(caught.value)
    assert word in failure.title
    assert "What was saved before is intact." in failure.title
    found = checkpoint.latest(out)
    assert found is not None
    assert found.step == 1
    drive(training(out, resume=True))
    drive(training(tmp_path / "whole"))
    assert digest(out, 20) == digest(tmp_path / "whole", 20)


def test_a_full_disk_at_close_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = training(tmp_path / "run").run(1)
    next(steps)
    steps.send([])
    monkeypatch.setattr(files, "open_new", _refuse(errno.ENOSPC))
    with pytest.raises(CannotSave):
        steps.close()


def test_a_damaged_checkpoint_is_passed_over_with_an_alarm(tmp_path: Path) -> None:
    out = tmp_path / "run"
    drive(training(out), until=11, send={5: [Save()]})
    (out / "checkpoints" / "step-000011" / "model.safetensors").write_bytes(b"gone")
    job = training(out, resume=True)
    reports = drive(job)
    alarms = [r.text for r in reports if getattr(r, "kind", "") == "alarm"]
    assert any("step-000011 was passed over" in text for text in alarms)
    drive(training(tmp_path / "whole"))
    assert digest(out, 20) == digest(tmp_path / "whole", 20)


def test_closing_before_the_first_step_is_safe(tmp_path: Path) -> None:
    job: Training = training(tmp_path / "run")
    job.run(1).close()
    assert not (tmp_path / "run").exists()
    steps = job.run(1)
    next(steps)
    steps.close()
    assert library.load(tmp_path / "run").family == "vae"
    assert [step for step, _ in runs.snapshots(tmp_path / "run")] == [0]
