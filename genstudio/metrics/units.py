"""Which latent units say something about the image, and whether the posterior has collapsed."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np

from genstudio.data import Dataset
from genstudio.latent.encodings import Encodings, encode

ACTIVE_VARIANCE = 0.01  # Burda et al. 2016, section 5.1


@dataclass(frozen=True, eq=False)
class Units:
    """Per latent unit: the variance of E[z | x] over images, and the mean KL in nats.

    `kl` is None where the encoder is deterministic. `alarm` is one sentence when the posterior has
    collapsed, empty otherwise.
    """

    variance: np.ndarray  # (D,)
    kl: np.ndarray | None  # (D,)
    n_active: int
    collapsed: bool
    alarm: str

    @property
    def active(self) -> np.ndarray:
        """Which units are active, (D,)."""
        return self.variance > ACTIVE_VARIANCE


def active(model: Any, data: str | Dataset, n: int = 1000) -> Generator[float, None, Units]:
    """Query: active units over n test images; yields the share done, ends in Units.

    A unit is active when Var_x E[z | x] > 0.01.

    Source: Burda, Grosse & Salakhutdinov 2016, section 5.1.
    """
    encodings: Encodings | None = None
    for encodings in encode(model, data, "test", n):
        yield 0.0 if encodings is None else encodings.done_fraction
    assert encodings is not None
    return units_of(encodings.mean, encodings.std)


def units_of(mean: np.ndarray, std: np.ndarray | None) -> Units:
    """Units from posterior means and standard deviations (N, D)."""
    variance = mean.astype(np.float64).var(0)
    kl = None if std is None else kl_per_unit(mean, std)
    n_active = int((variance > ACTIVE_VARIANCE).sum())
    alarm = _alarm(n_active, len(variance), kl)
    return Units(variance, kl, n_active, bool(alarm), alarm)


def kl_per_unit(mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    """Mean over images of KL(N(mean, std^2) || N(0, 1)) for each unit, in nats: (N, D) to (D,).

    Source: Kingma & Welling 2014, appendix B.
    """
    m, s = mean.astype(np.float64), np.maximum(std.astype(np.float64), 1e-12)
    each: np.ndarray = 0.5 * (m**2 + s**2 - 1) - np.log(s)
    return each.mean(0)


def _alarm(n_active: int, n_units: int, kl: np.ndarray | None) -> str:
    """A sentence when no unit, or fewer than half of them, is active."""
    advice = "" if kl is None else " Lower beta, or raise it slowly from zero."
    if n_active == 0:
        said = "" if kl is None else f" (KL {kl.sum():.2f} nats)"
        return f"Posterior collapse: every image gets the same code{said}.{advice}"
    if 2 * n_active < n_units:
        return (
            f"Posterior collapse of {n_units - n_active} of {n_units} latent units: "
            f"only {n_active} still tell images apart.{advice}"
        )
    return ""
