"""How a part plugs into the Denoise panel: as a mode on its stage, or a section in its Inspector.

A part is a file with `plug(panel: Denoise) -> None`, named once in `PARTS` of `_denoise_wiring`. It
builds its widgets and hands them over:

    panel.add_mode(MyMode(...))       one of the views in the panel's place: "forward", "duel", ...
    panel.column.add(MySection(...))  a fold in the Inspector
    panel.bar.add_tool(icon, tip, call)        a small button in the bar
    panel.bar.export.addAction(...)            an entry of the export menu

What a part may read of the panel: `session`, `runs` (see `_denoise_run`), `process`, `ref`, `step`
(the step k under the cursor), `frame()` (the Frame there, a fork's ancestors included), `image`
(which image of the batch is chosen), `kind` ("x0_hat", "x_t", "noise_hat", "change"), `mode`. What
it may listen to: `panel.step_shown(run id, k)`, `panel.image_chosen(index)`,
`panel.kind_changed(kind)`, and the signals of `panel.runs`. What it may call: `panel.show_step(k)`,
`panel.choose_image(index)`, `panel.set_mode(key)`, `panel.say(sentence)` for the status line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from genstudio.ui.panel import Timeline

if TYPE_CHECKING:
    from genstudio.latent.denoise import Process
    from genstudio.ui.session import ModelRef


class Mode(QWidget):
    """One view on the panel's stage; "denoise" and "plane" are the panel's first."""

    timeline_changed = Signal()  # it has another timeline object, or none

    key = ""
    words = ""  # on the switch, translated by the constructor

    def tip(self) -> str:
        """What the view is, for the switch's tooltip."""
        return self.words

    def refuses(self, process: Process) -> str | None:
        """None, or why this view cannot show such a model; it is then not offered."""
        return self.tr("This view shows images.") if process.points else None

    def use(self, ref: ModelRef | None, process: Process | None) -> None:
        """Another model; None where there is none to show."""

    def named(self, names: Sequence[str]) -> None:
        """The classes of the model have names."""

    def weights_moved(self, step: int) -> None:
        """The model is in training, and its weights are those of `step` now."""

    def entered(self) -> None:
        """The view has come to the front of a panel that is in front."""

    def left(self) -> None:
        """The view is no longer seen: end what it asks for."""

    def timeline(self) -> Timeline | None:
        """Its record under the transport bar; None shows the chosen run's steps."""
        return None

    def take_image(self, image: np.ndarray, title: str) -> bool:
        """An image offered from outside, float32 (C, H, W) in [0, 1]; whether it was taken."""
        return False

    def state(self) -> dict[str, Any]:
        """What brings the view back, as JSON; no records."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Take back `state`; unknown or damaged entries are passed over."""


class Section(QWidget):
    """A fold of the Inspector."""

    key = ""
    title = ""
    tip = ""
    order = 50  # sampler 10, this step 20, your own in between or after
    shown = False  # unfolded at first
    modes: tuple[str, ...] = ("denoise", "plane")  # in which it stands

    def use(self, ref: ModelRef | None, process: Process | None) -> None:
        """Another model."""

    def named(self, names: Sequence[str]) -> None:
        """The classes that the model knows have these names."""

    def unfolded(self, shown: bool) -> None:
        """It has been unfolded, or folded away: only what is unfolded is computed."""
