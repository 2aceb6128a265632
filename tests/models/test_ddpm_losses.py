"""What a diffusion model reports of a batch: the times drawn, and the loss of their quarters."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

from genstudio.models import family


def build(n_steps: int = 1000, **config: Any) -> Any:
    record = family("ddpm")
    tiny = {"n_steps": n_steps, "width": 8, "depth": 1, "predict": "x0"}
    return record.build((2,), record.configure({**tiny, **config}))


def drawn(model: Any, n: int, seed: int, monkeypatch: pytest.MonkeyPatch) -> tuple[Tensor, Any]:
    """The times of one batch of n and its losses, of x_0 = 0 under a net that says sqrt(t)."""
    seen: list[Tensor] = []

    def net(x_t: Tensor, t: Tensor, label: Tensor, rng: object = None) -> Tensor:
        seen.append(t)
        return torch.ones_like(x_t) * t[:, None].sqrt()

    monkeypatch.setattr(model, "at_time", net)
    losses = model.losses(torch.zeros(n, 2), torch.Generator().manual_seed(seed))
    return seen[0], losses


@pytest.mark.parametrize("T", [4, 5, 6, 7, 20, 1000])
@pytest.mark.parametrize("n", [1, 3, 4, 5, 6, 8, 9, 17])
def test_a_quarter_is_reported_only_where_every_batch_has_a_time_in_it(
    n: int, T: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = build(T)
    kinds, missed = set(), False
    for seed in range(60):
        t, losses = drawn(model, n, seed, monkeypatch)
        kinds.add(tuple(losses))
        tops = [math.ceil(T * q / 4) for q in range(5)]
        for low, high in pairwise(tops):
            mine = t[(t > low) & (t <= high)].float()
            missed |= not len(mine)
            if f"loss_t{high}" in losses:  # the error of x0_hat = sqrt(t) is t
                assert float(losses[f"loss_t{high}"]) == pytest.approx(float(mine.mean()))
    assert len(kinds) == 1  # the same in every process and every step
    assert len(kinds.pop()) in (1, 5)
    assert (len(losses) == 1) == missed


def test_times_stay_in_their_shares_at_the_ends_of_what_can_be_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for spread in (0.0, 1.0 - 2**-24):
        monkeypatch.setattr(
            torch, "rand", lambda n, spread=spread, **_how: torch.full((n,), spread)
        )
        for n in (4, 6, 7, 100, 5000):
            t, _ = drawn(build(), n, 0, monkeypatch)
            row = torch.arange(n)
            assert ((t - 1) >= row * 1000 // n).all()
            assert ((t - 1) * n < (row + 1) * 1000).all()
