"""The optimizer step of every family: gradients checked before anything is written, clipped,
stepped, averaged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from genstudio.engine.faults import NotFinite


class Updates:
    """`update(name, loss)` for a model's optimizers.

    Raises NotFinite when loss or gradient norm is not finite; weights, optimizer state and averages
    are then as they were. `average` names, per parameter, the tensor that holds its moving average.
    `share` makes gradients and loss those of all processes, where there are several.
    """

    def __init__(
        self,
        optimizers: Mapping[str, torch.optim.Optimizer],
        lr: float,
        device: torch.device,
        *,
        autocast: bool = False,
        average: Callable[[Tensor], Tensor] | None = None,
        ema_decay: float = 0.0,
        share: Callable[[str, Tensor, list[Tensor]], Tensor] | None = None,
    ) -> None:
        self.optimizers = dict(optimizers)
        self.lr = lr
        self.clip_norm = 0.0
        self.grad_norm = 0.0
        self.ema_decay = ema_decay if average is not None else 0.0
        self.counts = dict.fromkeys(
            self.optimizers, 0
        )  # updates so far, which the average's warm-up needs
        self._device = device.type
        self._autocast = autocast
        self._share = share
        self._params = {
            name: [p for group in optimizer.param_groups for p in group["params"]]
            for name, optimizer in self.optimizers.items()
        }
        self._ratios = {
            name: [group["lr"] / lr for group in optimizer.param_groups]
            for name, optimizer in self.optimizers.items()
        }
        self._averages: dict[str, list[Tensor]] = {}
        if average is not None and ema_decay > 0:
            self._averages = {
                name: [average(p) for p in params] for name, params in self._params.items()
            }

    def set_lr(self, lr: float) -> None:
        """Give every optimizer this learning rate, each group in the proportion that its model
        chose.
        """
        if lr == self.lr:
            return
        self.lr = lr
        for name, optimizer in self.optimizers.items():
            for group, ratio in zip(optimizer.param_groups, self._ratios[name]):
                group["lr"] = lr * ratio

    def __call__(self, name: str, loss: Tensor) -> None:
        optimizer = self.optimizers[name]
        optimizer.zero_grad(set_to_none=True)
        if self._autocast:
            with torch.autocast(self._device, enabled=False):
                loss.float().backward()
        else:
            loss.backward()
        if self._share is not None:
            loss = self._share(name, loss, self._params[name])
        grads = [p.grad for p in self._params[name] if p.grad is not None]
        self._check(loss, grads)
        optimizer.step()
        self.counts[name] += 1
        if self._averages:
            self._average(name)

    @torch.no_grad()
    def _check(self, loss: Tensor, grads: list[Tensor]) -> None:
        if grads:
            norm_tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads)))
        else:
            norm_tensor = torch.zeros((), device=loss.device)
        value, norm = torch.stack((loss.detach().float(), norm_tensor.float())).tolist()
        self.grad_norm = norm
        if not math.isfinite(value):
            raise NotFinite("the loss", lr=self.lr, parts={"loss": value, "gradient norm": norm})
        if not math.isfinite(norm):
            raise NotFinite(
                "the gradient", lr=self.lr, parts={"loss": value, "gradient norm": norm}
            )
        if 0.0 < self.clip_norm < norm:
            torch._foreach_mul_(grads, self.clip_norm / norm)

    @torch.no_grad()
    def _average(self, name: str) -> None:
        """EMA with a warm-up, so that the first weights are forgotten: decay min(d, (1 + t) / (10 +
        t)).
        """
        count = self.counts[name]
        decay = min(self.ema_decay, (1 + count) / (10 + count))
        torch._foreach_lerp_(self._averages[name], self._params[name], 1.0 - decay)
