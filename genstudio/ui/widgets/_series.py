"""One curve's numbers: they grow cheaply, are smoothed as they come, and thinned for the screen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_BLOCK = 128

OUTLIERS = 98.0  # percentile that the first view reaches up to


class Series:
    """x and y of one curve, float64, in growing memory."""

    def __init__(self) -> None:
        self._x = np.empty(256)
        self._y = np.empty(256)
        self._n = 0
        self._ema = Ema(0.0)

    def __len__(self) -> int:
        return self._n

    @property
    def x(self) -> np.ndarray:
        return self._x[: self._n]

    @property
    def y(self) -> np.ndarray:
        return self._y[: self._n]

    def extend(self, xs: np.ndarray, ys: np.ndarray) -> None:
        """Put points (N,) at the end; x does not fall."""
        xs, ys = np.atleast_1d(xs), np.atleast_1d(ys)
        if xs.shape != ys.shape:
            raise ValueError(f"A curve needs as many x as y, got {xs.shape} and {ys.shape}.")
        n = self._n + len(xs)
        if n > len(self._x):
            room = max(n, 2 * len(self._x))
            self._x = np.concatenate([self.x, np.empty(room - self._n)])
            self._y = np.concatenate([self.y, np.empty(room - self._n)])
        self._x[self._n : n] = xs
        self._y[self._n : n] = ys
        self._n = n

    def smoothed(self, weight: float) -> np.ndarray:
        """y under an exponential moving average of `weight` in [0, 1), without the bias of its
        beginning (Kingma & Ba 2015, section 3); only points that are new cost time."""
        if weight <= 0:
            return self.y
        if weight != self._ema.weight:
            self._ema = Ema(weight)
        self._ema.extend(self.y[self._ema.n :])
        return self._ema.values


class Ema:
    """The running average of a curve; points that are not finite are passed over."""

    def __init__(self, weight: float) -> None:
        self.weight = weight
        self.n = 0
        self._values = np.empty(256)
        self._mean = 0.0  # biased
        self._bias = 1.0  # weight ** (number of finite points)
        power = np.arange(_BLOCK)
        with np.errstate(under="ignore"):
            kernel = (1.0 - weight) * weight ** np.maximum(power[:, None] - power[None, :], 0)
            self._kernel = np.tril(kernel)
            self._decay = weight ** (power + 1.0)

    @property
    def values(self) -> np.ndarray:
        return self._values[: self.n]

    def extend(self, ys: np.ndarray) -> None:
        """Go on over the values ys (N,)."""
        n = self.n + len(ys)
        if n > len(self._values):
            room = max(n, 2 * len(self._values))
            self._values = np.concatenate([self.values, np.empty(room - self.n)])
        finite = np.isfinite(ys)
        averages = self._run(ys[finite])
        if finite.all():
            result = averages
        else:  # between finite points the last average stands
            last = self.values[-1] if self.n else np.nan
            result = np.concatenate([[last], averages])[np.cumsum(finite)]
        self._values[self.n : n] = result
        self.n = n

    def _run(self, ys: np.ndarray) -> np.ndarray:
        result = np.empty(len(ys))
        for start in range(0, len(ys), _BLOCK):
            block = ys[start : start + _BLOCK]
            k = len(block)
            means = self._kernel[:k, :k] @ block + self._decay[:k] * self._mean
            bias = self._bias * self._decay[:k]
            result[start : start + k] = means / (1.0 - bias)
            self._mean, self._bias = float(means[-1]), float(bias[-1])
        return result


def thin(
    xs: np.ndarray, ys: np.ndarray, low: float, high: float, columns: int, *, mean: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The points in [low, high] and one beyond each end, as the least and the greatest of each of
    `columns` pieces where there are more: what is drawn looks the same. `mean` gives the mean of
    each piece instead, for curves that are smooth."""
    first = max(0, int(np.searchsorted(xs, low)) - 1)
    last = min(len(xs), int(np.searchsorted(xs, high, side="right")) + 1)
    xs, ys = xs[first:last], ys[first:last]
    step = len(xs) // max(1, columns)
    if step < 3:
        return xs, ys
    starts = np.arange(0, len(xs), step)
    if mean:
        counts = np.diff(np.append(starts, len(xs)))
        y = np.add.reduceat(ys, starts) / counts
        return np.append(xs[starts], xs[-1]), np.append(y, ys[-1])
    least, greatest = np.fmin.reduceat(ys, starts), np.fmax.reduceat(ys, starts)
    x = np.repeat(xs[starts], 2)
    y = np.empty(2 * len(starts))
    y[0::2], y[1::2] = least, greatest
    return np.append(x, xs[-1]), np.append(y, ys[-1])


def top_of(y: np.ndarray) -> float:
    """The height that the first view reaches: above all but the greatest values (a loss begins far
    above where it ends); all of a curve of a few points."""
    if len(y) < 10:
        return float(y.max())
    few = y[:: max(1, len(y) // 4000)]
    return float(np.percentile(few, OUTLIERS if len(y) >= 50 else 90.0))


def nearest(xs: np.ndarray, x: float) -> int:
    """Index of the value of rising xs (N,) that is nearest to x."""
    index = int(np.searchsorted(xs, x))
    if index == 0:
        return 0
    if index == len(xs):
        return len(xs) - 1
    return index if xs[index] - x < x - xs[index - 1] else index - 1


def scaled(y: np.ndarray, log: bool) -> np.ndarray:
    """y, or log10 y, as it is drawn; what cannot be drawn is NaN."""
    y = np.where(np.isfinite(y), y, np.nan)
    if not log:
        return y
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(y > 0, np.log10(np.where(y > 0, y, 1.0)), np.nan)


def first_view(
    xs: Sequence[np.ndarray], ys: Sequence[np.ndarray], *, whole: bool
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The ranges of x and y that show curves: all of x; of y, unless `whole`, up to `top_of`."""
    x = (min(float(each[0]) for each in xs), max(float(each[-1]) for each in xs))
    drawn = [kept for kept in (y[np.isfinite(y)] for y in ys) if len(kept)]
    y_range = (0.0, 1.0)
    if drawn:
        top = max(float(y.max()) if whole else top_of(y) for y in drawn)
        y_range = (min(float(y.min()) for y in drawn), top)
    return _with_width(x), _with_width(y_range)


def _with_width(ends: tuple[float, float]) -> tuple[float, float]:
    low, high = ends
    return (low - 0.5, high + 0.5) if low == high else ends
