"""Ellipses on a plane: the marginal and the slice of a Gaussian, and their outlines. numpy only.

An ellipse of n sigma holds 1 - exp(-n^2 / 2) of a two-dimensional Gaussian: 39 % at 1, 86 % at 2.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genstudio.abilities import BadInput
from genstudio.latent.plane import Plane

Float = NDArray[np.float64]


class Gaussian2(NamedTuple):
    """A Gaussian in plane coordinates. Leading axes, where there are any, count Gaussians."""

    centre: Float  # (..., 2)
    cov: Float  # (..., 2, 2)


def marginal(mean: ArrayLike, std: ArrayLike, plane: Plane) -> Gaussian2:
    """N(mean, diag(std^2)), mean and std (..., D), projected onto the plane."""
    return marginal_cov(mean, _diagonal(std), plane)


def slice_(mean: ArrayLike, std: ArrayLike, plane: Plane) -> Gaussian2:
    """N(mean, diag(std^2)) given that z lies in the plane: the density along the cut."""
    return slice_cov(mean, _diagonal(std), plane)


def marginal_cov(mean: ArrayLike, cov: ArrayLike, plane: Plane) -> Gaussian2:
    """As `marginal`, with a full covariance (..., D, D)."""
    project = plane.inverse.astype(np.float64)  # (2, D)
    centre = (np.asarray(mean, np.float64) - plane.origin) @ project.T
    return Gaussian2(centre, project @ np.asarray(cov, np.float64) @ project.T)


def slice_cov(mean: ArrayLike, cov: ArrayLike, plane: Plane) -> Gaussian2:
    """As `slice_`, with a full covariance (..., D, D).

    With A (2, D) the plane's axes and L the precision: cov = (A L A^T)^-1,
    centre = cov A L (mean - origin).

    Raises: BadInput when the covariance is singular.
    """
    axes = plane.axes.astype(np.float64)
    try:
        precision = np.linalg.inv(np.asarray(cov, np.float64))
    except np.linalg.LinAlgError as error:
        raise BadInput(
            "A slice needs a spread in every latent dimension, got a singular covariance. "
            "Choose the marginal."
        ) from error
    weight = axes @ precision  # (..., 2, D)
    cut = np.linalg.inv(weight @ axes.T)
    offset = np.asarray(mean, np.float64) - plane.origin
    centre = (cut @ (weight @ offset[..., None]))[..., 0]
    return Gaussian2(np.asarray(centre, np.float64), np.asarray(cut, np.float64))


def mass(n_sigma: float) -> float:
    """Share of a two-dimensional Gaussian inside its n-sigma ellipse: 1 - exp(-n^2 / 2)."""
    return float(-np.expm1(-0.5 * n_sigma**2))


def outline(centre: ArrayLike, cov: ArrayLike, n_sigma: float, n: int = 64) -> Float:
    """Points (..., n, 2) around the n-sigma ellipse, counter-clockwise; the first is not repeated.

    On a map with another scale, pass the points through `Scale.forward`: the outline then
    holds the same mass.
    """
    angle = np.linspace(0.0, 2 * np.pi, n, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)], -1)  # (n, 2)
    root = n_sigma * _root(np.asarray(cov, np.float64))
    return np.asarray(
        np.asarray(centre, np.float64)[..., None, :] + circle @ np.swapaxes(root, -1, -2)
    )


def inside(
    points: ArrayLike, centre: ArrayLike, cov: ArrayLike, n_sigma: float
) -> NDArray[np.bool_]:
    """Which plane points (N, 2) lie within the n-sigma ellipse."""
    offset = np.asarray(points, np.float64) - np.asarray(centre, np.float64)
    whitened = np.linalg.solve(np.asarray(cov, np.float64), offset.T).T
    return np.asarray((offset * whitened).sum(-1) <= n_sigma**2)


def _diagonal(std: ArrayLike) -> Float:
    std = np.asarray(std, np.float64)
    return std[..., :, None] ** 2 * np.eye(std.shape[-1])


def _root(cov: Float) -> Float:
    """The symmetric square root (..., 2, 2); a flat ellipse (zero width) is allowed."""
    values, vectors = np.linalg.eigh(cov)
    scaled = vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]
    return np.asarray(scaled @ np.swapaxes(vectors, -1, -2))
