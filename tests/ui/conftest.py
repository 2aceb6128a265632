"""A window on tiny models of its own, so that no test waits for real ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from genstudio import models, paths
from genstudio.abilities import Card
from genstudio.engine import jobs, weights_file
from genstudio.ui import theme
from genstudio.ui.main_window import MainWindow
from genstudio.ui.session import Session

TINY = {"width": 16, "depth": 1}


def write_model(folder: Path, family: str, name: str, latent_dim: int = 2) -> Path:
    """A model with tiny random weights, as a run folder would hold it."""
    record = models.family(family)
    fields = record.config.model_fields
    wanted = {"latent_dim": latent_dim, **TINY}
    config = record.configure({k: v for k, v in wanted.items() if k in fields})
    model = record.build((1, 28, 28), config, seed=1)
    with torch.no_grad():
        for tensor in model.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(torch.nan_to_num(tensor))
    folder.mkdir(parents=True)
    data = weights_file.to_bytes(model.state_dict(), weights_file.header_of(model))
    (folder / "model.safetensors").write_bytes(data)
    card = Card(
        name=name,
        family=family,
        title=record.title,
        abilities=model.abilities,
        shape=model.shape,
        latent_dim=model.latent_dim,
        data="mnist",
        config=config.model_dump(mode="json"),
        n_parameters=model.n_parameters(),
        sha256=hashlib.sha256(data).hexdigest(),
    )
    (folder / "card.json").write_text(card.model_dump_json())
    return folder


@pytest.fixture
def session() -> Iterator[Session]:
    """A session of a test's own, with real lanes."""
    one = Session("cpu")
    yield one
    assert one.close(), "a thread is left"


@pytest.fixture
def published_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking at a model in training may take all of a processor, so that the pace of its weights
    does not hang on the machine; tests/engine/test_lanes.py holds the pace.
    """
    monkeypatch.setattr(jobs, "LIVE_SHARE", 1.0)


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two tiny models in the place of the shipped ones."""
    folder = tmp_path / "weights"
    write_model(folder / "vae-mnist-2d", "vae", "vae-mnist-2d")
    write_model(folder / "ae-mnist-16d", "ae", "ae-mnist-16d", latent_dim=5)
    monkeypatch.setattr(paths, "weights", lambda: folder)
    return folder


@pytest.fixture
def make_window(shipped: Path, qtbot: QtBot) -> Iterator[Callable[..., MainWindow]]:
    """Opens windows with a session of their own; they are closed at the end."""
    windows: list[MainWindow] = []

    def make(**start: object) -> MainWindow:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        theme.apply(app, theme.Choice.DARK)
        session = Session("cpu")
        window = MainWindow(session)
        windows.append(window)
        qtbot.addWidget(window)
        with qtbot.waitSignal(window.painted):
            window.show()
        window.start(**start)  # type: ignore[arg-type]
        qtbot.waitUntil(lambda: session.torch_ready and session.idle(), timeout=20_000)
        return window

    yield make
    for window in windows:
        window.close()
        assert window.session.close()


@pytest.fixture
def window(make_window: Callable[..., MainWindow]) -> MainWindow:
    return make_window()
