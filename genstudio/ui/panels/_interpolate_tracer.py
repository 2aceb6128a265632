"""Three paths through the same points, traced by the model, and how far each frame is from what it
can do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from genstudio.engine.messages import Answer, Failure
from genstudio.ui.session import Priority, Session

if TYPE_CHECKING:
    from genstudio.latent.paths import Path

KINDS = ("lerp", "slerp", "geodesic")
SOON_MS = 40  # between two tracings while a hand drags an end: its own picture comes first
REST_MS = 120  # of a hand that drags an end, before a geodesic is begun
GAPS_AFTER_MS = 500  # of rest, before frames are measured against what the model can do


@dataclass(frozen=True)
class Wish:
    """What the paths go through, and how."""

    source: str = ""
    knots: tuple[tuple[float, ...], ...] = ()
    centre: tuple[float, ...] | None = None  # of slerp; None is the model's own
    frames: int = 33
    even: bool = False
    density: float = 0.0
    data: str = ""
    gaps: bool = True  # whether frames are measured against what the model can do


class Tracer(QObject):
    """Keeps the newest path of each kind; the old ones stand until the new ones come."""

    traced = Signal(str)  # kind: another path, or a sentence why there is none
    gaps_changed = Signal(str)  # kind

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self.wish = Wish()
        self._shown = frozenset(KINDS)
        self._paths: dict[str, Path] = {}
        self._says: dict[str, str] = {}
        self._gaps: dict[str, np.ndarray] = {}
        self._gap_says = ""
        self._slow = False  # a geodesic is on its way
        self._due = False  # a geodesic was to be begun when nobody looked any more
        self._soon = self._timer(SOON_MS, self._ask_quick)
        self._rest = self._timer(REST_MS, self._ask_slow)
        self._gap_rest = self._timer(GAPS_AFTER_MS, self._ask_gaps)

    def _timer(self, after_ms: int, then: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(after_ms)
        timer.timeout.connect(then)  # type: ignore[arg-type]
        return timer

    # What is known -----------------------------------------------------------------------------

    def path(self, kind: str) -> Path | None:
        return self._paths.get(kind)

    def says(self, kind: str) -> str:
        """Why there is no path of this kind, "" where there is one or it is on its way."""
        return self._says.get(kind, "")

    def gaps(self, kind: str) -> np.ndarray | None:
        """How far each frame (F,) is from what the model can do; above 1 is off support."""
        found, path = self._gaps.get(kind), self._paths.get(kind)
        fits = found is not None and path is not None and len(found) == len(path.z)
        return found if fits else None

    def gap_says(self) -> str:
        """Why distances are not measured, or ""."""
        return self._gap_says

    def shown(self) -> tuple[str, ...]:
        return tuple(kind for kind in KINDS if kind in self._shown)

    def waiting(self) -> bool:
        """Whether something is still to be asked for."""
        return any(t.isActive() for t in (self._soon, self._rest, self._gap_rest))

    # What is wanted ----------------------------------------------------------------------------

    def set_shown(self, kinds: frozenset[str]) -> None:
        """Only these kinds are traced."""
        new = kinds - self._shown
        for kind in self._shown - kinds:
            self._session.cancel(self, kind)
            self._session.cancel(self, f"gap {kind}")
        self._shown = kinds
        for kind in KINDS:
            if kind in new:
                self._ask(kind)

    def trace(self, wish: Wish, *, hurry: bool = False, again: bool = False) -> None:
        """Trace what is shown; `hurry` leaves the geodesic until the hand rests. `again` traces
        with new weights, where a geodesic that is on its way is let through.
        """
        if wish == self.wish and not again and (hurry or not self._rest.isActive()):
            return
        if wish.source != self.wish.source or _dim(wish) != _dim(self.wish):
            self._forget()
        self.wish = wish
        self._gap_rest.stop()
        if len(wish.knots) < 2 or not wish.source:
            self._forget()
            for kind in KINDS:
                self.traced.emit(kind)
            return
        if not hurry:
            self._ask_quick()
        elif not self._soon.isActive():
            self._soon.start()
        if again and self._slow:
            return
        if hurry:
            self._session.cancel(self, "geodesic")
            self._rest.start()
        else:
            self._ask_slow()

    def stop(self) -> None:
        """Nobody looks: ask for nothing more."""
        self._due = self._due or self._rest.isActive() or self._soon.isActive()
        self._soon.stop()
        self._rest.stop()
        self._gap_rest.stop()

    def resume(self) -> None:
        """Somebody looks again: ask for what was left."""
        if self._due:
            self._ask_quick()
            self._ask_slow()
        elif self.wish.gaps and self.wish.knots:
            self._gap_rest.start()

    def _forget(self) -> None:
        self.stop()
        self._due = False
        for kind in KINDS:
            self._session.cancel(self, kind)
            self._session.cancel(self, f"gap {kind}")
        self._paths.clear()
        self._says.clear()
        self._gaps.clear()
        self._gap_says = ""
        self._slow = False

    def _ask_quick(self) -> None:
        self._soon.stop()
        for kind in KINDS[:2]:
            self._ask(kind)

    def _ask_slow(self) -> None:
        self._rest.stop()
        self._due = False
        self._ask("geodesic")

    def _ask(self, kind: str) -> None:
        wish = self.wish
        if kind not in self._shown or len(wish.knots) < 2:
            return
        self._slow = self._slow or kind == "geodesic"
        self._session.ask(
            self,
            kind,
            "latent.paths:trace",
            model=wish.source,
            priority=Priority.SHEET if kind == "geodesic" else Priority.PICTURE,
            then=partial(self._take, kind, wish),
            failed=partial(self._refused, kind, wish),
            kind=kind,
            knots=np.array(wish.knots, np.float32),
            frames=max(wish.frames, len(wish.knots)),
            centre=None if wish.centre is None else np.array(wish.centre, np.float32),
            even=wish.even,
            density=wish.density if kind == "geodesic" else 0.0,
            data=wish.data or None,
            seed=self._session.seed,
        )

    # What comes --------------------------------------------------------------------------------

    def _take(self, kind: str, wish: Wish, answer: Answer) -> None:
        if kind == "geodesic" and answer.done:
            self._slow = False
        if answer.value is None:
            return
        if wish.source == self.wish.source:
            self._paths[kind] = answer.value
            self._says.pop(kind, None)
            self._gaps.pop(kind, None)
            self.traced.emit(kind)
        if answer.done and wish == self.wish and wish.gaps:
            self._gap_rest.start()

    def _refused(self, kind: str, wish: Wish, failure: Failure) -> None:
        if kind == "geodesic":
            self._slow = False
        if wish.source == self.wish.source:
            self._paths.pop(kind, None)
            self._gaps.pop(kind, None)
            self._says[kind] = failure.sentence()
            self.traced.emit(kind)

    # How far from what the model can do --------------------------------------------------------

    def _ask_gaps(self) -> None:
        for kind in self.shown():
            path = self._paths.get(kind)
            if path is None or kind in self._gaps:
                continue
            self._session.ask(
                self,
                f"gap {kind}",
                "metrics.bank:distance",
                model=self.wish.source,
                priority=Priority.REPORT,
                then=partial(self._take_gaps, kind, path),
                failed=self._no_gaps,
                data=self.wish.data,
                z=path.z,
            )

    def _take_gaps(self, kind: str, path: Path, answer: Answer) -> None:
        if answer.value is not None and self._paths.get(kind) is path:
            self._gaps[kind] = np.asarray(answer.value)
            self._gap_says = ""
            self.gaps_changed.emit(kind)

    def _no_gaps(self, failure: Failure) -> None:
        self._gap_says = failure.sentence()
        self.gaps_changed.emit("")


def _dim(wish: Wish) -> int:
    return len(wish.knots[0]) if wish.knots else 0


def at(path: Path, t: float) -> np.ndarray:
    """The latent point (D,) at share t in [0, 1] of the frames of a path."""
    last = len(path.z) - 1
    place = min(max(t, 0.0), 1.0) * last
    low = min(int(place), last - 1)
    share = place - low
    return np.asarray((1 - share) * path.z[low] + share * path.z[low + 1], np.float32)


def worst(path: Path, gaps: np.ndarray | None) -> tuple[float, str]:
    """Where a path is at its worst, as a share of its frames, and by what: the frame farthest
    "off" what the model can do, if one is off it, else the largest "jump" between two frames.
    """
    last = len(path.z) - 1
    if gaps is not None and float(gaps.max()) > 1.0:
        return float(int(np.argmax(gaps)) / last), "off"
    return float((path.worst + 0.5) / last), "jump"


def segment(path: Path, ways: tuple[tuple[float, ...], ...], t: float) -> int:
    """How many of the way-points a path has passed at share t of its frames."""
    last = len(path.z) - 1
    passed = 0
    for way in ways:
        distance = np.linalg.norm(path.z - np.array(way, np.float32), axis=1)
        passed += int(np.argmin(distance)) / last < t
    return passed
