"""The Denoise panel's own tour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from genstudio.abilities import BadInput
from genstudio.ui.panels._denoise_text import FIRST_MODEL, POINTS_MODEL

if TYPE_CHECKING:
    from genstudio.ui.panels.denoise import Denoise

SHOWN_CLASS, SHOWN_GUIDANCE = 3, 3.0


def tour(panel: Denoise) -> Iterator[str]:
    """Drive the panel as a user would; each step yields its caption. The model that was in view
    before stands there again at the end.
    """
    session, before = panel.session, panel.session.model("A")
    if panel.ref is None:
        try:
            session.show("A", FIRST_MODEL)
        except BadInput:
            yield "no diffusion model is here to show"
            return
    yield "images out of noise"
    if panel.process is not None and panel.line is not None:
        panel.show_step(panel.line.n_steps // 3)
        yield "a third of the way"
        if not panel.process.points:
            yield from _with_images(panel)
            yield from _with_points(panel)
    if before is not None and before != session.model("A"):
        session.try_show("A", before.source)


def _with_images(panel: Denoise) -> Iterator[str]:
    picture, process = panel.watch.picture, panel.process
    picture.set_alone(True)
    yield "one image and its noise"
    if process is not None and process.n_classes > SHOWN_CLASS:
        picture.set_alone(False)
        wanted = replace(panel.settings.wanted(), label=SHOWN_CLASS, guidance=SHOWN_GUIDANCE)
        panel.settings.set_wanted(wanted)
        panel.starter.same_noise()
        yield "the same noise guided to one class"
    run = panel.runs.current()
    if run is not None and panel.line is not None:
        k = panel.line.n_steps // 4
        panel.runs.fork(run.id, k, sampler="ddpm", seed=run.recipe.seed + 1)
        yield "a fork with noise of its own"
        picture.set_alone(True)
        panel.show_step(panel.line.n_steps // 2)
        yield "the fork half way"
        picture.set_alone(False)
    for mode, caption in (("duel", "two runs locked on t"), ("forward", "noise put on an image")):
        if mode in panel.modes:
            panel.set_mode(mode)
            yield caption
    panel.set_mode("denoise")


def _with_points(panel: Denoise) -> Iterator[str]:
    try:
        panel.session.show("A", POINTS_MODEL)
    except BadInput:
        return  # it is not here
    yield "points walk to the data, over their true density"
    if panel.line is not None:
        panel.show_step(panel.line.n_steps // 2)
        yield "half way, with trails and the learned score"
