"""A Denoise panel on a tiny model of 8 x 8 images, and what a hand does to its runs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from genstudio.abilities import Card
from genstudio.engine import weights_file
from genstudio.models import family
from genstudio.ui.panels._denoise_compare_section import CompareSection
from genstudio.ui.panels._denoise_duel import Beside
from genstudio.ui.panels._denoise_duel_section import DuelSection
from genstudio.ui.panels._denoise_fork import plug
from genstudio.ui.panels._denoise_fork_section import ForkSection
from genstudio.ui.panels._denoise_recipe import Run
from genstudio.ui.panels._denoise_settings import Wanted
from genstudio.ui.panels._denoise_tree import RunTree
from genstudio.ui.panels.denoise import Denoise
from genstudio.ui.session import Session

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CONTROL = Qt.KeyboardModifier.ControlModifier
WITHIN_MS = 60_000
SHAPE = (1, 8, 8)
N_TIMES = 40
WANTED = Wanted(n=3, seed=7, sampler="ddpm", steps=10)


def write_ddpm(folder: Path, n_classes: int = 3, shape: tuple[int, ...] = SHAPE) -> str:
    """A run folder with a tiny diffusion model, of images with classes or of points; its source."""
    folder.mkdir(parents=True)
    kind = family("ddpm")
    config = kind.configure(
        {
            "n_steps": N_TIMES,
            "n_classes": n_classes,
            "channels": 8,
            "levels": 1,
            "blocks_per_level": 1,
            "attention": False,
            "width": 16,
            "depth": 1,
        }
    )
    model = kind.build(shape, config, seed=3)
    header = weights_file.header_of(model)
    (folder / "model.safetensors").write_bytes(weights_file.to_bytes(model.state_dict(), header))
    card = Card(
        name=folder.name,
        family="ddpm",
        title=folder.name,
        abilities=model.abilities,
        shape=model.shape,
        latent_dim=model.latent_dim,
        data="mnist" if len(shape) == 3 else "toy2d:ring",
    )
    (folder / "card.json").write_text(json.dumps(card.model_dump(mode="json")))
    return str(folder)


def settle(qtbot: QtBot, panel: Denoise) -> None:
    """Wait until no run walks and nothing asked is still to come."""

    def at_rest() -> bool:
        walks = panel.runs.running() or duel(panel).duel.waiting()
        return panel.session.idle() and not walks

    qtbot.waitUntil(at_rest, timeout=WITHIN_MS)


def open_panel(qtbot: QtBot, session: Session, source: str, wanted: Wanted = WANTED) -> Denoise:
    """The panel and its Inspector, with one finished run in front, at its end."""
    session.show("A", source)
    panel = Denoise(session)
    if "fork" not in panel.column.sections:
        plug(panel)
    inspector = panel.inspector()
    qtbot.addWidget(panel)
    qtbot.addWidget(inspector)
    panel.resize(760, 640)
    inspector.resize(290, 1200)
    qtbot.waitUntil(lambda: panel.process is not None, timeout=WITHIN_MS)
    panel.starter.restore(wanted)
    panel.show()
    inspector.show()
    panel.activated()
    qtbot.waitExposed(panel)
    panel.activateWindow()
    qtbot.waitUntil(lambda: panel.isActiveWindow() and bool(panel.runs.all()), timeout=WITHIN_MS)
    settle(qtbot, panel)
    return panel


def form(panel: Denoise) -> ForkSection:
    return panel.column.sections["fork"]


def tree(panel: Denoise) -> RunTree:
    return panel.column.sections["runs"].tree


def compare(panel: Denoise) -> CompareSection:
    return panel.column.sections["compare"]


def duel(panel: Denoise) -> DuelSection:
    return panel.column.sections["duel"]


def beside(panel: Denoise) -> Beside:
    return panel.modes["duel"]


def newest(panel: Denoise) -> Run:
    return max(panel.runs.all(), key=lambda run: run.id)


def frames(run: Run, name: str = "x_t") -> np.ndarray:
    """One array of a run's own record (F, N, C, H, W)."""
    return run.tape.stack(name)
