"""Interpolate shows itself: each step drives it as a user would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from genstudio.ui.panels._interpolate_board import Board, Slot

if TYPE_CHECKING:
    from genstudio.ui.panels.interpolate import Interpolate


def tour(panel: Interpolate) -> Iterator[str]:
    """Three paths, the hand, a way-point, another model's plane, the square; then as before."""
    before, source = panel.state(), panel.ref.source if panel.ref is not None else ""
    data = panel.session.data
    yield panel.tr("Two encoded images and three paths between them, each with length and energy.")
    for k in range(1, 12):
        panel.hand.set_t(k / 12)
        yield ""
    panel.film.go_to_worst(panel.hand.kind)
    yield panel.tr("The picture follows the hand; the triangle marks a path's worst place.")
    path = panel.tracer.path("lerp")
    if path is not None and path.z.shape[1] == 2:
        middle = path.z[len(path.z) // 2] + 0.6 * (path.z[0] - path.z[-1])[::-1] * (1, -1)
        panel.board.add_way(0, middle)
        yield panel.tr("A way-point: pull a path and all three go by there.")
        panel.board.clear_ways()
    slots = tuple(Slot(data=data, index=k) for k in (0, 1, 2, 3))
    panel.board.set_value(Board(slots))
    panel.set_mode("square")
    yield panel.tr("The square of four: bilinear mixtures of A, B, C and D under the hand.")
    panel.set_mode("path")
    if panel.session.try_show("A", "ae-mnist-16d"):
        yield panel.tr("Sixteen dimensions: the map is the plane through A, B and the mean code.")
        panel.column.paths.near.setChecked(True)
        panel.hand.set_t(0.5, "geodesic")
        yield panel.tr("With a density term the geodesic keeps near the encodings.")
        panel.column.paths.near.setChecked(False)
    if source:
        panel.session.try_show("A", source)
    panel.session.undo.clear()
    panel.restore(before)
    yield ""
