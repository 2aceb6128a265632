"""What the traced paths look like: strips with their numbers in the film, lines on the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from genstudio.ui.panels._interpolate_film import Film
from genstudio.ui.panels._interpolate_look import LOOKS, Look
from genstudio.ui.panels._interpolate_map import PathMap
from genstudio.ui.panels._interpolate_plane import off_plane
from genstudio.ui.panels._interpolate_strips import Strip
from genstudio.ui.panels._interpolate_tracer import Tracer, worst
from genstudio.ui.panels._manifold_rows import Row
from genstudio.ui.panels._manifold_text import figure
from genstudio.ui.panels._map_scene import Scene
from genstudio.ui.widgets.latent_plane import small_image

if TYPE_CHECKING:
    from genstudio.latent.paths import Path

OFF_PLANE = 0.02  # of a path's own length, from which on it is called projected


class Projector(QObject):
    """Keeps film and map as the tracer's paths are."""

    changed = Signal()

    def __init__(self, tracer: Tracer, film: Film, plane: PathMap, scene: Scene) -> None:
        super().__init__(film)
        self._tracer, self._film, self._plane, self._scene = tracer, film, plane, scene
        self._strips: dict[str, Strip] = {}
        self.chosen = "lerp"
        tracer.traced.connect(self._traced)
        tracer.gaps_changed.connect(self._measured)

    def show_all(self) -> None:
        """Strips and lines anew."""
        for kind in LOOKS:
            self._make(kind)
        self._show()

    def choose(self, kind: str) -> None:
        """This path is the one that the handle rides on."""
        self.chosen = kind
        self._show()

    def off_support(self, kind: str) -> float | None:
        """Share of a path's frames that lie off what the model can do."""
        gaps = self._tracer.gaps(kind)
        return None if gaps is None else float((gaps > 1.0).mean())

    def projected(self) -> tuple[str, ...]:
        """Names of the paths that lie beside the plane of the map."""
        plane, found = self._scene.space.plane, []
        for kind in self._tracer.shown():
            path = self._tracer.path(kind)
            if path is None or path.z.shape[1] != plane.latent_dim:
                continue
            if off_plane(plane, path.z) > OFF_PLANE * max(path.latent_length, 1e-6):
                found.append(self.tr(LOOKS[kind].name).lower())
        return tuple(found)

    def rows(self, kind: str, t: float) -> tuple[Row, ...]:
        """What is told of the place t on a path."""
        path = self._tracer.path(kind)
        if path is None:
            return ()
        last = len(path.z) - 1
        speed = float(path.speed[min(int(t * last), last - 1)])
        rows = [
            (self.tr("position"), figure(t)),
            (self.tr("pixel speed"), self.tr("%1 ‖Δx‖").replace("%1", figure(speed))),
        ]
        gaps = self._tracer.gaps(kind)
        if self._tracer.wish.gaps and not self._tracer.gap_says():
            told = "…" if gaps is None else figure(float(gaps[round(t * last)]))
            rows.append((self.tr("gap distance"), told))
        return tuple(rows)

    # Private -----------------------------------------------------------------------------------

    def _traced(self, kind: str) -> None:
        self._make(kind)
        self._show()

    def _measured(self, kind: str) -> None:
        if kind:
            self._make(kind)
        self._show()

    def _make(self, kind: str) -> None:
        path, look = self._tracer.path(kind), LOOKS[kind]
        named = Look(self.tr(look.name), look.colour, look.on, look.off)
        if path is None:
            self._strips[kind] = Strip(kind, named, says=self._tracer.says(kind))
            return
        gaps = self._tracer.gaps(kind)
        place, why = worst(path, gaps)
        before = self._strips.get(kind)
        frames = before.frames if before is not None else ()
        if before is None or before.speed is not path.speed:
            frames = tuple(small_image(image) for image in path.images)
        facts = self._facts(path, gaps)
        tip = "\n".join((named.name, *facts, self._tell_worst(place, why)))
        brief = (self.tr("%1 ‖Δx‖").replace("%1", f"{path.length:.1f}"),)
        self._strips[kind] = Strip(
            kind, named, frames, path.speed, gaps, facts, brief, place, "", tip
        )

    def _facts(self, path: Path, gaps: np.ndarray | None) -> tuple[str, ...]:
        facts = [
            self.tr("length %1 ‖Δx‖").replace("%1", f"{path.length:.2f}"),
            self.tr("energy %1 ‖Δx‖²").replace("%1", f"{path.energy:.4g}"),
        ]
        if path.done < 1.0:
            facts.append(self.tr("refining…"))
        elif gaps is not None:
            share = f"{100 * float((gaps > 1.0).mean()):.0f}"
            facts.append(self.tr("%1 % of frames off").replace("%1", share))
        return tuple(facts)

    def _tell_worst(self, place: float, why: str) -> str:
        text = self.tr("Largest step at %1: click the triangle to go there (W)")
        if why == "off":
            text = self.tr("Farthest off support at %1: click the triangle to go there (W)")
        return text.replace("%1", f"{place:.2f}")

    def _show(self) -> None:
        shown = self._tracer.shown()
        gaps = self._tracer.wish.gaps and not self._tracer.gap_says()
        strips = [self._strips[kind] for kind in shown if kind in self._strips]
        self._film.set_strips(strips, self.chosen, gaps)
        space, lines = self._scene.space, {}
        for kind in shown:
            path = self._tracer.path(kind)
            if path is not None and path.z.shape[1] == space.plane.latent_dim:
                lines[kind] = space.to_map(path.z)
        self._plane.set_paths(lines, self.chosen)
        self.changed.emit()
