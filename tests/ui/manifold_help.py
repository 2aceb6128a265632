"""Small models with random weights in run folders, and a Manifold on a session of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from genstudio.abilities import Card
from genstudio.engine import weights_file
from genstudio.models import family
from genstudio.ui.panels.manifold import Manifold
from genstudio.ui.session import Session

WITHIN_MS = 20_000


def write_run(
    folder: Path, key: str = "vae", seed: int = 0, steps: tuple[int, ...] = (), **config: Any
) -> str:
    """A run folder with a tiny model, a snapshot for each of `steps`; its source."""
    folder.mkdir(parents=True)
    kind = family(key)
    settings = {"latent_dim": 2, **config} if "latent_dim" in kind.config.model_fields else config
    for step in (*steps, None):
        model = kind.build((1, 28, 28), kind.configure(settings), seed + (step or 0))
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(1.5)
        header = weights_file.header_of(model, step=step)
        path = folder / "model.safetensors"
        if step is not None:
            path = folder / "snapshots" / f"step-{step:06d}.safetensors"
            path.parent.mkdir(exist_ok=True)
        path.write_bytes(weights_file.to_bytes(model.state_dict(), header))
    card = Card(
        name=folder.name,
        family=key,
        title=folder.name,
        abilities=model.abilities,
        shape=model.shape,
        latent_dim=model.latent_dim,
        data="mnist",
    )
    (folder / "card.json").write_text(json.dumps(card.model_dump(mode="json")))
    return str(folder)


def settle(qtbot: QtBot, panel: Manifold, extra: Callable[[], bool] = lambda: True) -> None:
    """Wait until nothing asked is still to come."""

    def at_rest() -> bool:
        resting = panel.session.idle() and not panel.prober.resting()
        return resting and panel.plane.view() == panel.plane.wanted_view() and extra()

    qtbot.waitUntil(at_rest, timeout=WITHIN_MS)
    qtbot.waitUntil(at_rest, timeout=WITHIN_MS)


def open_panel(qtbot: QtBot, session: Session, source: str, size: tuple[int, int]) -> Manifold:
    """The panel and its Inspector, shown and settled."""
    session.show("A", source)
    panel = Manifold(session)
    panel.plane.animation_ms = 0
    inspector = panel.inspector()
    qtbot.addWidget(panel)
    qtbot.addWidget(inspector)
    panel.resize(*size)
    inspector.resize(280, 900)
    panel.show()
    inspector.show()
    qtbot.waitExposed(panel)
    settle(qtbot, panel, lambda: bool(panel.plane.sheets()))
    return panel


def move(panel: Manifold, point: QPoint) -> None:
    """The pointer moves to a position in the map."""
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(point),
        QPointF(panel.plane.mapToGlobal(point)),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(panel.plane, event)
