"""The cursor that all maps share: where it stands in each, by z, by quantile or by image."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from genstudio.engine.messages import Answer, Failure
from genstudio.ui.panels._compare_link import LINKS, nearest_row, row_of
from genstudio.ui.panels._compare_pane import Pane
from genstudio.ui.panels._compare_readout import Row
from genstudio.ui.panels._compare_together import Frame, Part, Together
from genstudio.ui.panels._manifold_text import figure
from genstudio.ui.session import Session
from genstudio.ui.undo import Change

OFFERED = -1  # the index of an image that is none of the data set


@dataclass(frozen=True)
class Target:
    """A place of the cursor: z (D,), shares of the encodings (2,), or the number of an image."""

    link: str
    values: tuple[float, ...]

    @property
    def index(self) -> int:
        return int(self.values[0])


MIDDLE = Target("quantile", (0.5, 0.5))


class Cursor(QObject):
    """Hover peeks, leaving restores, a click pins; all panes follow in one frame."""

    moved = Signal(object)  # Target shown
    pinned = Signal()

    def __init__(self, session: Session, panes: Mapping[str, Pane], parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._panes = session, panes
        self.together = Together(session, self)
        self.together.shown.connect(self._show)
        self.link = "quantile"
        self.value_rows: Callable[[Pane, tuple[float, float]], Sequence[Row]] = lambda *_: ()
        self.target: Target | None = None
        self.pin: Target | None = None
        self._grabbed: tuple[Target | None] | None = None
        self._hovering = False
        self._image: np.ndarray | None = None  # an offered one
        self._codes: dict[str, tuple[str, np.ndarray]] = {}  # of it, by slot: source, z
        self._frame: Frame | None = None

    def watch(self, pane: Pane) -> None:
        """Follow the hand on the map of `pane`."""
        plane = pane.plane
        plane.peek.connect(partial(self._peek, pane))
        plane.left.connect(self._leave)
        plane.clicked.connect(partial(self._click, pane))
        plane.pin_moved.connect(lambda _n, x, y: self._drag(pane, x, y))
        plane.pin_dropped.connect(lambda _n, _x, _y, x, y: self._drop(pane, x, y))
        plane.pin_stepped.connect(lambda _n, _x, _y, x, y: self._drop(pane, x, y))
        plane.pin_removed.connect(lambda _n: self.set_pin(None))
        pane.changed.connect(self.again)

    # The hand ----------------------------------------------------------------------------------

    def _peek(self, pane: Pane, x: float, y: float) -> None:
        self._hovering = True
        self._go(self.target_at(pane, x, y))

    def _leave(self) -> None:
        self._hovering = False
        self.rest()

    def _click(self, pane: Pane, x: float, y: float) -> None:
        self.set_pin(self.target_at(pane, x, y))

    def _drag(self, pane: Pane, x: float, y: float) -> None:
        if self._grabbed is None:
            self._grabbed = (self.pin,)
        target = self.target_at(pane, x, y)
        if target is not None:
            self.pin = target
            self._go(target)

    def _drop(self, pane: Pane, x: float, y: float) -> None:
        before = self._grabbed[0] if self._grabbed is not None else self.pin
        self._grabbed = None
        self.pin = before
        self.set_pin(self.target_at(pane, x, y))

    def set_pin(self, target: Target | None) -> None:
        """Let the cursor rest at `target`, or nowhere; one entry of the history."""
        if target != self.pin:
            text = self.tr("Pin the cursor")
            self._session.undo.push(Change(text, self.pin, target, self._take))
        elif target is not None:
            self._go(target)

    def _take(self, target: Target | None) -> None:
        """Rest at `target` in its own link."""
        if target is not None:
            self.link = target.link
        self.put_pin(target)

    def put_pin(self, target: Target | None) -> None:
        """The same without an entry."""
        self.pin = target
        self.pinned.emit()
        self._hovering = False
        self.rest()

    def rest(self) -> None:
        """Show the place where the cursor rests: the pin, or the middle."""
        if not self._hovering:
            self._go(self.pin or self.middle())

    def middle(self) -> Target | None:
        """Where the cursor stands when nobody has put it anywhere."""
        first = next((pane for pane in self._panes.values() if pane.source), None)
        if self.link == "quantile" or first is None:
            return MIDDLE if self.link == "quantile" else None
        if self.link == "z":
            return Target("z", (0.0,) * first.dim())
        cloud = first.scene.cloud
        known = cloud is not None and len(cloud.index) > 0
        return Target("image", (float(cloud.index[0]),)) if cloud is not None and known else None

    def again(self) -> None:
        """Panes have changed: the same place in each."""
        target = self.target if self._hovering else self.pin or self.middle()
        if target is not None:
            self._go(target)

    # Links -------------------------------------------------------------------------------------

    def set_link(self, link: str) -> None:
        """Link the maps by "z", "quantile" or "image"; the cursor stays where it is in the first
        map.
        """
        if link == self.link or link not in LINKS:
            return
        first = next((pane for pane in self._panes.values() if pane.source), None)
        at = self._place(first, self.pin) if first is not None and self.pin is not None else None
        self.link = link
        self.together.forget()
        self.pin = None
        self.target = None
        if first is not None and at is not None:
            self.pin = self.target_at(first, *at)
        self.pinned.emit()
        self.rest()

    def target_at(self, pane: Pane, x: float, y: float) -> Target | None:
        """What a place on the map of `pane` stands for; None where that is not known yet."""
        if not pane.source:
            return None
        if self.link == "z":
            return Target("z", _tuple(pane.space.to_z(x, y)))
        xy = pane.space.scale.inverse(np.array([x, y]))
        if self.link == "quantile":
            quantiles = pane.quantiles()
            return None if quantiles is None else Target("quantile", _tuple(quantiles.shares(xy)))
        cloud = pane.scene.cloud
        row = -1 if cloud is None else nearest_row((x, y), pane.space.to_map(cloud.mean))
        return None if row < 0 or cloud is None else Target("image", (float(cloud.index[row]),))

    def _z(self, pane: Pane, target: Target) -> np.ndarray | str:
        """z of the target in a pane, or the sentence that says why there is none."""
        if target.link == "z":
            if len(target.values) != pane.dim():
                text = self.tr(
                    "One z needs as many latent dimensions in each: %1 here, %2 there."
                    " Link by quantile or by image."
                )
                return text.replace("%1", str(pane.dim())).replace("%2", str(len(target.values)))
            return np.array(target.values, np.float32)
        if target.link == "quantile":
            quantiles = pane.quantiles()
            if quantiles is None:
                return self.tr("Encoding images…")
            return pane.space.plane.to_z(quantiles.coordinates(target.values))
        if target.index == OFFERED:
            code = self._codes.get(pane.slot)
            fits = code is not None and code[0] == pane.source
            return code[1] if fits and code is not None else self.tr("Encoding the image…")
        cloud = pane.scene.cloud
        row = -1 if cloud is None else row_of(target.index, cloud.index)
        if row < 0 or cloud is None:
            return self.tr("Encoding images…")
        return np.asarray(cloud.mean[row])

    def _place(self, pane: Pane, target: Target) -> tuple[float, float] | None:
        z = self._z(pane, target)
        if isinstance(z, str):
            return None
        x, y = pane.space.to_map(z)
        return float(x), float(y)

    # An image from outside ---------------------------------------------------------------------

    def offer(self, image: np.ndarray) -> None:
        """Encode `image` (C, H, W) in each model and let the cursor rest there."""
        self._image, self._codes = image, {}
        self.link = "image"
        self.ask_codes()
        self.set_pin(Target("image", (float(OFFERED),)))

    def ask_codes(self) -> None:
        """Encode the offered image in the models that have not done so."""
        if self._image is None:
            return
        for slot, pane in self._panes.items():
            code = self._codes.get(slot)
            if pane.source and (code is None or code[0] != pane.source):
                self._session.ask(
                    self,
                    f"code-{slot}",
                    "latent.encodings:posterior",
                    model=pane.source,
                    then=partial(self._take_code, slot, pane.source),
                    failed=partial(self._code_refused, pane),
                    image=self._image,
                )

    def _take_code(self, slot: str, source: str, answer: Answer) -> None:
        self._codes[slot] = (source, answer.value.mean)
        if self.target is not None and self.target.index == OFFERED:
            self.again()

    def _code_refused(self, pane: Pane, failure: Failure) -> None:
        pane.readout.say(failure.sentence())

    # Frames ------------------------------------------------------------------------------------

    def _go(self, target: Target | None) -> None:
        if target is None or target.link != self.link:
            return
        self.target = target
        parts = []
        for slot, pane in self._panes.items():
            if not pane.source:
                continue
            z = self._z(pane, target)
            if isinstance(z, str):
                pane.readout.say(z)
                continue
            x, y = pane.space.to_map(z)
            parts.append(Part(slot, pane.source, {"z": z}, (float(x), float(y))))
        self.together.ask(parts)

    def _show(self, frame: Frame) -> None:
        """All pictures of a frame, in one painting."""
        self._frame = frame
        for slot, part in frame.parts.items():
            pane = self._panes.get(slot)
            if pane is None or pane.source != part.model:
                continue
            probe = frame.value(slot)
            if probe is None:
                pane.readout.say(frame.failures[slot].sentence(), frame.number)
                continue
            rows = [*self._coordinates(pane, part), *self.value_rows(pane, part.at)]
            pane.show_frame(probe.image, frame.number, part.at, rows)
            pane.put_pin(part.at if self.pin is not None and self.target == self.pin else None)
            self._session.note_picture(pane.readout)
        self.moved.emit(self.target)

    def show_values(self) -> None:
        """The layer has other values: the numbers of the frame in view anew."""
        frame = self._frame
        for slot, part in (frame.parts if frame is not None else {}).items():
            pane = self._panes.get(slot)
            probe = frame.value(slot) if frame is not None else None
            if pane is None or frame is None or probe is None or pane.source != part.model:
                continue
            if pane.readout.sentence():
                continue
            rows = [*self._coordinates(pane, part), *self.value_rows(pane, part.at)]
            pane.readout.show_image(probe.image, frame.number, rows)

    def _coordinates(self, pane: Pane, part: Part) -> list[Row]:
        plane = pane.space.plane
        x, y = plane.to_plane(part.arguments["z"])
        names = [label.split(" ")[0] for label in (plane.label_x, plane.label_y)]
        return [(names[0], figure(float(x))), (names[1], figure(float(y)))]

    # State -------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        pin = self.pin if self.pin is not None and self.pin != _offered() else None
        return {"link": self.link, "pin": None if pin is None else list(pin.values)}

    def restore(self, state: dict[str, Any]) -> None:
        link, pin = state.get("link"), state.get("pin")
        if link in LINKS:
            self.link = link
        good = isinstance(pin, list) and 1 <= len(pin) <= 4096
        if good and all(isinstance(v, (int, float)) and np.isfinite(v) for v in pin):
            wrong = {"quantile": len(pin) != 2, "image": len(pin) != 1 or pin[0] < 0}
            if not wrong.get(self.link, False):
                self.pin = Target(self.link, tuple(float(v) for v in pin))
        self.pinned.emit()
        self.rest()


def _offered() -> Target:
    return Target("image", (float(OFFERED),))


def _tuple(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(v) for v in np.asarray(values, np.float32).reshape(-1))
