"""The map of a latent space: a plane through it, drawn on a scale. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genstudio.abilities import LATENT, Card
from genstudio.latent import ellipse
from genstudio.latent.plane import Plane, on_shell, shell_radius, through
from genstudio.latent.scale import Linear, Scale
from genstudio.ui.widgets.latent_plane import Mark, View

NOISE_SEED = 0  # of the three draws that the first plane of a space of noise goes through
PRIOR_SPAN = 6.0  # the map of a model with a standard normal prior shows -3 to 3
COVERED = (0.5, 99.5)  # percentiles of the encodings that the map of another model shows
OFF_PLANE = 0.05  # latent units from the plane at which a pin no longer lies on it
SIGMAS = (1, 2, 3)
OUTLINE_POINTS = 64


@dataclass(frozen=True, eq=False)
class Space:
    """A plane through the latent space, the scale of the map, and the norm that z is kept at."""

    plane: Plane
    scale: Scale
    shell: float | None = None

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The interval of the map that has latent points, on both axes; None for all of it."""
        return None if isinstance(self.scale, Linear) else (0.0, 1.0)

    def to_z(self, x: float, y: float) -> NDArray[np.float32]:
        """The latent point (D,) at a map point."""
        return self.on_plane(self.plane.to_z(self.scale.inverse(np.array([x, y]))))

    def on_plane(self, z: ArrayLike) -> NDArray[np.float32]:
        """z as it is decoded: on the shell where that is asked for."""
        z = np.asarray(z, np.float32)
        return z if self.shell is None else on_shell(z, self.shell)

    def to_map(self, z: ArrayLike) -> NDArray[np.float32]:
        """Map points (..., 2) of latent points (..., D), projected onto the plane."""
        return np.asarray(self.scale.forward(self.plane.to_plane(z)), np.float32)

    def aside(self, z: ArrayLike) -> bool:
        """Whether z lies off the plane."""
        return self.shell is None and float(self.plane.residual(z)) > OFF_PLANE

    def marks(self, low: float, high: float, n: int) -> Sequence[Mark]:
        """Marks of an axis in latent units."""
        if self.bounds is not None:
            low, high = max(low, 1e-6), min(high, 1 - 1e-6)
        return [Mark(tick.position, tick.label) for tick in self.scale.ticks(low, high, n)]

    def outline(self, gaussian: ellipse.Gaussian2, n_sigma: float) -> NDArray[np.float64]:
        """The n-sigma line of a Gaussian in plane coordinates, on the map."""
        line = ellipse.outline(gaussian.centre, gaussian.cov, n_sigma, OUTLINE_POINTS)
        return np.asarray(self.scale.forward(line))


def why_no_map(card: Card) -> str | None:
    """None, or why the latent space of this model cannot be shown as a map of images."""
    if LATENT not in card.abilities or not card.latent_dim:
        return "This model has no latent space to walk through. Choose an autoencoder or a VAE."
    if card.latent_dim < 2:
        return "A map needs at least two latent dimensions, and this model has one."
    if len(card.shape) != 3:
        return "The map shows images, and this model makes points. Choose a model of images."
    return None


def noise_space(dim: int) -> Space:
    """A plane through three draws of N(0, I) in `dim` dimensions, on the shell where such noise
    lies: every point of it is as likely a beginning as any.
    """
    draws = np.random.default_rng(NOISE_SEED).standard_normal((3, dim))
    plane = through(draws[0], draws[1], draws[2])
    return Space(plane, Linear(), shell_radius(dim))


def home_view(space: Space, means: NDArray[np.floating] | None, has_prior: bool) -> View:
    """The view that shows where images are: three standard deviations of a standard normal prior on
    an axes plane, otherwise nearly all of the encodings (N, D).
    """
    if space.bounds is not None:
        return View(0.5, 0.5, 1.0)
    fixed = has_prior and space.plane.kind == "axes"
    if fixed or means is None or len(means) < 3:
        around = space.plane.kind != "axes" and space.shell is not None
        return View(0.0, 0.0, 2.0 * space.shell if around and space.shell else PRIOR_SPAN)
    xy = space.plane.to_plane(means)
    low, high = np.percentile(xy, COVERED, axis=0)
    span = float(max(1e-3, np.max(high - low))) * 1.1
    x, y = (low + high) / 2
    return View(float(x), float(y), span)


def prior_lines(
    space: Space, means: NDArray[np.floating] | None, has_prior: bool
) -> list[tuple[str, NDArray[np.float64]]]:
    """(label, line on the map) at 1, 2 and 3 sigma of what the model samples from: N(0, I), or for
    a model without a prior the Gaussian of the encodings shown.
    """
    dim = space.plane.latent_dim
    if has_prior:
        gaussian = ellipse.marginal(np.zeros(dim), np.ones(dim), space.plane)
    elif means is not None and len(means) > dim:
        cov = np.atleast_2d(np.cov(means, rowvar=False))
        gaussian = ellipse.marginal_cov(means.mean(0), cov, space.plane)
    else:
        return []
    return [(f"{n} σ", space.outline(gaussian, n)) for n in SIGMAS]


def posterior_lines(
    space: Space, mean: ArrayLike, std: ArrayLike, kind: str
) -> list[NDArray[np.float64]]:
    """Lines at 1 and 2 sigma of N(mean, diag(std^2)), as "marginal" or "slice" on the plane."""
    of = ellipse.slice_ if kind == "slice" else ellipse.marginal
    gaussian = of(mean, np.maximum(np.asarray(std), 1e-6), space.plane)
    return [space.outline(gaussian, n) for n in (1, 2)]


def information(
    mean: NDArray[np.floating], std: NDArray[np.floating] | None
) -> NDArray[np.float64]:
    """How much each latent dimension (D,) tells: its mean KL to N(0, 1) in nats, or the variance of
    the encodings where there is no std.
    """
    mean = np.asarray(mean, np.float64)
    if std is None:
        return mean.var(0)
    var = np.maximum(np.asarray(std, np.float64) ** 2, 1e-12)
    return np.asarray((0.5 * (mean**2 + var - 1 - np.log(var))).mean(0))
