"""What the window and the command line ask of a diffusion model: its schedule, walks from noise to
data and back, edits on the way, and the field that it has learned in the plane.

Arrays are float32 in the model's own scale ([-1, 1] for images) unless it is said otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from genstudio.latent._denoise_checks import count, diffusion
from genstudio.latent._denoise_field import density, score
from genstudio.latent._denoise_forward import inverted, noised, stroll
from genstudio.latent._denoise_walk import classes_of, walk
from genstudio.latent.denoise_edit import edited
from genstudio.models import families
from genstudio.models._diffusion import SAMPLERS, Schedule
from genstudio.models.ddpm import POINT_SCALE

__all__ = [
    "Process",
    "classes_of",
    "count",
    "density",
    "edited",
    "inverted",
    "noised",
    "process",
    "score",
    "stroll",
    "walk",
]


@dataclass(frozen=True, eq=False)
class Process:
    """A model's forward process and what can be asked of its walks; no torch inside."""

    n_steps: int  # T
    alpha_bar: np.ndarray  # float64 (T + 1,), 1 at t = 0
    beta: np.ndarray  # float64 (T + 1,), 0 at t = 0
    snr: np.ndarray  # float64 (T + 1,), infinite at t = 0
    shape: tuple[int, ...]
    n_classes: int  # 0 where the model knows none
    points: bool
    scale: float  # data units to one unit of the model's scale; images are x = (v + 1) / 2
    samplers: tuple[str, ...]
    title: str
    schedule: str  # "linear" or "cosine"
    predicts: str  # "v", "noise" or "x0"

    def times(self, n: int) -> list[int]:
        """The times of a walk of n steps, falling from T.

        Raises: BadInput for more steps than the schedule has.
        """
        return Schedule(tuple(self.alpha_bar.tolist())).times(n)


def process(model: Any) -> Process:
    """Query: the forward process of a diffusion model.

    Raises: BadInput for a model that does not denoise.
    """
    net = diffusion(model)
    schedule = net.schedule
    T = schedule.n_steps
    alpha_bar, beta, snr = (
        np.array(v, np.float64)
        for v in (schedule.alpha_bar, schedule.beta, [schedule.snr(t) for t in range(T + 1)])
    )
    for array in (alpha_bar, beta, snr):
        array.setflags(write=False)
    return Process(
        n_steps=T,
        alpha_bar=alpha_bar,
        beta=beta,
        snr=snr,
        shape=net.shape,
        n_classes=net.config.n_classes,
        points=net.points,
        scale=POINT_SCALE if net.points else 0.5,
        samplers=tuple(SAMPLERS),
        title=families()[net.family].title,
        schedule=net.config.schedule,
        predicts=net.config.predict,
    )
