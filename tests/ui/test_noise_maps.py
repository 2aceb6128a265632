"""Manifold and Interpolate on a model whose codes are noise, and what Compare says of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import interpolate_help
import manifold_help
import numpy as np
import pytest
from manifold_help import write_run
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from genstudio.abilities import Card
from genstudio.latent.plane import shell_radius
from genstudio.ui import theme
from genstudio.ui.panels._compare_slots import misfit
from genstudio.ui.panels._map_space import home_view, noise_space
from genstudio.ui.session import Session

TINY = {"n_steps": 8, "channels": 4, "levels": 1, "blocks_per_level": 1, "attention": False}
DIM = 784


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_run(tmp_path_factory.mktemp("runs") / "noise", "ddpm", latent_steps=2, **TINY)


@pytest.fixture
def session(qtbot: QtBot) -> Iterator[Session]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, "dark")
    session = Session("cpu")
    qtbot.waitUntil(lambda: session.torch_ready, timeout=20_000)
    yield session
    assert session.close()


@pytest.fixture
def asked(session: Session, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []
    ask = session.ask
    monkeypatch.setattr(session, "ask", lambda *a, **k: names.append(a[2]) or ask(*a, **k))
    return names


def test_the_first_plane_goes_through_typical_noise() -> None:
    space = noise_space(DIM)
    assert space.shell == shell_radius(DIM)
    view = home_view(space, None, has_prior=False)
    assert view.span == pytest.approx(2 * shell_radius(DIM))
    z = space.to_z(view.x + 9.0, view.y - 4.0)
    assert np.linalg.norm(z) == pytest.approx(shell_radius(DIM), rel=1e-5)
    assert abs(float(np.mean(z**4)) - 3.0) < 0.8  # its numbers spread as those of N(0, 1) do
    np.testing.assert_array_equal(noise_space(DIM).plane.axes, space.plane.axes)


def test_the_manifold_of_noise_shows_walks_from_the_shell_and_encodes_no_data_set(
    qtbot: QtBot, session: Session, source: str, asked: list[str]
) -> None:
    panel = manifold_help.open_panel(qtbot, session, source, (700, 620))
    assert panel.scene.space.shell == shell_radius(DIM)
    assert panel.column.plane.shell.isChecked()
    assert panel.column.plane.shell.place == 1.0
    assert "noise" in panel.column._points_say.text()
    assert not panel.column._points_say.isHidden()
    assert "latent.encodings:encode" not in asked
    assert "latent.sheet:decode" in asked
    columns, rows = panel.plane.cells_in_view()
    assert columns * rows < 250
    assert panel.scene.cloud is None
    assert panel.study.mean is not None  # one image is encoded, and comes back
    assert panel.study.mean.shape == (DIM,)


def test_two_digits_are_joined_by_an_arc_through_their_noise(
    qtbot: QtBot, session: Session, source: str, asked: list[str]
) -> None:
    panel = interpolate_help.open_panel(qtbot, session, source)
    interpolate_help.settle(qtbot, panel, lambda: panel.tracer.path("slerp") is not None)
    assert panel.hand.kind == "slerp"
    assert "latent.encodings:encode" not in asked
    path = panel.tracer.path("slerp")
    assert path is not None
    plane = panel.scene.space.plane
    assert float(plane.residual(path.z).max()) < 0.01 * float(np.linalg.norm(path.z[0]))
    assert "spherical" in panel.tracer.says("geodesic")
    assert "noise" in panel.column.paths.note.text()
    panel.hand.set_t(0.5)
    z = panel.hand.z()
    assert z is not None
    norms = np.linalg.norm(path.z[[0, -1]], axis=1)
    assert 0.9 * norms.min() < np.linalg.norm(z) < 1.1 * norms.max()
    interpolate_help.settle(qtbot, panel)
    np.testing.assert_allclose(panel.output.z(), z)
    panel.choose_plane("pca")  # there are no encodings to take components of
    interpolate_help.settle(qtbot, panel)
    assert panel.tracer.path("slerp") is not None


def test_compare_says_why_noise_has_no_map_beside_others() -> None:
    facts: dict[str, Any] = {"shape": (1, 28, 28), "data": "mnist", "latent_dim": DIM}
    noise = Card(name="n", family="ddpm", abilities=("latent", "steps", "noise"), **facts)
    other = Card(name="v", family="vae", abilities=("latent",), **facts)
    assert "codes of n are noise" in misfit(noise, other)
    assert "codes of n are noise" in misfit(noise, noise)
    assert misfit(other, noise) == ""
