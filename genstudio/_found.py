"""Records that are found by themselves: each file of a package ends with one."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TypeVar

T = TypeVar("T")


def records(package: str, name: str, kind: type[T]) -> list[T]:
    """The record `name` of each module in `package`, in the order of the file names; modules whose
    names begin with an underscore are passed over.

    Raises: RuntimeError when a module has no such record of this `kind`.
    """
    found = []
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        if module.name.startswith("_"):
            continue
        record = getattr(importlib.import_module(f"{package}.{module.name}"), name, None)
        if not isinstance(record, kind):
            where = f"{package.partition('.')[2].replace('.', '/')}/{module.name}.py"
            raise RuntimeError(f"{where} does not end with {name} = {kind.__name__}(...).")
        found.append(record)
    return found
