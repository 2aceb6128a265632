"""The hand on the Manifold's map: hover peeks, leaving restores, a click pins, pins are dragged.

A pin dragged onto another asks for the path between the two, and goes back.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal

from genstudio.ui.panels._manifold_pins import PinBoard
from genstudio.ui.panels._manifold_probe import Prober
from genstudio.ui.panels._manifold_study import Study
from genstudio.ui.panels._map_scene import Scene
from genstudio.ui.widgets.latent_plane import LatentPlane, Pin


class Hand(QObject):
    """Which latent point is decoded beside the map, and where the pins stand."""

    path_wanted = Signal(object, object)  # two latent points (D,)

    def __init__(
        self, scene: Scene, plane: LatentPlane, board: PinBoard, study: Study, prober: Prober
    ) -> None:
        super().__init__(plane)
        self.scene, self.plane, self.board = scene, plane, board
        self.study, self.prober = study, prober
        self._grabbed: tuple[int, np.ndarray] | None = None  # a pin and where it stood
        self._rest: np.ndarray | None = None  # what is shown while nobody hovers
        self._hovering = False
        plane.peek.connect(self._peek)
        plane.left.connect(self._leave)
        plane.clicked.connect(self.click)
        plane.pin_chosen.connect(self._pin_chosen)
        plane.pin_moved.connect(self._pin_moved)
        plane.pin_dropped.connect(partial(self._pin_dropped, False))
        plane.pin_stepped.connect(partial(self._pin_dropped, True))
        plane.pin_removed.connect(board.remove)
        plane.pin_joined.connect(self.join)
        plane.joins_pins = True
        board.changed.connect(self.show_pins)

    def forget(self) -> None:
        """Another space: what rested in the probe means nothing there."""
        self._rest = None

    # The probe ---------------------------------------------------------------------------------

    def _peek(self, x: float, y: float) -> None:
        self._hovering = True
        self.prober.ask(self.scene.space.to_z(x, y), (x, y))

    def _leave(self) -> None:
        self._hovering = False
        self.show_rest()

    def show_rest(self) -> None:
        """Decode what is chosen: the active pin, the image, or the middle of the map."""
        if self.scene.ref is None or self._hovering:
            return
        space = self.scene.space
        z = self._rest
        if z is None or len(z) != space.plane.latent_dim:
            home = self.plane.home()
            z = space.to_z(home.x, home.y)
        x, y = space.to_map(z)
        self.prober.ask(np.asarray(z, np.float32), (float(x), float(y)))

    # Pins --------------------------------------------------------------------------------------

    def click(self, x: float, y: float) -> None:
        """Pin the point; on an encoded image, pin its mean and show its posterior."""
        cloud, point = self.scene.shown(), self.plane.point_at(x, y)
        if cloud is not None and 0 <= point < len(cloud.mean):
            self.board.add(cloud.mean[point])
            self.study.choose(int(cloud.index[point]), cloud.split)
        else:
            self.board.add(self.scene.space.to_z(x, y))

    def _pin_chosen(self, number: int) -> None:
        self._grabbed = None
        self.board.choose(number)

    def _pin_moved(self, number: int, x: float, y: float) -> None:
        if self._grabbed is None or self._grabbed[0] != number:
            self._grabbed = (number, self.board.pins().z(number))
        z = self.scene.space.to_z(x, y)
        self.board.preview(number, z)
        self._rest = z
        self.prober.ask(z, (x, y))

    def _pin_dropped(
        self, stepped: bool, number: int, _x0: float, _y0: float, x: float, y: float
    ) -> None:
        before = self._grabbed[1] if self._grabbed is not None else self.board.pins().z(number)
        self._grabbed = None
        self.board.drop(number, before, self.scene.space.to_z(x, y), merge=stepped)

    def join(self, first: int, second: int) -> None:
        """Ask for the path from one pin to another."""
        if self._grabbed is not None and self._grabbed[0] == first:
            self.board.preview(first, self._grabbed[1])
            self._grabbed = None
            self.show_pins()
        pins = self.board.pins()
        self.path_wanted.emit(pins.z(first), pins.z(second))

    def show_pins(self) -> None:
        """Put the pins where they lie in the space shown."""
        pins, space = self.board.pins(), self.scene.space
        shown = []
        for number in range(len(pins.points)):
            z = pins.z(number)
            x, y = space.to_map(z)
            shown.append(Pin(float(x), float(y), str(number + 1), space.aside(z)))
        self.plane.set_pins(shown, pins.active)
        if 0 <= pins.active < len(pins.points):
            self._rest = pins.z(pins.active)
        elif self.study.mean is not None:
            self._rest = self.study.mean
        self.show_rest()

    def look_at_mean(self, mean: np.ndarray) -> None:
        """A chosen image is what rests in the probe; a pin elsewhere steps back."""
        pins = self.board.pins()
        if self.study.fresh and pins.active >= 0 and not np.allclose(pins.z(pins.active), mean):
            self._rest = mean
            self.board.choose(-1)
        self.study.fresh = False
        if self.board.pins().active < 0:
            self._rest = mean
            self.show_rest()
