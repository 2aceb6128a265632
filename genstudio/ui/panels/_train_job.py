"""How a recipe becomes a job. What the factories do happens in the job lane, where torch is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from genstudio.abilities import BadInput
from genstudio.ui.panels._train_run import Recipe

if TYPE_CHECKING:
    from genstudio.engine.lanes import Job


def starting(recipe: Recipe) -> Callable[[], Job]:
    """A factory that trains `recipe` in its folder."""

    def build() -> Job:
        from genstudio.engine.settings import train_settings
        from genstudio.engine.training import Training
        from genstudio.models import family as family_named

        family = family_named(recipe.family)
        config = family.configure(recipe.config)
        settings = train_settings(recipe.settings)
        return Training(family, recipe.data, recipe.out, config, settings)

    return build


def resuming(folder: Path) -> Callable[[], Job]:
    """A factory that goes on with the run in `folder`, with what it was begun with."""

    def build() -> Job:
        from genstudio.engine.training import Training

        return Training.resuming(folder)

    return build


def recipe_in(folder: Path) -> Recipe:
    """What the run in `folder` was begun with.

    Raises: BadInput when it holds no complete checkpoint.
    """
    from genstudio.engine import checkpoint, resume

    found = checkpoint.latest(folder)
    if found is None:
        raise BadInput(f"{folder} holds no complete checkpoint. Start a new run.")
    state = resume.state_of(found)
    return Recipe(
        state["family"], state["data"]["name"], state["config"], state["settings"], folder
    )


def command_of(recipe: Recipe) -> str:
    """The `genstudio train ...` line that makes the same run.

    Raises: BadInput when a setting is wrong.
    """
    from genstudio.engine.settings import command_line, train_settings
    from genstudio.models import family as family_named

    family = family_named(recipe.family)
    config = family.configure(recipe.config)
    settings = train_settings(recipe.settings)
    return command_line(family, recipe.data, str(recipe.out), config, settings)
