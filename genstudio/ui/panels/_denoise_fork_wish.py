"""What a fork is to be: settings, and what the brush has made of the frame. No Qt."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from genstudio.latent.denoise_edit import edited
from genstudio.tape import Frame
from genstudio.ui.panels._denoise_brush import Edit
from genstudio.ui.panels._denoise_fork_fields import Values
from genstudio.ui.panels._denoise_recipe import Recipe

RESTLESS = ("ddpm", "ddpm-large")  # samplers that add noise at every step


@dataclass(frozen=True, eq=False)
class Wish:
    """A fork as `Runs.fork` takes it: all of `options` beside run and step."""

    options: dict[str, Any]

    @property
    def idle(self) -> bool:
        """Whether nothing is changed, so that the fork will equal its parent."""
        return not self.options


def values_of(recipe: Recipe, steps: int) -> Values:
    """A run's own settings, with `steps` to go."""
    return Values(recipe.seed, recipe.sampler, recipe.eta, steps, recipe.label, recipe.guidance)


def adds_noise(sampler: str, eta: float) -> bool:
    """Whether the seed matters after x_T."""
    return sampler in RESTLESS or (sampler == "ddim" and eta > 0.0)


def suggested(recipe: Recipe, steps: int, seed: int) -> Values:
    """Settings that lead elsewhere: another seed, and where the run adds no noise, noise: eta 1 for
    ddim, else ddpm.
    """
    eta = recipe.eta if adds_noise(recipe.sampler, recipe.eta) else 1.0
    restless = recipe.sampler in (*RESTLESS, "ddim")
    sampler = recipe.sampler if restless else "ddpm"
    return Values(
        seed, sampler, eta if sampler == "ddim" else 0.0, steps, recipe.label, recipe.guidance
    )


def wished(
    recipe: Recipe,
    values: Values,
    steps: int,
    frame: Frame,
    edit: Edit | None = None,
    keep: tuple[np.ndarray, np.ndarray] | None = None,
    let_go: bool = False,
) -> Wish:
    """What to hand to `Runs.fork` for `values` at a frame of a run with `recipe`, which has `steps`
    to go there.

    `edit` is painted over that frame; `keep` is a mask (H, W) and the image (C, H, W) it is held
    to; `let_go` gives up what the parent keeps.

    Raises: BadInput when the edit has another size than the frame.
    """
    asked, stands = asdict(values), asdict(values_of(recipe, steps))
    options = {key: asked[key] for key in asked if asked[key] != stands[key]}
    notes = []
    start = started(frame, edit)
    if start is not None:
        options["start"] = start
        notes.append("brush")
    if keep is not None:
        options["keep"] = keep
        notes.append("mask")
    elif let_go and recipe.keep is not None:
        options["keep"] = None
    if notes:
        options["note"] = " and ".join(notes)
    return Wish(options)


def started(frame: Frame, edit: Edit | None) -> np.ndarray | None:
    """x_t (N, *shape) as the brush leaves it; None where nothing is another value.

    An edit of x0_hat keeps the noise seen in the frame and puts another clean guess under it.
    """
    if edit is None or edit.index != frame.index:
        return None
    x_t = frame.arrays["x_t"]
    start = edit.array
    if edit.kind == "x0_hat":
        start = edited(
            x_t,
            frame.arrays["x0_hat"],
            frame.arrays["noise_hat"],
            frame.scalars["alpha_bar"],
            edit.array,
        )
    return None if np.array_equal(start, x_t) else start


def touched(frame: Frame, edit: Edit | None) -> list[int]:
    """The images of the batch that an edit changes."""
    if edit is None or edit.index != frame.index:
        return []
    apart = edit.array != frame.arrays[edit.kind]
    return [int(k) for k in np.flatnonzero(apart.reshape(len(apart), -1).any(1))]
