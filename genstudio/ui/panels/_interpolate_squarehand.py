"""The square of four: its map, its cells, and the handle inside it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget

from genstudio.engine.messages import Failure
from genstudio.latent.plane import Float
from genstudio.latent.scale import Linear
from genstudio.ui.panels._interpolate_board import LETTERS
from genstudio.ui.panels._interpolate_output import Output
from genstudio.ui.panels._interpolate_square import BOUNDS, CORNERS, HOME, Square, inside, marks
from genstudio.ui.panels._manifold_rows import Row
from genstudio.ui.panels._manifold_text import figure
from genstudio.ui.panels._map_scene import Scene, Subset
from genstudio.ui.panels._map_space import Space
from genstudio.ui.session import ModelRef, Session
from genstudio.ui.widgets.banner import EmptyState
from genstudio.ui.widgets.latent_plane import LatentPlane, Pin


class SquareView(QStackedWidget):
    """Decoded mixtures of A, B, C and D; a handle at (u, v), which a drag or a click moves."""

    moved = Signal()
    fill_wanted = Signal()

    def __init__(self, session: Session, output: Output) -> None:
        super().__init__()
        self._output = output
        self.plane = LatentPlane()
        self.plane.setAccessibleName(self.tr("Square between four images"))
        self.plane.set_home(HOME, BOUNDS)
        self.plane.set_view(HOME)
        self.plane.set_axes((self.tr("from A to B"), self.tr("from C to A")), marks)
        self.scene = Scene(session, self.plane)
        self.scene.set_subset(Subset("test", 0))
        self.empty = EmptyState(icon="interpolate")
        self.empty.pressed.connect(self.fill_wanted)
        self.addWidget(self.plane)
        self.addWidget(self.empty)
        self.u, self.v = 0.5, 0.5
        self._square: Square | None = None
        self.plane.peek.connect(lambda x, y: self._look(*inside(x, y)))
        self.plane.left.connect(output.back)
        self.plane.clicked.connect(self._go)
        self.plane.pin_moved.connect(self._pin_moved)
        self.scene.sheet_failed.connect(self._refused)

    def square(self) -> Square | None:
        return self._square

    def z(self) -> np.ndarray | None:
        """The latent point of the handle."""
        return self._square.to_z((self.u, 1 - self.v)) if self._square is not None else None

    def show_square(self, ref: ModelRef | None, source: str, codes: list[Float | None]) -> None:
        """The square of these codes under this model; a sentence where one is missing."""
        missing = [letter for letter, z in zip(LETTERS, codes, strict=True) if z is None]
        if ref is None or missing:
            self._square = None
            self.scene.show(None, "", self.scene.space, keep=False)
            self._say(missing)
            return
        corners = np.array(codes, np.float32)
        same = self._square is not None and self.scene.source == source
        if same and np.array_equal(self._square.corners, corners):  # type: ignore[union-attr]
            return
        self._square = Square(corners)
        space = Space(self._square, Linear())  # type: ignore[arg-type]
        self.setCurrentWidget(self.plane)
        self.plane.set_image_size(ref.card.shape[1], ref.card.shape[2])
        if same:
            self.scene.move_plane(space)
        else:
            self.scene.show(ref, source, space, keep=False)
        self.show_handle()

    def again(self) -> None:
        """The same square with the weights there are now."""
        self.scene.refresh()

    def _say(self, missing: list[str]) -> None:
        text = self.tr("The square needs four images, and %1 is still empty.")
        if len(missing) > 1:
            text = self.tr("The square needs four images, and %1 are still empty.")
        self.empty.set_text(text.replace("%1", ", ".join(missing)))
        self.empty.set_button(self.tr("Fill with test images"))
        self.setCurrentWidget(self.empty)

    def _refused(self, failure: Failure) -> None:
        self.empty.set_text(failure.sentence())
        self.empty.set_button("")
        self.setCurrentWidget(self.empty)

    # The handle --------------------------------------------------------------------------------

    def set_uv(self, u: float, v: float) -> None:
        """Put the handle at (u, v) in the unit square, v downwards."""
        self.u, self.v = inside(u, v)
        self.show_handle()
        self.moved.emit()

    def show_handle(self) -> None:
        """Decode where the handle stands, and show it there."""
        z = self.z()
        if z is None:
            return
        self._output.rest_at(z, self.rows(self.u, self.v))
        pins = [Pin(x, y, letter) for (x, y), letter in zip(CORNERS, LETTERS, strict=True)]
        self.plane.set_pins([*pins, Pin(self.u, 1 - self.v)], len(pins))

    def rows(self, u: float, v: float) -> tuple[Row, ...]:
        """How much of each corner is in the mixture."""
        shares = ((1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v)
        return tuple((name, figure(share)) for name, share in zip(LETTERS, shares, strict=True))

    def _look(self, x: float, y: float) -> None:
        if self._square is not None:
            self._output.ask(self._square.to_z((x, y)), self.rows(x, 1 - y))
            self.plane.set_probe(x, y)

    def _go(self, x: float, y: float) -> None:
        x, y = inside(x, y)
        self.set_uv(x, 1 - y)

    def _pin_moved(self, number: int, x: float, y: float) -> None:
        if number == len(LETTERS):
            self._go(x, y)
        else:
            self.show_handle()  # corners stay
