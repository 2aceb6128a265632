"""One gap report of 10,000 samples, beside the bare passes of its pictures through its two nets.

The bare passes decode and judge as many pictures in the same pieces, and compare nothing. The first
report of a process measures real images too; the second finds them and the model's bank ready.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

MODEL = "vae-mnist-2d"
DATA = "mnist"
N = 10_000


def measure(minutes: float) -> dict[str, Any]:
    """Seconds with torch's own threads."""
    import torch

    import genstudio
    from genstudio.metrics import gap

    model: Any = genstudio.load(MODEL)
    dataset = genstudio.dataset(DATA)
    own = gap.own_sampler(model)
    seconds, pieces = [], 0
    for seed in (0, 1):
        begun = perf_counter()
        for _ in gap.report(model, dataset, seed, N, [own]):
            pieces += 1
        seconds.append(perf_counter() - begun)
    return {
        "model": MODEL,
        "sampler": own,
        "samples": N,
        "threads": torch.get_num_threads(),
        "first_s": seconds[0],
        "next_s": seconds[1],
        "reference_s": _bare(model),
        "mean_piece_ms": 1e3 * sum(seconds) / pieces,
    }


def _bare(model: Any) -> float:
    """Seconds to decode and judge N pictures, nothing else."""
    import torch

    from genstudio.metrics import bank, judge

    z = torch.randn(N, model.latent_dim, generator=torch.Generator().manual_seed(0))
    begun = perf_counter()
    with torch.no_grad():
        for part in z.split(bank.CHUNK):
            judge.features(model.decode(part))
    return perf_counter() - begun
