"""Samples in pieces of work: one step of the model's own sampler at a time."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import torch
from torch import Tensor

from genstudio.metrics._targets import evaluating


def drawing(
    model: Any, n: int, rng: torch.Generator, **options: Any
) -> Generator[None, None, Tensor]:
    """`model.sample(n, rng, **options)` on the CPU, in evaluation mode, a yield after each step."""
    steps = model.generate(n, rng, **options)
    last = None
    while True:
        with evaluating(model):
            step = next(steps, None)
        if step is None:
            break
        last = step
        yield None
    if last is None:
        raise RuntimeError(f"{model.family} generated no step.")
    x: Tensor = last.images["x"].cpu()
    return x
