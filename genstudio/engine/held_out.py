"""The loss of images outside training, at a bounded price."""

from __future__ import annotations

import time

import torch
from torch import Tensor

from genstudio.abilities import has_noise_space
from genstudio.data import Split
from genstudio.engine.batches import mix
from genstudio.engine.learner import Learner
from genstudio.metrics.units import units_of
from genstudio.models import HasLatent

N_IMAGES = 1024
CHUNK = 256
SHARE = 0.03  # of the time since the run began that may go into the test curve


class HeldOut:
    """Loss and its parts over the same test images with the same noise each time. Draws from its
    own generator.
    """

    def __init__(self, split: Split, device: torch.device, seed: int) -> None:
        n = len(split)
        index = torch.linspace(0, n - 1, min(n, N_IMAGES)).round().to(torch.int64) if n else None
        self._images: Tensor | None = None if index is None else split.batch(index).to(device)
        labels = None if index is None or split.labels is None else split.labels[index].to(device)
        self._labels: Tensor | None = labels
        self._seed = mix(seed, "test curve")
        self._device = device
        self._spent = 0.0
        self._began = time.perf_counter()

    @torch.no_grad()
    def alarm(self, learner: Learner) -> str:
        """One sentence when the posterior has collapsed on the test images; else "".

        Call it after `measure`, which brings the shadow up to date.
        """
        model = learner.shadow
        if self._images is None or not isinstance(model, HasLatent) or has_noise_space(model):
            return ""
        if model.encode(self._images[:1]).std is None:
            return ""
        posteriors = [model.encode(x) for x in self._images.split(CHUNK)]
        mean = torch.cat([p.mean for p in posteriors])
        std = torch.cat([p.std for p in posteriors if p.std is not None])
        return units_of(mean.cpu().numpy(), std.cpu().numpy()).alarm

    @torch.no_grad()
    def measure(self, learner: Learner, always: bool = False) -> dict[str, float]:
        """Mean loss parts of now; {} where there is nothing to measure or the price would be too
        high.
        """
        began = time.perf_counter()
        if self._images is None or not learner.measures_loss:
            return {}
        if not always and self._spent > SHARE * (began - self._began):
            return {}
        model = learner.refresh()
        rng = torch.Generator(self._device).manual_seed(self._seed)
        sums: dict[str, Tensor] = {}
        counts: dict[str, int] = {}  # a part may be left out where a few images say nothing of it
        for i in range(0, len(self._images), CHUNK):
            x = self._images[i : i + CHUNK]
            y = None if self._labels is None else self._labels[i : i + CHUNK]
            for name, value in model.losses(x, rng, y).items():
                sums[name] = sums.get(name, torch.zeros((), device=self._device)) + value * len(x)
                counts[name] = counts.get(name, 0) + len(x)
        parts = {name: float(value) / counts[name] for name, value in sums.items()}
        self._spent += time.perf_counter() - began
        return parts
