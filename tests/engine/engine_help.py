"""A tiny data set, and a hand that drives a training as the job lane would."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from genstudio.data import Dataset, Split
from genstudio.engine.jobs import Command, Report
from genstudio.engine.messages import Event
from genstudio.engine.parallel import Group
from genstudio.engine.settings import split_settings
from genstudio.engine.training import Training
from genstudio.models import family

SIZES: dict[str, dict[str, Any]] = {
    "pca": {},
    "ae": {"width": 12, "depth": 1},
    "dae": {"width": 12, "depth": 1},
    "vae": {"width": 12, "depth": 1},
    "ddpm": {"n_steps": 20, "channels": 4, "levels": 1, "blocks_per_level": 1, "n_classes": 2},
}


def tiny_data(n: int = 96, seed: int = 0) -> Dataset:
    rng = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (n + 16, 1, 8, 8), generator=rng, dtype=torch.uint8)
    labels = torch.arange(n + 16) % 2
    train = Split(images=images[:n], labels=labels[:n])
    test = Split(images=images[n:], labels=labels[n:])
    return Dataset("tiny", "Tiny", (1, 8, 8), ["a", "b"], train, test)


def training(
    out: Path,
    key: str = "vae",
    steps: int = 20,
    *,
    data: Dataset | None = None,
    resume: bool = False,
    group: Group | None = None,
    **settings: Any,
) -> Training:
    """A training of a tiny `key`; `train_lr=...` stands for train.lr."""
    given: dict[str, Any] = {
        "train.precision": "float32",
        "train.threads": 1,
        "train.batch_size": 20,
        "train.n_snapshots": 3,
        "train.ema_decay": 0.9,
        "train.warmup_steps": 0,
        "train.lr": 1e-3,
        **SIZES[key],
    }
    for name, value in settings.items():
        given[name.replace("train_", "train.", 1) if name.startswith("train_") else name] = value
    record = family(key)
    config, trainer = split_settings(given, record, {"steps": steps})
    return Training(record, data or tiny_data(), out, config, trainer, resume=resume, group=group)


def drive(
    job: Training,
    *,
    until: int | None = None,
    send: Mapping[int, Sequence[Command]] | None = None,
    each: Callable[[Training], object] = lambda job: None,
) -> list[Report]:
    """Run `job` to its end, or close it after step `until`; `send[k]` goes in before step k + 1.

    Returns every report.
    """
    reports: list[Report] = []
    steps = job.run(1)
    try:
        reports += next(steps) or []
        while until is None or job.step < until:
            each(job)
            reports += steps.send((send or {}).get(job.step, [])) or []
    except StopIteration:
        pass
    finally:
        steps.close()
    return reports


def events(reports: Sequence[Report], kind: str) -> list[Event]:
    return [r for r in reports if isinstance(r, Event) and r.kind == kind]


def digest(out: Path, step: int | None = None) -> dict[str, str]:
    """SHA-256 of the saved weights, and of weights and optimizer in the checkpoint of `step`."""
    files = {"top": out / "model.safetensors"}
    if step is not None:
        folder = out / "checkpoints" / f"step-{step:06d}"
        files |= {name: folder / name for name in ("model.safetensors", "optimizer.safetensors")}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
