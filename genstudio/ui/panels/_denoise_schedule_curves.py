"""The curves of a noise schedule. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

KEYS = ("alpha_bar", "snr", "beta")
SNR_DB = 60.0  # the signal-to-noise ratio is drawn between -60 and 60 dB
BETA_SHARE = 95  # % of the times whose beta is drawn; the cosine schedule's last leap up to 0.999


@dataclass(frozen=True, eq=False)
class Curve:
    """One quantity over t = 0..T, and the values at the lower and upper end of its plot."""

    key: str
    values: np.ndarray  # (T + 1,); not finite where there is none
    low: float
    high: float

    def at(self, t: float) -> float:
        """Its value at a time, between two times on the line between theirs."""
        last = len(self.values) - 1
        t = min(max(t, 0.0), float(last))
        before, after = int(np.floor(t)), int(np.ceil(t))
        if before == after:
            return float(self.values[before])
        share = t - before
        return float((1 - share) * self.values[before] + share * self.values[after])

    def share(self, value: float | np.ndarray) -> np.ndarray:
        """Values as heights from 0 to 1."""
        return np.clip((np.asarray(value) - self.low) / max(self.high - self.low, 1e-12), 0.0, 1.0)


def curves(alpha_bar: np.ndarray) -> dict[str, Curve]:
    """alpha_bar (T + 1,), from 1 at t = 0, with its signal-to-noise ratio a / (1 - a) in dB and
    beta_t = 1 - a_t / a_(t-1), which has no value at t = 0.
    """
    a = np.asarray(alpha_bar, np.float64)
    with np.errstate(divide="ignore"):
        snr = 10.0 * (np.log10(a) - np.log10(1.0 - a))  # inf at t = 0
    beta = np.full(len(a), np.nan)
    beta[1:] = 1.0 - a[1:] / a[:-1]
    seen = snr[np.isfinite(snr)]
    reach = min(SNR_DB, float(np.ceil(np.max(np.abs(seen)) / 10.0) * 10.0)) if len(seen) else 10.0
    top = round_up(float(np.nanpercentile(beta, BETA_SHARE))) if len(a) > 1 else 1.0
    return {
        "alpha_bar": Curve("alpha_bar", a, 0.0, 1.0),
        "snr": Curve("snr", snr, -reach, reach),
        "beta": Curve("beta", beta, 0.0, top),
    }


def round_up(value: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(max(value, 1e-12)))
    return float(next(m * power for m in (1, 2, 5, 10) if m * power >= value * (1 - 1e-9)))
