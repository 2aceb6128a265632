"""What is told in words: beside the title, below the settings, under the transport bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from genstudio.ui.panels._interpolate_board import LETTERS
from genstudio.ui.panels._interpolate_look import LOOKS
from genstudio.ui.panels._interpolate_timeline import PathTimeline

if TYPE_CHECKING:
    from genstudio.ui.panels.interpolate import Interpolate


class Teller(QObject):
    """Keeps the words of one panel as its paths and slots are."""

    def __init__(self, panel: Interpolate, timeline: PathTimeline) -> None:
        super().__init__(panel)
        self._panel, self._timeline = panel, timeline

    def tell(self) -> None:
        """The model, and what is to be known of the plane and the distances."""
        panel = self._panel
        if panel.ref is None:
            return
        words = [panel.ref.title if panel.ref.run is not None else panel.ref.card.name]
        if panel.mode == "square":
            words.append(self.tr("bilinear mixtures of four codes"))
        panel.bar.status.setText(", ".join(words))
        panel.placer.note_projected(panel.projector.projected())
        panel.column.paths.say(panel.placer.says or panel.placer.note() or panel.tracer.gap_says())

    def lack(self) -> None:
        """Why there is no path at all, in the place of the film."""
        panel = self._panel
        for place in range(2):
            if panel.board.value().slots[place] is None:
                sentence = self.tr("Two images make a path: fill slots A and B.")
                panel.stage.say_lacking(sentence, self.tr("Fill with test images"))
                return
            says = panel.codes.at(place).says
            if says:
                text = self.tr("Slot %1: %2").replace("%1", LETTERS[place])
                panel.stage.say_lacking(text.replace("%2", says))
                return
        told = [panel.tracer.says(kind) for kind in panel.tracer.shown()]
        panel.stage.say_lacking(told[0] if told and all(told) else "")

    def slot(self) -> None:
        """The chosen slot."""
        panel = self._panel
        place = panel.slots.place()
        known = panel.codes.at(place)
        index = known.slot.index if known.slot is not None else None
        panel.column.slot.show_slot(place, index, known.says)

    def timeline(self) -> None:
        """The path that is scrubbed."""
        panel = self._panel
        path = panel.tracer.path(panel.hand.kind)
        if path is None or panel.mode != "path":
            self._timeline.set_path(0, "")
            return
        text = self.tr("%1 path")
        if panel.tracer.wish.even:
            text = self.tr("%1 path, constant speed")
        name = self.tr(LOOKS[panel.hand.kind].name)
        self._timeline.set_path(len(path.z), text.replace("%1", name))
