"""The decoder's pull-back metric: how far the pixels move when a code moves a little.

G(z) = J(z)' J(z) with J the Jacobian of the decoded pixels by z, so that |dx|^2 = dz' G dz
(Arvanitidis, Hansen & Hauberg 2018, Latent Space Oddity). Forward mode takes one pass for each
latent dimension, however many pixels there are.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import torch
from torch import Tensor

from genstudio.abilities import BadInput

MAX_VALUES = 1 << 22  # entries of the Jacobian held at once: 16 MB in float32


def gram(model: Any, z: Tensor) -> Tensor:
    """J'J (N, D, D) at codes z (N, D), in z's precision, on the CPU.

    Raises: BadInput when the model has no latent space of D dimensions.
    """
    return _gram(model, z).to(z.dtype)


def volume(model: Any, z: Tensor) -> Tensor:
    """sqrt(det J'J) (N,): the pixel volume that a unit cube of codes at z (N, D) decodes to.

    Raises: BadInput when the model has no latent space of D dimensions.
    """
    return log_volume(model, z).exp()


def log_volume(model: Any, z: Tensor) -> Tensor:
    """log sqrt(det J'J) (N,), -inf where some direction of z (N, D) moves no pixel.

    Raises: BadInput when the model has no latent space of D dimensions.
    """
    sign, log_det = torch.linalg.slogdet(_gram(model, z))
    flat = torch.full_like(log_det, -math.inf)  # rounding can leave a flat one below zero
    return (0.5 * torch.where(sign > 0, log_det, flat)).to(z.dtype)


def jacobian(model: Any, z: Tensor) -> Tensor:
    """J (N, P, D) of all P pixels of the images at z (N, D), by forward mode."""
    columns = []
    for i in range(z.shape[1]):
        tangent = torch.zeros_like(z)
        tangent[:, i] = 1.0
        columns.append(_forward(model, z, tangent).flatten(1))
    return torch.stack(columns, 2)


def _gram(model: Any, z: Tensor) -> Tensor:
    """J'J (N, D, D), summed in float64 on the CPU: its determinant is a product of D factors."""
    if model.latent_dim is None:
        raise BadInput("This model has no latent space. Choose a model that has one.")
    if z.ndim != 2 or z.shape[1] != model.latent_dim:
        raise BadInput(
            f"This model has {model.latent_dim} latent dimensions, got codes of shape "
            f"{tuple(z.shape)}. Choose codes of its own latent space."
        )
    rows = max(1, MAX_VALUES // (math.prod(model.shape) * model.latent_dim))
    parts = []
    for part in z.split(rows):
        j = jacobian(model, part).cpu().double()  # (n, P, D)
        parts.append(j.transpose(1, 2) @ j)
    none = torch.zeros(0, z.shape[1], z.shape[1], dtype=torch.float64)
    return torch.cat(parts) if parts else none


def _forward(model: Any, z: Tensor, tangent: Tensor) -> Tensor:
    """J(z) tangent, (N, C, H, W)."""
    from torch.func import jvp

    with warnings.catch_warnings():  # torch compiles its own rules with a call it has deprecated
        warnings.filterwarnings("ignore", message=".*torch.jit.*", category=DeprecationWarning)
        moved: Tensor = jvp(model.decode, (z,), (tangent,))[1]
    return moved.detach()
