"""The judge's net: four convolutions, global average, one linear layer."""

from __future__ import annotations

from torch import Tensor, nn

NAME = "judge-mnist"
FAMILY = "judge"
SHAPE = (1, 28, 28)
N_CLASSES = 10
WIDTH = 32


class JudgeNet(nn.Module):
    """Digits (N, 1, 28, 28) in [0, 1] to features (N, 4 * width) and logits (N, 10)."""

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        self.width = width
        w = width
        self.body = nn.Sequential(
            *_convolution(1, w, 5, stride=2),  # (N, w, 14, 14)
            *_convolution(w, 2 * w, 3),
            nn.MaxPool2d(2),  # (N, 2w, 7, 7)
            *_convolution(2 * w, 3 * w, 3),
            *_convolution(3 * w, 4 * w, 3),  # (N, 4w, 7, 7)
        )
        self.head = nn.Linear(4 * w, N_CLASSES)

    def features(self, x: Tensor) -> Tensor:
        """What the head sees: the mean of each feature map, (N, 4 * width)."""
        h: Tensor = self.body(x - 0.5)
        return h.mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, 10)."""
        logits: Tensor = self.head(self.features(x))
        return logits


def _convolution(n_in: int, n_out: int, size: int, stride: int = 1) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(n_in, n_out, size, stride=stride, padding=size // 2, bias=False),
        nn.BatchNorm2d(n_out),
        nn.ReLU(inplace=True),
    )
