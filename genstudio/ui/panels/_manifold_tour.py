"""The Manifold shows itself: each step drives it as a user would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genstudio.ui.panels.manifold import Manifold


def tour(panel: Manifold) -> Iterator[str]:
    """Sheet, points, a zoom, a posterior, equal mass; then the panel is as it was."""
    before = panel.state()
    plane, pills = panel.plane, panel.bar.pills
    for layer, on in (("sheet", True), ("points", False), ("posterior", False), ("prior", False)):
        pills[layer].setChecked(on)
    plane.reset_view()
    yield panel.tr("Every cell is the decoded image of the latent point in its middle.")
    pills["points"].setChecked(True)
    pills["prior"].setChecked(True)
    yield panel.tr("Encoded test images by class, over the prior at 1, 2 and 3 sigma.")
    pills["prior"].setChecked(False)
    home = plane.home()
    x, y = home.x - 0.14 * home.span, home.y + 0.08 * home.span
    plane.zoom(0.25, (x, y))
    plane.clicked.emit(x, y)
    yield panel.tr("Zoom in anywhere: the cells on screen are decoded again at the new scale.")
    plane.reset_view()
    pills["posterior"].setChecked(True)
    panel.board.clear()
    panel.study.choose(1)
    for _ in range(6):
        yield ""
        panel.study.draw_again()
    yield panel.tr("The posterior of a test image, and draws z = mean + sigma × noise from it.")
    if panel.has_prior:
        panel.choose_scale("quantile")
        yield panel.tr("Quantile spacing: equal areas of the map hold equal mass of the prior.")
    panel.restore(before)
    yield ""
