"""What the noising process says of pixels, and what they measure: means, deviations, words.

q(x_t | x_0) = N(sqrt(a_t) x_0, (1 - a_t) I), so over the D values of one image the mean of x_t is
sqrt(a) mean(x_0) within sqrt((1 - a) / D), and x_t - sqrt(a) x_0 has the standard deviation
sqrt(1 - a) within sqrt((1 - a) / 2D) (Ho et al. 2020, eq. 4).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication

CLOSE = 3.0  # standard errors within which a figure agrees with its formula


@dataclass(frozen=True)
class Figure:
    """A number of the formula with its standard error."""

    value: float
    error: float

    def agrees(self, measured: float) -> bool:
        return abs(measured - self.value) <= CLOSE * self.error + 1e-6


def mean_of(x0: np.ndarray, alpha_bar: float) -> Figure:
    """The mean that the values of x_t should have, for x_0 in the model's scale."""
    spread = math.sqrt((1.0 - alpha_bar) / x0.size)
    return Figure(math.sqrt(alpha_bar) * float(x0.mean()), spread)


def noise_of(x0: np.ndarray, alpha_bar: float) -> Figure:
    """The standard deviation that the noise in x_t should have."""
    value = math.sqrt(1.0 - alpha_bar)
    return Figure(value, value / math.sqrt(2 * x0.size))


def measured(x_t: np.ndarray, x0: np.ndarray, alpha_bar: float) -> tuple[float, float]:
    """The mean of x_t, and the root mean square of x_t - sqrt(a) x_0."""
    noise = x_t.astype(np.float64) - math.sqrt(alpha_bar) * x0
    return float(x_t.mean(dtype=np.float64)), float(np.sqrt(np.square(noise).mean()))


def rms(first: np.ndarray, second: np.ndarray) -> float:
    """Root mean square of the difference of two images in [0, 1]."""
    return float(np.sqrt(np.square(first.astype(np.float64) - second).mean()))


def shares(t: int, n_steps: int, alpha_bar: float) -> str:
    """How much of x_t is image and how much is noise, in one sentence."""
    tr = QCoreApplication.translate
    if t == 0:
        return tr("Forward", "At t = 0 it is the image itself, without noise.")
    signal, noise = math.sqrt(alpha_bar), math.sqrt(1.0 - alpha_bar)
    decibel = 10.0 * math.log10(max(alpha_bar, 1e-12) / max(1.0 - alpha_bar, 1e-12))
    if decibel > 10:
        words = tr("Forward", "almost all of it image")
    elif decibel > 3:
        words = tr("Forward", "more image than noise")
    elif decibel > -3:
        words = tr("Forward", "about as much of each")
    elif decibel > -10:
        words = tr("Forward", "more noise than image")
    else:
        words = tr("Forward", "almost all of it noise")
    said = tr("Forward", "At t = {0} of {1}: {2} of the image and {3} of noise, {4}.")
    return said.format(f"{t:,}", f"{n_steps:,}", f"{signal:.3f}", f"{noise:.3f}", words)
