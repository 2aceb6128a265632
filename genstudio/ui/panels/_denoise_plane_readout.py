"""What is under the pointer in the plane: place, true density, learned score, nearest particle."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from genstudio.engine.messages import Answer, Failure
from genstudio.ui.panels._denoise_plane_legend import number
from genstudio.ui.panels._denoise_plane_score import Asked
from genstudio.ui.session import Priority, Session


class Readout(QObject):
    """Asks for the numbers at one place; those of an older place are never shown beside it."""

    told = Signal(str)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._model, self._data = "", ""
        self._at: tuple[float, float] | None = None
        self._asked: Asked | None = None
        self._density: float | None = None
        self._score: tuple[float, float] | None = None
        self._particle = ""

    def use(self, model: str, data: str) -> None:
        """Another model."""
        self.leave()
        self._model, self._data, self._asked = model, data, None

    def show(self, asked: Asked) -> None:
        """Another t."""
        if asked != self._asked:
            self._asked = asked
            if self._at is not None:
                self.point(*self._at)

    def name_particle(self, words: str) -> None:
        """What is told of the particle under the pointer."""
        self._particle = words
        self._tell()

    def point(self, x: float, y: float) -> None:
        """The pointer is at (x, y)."""
        self._at, self._density, self._score = (x, y), None, None
        asked = self._asked
        if asked is None or not self._model:
            return
        self._ask("density", "latent.denoise:density", data=self._data, xs=[x], ys=[y])
        if asked.t >= 1:
            self._ask("score", "latent.denoise:score", points=[(x, y)], guidance=asked.guidance)
        self._tell()

    def leave(self) -> None:
        """The pointer has left."""
        for key in ("density", "score"):
            self._session.cancel(self, key)
        self._at = None
        self._tell()

    def _ask(self, key: str, query: str, **arguments: object) -> None:
        assert self._asked is not None
        about = (self._at, self._asked)

        def take(answer: Answer) -> None:
            if about != (self._at, self._asked):
                return
            if key == "density":
                self._density = float(answer.value[0, 0])
            else:
                self._score = tuple(answer.value[0].tolist())
            self._tell()

        self._session.ask(
            self,
            key,
            query,
            model=self._model,
            priority=Priority.POINTER,
            then=take,
            failed=_pass_over,
            t=self._asked.t,
            label=self._asked.label,
            **arguments,
        )

    def _tell(self) -> None:
        if self._at is None:
            hint = self.tr("Click to put a start; drag it and its path follows. Delete removes it.")
            self.told.emit(self._particle or hint)
            return
        x, y = self._at
        parts = [self.tr("({0}, {1})").format(f"{x:.2f}", f"{y:.2f}")]
        if self._density is not None:
            parts.append(self.tr("true density {0}").format(number(self._density)))
        if self._score is not None:
            size = (self._score[0] ** 2 + self._score[1] ** 2) ** 0.5
            parts.append(self.tr("|score| {0}").format(number(size)))
        if self._particle:
            parts.append(self._particle)
        self.told.emit("   ".join(parts))


def _pass_over(_failure: Failure) -> None:
    """The map itself has said why there is no density or score."""
