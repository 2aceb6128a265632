"""The trainer's settings that suit autoencoders of small images."""

from __future__ import annotations

RECOMMENDED = {"lr": 1e-3, "batch_size": 256, "lr_schedule": "cosine", "ema_decay": 0.999}
