"""Which control of the Train panel does what."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genstudio.ui.panels.train import TrainPanel


def wire(panel: TrainPanel) -> None:
    """The bar, the runs and the looks at the model that trains."""
    bar, session = panel.bar, panel.session
    bar.slot_chosen.connect(panel.choose)
    bar.start.connect(panel.start)
    bar.resume.connect(panel.resume)
    bar.pause.connect(lambda: panel.runs.pause(panel.chosen))
    bar.stop.connect(lambda: panel.runs.stop(panel.chosen))
    bar.step.connect(lambda: panel.advance(panel.runs.step))
    bar.epoch.connect(lambda: panel.advance(panel.runs.epoch))
    panel.empty.pressed.connect(panel.start)
    panel.runs.changed.connect(panel.run_changed)
    panel.runs.curves_grew.connect(panel.curves_grew)
    panel.runs.curves_moved.connect(lambda _slot: panel.draw_curves())
    panel.runs.frames_moved.connect(panel.frames_moved)
    panel.files.overlays_changed.connect(panel.draw_curves)
    panel.files.resume_wanted.connect(panel.resume_folder)
    panel.files.copy_wanted.connect(panel.copy_command)
    panel.files.refused.connect(panel.say)
    panel.launcher.began.connect(panel.begun)
    panel.launcher.refused.connect(panel.say)
    panel.sight.timeline.changed.connect(panel.show_step)
    looker = panel.sight.looker
    looker.looked.connect(panel.looked)
    looker.sheet.connect(lambda sheet, _step: panel.picture().previews.show_sheet(sheet))
    looker.units.connect(panel.counted)
    looker.unit.connect(lambda unit: panel.picture().set_unit(unit))
    looker.refused.connect(panel.refused)
    session.ready.connect(panel.torch_is_here)
    bar.lend_keys(panel)
