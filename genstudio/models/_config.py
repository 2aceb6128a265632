"""Settings with title, unit, limits and help: one schema makes the form, the command line and the
JSON.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


def N_(text: str) -> str:  # noqa: N802 (gettext's own name)
    """Mark `text` for translation; the window translates it when it is shown."""
    return text


class Config(BaseModel):
    """Base of every settings record: frozen, unknown fields refused, defaults build."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def setting(
    default: Any,
    title: str,
    help: str,
    *,
    unit: str = "",
    ge: float | None = None,
    le: float | None = None,
    gt: float | None = None,
    live: bool = False,
    advanced: bool = False,
) -> Any:
    """A field of a Config. `live` fields may change during training; `advanced` ones are folded
    away in the form.

    Choices are written as `Literal[...]` in the annotation; numbers get their limits here, so that
    no file can ask for a network that does not fit into memory.
    """
    return Field(
        default=default,
        title=title,
        description=help,
        ge=ge,
        le=le,
        gt=gt,
        json_schema_extra={"unit": unit, "live": live, "advanced": advanced},
    )
