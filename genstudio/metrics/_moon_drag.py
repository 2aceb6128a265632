"""The drag from one moon to another through a latent space, beside a cross-fade and true moons."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from genstudio.abilities import BadInput
from genstudio.data.moon_phases import DATASET, MAX_SHIFT, RADIUS, draw
from genstudio.metrics._moon_measure import OFF, check, distance, half_grey

MAX_FRAMES = 1000
PIECE = 11  # pictures measured at once: a few hundredths of a second
_STREAM = 238855  # keeps the drags' moons apart from those of the data


@dataclass(frozen=True, eq=False)
class Strip:
    """Pictures from one moon to another, and their measures; NaN where not measured yet."""

    images: np.ndarray  # float32 (F, 1, 28, 28)
    distance: np.ndarray  # float32 (F,), to the nearest true moon
    half_grey: np.ndarray  # float32 (F,), share of the disc
    step: np.ndarray  # float32 (F - 1,), over the distance of the ends

    def with_measures(self, where: slice, distance: np.ndarray, half_grey: np.ndarray) -> Strip:
        """The strip with the measures of the frames `where` filled in."""
        filled = replace(self, distance=self.distance.copy(), half_grey=self.half_grey.copy())
        filled.distance[where], filled.half_grey[where] = distance, half_grey
        return filled

    @property
    def figures(self) -> dict[str, float]:
        """The strip in four numbers."""
        return {
            "mean_distance": float(self.distance.mean()),
            "off_share": float((self.distance > OFF).mean()),
            "most_half_grey": float(self.half_grey.max()),
            "largest_step": float(self.step.max()),
        }


@dataclass(frozen=True, eq=False)
class Drag:
    """A straight path between two encoded moons, beside the cross-fade and the true moons."""

    z: np.ndarray  # float32 (F, D)
    sigmas: float | None  # between the ends' codes, see `apart`; None without a spread
    lit: np.ndarray  # float32 (F,), of the true moons
    model: Strip
    crossfade: Strip
    moons: Strip
    done: float  # 1.0 when everything is measured


def drag(
    model: Any,
    data: str | None = DATASET.key,
    from_lit: float = 0.5,
    to_lit: float = 1.0,
    frames: int = 33,
    seed: int = 0,
) -> Generator[Drag, None, Drag]:
    """Query: the straight path between the codes of two moons that differ in lit fraction alone.

    `seed` draws their side, shift and radius as the data do. The pictures come first, then the
    measures; ends in the whole.

    Raises: BadInput for a model of other data or without an encoder, and for ends without a path.
    """
    check(model, data)
    _check_path(from_lit, to_lit, frames)
    path = (float(from_lit), float(to_lit), int(frames), int(seed))
    crossfade, moons = references(*path)
    z, images, sigmas = _decoded(model, moons)
    lit = np.linspace(from_lit, to_lit, frames, dtype=np.float32)
    ours, fade, true = (_unmeasured(part) for part in (images, crossfade, moons))
    now = Drag(z, sigmas, lit, ours, fade, true, done=0.0)
    yield now
    pieces = [slice(first, first + PIECE) for first in range(0, frames, PIECE)]
    todo = [(name, piece) for name in ("model", "crossfade", "moons") for piece in pieces]
    for i, (name, piece) in enumerate(todo):
        strip: Strip = getattr(now, name)
        if name == "model":
            found = _measure(images[piece])
        else:
            found = _measured_reference(name == "moons", path, piece.start)
        measured: dict[str, Any] = {name: strip.with_measures(piece, *found)}
        now = replace(now, **measured, done=(i + 1) / len(todo))
        yield now
    return now


@lru_cache(maxsize=64)
def references(
    from_lit: float, to_lit: float, frames: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Cross-fade and true moons of a drag, read-only float32 (F, 1, 28, 28) each."""
    rng = np.random.default_rng([_STREAM, seed])
    waxing = rng.random() < 0.5
    shift = (2.0 * rng.random(2) - 1.0) * MAX_SHIFT
    radius = RADIUS[0] + (RADIUS[1] - RADIUS[0]) * rng.random()
    lit = np.linspace(from_lit, to_lit, frames)
    one = np.ones(frames)
    drawn = draw(lit, one * waxing > 0, one[:, None] * shift, one * radius)
    moons = (drawn / 255.0).astype(np.float32)
    share = np.linspace(0.0, 1.0, frames, dtype=np.float32)[:, None, None, None]
    crossfade = (1 - share) * moons[0] + share * moons[-1]
    for strip in (crossfade, moons):
        strip.setflags(write=False)
    return crossfade, moons


@lru_cache(maxsize=1024)
def _measured_reference(
    true: bool, path: tuple[float, float, int, int], first: int
) -> tuple[np.ndarray, np.ndarray]:
    """Measures of a piece of the true moons or of the cross-fade, which no model changes."""
    return _measure(references(*path)[int(true)][first : first + PIECE])


def _measure(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance to the nearest moon and half-grey share of images (N, 1, 28, 28), (N,) each."""
    nearest = distance(images)
    return nearest.distance, half_grey(images, nearest)


@torch.no_grad()
def _decoded(model: Any, moons: np.ndarray) -> tuple[np.ndarray, np.ndarray, float | None]:
    """Codes (F, D) on the straight line from the first moon to the last, their pictures, and how
    many sigmas the ends are apart.
    """
    ends = torch.from_numpy(moons[[0, -1]]).to(model.device)
    mean, std = model.encode(ends)
    share = torch.linspace(0, 1, len(moons), device=model.device)[:, None]
    z = mean[0] + share * (mean[1] - mean[0])  # (F, D)
    images = model.decode(z).float().cpu().numpy()
    return z.float().cpu().numpy(), images, None if std is None else apart(mean, std)


def apart(mean: torch.Tensor, std: torch.Tensor) -> float:
    """Distance of two diagonal Gaussians' means (2, D), in standard deviations along their line.

    sqrt(sum_d (difference_d / s_d)^2), s_d^2 the mean of both variances.
    """
    difference = (mean[1] - mean[0]).double()
    variance = std.double().square().mean(0)
    return float((difference.square() / variance).sum().sqrt())


def _unmeasured(images: np.ndarray) -> Strip:
    """A strip whose steps alone are known."""
    flat = images.reshape(len(images), -1)
    ends = np.linalg.norm(flat[-1] - flat[0])
    step = np.linalg.norm(np.diff(flat, axis=0), axis=1) / max(ends, 1e-6)
    unknown = np.full(len(images), np.nan, np.float32)
    return Strip(images, unknown, unknown, step.astype(np.float32))


def _check_path(from_lit: float, to_lit: float, frames: int) -> None:
    if not (0 <= from_lit <= 1 and 0 <= to_lit <= 1) or from_lit == to_lit:
        raise BadInput(
            "A drag goes between two different lit fractions from 0 to 1, "
            f"got {from_lit:g} and {to_lit:g}. Choose others."
        )
    if not 2 <= frames <= MAX_FRAMES:
        raise BadInput(f"A drag has 2 to {MAX_FRAMES} frames, got {frames}. Choose another number.")
