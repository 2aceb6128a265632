"""The short script that makes the pictures of a path again, as text."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

_TEMPLATE = '''"""The {kind} path through {count} codes of {told}, made again.

Writes {stem}.png, one row of frames, and {stem}.npz with x (N, C, H, W) and z (N, latent_dim).
"""

import numpy as np
import torch
from PIL import Image

import genstudio
from genstudio.latent import paths

torch.set_num_threads(1)
model = genstudio.load({source!r})
knots = np.array(
    [
{knots}
    ],
    dtype=np.float32,
)
for path in paths.trace(model, {kind!r}, knots{options}):
    if path is not None:
        best = path  # a geodesic grows better and better

row = np.concatenate(list(best.images), axis=2)  # (C, H, N * W)
picture = np.rint(row.clip(0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)
Image.fromarray(picture.squeeze(2) if picture.shape[2] == 1 else picture).save({png!r})
np.savez_compressed({npz!r}, x=best.images, z=best.z)
print(f"{kind}: pixel length {{best.length:.4g}}, energy {{best.energy:.4g}}")
'''


def interpolation(
    source: str,
    kind: str,
    knots: ArrayLike,
    frames: int = 33,
    *,
    centre: ArrayLike | None = None,
    even: bool = False,
    density: float = 0.0,
    data: str | None = None,
    seed: int = 0,
    stem: str = "path",
) -> str:
    """A Python script that traces the path of `paths.trace` with these arguments again.

    `source` is what `genstudio.load` takes, knots (K, D). The script writes `stem`.png and
    `stem`.npz into the folder it is run in.
    """
    points = np.atleast_2d(np.asarray(knots, np.float32))
    given: dict[str, Any] = {"frames": int(frames)}
    if centre is not None and kind == "slerp":
        given["centre"] = [float(f"{value:.9g}") for value in np.asarray(centre, np.float32)]
    if even:
        given["even"] = True
    if density > 0.0 and kind == "geodesic":
        given.update(density=float(density), data=data, seed=int(seed))
    return _TEMPLATE.format(
        kind=kind,
        count=len(points),
        source=source,
        told=_in_docstring(source),
        stem=stem,
        png=f"{stem}.png",
        npz=f"{stem}.npz",
        knots="\n".join(f"        [{_numbers(point)}]," for point in points),
        options="".join(f", {name}={value!r}" for name, value in given.items()),
    )


def _in_docstring(text: str) -> str:
    """A path may hold backslashes, as on Windows, and quotes."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _numbers(values: np.ndarray) -> str:
    """Float32 numbers with the nine digits that bring each back exactly."""
    return ", ".join(f"{value:.9g}" for value in values)
