"""A project: which models, panel, pins, view and settings are in front of the user, as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from genstudio.abilities import BadInput

SCHEMA_VERSION = 1
MAX_BYTES = 4 << 20
MAX_DEPTH = 40


class Project(BaseModel):
    """Everything that brings a window back as it was. Panel states are whatever JSON each panel
    gives and takes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = SCHEMA_VERSION
    data: str = Field(default="mnist", max_length=4096)
    seed: int = Field(default=0, ge=0, lt=2**63)
    models: dict[str, str] = {}  # slot -> source
    panel: str = Field(default="", max_length=100)  # key of the panel in front
    panels: dict[str, dict[str, Any]] = {}
    settings: dict[str, str] = {}


def dumps(project: Project) -> bytes:
    """The project as UTF-8 JSON."""
    return (project.model_dump_json(indent=1) + "\n").encode()


def loads(text: bytes, name: str = "the project") -> Project:
    """The project in `text`, brought up to today's version.

    Raises: BadInput when it is too large, not JSON, or not a project of this or an earlier version.
    """
    if len(text) > MAX_BYTES:
        raise BadInput(
            f"{name} has {len(text):,} bytes, more than the {MAX_BYTES:,} a project may have."
            " Choose a file that GenStudio saved."
        )
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(
            f"{name} is not JSON ({error}). Choose a file that GenStudio saved."
        ) from error
    if not isinstance(raw, dict) or _depth(raw) > MAX_DEPTH:
        raise BadInput(f"{name} is not a GenStudio project. Choose a file that GenStudio saved.")
    version = raw.get("schema_version")
    if not isinstance(version, int) or not 1 <= version <= SCHEMA_VERSION:
        raise BadInput(
            f"{name} has schema version {version!r}, this GenStudio reads 1 to {SCHEMA_VERSION}."
            " Open it with a newer GenStudio."
        )
    for old in range(version, SCHEMA_VERSION):
        raw = _MIGRATIONS[old](raw)
    try:
        return Project.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(
            f"{name} is damaged at {where} ({first['msg']}). Choose a file that GenStudio saved."
        ) from error


def _depth(value: Any) -> int:
    """Levels of nesting, counted without recursion."""
    level, deepest = [value], 0
    while level:
        deepest += 1
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        level = inner
    return deepest


# from version n to n + 1; every file ever saved must open
_MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
