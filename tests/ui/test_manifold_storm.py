"""Ten thousand moves of the pointer: every picture painted belongs to the numbers beside it."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from manifold_help import move, open_panel, settle, write_run
from PySide6.QtCore import QCoreApplication, QPoint
from pytestqt.qtbot import QtBot

from genstudio.engine import library
from genstudio.ui.panels._manifold_rows import Probed
from genstudio.ui.panels._manifold_text import figure
from genstudio.ui.session import Session
from genstudio.ui.widgets.latent_plane import small_image

MOVES = 10_000
MODELS_EVERY = 2_500  # moves after which the other model comes into view


def test_no_stale_or_mixed_picture_in_ten_thousand_moves(qtbot: QtBot, tmp_path: Path) -> None:
    sources = [write_run(tmp_path / name, seed=k, width=16) for k, name in enumerate("ab")]
    session = Session("cpu")
    panel = open_panel(qtbot, session, sources[0], (640, 560))
    view = panel.column.probe
    painted: list[tuple[Probed, tuple[tuple[str, str], ...]]] = []
    wrong: list[str] = []

    def check(probed: Probed) -> None:
        painted.append((probed, view.rows()))
        if view.image() != small_image(probed.image):
            wrong.append(f"request {probed.request}: another image is painted")

    panel.prober.shown.connect(check)
    area = panel.plane.picture_rect().toRect()
    rng = np.random.default_rng(0)
    place = np.array([area.center().x(), area.center().y()], float)
    for number in range(MOVES):
        place += rng.normal(0, 25, 2)
        low, high = (area.left() + 2, area.top() + 2), (area.right() - 2, area.bottom() - 2)
        place = np.clip(place, low, high)
        move(panel, QPoint(round(place[0]), round(place[1])))
        if number % 3 == 0:
            QCoreApplication.processEvents()
        if number % MODELS_EVERY == MODELS_EVERY - 1:
            session.show("A", sources[(number // MODELS_EVERY + 1) % 2])
    settle(qtbot, panel)

    assert not wrong
    assert len(painted) > 100
    requests = [probed.request for probed, _ in painted]
    assert requests == sorted(set(requests)), "a picture never comes from an older request"
    last = panel.plane.to_map(
        panel.plane.mapFromGlobal(
            panel.plane.mapToGlobal(QPoint(round(place[0]), round(place[1])))
        ).toPointF()
    )
    np.testing.assert_allclose(view.probed().z, last, atol=1e-5)
    assert {probed.source for probed, _ in painted} == set(sources)
    by_source: dict[str, list[Probed]] = defaultdict(list)
    for probed, rows in painted:
        assert [value for _, value in rows[:2]] == [figure(float(v), 3) for v in probed.z]
        by_source[probed.source].append(probed)
    for source, many in by_source.items():
        z = torch.from_numpy(np.stack([probed.z for probed in many]))
        with torch.no_grad():
            truth = library.load(source).decode(z).numpy()
        np.testing.assert_allclose(np.stack([p.image for p in many]), truth, atol=2e-6)
    assert session.close()
