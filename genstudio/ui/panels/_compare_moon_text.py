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


def conclusion(found: Mapping[str, Finding | None], tr: Translate = str) -> str:
    """The claim, what was measured in each case as far as it is there, and why."""
    parts = [
        tr(
            "The lecture notes say: an autoencoder that knows the half and the full moon cannot"
            " make the three-quarter moon, a VAE can. Measured here:"
        )
    ]
    for key, case in found.items():
        if case is None:
            parts.append(tr("(%1) is not measured yet.").replace("%1", key))
        else:
            parts.append(_case(key, case, tr))
    known = [case.sigmas for case in found.values() if case is not None and case.sigmas]
    if known:
        text = tr(
            "Why: in the VAE the codes of half and full moon lie %1 sigma apart, so the noise of"
            " one never reaches the other, and nothing taught the decoder what lies between."
        )
        span = f"{min(known):.0f}"
        if len(known) > 1 and round(min(known)) != round(max(known)):
            span = tr("%1 to %2").replace("%1", span).replace("%2", f"{max(known):.0f}")
        parts.append(text.replace("%1", span))
    return " ".join(parts)


def _case(key: str, case: Finding, tr: Translate) -> str:
    text = tr(
        "(%1) off every true moon are %2 of the AE's frames, %3 of the VAE's and %4 of the"
        " cross-fade's: %5."
    )
    ae, vae = case.off["AE"], case.off["VAE"]
    if abs(ae - vae) < SAME:
        judged = tr("no advantage for either")
    else:
        judged = tr("the VAE is nearer") if vae < ae else tr("the AE is nearer")
    words = (key, _share(ae), _share(vae), _share(case.off["cross-fade"]), judged)
    for mark, word in zip(("%1", "%2", "%3", "%4", "%5"), words):
        text = text.replace(mark, word)
    return text


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"
