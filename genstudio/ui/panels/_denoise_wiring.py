"""The parts that plug into the Denoise panel, and its signals."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from genstudio.ui.panels import (
    _denoise_export,
    _denoise_fork,
    _denoise_forward,
    _denoise_more,
    _denoise_plane,
)

if TYPE_CHECKING:
    from genstudio.ui.panels.denoise import Denoise

PARTS: tuple[Callable[[Denoise], None], ...] = (
    _denoise_plane.plug,
    _denoise_forward.plug,
    _denoise_fork.plug,
    _denoise_more.plug,
    _denoise_export.plug,
)


def wire(panel: Denoise) -> None:
    """Join the panel's own parts."""
    session, runs, bar = panel.session, panel.runs, panel.bar
    session.model_changed.connect(panel.model.changed)
    session.weights_moved.connect(panel.model.weights_moved)
    session.seed_changed.connect(panel.seed_changed)
    session.image_offered.connect(panel.image_offered)
    runs.grew.connect(panel.grew)
    runs.changed.connect(panel.runs_changed)
    runs.chosen.connect(panel.run_chosen)
    bar.mode_chosen.connect(panel.set_mode)
    bar.kind_chosen.connect(panel.set_kind)
    bar.run_pressed.connect(panel.starter.act)
    bar.new_noise_wanted.connect(panel.starter.new_noise)
    bar.same_noise_wanted.connect(panel.starter.same_noise)
    panel.steps.scrubbed.connect(panel.show_step)
    panel.column.help_wanted.connect(panel.show_help)
    panel.empty.pressed.connect(panel.model.fill)
    watch = panel.watch
    watch.picture.kind_changed.connect(panel.set_kind)
    watch.picture.index_changed.connect(panel.choose_image)
    watch.scrubbed.connect(panel.scrub)
    watch.run_wanted.connect(runs.choose)
    watch.t_wanted.connect(panel.show_t)
    watch.strips.menu_wanted.connect(panel.show_menu)
