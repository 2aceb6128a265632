"""What each of two processes does in test_parallel.py; the first writes what it saw as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from engine_help import digest, drive, events, training

from genstudio.abilities import BadInput
from genstudio.engine import checkpoint
from genstudio.engine.faults import NotFinite
from genstudio.engine.parallel import Group, joined, leave
from genstudio.engine.training import Training

STEPS = 12


CONSTANT = {"train_lr_schedule": "constant"}  # so that another total may be resumed


def begin(group: Group, out: Path, key: str = "vae", **settings: Any) -> Training:
    """A training of both; what the first wrote before is there for the other to see."""
    group.meet()
    return training(out, key, group=group, **settings)


def refusal(group: Group, out: Path, key: str, **settings: Any) -> str:
    try:
        drive(begin(group, out, key, **settings))
    except BadInput as error:
        return str(error)
    return ""


def poisoned(group: Group, out: Path) -> dict[str, Any]:
    """The data of the second process alone makes the loss of step 3 NaN."""
    job = begin(group, out, "ae", steps=STEPS)
    steps = job.run(1)
    try:
        for _ in steps:
            if job.step == 2 and group.rank == 1:
                job._learner.batches._convert = lambda rows: torch.full(rows.shape, torch.nan)
    except NotFinite as error:
        return {"step": error.step, "what": error.what, "kept": error.kept}
    return {}


def asked_to_stop(group: Group, out: Path) -> int:
    """The second process alone is asked after step 5; returns where this one stopped."""
    job = begin(group, out, steps=1_000)
    steps = job.run(1)
    next(steps)
    while not group.stop:
        group.stop_asked = group.rank == 1 and job.step >= 5
        next(steps)
    steps.close()
    return job.step


def saved_when_due(group: Group, out: Path) -> list[int]:
    """Only the clock of the first process says that it is time."""
    job = begin(group, out, "ae", steps=STEPS, train_checkpoint_every_s=3600.0)
    steps = job.run(1)
    next(steps)
    for _ in steps:
        group.save_asked = group.is_first and job.step == 3
    found = (checkpoint.step_of(path.name) for path in (out / "checkpoints").iterdir())
    return sorted(step for step in found if step is not None)  # the first may still be writing


def scenarios(group: Group, folder: Path) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    job = begin(group, folder / "ae", "ae", steps=STEPS)
    reports = drive(job)
    seen["reports"] = len(reports)
    seen["gradient norm"] = job._learner.update.grad_norm
    seen["per process"] = len(job._learner.batches.at(0, torch.contiguous_format)[0])
    drive(begin(group, folder / "straight", steps=STEPS, **CONSTANT))
    drive(begin(group, folder / "again", steps=STEPS // 2, **CONSTANT))
    halfway = begin(group, folder / "again", steps=STEPS, **CONSTANT, resume=True)
    seen["resumed"] = [event.text for event in events(drive(halfway), "resumed")]
    rng = halfway._learner.rng_states()
    seen["noise differs"] = not torch.equal(rng["rng"], rng["rng/1"])
    seen["stopped at"] = asked_to_stop(group, folder / "stopped")
    seen["saved"] = saved_when_due(group, folder / "due")
    seen["nan"] = poisoned(group, folder / "nan")
    seen["odd"] = refusal(group, folder / "odd", "ae", train_batch_size=21)
    seen["pca"] = refusal(group, folder / "pca", "pca")
    # A run of one process goes on in two.
    grown = training(folder / "grown", steps=4, **CONSTANT) if group.is_first else None
    if grown is not None:
        drive(grown)
    grown = begin(group, folder / "grown", steps=8, resume=True, **CONSTANT)
    seen["grown"] = [event.text for event in events(drive(grown), "resumed")]
    with torch.no_grad():
        for p in job._learner.model.parameters():
            p.add_(group.rank)
    try:
        group.check_same(job._learner.model)
    except RuntimeError as error:
        seen["gone apart"] = str(error)
    return seen


def main() -> None:
    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    with joined() as group:
        assert group is not None
        seen = scenarios(group, folder)
        seen["digests"] = {
            name: digest(folder / name, STEPS) for name in ("straight", "again") if group.is_first
        }
        all_seen = group.gather(seen)
        if group.is_first:
            (folder / "seen.json").write_text(json.dumps(all_seen))


if __name__ == "__main__":
    main()
    leave(0)
