"""The Train panel's tour: a small run, its curves and pictures, a live change, and time travel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, QTimer

if TYPE_CHECKING:
    from genstudio.ui.panels.train import TrainPanel

N_STEPS = 600
WAIT_MS = 60_000


def tour(panel: TrainPanel) -> Iterator[str]:
    """Yields the caption of each photograph."""
    wait(panel, lambda: panel.session.torch_ready)
    yield panel.tr("An empty panel: one sentence, and the button that starts the recommended run")
    setup = panel.inspector().setup
    setup.load()
    setup.config_form().set_values({"width": 256})
    setup.settings_form().set_values({"epochs": None, "steps": N_STEPS, "n_snapshots": 24})
    setup.name.setText("tour")
    looked = [0]  # step of the pictures that were shown last
    panel.sight.looker.looked.connect(lambda _look, step: looked.append(step))
    run = panel.start()
    wait(panel, lambda: looked[-1] >= N_STEPS // 3 or _over(panel))
    yield panel.tr("While it trains: curves, reconstructions, samples and the latent plane")
    panel.runs.change(panel.chosen, "beta", 4.0)
    wait(panel, lambda: looked[-1] >= N_STEPS * 2 // 3 or _over(panel))
    yield panel.tr("Beta was changed while it ran; the curve marks where")
    wait(panel, lambda: _over(panel))
    timeline = panel.timeline()
    assert timeline is not None
    timeline.set_index(timeline.count() * 5 // 6)
    yield panel.tr("Time travel: the same images and the same plane at an earlier step")
    timeline.set_index(timeline.count() - 1)
    if run and not _over(panel):
        panel.runs.stop(panel.chosen)
        wait(panel, lambda: _over(panel))


def _over(panel: TrainPanel) -> bool:
    slot = panel.slot()
    return slot is None or slot.view.over


def wait(panel: TrainPanel, condition: Callable[[], bool]) -> bool:
    """Let the window live until `condition` holds, a minute at most."""
    loop = QEventLoop()
    look, end = QTimer(), QTimer()
    look.timeout.connect(lambda: loop.quit() if condition() else None)
    end.setSingleShot(True)
    end.timeout.connect(loop.quit)
    look.start(20)
    end.start(WAIT_MS)
    if not condition():
        loop.exec()
    look.stop()
    end.stop()
    return condition()
