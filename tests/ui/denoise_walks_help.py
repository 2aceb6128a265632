"""Walks that are answered at once, without model or lane: for tests of what holds their runs."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtGui import QUndoStack

from genstudio.engine.messages import Answer
from genstudio.tape import FIELDS, Frame
from genstudio.ui.panels._denoise_recipe import Recipe
from genstudio.ui.panels._denoise_run import Runs

SHAPE = (1, 2, 2)
T = 4
RECIPE = Recipe(n=1, steps=T)
RECORD_BYTES = T * 4 * 3 * 4
PROCESS = SimpleNamespace(n_steps=T, shape=SHAPE, points=False, scale=0.5)


class Walks:
    """Stands for the session: every walk, and every inversion, is answered at once."""

    def __init__(self) -> None:
        self.undo = QUndoStack()

    def ask(self, owner: QObject, key: str, query: str, **asked: Any) -> int:
        then: Callable[[Answer], None] = asked["then"]
        back = query.endswith(":inverted")
        first, total = (0, asked["steps"] + 1) if back else (asked["first"], asked["n_steps"])
        for k in range(first, total):
            arrays = {name: np.full((asked.get("n", 1), *SHAPE), k, np.float32) for name in FIELDS}
            t = float(k if back else T - k)
            scalars = {"t": t, "alpha_bar": 0.5, "snr": 1.0, "change": 0.0}
            then(Answer("", key, 1, Frame(k, total, arrays, scalars), False))
        then(Answer("", key, 1, None, True))
        return 1

    def cancel(self, owner: QObject, key: str) -> None:
        pass


def made() -> Runs:
    """Runs of a model that is called "first"."""
    runs = Runs(Walks())  # type: ignore[arg-type]
    runs.use("first", PROCESS)  # type: ignore[arg-type]
    return runs
