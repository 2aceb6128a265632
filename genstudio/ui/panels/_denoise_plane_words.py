"""What stands under the plane: whose density at which t, what the arrows mean, what went wrong."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject

from genstudio.engine.messages import Failure
from genstudio.ui.panels._denoise_plane_density import Density
from genstudio.ui.panels._denoise_plane_legend import Caption, number
from genstudio.ui.panels._denoise_plane_map import ParticleMap
from genstudio.ui.panels._denoise_plane_record import Record
from genstudio.ui.panels._denoise_plane_score import Score
from genstudio.ui.panels._denoise_plane_starts import Walker


class Words(QObject):
    """Keeps the caption true to what is drawn; a failure is said until its kind succeeds again."""

    def __init__(
        self, caption: Caption, plane: ParticleMap, density: Density, score: Score, walker: Walker
    ) -> None:
        super().__init__(plane)
        self._caption, self._map = caption, plane
        self._density, self._score = density, score
        self._record: Record | None = None
        self._failures: dict[str, str] = {}
        self._classes: tuple[str, ...] = ()
        for key, part, good in (
            ("density", density, density.changed),
            ("score", score, score.changed),
            ("starts", walker, walker.walked),
        ):
            part.failed.connect(lambda failure, key=key: self.fail(key, failure))
            good.connect(lambda key=key: self._succeed(key))

    def show(self, record: Record | None) -> None:
        """Another record, or another place or layer of it."""
        self._record = record
        self._say()

    def forget(self) -> None:
        """Another model: nothing has gone wrong yet."""
        self._failures.clear()
        self._classes = ()

    def name_classes(self, names: Sequence[str]) -> None:
        """What the classes of the data are called."""
        self._classes = tuple(names)
        self._say()

    def fail(self, key: str, failure: Failure) -> None:
        """The density, the score, the starts or the ends could not be computed."""
        self._failures[key] = failure.sentence()
        self._say()

    def _succeed(self, key: str) -> None:
        if key != "density" or self._density.shown is not None:
            self._failures.pop(key, None)
        self._say()

    def _say(self) -> None:
        self._caption.say_density(*self._of_density())
        self._caption.say_score(self._of_score())

    def _of_density(self) -> tuple[str, float | None]:
        if "density" in self._failures:
            return self._failures["density"], None
        if self._record is None or not self._record.have:
            return self.tr("The particles come with the first step of a run."), None
        if not self._map.shows("density"):
            return "", None
        shown = self._density.shown
        if shown is None and self._density.kind == "model":
            if not self._density.can_count:
                return self.tr("The model's own density is shown for runs from noise alone."), None
            return self.tr("The model's own points are being counted."), None
        if shown is None:
            return self.tr("The true density is being computed."), None
        kind, t, peak = shown
        if kind == "model":
            words = self.tr("per squared unit: density of {0} points of the model at t = {1}")
            return words.format(f"{self._density.counted:,}", f"{t:,}"), peak
        label = self._record.recipe(self._map.place()).label
        if label is not None:
            words = self.tr("per squared unit: true density of class {0}, noised to t = {1}")
            name = self._classes[label] if label < len(self._classes) else str(label)
            return words.format(name, f"{t:,}"), peak
        words = self.tr("per squared unit: true density of the data, noised to t = {0}")
        return words.format(f"{t:,}"), peak

    def _of_score(self) -> str:
        record = self._record
        parts = [words for key, words in self._failures.items() if key != "density"]
        if record is None or not record.have:
            return " ".join(parts)
        if self._map.shows("score"):
            if record.time(self._map.place()) == 0:
                parts.append(self.tr("At t = 0 there is no noise, and no score."))
            elif self._score.longest is not None:
                words = self.tr("Longest arrow: learned |score| {0} per unit; lengths as its root.")
                parts.append(words.format(number(self._score.longest)))
        drawn, n = self._map.trailing()
        if self._map.shows("trails") and drawn < n:
            parts.append(self.tr("Trails of {0} of {1} particles.").format(f"{drawn:,}", f"{n:,}"))
        return " ".join(parts)
