"""From latent units to map coordinates: linear, or the Gaussian quantile. numpy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genstudio.latent import _normal

Float = NDArray[np.float64]

QUANTILE_LIMIT = 8.0  # standard deviations; beyond it double precision has no room left below 1


class Tick(NamedTuple):
    """A mark on an axis: where it stands on the map, and what it says in latent units."""

    position: float
    value: float
    label: str


class Scale(Protocol):
    """One axis of the map. Works on arrays of any shape, so on both axes at once."""

    @property
    def name(self) -> str: ...

    def forward(self, latent: ArrayLike) -> Float: ...
    def inverse(self, mapped: ArrayLike) -> Float: ...
    def ticks(self, low: float, high: float, n: int = 7) -> list[Tick]: ...


@dataclass(frozen=True)
class Linear:
    """Map coordinates are latent units."""

    name: str = "linear"

    def forward(self, latent: ArrayLike) -> Float:
        return np.asarray(latent, np.float64)

    def inverse(self, mapped: ArrayLike) -> Float:
        return np.asarray(mapped, np.float64)

    def ticks(self, low: float, high: float, n: int = 7) -> list[Tick]:
        """At most n + 1 marks at multiples of 1, 2 or 5 times a power of ten within [low, high]."""
        if not high > low or n < 1:
            return []
        values = np.sort(_multiples(_round_step((high - low) / n), low, high))
        return [Tick(float(value), float(value), _label(value)) for value in values]


@dataclass(frozen=True)
class Quantile:
    """Map coordinates are Phi(latent): equal areas of the map hold equal mass of N(0, I)."""

    name: str = "quantile"

    def forward(self, latent: ArrayLike) -> Float:
        return _normal.cdf(latent)

    def inverse(self, mapped: ArrayLike) -> Float:
        """Latent units of map coordinates; what lies outside (0, 1) is held at +-8."""
        value = _normal.quantile(np.clip(np.asarray(mapped, np.float64), 0.0, 1.0))
        return np.clip(value, -QUANTILE_LIMIT, QUANTILE_LIMIT)

    def ticks(self, low: float, high: float, n: int = 7) -> list[Tick]:
        """Marks at round latent values, coarse ones first, at least 0.6 / n of the view apart."""
        margin = 0.01 * (high - low)
        first, last = (float(v) for v in self.inverse(np.array([low + margin, high - margin])))
        if not last > first or n < 1:
            return []
        places: dict[float, float] = {}
        step = _round_step(last - first)
        while step > (last - first) / (8 * n) and len(places) < n:
            for value in _multiples(step, first, last):
                place = float(self.forward(value))
                if all(abs(place - other) >= 0.6 * (high - low) / n for other in places.values()):
                    places[float(value)] = place
            step = _round_step(0.39 * step)  # 10, 5, 2, 1, 0.5
        return [Tick(places[value], value, _label(value)) for value in sorted(places)]


SCALES: dict[str, Scale] = {scale.name: scale for scale in (Linear(), Quantile())}


def _round_step(raw: float) -> float:
    """The smallest 1, 2 or 5 times a power of ten that is at least `raw`."""
    power = 10.0 ** np.floor(np.log10(raw))
    for step in (1.0, 2.0, 5.0):
        if step * power >= raw * (1 - 1e-9):
            return float(step * power)
    return float(10.0 * power)


def _multiples(step: float, low: float, high: float) -> Float:
    """Multiples of `step` within [low, high], nearest to zero first."""
    values = step * np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1)
    return np.asarray(values[np.argsort(np.abs(values), kind="stable")], np.float64)


def _label(value: float) -> str:
    text = f"{value:.6g}"
    return "0" if text == "-0" else text.replace("-", "\N{MINUS SIGN}")
