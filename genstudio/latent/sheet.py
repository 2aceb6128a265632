"""The decoded sheet: a rectangle of a latent plane as one picture, coarse first, then finer."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from genstudio.abilities import BadInput
from genstudio.latent._decode import chunk_size, decoded, latent_batch, note_speed, seconds_for
from genstudio.latent.plane import Plane, on_shell

MAX_CELLS = 1 << 16
ONE_CALL_S = 0.008  # a sheet this quick is decoded whole, without a coarse one before it


@dataclass(frozen=True, eq=False)
class Sheet:
    """Cell (r, c) of the picture decodes the plane's point (xs[c], ys[r]); ys[0] is the top row.

    A coarse sheet has fewer cells over the same area; `done` is the share of cells that stand at
    their own place, 1 in the last sheet.
    """

    mosaic: np.ndarray  # uint8 (rows * h, cols * w), or (rows * h, cols * w, 3)
    xs: np.ndarray  # (cols,) plane coordinates
    ys: np.ndarray  # (rows,)
    done: float = 1.0


def decode(
    model: Any,
    plane: Plane,
    xs: ArrayLike,
    ys: ArrayLike,
    shell: float | None = None,
    coarse: int = 0,
    cell_px: int | None = None,
) -> Generator[Sheet | None, None, Sheet]:
    """Query: sheets of ever more cells, the last one complete (it is returned too).

    Each piece takes a few ms, so that a newer ask can take over; a yield of None shows nothing.

    xs (cols,) and ys (rows,) are plane coordinates in latent units (on another scale: the
    `Scale.inverse` of map coordinates). `shell` moves each z to that norm. `coarse` is the number
    of cells along each side of a first quick sheet, 0 for none; a sheet that takes under 12 ms
    anyway skips it. `cell_px` shrinks cells to that height by area averaging, for a view that draws
    them smaller than the image.

    Raises: BadInput when the plane is not of this model's latent space or there are too many cells.
    """
    columns = np.asarray(xs, np.float32).reshape(-1)
    rows = np.asarray(ys, np.float32).reshape(-1)
    if not 0 < len(columns) * len(rows) <= MAX_CELLS:
        raise BadInput(
            f"A sheet has between 1 and {MAX_CELLS} cells, got {len(rows)} x {len(columns)}."
        )
    if len(model.shape) != 3:
        raise BadInput("A sheet needs a model of images, and this one makes points.")
    cells = _Cells(model, plane, shell, cell_px)
    first: Sheet | None = None
    if 0 < coarse < max(len(columns), len(rows)) and not _is_quick(model, len(columns) * len(rows)):
        few_x, few_y = _thin(columns, coarse), _thin(rows, coarse)
        for few in cells.sheets(few_x, few_y, None):
            first = few or first
            yield None if few is None else Sheet(few.mosaic, few_x, few_y, 0.0)
    return (yield from cells.sheets(columns, rows, first))


def _is_quick(model: Any, n: int) -> bool:
    seconds = seconds_for(model, n)
    return seconds is not None and seconds <= ONE_CALL_S


def _thin(values: np.ndarray, n: int) -> np.ndarray:
    """n values over the same extent: the centre of each of n equal blocks of cells."""
    if n >= len(values):
        return values
    centres = (np.arange(n) + 0.5) * len(values) / n - 0.5
    return np.interp(centres, np.arange(len(values)), values).astype(np.float32)


class _Cells:
    """Decodes cells of one plane into pictures."""

    def __init__(self, model: Any, plane: Plane, shell: float | None, cell_px: int | None) -> None:
        self._model = model
        self._plane = plane
        self._shell = shell
        channels, height, width = model.shape
        self._channels = 3 if channels == 3 else 1
        self._shrink: tuple[Tensor, Tensor] | None = None
        if cell_px is not None and 0 < cell_px < height:
            small = max(1, round(width * cell_px / height))
            weights = (area_weights(height, cell_px), area_weights(width, small))
            self._shrink = (weights[0].to(model.device), weights[1].to(model.device))
            height, width = cell_px, small
        self._height, self._width = height, width

    def sheets(
        self, xs: np.ndarray, ys: np.ndarray, before: Sheet | None
    ) -> Generator[Sheet | None, None, Sheet]:
        """Growing sheets of these cells; the ones to come show what `before` has in their place."""
        rows, cols = len(ys), len(xs)
        points = np.empty((rows, cols, 2), np.float32)
        points[..., 0], points[..., 1] = xs, ys[:, None]
        z = self._plane.to_z(points.reshape(-1, 2))
        if self._shell is not None:
            z = on_shell(z, self._shell)
        batch = latent_batch(self._model, z)
        mosaic: Tensor | None = None
        done = 0
        while done < rows:
            step = max(1, chunk_size(self._model) // cols)
            if rows - done <= step * 1.5 or _is_quick(self._model, rows * cols):
                step = rows - done
            part = yield from self._decode(batch[done * cols : (done + step) * cols])
            if step == rows:
                whole = Sheet(_picture(part, rows, cols), xs, ys)
                yield whole
                return whole
            if mosaic is None:
                mosaic = self._empty(rows, cols, before)
            top = done * self._height
            done += step
            mosaic[top : done * self._height] = _mosaic(part, step, cols)
            whole = Sheet(_freeze(mosaic.clone()), xs, ys, done / rows)
            yield whole
        return whole

    def _decode(self, z: Tensor) -> Generator[None, None, Tensor]:
        """Images (n, C, h, w) as float 0.5 to 255.5, ready to be cut to whole numbers."""
        begun = time.perf_counter()
        x = yield from decoded(self._model, z)
        if x.shape[1] not in (1, 3):
            x = x[:, :1]
        if self._shrink is not None:
            tall, wide = self._shrink
            x = tall @ (x @ wide.T)
        x = torch.mul(x, 255.0).add_(0.5).clamp_(0.0, 255.0)
        note_speed(self._model, len(z), begun)
        return x

    def _empty(self, rows: int, cols: int, before: Sheet | None) -> Tensor:
        size = (rows * self._height, cols * self._width)
        if self._channels == 3:
            size = (*size, 3)  # type: ignore[assignment]
        if before is None:
            return torch.zeros(size, dtype=torch.uint8)
        n_y, n_x = len(before.ys), len(before.xs)
        tail = before.mosaic.shape[2:]
        cells = before.mosaic.reshape(n_y, self._height, n_x, self._width, *tail)
        row = np.arange(rows) * n_y // rows
        col = np.arange(cols) * n_x // cols
        return torch.from_numpy(cells[row][:, :, col].reshape(size))


def area_weights(n_in: int, n_out: int) -> Tensor:
    """Weights (n_out, n_in) of the mean over each of n_out equal stretches of n_in pixels."""
    edge = np.arange(n_out + 1) * (n_in / n_out)
    pixel = np.arange(n_in)
    low = np.maximum(edge[:-1, None], pixel)
    high = np.minimum(edge[1:, None], pixel + 1)
    return torch.from_numpy((np.maximum(high - low, 0) * n_out / n_in).astype(np.float32))


def _mosaic(images: Tensor, rows: int, cols: int) -> Tensor:
    """Images (rows * cols, C, h, w) of 0 to 255 side by side, cut to uint8 in the same pass."""
    _, channels, h, w = images.shape
    grid = images.view(rows, cols, channels, h, w)
    if channels == 1:
        out = torch.empty((rows, h, cols, w), dtype=torch.uint8, device=images.device)
        out.copy_(grid[:, :, 0].permute(0, 2, 1, 3))
        return out.view(rows * h, cols * w)
    out = torch.empty((rows, h, cols, w, channels), dtype=torch.uint8, device=images.device)
    out.copy_(grid.permute(0, 3, 1, 4, 2))
    return out.view(rows * h, cols * w, channels)


def _picture(images: Tensor, rows: int, cols: int) -> np.ndarray:
    return _freeze(_mosaic(images, rows, cols))


def _freeze(mosaic: Tensor) -> np.ndarray:
    array = mosaic.cpu().numpy()
    array.setflags(write=False)
    return array


def mosaic(images: Tensor, columns: int) -> np.ndarray:
    """Images (N, C, H, W) in [0, 1] as one uint8 picture without gaps, row by row.

    The last row is filled up with black.
    """
    n = len(images)
    rows = -(-n // columns)
    x = images.detach().float()
    x = x[:, :1] if x.shape[1] not in (1, 3) else x
    filled = torch.zeros((rows * columns, *x.shape[1:]), device=x.device)
    filled[:n] = torch.mul(x, 255.0).add_(0.5).clamp_(0.0, 255.0)
    return _picture(filled, rows, columns)
