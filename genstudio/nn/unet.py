"""Nets that see a noisy input and how noisy it is: a U-Net for images, an MLP for points."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genstudio.nn.dropout import Dropout

TIME_SIZE = 64  # sines and cosines of the time
MAX_PERIOD = 10_000.0


def time_features(time: Tensor, size: int = TIME_SIZE) -> Tensor:
    """Sines and cosines (N, size) of times (N,) (Vaswani et al. 2017; Ho et al. 2020)."""
    half = size // 2
    exponent = torch.arange(half, device=time.device, dtype=torch.float32) / half
    angle = time.float()[:, None] * torch.exp(-math.log(MAX_PERIOD) * exponent)  # (N, half)
    return torch.cat([angle.sin(), angle.cos()], 1)


class Conditions(nn.Module):
    """Time (N,) and class (N,) to one vector (N, size); class `n_classes` means none."""

    def __init__(self, size: int, n_classes: int) -> None:
        super().__init__()
        self.time = nn.Sequential(nn.Linear(TIME_SIZE, size), nn.SiLU(), nn.Linear(size, size))
        self.label = nn.Embedding(n_classes + 1, size) if n_classes else None

    def forward(self, time: Tensor, label: Tensor) -> Tensor:
        dtype = next(self.time.parameters()).dtype
        h: Tensor = self.time(time_features(time).to(dtype))
        return h if self.label is None else h + self.label(label)


class Block(nn.Module):
    """A residual block whose second norm is scaled and shifted by the conditions.

    Source: Dhariwal & Nichol 2021, section 3 (adaptive group normalisation). Its norms take all
    maps as one group: with eight, torch's kernel for channels_last takes longer than all the
    convolutions of a training step.
    """

    def __init__(self, n_in: int, n_out: int, n_conditions: int, dropout: float) -> None:
        super().__init__()
        self.norm_in = nn.GroupNorm(1, n_in)
        self.conv_in = nn.Conv2d(n_in, n_out, 3, padding=1)
        self.conditions = nn.Linear(n_conditions, 2 * n_out)
        self.norm_out = nn.GroupNorm(1, n_out)
        self.dropout = Dropout(dropout)
        self.conv_out = _quiet(nn.Conv2d(n_out, n_out, 3, padding=1))
        self.skip = nn.Identity() if n_in == n_out else nn.Conv2d(n_in, n_out, 1)

    def forward(self, x: Tensor, conditions: Tensor, rng: torch.Generator | None) -> Tensor:
        h = self.conv_in(F.silu(self.norm_in(x)))
        scale, shift = self.conditions(F.silu(conditions))[:, :, None, None].chunk(2, 1)
        h = F.silu(self.norm_out(h) * (1 + scale) + shift)
        out: Tensor = self.skip(x) + self.conv_out(self.dropout(h, rng))
        return out


class Attention(nn.Module):
    """Every place looks at every other; one head of C features (Vaswani et al. 2017)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, channels)
        self.to_qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = _quiet(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        places = self.to_qkv(self.norm(x)).flatten(2).transpose(1, 2)  # (N, H * W, 3 C)
        q, k, v = places.chunk(3, 2)
        weight = (q @ k.transpose(1, 2) * q.shape[2] ** -0.5).softmax(2)  # (N, H * W, H * W)
        seen = weight.to(v.dtype) @ v  # (N, H * W, C)
        out: Tensor = x + self.out(seen.transpose(1, 2).unflatten(2, x.shape[2:]))
        return out


class UNet(nn.Module):
    """x (N, C, H, W), time (N,), label (N,) to an output of x's shape (Ronneberger et al. 2015).

    The image is first folded into patches of `patch` x `patch` pixels, so that its first level has
    (H / patch) x (W / patch) places; level i has channels * (1, 2, 2, ...) maps and half the
    places of the level before. What a level has seen on the way down is added on the way up, where
    the paper sets it beside: on a processor that halves the price of the finest level.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        *,
        channels: int,
        levels: int,
        blocks: int,
        patch: int,
        attention: bool,
        n_classes: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        folded = shape[0] * patch**2
        size = 4 * channels
        self.patch = patch
        self.conditions = Conditions(size, n_classes)
        self.first = nn.Conv2d(folded, channels, 3, padding=1)
        widths = [channels * (1 if level == 0 else 2) for level in range(levels)]
        down: list[nn.Module] = []
        for level, width in enumerate(widths):
            before = widths[max(0, level - 1)]
            if level:
                down.append(nn.Conv2d(before, before, 3, stride=2, padding=1))
            down += [
                Block(before if i == 0 else width, width, size, dropout) for i in range(blocks)
            ]
        self.down = nn.ModuleList(down)
        last = widths[-1]
        middle: list[nn.Module] = [Attention(last)] if attention else []
        self.middle = nn.ModuleList([*middle, Block(last, last, size, dropout)])
        up: list[nn.Module] = []
        for level in reversed(range(levels)):
            width = widths[level]
            if level < levels - 1:
                up.append(nn.Conv2d(widths[level + 1], width, 3, padding=1))
            up.append(Block(width, width, size, dropout))
        self.up = nn.ModuleList(up)
        self.norm = nn.GroupNorm(1, channels)
        self.last = _quiet(nn.Conv2d(channels, folded, 3, padding=1))

    def forward(
        self, x: Tensor, time: Tensor, label: Tensor, rng: torch.Generator | None = None
    ) -> Tensor:
        height, width = x.shape[2:]
        x = F.pad(x, (0, -width % self.patch, 0, -height % self.patch))
        conditions = self.conditions(time, label)
        h = self.first(F.pixel_unshuffle(x, self.patch))
        skips: list[Tensor] = []
        for layer in self.down:
            if isinstance(layer, Block):
                h = layer(h, conditions, rng)
            else:
                skips.append(h)
                h = layer(h)
        skips.append(h)
        for layer in self.middle:
            h = layer(h, conditions, rng) if isinstance(layer, Block) else layer(h)
        h = h + skips.pop()
        for layer in self.up:
            if isinstance(layer, Block):
                h = layer(h, conditions, rng)
            else:
                before = skips.pop()
                h = layer(F.interpolate(h, size=before.shape[2:], mode="nearest")) + before
        out = F.pixel_shuffle(self.last(F.silu(self.norm(h))), self.patch)
        return out[:, :, :height, :width]


class PointBlock(nn.Module):
    """A hidden layer added to its input; the conditions scale and shift what it sees."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.conditions = nn.Linear(width, 2 * width)
        self.dropout = Dropout(dropout)
        self.layer = nn.Linear(width, width)

    def forward(self, h: Tensor, conditions: Tensor, rng: torch.Generator | None) -> Tensor:
        scale, shift = self.conditions(conditions).chunk(2, 1)  # (N, width) each
        out: Tensor = h + self.layer(self.dropout(F.silu(self.norm(h) * (1 + scale) + shift), rng))
        return out


class PointNet(nn.Module):
    """x (N, D), time (N,), label (N,) to (N, D): an MLP with the blocks of the U-Net, which hear
    the conditions in every layer.
    """

    def __init__(
        self, dim: int, *, width: int, depth: int, n_classes: int, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.conditions = Conditions(width, n_classes)
        self.first = nn.Linear(dim, width)
        self.blocks = nn.ModuleList(PointBlock(width, dropout) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.last = nn.Linear(width, dim)

    def forward(
        self, x: Tensor, time: Tensor, label: Tensor, rng: torch.Generator | None = None
    ) -> Tensor:
        conditions = F.silu(self.conditions(time, label))
        h = self.first(x)
        for block in self.blocks:
            h = block(h, conditions, rng)
        out: Tensor = self.last(F.silu(self.norm(h)))
        return out


def unet_weights(
    shape: tuple[int, int, int],
    channels: int,
    levels: int,
    blocks: int,
    patch: int,
    attention: bool,
    n_classes: int,
) -> int:
    """How many weights a UNet of these settings has, without building it."""

    def conv(n_in: int, n_out: int, side: int = 3) -> int:
        return (side**2 * n_in + 1) * n_out

    def block(n_in: int, n_out: int) -> int:
        norms = 2 * (n_in + n_out)
        skip = 0 if n_in == n_out else conv(n_in, n_out, 1)
        heard = (size + 1) * 2 * n_out
        return norms + conv(n_in, n_out) + heard + conv(n_out, n_out) + skip

    folded, size = shape[0] * patch**2, 4 * channels
    widths = [channels * (1 if level == 0 else 2) for level in range(levels)]
    last = widths[-1]
    total = _conditions_weights(size, n_classes)
    total += conv(folded, channels) + 2 * channels + conv(channels, folded)
    for before, width in zip([channels, *widths], widths, strict=False):
        total += block(before, width) + (blocks - 1) * block(width, width) + block(width, width)
    for before, width in pairwise(widths):
        total += conv(before, before) + conv(width, before)
    middle = 2 * last + conv(last, 3 * last, 1) + conv(last, last, 1) if attention else 0
    return total + middle + block(last, last)


def point_weights(dim: int, width: int, depth: int, n_classes: int) -> int:
    """How many weights a PointNet of these settings has, without building it."""
    layers = depth * 3 * (width + 1) * width
    ends = (dim + 1) * width + 2 * width + (width + 1) * dim
    return _conditions_weights(width, n_classes) + layers + ends


def _conditions_weights(size: int, n_classes: int) -> int:
    labels = (n_classes + 1) * size if n_classes else 0
    return (TIME_SIZE + 1 + size + 1) * size + labels


def _quiet(layer: nn.Conv2d) -> nn.Conv2d:
    """A last layer that begins near zero, so that its block begins near the identity."""
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.mul_(0.01)
    return layer
