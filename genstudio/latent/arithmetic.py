"""Arithmetic with codes: class means and their differences, analogies, traversals, truncation."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from genstudio.abilities import BadInput
from genstudio.data import Dataset
from genstudio.latent import _frames
from genstudio.latent._decode import latent_batch
from genstudio.latent.encodings import Encodings, opened, whole
from genstudio.latent.sheet import mosaic

N_ENCODED = 5000  # images whose encodings are averaged
MAX_ROWS = 64  # of a traversal table


@dataclass(frozen=True, eq=False)
class ClassMeans:
    """The mean code of each class, NaN where none of its images was seen."""

    means: np.ndarray  # float32 (K, D)
    counts: np.ndarray  # int64 (K,)
    names: tuple[str, ...]

    def direction(self, a: int, b: int) -> np.ndarray:
        """The code (D,) that leads from the mean of class a to that of class b."""
        return np.asarray(self.means[b] - self.means[a])


@dataclass(frozen=True, eq=False)
class Traversal:
    """Row r of the table moves dimension `order[r]` alone, from left to right.

    `weight` (D,) says how much each dimension carries, in `unit`: the mean KL from the prior in
    nats where the encoder has a spread, else the variance of the codes. `order` sorts it, largest
    first. Column c stands at `values[r, c]`.
    """

    mosaic: np.ndarray  # uint8 (rows * H, columns * W) or (..., 3)
    order: np.ndarray  # int64 (rows,)
    weight: np.ndarray  # float32 (D,)
    unit: str  # "nats" or "variance"
    values: np.ndarray  # float32 (rows, columns)


def class_means(
    model: Any, data: str | Dataset, split: str = "train", limit: int = N_ENCODED
) -> Generator[ClassMeans | None, None, ClassMeans]:
    """Query: the mean code of each class over `limit` images in a fixed random order.

    The yields before the result carry nothing.

    Raises: BadInput when the data have fewer than two classes or another shape than the model.
    """
    dataset = yield from opened(data)
    if len(dataset.classes) < 2:
        got = "one class" if dataset.classes else "no classes"
        raise BadInput(
            f"Directions between classes need two classes or more, and {dataset.title} has {got}. "
            "Choose other data."
        )
    encoded = yield from whole(model, dataset, split, limit)
    k = len(dataset.classes)
    sums = np.zeros((k, encoded.mean.shape[1]))
    known = (encoded.labels >= 0) & (encoded.labels < k)
    np.add.at(sums, encoded.labels[known], encoded.mean[known])
    counts = np.bincount(encoded.labels[known], minlength=k)
    shares = np.where(counts > 0, counts, np.nan)[:, None]
    result = ClassMeans(
        (sums / shares).astype(np.float32), counts.astype(np.int64), tuple(dataset.classes)
    )
    yield result
    return result


def analogy(a: ArrayLike, b: ArrayLike, c: ArrayLike) -> np.ndarray:
    """a - b + c: what leads from b to a, added to c; codes (D,), float32."""
    a, b, c = (np.asarray(code, np.float64) for code in (a, b, c))
    return np.asarray(a - b + c, np.float32)


def truncate(z: ArrayLike, psi: float, centre: ArrayLike | None = None) -> np.ndarray:
    """centre + psi (z - centre), float32 (..., D): towards the centre for psi below 1.

    The centre is 0 unless given. Source: Karras et al. 2019, section B (truncation trick in W).
    """
    code = np.asarray(z, np.float64)
    middle = np.zeros(code.shape[-1]) if centre is None else np.asarray(centre, np.float64)
    return np.asarray(middle + psi * (code - middle), np.float32)


def traversal(
    model: Any,
    z: ArrayLike,
    data: str | Dataset,
    split: str = "train",
    limit: int = N_ENCODED,
    columns: int = 9,
    reach: float = 3.0,
) -> Generator[Traversal | None, None, Traversal]:
    """Query: what each dimension does at z (D,), the one that carries most in the first row.

    A row runs over the mean of its dimension plus and minus `reach` standard deviations of the
    encodings; at most `MAX_ROWS` rows are shown. The yields before the result carry nothing.

    Raises: BadInput when z or the data do not fit the model, or there is nothing to run over.
    """
    point = latent_batch(model, z)[0].cpu().numpy()
    if columns < 2 or not 0.0 < reach < np.inf:
        raise BadInput(
            f"A traversal needs two columns or more and a reach above 0, got {columns} and {reach}."
        )
    encoded = yield from whole(model, data, split, limit)
    weight, unit = _weights(encoded)
    order = np.argsort(-weight, kind="stable")[:MAX_ROWS]
    mean, spread = encoded.mean.mean(0), _spread(encoded)
    steps = np.linspace(-reach, reach, columns)
    values = (mean[order, None] + steps * spread[order, None]).astype(np.float32)
    codes = np.tile(point, (len(order), columns, 1))
    codes[np.arange(len(order))[:, None], np.arange(columns), order[:, None]] = values
    images = yield from _frames.images(model, codes.reshape(-1, len(point)))
    result = Traversal(mosaic(images, columns), order, weight, unit, values)
    yield result
    return result


def _weights(encoded: Encodings) -> tuple[np.ndarray, str]:
    """Mean KL(q(z_i | x) || N(0, 1)) (Kingma & Welling 2014, appendix B), or variance of z_i."""
    mean = encoded.mean.astype(np.float64)
    if encoded.std is None:
        return mean.var(0).astype(np.float32), "variance"
    std = np.maximum(encoded.std.astype(np.float64), 1e-12)
    kl = 0.5 * (np.square(mean) + np.square(std) - 1.0) - np.log(std)
    return kl.mean(0).astype(np.float32), "nats"


def _spread(encoded: Encodings) -> np.ndarray:
    """Standard deviation (D,) of draws of q(z | x) over all images (law of total variance)."""
    variance = encoded.mean.astype(np.float64).var(0)
    if encoded.std is not None:
        variance = variance + np.square(encoded.std.astype(np.float64)).mean(0)
    return np.asarray(np.sqrt(variance))
