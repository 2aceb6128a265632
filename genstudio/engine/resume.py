"""May a run start in this folder, or go on from what is in it?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genstudio.abilities import BadInput, Card
from genstudio.engine import checkpoint, files, runs, weights_file
from genstudio.engine.checkpoint import Checkpoint
from genstudio.engine.settings import FREE_ON_RESUME, PREFIX, TrainSettings
from genstudio.models import Config

STATE = "state.json"
SCHEMA_VERSION = 1


def find(out: Path, resume: bool) -> Checkpoint | None:
    """The checkpoint to go on from, or None where the run starts anew.

    Raises: BadInput when `out` is not the place for it.
    """
    if out.exists() and not out.is_dir():
        raise BadInput(f"{out} is a file. Choose a folder for the run.")
    if not resume:
        if out.exists() and any(out.iterdir()):
            raise BadInput(f"{out} is not empty. Choose another folder, or resume that run.")
        return None
    found = checkpoint.latest(out)
    if found is None and not runs.is_empty(out):
        reason = "no complete checkpoint" if runs.is_run(out) else "no run"
        raise BadInput(f"{out} holds {reason} to resume. Choose another folder.")
    return found


def state_of(found: Checkpoint) -> dict[str, Any]:
    """The state.json of a checkpoint.

    Raises: BadInput when it was written by a newer GenStudio or cannot be read.
    """
    try:
        state = json.loads(found.read(STATE))
        version = state["schema_version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{found.path} cannot be read ({error}). Start a new run.") from error
    if version > SCHEMA_VERSION:
        raise BadInput(f"{found.path} is from a newer GenStudio. Update GenStudio to resume.")
    return dict(state)


def weights_of(out: Path, step: int) -> str:
    """SHA-256 of the weights at the top of `out` where weights and card are those of `step`, else
    "".
    """
    try:
        card = Card.read(out / runs.CARD)
        header, _ = weights_file.read_header(out / runs.MODEL)
        digest = files.sha256((out / runs.MODEL).read_bytes())
    except (BadInput, OSError):
        return ""
    return digest if header.step == step and card.sha256 == digest else ""


def check_same(
    state: Mapping[str, Any],
    out: Path,
    family: str,
    data: str,
    config: Config,
    settings: TrainSettings,
) -> None:
    """Raises: BadInput where the run in `out` was begun with other settings.

    The total may grow where the learning rate does not depend on it.
    """
    free = FREE_ON_RESUME
    if settings.lr_schedule != "constant":
        free = free - {"steps", "epochs"}  # the schedule stretches over the total
    pairs = [("family", state["family"], family), ("data", state["data"]["name"], data)]
    for key, value in config.model_dump(mode="json").items():
        pairs.append((key, state["config"].get(key), value))
    for key, value in settings.model_dump(mode="json").items():
        if key not in free:
            pairs.append((PREFIX + key, state["settings"].get(key), value))
    for key, was, now in pairs:
        if was != now:
            raise BadInput(
                f"The run in {out} was begun with {key} = {was}, got {now}. "
                "Resume it with its own settings, or choose another folder."
            )
