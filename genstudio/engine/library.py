"""Models by name: opened from the shelf or a file, checked before anything is believed, kept for
the ask lane.
"""

from __future__ import annotations

import copy
import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genstudio import paths
from genstudio.abilities import BadInput, Card
from genstudio.engine import runs, shelf, weights_file
from genstudio.engine.asks import NotYet
from genstudio.engine.memory import keep_freed_memory

if TYPE_CHECKING:
    import torch

    from genstudio.engine.live import LiveWeights
    from genstudio.models import Model

MAX_KEPT = 32
LOOK_AGAIN_S = 0.5  # how long a file counts as unchanged: a moving pointer asks hundreds of times
MAX_KEPT_NUMBERS = 200_000_000  # 800 MB of float32 in all models kept


def weights() -> dict[str, Card]:
    """The card of every shipped model by name; the judge, a measuring tool, is not among them."""
    return {entry.source: entry.card for entry in shelf.shipped()}


def resolve(source: str) -> Path:
    """The weights file of `source`: a shipped name, a run folder or a weights file.

    Raises: BadInput when there is none.
    """
    path = shelf.find(source)
    if path is None:
        raise shelf.unknown(source)
    if path.is_dir():
        path = path / runs.MODEL
        if not path.is_file():
            raise BadInput(
                f"{path.parent} holds no {runs.MODEL}. Choose a run that has saved a checkpoint."
            )
    return path


def describe(source: str) -> Card:
    """The card of `source`; where it has none, what its weights file says of itself. No torch.

    Raises: BadInput.
    """
    path = resolve(source)
    beside = shelf.find(source)
    if beside is not None and beside.is_dir() and (beside / runs.CARD).is_file():
        return Card.read(beside / runs.CARD)
    return _card(path)


def _card(path: Path) -> Card:
    header, _ = weights_file.read_header(path)
    return Card(
        name=path.stem[:200],
        family=header.family,
        title=header.title,
        abilities=header.abilities,
        shape=header.shape,
        latent_dim=header.latent_dim,
        data=header.data,
        config=header.config,
        seed=header.seed,
    )


def describe_weights(model: None, source: str) -> Card:
    """The card of a weights file or run folder from elsewhere, which is loaded to check it whole.

    A query of the ask lane.

    Raises: BadInput.
    """
    loaded = load(source)
    card = describe(source)
    return card.model_copy(
        update={
            "family": loaded.family,
            "abilities": loaded.abilities,
            "shape": loaded.shape,
            "latent_dim": loaded.latent_dim,
            "config": loaded.config.model_dump(mode="json"),
            "n_parameters": loaded.n_parameters(),
        }
    )


def load(source: str | Path, device: str | torch.device = "cpu") -> Model:
    """The model `source` (a shipped name, a run folder or a weights file), in eval mode.

    Raises: BadInput when there is none, or its file is damaged, hostile, does not fit its model or
    holds numbers that are not finite.
    """
    keep_freed_memory()
    path = resolve(str(source))
    _check_shipped(str(source), path)
    return weights_file.load(path, device)


def _check_shipped(source: str, path: Path) -> None:
    """Shipped weights must be those that their card was made for."""
    folder = path.parent
    if folder.parent != paths.weights() or source != folder.name:
        return
    wanted = Card.read(folder / runs.CARD).sha256
    if wanted and hashlib.sha256(path.read_bytes()).hexdigest() != wanted:
        raise BadInput(
            f"The weights of {source} are not those that it was shipped with. Install GenStudio "
            "again."
        )


@dataclass(frozen=True)
class _Kept:
    """A model from a file, what the file was, and when to look whether it still is."""

    stamp: tuple[int, int]  # mtime_ns, size
    model: Model
    due: float  # time.monotonic()


class Store:
    """The ask lane's models by name: any source, or "live:RUN" for a copy of a model in training.

    Files are opened anew when they change; the least recently used are dropped. Only one thread
    calls it.
    """

    def __init__(self, device: str | torch.device = "cpu") -> None:
        self._device = device
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._live: dict[str, tuple[Model, int]] = {}

    def get(self, name: str) -> Model:
        """The model `name`, ready for questions.

        Raises: BadInput when it cannot be had; NotYet for a live one that was not published.
        """
        if name in self._live:
            return self._live[name][0]
        if name.startswith("live:"):
            raise NotYet(name)
        kept = self._kept.get(name)
        if kept is not None and time.monotonic() < kept.due:
            self._kept.move_to_end(name)
            return kept.model
        path = resolve(name)
        status = path.stat()
        stamp = (status.st_mtime_ns, status.st_size)
        model = kept.model if kept is not None and kept.stamp == stamp else None
        if model is None:
            model = load(name, self._device)
        self._kept[name] = _Kept(stamp, model, time.monotonic() + LOOK_AGAIN_S)
        self._kept.move_to_end(name)
        self._drop()
        return model

    def _drop(self) -> None:
        def numbers() -> int:
            return sum(kept.model.n_parameters() for kept in self._kept.values())

        while len(self._kept) > 1 and (len(self._kept) > MAX_KEPT or numbers() > MAX_KEPT_NUMBERS):
            self._kept.popitem(last=False)

    def publish(self, name: str, weights: LiveWeights, step: int, *, in_use: bool = False) -> None:
        """Bring the copy of a model in training to the weights of `step`.

        A copy that is `in_use` by an answer under way is left to it, and another takes its place.
        """
        import torch

        from genstudio.engine.device import settle
        from genstudio.models import family

        held = self._live.get(name)
        if held is not None and in_use and _fits(held[0], weights):
            model = copy.deepcopy(held[0])
        elif held is None or not _fits(held[0], weights):
            built = family(weights.family).build(weights.shape, weights.config)
            model = settle(built, self._device)
        else:
            model = held[0]
        model.config = weights.config
        with torch.no_grad():
            for key, value in model.state_dict().items():
                value.copy_(weights.tensors[key])
        self._live[name] = (model, step)

    def step(self, name: str) -> int | None:
        """The training step of a live model's weights; None for any other."""
        held = self._live.get(name)
        return None if held is None else held[1]

    def forget(self, name: str) -> None:
        """Drop `name`; asking for it again loads it again."""
        self._kept.pop(name, None)
        self._live.pop(name, None)


def _fits(model: Any, weights: LiveWeights) -> bool:
    """Whether `model` has the net of `weights`."""
    if model.family != weights.family or model.shape != tuple(weights.shape):
        return False
    own = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    return own == {name: tuple(value.shape) for name, value in weights.tensors.items()}
