"""The recipe of the judge: small shifts, turns and zooms, a cosine, averaged weights.

The epoch is chosen by held-back training images, never by the test set.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from genstudio.abilities import BadInput
from genstudio.metrics._judge_net import SHAPE, JudgeNet


@dataclass(frozen=True)
class Recipe:
    """Settings of the judge's training. Turn in degrees, shift in pixels, zoom as a share."""

    epochs: int = 25
    batch_size: int = 256
    lr: float = 3e-3
    weight_decay: float = 0.01
    label_smoothing: float = 0.05
    ema_decay: float = 0.998
    max_turn: float = 12.0
    max_shift: float = 2.0
    max_zoom: float = 0.1
    seed: int = 0
    bfloat16: bool = False


class Epoch(NamedTuple):
    """How far training is: `held_accuracy` is None until the epoch is over."""

    step: int
    n_steps: int
    epoch: int
    loss: float
    held_accuracy: float | None


class Best(NamedTuple):
    """The averaged weights of the epoch that did best on the held-back images."""

    net: JudgeNet
    epoch: int
    held_accuracy: float


def augment(x: Tensor, recipe: Recipe, rng: torch.Generator) -> Tensor:
    """Each image (N, 1, H, W) turned, shifted and zoomed at random; outside of it is 0."""
    n, size = len(x), x.shape[-1]
    turn, right, down, zoom = (2 * torch.rand(4, n, generator=rng) - 1).unbind(0)
    angle = turn * math.radians(recipe.max_turn)
    scale = 1 + zoom * recipe.max_zoom
    shift = 2 * recipe.max_shift / size
    cos, sin = scale * angle.cos(), scale * angle.sin()
    matrix = torch.stack([cos, -sin, right * shift, sin, cos, down * shift], 1).view(n, 2, 3)
    grid = F.affine_grid(matrix, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, align_corners=False)


@torch.no_grad()
def accuracy(net: JudgeNet, images: Tensor, labels: Tensor, chunk: int = 1000) -> float:
    """Share of images uint8 (N, 1, 28, 28) whose label the net names."""
    right = 0
    net.eval()
    for i in range(0, len(images), chunk):
        logits = net(images[i : i + chunk].float().div_(255))
        right += int((logits.argmax(1) == labels[i : i + chunk]).sum())
    return right / len(images)


def train(
    images: Tensor, labels: Tensor, held: tuple[Tensor, Tensor], recipe: Recipe
) -> Generator[Epoch, None, Best]:
    """Train on images uint8 (N, 1, 28, 28); yields after each step, ends in the best epoch.

    The initial weights and every draw depend on `recipe.seed` alone.

    Raises: BadInput when the images are no digits of 28 x 28.
    """
    if tuple(images.shape[1:]) != SHAPE:
        raise BadInput(f"The judge is trained on images of 1 x 28 x 28, got {images.shape[1:]}.")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        net = JudgeNet()
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(net)
    rng = torch.Generator().manual_seed(recipe.seed)
    optimizer = torch.optim.AdamW(
        net.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay, fused=True
    )
    per_epoch = len(images) // recipe.batch_size
    n_steps = per_epoch * recipe.epochs
    best: Best | None = None
    step = 0
    for epoch in range(1, recipe.epochs + 1):
        for index in _batches(len(images), recipe.batch_size, rng):
            step += 1
            optimizer.param_groups[0]["lr"] = recipe.lr * _schedule(step, n_steps)
            x = augment(images[index].float().div_(255), recipe, rng)
            loss = _step(net, optimizer, x, labels[index], recipe)
            _follow(average, net, min(recipe.ema_decay, step / (step + 10)))
            yield Epoch(step, n_steps, epoch, loss, None)
        held_accuracy = accuracy(average, *held)
        if best is None or held_accuracy >= best.held_accuracy:
            best = Best(copy.deepcopy(average), epoch, held_accuracy)
        yield Epoch(step, n_steps, epoch, loss, held_accuracy)
    if best is None:
        raise BadInput(f"The judge needs at least one epoch, got {recipe.epochs}. Choose more.")
    return best


def _batches(n: int, batch_size: int, rng: torch.Generator) -> Iterator[Tensor]:
    order = torch.randperm(n, generator=rng)
    yield from order[: n // batch_size * batch_size].view(-1, batch_size)


def _schedule(step: int, n_steps: int) -> float:
    """Linear warm-up over the first 5 %, then a cosine to zero."""
    warm = max(1, n_steps // 20)
    if step < warm:
        return step / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, n_steps - warm)))


def _step(
    net: JudgeNet, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor, recipe: Recipe
) -> float:
    net.train()
    context: AbstractContextManager[object] = nullcontext()
    if recipe.bfloat16:
        context = torch.autocast("cpu", dtype=torch.bfloat16)
    with context:
        logits = net(x.contiguous(memory_format=torch.channels_last))
    loss = F.cross_entropy(logits.float(), y, label_smoothing=recipe.label_smoothing)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return loss.item()


@torch.no_grad()
def _follow(average: JudgeNet, net: JudgeNet, decay: float) -> None:
    """average = decay * average + (1 - decay) * net, statistics of batch normalisation too."""
    ours, theirs = average.state_dict(), net.state_dict()
    floats = [name for name, value in ours.items() if value.is_floating_point()]
    torch._foreach_lerp_([ours[k] for k in floats], [theirs[k] for k in floats], 1 - decay)
