"""When a walk has made up its mind: the judge's label of x0_hat, step by step.

torch is loaded only where the judge is asked, so that the window can take `settled` from here.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

import numpy as np

from genstudio.abilities import BadInput

PIECE_S = 0.01  # a piece of work after which a newer ask may take over
FIRST = 16


def labels(model: Any, x0_hat: np.ndarray) -> Generator[None, None, tuple[np.ndarray, np.ndarray]]:
    """Query: the digit that the judge sees in every x0_hat (S, N, 1, 28, 28) in [-1, 1], and its
    probability: int64 and float32 (S, N). `model` is not used.

    Raises: BadInput for images of another shape.
    """
    import torch

    from genstudio.metrics import judge

    stack = np.asarray(x0_hat)
    if stack.ndim != 5:
        raise BadInput(
            f"The judge names steps of images (S, N, 1, 28, 28), got {stack.shape}. "
            "Choose a model of images."
        )
    flat = stack.reshape(-1, *stack.shape[2:])
    seen = np.empty(len(flat), np.int64)
    sure = np.empty(len(flat), np.float32)
    chunk, done = FIRST, 0
    while done < len(flat):
        begun = time.perf_counter()
        x = torch.from_numpy(np.array(flat[done : done + chunk], np.float32))
        best = judge.classify(((x + 1) / 2).clamp(0, 1)).max(1)
        seen[done : done + len(x)] = best.indices.numpy()
        sure[done : done + len(x)] = best.values.numpy()
        done += len(x)
        seconds = max(time.perf_counter() - begun, 1e-5)
        chunk = int(min(judge.CHUNK, max(FIRST, chunk * min(2.0, PIECE_S / seconds))))
        yield None
    for array in (seen, sure):
        array.setflags(write=False)
    return seen.reshape(stack.shape[:2]), sure.reshape(stack.shape[:2])


def settled(labels: np.ndarray) -> np.ndarray:
    """The first step from which on each label of (S, N) stays what it is at the end: (N,).

    Raises: ValueError where there is no step.
    """
    labels = np.asarray(labels)
    if labels.ndim != 2 or len(labels) == 0:
        raise ValueError(f"Labels are (S, N) with a step or more, got {labels.shape}.")
    other = labels != labels[-1]  # (S, N)
    last_other = len(labels) - 1 - other[::-1].argmax(0)
    return np.where(other.any(0), last_other + 1, 0)
