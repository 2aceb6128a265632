"""Optimizer state as named tensors and JSON, so that a checkpoint needs no pickle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def pack(name: str, optimizer: torch.optim.Optimizer) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors by "name/parameter index/key", and what is no tensor as JSON by the same keys."""
    tensors: dict[str, Tensor] = {}
    plain: dict[str, Any] = {}
    for index, entries in optimizer.state_dict()["state"].items():
        for key, value in entries.items():
            place = f"{name}/{index}/{key}"
            if isinstance(value, Tensor):
                tensors[place] = value
            else:
                plain[place] = value
    return tensors, plain


def unpack(
    name: str,
    optimizer: torch.optim.Optimizer,
    tensors: Mapping[str, Tensor],
    plain: Mapping[str, Any],
) -> None:
    """Put back what `pack` gave; the groups (learning rate, ...) stay as the optimizer has them.

    Each tensor of a parameter's shape gets the parameter's memory layout, as the optimizer itself
    would have made it.
    """
    params = [p for group in optimizer.param_groups for p in group["params"]]
    state: dict[int, dict[str, Any]] = {}
    for place, value in [*tensors.items(), *plain.items()]:
        owner, index, key = place.split("/", 2)
        if owner != name:
            continue
        param = params[int(index)]
        if isinstance(value, Tensor) and value.shape == param.shape and value.dim() > 0:
            value = torch.empty_like(param, dtype=value.dtype).copy_(value)
        elif isinstance(value, Tensor):
            value = value.clone()
        state.setdefault(int(index), {})[key] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
