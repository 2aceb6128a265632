"""What the Denoise panel's status line says, and what its keys do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QKeyEvent

from genstudio.ui.panels._denoise_bar import KINDS
from genstudio.ui.panels._denoise_recipe import RunState
from genstudio.ui.panels._denoise_starter import OWN_MODES
from genstudio.ui.panels._denoise_wanted import of_bytes

if TYPE_CHECKING:
    from genstudio.ui.panels.denoise import Denoise

_KINDS = {Qt.Key.Key_1: 0, Qt.Key.Key_2: 1, Qt.Key.Key_3: 2, Qt.Key.Key_4: 3}


def news(panel: Denoise) -> str:
    """What there is to say of the run in front: why it failed, what its record leaves out, how old
    its weights are; else nothing.
    """
    tr = QCoreApplication.translate
    run, behind = panel.runs.current(), panel.starter.behind()
    if run is not None and run.failure is not None and run.state is RunState.FAILED:
        return run.failure.sentence()
    if run is not None and run.thinned:
        words = tr("Denoise", "One in {0} of {1} steps is kept; all would take {2}.")
        plan = run.tape.plan
        return words.format(plan.every, f"{run.recipe.steps:,}", of_bytes(plan.full_bytes))
    if behind is not None:
        words = tr("Denoise", "weights of step {0}; now they are at {1}")
        return words.format(*(f"{step:,}" for step in behind))
    return ""


def take_key(panel: Denoise, event: QKeyEvent) -> bool:
    """Do what a key means: 1 to 4 choose the kind, R is new noise, Esc cancels; whether it meant
    something.
    """
    key = Qt.Key(event.key())
    if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
        return False
    if key in _KINDS:
        panel.set_kind(KINDS[_KINDS[key]])
    elif key == Qt.Key.Key_R and panel.mode in OWN_MODES:
        panel.starter.new_noise()
    elif key == Qt.Key.Key_Escape and panel.runs.running():
        for run in panel.runs.running():
            panel.runs.cancel(run.id)
    else:
        return False
    return True
