"""Training of the dense and the convolutional VAE, beside a bare loop that does the same work; and
of the diffusion model of digits, beside a plain one.

The bare loop takes the same stored images, batch size, precision, threads, memory format, losses
and fused optimizer; it keeps no curves, checks nothing and saves nothing. Both make stretches of
steps in turn in one process, so that a slow moment of the machine meets both.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from genstudio.bench_parts import _unet
from genstudio.bench_parts._screen import screen
from genstudio.bench_parts._window import Window, window

if TYPE_CHECKING:
    from genstudio.engine.device import Choice

STRETCHES = 15
STEPS = {"dense": 100, "conv": 25}  # of one stretch
VIEW_PAIRS = 6  # stretches without and with live views, in turn
VIEW_SECONDS = {"dense": 2.0, "conv": 4.0}  # of one stretch
ENDLESS = 10_000_000


def measure(minutes: float) -> dict[str, Any]:
    """Images per second, medians over stretches, and what live views cost."""
    figures: dict[str, Any] = {}
    for net in STEPS:
        figures.update(_beside_a_bare_loop(net))
    with screen() as (environment, kind), window(environment) as told:
        figures["screen"] = kind
        for net in STEPS:
            figures[f"{net}_views_cost"] = _cost_of_views(told, net)
    figures.update(_unet.measure())
    return figures


def _beside_a_bare_loop(net: str) -> dict[str, Any]:
    import torch

    from genstudio import models
    from genstudio.engine.device import Choice
    from genstudio.engine.settings import split_settings
    from genstudio.engine.training import Training

    family = models.family("vae")
    trainer = {
        "train.steps": ENDLESS,
        "train.ema_decay": 0.0,  # the bare loop keeps no average either
        "train.lr_schedule": "constant",
        "train.n_snapshots": 0,
        "train.checkpoint_every_s": 86_400.0,
    }
    config, settings = split_settings({"net": net, **trainer}, family)
    threads = torch.get_num_threads()
    with tempfile.TemporaryDirectory(prefix="genstudio-bench-") as folder:
        job = Training(family, "mnist", Path(folder) / "run", config, settings)
        steps: Any = job.run(1)
        reports = list(next(steps) or ())
        chosen = next(r for r in reports if getattr(r, "kind", "") == "choice")
        choice = Choice.from_json(dict(chosen.facts))
        bare = _bare_loop(config, settings, choice)
        rates: dict[str, list[float]] = {"ours": [], "bare": []}
        try:
            for stretch in range(STRETCHES + 1):
                for name, step in (("ours", steps.__next__), ("bare", bare.__next__)):
                    torch.set_num_threads(choice.threads)
                    rate = STEPS[net] * settings.batch_size / _seconds(step, STEPS[net])
                    if stretch:
                        rates[name].append(rate)
        finally:
            steps.close()
            torch.set_num_threads(threads)
    ours, reference = statistics.median(rates["ours"]), statistics.median(rates["bare"])
    return {
        f"{net}_choice": choice.label(),
        f"{net}_images_per_s": ours,
        f"{net}_reference_images_per_s": reference,
        f"{net}_ratio": ours / reference,
    }


def _seconds(step: Callable[[], object], n: int) -> float:
    start = perf_counter()
    for _ in range(n):
        step()
    return perf_counter() - start


def _bare_loop(config: Any, settings: Any, choice: Choice) -> Iterator[None]:
    """A training loop as one writes it by hand; one step for each `next`."""
    import torch

    from genstudio import data, models

    images = data.load("mnist").train.images
    assert images is not None
    model = models.family("vae").build((1, 28, 28), config, settings.seed)
    model = model.to(memory_format=choice.format).train()  # type: ignore[call-overload]
    optimizer = model.optimizers(settings)["model"]
    rng = torch.Generator().manual_seed(0)
    while True:
        order = torch.randperm(len(images), generator=rng)
        for start in range(0, len(images) - settings.batch_size + 1, settings.batch_size):
            rows = order[start : start + settings.batch_size]
            x = images[rows].to(torch.float32).div_(255.0)
            x = x.contiguous(memory_format=choice.format)
            with choice.autocast():
                loss = model.losses(x, rng)["loss"]
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            yield


def _cost_of_views(told: Window, net: str) -> float:
    """The share of steps per second that curves, previews and the live map cost."""
    told.tell("train", net=net)
    rates: list[float] = []
    for stretch in range(2 * VIEW_PAIRS):
        told.tell("views", on=bool(stretch % 2))
        told.tell("rest", ms=500)
        rates.append(told.tell("rate", seconds=VIEW_SECONDS[net]))
    told.tell("stop")
    return share_lost(rates)


def share_lost(rates: Sequence[float]) -> float:
    """What views cost, of rates taken in turn without and with them.

    The median over neighbours of 1 - with / without, so that a machine that slowly gets faster or
    slower cancels: each stretch but the ends stands in one pair with an earlier and in one with a
    later neighbour.
    """
    pairs = [
        (first, second) if i % 2 == 0 else (second, first)
        for i, (first, second) in enumerate(itertools.pairwise(rates))
    ]
    return statistics.median(1.0 - seen / unseen for unseen, seen in pairs)
