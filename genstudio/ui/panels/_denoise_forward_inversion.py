"""An image led back to the noise that it comes from, by DDIM, and forward again as a run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from genstudio.abilities import BadInput
from genstudio.engine.messages import Answer, Failure
from genstudio.tape import Frame
from genstudio.ui.panels._denoise_forward_numbers import rms
from genstudio.ui.panels._denoise_recipe import Recipe, Run, RunState, spread
from genstudio.ui.panels._denoise_run import Runs
from genstudio.ui.session import Session

if TYPE_CHECKING:
    from genstudio.latent.denoise import Process


class Inversion(QObject):
    """One image's way to x_T and back. The way back is a run like any other.

    Arrays are float32 (C, H, W) in the model's scale.
    """

    changed = Signal()
    refused = Signal(str)

    def __init__(self, session: Session, runs: Runs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._runs = session, runs
        self._source = ""
        self._process: Process | None = None
        self._recipe: Recipe | None = None
        self._way_back: Recipe | None = None  # what the run back was begun with
        self.image: np.ndarray | None = None  # in [0, 1]: what was inverted
        self.frames: list[Frame] = []  # t rising from 0
        self.n_frames = 0
        self.running = False
        self.run: int | None = None  # the way back
        runs.grew.connect(self._grew)
        runs.changed.connect(self.changed)

    def use(self, source: str, process: Process | None) -> None:
        """Another model."""
        self.forget()
        self._source, self._process = source, process

    def forget(self) -> None:
        """Nothing is inverted."""
        self._session.cancel(self, "invert")
        self.running, self.run, self.image, self.frames, self.n_frames = False, None, None, [], 0
        self.changed.emit()

    def start(self, image: np.ndarray, recipe: Recipe) -> None:
        """Invert `image` with the steps, class and guidance of `recipe`.

        Raises: BadInput for more steps than the schedule has.
        """
        process = self._process
        if process is None:
            return
        times = spread(process.n_steps, recipe.steps)
        self._recipe = Recipe(
            n=1,
            seed=recipe.seed,
            sampler="ddim",
            steps=recipe.steps,
            label=recipe.label,
            guidance=recipe.guidance,
            clip=False,  # as on the way there
            kind="image",
            times=times,
        )
        self.forget()
        self.image, self.running, self.n_frames = image, True, recipe.steps + 1
        self._session.ask(
            self,
            "invert",
            "latent.denoise:inverted",
            model=self._source,
            then=self._take,
            failed=self._refuse,
            image=image,
            steps=recipe.steps,
            label=recipe.label,
            guidance=recipe.guidance,
        )
        self.changed.emit()

    def cancel(self) -> None:
        """Stop the way to x_T at once; what has come stays."""
        if self.running:
            self._session.cancel(self, "invert")
            self.running = False
            self.changed.emit()

    @property
    def share(self) -> float:
        """How much of both ways is done, 0 to 1."""
        run = self._back_run()
        if not self.n_frames:
            return 0.0
        back = run.done_steps / run.recipe.steps if run is not None else 0.0
        return (len(self.frames) / self.n_frames + back) / 2

    def x_T(self) -> np.ndarray | None:
        """The noise that the image comes from, once the way there is complete."""
        if self.n_frames and len(self.frames) == self.n_frames:
            return np.asarray(self.frames[-1].arrays["x_t"][0])
        return None

    def settings(self) -> Recipe | None:
        """How both ways were gone."""
        return self._recipe

    def back(self) -> np.ndarray | None:
        """The clean guess on the way back, as far as that has come."""
        run = self._back_run()
        return None if run is None or not run.recent else run.recent[-1].arrays["x0_hat"][0]

    def error(self) -> float | None:
        """The root mean square difference of image and round trip, pixels in [0, 1]."""
        run, back = self._back_run(), self.back()
        if run is None or run.state is not RunState.DONE or back is None or self.image is None:
            return None
        return rms(np.clip((back + 1) / 2, 0, 1), self.image)

    # Private -----------------------------------------------------------------------------------

    def _back_run(self) -> Run | None:
        """The way back, as long as it is the one that was begun: other settings make it another."""
        run = self._runs.run(self.run)
        return run if run is not None and run.recipe is self._way_back else None

    def _take(self, answer: Answer) -> None:
        if not answer.done:
            self.frames.append(answer.value)
            self.changed.emit()
            return
        self.running = False
        self._go_back()
        self.changed.emit()

    def _go_back(self) -> None:
        x_T, recipe = self.x_T(), self._recipe
        if x_T is None or recipe is None:
            return
        self._way_back = replace(recipe, start=x_T[None])
        try:
            self.run = self._runs.begin(self._way_back)
        except BadInput as error:
            self.refused.emit(str(error))

    def _grew(self, number: int) -> None:
        if number == self.run:
            self.changed.emit()

    def _refuse(self, failure: Failure) -> None:
        self.running = False
        self.refused.emit(failure.sentence())
        self.changed.emit()
