"""The model in view of the Denoise panel: asked what it is, and made known to the panel's parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from genstudio.abilities import NOISE, Card
from genstudio.engine.messages import Answer, Failure
from genstudio.ui.panels._denoise_tell import news
from genstudio.ui.panels._denoise_text import FIRST_MODEL
from genstudio.ui.session import Priority

if TYPE_CHECKING:
    from genstudio.ui.panels.denoise import Denoise


def serves(card: Card) -> str | None:
    """None, or why this model has nothing to denoise."""
    if NOISE not in card.abilities:
        return "This model does not go from noise to images in steps. Choose a diffusion model."
    return None


class ModelInView(QObject):
    """Sets `ref` and `process` of the panel, and says where there is no model to denoise with."""

    def __init__(self, panel: Denoise) -> None:
        super().__init__(panel)
        self.panel, self.session = panel, panel.session
        self._names: list[str] = []  # of the classes, once they are known

    def changed(self, slot: str) -> None:
        """Another model is shown, or none."""
        if slot != "A":
            return
        panel, ref = self.panel, self.session.model("A")
        self.session.cancel(self, "classes")
        if ref is None or serves(ref.card) is not None:
            panel.ref = None
            self.session.cancel(self, "process")
            panel.bar.set_model("")
            button = self.tr("Show %1").replace("%1", FIRST_MODEL)
            self._say_none(self.tr("No diffusion model is shown."), button)
            return
        if ref.source != panel.runs.source():
            panel.runs.stop()  # or the lane would finish walks that nobody sees
        panel.ref, self._names = ref, []
        panel.bar.set_model(ref.title)
        self.session.ask(
            self, "process", "latent.denoise:process", then=self._known, failed=self._refused
        )
        if ref.card.data:
            self.session.ask(
                self, "classes", "latent.pictures:classes", model="", then=self._named,
                failed=lambda failure: None, data=ref.card.data, priority=Priority.REPORT,
            )  # fmt: skip

    def weights_moved(self, slot: str, step: int) -> None:
        """The model is in training, and its weights are those of `step` now."""
        panel = self.panel
        if slot == "A" and panel.process is not None:
            for mode in panel.modes.values():
                mode.weights_moved(step)
            panel.starter.weights_moved(step)
            panel.say(news(panel))

    def fill(self) -> None:
        """What the one button of the empty panel does."""
        if self.panel.ref is None:
            self.session.try_show("A", FIRST_MODEL)
        else:
            self.changed("A")

    def _known(self, answer: Answer) -> None:
        panel, ref = self.panel, self.panel.ref
        if ref is None:
            return
        process = panel.process = answer.value
        panel.settings.meet(ref.source, process.points)
        panel.runs.use(ref.source, process, live=ref.run is not None)
        for mode in panel.modes.values():
            mode.use(ref, process)
        panel.column.use(ref, process)
        self._tell_names()
        panel.offer_modes()
        panel.starter.owe()
        panel.set_mode(panel.mode)

    def _refused(self, failure: Failure) -> None:
        self._say_none(failure.sentence(), self.tr("Try again"))

    def _say_none(self, sentence: str, button: str) -> None:
        """There is no process to show, and what can be done about it."""
        panel = self.panel
        panel.process = None
        panel.runs.use("", None)
        panel.empty.set_text(sentence)
        panel.empty.set_button(button)
        panel.stage.setCurrentWidget(panel.empty)

    def _named(self, answer: Answer) -> None:
        """The classes of the data that the model was trained on have names."""
        if answer.done and answer.value is not None:
            self._names = list(answer.value)
            self._tell_names()

    def _tell_names(self) -> None:
        panel = self.panel
        if panel.process is not None and len(self._names) == panel.process.n_classes:
            panel.settings.set_classes(self._names)
            panel.runs.name_classes(self._names)
            for mode in panel.modes.values():
                mode.named(self._names)
            for section in panel.column.sections.values():
                section.named(self._names)
