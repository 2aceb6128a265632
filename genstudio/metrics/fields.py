"""Layers over a map: one number at each point of a latent plane, coarse first, then finer.

| name | what |
|---|---|
| gap | distance of the decoded picture to what the model can do, in units of the threshold (`bank`); above 1 is off support |
| density | log10 of the k-nearest-neighbour density of the encodings, per latent unit to the power D |
| volume | log10 sqrt(det J'J) of the decoder: pixel volume of a unit cube of codes |
| cycle | distance of enc(dec z) from z, in latent units |
| label | which digit the judge sees, 0 to 9 |
| entropy | of the judge's probabilities, in nats, 0 to ln 10 |

Label and entropy never stand alone: a classifier is often sure of garbage.
"""  # noqa: E501

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from genstudio.abilities import BadInput
from genstudio.data import Dataset
from genstudio.latent import metric
from genstudio.latent._decode import latent_batch
from genstudio.latent.encodings import opened, split_of
from genstudio.latent.plane import Plane, on_shell
from genstudio.metrics import _memo, bank, judge
from genstudio.metrics._judge_net import SHAPE
from genstudio.metrics._targets import evaluating
from genstudio.metrics.evaluate import Progress

MAX_CELLS = 1 << 16
COARSEST = 8  # the first grid has one cell for 8 x 8 of the last
PIECE_S = 0.012  # a piece of work after which a newer ask may take over
MIN_CHUNK, MAX_CHUNK = 32, 4096  # cells of one call; some layers cost as much for one as for 32
N_ENCODINGS = 4000  # draws of q(z | x) that the density is of
NEIGHBOURS = 10

Function = Callable[[Tensor], Tensor]  # z (N, D) to values (N,)

_seconds: WeakKeyDictionary[Any, dict[str, float]] = WeakKeyDictionary()  # of one cell


@dataclass(frozen=True, eq=False)
class Field:
    """Values (rows, cols) float32 at the plane's points (xs[c], ys[r]); NaN where there is none.

    A coarse field repeats the nearest cell that stands; `done` is the share that stand at their
    own place, 1 in the last field.
    """

    name: str
    values: np.ndarray
    done: float = 1.0


def field(
    model: Any,
    name: str,
    plane: Plane,
    xs: ArrayLike,
    ys: ArrayLike,
    shell: float | None = None,
    data: str | Dataset | None = None,
) -> Generator[Field | None, None, Field]:
    """Query: the layer `name` of NAMES over a rectangle of a plane, ever finer; the last is whole.

    xs (cols,) and ys (rows,) are plane coordinates in latent units; `shell` moves each z to that
    norm. `data` is what "gap" and "density" compare with. Yields None, nothing to show, while the
    model's bank or encodings are prepared; that is done once for each model.

    Raises: BadInput for another name, or a layer that is not defined for this model or data.
    """
    if name not in NAMES:
        raise BadInput(f"There is no layer {name!r}. Choose one of: {', '.join(NAMES)}.")
    columns = np.asarray(xs, np.float32).reshape(-1)
    rows = np.asarray(ys, np.float32).reshape(-1)
    if not 0 < len(columns) * len(rows) <= MAX_CELLS:
        raise BadInput(
            f"A layer has between 1 and {MAX_CELLS} cells, got {len(rows)} x {len(columns)}."
        )
    points = np.empty((len(rows), len(columns), 2), np.float32)
    points[..., 0], points[..., 1] = columns, rows[:, None]
    z = plane.to_z(points.reshape(-1, 2))
    batch = latent_batch(model, z if shell is None else on_shell(z, shell))
    function = yield from NAMES[name](model, data)
    return (yield from _refined(model, name, function, batch, (len(rows), len(columns))))


def _refined(
    model: Any, name: str, function: Function, z: Tensor, shape: tuple[int, int]
) -> Generator[Field | None, None, Field]:
    """Fields of ever finer grids over z (rows * cols, D)."""
    values = np.full(shape[0] * shape[1], np.nan, np.float32)
    known = np.zeros(values.shape, bool)
    shown: np.ndarray | None = None
    for nearest in _grids(shape):
        todo = torch.from_numpy(np.setdiff1d(nearest, np.flatnonzero(known)))
        while len(todo):
            index, todo = todo.tensor_split([_chunk(model, name)])
            begun = time.perf_counter()
            with evaluating(model):
                part = function(z[index.to(z.device)]).float().cpu().numpy()
            _note_speed(model, name, len(index), begun)
            place = index.numpy()
            values[place] = np.where(np.isfinite(part), part, np.nan)
            known[place] = True
            if shown is None and len(todo):
                yield None  # the first grid is shown as a whole
                continue
            stands = known[nearest]
            shown = np.where(stands, values[nearest], values[0] if shown is None else shown)
            yield Field(name, _locked(shown.reshape(shape)), float(known.mean()))
    return Field(name, _locked(values.reshape(shape)), 1.0)


def _grids(shape: tuple[int, int]) -> list[np.ndarray]:
    """For each grid, coarse to fine: which of its cells is nearest to each cell, flat (cells,)."""
    grids, step = [], COARSEST
    while step >= 1:
        if step == 1 or max(shape) > step:
            row, column = (_on_grid(n, step) for n in shape)
            grids.append((row[:, None] * shape[1] + column).reshape(-1))
        step //= 2
    return grids


def _on_grid(n: int, step: int) -> np.ndarray:
    """The cell in the middle of the block of `step` cells that each of n cells is in, (n,)."""
    start = np.arange(n) // step * step
    return np.minimum(start + step // 2, n - 1)


def _locked(values: np.ndarray) -> np.ndarray:
    array = np.asarray(values, np.float32)
    array.setflags(write=False)
    return array


def _chunk(model: Any, name: str) -> int:
    seconds = _seconds.get(model, {}).get(name)
    if seconds is None:
        return MIN_CHUNK
    return max(MIN_CHUNK, min(MAX_CHUNK, int(PIECE_S / seconds)))


def _note_speed(model: Any, name: str, n: int, begun: float) -> None:
    if n < MIN_CHUNK // 2:
        return
    now = (time.perf_counter() - begun) / n
    speeds = _seconds.setdefault(model, {})
    before = speeds.get(name)
    speeds[name] = now if before is None or now < before else 0.9 * before + 0.1 * now


# The layers -------------------------------------------------------------------------------------

Begin = Generator[None, None, Function]


def _gap(model: Any, data: str | Dataset | None) -> Begin:
    dataset = bank.check(model, data)
    own = yield from bank.quietly(bank.build(model, dataset))
    return lambda z: own.ratio(judge.features(model.decode(z).cpu()))


def _density(model: Any, data: str | Dataset | None) -> Begin:
    if data is None or data == "":
        raise BadInput("The density is that of encoded images, and no data are given. Choose data.")
    if not bank.has_encoder(model):
        raise BadInput("The density is that of encoded images. Choose a model with an encoder.")
    dataset = yield from opened(data)
    codes = yield from bank.quietly(encodings(model, dataset))
    return lambda z: knn_log_density(z.cpu(), codes) / math.log(10)


def _volume(model: Any, data: str | Dataset | None) -> Begin:
    yield None
    return lambda z: metric.log_volume(model, z) / math.log(10)


def _cycle(model: Any, data: str | Dataset | None) -> Begin:
    reason = cycle_undefined(model)
    if reason:
        raise BadInput(reason)
    yield None
    return lambda z: (model.encode(model.decode(z)).mean - z).norm(dim=1)


def _label(model: Any, data: str | Dataset | None) -> Begin:
    _only_digits(model, data)
    yield None
    return lambda z: judge.classify(model.decode(z).cpu()).argmax(1)


def _entropy(model: Any, data: str | Dataset | None) -> Begin:
    _only_digits(model, data)
    yield None
    return lambda z: torch.special.entr(judge.classify(model.decode(z).cpu())).sum(1)


NAMES: dict[str, Callable[[Any, str | Dataset | None], Begin]] = {
    "gap": _gap,
    "density": _density,
    "volume": _volume,
    "cycle": _cycle,
    "label": _label,
    "entropy": _entropy,
}


def _only_digits(model: Any, data: str | Dataset | None) -> None:
    if tuple(model.shape) != SHAPE:
        raise BadInput("The judge names digits of 1 x 28 x 28 only. Choose a model of MNIST.")
    name = data if isinstance(data, str) else "" if data is None else data.name
    if name not in ("", "mnist"):
        raise BadInput(f"The judge names digits, and {name} has none. Choose another layer.")


def cycle_undefined(model: Any) -> str:
    """One sentence why enc(dec z) - z says nothing about this model; empty where it does."""
    if not bank.has_encoder(model):
        return "Cycle error is not defined without an encoder. Choose another layer."
    if model.family == "pca":
        return "Cycle error is not defined for PCA: encoding undoes decoding by construction."
    if getattr(model.config, "reconstruction_weight", 1.0) == 0:
        return (
            "Cycle error is not defined for a model trained by the KL alone: its codes say nothing."
        )
    if "layers" in model.abilities:
        return "Cycle error is not defined for a flow: encoding undoes decoding exactly."
    return ""


def encodings(model: Any, dataset: Dataset) -> _memo.Work[Tensor]:
    """One draw of q(z | x) for each of 4,000 training images, (M, D); kept for each model."""
    if tuple(dataset.shape) != tuple(model.shape):
        raise BadInput(
            f"{dataset.title} has the shape {tuple(dataset.shape)}, this model "
            f"{tuple(model.shape)}. Choose data that fit."
        )
    return _memo.once(model, ("codes", dataset.name), lambda: _encode(model, dataset), dataset)


def _encode(model: Any, dataset: Dataset) -> Generator[Progress, None, Tensor]:
    split = split_of(dataset, "train")
    index = bank.interleaved(len(split), N_ENCODINGS)
    rng = torch.Generator(model.device).manual_seed(bank.SEED)
    parts: list[Tensor] = []
    for rows in index.split(bank.CHUNK):
        with evaluating(model):
            parts.append(model.encode(split.batch(rows).to(model.device)).sample(rng).cpu())
        yield Progress(len(parts) * len(parts[0]), len(index), "encodings")
    return torch.cat(parts)


def knn_log_density(z: Tensor, codes: Tensor, k: int = NEIGHBOURS) -> Tensor:
    """log of k / (M V_D r^D) at z (N, D), r the distance to the k-th nearest of codes (M, D): (N,).

    V_D is the volume of the unit ball. Source: Loftsgaarden & Quesenberry 1965.
    """
    k, dim = min(k, len(codes)), codes.shape[1]
    middle = codes.mean(0)  # about it, so that a matrix product loses little of a small distance
    distances = torch.cdist(z - middle, codes - middle)  # (N, M)
    r = distances.topk(k, largest=False).values[:, -1].clamp(min=1e-12)  # (N,)
    log_ball = 0.5 * dim * math.log(math.pi) - math.lgamma(0.5 * dim + 1)
    return math.log(k / len(codes)) - log_ball - dim * r.log()
