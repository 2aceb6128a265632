"""Phases of the moon, drawn by formula; some are held back from training and make the test split.

The moon is a disc of radius R. With lit fraction k, the share of the disc that the sun lights, the
terminator is half an ellipse of half-axes |1 - 2k| R and R: where the half chord of a row is w, the
lit part of a waxing moon reaches from (1 - 2k) w to w (seen from the north; a waning moon is its
mirror image). Rows are exact in x and averaged over 8 lines in y, so edges are smooth. The part in
shadow is not black but has the grey of earthshine, so that a new moon can be seen.

Nothing but + - * / and square roots makes the pixels, so every machine draws the same ones.
"""

from __future__ import annotations

import numpy as np

from genstudio.abilities import BadInput
from genstudio.data._base import Dataset, LazySplit, Source, Split

SIDE = 28
EARTHSHINE = 0.12  # grey of the part in shadow, in [0, 1]
HELD_BACK = (0.65, 0.85)  # lit fractions of the three-quarter moon
CLASSES = ("new", "crescent", "half", "gibbous", "full")
FACTORS = ("lit fraction", "phase", "shift x", "shift y", "radius")

_NEW, _HALF, _FULL = (0.0, 0.04), (0.48, 0.52), (0.96, 1.0)  # lit fractions
MAX_SHIFT = 2.0  # pixels, either way
RADIUS = (8.5, 11.0)  # pixels
_LINES = 8  # per pixel row
_N_TRAIN, _N_TEST = 10_000, 2_000
_SEED = 1969
_CHUNK = 250

# What training sees, by argument: intervals of the lit fraction, drawn from evenly.
_TRAIN = {
    "": ((0.0, HELD_BACK[0]), (HELD_BACK[1], 1.0)),
    "three": (_NEW, _HALF, _FULL),
}


def draw(lit: np.ndarray, waxing: np.ndarray, shift: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Moons uint8 (N, 1, 28, 28).

    Lit fraction (N,) in [0, 1]; waxing (N,) bool; shift (N, 2) to the right and down and radius
    (N,), both in pixels.
    """
    pixels = np.empty((len(lit), 1, SIDE, SIDE), np.uint8)
    for start in range(0, len(lit), _CHUNK):
        rows = slice(start, start + _CHUNK)
        grey = grey_values(lit[rows], waxing[rows], shift[rows], radius[rows])
        pixels[rows, 0] = np.floor(grey * 255.0 + 0.5)
    return pixels


def grey_values(
    lit: np.ndarray, waxing: np.ndarray, shift: np.ndarray, radius: np.ndarray
) -> np.ndarray:
    """The same moons before rounding: (N, 28, 28) in [0, 1], in the precision of `lit`."""
    # A waning moon is the mirror image of a waxing one that is shifted the other way.
    side = np.where(waxing, 1.0, -1.0).astype(lit.dtype)
    centre = SIDE / 2 + shift * np.stack([side, np.ones_like(side)], 1)  # (N, 2)
    lines = (np.arange(SIDE * _LINES, dtype=lit.dtype) + 0.5) / _LINES  # (28 * 8,)
    y = lines - centre[:, 1:]  # (N, 28 * 8)
    half_chord = np.sqrt(np.maximum(radius[:, None] ** 2 - y**2, 0.0))  # (N, 28 * 8)
    terminator = (1.0 - 2.0 * lit[:, None]) * half_chord
    right = _left_of(half_chord, centre)  # (N, 28 * 8, 28)
    disc = right - _left_of(-half_chord, centre)
    bright = right - _left_of(terminator, centre)
    grey = EARTHSHINE * disc + (1.0 - EARTHSHINE) * bright
    grey = grey.reshape(len(lit), SIDE, _LINES, SIDE).mean(2)
    return np.where(waxing[:, None, None], grey, grey[:, :, ::-1])


def _left_of(edge: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Share of each pixel (N, lines, 28) that lies left of centre + edge (N, lines)."""
    columns = np.arange(SIDE, dtype=edge.dtype)
    return np.clip((centre[:, :1] + edge)[:, :, None] - columns, 0.0, 1.0)


def classify(lit: np.ndarray) -> np.ndarray:
    """Index (N,) into CLASSES of lit fractions (N,)."""
    return np.digitize(lit, (_NEW[1], _HALF[0], _HALF[1], _FULL[0])).astype(np.int64)


def _split(n: int, intervals: tuple[tuple[float, float], ...], stream: int) -> Split:
    """n moons, lit fractions even over `intervals`; `stream` keeps the splits independent."""
    import torch

    rng = np.random.default_rng([_SEED, stream])
    low = np.array([interval[0] for interval in intervals])
    width = np.array([interval[1] - interval[0] for interval in intervals])
    along = rng.random(n) * width.sum()  # then cut into the intervals, end to end
    ends = width.cumsum()
    which = np.minimum(np.searchsorted(ends, along, side="right"), len(low) - 1)
    lit = low[which] + (along - (ends - width)[which])
    waxing = rng.random(n) < 0.5
    shift = (2.0 * rng.random((n, 2)) - 1.0) * MAX_SHIFT
    radius = RADIUS[0] + (RADIUS[1] - RADIUS[0]) * rng.random(n)
    angle = np.arccos(1.0 - 2.0 * lit) / (2.0 * np.pi)  # 0 at new moon, 0.5 at full moon
    phase = np.where(waxing, angle, 1.0 - angle)
    factors = np.column_stack([lit, phase, shift, radius]).astype(np.float32)
    return Split(
        images=torch.from_numpy(draw(lit, waxing, shift, radius)),
        labels=torch.from_numpy(classify(lit)),
        factors=torch.from_numpy(factors),
    )


def _load(argument: str) -> Dataset:
    if argument not in _TRAIN:
        known = ", ".join(repr(name) for name in _TRAIN if name)
        raise BadInput(f"moon-phases has no variant {argument!r}. Choose {known} or none.")
    return Dataset(
        name=f"moon-phases:{argument}" if argument else "moon-phases",
        title="Moon phases" + (" (new, half and full only)" if argument else ""),
        shape=(1, SIDE, SIDE),
        classes=list(CLASSES),
        train=LazySplit(_N_TRAIN, lambda: _split(_N_TRAIN, _TRAIN[argument], 0)),
        test=LazySplit(_N_TEST, lambda: _split(_N_TEST, (HELD_BACK,), 1)),
        factor_names=list(FACTORS),
    )


DATASET = Source(
    key="moon-phases",
    title="Moon phases",
    load=_load,
    shape=(1, SIDE, SIDE),
    classes=CLASSES,
    examples=("moon-phases", "moon-phases:three"),
    ships=True,
    argument="three",
    description=(
        "Moons, 28 x 28 grey, drawn by formula. The three-quarter moon (lit fraction 0.65 to 0.85) "
        "is held back from training; it is the test split. With :three, training sees only new, "
        "half and full moons."
    ),
)
