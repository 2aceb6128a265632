"""A plane through a latent space: from a point on it to z, and back. numpy only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genstudio.abilities import BadInput

Float = NDArray[np.float32]
Kind = Literal["axes", "pca", "points"]


@dataclass(frozen=True, eq=False)
class Plane:
    """z = origin + u axes[0] + v axes[1] for plane coordinates (u, v) in latent units.

    The constructors below give orthonormal axes, so that a distance on the plane is one in the
    latent space; `dims` are the two latent dimensions of an axes plane, counted from 0.
    """

    origin: Float  # (D,)
    axes: Float  # (2, D)
    kind: Kind = "axes"
    label_x: str = "z1"
    label_y: str = "z2"
    dims: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        origin = np.array(self.origin, np.float32).reshape(-1)
        axes = np.array(self.axes, np.float32)
        if axes.shape != (2, len(origin)):
            raise BadInput(
                f"A plane in {len(origin)} latent dimensions needs two axes of {len(origin)} "
                f"numbers, got shape {axes.shape}. Choose another plane."
            )
        if not (np.isfinite(origin).all() and np.isfinite(axes).all()):
            raise BadInput(
                "A plane needs finite numbers, got NaN or infinity. Choose other images."
            )
        for array in (origin, axes):
            array.setflags(write=False)
        object.__setattr__(self, "origin", origin)
        object.__setattr__(self, "axes", axes)

    @classmethod
    def identity(cls) -> Plane:
        """The whole of a 2-D latent space."""
        return axes(2)

    @property
    def latent_dim(self) -> int:
        return len(self.origin)

    @cached_property
    def inverse(self) -> Float:
        """The pseudo-inverse (2, D) that takes z - origin to plane coordinates (least squares)."""
        matrix = np.linalg.pinv(self.axes.astype(np.float64).T).astype(np.float32)
        matrix.setflags(write=False)
        return matrix

    def to_z(self, points: ArrayLike) -> Float:
        """Latent points (..., D) of plane coordinates (..., 2)."""
        return np.asarray(self.origin + np.asarray(points, np.float32) @ self.axes, np.float32)

    def to_plane(self, z: ArrayLike) -> Float:
        """Plane coordinates (..., 2) of the points of the plane nearest to z (..., D)."""
        offset = np.asarray(z, np.float32) - self.origin
        return np.asarray(offset @ self.inverse.T, np.float32)

    def residual(self, z: ArrayLike) -> Float:
        """Distance (...,) of z (..., D) from the plane, in latent units."""
        off = np.asarray(z, np.float32) - self.to_z(self.to_plane(z))
        return np.asarray(np.linalg.norm(off, axis=-1), np.float32)

    def through_z(self, z: ArrayLike) -> Plane:
        """The parallel plane that contains z (D,); plane coordinates keep their meaning."""
        z = np.asarray(z, np.float32)
        return replace(self, origin=z - self.to_plane(z) @ self.axes)


def axes(dim: int, i: int = 0, j: int = 1, rest: ArrayLike | None = None) -> Plane:
    """The plane of latent dimensions i (right) and j (up); the others stand at `rest` (D,), or 0.

    Raises: BadInput when i and j are not two different dimensions of `dim`.
    """
    if i == j or not (0 <= i < dim and 0 <= j < dim):
        raise BadInput(
            f"A plane needs two different dimensions of {dim}, got {i + 1} and {j + 1}. "
            f"Choose two of 1 to {dim}."
        )
    origin = np.zeros(dim, np.float32) if rest is None else np.array(rest, np.float32).reshape(-1)
    if len(origin) != dim:
        raise BadInput(f"The other coordinates need {dim} numbers, got {len(origin)}.")
    origin[[i, j]] = 0.0
    unit = np.eye(dim, dtype=np.float32)[[i, j]]
    return Plane(origin, unit, "axes", f"z{i + 1}", f"z{j + 1}", (i, j))


def pca(means: ArrayLike, i: int = 0, j: int = 1) -> Plane:
    """The plane of principal components i and j of encodings (N, D), through their mean.

    The plane's own zero is the mean. Signs are fixed: the largest entry of each axis is positive.
    Labels give the share of variance.

    Raises: BadInput when there are fewer than 3 encodings or fewer than 2 dimensions.
    """
    x = np.asarray(means, np.float64)
    if x.ndim != 2 or len(x) < 3 or not 0 <= max(i, j) < x.shape[1] or i == j:
        raise BadInput(
            f"The PCA plane needs at least 3 encodings in 2 or more dimensions, got {x.shape}."
        )
    mean = x.mean(0)
    values, vectors = np.linalg.eigh(np.cov(x.T))
    order = np.argsort(values)[::-1]
    share = np.maximum(values[order], 0) / max(float(values.sum()), 1e-30)
    basis = vectors[:, order[[i, j]]].T
    largest = np.take_along_axis(basis, np.argmax(np.abs(basis), 1)[:, None], 1)
    basis = basis * np.where(largest < 0, -1.0, 1.0)
    labels = [f"PC{k + 1} ({share[k]:.0%})" for k in (i, j)]
    return Plane(mean.astype(np.float32), basis.astype(np.float32), "pca", labels[0], labels[1])


def through(a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Plane:
    """The plane through three latent points (D,): x runs from a to b, c lies in the upper half.

    The axes are orthonormal. The plane's own zero is its point nearest to the latent origin, so
    that the prior's contours are centred there.

    Raises: BadInput when the three lie on a line.
    """
    a, b, c = (np.asarray(p, np.float64).reshape(-1) for p in (a, b, c))
    right = b - a
    length = float(np.linalg.norm(right))
    right = right / max(length, 1e-30)
    up = (c - a) - ((c - a) @ right) * right
    height = float(np.linalg.norm(up))
    if length < 1e-6 or height < 1e-6 * max(1.0, float(np.linalg.norm(c - a))):
        raise BadInput(
            "The three images lie on one line of the latent space. Choose another third image."
        )
    up = up / height
    origin = a - (a @ right) * right - (a @ up) * up
    basis = np.stack([right, up]).astype(np.float32)
    return Plane(origin.astype(np.float32), basis, "points", "u", "v")


def on_shell(z: ArrayLike, radius: float) -> Float:
    """z (..., D) moved along its ray to norm `radius`; the origin itself, which has no ray, stays.

    The mass of N(0, I) in D dimensions lies near the shell of radius sqrt(D) (`shell_radius`).
    """
    z = np.asarray(z, np.float32)
    norm = np.linalg.norm(z, axis=-1, keepdims=True)
    return np.asarray(np.where(norm > 1e-12, z * (radius / np.maximum(norm, 1e-12)), z), np.float32)


def shell_radius(dim: int) -> float:
    """Root mean square norm of N(0, I) in `dim` dimensions: sqrt(dim)."""
    return float(np.sqrt(dim))
