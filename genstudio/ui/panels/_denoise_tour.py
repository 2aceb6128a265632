"""The Denoise panel's own tour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genstudio.ui.panels.denoise import Denoise


def tour(panel: Denoise) -> Iterator[str]:
    """Drive the panel as a user would; each step yields its caption."""
    if panel.ref is None:
        panel.fill()
    yield "sixteen images out of noise"
    if panel.process is None or panel.process.points:
        return
    panel.show_step(panel.line.n_steps // 3 if panel.line is not None else 0)
    panel.watch.picture.set_alone(True)
    yield "one of them at a third of the way"
    panel.watch.picture.set_alone(False)
    if panel.process.n_classes:
        wanted = replace(panel.settings.wanted(), label=min(3, panel.process.n_classes - 1))
        panel.settings.set_wanted(replace(wanted, guidance=3.0))
        panel.starter.same_noise()
        yield "the same noise guided to one class"
