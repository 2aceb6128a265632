"""Where a model comes from: family, data, settings, and the command that makes it."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from genstudio.abilities import Card
from genstudio.engine import device
from genstudio.engine.live_settings import LiveSettings
from genstudio.engine.settings import command_line
from genstudio.models import Family, Model


@dataclass(frozen=True)
class Origin:
    """What a run trains on which data with which settings, and where it is written."""

    family: Family
    data: str
    out: Path
    live: LiveSettings
    n_processes: int = 1

    @property
    def command(self) -> str:
        """The command line that makes this run."""
        live = self.live
        command = command_line(
            self.family, self.data, str(self.out), live.first_config, live.first_settings
        )
        if self.n_processes == 1:
            return command
        return f"torchrun --nproc-per-node {self.n_processes} -m {command}"

    def card(
        self, model: Model, seconds: float = 0.0, metrics: Mapping[str, Any] = {}, sha256: str = ""
    ) -> Card:
        """What is known of `model` as it is now, after `seconds` of training."""
        return Card(
            name=self.out.name,
            family=self.family.key,
            title=self.family.title,
            abilities=model.abilities,
            shape=model.shape,
            latent_dim=model.latent_dim,
            data=self.data,
            config=self.live.config.model_dump(mode="json"),
            command=self.command,
            seed=self.live.settings.seed,
            machine=machine(self.n_processes),
            seconds=round(seconds, 1),
            n_parameters=model.n_parameters(),
            metrics=dict(metrics),
            sha256=sha256,
        )


def machine(n_processes: int = 1) -> str:
    """Kind of processor, number of processes where several train, processors to use, torch."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    several = f"{n_processes} processes, " if n_processes > 1 else ""
    return f"{name}, {several}{device.processors()} processors, torch {torch.__version__}"
