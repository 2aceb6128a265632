"""Which models are compared: the session's slots A to D, changed as a whole, with undo."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from genstudio.abilities import LATENT, BadInput, Card, has_noise_space
from genstudio.engine import shelf
from genstudio.engine.messages import Failure
from genstudio.ui.session import SLOTS, ModelRef, Session
from genstudio.ui.undo import Change

FEWEST, MOST = 2, len(SLOTS)
PARTNERS = ("ae-mnist-2d", "vae-mnist-2d", "pca-mnist-2d", "ae-mnist-16d", "vae-mnist-16d")

__all__ = ["FEWEST", "MOST", "SLOTS", "Slots", "misfit", "offered", "partner"]


class Slots(QObject):
    """The models in their order. A change of them is one entry of the history."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._moving = False
        session.model_changed.connect(self._model_changed)

    def refs(self) -> dict[str, ModelRef]:
        """The models in view by slot, in order."""
        shown = self._session.slots()
        return {slot: shown[slot] for slot in SLOTS if slot in shown}

    def sources(self) -> tuple[str, ...]:
        return tuple(ref.source for ref in self.refs().values())

    def put(self, sources: Sequence[str], *, silently: bool = False) -> bool:
        """Show these models in slots A, B, ...; False, and nothing changes, when one cannot be had.

        `silently` leaves the history alone.
        """
        before, after = self.sources(), tuple(sources)[:MOST]
        if before == after:
            return True
        if not self._apply(after):
            return False
        if not silently:
            text = self.tr("Compare other models")
            self._session.undo.push(Change(text, before, after, self._bring))
        return True

    def choose(self, slot: str, source: str) -> bool:
        """Another model in one slot."""
        wanted = {name: ref.source for name, ref in self.refs().items()}
        wanted[slot] = source
        return self.put([wanted[name] for name in SLOTS if name in wanted])

    def add(self, source: str = "") -> bool:
        """One more model: `source`, or one that is not there yet."""
        shown = self.sources()
        source = source or partner(shown)
        return bool(source) and len(shown) < MOST and self.put((*shown, source))

    def others(self, n: int) -> tuple[str, ...]:
        """Up to n models worth adding to those shown."""
        shown = self.sources()
        found: list[str] = []
        while len(found) < n and (source := partner((*shown, *found))):
            found.append(source)
        return tuple(found)

    def remove(self, slot: str) -> bool:
        """One model less; those behind it move up."""
        refs = self.refs()
        if len(refs) <= FEWEST or slot not in refs:
            return False
        return self.put([ref.source for name, ref in refs.items() if name != slot])

    def swap(self, slot: str) -> bool:
        """Change places with the next model; the last one with the first."""
        shown = list(self.sources())
        names = list(self.refs())
        if slot not in names or len(shown) < 2:
            return False
        i = names.index(slot)
        j = (i + 1) % len(shown)
        shown[i], shown[j] = shown[j], shown[i]
        return self.put(shown)

    def _bring(self, sources: tuple[str, ...]) -> None:
        if sources != self.sources():  # a push puts once more what is there
            self._apply(sources)

    def _apply(self, sources: Sequence[str]) -> bool:
        before = self.refs()
        self._moving = True
        try:
            for slot, source in zip(SLOTS, sources):
                now = self._session.model(slot)
                if now is None or now.source != source:
                    self._session.show(slot, source)
            for slot in SLOTS[len(sources) :]:
                if self._session.model(slot) is not None:
                    self._session.show(slot, None)
        except BadInput as error:
            for slot in SLOTS:
                ref, now = before.get(slot), self._session.model(slot)
                if (ref.source if ref else None) != (now.source if now else None):
                    self._session.show(slot, ref.source if ref else None)
            self._session.failed.emit(Failure(str(error)))
            return False
        finally:
            self._moving = False
        self.changed.emit()
        return True

    def _model_changed(self, _slot: str) -> None:
        if not self._moving:
            self.changed.emit()


def offered(session: Session) -> list[tuple[str, str, str]]:
    """(group, title, source) of every model that can be compared: "shipped", "run", "file"."""
    jobs = session.jobs().values()
    live = [("run", job.name, f"live:{job.run}") for job in jobs if job.card and not job.state.over]
    busy = {job.folder for job in jobs if job.card and job.folder and not job.state.over}
    rows = [(e.kind, e.title, e.source) for e in shelf.entries() if e.path not in busy]
    order = {"shipped": 0, "run": 1, "file": 2}
    return sorted([*live, *rows], key=lambda row: order[row[0]])


def partner(shown: Sequence[str]) -> str:
    """A shipped model worth comparing with those shown, "" where there is none."""
    there = [entry.source for entry in shelf.shipped()]
    names = [*(name for name in PARTNERS if name in there), *there]
    return next((name for name in names if name not in shown), "")


def misfit(card: Card, first: Card) -> str:
    """Why a model has no map beside the first one; "" where it has."""
    if LATENT not in card.abilities or not card.latent_dim:
        return (
            f"{card.name} does not encode images, so it has no map. Choose an autoencoder or a VAE."
        )
    if has_noise_space(card):
        return (
            f"The codes of {card.name} are noise, which one cursor does not share with the codes of"
            " others. Look at it in Manifold, or measure it with genstudio compare."
        )
    if len(card.shape) != 3:
        return f"{card.name} makes points, and maps show images. Choose a model of images."
    if tuple(card.shape) != tuple(first.shape):
        return (
            f"{card.name} makes images of {_size(card.shape)}, {first.name} of "
            f"{_size(first.shape)}. Choose a model of that size."
        )
    if _learned(card) and _learned(first) and _learned(card) != _learned(first):
        return (
            f"{card.name} learned {card.data}, {first.name} learned {first.data}, and one cursor "
            "over both says nothing. Choose a model of the same data."
        )
    if card.latent_dim < 2:
        return f"A map needs two latent dimensions, {card.name} has one. Choose another model."
    return ""


def _learned(card: Card) -> str:
    return card.data.partition(":")[0]


def _size(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))
