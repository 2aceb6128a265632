"""The Manifold's state between two sessions: taken from the panel, and put back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genstudio.ui.panels._manifold_pins import Pins
from genstudio.ui.panels._manifold_state import describe, read
from genstudio.ui.panels._map_scene import Subset

if TYPE_CHECKING:
    from genstudio.ui.panels.manifold import Manifold


def keep(panel: Manifold) -> dict[str, Any]:
    """What the panel shows, as JSON."""
    view, pins = panel.plane.wanted_view(), panel.board.pins()
    subset = panel.scene.subset
    return {
        "view": None if view == panel.plane.home() else [view.x, view.y, view.span],
        "layers": panel.bar.layers(),
        "scale": panel.scene.space.scale.name,
        "plane": describe(panel.scene.space),
        "pins": {"points": [list(p) for p in pins.points], "active": pins.active},
        "points": {
            "split": subset.split,
            "limit": subset.limit,
            "style": panel.scene.style,
        },
        "ellipse": panel.overlays.ellipse,
        "image": panel.study.index,
    }


def bring_back(panel: Manifold, state: dict[str, Any]) -> None:
    """Show what `keep` has described, as far as it fits the model in view."""
    kept = read(state, panel.scene.space.plane.latent_dim)
    for layer, on in kept.layers.items():
        if layer in panel.bar.pills:
            panel.bar.pills[layer].setChecked(on)
    panel.column.style_choice.set_value(kept.style)
    panel.choose_style(kept.style)
    panel.overlays.ellipse = kept.ellipse
    panel.column.plane.ellipse.set_value(kept.ellipse)
    subset = Subset(kept.split, kept.limit)
    panel.column.set_subset(subset)
    if subset != panel.scene.subset:
        panel.scene.set_subset(subset)
    scale = kept.scale if panel.has_prior else "linear"
    panel.home.kept_view = kept.view
    panel.set_space(plane=kept.plane, scale=scale, shell=kept.shell)
    panel.bar.scale.set_value(panel.scene.space.scale.name)
    panel.column.plane.set_shell(kept.shell)
    panel.board.set_pins(Pins(kept.pins, kept.active))
    if kept.image is not None and kept.image != panel.study.index:
        panel.study.choose(kept.image, quiet=True)
