"""How the three paths look wherever they are drawn: name, colour, dashes. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genstudio.ui import theme
from genstudio.ui.widgets.latent_plane import Outline

DASH = 7  # of a dashed line, in pieces of a hundredth of it


@dataclass(frozen=True)
class Look:
    """`colour` is "#RRGGBB" on either scheme; `on` and `off` are the dashes, 0 for none."""

    name: str
    colour: str
    on: int = 0
    off: int = 0


LOOKS = {
    "lerp": Look("Straight", theme.CLASSES[1]),
    "slerp": Look("Spherical", theme.CLASSES[6], 5, 3),
    "geodesic": Look("Geodesic", theme.CLASSES[3], 1, 2),
}


def lines(kind: str, xy: NDArray[np.floating], chosen: bool) -> list[Outline]:
    """A path (F, 2) on the map as lines that are closed by going back as they came."""
    look = LOOKS[kind]
    width, opacity = (3.0, 1.0) if chosen else (1.75, 0.9)
    parts = [xy] if not look.on else _dashes(xy, 0.012 * look.on, 0.012 * look.off)
    return [
        Outline(np.concatenate([part, part[::-1]]), look.colour, width, opacity) for part in parts
    ]


def _dashes(xy: NDArray[np.floating], on: float, off: float) -> list[NDArray[np.float64]]:
    """Pieces of a polygon (F, 2): `on` and `off` are shares of its length."""
    steps = np.linalg.norm(np.diff(xy, axis=0), axis=1)
    walked = np.concatenate([[0.0], np.cumsum(steps)])
    if walked[-1] <= 0:
        return []
    walked = walked / walked[-1]
    parts = []
    for start in np.arange(0.0, 1.0, on + off):
        end = min(1.0, start + on)
        inner = walked[(walked > start) & (walked < end)]
        places = np.concatenate([[start], inner, [end]])
        parts.append(np.stack([np.interp(places, walked, xy[:, k]) for k in (0, 1)], axis=1))
    return parts


def nearest(xy: NDArray[np.floating], x: float, y: float) -> tuple[float, float]:
    """The share of frames t of a path (F, 2) at which it is nearest to (x, y), and how near."""
    point = np.array([x, y], np.float64)
    start, step = xy[:-1].astype(np.float64), np.diff(xy.astype(np.float64), axis=0)
    squared = np.maximum((step**2).sum(1), 1e-30)
    share = np.clip(((point - start) * step).sum(1) / squared, 0.0, 1.0)
    away = np.linalg.norm(start + share[:, None] * step - point, axis=1)
    best = int(np.argmin(away))
    return (best + float(share[best])) / len(step), float(away[best])
