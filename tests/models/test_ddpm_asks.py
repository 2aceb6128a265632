"""What reaches the net of a diffusion model, and what the shipped one makes of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import genstudio
from genstudio.data import load
from genstudio.latent import denoise
from genstudio.metrics import judge
from genstudio.models import family

T = 40
NONE = 3  # the class that means none, of a model of three


class Asked(NamedTuple):
    x: Tensor
    time: Tensor
    label: Tensor
    rng: torch.Generator | None


class Net(nn.Module):
    """Writes down what it is asked, and answers with `answer`."""

    def __init__(self, answer: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.answer = answer
        self.asked: list[Asked] = []

    def forward(
        self, x: Tensor, time: Tensor, label: Tensor, rng: torch.Generator | None = None
    ) -> Tensor:
        self.asked.append(Asked(x.clone(), time, label, rng))
        return self.answer(x, label)


def build(shape: tuple[int, ...] = (1, 6, 8), **config: Any) -> Any:
    record = family("ddpm")
    tiny = {"channels": 4, "width": 8, "depth": 1, "n_classes": NONE, "n_steps": T}
    return record.build(shape, record.configure({**tiny, "predict": "x0", **config}))


def listening(
    answer: Callable[[Tensor, Tensor], Tensor] = lambda x, label: 0.5 * x,
    shape: tuple[int, ...] = (1, 6, 8),
    **config: Any,
) -> tuple[Any, Net]:
    model, net = build(shape, **config), Net(answer)
    model.net = net
    return model, net


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_net_is_told_the_time_as_of_a_thousand_steps() -> None:
    model, net = listening()
    x, t, label, own = torch.zeros(3, 1, 6, 8), torch.tensor([1, 20, T]), torch.arange(3), rng()
    model.at_time(x, t, label, own)
    asked = net.asked[0]
    assert asked.time.tolist() == [25.0, 500.0, 1000.0]
    assert asked.label is label and asked.rng is own


@pytest.mark.parametrize("training", [True, False])
def test_losses_tell_time_and_class_and_draw_dropout_in_training_alone(training: bool) -> None:
    model, net = listening(class_drop=0.3)
    model.train(training)
    own, y = rng(1), torch.arange(600) % NONE
    model.losses(torch.rand(600, 1, 6, 8), own, y)
    asked = net.asked[0]
    wanted = (torch.arange(600) + 0.5) * T / 600  # each row has its share of 1..T
    assert (asked.time * T / 1000 - 0.5 - wanted).abs().max() < 1
    assert ((asked.label == y) | (asked.label == NONE)).all()
    assert float((asked.label == NONE).float().mean()) == pytest.approx(0.3, abs=0.06)
    assert asked.rng is (own if training else None)
    model.eval().losses(torch.rand(4, 1, 6, 8), own)
    assert net.asked[1].label.tolist() == [NONE] * 4


def test_the_denoiser_tells_class_and_time_and_under_guidance_asks_for_none_too() -> None:
    model, net = listening()
    x = torch.randn(2, 1, 6, 8, generator=rng())
    for label, told in ((1, [1, 1]), ((2, 0), [2, 0]), (None, [NONE, NONE])):
        model.denoiser(label)(x, 10)
        assert net.asked[-1].label.tolist() == told
        assert net.asked[-1].time.tolist() == [250.0, 250.0]
    model.denoiser((2, 0), guidance=3.0)(x, 30)
    assert net.asked[-1].label.tolist() == [NONE, NONE, 2, 0]
    assert net.asked[-1].time.tolist() == [750.0] * 4
    assert torch.equal(net.asked[-1].x, torch.cat([x, x]))
    assert len(net.asked) == 4
    assert all(one.rng is None for one in net.asked)  # no dropout


def test_the_score_is_guided_from_none_to_the_class() -> None:
    model, net = listening(lambda x, label: label[:, None].expand_as(x).float(), (2,))
    points = np.array([[0.4, -1.0], [2.0, 3.0]], np.float32)
    got = denoise.score(model, 20, points, label=1, guidance=3.0)
    assert net.asked[0].label.tolist() == [NONE, NONE, 1, 1]
    assert net.asked[0].time.tolist() == [500.0] * 4
    np.testing.assert_allclose(net.asked[0].x[:2].numpy(), points / 2)
    a = model.schedule.alpha_bar[20]
    x0_hat = NONE + 3.0 * (1 - NONE)
    noise_hat = (points / 2 - math.sqrt(a) * x0_hat) / math.sqrt(1 - a)
    np.testing.assert_allclose(got, -noise_hat / math.sqrt(1 - a) / 2, rtol=1e-4)


def test_decoding_clips_each_guess_and_encoding_none() -> None:
    """The net always guesses 3, beyond every pixel: x_t follows 1 on the way back, 3 forward."""
    model, net = listening(lambda x, label: torch.full_like(x, 3.0), latent_steps=4)
    z = torch.randn(2, 48, generator=rng())
    model.decode(z)
    model.encode(torch.full((2, 1, 6, 8), 0.75))
    down, up = net.asked[:4], net.asked[4:]
    assert [int(one.time[0]) for one in down] == [1000, 750, 500, 250]
    assert [int(one.time[0]) for one in up] == [250, 250, 500, 750]
    for steps, seen in ((down, 1.0), (up[1:], 3.0)):
        for here, there in pairwise(steps):
            a, b = (model.schedule.alpha_bar[int(one.time[0] * T / 1000)] for one in (here, there))
            noise = (here.x - math.sqrt(a) * seen) / math.sqrt(1 - a)
            wanted = math.sqrt(b) * seen + math.sqrt(1 - b) * noise
            torch.testing.assert_close(there.x, wanted, atol=1e-4, rtol=1e-4)
    assert all(one.label.tolist() == [NONE, NONE] and one.rng is None for one in net.asked)


@pytest.mark.parametrize("shape", [(1, 6, 8), (2,)])
def test_dropout_is_off_wherever_nothing_is_trained(shape: tuple[int, ...]) -> None:
    """Even where a model in training is asked for samples."""
    model = build(shape, dropout=0.9, latent_steps=3)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.1 * torch.randn(p.shape, generator=rng(1)))
    x = torch.rand(3, *shape, generator=rng())
    answers = []
    for training in (True, False):
        model.train(training)
        with torch.no_grad():
            z = model.encode(x).mean
            parts = [z, model.decode(z), model.sample(3, rng(), steps=3, label=1, guidance=2.0)]
            answers.append([*parts, model.log_prob(x, rng=rng(), k=2)])
            losses = model.losses(x, rng(), torch.arange(3))
            answers[-1].append(losses["loss"])
    *same, trained = zip(*answers, strict=True)
    assert all(torch.equal(one, other) for one, other in same)
    assert not torch.equal(*trained)


def test_the_shipped_net_draws_the_digits_it_is_asked_for() -> None:
    """What it was trained to be: a slip in the U-Net, the time or the classes shows here."""
    model = genstudio.load("ddpm-mnist")
    asked = torch.arange(64) % 10
    x = model.sample(64, rng(), steps=20, label=tuple(asked.tolist()))
    assert float((judge.classify(x).argmax(1) == asked).float().mean()) > 0.85
    test = load("mnist").test
    assert test.labels is not None
    index = torch.arange(64)
    with torch.no_grad():
        loss = model.losses(test.batch(index), rng(), test.labels[index])["loss"]
    assert float(loss) == pytest.approx(0.0960, abs=3e-4)  # of these weights; no labels: 0.1067
