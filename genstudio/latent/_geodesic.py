"""A polygon of least energy in the pixels that it decodes to, by preconditioned L-BFGS.

The energy is that of a path finer than the polygon, so that it cannot be lowered by jumping over a
ridge: twice as fine while the polygon still moves far, then eight times. Its gradient is exact
(reverse mode). The preconditioner is the Gauss-Newton matrix of the polygon's corners, block
tridiagonal in the pull-back metric J'J, with J by finite differences (Nocedal & Wright 2006,
sections 7.2 and 10.3).
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from genstudio.latent import _frames
from genstudio.latent._decode import note_speed, to_tensor

LEVELS = (2, 8)  # steps of the path whose energy is lowered, for one side of the polygon
FINER = LEVELS[-1]
MAX_STEPS = 40
STEPS_LIKELY = 8  # of each level; only for showing how far the work is
MEMORY = 8  # pairs that L-BFGS remembers
REFRESH = 6  # steps after which the preconditioner is made anew
ENOUGH = 5e-4  # relative fall of the objective, twice in a row, at which a level is done
DAMPING = 1e-2  # of the mean metric: holds corners where the decoder is flat
MAX_HALVINGS = 6
NUDGE = 2e-3  # of the path's latent extent: the finite difference


class Density(Protocol):
    """How much rarer than a typical code a code is."""

    def excess(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Nats (N,), 0 or more, by which z (N, D) is rarer, and their gradient (N, D)."""
        ...

    def curvature(self) -> np.ndarray:
        """A diagonal (D,) about as large as the Hessian of the nats can be."""
        ...


@dataclass(frozen=True, eq=False)
class Relaxed:
    """Corners (S + 1, D), their images (S + 1, C, H, W), and how far the work is, 1 at its end."""

    corners: np.ndarray
    images: Tensor
    done: float


@dataclass(frozen=True, eq=False)
class _Point:
    """A polygon, the objective, its gradient (S + 1, D) by the corners, and the pictures."""

    corners: np.ndarray
    value: float
    gradient: np.ndarray
    images: Tensor  # of the corners, (S + 1, C, H, W)
    energies: np.ndarray  # (times * S + 1,), of the steps beside each point of the finer path
    times: int


def finer(corners: np.ndarray, times: int = FINER) -> np.ndarray:
    """The points (times * S + 1, D) of a polygon (S + 1, D), its corners among them, float64."""
    share = _shares(times)
    sides = (1.0 - share) * corners[:-1, None] + share * corners[1:, None]
    return np.concatenate([sides.reshape(-1, corners.shape[1]), corners[-1:]])


def _shares(times: int) -> np.ndarray:
    return (np.arange(times) / times)[None, :, None]


def relax(
    model: Any,
    corners: np.ndarray,
    fixed: np.ndarray,
    densities: Sequence[Density] = (),
    weight: float = 0.0,
) -> Generator[Relaxed | None, None, Relaxed]:
    """Move the corners (S + 1, D) that are not `fixed` (S + 1,) downhill, better and better.

    The objective is the energy of the finer path, each of its steps made dearer by the factor
    1 + weight * excess under the last of `densities`; those before it, wider ones, show the way.
    On the path eight times as fine as the polygon, the last result (returned too) is never above
    the start. Yields of None carry nothing.
    """
    begin = np.asarray(corners, np.float64)
    target = densities[-1] if densities else None
    task = _Task(model, begin, fixed, target, weight)
    point = start = yield from task.measure(begin, FINER)
    stages = [(LEVELS[0], density) for density in densities or (None,)] + [(FINER, target)]
    for i, (times, task.density) in enumerate(stages):
        point = yield from task.measure(point.corners, times)
        if times == FINER and point.value > start.value:
            point = start  # what was lower on a coarse path jumped over a ridge
        for step, lower in enumerate(_descend(task, point, times)):
            if lower is None:
                yield None
                continue
            point = lower
            done = (i + step / (step + STEPS_LIKELY)) / len(stages)
            yield Relaxed(point.corners, point.images, done)
    last = Relaxed(point.corners, point.images, 1.0)
    yield last
    return last


def _descend(task: _Task, point: _Point, times: int) -> Generator[_Point | None, None, None]:
    """Ever lower points, each by one step of L-BFGS, until the fall is small twice in a row."""
    metric = yield from task.precondition(point)
    pairs: list[tuple[np.ndarray, np.ndarray]] = []
    small = 0
    for step in range(1, MAX_STEPS + 1):
        if step % REFRESH == 0:
            metric = yield from task.precondition(point)
        way = -_two_loop(point.gradient, pairs, metric)
        after = yield from task.search(point, way, times)
        if after is None:
            if not pairs:
                return
            pairs = []
            continue
        moved = (after.corners - point.corners, after.gradient - point.gradient)
        pairs = [*pairs[1 - MEMORY :], moved]
        small = small + 1 if point.value - after.value < ENOUGH * after.value else 0
        point = after
        yield point
        if small == 2:
            return


class _Task:
    """The objective of one polygon, computed in pieces of a few ms."""

    def __init__(
        self,
        model: Any,
        start: np.ndarray,
        fixed: np.ndarray,
        density: Density | None = None,
        weight: float = 0.0,
    ) -> None:
        self.density = density
        self._start = start
        self._model = model
        self._free = ~fixed
        self._weight = weight
        extent = float(np.linalg.norm(start.max(0) - start.min(0)))
        self._nudge = NUDGE * max(extent, 1e-6)

    def measure(self, corners: np.ndarray, times: int) -> Generator[None, None, _Point]:
        """Objective and gradient at these corners, on a path `times` as fine."""
        z = finer(corners, times)
        graphs = []
        for part in to_tensor(z, self._model).split(_frames.piece(self._model)):
            graphs.append(self._forward(part))
            yield None
        x = torch.cat([image.detach() for _, image in graphs])  # (n + 1, C, H, W)
        n = len(x) - 1
        step = x[1:] - x[:-1]
        energies = n * step.flatten(1).cpu().double().square().sum(1).numpy()  # (n,)
        cost, cost_slope = self._dearness(z)
        factor = 0.5 * (cost[1:] + cost[:-1])  # of each step
        moved = step * torch.from_numpy(2.0 * n * factor).to(step).view(-1, 1, 1, 1)
        pull = torch.zeros_like(x)  # dE / dx
        pull[1:] += moved
        pull[:-1] -= moved
        slopes = []
        for (leaf, image), force in zip(graphs, pull.split([len(leaf) for leaf, _ in graphs])):
            slopes.append(_backward(leaf, image, force))
            yield None
        slope = torch.cat(slopes).cpu().double().numpy()  # (n + 1, D)
        beside = 0.5 * (np.append(energies, 0.0) + np.insert(energies, 0, 0.0))  # (n + 1,)
        gradient = self._to_corners(slope + beside[:, None] * cost_slope, times)
        value = float(energies @ factor)
        return _Point(corners, value, gradient, x[::times], beside, times)

    def _dearness(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The factor (N,) by which the density makes steps at z (N, D) dearer, and its gradient."""
        if self.density is None:
            return np.ones(len(z)), np.zeros_like(z)
        nats, slope = self.density.excess(z)
        return 1.0 + self._weight * nats, self._weight * slope

    def _forward(self, part: Tensor) -> tuple[Tensor, Tensor]:
        begun = time.perf_counter()
        with torch.enable_grad():
            leaf = part.clone().requires_grad_()
            image = self._model.decode(leaf)
        note_speed(self._model, len(part), begun)
        return leaf, image

    def _to_corners(self, slope: np.ndarray, times: int) -> np.ndarray:
        """The gradient by the free corners, from that by the points of the finer path."""
        share = _shares(times)
        sides = slope[:-1].reshape(-1, times, slope.shape[1])
        gradient = np.zeros_like(self._start)
        gradient[:-1] += ((1.0 - share) * sides).sum(1)
        gradient[1:] += (share * sides).sum(1)
        gradient[-1] += slope[-1]
        return gradient * self._free[:, None]

    def search(
        self, point: _Point, way: np.ndarray, times: int
    ) -> Generator[None, None, _Point | None]:
        """The first point along `way` that is lower by enough (Armijo), or None."""
        slope = float((way * point.gradient).sum())
        length = 1.0
        for _ in range(MAX_HALVINGS if slope < 0.0 else 0):
            after = yield from self.measure(point.corners + length * way, times)
            if after.value <= point.value + 1e-4 * length * slope:
                return after
            length *= 0.5
        return None

    def precondition(self, point: _Point) -> Generator[None, None, _BlockTridiagonal]:
        """The Gauss-Newton matrix of the polygon's own energy S sum |x_(i+1) - x_i|^2."""
        corners = point.corners
        count, dim = corners.shape
        nudged = corners[:, None] + self._nudge * np.eye(dim)  # (S + 1, D, D)
        x = yield from _frames.images(self._model, nudged.reshape(-1, dim))
        rows = (x.view(count, dim, -1) - point.images.view(count, 1, -1)) / self._nudge
        n = count - 1
        cost = self._dearness(corners)[0]
        rows *= torch.from_numpy(np.sqrt(cost)).to(rows).view(-1, 1, 1)
        own = (rows @ rows.transpose(1, 2)).cpu().double().numpy()  # (S + 1, D, D): J_i' J_i
        next_ = (rows[:-1] @ rows[1:].transpose(1, 2)).cpu().double().numpy()  # J_i' J_(i+1)
        damping = DAMPING * max(float(np.trace(own.mean(0))) / dim, 1e-12) * np.eye(dim)
        diagonal = 4.0 * n * (own + damping)
        if self.density is not None:
            near = np.add.reduceat(point.energies, np.arange(0, len(point.energies), point.times))
            bend = self._weight * near[:, None] * self.density.curvature()  # (S + 1, D)
            diagonal = diagonal + bend[:, :, None] * np.eye(dim)
        return _BlockTridiagonal(diagonal, -2.0 * n * (next_ + damping), self._free)


def _backward(leaf: Tensor, image: Tensor, force: Tensor) -> Tensor:
    """The gradient of force . image by its leaf; as a scalar, which spares torch a slow import."""
    with torch.enable_grad():
        return torch.autograd.grad((image * force).sum(), leaf)[0]


class _BlockTridiagonal:
    """The Cholesky factors, block by block, of a matrix with blocks (D, D) on three diagonals."""

    def __init__(self, diagonal: np.ndarray, upper: np.ndarray, free: np.ndarray) -> None:
        eye = np.eye(diagonal.shape[1])
        self._inverse = np.empty_like(diagonal)
        self._upper = upper * (free[:-1] & free[1:])[:, None, None]
        block = diagonal[0] if free[0] else eye
        for i in range(len(diagonal)):
            if i:
                back = self._upper[i - 1]
                whole = diagonal[i] if free[i] else eye
                block = whole - back.T @ self._inverse[i - 1] @ back
            self._inverse[i] = np.linalg.inv(block)

    def solve(self, right: np.ndarray) -> np.ndarray:
        """The solution (S + 1, D) for the right-hand side (S + 1, D)."""
        y = np.array(right)
        for i in range(1, len(y)):
            y[i] -= self._upper[i - 1].T @ (self._inverse[i - 1] @ y[i - 1])
        y[-1] = self._inverse[-1] @ y[-1]
        for i in range(len(y) - 2, -1, -1):
            y[i] = self._inverse[i] @ (y[i] - self._upper[i] @ y[i + 1])
        return y


def _two_loop(
    gradient: np.ndarray, pairs: list[tuple[np.ndarray, np.ndarray]], metric: _BlockTridiagonal
) -> np.ndarray:
    """The inverse Hessian times the gradient (Nocedal & Wright 2006, algorithm 7.4)."""
    q = gradient.copy()
    kept = [(s, y, float((s * y).sum())) for s, y in pairs]
    kept = [
        (s, y, sy) for s, y, sy in kept if sy > 1e-10 * float(np.linalg.norm(s) * np.linalg.norm(y))
    ]
    shares = []
    for s, y, sy in reversed(kept):
        share = float((s * q).sum()) / sy
        shares.append(share)
        q -= share * y
    r = metric.solve(q)
    for (s, y, sy), share in zip(kept, reversed(shares), strict=True):
        r += (share - float((y * r).sum()) / sy) * s
    return r
