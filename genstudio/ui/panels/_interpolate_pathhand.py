"""The hand on the map of paths: the handle is dragged along a path, ends and way-points move."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, Signal

from genstudio.ui.panels._interpolate_board import LETTERS, Slot, SlotBoard
from genstudio.ui.panels._interpolate_codes import Codes
from genstudio.ui.panels._interpolate_look import nearest
from genstudio.ui.panels._interpolate_map import PathMap
from genstudio.ui.panels._interpolate_output import Output
from genstudio.ui.panels._interpolate_tracer import Tracer, at, segment
from genstudio.ui.panels._manifold_rows import Row
from genstudio.ui.panels._map_scene import Scene
from genstudio.ui.widgets.latent_plane import Pin

Role = tuple[str, int]  # "slot", "way" or "handle", and which


class PathHand(QObject):
    """Pins of the slots and way-points, and the handle at share t of the chosen path."""

    moved = Signal(float)  # the handle stands at another share of the frames
    chosen = Signal(str)  # the handle rides on another path
    slot_chosen = Signal(int)  # the pin of a slot was taken

    def __init__(
        self,
        scene: Scene,
        plane: PathMap,
        board: SlotBoard,
        codes: Codes,
        tracer: Tracer,
        output: Output,
    ) -> None:
        super().__init__(plane)
        self._scene, self._plane, self._board = scene, plane, board
        self._codes, self._tracer, self._output = codes, tracer, output
        self._roles: list[Role] = []
        self.kind = "lerp"
        self.t = 0.5
        self.rows: Callable[[], tuple[Row, ...]] = tuple
        self.point_clicked: Callable[[int], None] = lambda point: None
        plane.peek.connect(self._peek)
        plane.left.connect(self._leave)
        plane.clicked.connect(self._click)
        plane.pulled.connect(self._pull)
        plane.pin_moved.connect(self._pin_moved)
        plane.pin_dropped.connect(lambda n, *_: self._pin_dropped(n, False))
        plane.pin_stepped.connect(lambda n, *_: self._pin_dropped(n, True))
        plane.pin_removed.connect(self._pin_removed)
        plane.pin_chosen.connect(self._pin_chosen)
        plane.given_up.connect(self._give_up)

    # The handle --------------------------------------------------------------------------------

    def z(self) -> np.ndarray | None:
        """The latent point of the handle."""
        path = self._tracer.path(self.kind)
        return at(path, self.t) if path is not None else None

    def set_t(self, t: float, kind: str = "") -> None:
        """Put the handle at share t of the chosen path, or of another."""
        if kind and kind != self.kind:
            self.kind = kind
            self.chosen.emit(kind)
        self.t = min(max(t, 0.0), 1.0)
        self.show_handle()
        self.moved.emit(self.t)

    def show_handle(self) -> None:
        """Decode where the handle stands, and show it there."""
        z = self.z()
        if z is not None:
            self._output.rest_at(z, self.rows())
        self.show_pins()

    # Pins --------------------------------------------------------------------------------------

    def roles(self) -> list[Role]:
        """What each pin of the map is."""
        return list(self._roles)

    def show_pins(self) -> None:
        """Put the pins where they lie in the space shown."""
        space, dim = self._scene.space, self._scene.space.plane.latent_dim
        places: list[tuple[Role, np.ndarray, str]] = []
        for place, z in enumerate(self._codes.codes()):
            if z is not None and len(z) == dim:
                places.append((("slot", place), z, LETTERS[place]))
        handle = self.z()  # may be taken off an end, but leaves a way-point to the hand
        if handle is not None and len(handle) == dim:
            places.append((("handle", 0), handle, ""))
        for number, way in enumerate(self._board.value().ways):
            if len(way) == dim:
                z = np.array(way, np.float32)
                places.append((("way", number), z, str(number + 1)))
        before = self._roles
        held = self._plane.active_pin()
        role = before[held] if 0 <= held < len(before) else ("handle", 0)
        self._roles = [role for role, _, _ in places]
        pins = []
        for _, z, label in places:
            x, y = space.to_map(z)
            pins.append(Pin(float(x), float(y), label, space.aside(z)))
        if role not in self._roles:
            role = ("handle", 0)
        active = self._roles.index(role) if role in self._roles else -1
        self._plane.set_pins(pins, active)

    def _role(self, number: int) -> Role:
        return self._roles[number] if 0 <= number < len(self._roles) else ("", 0)

    def _pin_chosen(self, number: int) -> None:
        what, which = self._role(number)
        if what == "slot":
            self.slot_chosen.emit(which)

    def _give_up(self) -> None:
        self._board.give_up()
        self._output.back()

    def _pin_moved(self, number: int, x: float, y: float) -> None:
        what, which = self._role(number)
        if what == "handle":
            xy = self._plane.paths().get(self.kind)
            if xy is not None:
                self.set_t(nearest(xy, x, y)[0])
            return
        z = self._scene.space.to_z(x, y)
        board = self._board.value()
        if what == "slot":
            slot = Slot(self.tr("moved"), code=self._codes.before_truncation(z))
            self._board.preview(board.with_slot(which, slot))
        elif what == "way":
            self._board.preview(board.with_way(which, z))
        self._output.ask(z, ())

    def _pin_dropped(self, number: int, stepped: bool) -> None:
        what, which = self._role(number)
        if what == "slot":
            text = self.tr("Move %1").replace("%1", LETTERS[which])
            self._board.drop(text, text if stepped else "")
        elif what == "way":
            self._board.drop(self.tr("Move a way-point"), str(which) if stepped else "")
        if what != "handle":
            self._output.back()

    def _pin_removed(self, number: int) -> None:
        what, which = self._role(number)
        if what == "slot":
            self._board.clear(which)
        elif what == "way":
            self._board.remove_way(which)

    def _pull(self, kind: str, t: float, x: float, y: float) -> None:
        """Put a way-point into a path where the hand has taken it."""
        path = self._tracer.path(kind)
        if path is not None:
            number = segment(path, self._board.value().ways, t)
            self._board.add_way(number, self._scene.space.to_z(x, y))
            self.show_pins()

    # The pointer -------------------------------------------------------------------------------

    def _peek(self, x: float, y: float) -> None:
        self._plane.set_probe(x, y)
        self._output.ask(self._scene.space.to_z(x, y), ())

    def _leave(self) -> None:
        z = self.z()
        if z is not None and len(z) == self._scene.space.plane.latent_dim:
            x, y = self._scene.space.to_map(z)
            self._plane.set_probe(float(x), float(y))
        self._output.back()

    def _click(self, x: float, y: float) -> None:
        """The handle comes to the nearest place of the path under the hand, or of the chosen; on an
        encoded image, that goes into the chosen slot.
        """
        found = self._plane.path_at(self._plane.to_widget(x, y))
        point = self._plane.point_at(x, y)
        if found is not None:
            self.set_t(found[1], found[0])
        elif point >= 0:
            self.point_clicked(point)
        else:
            xy = self._plane.paths().get(self.kind)
            if xy is not None:
                self.set_t(nearest(xy, x, y)[0])
