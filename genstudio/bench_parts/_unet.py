"""A training step of the digits' U-Net beside the plain loop: contiguous float32.

Same net, batches of the same size, optimizer and threads; the engine chooses precision and memory
format by itself. Both make stretches of steps in turn until each has made `STEPS`; then both are
asked for their loss on the same noised test images, so that speed is not bought with it.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from genstudio.data import Split
    from genstudio.models import Model

STEPS = 500
STRETCH = 25  # steps
N_TEST = 2000
SETTINGS = {
    "n_classes": 10,
    "train.ema_decay": 0.0,  # the plain loop keeps no average either
    "train.lr_schedule": "constant",
    "train.warmup_steps": 0,
    "train.n_snapshots": 0,
    "train.checkpoint_every_s": 86_400.0,
}


def measure() -> dict[str, Any]:
    """Steps per second, medians over stretches; `unet_ratio` is how many times as fast as the plain
    loop. Takes some minutes.
    """
    import torch

    from genstudio import data, models
    from genstudio.engine.device import Choice
    from genstudio.engine.settings import split_settings
    from genstudio.engine.training import Training

    family = models.family("ddpm")
    config, settings = split_settings({**SETTINGS, "train.steps": STEPS + 1}, family)
    mnist = data.load("mnist")
    plain = family.build(mnist.shape, config, settings.seed)
    threads = torch.get_num_threads()
    rates: dict[str, list[float]] = {"ours": [], "plain": []}
    with tempfile.TemporaryDirectory(prefix="genstudio-bench-") as folder:
        job = Training(family, mnist, Path(folder) / "run", config, settings)
        steps: Any = job.run(1)
        reports = list(next(steps) or ())
        chosen = next(r for r in reports if getattr(r, "kind", "") == "choice")
        choice = Choice.from_json(dict(chosen.facts))
        loop = _plain_loop(plain, mnist.train, settings)
        try:
            for name, step in itertools.islice(
                itertools.cycle((("ours", steps), ("plain", loop))), 2 * (STEPS // STRETCH)
            ):
                torch.set_num_threads(choice.threads)
                start = perf_counter()
                for _ in range(STRETCH):
                    next(step)
                rates[name].append(STRETCH / (perf_counter() - start))
            weights = job.weights()
        finally:
            steps.close()
            torch.set_num_threads(threads)
    assert weights is not None
    trained = family.build(mnist.shape, config, settings.seed)
    trained.load_state_dict(weights[0].tensors)
    ours, theirs = (statistics.median(rates[name]) for name in ("ours", "plain"))
    return {
        "unet_choice": choice.label(),
        "unet_steps_per_s": ours,
        "unet_reference_steps_per_s": theirs,
        "unet_ratio": ours / theirs,
        "unet_steps": weights[1],
        "unet_loss": loss_on(trained, mnist.test),
        "unet_reference_loss": loss_on(plain, mnist.test),
    }


def _plain_loop(model: Model, split: Split, settings: Any) -> Iterator[None]:
    """A training loop as one writes it by hand; one step for each `next`."""
    import torch

    optimizer = model.train().optimizers(settings)["model"]
    rng = torch.Generator().manual_seed(0)
    while True:
        order = torch.randperm(len(split), generator=rng)
        for start in range(0, len(split) - settings.batch_size + 1, settings.batch_size):
            rows = order[start : start + settings.batch_size]
            x, y = split.batch(rows), split.labels[rows]  # type: ignore[index]
            loss = model.losses(x, rng, y)["loss"]
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            yield


def loss_on(model: Model, split: Split) -> float:
    """Mean loss of the first test images under the same noise for every model."""
    import torch

    rng = torch.Generator().manual_seed(1)
    model.eval()
    with torch.no_grad():
        rows = torch.arange(min(N_TEST, len(split)))
        parts: list[Mapping[str, Tensor]] = [
            model.losses(split.batch(part), rng, split.labels[part])  # type: ignore[index]
            for part in rows.split(500)
        ]
    return float(torch.stack([part["loss"] for part in parts]).mean())
