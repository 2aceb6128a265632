"""The families, found by themselves: a file without a leading underscore ends with FAMILY = ..."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from genstudio.abilities import BadInput
from genstudio.models._base import (
    Family,
    HasLatent,
    HasLayers,
    HasLikelihood,
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
    found: dict[str, Family] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name.startswith("_"):
            continue
        record = getattr(importlib.import_module(f"{__name__}.{module.name}"), "FAMILY", None)
        if not isinstance(record, Family):
            raise RuntimeError(f"models/{module.name}.py does not end with FAMILY = Family(...).")
        found[record.key] = record
    return found


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
