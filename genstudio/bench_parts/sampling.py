"""Sampling 64 digits in 20 steps beside the U-Net and the DDIM scheduler of diffusers; the first
step of a walk; scrubbing its record in the window.

The reference is a UNet2DModel of about as many parameters (24, 32 and 48 maps at 28, 14 and 7
pixels, one block of each, attention at the coarsest, the same classes), in the loop that its makers
write; both are asked in turn in one process. Only their speed is compared: the reference is not
trained.
"""

from __future__ import annotations

import importlib
import statistics
import tempfile
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

from genstudio.bench_parts._figures import in_turn, spread
from genstudio.bench_parts._screen import screen
from genstudio.bench_parts._window import window

MODEL = "ddpm-mnist"
FRESH = "fresh weights of the default settings (the speed is the same)"
N_CLASSES = 10
N, STEPS = 64, 20
ROUNDS = 10
LONG_STEPS = 1000  # of the record that is scrubbed
SCRUBS = 500


def measure(minutes: float) -> dict[str, Any]:
    """Seconds of all samples and milliseconds of the first step, medians; `ratio` is how many times
    as fast as the reference, both with DDIM. Reference figures are None without diffusers.
    """
    with tempfile.TemporaryDirectory(prefix="genstudio-bench-") as folder:
        model, source = _model(Path(folder))
        figures: dict[str, Any] = {
            "model": source if source == MODEL else FRESH,
            "parameters": model.n_parameters(),
            "images": N,
            "steps": STEPS,
        }
        figures.update(_beside_diffusers(model))
        figures.update(_first_step(model))
        figures.update(_in_the_window(source))
    return figures


def _model(folder: Path) -> tuple[Any, str]:
    """The shipped model, or a fresh one as a run in `folder`; and its source."""
    import genstudio
    from genstudio.abilities import Card
    from genstudio.engine import runs, weights_file

    if MODEL in genstudio.weights():
        return genstudio.load(MODEL), MODEL
    model = genstudio.create("ddpm", n_classes=N_CLASSES)
    card = Card(
        name=MODEL,
        family=model.family,
        abilities=model.abilities,
        shape=model.shape,
        latent_dim=model.latent_dim,
        data="mnist",
        config=model.config.model_dump(mode="json"),
    )
    header = weights_file.header_of(model)
    (folder / runs.MODEL).write_bytes(weights_file.to_bytes(model.state_dict(), header))
    (folder / runs.CARD).write_text(card.model_dump_json(), encoding="utf-8")
    return genstudio.load(str(folder)), str(folder)


def _beside_diffusers(model: Any) -> dict[str, Any]:
    import torch

    def sample(sampler: str) -> Callable[[], object]:
        rng = torch.Generator().manual_seed(0)
        return lambda: model.sample(N, rng, sampler=sampler, steps=STEPS)

    ours = [sample("ddim"), sample("dpmpp")]
    reference = their_net() if find_spec("diffusers") is not None else None
    theirs = [] if reference is None else [_their_loop(reference)]
    seconds = [statistics.median(times) for times in in_turn([*ours, *theirs], ROUNDS, warm_up=1)]
    their_s = seconds[2] if theirs else None
    return {
        "threads": torch.get_num_threads(),
        "ddim_s": seconds[0],
        "dpmpp_s": seconds[1],
        "reference_s": their_s,
        "reference_parameters": reference and sum(p.numel() for p in reference.parameters()),
        "ratio": their_s and their_s / seconds[0],
    }


def their_net() -> Any:
    """The reference: a UNet2DModel of digits with classes and one for none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of their import
        diffusers: Any = importlib.import_module("diffusers")
    return diffusers.UNet2DModel(
        sample_size=28,
        in_channels=1,
        out_channels=1,
        block_out_channels=(24, 32, 48),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        norm_num_groups=8,
        num_class_embeds=N_CLASSES + 1,
    ).eval()


def _their_loop(net: Any) -> Callable[[], object]:
    import torch

    scheduler: Any = importlib.import_module("diffusers").DDIMScheduler(
        num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2", timestep_spacing="trailing"
    )
    rng = torch.Generator().manual_seed(0)
    none = torch.full((N,), N_CLASSES)

    def sample() -> object:
        with torch.no_grad():
            scheduler.set_timesteps(STEPS)
            x = torch.randn(N, 1, 28, 28, generator=rng)
            for t in scheduler.timesteps:
                output = net(x, t, class_labels=none).sample
                x = scheduler.step(output, t, x).prev_sample
        return x

    return sample


def _first_step(model: Any) -> dict[str, float]:
    """From the ask for a walk to its first frame, on one thread, as the ask lane computes."""
    import torch

    from genstudio.latent import denoise

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    late = []
    try:
        for seed in range(ROUNDS + 1):
            start = perf_counter()
            next(denoise.walk(model, n=N, seed=seed, steps=STEPS))
            late.append((perf_counter() - start) * 1e3)
    finally:
        torch.set_num_threads(threads)
    return {"first_step_ms": statistics.median(late[1:])}


def _in_the_window(source: str) -> dict[str, Any]:
    """The first step from the start of a run to its painted picture; scrubbing a long record."""
    with screen() as (environment, kind), window(environment) as told:
        first = [told.tell("walk", source=source, n=N, steps=STEPS) for _ in range(ROUNDS)]
        told.tell("walk", source=source, n=N, steps=LONG_STEPS)
        late = told.tell("scrub", n=SCRUBS)
    return {
        "screen": kind,
        "first_step_painted_ms": statistics.median(first),
        "scrubbed_steps": LONG_STEPS,
        **spread(late, "scrub_ms"),
    }
