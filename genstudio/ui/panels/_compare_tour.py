"""The Compare panel shows itself: each step drives it as a user would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from genstudio.ui.panels._compare_moon import N_FRAMES

if TYPE_CHECKING:
    from genstudio.ui.panels.compare import Compare


def tour(panel: Compare) -> Iterator[str]:
    """Maps, layers, the same image, rows, samples, both terms, the moon; then as it was."""
    before, models = panel.state(), panel.slots.sources()
    panel.show_view("maps")
    first = next(iter(panel.maps.panes.values()))
    home = first.plane.home()
    first.plane.clicked.emit(home.x + 0.1 * home.span, home.y + 0.12 * home.span)
    yield panel.tr("One cursor in two latent spaces, linked by quantile of the encodings.")
    panel.maps.show_layer("gap")
    yield panel.tr("The gap: how far each decoded picture is from what its model can do.")
    panel.maps.show_layer("judge")
    yield panel.tr("What a judge sees in the pictures, and where it says nothing.")
    panel.maps.show_layer("pictures")
    panel.slots.put((*models, *panel.slots.others(2)), silently=True)
    yield panel.tr("Four models at the same quantile of their encodings.")
    panel.show_view("rows")
    yield panel.tr("The same images through each model.")
    panel.slots.put(models, silently=True)
    panel.show_view("report")
    panel.report.show_sampler("mixture")
    yield panel.tr("Samples with z from a Gaussian mixture, fitted to the encodings by EM.")
    panel.show_view("terms")
    yield panel.tr("Why both terms: reconstruction only, both, and KL only.")
    panel.show_view("moon")
    panel.moon.timeline.set_index(N_FRAMES // 2)
    yield panel.tr("From half to full moon: what each model makes in between, measured.")
    panel.restore(before)
    yield ""
