"""What the moon says: the notes' claim, the figures on the screen, and why. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Translate = Callable[[str], str]
SAME = 0.06  # shares of frames that differ by less are called alike: two frames of 33


@dataclass(frozen=True)
class Finding:
    """One case in numbers: shares of frames off every true moon, most half grey, sigmas apart."""

    off: Mapping[str, float]
    grey: Mapping[str, float]
    sigmas: float | None


def finding(strips: Mapping[str, Any], limit: float, sigmas: float | None) -> Finding:
    """The figures of measured strips; a frame is off where its distance is beyond `limit`."""
    off = {name: float(np.mean(strip.distance > limit)) for name, strip in strips.items()}
    grey = {name: float(np.max(strip.half_grey)) for name, strip in strips.items()}
    return Finding(off, grey, sigmas)


def claim(tr: Translate = str) -> str:
    """What the lecture notes say."""
    return tr(
        "The lecture notes say: an autoencoder that knows the half and the full moon cannot make"
        " the three-quarter moon, and a VAE can."
    )


def measured(
    case: Finding | None, many: Mapping[str, Mapping[str, Any]], tr: Translate = str
) -> str:
    """What was measured of a case, on the moon shown and over many, as far as it is there."""
    if case is None:
        return tr("Measuring…")
    text = tr("Off every true moon: %1 of the AE's frames, %2 of the VAE's, %3 of a cross-fade's:")
    ae, vae = case.off["AE"], case.off["VAE"]
    text = _fill(text, _share(ae), _share(vae), _share(case.off["cross-fade"]))
    if abs(ae - vae) < SAME:
        text += " " + tr("no advantage for either.")
    else:
        text += " " + (tr("the VAE is nearer.") if vae < ae else tr("the AE is nearer."))
    return f"{text} {_many(many, tr)}" if many else text


def _many(models: Mapping[str, Mapping[str, Any]], tr: Translate) -> str:
    """The same over many moons, and samples of each model by its own way to draw z."""
    ae, vae = models["AE"], models["VAE"]
    text = tr(
        "Over %1 moons: %2, %3 and %4; of samples %5 (AE, its Gaussian) and %6 (VAE, N(0, I))."
    )
    return _fill(
        text,
        str(ae["n_drags"]),
        _share(ae["drag"]["model"]["off_share"]),
        _share(vae["drag"]["model"]["off_share"]),
        _share(ae["drag"]["crossfade"]["off_share"]),
        _share(ae["off_share"]["gaussian"]),
        _share(vae["off_share"]["prior"]),
    )


def reason(found: Mapping[str, Finding | None], tr: Translate = str) -> str:
    """Why, from how far apart the VAEs' codes lie; empty until that is known."""
    known = [case.sigmas for case in found.values() if case is not None and case.sigmas]
    if not known:
        return ""
    span = f"{min(known):.0f}"
    if round(min(known)) != round(max(known)):
        span = _fill(tr("%1 to %2"), span, f"{max(known):.0f}")
    text = tr(
        "Why: in the VAEs the codes of half and full moon lie %1 sigma apart, so the noise of one"
        " never reaches the other, and nothing taught the decoder what lies between."
    )
    return _fill(text, span)


def _fill(text: str, *words: str) -> str:
    for number, word in enumerate(words, 1):
        text = text.replace(f"%{number}", word)
    return text


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"
