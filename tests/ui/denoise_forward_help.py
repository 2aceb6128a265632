"""A Denoise panel on a session of its own, with a tiny diffusion model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from pytestqt.qtbot import QtBot

from genstudio.abilities import Card
from genstudio.engine import weights_file
from genstudio.models import family
from genstudio.ui.panels._denoise_forward import ForwardMode, plug
from genstudio.ui.panels.denoise import Denoise
from genstudio.ui.session import Session

WITHIN_MS = 20_000
TINY = {"channels": 4, "levels": 1, "blocks_per_level": 1, "patch": 4, "attention": False}


def write_ddpm(
    folder: Path, shape: tuple[int, ...] = (1, 28, 28), seed: int = 0, **config: Any
) -> str:
    """A run folder with a tiny diffusion model of random weights; its source."""
    folder.mkdir(parents=True)
    kind = family("ddpm")
    net = TINY if len(shape) == 3 else {"width": 16, "depth": 1}
    model = kind.build(shape, kind.configure({"n_steps": 40, **net, **config}), seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if not parameter.any():  # the last layer begins at zero
                parameter.normal_(0, 0.05, generator=torch.Generator().manual_seed(seed))
    data = weights_file.to_bytes(model.state_dict(), weights_file.header_of(model))
    (folder / "model.safetensors").write_bytes(data)
    card = Card(
        name=folder.name,
        family="ddpm",
        title=folder.name,
        abilities=model.abilities,
        shape=model.shape,
        latent_dim=model.latent_dim,
        data="mnist" if len(shape) == 3 else "toy2d",
    )
    (folder / "card.json").write_text(json.dumps(card.model_dump(mode="json")))
    return str(folder)


def settle(qtbot: QtBot, panel: Denoise, extra: Callable[[], bool] = lambda: True) -> None:
    """Wait until nothing asked is still to come."""
    qtbot.waitUntil(lambda: panel.session.idle() and extra(), timeout=WITHIN_MS)
    qtbot.waitUntil(lambda: panel.session.idle() and extra(), timeout=WITHIN_MS)


def open_panel(
    qtbot: QtBot, session: Session, source: str, size: tuple[int, int] = (900, 640)
) -> Denoise:
    """The panel and its Inspector, in front and settled."""
    session.show("A", source)
    panel = Denoise(session)
    if "forward" not in panel.modes:
        plug(panel)
    inspector = panel.inspector()
    qtbot.addWidget(panel)
    qtbot.addWidget(inspector)
    panel.resize(*size)
    inspector.resize(290, 900)
    panel.show()
    inspector.show()
    qtbot.waitExposed(panel)
    panel.activated()
    settle(qtbot, panel, lambda: panel.process is not None)
    return panel


def open_forward(qtbot: QtBot, session: Session, source: str, **kwargs: Any) -> ForwardMode:
    """The forward view in front, its image noised and its walk complete."""
    panel = open_panel(qtbot, session, source, **kwargs)
    panel.set_mode("forward")
    mode = panel.modes["forward"]
    assert isinstance(mode, ForwardMode)
    settle(qtbot, panel, mode.noising.complete)
    return mode
