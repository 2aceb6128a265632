"""The `genstudio train ...` line that makes the same run as the window does."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from genstudio.ui.panels._train_run import Recipe, changed_from

OWN_FLAGS = (
    "steps",
    "epochs",
    "seed",
    "device",
    "precision",
    "threads",
)  # trainer's settings with an option of their own


def command_line(
    recipe: Recipe, config_defaults: Mapping[str, Any], settings_defaults: Mapping[str, Any]
) -> str:
    """The line for a shell; what is as the command line would have it anyway is left out."""
    words = ["genstudio", "train", recipe.family, "--data", recipe.data, "--out", str(recipe.out)]
    for key, value in changed_from(config_defaults, recipe.config).items():
        words += ["--set", f"{key}={_text(value)}"]
    settings = changed_from(settings_defaults, recipe.settings)
    for key, value in settings.items():
        if key not in OWN_FLAGS:
            words += ["--set", f"train.{key}={_text(value)}"]
    for key in OWN_FLAGS:
        value = recipe.seed if key == "seed" else settings.get(key)
        default = 0 if key == "seed" else None
        if value is not None and value != default:
            words += [f"--{key}", _text(value)]
    return shlex.join(words)


def _text(value: Any) -> str:
    """A value as --set reads it: plain where that is unmistakable, JSON otherwise."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value)
