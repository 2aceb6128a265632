"""How a lane's thread meets torch: its own thread count, set before its first parallel work."""

from __future__ import annotations

import torch

from genstudio.engine import device


def prepare_ask_lane(name: str) -> torch.device:
    """Load torch's parts that a first answer needs, on one thread; returns the device of the asks.

    Raises: BadInput when the device is not there.
    """
    where = device.pick(name)
    device.use_threads(1)
    torch.set_grad_enabled(False)
    return where


def prepare_job_lane() -> None:
    """All processors for training, until a run's own choice says otherwise."""
    device.use_threads(device.processors())


def summary(name: str) -> str:
    """Device and threads in a few words: "cpu, 2 threads"."""
    where = device.pick(name)
    if where.type == "cpu":
        n = device.processors()
        return f"cpu, {n} thread{'s' if n > 1 else ''}"
    title = torch.cuda.get_device_name(where) if where.type == "cuda" else where.type
    return str(title)
