"""What the Inspector says of a model's numbers: active units, posterior collapse, the unit of its
loss.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QWidget

MAX_SHOWN = 6


def loss_unit(model: Any) -> str:
    """Query: what the model's losses are measured in per image, nats unless it says otherwise."""
    return str(getattr(model, "reconstruction_unit", "nats"))


def unit_rows(units: Any, step: int, words: QWidget) -> tuple[list[tuple[str, str]], str]:
    """(rows, alarm): how many latent units are active (Burda et al. 2016), and the KL of the
    strongest ones.
    """
    rows = [
        (
            words.tr("active units"),
            words.tr("{0} of {1}").format(units.n_active, len(units.variance)),
        )
    ]
    if units.kl is not None and not np.isfinite(units.kl).all():
        return [], ""
    if units.kl is not None:
        order = sorted(range(len(units.kl)), key=lambda i: -units.kl[i])
        name, value = words.tr("KL of z{0}"), words.tr("{0} nats")
        rows += [
            (name.format(i + 1), value.format(f"{units.kl[i]:.2f}")) for i in order[:MAX_SHOWN]
        ]
    rows.append((words.tr("of step"), f"{step:,}"))
    return rows, units.alarm
