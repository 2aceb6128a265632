"""The parts of a map that any panel can show: what comes onto it together, and where home is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from genstudio.abilities import LATENT, Card
from genstudio.latent import plane as planes
from genstudio.latent.scale import Linear
from genstudio.ui.panels._map_encodings import Cloud
from genstudio.ui.panels._map_epoch import Epoch
from genstudio.ui.panels._map_points import OVERHANG, around
from genstudio.ui.panels._map_scene import Space
from genstudio.ui.panels._map_space import why_no_map
from genstudio.ui.widgets.latent_plane import LatentPlane

SPACE = Space(planes.Plane.identity(), Linear())


@pytest.fixture
def put() -> list[str]:
    return []


@pytest.fixture
def epoch(qtbot: QtBot, put: list[str]) -> Iterator[Epoch]:
    parent = QObject()
    epoch = Epoch(SPACE, parent)
    epoch.complete.connect(lambda: put.append("complete"))
    yield epoch
    parent.deleteLater()


def test_what_is_awaited_together_changes_together(epoch: Epoch, put: list[str]) -> None:
    epoch.begin(SPACE, {"sheet", "points"})
    epoch.arrive("points", 1, lambda: put.append("points"))
    assert put == []
    assert epoch.waiting
    epoch.arrive("sheet", 1, lambda: put.append("sheet"))
    assert put == ["points", "sheet", "complete"]
    assert not epoch.waiting


def test_nothing_awaited_is_put_at_once(epoch: Epoch, put: list[str]) -> None:
    epoch.begin(SPACE, set())
    epoch.arrive("sheet", 1, lambda: put.append("sheet"))
    assert put == ["sheet"]


def test_pictures_of_a_past_epoch_are_never_shown(epoch: Epoch, put: list[str]) -> None:
    epoch.begin(SPACE, {"sheet", "points"})
    epoch.arrive("sheet", 1, lambda: put.append("old"))
    epoch.begin(SPACE, {"sheet", "points"})
    epoch.arrive("points", 1, lambda: put.append("late"))
    epoch.leave_out("points")
    assert put == []
    epoch.arrive("sheet", 2, lambda: put.append("new"))
    assert put == ["new", "complete"]


def test_what_will_not_come_is_not_waited_for(epoch: Epoch, put: list[str]) -> None:
    epoch.begin(SPACE, {"sheet", "points"})
    epoch.arrive("sheet", 1, lambda: put.append("sheet"))
    epoch.leave_out("points")
    assert put == ["sheet", "complete"]


def test_dropped_pictures_do_not_come_back(epoch: Epoch, put: list[str]) -> None:
    epoch.begin(SPACE, {"sheet", "points"})
    epoch.arrive("sheet", 1, lambda: put.append("sheet"))
    epoch.drop()
    epoch.arrive("points", 1, lambda: put.append("points"))
    assert put == ["points"]


@pytest.mark.parametrize("std", [True, False])
def test_hidden_classes_leave_with_all_their_columns(std: bool) -> None:
    n = 12
    labels = np.arange(n) % 3
    mean = np.arange(2 * n, dtype=np.float32).reshape(n, 2)
    cloud = Cloud(mean, mean + 100 if std else None, labels, np.arange(n) * 10, "test")
    rest = cloud.without(frozenset({0, 2}))
    assert rest.labels.tolist() == [1] * 4
    assert rest.index.tolist() == [10, 40, 70, 100]
    np.testing.assert_array_equal(rest.mean, mean[1::3])
    assert (rest.std is not None) == std
    assert rest.std is None or rest.std[0].tolist() == (mean[1] + 100).tolist()
    assert cloud.without(frozenset()) is cloud


def test_the_points_reach_beyond_the_view_on_whole_pixels(qtbot: QtBot) -> None:
    plane = LatentPlane()
    qtbot.addWidget(plane)
    plane.resize(500, 400)
    frame = plane.frame()
    extent, (width, height) = around(frame)
    assert extent.contains(frame.extent)
    assert width == pytest.approx(frame.width * (1 + 2 * OVERHANG), abs=1)
    assert height == pytest.approx(frame.height * (1 + 2 * OVERHANG), abs=1)
    assert extent.width == pytest.approx(width * frame.unit)
    assert extent.height == pytest.approx(height * frame.unit)


@pytest.mark.parametrize(
    ("abilities", "dim", "shape", "said"),
    [
        ((LATENT,), 2, (1, 28, 28), None),
        ((), 2, (1, 28, 28), "no latent space"),
        ((LATENT,), None, (1, 28, 28), "no latent space"),
        ((LATENT,), 1, (1, 28, 28), "at least two"),
        ((LATENT,), 2, (2,), "makes points"),
    ],
)
def test_which_models_have_a_map(
    abilities: tuple[str, ...], dim: int | None, shape: tuple[int, ...], said: str | None
) -> None:
    card = Card(name="x", family="vae", shape=shape, latent_dim=dim, abilities=abilities)
    reason = why_no_map(card)
    assert reason is None if said is None else said in (reason or "")
