"""The Manifold's state as JSON: read with care, since it comes from a file. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from genstudio.abilities import BadInput
from genstudio.latent.plane import Plane
from genstudio.latent.scale import SCALES
from genstudio.ui.panels._map_space import Space
from genstudio.ui.widgets.latent_plane import View

MAX_PINS = 1000
KINDS = ("axes", "pca", "points")


@dataclass(frozen=True)
class Kept:
    """What a saved state says; None or empty where it says nothing that can be used."""

    view: View | None
    layers: dict[str, bool]
    scale: str | None
    plane: Plane | None
    shell: bool
    pins: tuple[tuple[float, ...], ...]
    active: int
    split: str
    limit: int
    style: str
    ellipse: str
    image: int | None


def describe(space: Space) -> dict[str, Any]:
    """The plane of `space` as JSON."""
    plane = space.plane
    return {
        "kind": plane.kind,
        "dims": list(plane.dims) if plane.dims is not None else None,
        "origin": [float(v) for v in plane.origin],
        "axes": [[float(v) for v in axis] for axis in plane.axes],
        "labels": [plane.label_x, plane.label_y],
        "shell": space.shell is not None,
    }


def read(state: dict[str, Any], dim: int) -> Kept:
    """What of `state` can be used for a model of `dim` latent dimensions."""
    view = _numbers(state.get("view"), 3)
    plane = state.get("plane") if isinstance(state.get("plane"), dict) else {}
    pins = state.get("pins") if isinstance(state.get("pins"), dict) else {}
    points = state.get("points") if isinstance(state.get("points"), dict) else {}
    layers = state.get("layers") if isinstance(state.get("layers"), dict) else {}
    listed = pins.get("points")
    listed = listed[:MAX_PINS] if isinstance(listed, list) else []
    found = tuple(p for p in (_numbers(one, dim) for one in listed) if p is not None)
    active, image, limit = pins.get("active"), state.get("image"), points.get("limit")
    return Kept(
        view=View(*view) if view is not None and view[2] > 0 else None,
        layers={k: v for k, v in layers.items() if isinstance(v, bool)},
        scale=_one_of(state.get("scale"), tuple(SCALES)) or None,
        plane=_plane(plane, dim),
        shell=plane.get("shell") is True,
        pins=found,
        active=active if isinstance(active, int) and -1 <= active < len(found) else -1,
        split=_one_of(points.get("split"), ("test", "train")) or "test",
        limit=limit if isinstance(limit, int) and 0 <= limit <= 60000 else 2000,
        style=_one_of(points.get("style"), ("disc", "shape", "digit")) or "disc",
        ellipse=_one_of(state.get("ellipse"), ("marginal", "slice")) or "marginal",
        image=image if isinstance(image, int) and image >= 0 else None,
    )


def _plane(facts: dict[str, Any], dim: int) -> Plane | None:
    origin, axes, labels = facts.get("origin"), facts.get("axes"), facts.get("labels")
    kind = _one_of(facts.get("kind"), KINDS)
    if not kind or not isinstance(axes, list) or len(axes) != 2:
        return None
    rows = [_numbers(origin, dim), *(_numbers(axis, dim) for axis in axes)]
    if None in rows or not (isinstance(labels, list) and len(labels) == 2):
        return None
    dims = facts.get("dims")
    pair = None
    if kind == "axes":
        if not (isinstance(dims, list) and len(dims) == 2 and all(d in range(dim) for d in dims)):
            return None
        pair = (int(dims[0]), int(dims[1]))
    try:
        basis = np.array(rows[1:], np.float32)
        if abs(np.linalg.det(basis.astype(np.float64) @ basis.T)) < 1e-6:
            return None
        x, y = (str(label)[:40] for label in labels)
        return Plane(np.array(rows[0], np.float32), basis, kind, x, y, pair)  # type: ignore[arg-type]
    except (BadInput, np.linalg.LinAlgError):
        return None


def _numbers(value: Any, n: int) -> tuple[float, ...] | None:
    """`value` as n finite numbers, or None."""
    if not isinstance(value, list) or len(value) != n:
        return None
    if not all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in value):
        return None
    numbers = tuple(float(v) for v in value)
    return numbers if np.isfinite(numbers).all() else None


def _one_of(value: Any, allowed: tuple[str, ...]) -> str:
    return value if isinstance(value, str) and value in allowed else ""
