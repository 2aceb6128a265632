"""Which plane through the latent space the paths are drawn on, and where home is. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genstudio.abilities import BadInput
from genstudio.latent import plane as planes
from genstudio.latent.plane import Float, Plane
from genstudio.latent.scale import Linear
from genstudio.ui.panels._map_space import Space, home_view
from genstudio.ui.widgets.latent_plane import View

CHOICES = ("mean", "third", "pca")  # A, B and the mean code; A, B and C; principal components
ON_PLANE = 1e-3  # of the path's extent: nearer than that a path lies on the plane
ROOM = 1.5  # of what the pins span, on a plane of more than two dimensions
MIN_SPAN = 1e-3


@dataclass(frozen=True)
class Found:
    """A plane, and why it is not the one that was asked for, or ""."""

    plane: Plane
    says: str = ""


def choose(
    choice: str, codes: Sequence[Float | None], means: np.ndarray | None, dim: int
) -> Found | None:
    """The plane of `choice` for the codes (D,) of four slots; None while too little is known."""
    if dim == 2:
        return Found(Plane.identity())
    a, b, c = codes[:3]
    try:
        if choice == "pca":
            return Found(planes.pca(means)) if means is not None and len(means) >= 3 else None
        if a is None or b is None:
            return None
        if choice == "third":
            if c is None:
                raise BadInput("Slot C is empty: fill it to see the plane through three images.")
            return Found(planes.through(a, b, c))
        if means is None or len(means) < 3:
            return None
        return Found(planes.through(a, b, means.mean(0)))
    except BadInput as error:
        return Found(fallback(codes, dim), str(error))


def fallback(codes: Sequence[Float | None], dim: int) -> Plane:
    """Some plane that holds A and B, where the one asked for does not exist."""
    a, b = codes[:2]
    if dim == 2:
        return Plane.identity()
    if a is not None and b is not None:
        for k in range(dim):
            unit = np.zeros(dim, np.float32)
            unit[k] = 1.0
            try:
                return planes.through(a, b, np.asarray(a) + unit)
            except BadInput:
                continue
    return planes.axes(dim)


def still_good(choice: str, plane: Plane, codes: Sequence[Float | None], dim: int) -> bool:
    """Whether the pins lie on the plane there is: then it stays, and the map does not turn."""
    if plane.latent_dim != dim or (dim > 2 and plane.kind == "axes"):
        return False
    if dim == 2 or choice == "pca":
        return (plane.kind == "pca") == (choice == "pca") or dim == 2
    wanted = codes[:3] if choice == "third" else codes[:2]
    known = np.array([z for z in wanted if z is not None], np.float32).reshape(-1, dim)
    if plane.kind != "points" or len(known) < len(wanted):
        return False
    extent = max(MIN_SPAN, float(np.ptp(plane.to_plane(known), axis=0).max()))
    return bool(plane.residual(known).max() <= ON_PLANE * extent)


def off_plane(plane: Plane, z: np.ndarray) -> float:
    """How far the points of a path (F, D) lie off the plane at most, in latent units."""
    return float(plane.residual(z).max()) if plane.latent_dim > 2 else 0.0


def home(
    space: Space, codes: Sequence[Float | None], means: np.ndarray | None, has_prior: bool
) -> View:
    """The view that shows the pins, and in two dimensions where images are."""
    known = [z for z in codes if z is not None]
    plane = space.plane
    if plane.latent_dim == 2 or not known:
        view = home_view(space, means, has_prior)
        if not known:
            return view
        xy = plane.to_plane(np.array(known))
        low = np.minimum(xy.min(0), (view.x - view.span / 2, view.y - view.span / 2))
        high = np.maximum(xy.max(0), (view.x + view.span / 2, view.y + view.span / 2))
        grown = float((high - low).max())
        if grown <= view.span * 1.001:
            return view
        x, y = (low + high) / 2
        return View(float(x), float(y), grown * 1.1)
    xy = plane.to_plane(np.array(known))
    if means is not None and len(means):
        xy = np.concatenate([xy, plane.to_plane(means.mean(0))[None]])
    low, high = xy.min(0), xy.max(0)
    x, y = (low + high) / 2
    return View(float(x), float(y), max(MIN_SPAN, float((high - low).max())) * ROOM)


def linear(plane: Plane) -> Space:
    return Space(plane, Linear())
