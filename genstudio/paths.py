"""Where things lie: shipped resources and weights, the user's folders. No other file knows."""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _shipped(name: str) -> Path:
    """The folder `name` beside the package in a checkout, inside it in an installed wheel."""
    inside = _PACKAGE / f"_{name}"
    return inside if inside.is_dir() else _PACKAGE.parent / name


def resources() -> Path:
    """Shipped MNIST, icons, help texts and translations (read only)."""
    return _shipped("resources")


def weights() -> Path:
    """Shipped models, one folder each with model.safetensors and card.json (read only)."""
    return _shipped("weights")


def user_home() -> Path:
    """The user's GenStudio folder; GENSTUDIO_HOME overrides it. Not created here."""
    override = os.environ.get("GENSTUDIO_HOME")
    if override:
        return Path(override).expanduser()
    from platformdirs import user_data_path

    return user_data_path("GenStudio", appauthor=False)


def user_runs() -> Path:
    """Run folders of models that the user trained."""
    return user_home() / "runs"


def user_models() -> Path:
    """Weights files that the user opened or dropped, kept as links (JSON) to where they lie."""
    return user_home() / "models"


def user_settings() -> Path:
    """Window settings (INI)."""
    return user_home() / "settings.ini"


def user_session() -> Path:
    """The autosaved project of the last session (JSON)."""
    return user_home() / "session.json"


def user_logs() -> Path:
    """Log and crash files; they stay on this machine."""
    return user_home() / "logs"


def user_data() -> Path:
    """Downloaded data sets."""
    return user_home() / "data"


def data_override() -> Path | None:
    """The folder of data sets that GENSTUDIO_DATA_DIR names, or None."""
    override = os.environ.get("GENSTUDIO_DATA_DIR")
    return Path(override).expanduser() if override else None
