"""In the plane: the score that a model has learned, and the true density that it should follow."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from genstudio.abilities import BadInput
from genstudio.data import Dataset, load
from genstudio.data.toy2d import mixture
from genstudio.latent._decode import to_numpy
from genstudio.latent._denoise_checks import as_label, batch, in_plane, time
from genstudio.models.ddpm import POINT_SCALE

MAX_CELLS = 1 << 20


@torch.no_grad()
def score(
    model: Any, t: int, points: ArrayLike, label: int | None = None, guidance: float = 1.0
) -> np.ndarray:
    """Query: the learned gradient of log q(x_t) at points (P, 2) in data units, float32 (P, 2) per
    data unit: -noise_hat / sqrt(1 - a_t) (Song & Ermon 2019; Ho et al. 2020, section 3.2).

    Raises: BadInput for a model of images, or a time outside 1..T.
    """
    net = in_plane(model)
    x_t = net.inside(batch(net, points, "Points"))
    at = time(net, t, first=1)
    noise_hat = net.denoiser(as_label(label), guidance)(x_t, at).noise_hat
    spread = math.sqrt(1.0 - net.schedule.alpha_bar[at])
    return to_numpy(noise_hat / (-spread * POINT_SCALE))


def density(
    model: Any,
    data: str | Dataset,
    t: int,
    xs: ArrayLike,
    ys: ArrayLike,
    label: int | None = None,
) -> np.ndarray:
    """Query: the true density of a noised set of points on a grid, per squared data unit, float32
    (rows, cols) at (xs[c], ys[r]) in data units.

    Data that are a mixture of Gaussians of variance s^2 about c_i are, at t, one of variance
    a s^2 + (1 - a) S^2 about sqrt(a) c_i, with S data units to a unit of the model's. The sets of
    toy2d are such mixtures; of others every training point is a centre with s = 0, and t = 0 has no
    density. With `label`, that of one class.

    Raises: BadInput for a model or data of images, a time or a class that there is not.
    """
    net = in_plane(model)
    at = time(net, t)
    columns, rows = (np.asarray(v, np.float64).reshape(-1) for v in (xs, ys))
    if not 0 < len(columns) * len(rows) <= MAX_CELLS:
        raise BadInput(
            f"A density is of 1 to {MAX_CELLS} cells, got {len(rows)} x {len(columns)}. "
            "Choose a coarser grid."
        )
    centres, std = _components(data, label)
    a = net.schedule.alpha_bar[at]
    variance = a * std**2 + (1.0 - a) * POINT_SCALE**2
    if variance == 0.0:
        raise BadInput("Single points have no density at t = 0. Choose t = 1 or more.")
    across, up = (
        np.exp((v[:, None] - math.sqrt(a) * centres[:, axis]) ** 2 / (-2.0 * variance))
        for axis, v in enumerate((columns, rows))
    )  # (cols, K), (rows, K): a Gaussian in the plane is one along x times one along y
    grid = (up @ across.T) / (2.0 * math.pi * variance * len(centres))
    return np.asarray(grid, np.float32)


def _components(data: str | Dataset, label: int | None) -> tuple[np.ndarray, float]:
    """Centres (K, 2) and their standard deviation, in data units."""
    dataset = load(data) if isinstance(data, str) else data
    one = as_label(label)
    if isinstance(one, tuple):
        raise BadInput(f"A density is of one class or of all, got {len(one)}. Choose one.")
    if label is not None and not 0 <= label < len(dataset.classes):
        raise BadInput(
            f"{dataset.title} has classes 0 to {len(dataset.classes) - 1}, got {label}. "
            "Choose one of them."
        )
    if dataset.name.startswith("toy2d"):
        drawn_from = mixture(dataset.name)
        centres, labels, std = drawn_from.centres, drawn_from.labels, drawn_from.std
        return (centres if label is None else centres[labels == label]), std
    points, of = dataset.train.points, dataset.train.labels
    if points is None:
        raise BadInput(f"{dataset.title} holds images, not points. Choose a set of points.")
    mine = slice(None) if label is None or of is None else of == label
    return points[mine].double().numpy(), 0.0
