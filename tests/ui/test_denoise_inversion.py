"""An inversion and the run that leads back, without a model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from denoise_walks_help import PROCESS, RECIPE, SHAPE, made
from pytestqt.qtbot import QtBot

from genstudio.ui.panels._denoise_forward_inversion import Inversion


def test_a_way_back_with_other_settings_is_no_round_trip(qtbot: QtBot) -> None:
    runs = made()
    inversion = Inversion(runs._session, runs)
    inversion.use("first", PROCESS)  # type: ignore[arg-type]
    inversion.start(np.zeros(SHAPE, np.float32), RECIPE)
    assert inversion.run is not None and inversion.share == 1.0
    assert inversion.error() == 1.0 and inversion.back() is not None, "3 is white, the image black"
    run = runs.run(inversion.run)
    assert run is not None
    runs.restart(run.id, run.recipe)
    assert inversion.error() == 1.0, "the same way once more"
    runs.restart(run.id, replace(run.recipe, sampler="ddpm"))
    assert inversion.error() is None and inversion.back() is None
    runs.delete(run.id)
    assert inversion.error() is None
