"""The families, found by themselves: a file without a leading underscore ends with FAMILY = ..."""

from __future__ import annotations

from functools import cache

from genstudio._found import records
from genstudio.abilities import BadInput
from genstudio.models._base import (
    Family,
    HasLatent,
    HasLayers,
    HasLikelihood,
    HasNoise,
    HasSteps,
    Model,
    Posterior,
    Step,
    Update,
    explain,
)
from genstudio.models._config import N_, Config, setting

__all__ = [
    "N_",
    "Config",
    "Family",
    "HasLatent",
    "HasLayers",
    "HasLikelihood",
    "HasNoise",
    "HasSteps",
    "Model",
    "Posterior",
    "Step",
    "Update",
    "explain",
    "families",
    "family",
    "setting",
]


@cache
def families() -> dict[str, Family]:
    """All families by key, in the order of their file names.

    Raises: RuntimeError when a file has no FAMILY record.
    """
    return {record.key: record for record in records(__name__, "FAMILY", Family)}


def family(key: str) -> Family:
    """The family `key`.

    Raises: BadInput naming the families there are.
    """
    try:
        return families()[key]
    except KeyError:
        raise BadInput(
            f"There is no family {key!r}. Choose one of: {', '.join(families())}."
        ) from None
