"""The record of a walk from noise to data, as a file of arrays.

Of S steps of N images or points: `t` (S,) falling and `alpha_bar` (S,) at t; in the model's own
scale, float32 (S, N, *shape), `x_t` before each step, and `x0_hat` and `noise_hat` seen there, so
that x_t = sqrt(alpha_bar) x0_hat + sqrt(1 - alpha_bar) noise_hat; and the result `x`, float32 (N,
*shape), images in [0, 1], points in data units. No torch here.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator, Mapping
from typing import IO

import numpy as np
from numpy.lib import format as npy

from genstudio.abilities import BadInput
from genstudio.engine.room import free_bytes
from genstudio.tape import FIELDS, FLOAT_BYTES, Tape

SHARE = 0.8  # of the free memory, for one record
PIECE = 1 << 24  # bytes written at once


def arrays(tape: Tape, scale: float) -> dict[str, np.ndarray]:
    """What `tape` has kept, as the arrays of a record; `scale` as in `outside`."""
    return {
        "t": tape.scalars("t").astype(np.int64),
        "alpha_bar": tape.scalars("alpha_bar"),
        **{name: tape.stack(name) for name in FIELDS},
        "x": outside(tape.stack("x0_hat")[-1], scale),
    }


def outside(v: np.ndarray, scale: float) -> np.ndarray:
    """Images (N, C, H, W) or points (N, 2) of the model's scale, where the user sees them.

    Images go from [-1, 1] to [0, 1]; one unit of points is `scale` of data.
    """
    if v.ndim == 2:
        return v * np.float32(scale)
    return np.clip((v + np.float32(1)) / np.float32(2), np.float32(0), np.float32(1))


def n_bytes(n: int, shape: tuple[int, ...], steps: int) -> int:
    """What the arrays of a record take: three for every step, and the result."""
    return (steps * len(FIELDS) + 1) * n * math.prod(shape) * FLOAT_BYTES


def check_room(n: int, shape: tuple[int, ...], steps: int, room_bytes: int | None = None) -> None:
    """Refuse a record that does not fit into memory before anything of it is made.

    `room_bytes` is what it may take, a share of the free memory unless given.

    Raises: BadInput with its size and with what fits.
    """
    room = int(SHARE * free_bytes()) if room_bytes is None else room_bytes
    size = n_bytes(n, shape, steps)
    if size <= room:
        return
    images = room // n_bytes(1, shape, steps)
    fewer = (room // (n * math.prod(shape) * FLOAT_BYTES) - 1) // len(FIELDS)
    things = "images" if len(shape) == 3 else "points"
    fits = [f"{images} {things}"] if images else []
    fits += [f"{fewer} steps"] if fewer > 0 else []
    advice = f"Choose at most {' or '.join(fits)}." if fits else "Choose fewer of both."
    raise BadInput(
        f"A record of {steps} steps of {n} {things} takes {_size(size)}, and there is room for "
        f"{_size(room)}. {advice}"
    )


def _size(bytes_: int) -> str:
    return f"{bytes_ / 1e9:.2f} GB" if bytes_ >= 1e8 else f"{bytes_ / 1e6:.2f} MB"


def write(file: IO[bytes], record: Mapping[str, np.ndarray]) -> Iterator[float]:
    """Write arrays to `file` as npz, piece by piece, and yield the share that is written.

    They are not packed: noise does not get smaller, and takes long to try. The same arrays give the
    same bytes.
    """
    total = sum(array.nbytes for array in record.values())
    written = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, value in record.items():
            array = np.ascontiguousarray(value)
            entry = zipfile.ZipInfo(f"{name}.npy")  # of one fixed date
            with archive.open(entry, "w", force_zip64=True) as out:
                npy.write_array_header_1_0(out, npy.header_data_from_array_1_0(array))
                data = array.data.cast("B")
                for start in range(0, len(data), PIECE):
                    piece = data[start : start + PIECE]
                    out.write(piece)
                    written += len(piece)
                    yield written / total
