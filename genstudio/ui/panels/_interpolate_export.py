"""What leaves Interpolate: the strip, an animation, the latents, and a script that repeats them.

Every file is written whole or not at all.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from genstudio.abilities import BadInput
from genstudio.engine import files
from genstudio.ui.widgets.image_grid import mosaic

if TYPE_CHECKING:
    from genstudio.latent.paths import Path as Traced
    from genstudio.ui.panels._interpolate_tracer import Wish

FRAME_MS = 80  # of the animation; its ends stand longer
END_MS = 600
LEAST_GIF_PX = 112  # side of a frame, small images at a whole factor

FORMATS = {
    "png": ("Strip as PNG…", "PNG (*.png)"),
    "gif": ("Animation as GIF…", "GIF (*.gif)"),
    "npz": ("Latents as npz…", "NumPy (*.npz)"),
    "py": ("Script that makes it again…", "Python (*.py)"),
}


@dataclass(frozen=True, eq=False)
class Export:
    """A traced path, how it was asked for, and what a script can load the model from."""

    path: Traced
    wish: Wish
    source: str
    seed: int

    def data(self, kind: str, stem: str) -> bytes:
        """The file of `kind`, a key of FORMATS.

        Raises: BadInput when a script could not load the model.
        """
        if kind == "png":
            return strip(self.path.images)
        if kind == "gif":
            return gif(self.path.images)
        if kind == "npz":
            return npz(self.path)
        return self.script(stem).encode()

    def script(self, stem: str) -> str:
        """A short script that traces the same path.

        Raises: BadInput for a model in training that has no file yet.
        """
        from genstudio.latent.script import interpolation

        if self.source.startswith("live:"):
            raise BadInput("This model trains and has no file yet. Save a checkpoint, then export.")
        wish = self.wish
        return interpolation(
            self.source,
            self.path.kind,
            np.array(wish.knots, np.float32),
            max(wish.frames, len(wish.knots)),
            centre=wish.centre,
            even=wish.even,
            density=wish.density,
            data=wish.data or None,
            seed=self.seed,
            stem=stem,
        )


def write(export: Export, kind: str, path: Path) -> None:
    """Write `export` as `kind` to `path`.

    Raises: BadInput; CannotSave, an OSError, with the old file intact.
    """
    files.replace(path, export.data(kind, path.stem))


def strip(images: np.ndarray) -> bytes:
    """Frames (F, C, H, W) in [0, 1] side by side as a PNG file."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(mosaic(images, len(images))).save(buffer, "PNG")
    return buffer.getvalue()


def gif(images: np.ndarray) -> bytes:
    """Frames (F, C, H, W) in [0, 1] as an endless GIF that goes there and back."""
    from PIL import Image

    height = images.shape[2]
    factor = max(1, -(-LEAST_GIF_PX // height))
    frames = []
    for image in images:
        picture = Image.fromarray(mosaic(image[None], 1))
        size = (picture.width * factor, picture.height * factor)
        frames.append(picture.resize(size, Image.Resampling.NEAREST))
    row = [*frames, *frames[-2:0:-1]]
    durations = [END_MS if k in (0, len(frames) - 1) else FRAME_MS for k in range(len(row))]
    buffer = io.BytesIO()
    row[0].save(buffer, "GIF", save_all=True, append_images=row[1:], duration=durations, loop=0)
    return buffer.getvalue()


def npz(path: Traced) -> bytes:
    """x (F, C, H, W), z (F, D) and the pixel speed (F - 1,) as a compressed npz file."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, x=path.images, z=path.z, speed=path.speed)
    return buffer.getvalue()
