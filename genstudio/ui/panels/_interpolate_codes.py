"""The code of each slot under the model shown: found, encoded or decoded, one ask for each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from weakref import WeakKeyDictionary

import numpy as np
from PySide6.QtCore import QObject, Signal

from genstudio.engine.messages import Answer, Failure
from genstudio.latent.plane import Float
from genstudio.ui.panels._interpolate_board import LETTERS, Board, Slot
from genstudio.ui.session import Priority, Session


@dataclass(eq=False)
class Known:
    """What is known of a slot; `says` is why it has no code, as one sentence."""

    slot: Slot | None = None
    image: np.ndarray | None = None  # (C, H, W), what was handed in
    code: np.ndarray | None = None  # (D,)
    picture: np.ndarray | None = None  # (C, H, W), what the model makes of the code
    title: str = ""
    says: str = ""


class Codes(QObject):
    """Keeps image, code and picture of the four slots, for one model at a time."""

    changed = Signal(int)  # place: another image, code, picture or sentence
    coded = Signal()  # another code, or none

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._source, self._dim = "", 0
        self._psi, self._centre = 1.0, np.zeros(0, np.float32)
        self._known = [Known() for _ in LETTERS]
        self._kept: WeakKeyDictionary[Slot, tuple[np.ndarray, str]] = WeakKeyDictionary()

    def at(self, place: int) -> Known:
        return self._known[place]

    def code(self, place: int) -> Float | None:
        """The code (D,) of a slot as paths use it: truncated where that is asked for."""
        code = self._known[place].code
        if code is None or len(code) != self._dim:
            return None
        if self._psi == 1.0 or len(self._centre) != self._dim:
            return code
        return truncated(code, self._psi, self._centre)

    def codes(self) -> list[Float | None]:
        return [self.code(place) for place in range(len(LETTERS))]

    def before_truncation(self, z: np.ndarray) -> Float:
        """The code that truncation turns into z."""
        if self._psi in (0.0, 1.0) or len(self._centre) != len(z):
            return np.asarray(z, np.float32)
        return truncated(z, 1.0 / self._psi, self._centre)

    # What is asked for -------------------------------------------------------------------------

    def use(self, source: str, dim: int) -> None:
        """Another model: every slot is encoded by it."""
        self._source, self._dim = source, dim
        self.again()

    def set_truncation(self, psi: float, centre: np.ndarray) -> None:
        """Draw every code towards `centre` (D,): 1 leaves it, 0 puts it there."""
        if psi != self._psi or not np.array_equal(centre, self._centre):
            self._psi, self._centre = psi, centre
            self.coded.emit()

    def take(self, board: Board) -> None:
        """The slots as they are now; those that are others are asked for."""
        news = [p for p, slot in enumerate(board.slots) if slot is not self._known[p].slot]
        moved = False
        for place in news:
            slot, before = board.slots[place], self._known[place]
            self._session.cancel(self, f"slot {place}")
            self._known[place] = known = Known(slot)
            if slot is not None and slot.code is not None:
                known.code, known.title = slot.code, slot.title
                known.picture = before.picture  # until its own has come
            moved = True
            self._ask(place)
            self.changed.emit(place)
        if moved:
            self.coded.emit()

    def again(self) -> None:
        """All slots anew, with the weights there are now; the old codes stand until then."""
        for place in range(len(LETTERS)):
            self._ask(place)

    def _ask(self, place: int) -> None:
        known = self._known[place]
        slot = known.slot
        if slot is None or not self._source:
            return
        kept = self._kept.get(slot)
        if kept is not None:
            known.image, known.title = kept
        elif slot.image is not None:
            known.image, known.title = slot.image, slot.title
        if slot.code is not None and len(slot.code) == self._dim:
            known.code = slot.code
            self._send(place, "latent.probe:decode", self._decoded, z=slot.code)
        elif known.image is not None:
            self._send(place, "latent.encodings:posterior", self._encoded, image=known.image)
        elif slot.index is not None:
            self._session.ask(
                self,
                f"slot {place}",
                "latent.pictures:pick",
                model="",
                then=partial(self._picked, place, slot),
                failed=partial(self._refused, place, slot),
                data=slot.data,
                split=slot.split,
                index=slot.index,
            )
        else:
            sentence = self.tr("This point belongs to another latent space. Fill the slot anew.")
            self._refused(place, slot, Failure(sentence))

    def _send(self, place: int, query: str, then: object, **arguments: np.ndarray) -> None:
        slot = self._known[place].slot
        self._session.ask(
            self,
            f"slot {place}",
            query,
            model=self._source,
            priority=Priority.PICTURE,
            then=partial(then, place, slot),  # type: ignore[arg-type]
            failed=partial(self._refused, place, slot),
            **arguments,
        )

    # What comes --------------------------------------------------------------------------------

    def _picked(self, place: int, slot: Slot, answer: Answer) -> None:
        got = answer.value
        title = f"{got.split} {got.index:,}"
        if got.name:
            title = f"{title} · {got.name}"
        self._kept[slot] = (got.image, title)
        if self._known[place].slot is slot:
            self._ask(place)

    def _encoded(self, place: int, slot: Slot, answer: Answer) -> None:
        got = answer.value
        self._kept[slot] = (got.image, self._known[place].title)
        self._put(place, slot, got.mean, got.reconstruction)

    def _decoded(self, place: int, slot: Slot, answer: Answer) -> None:
        got = answer.value
        self._kept[slot] = (got.image, slot.title)
        known = self._known[place]
        if known.slot is slot:
            known.image, known.picture, known.says = got.image, got.image, ""
            self.changed.emit(place)

    def _put(self, place: int, slot: Slot, code: np.ndarray, picture: np.ndarray) -> None:
        known = self._known[place]
        if known.slot is not slot:
            return
        known.code, known.picture, known.says = code, picture, ""
        self.changed.emit(place)
        self.coded.emit()

    def _refused(self, place: int, slot: Slot, failure: Failure) -> None:
        known = self._known[place]
        if known.slot is slot:
            known.code = known.picture = None
            known.says = failure.sentence()
            self.changed.emit(place)
            self.coded.emit()


def truncated(z: np.ndarray, psi: float, centre: np.ndarray) -> Float:
    """Towards the centre, float32 (D,); what has a code has torch, so nothing waits here."""
    from genstudio.latent.arithmetic import truncate

    return truncate(z, psi, centre)
