"""A copy of a training model's weights, on its way to where models are looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from genstudio.models import Config


@dataclass(frozen=True, eq=False)
class LiveWeights:
    """All that is needed to build the model, and its tensors in main memory, which nobody else
    writes to.
    """

    family: str
    shape: tuple[int, ...]
    config: Config
    tensors: Mapping[str, Tensor]
