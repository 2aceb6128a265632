from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from genstudio.engine.faults import NotFinite
from genstudio.engine.updates import Updates

CPU = torch.device("cpu")


def _net(seed: int = 0) -> nn.Linear:
    net = nn.Linear(4, 3)
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(torch.randn(p.shape, generator=rng))
    return net


def _updates(net: nn.Module, lr: float = 0.1, **more: object) -> Updates:
    sgd = torch.optim.SGD(net.parameters(), lr=lr)
    return Updates({"model": sgd}, lr, CPU, **more)  # type: ignore[arg-type]


def _loss(net: nn.Module) -> torch.Tensor:
    return net(torch.ones(2, 4)).square().sum()


def test_a_step_is_the_optimizers_own() -> None:
    mine, theirs = _net(), _net()
    update = _updates(mine)
    other = torch.optim.SGD(theirs.parameters(), lr=0.1)
    for _ in range(3):
        update("model", _loss(mine))
        other.zero_grad()
        _loss(theirs).backward()
        other.step()
    for a, b in zip(mine.parameters(), theirs.parameters()):
        assert torch.equal(a, b)
    norm = math.sqrt(sum(float(p.grad.square().sum()) for p in theirs.parameters()))  # type: ignore[union-attr]
    assert update.grad_norm == pytest.approx(norm, rel=1e-5)


def test_a_long_gradient_is_cut_and_a_short_one_is_not() -> None:
    cut, plain = _net(), _net()
    update = _updates(cut)
    update.clip_norm = 0.5
    other = torch.optim.SGD(plain.parameters(), lr=0.1)
    update("model", _loss(cut))
    _loss(plain).backward()
    norm = torch.nn.utils.clip_grad_norm_(plain.parameters(), 0.5)
    other.step()
    assert norm > 0.5
    for a, b in zip(cut.parameters(), plain.parameters()):
        torch.testing.assert_close(a, b)
    short = _net()
    update = _updates(short)
    update.clip_norm = 1e9
    untouched = _net()
    _updates(untouched)("model", _loss(untouched))
    update("model", _loss(short))
    assert torch.equal(next(short.parameters()), next(untouched.parameters()))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_touches_nothing(value: float) -> None:
    net = _net()
    before = [p.clone() for p in net.parameters()]
    update = _updates(net)
    with pytest.raises(NotFinite) as caught:
        update("model", _loss(net) * value)
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters()))
    assert caught.value.lr == 0.1
    assert update.counts == {"model": 0}


def test_a_finite_loss_with_a_gradient_that_is_not() -> None:
    net = _net()
    before = [p.clone() for p in net.parameters()]
    net.weight.register_hook(lambda gradient: gradient / 0)
    with pytest.raises(NotFinite, match="gradient"):
        _updates(net)("model", _loss(net))
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters()))


def test_each_group_keeps_its_proportion_of_the_learning_rate() -> None:
    net = _net()
    groups = [{"params": [net.weight], "lr": 0.2}, {"params": [net.bias], "lr": 0.1}]
    optimizer = torch.optim.SGD(groups, lr=0.1)
    update = Updates({"model": optimizer}, 0.1, CPU)
    update.set_lr(0.05)
    assert [g["lr"] for g in optimizer.param_groups] == pytest.approx([0.1, 0.05])


def test_two_optimizers_are_independent() -> None:
    a, b = _net(1), _net(2)
    update = Updates(
        {
            "a": torch.optim.SGD(a.parameters(), lr=0.1),
            "b": torch.optim.SGD(b.parameters(), lr=0.1),
        },
        0.1,
        CPU,
    )
    before = b.weight.clone()
    update("a", (a(torch.ones(1, 4)) * b(torch.ones(1, 4))).sum())
    assert torch.equal(b.weight, before)
    update("b", _loss(b))
    assert not torch.equal(b.weight, before)
    assert update.counts == {"a": 1, "b": 1}


def test_the_average_starts_quickly_and_then_follows_its_decay() -> None:
    net, twin = _net(), _net()
    twins = dict(zip(map(id, net.parameters()), twin.parameters()))
    update = _updates(net, average=lambda p: twins[id(p)].data, ema_decay=0.3)
    wanted = net.weight.detach().double().clone()
    for count in range(1, 9):
        update("model", _loss(net))
        decay = min(0.3, (1 + count) / (10 + count))
        wanted = decay * wanted + (1 - decay) * net.weight.detach().double()
    torch.testing.assert_close(twin.weight.double(), wanted, rtol=1e-5, atol=1e-6)


def test_backward_runs_outside_autocast() -> None:
    net = _net()
    seen: list[bool] = []

    class Spy(torch.autograd.Function):
        @staticmethod
        def forward(ctx: object, x: torch.Tensor) -> torch.Tensor:
            seen.append(torch.is_autocast_enabled("cpu"))
            return x.clone()

        @staticmethod
        def backward(ctx: object, gradient: torch.Tensor) -> torch.Tensor:
            seen.append(torch.is_autocast_enabled("cpu"))
            return gradient

    update = _updates(net, autocast=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        update("model", Spy.apply(net(torch.ones(2, 4)).float().square().sum()))
    assert seen == [True, False]
