"""Forward in the Denoise panel: an image noised to any t, and the way back from there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QMimeData, QSize, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QVBoxLayout

from genstudio.abilities import BadInput
from genstudio.engine.messages import Answer, Failure
from genstudio.ui.panel import Timeline
from genstudio.ui.panels._denoise_fork_wish import adds_noise
from genstudio.ui.panels._denoise_forward_inversion import Inversion
from genstudio.ui.panels._denoise_forward_noising import Noising
from genstudio.ui.panels._denoise_forward_teller import Teller
from genstudio.ui.panels._denoise_forward_timeline import ForwardTimeline
from genstudio.ui.panels._denoise_forward_view import ForwardView
from genstudio.ui.panels._denoise_plug import Mode
from genstudio.ui.panels._denoise_recipe import spread
from genstudio.ui.session import ModelRef, Priority

if TYPE_CHECKING:
    from genstudio.latent.denoise import Process
    from genstudio.latent.pictures import DataImage
    from genstudio.ui.panels.denoise import Denoise

SPLIT = "test"
FIRST_SHARE = 0.3  # of T, where t stands at first


class ForwardMode(Mode):
    """Choose an image; noise it to a t, or invert it; go on from there as a run."""

    key = "forward"

    def __init__(self, panel: Denoise) -> None:
        super().__init__()
        self.words = self.tr("Forward")
        self._panel = panel
        self._session = panel.session
        self._process: Process | None = None
        self._model: tuple[str, tuple[int, ...], int] | None = None
        self._index: int | None = None  # of the test image that is shown or asked for
        self._count: int | None = None
        self._kept: dict[str, Any] = {}  # state that waits for a model
        self.way = "noise"
        self.noising = Noising(panel.session, self)
        self.inversion = Inversion(panel.session, panel.runs, self)
        self.view = ForwardView()
        self._line = ForwardTimeline(self)
        self._teller = Teller(self.view, self.noising, self.inversion, self._line)
        self.setAcceptDrops(True)
        self.setFocusProxy(self.view.strip)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        self._wire()

    def _wire(self) -> None:
        view, source = self.view, self.view.source
        source.index_wanted.connect(self.show_index)
        source.random_wanted.connect(self.show_random)
        source.open_wanted.connect(self._open)
        source.paste_wanted.connect(lambda: self._take_mime(QGuiApplication.clipboard().mimeData()))
        source.drawing_wanted.connect(self._take_drawing)
        view.way_chosen.connect(self.set_way)
        view.t_moved.connect(self._hand_at)
        view.seed_wanted.connect(self.set_seed)
        view.denoise_wanted.connect(self.denoise)
        view.invert_wanted.connect(self.invert)
        view.cancel_wanted.connect(self.inversion.cancel)
        view.run_wanted.connect(self._show_run)
        self._line.scrubbed.connect(self._scrubbed)
        self.noising.closed_came.connect(self._teller.tell)
        self.noising.walk_grew.connect(self._teller.grow)
        self.noising.refused.connect(view.say_error)
        self.inversion.changed.connect(self._teller.tell)
        self.inversion.refused.connect(view.say_error)
        self._session.data_changed.connect(self._data_changed)

    # Mode --------------------------------------------------------------------------------------

    def tip(self) -> str:
        return self.tr("Forward: noise an image of yours to any t, or invert it, and go on there")

    def named(self, names: Sequence[str]) -> None:
        self._teller.name_classes(names)

    def use(self, ref: ModelRef | None, process: Process | None) -> None:
        source = ref.source if ref is not None else ""
        fits = process is not None and not process.points
        model = (source, tuple(process.shape), process.n_steps) if fits and process else None
        if model == self._model:
            return  # noise does not depend on the weights
        had_times = self._model[2] if self._model else 0
        self._model, self._process = model, process if fits else None
        self.noising.use(source, self._process)
        self.inversion.use(source, self._process)
        self.view.say_error("")
        if self._process is not None:
            if had_times != self._process.n_steps:
                t = round(FIRST_SHARE * self._process.n_steps)
                self.noising.set_t(t)
                self.view.set_times(self._process.n_steps, t)
            self._restore_kept()
        self._teller.use(self._process)

    def entered(self) -> None:
        self.noising.resume()
        if self._process is not None and self.noising.image is None:
            self.show_index(self._index or 0, or_first=True)
        self.setFocus()

    def left(self) -> None:
        self.noising.stop()
        self._session.cancel(self, "pick")

    def timeline(self) -> Timeline | None:
        return self._line

    def minimumSizeHint(self) -> QSize:
        return QSize(456, 320)

    def state(self) -> dict[str, Any]:
        if self._process is None:
            return dict(self._kept)
        kept: dict[str, Any] = {"t": self.noising.t, "seed": self.noising.seed, "way": self.way}
        if self._index is not None:
            kept["index"] = self._index
        return kept

    def restore(self, state: dict[str, Any]) -> None:
        """Take back image, t, seed and way; anything else is passed over."""
        self._kept = {
            key: value
            for key, value in state.items()
            if (key in ("t", "seed", "index") and type(value) is int and value >= 0)
            or (key == "way" and value in ("noise", "invert"))
        }
        if self._process is not None:
            self._restore_kept()

    def _restore_kept(self) -> None:
        kept, self._kept = self._kept, {}
        if "seed" in kept:
            self.set_seed(min(kept["seed"], 2**31 - 1))
        if "t" in kept:
            self.noising.set_t(kept["t"], Priority.PICTURE)
        if "way" in kept:
            self.set_way(kept["way"])
        if "index" in kept:
            self._index = kept["index"]

    # The image ---------------------------------------------------------------------------------

    def show_index(self, index: int, or_first: bool = False) -> None:
        """Image `index` of the test set in view; where there is none, the first with `or_first`."""

        def refused(failure: Failure) -> None:
            if or_first and index:
                self.show_index(0)
            else:
                self._refuse(failure.sentence())

        self._session.ask(
            self,
            "pick",
            "latent.pictures:pick",
            model="",
            then=self._picked,
            failed=refused,
            data=self._session.data,
            split=SPLIT,
            index=index,
        )

    def show_random(self) -> None:
        """A test image by lot."""
        if self._count is not None:
            self.show_index(int(np.random.default_rng().integers(self._count)))

    def _picked(self, answer: Answer) -> None:
        found: DataImage = answer.value
        self._count = found.count
        words = self.tr("of {0}").format(f"{found.count:,}")
        if found.name:
            words = self.tr("of {0}, class {1}").format(f"{found.count:,}", found.name)
        if self._show(found.image, found.index):
            self.view.source.set_image(found.index, words, found.count)

    def take_image(self, image: np.ndarray, title: str) -> bool:
        if self._process is None:
            return False
        self._session.cancel(self, "pick")
        if self._show(image, None):
            self.view.source.set_image(None, title)
        return True

    def _show(self, image: np.ndarray, index: int | None) -> bool:
        """Noise this image, unless the model takes another shape; what is shown then stays."""
        process = self._process
        if process is None:
            return False
        if image.shape != tuple(process.shape):
            got, need = (" x ".join(map(str, shape)) for shape in (image.shape, process.shape))
            words = self.tr("This model takes images of {0} values, and this one has {1}. {2}")
            advice = self.tr("Choose another data set at the top, or drop an image: it is fitted.")
            self._refuse(words.format(need, got, advice))
            return False
        self._index = index
        self.view.say_error("")
        self.inversion.forget()
        self.noising.show(np.ascontiguousarray(image, np.float32))
        return True

    def _refuse(self, sentence: str) -> None:
        self.view.say_error(sentence)
        if self.noising.image is not None:
            self.view.source.index.set_value(self._index)
            self.view.source.index.set_invalid(False)

    def _data_changed(self) -> None:
        self._count = None
        self.view.source.set_count(None)
        if self._index is not None or self.noising.image is None:
            if self.isVisible():
                self.show_index(self._index or 0, or_first=True)
            else:
                self.noising.show(None)  # the next time it is looked at

    # Noise -------------------------------------------------------------------------------------

    def set_t(self, t: int) -> None:
        """The hand went to another noise level."""
        self.noising.set_t(t)
        self._teller.moved()

    def _hand_at(self, t: int) -> None:
        if self.way == "noise":
            self.set_t(t)
        else:
            self._teller.look_near(t)

    def set_seed(self, seed: int) -> None:
        """Other noise."""
        self.noising.set_seed(seed)
        self._teller.moved()

    def _scrubbed(self, index: int) -> None:
        if self.way == "noise":
            self.set_t(index)
        else:
            self._teller.look_at(index)

    def set_way(self, way: str) -> None:
        """Add noise, "noise", or "invert" with DDIM."""
        self.way = way
        self._teller.set_way(way)

    def denoise(self, which: str) -> None:
        """Begin a run from the x_t that is shown: of the "closed" form, or of the "walk"."""
        noising, t = self.noising, self.noising.closed_t
        if noising.closed is None or t < 1:
            return
        x = noising.closed
        if which == "walk":
            walked = noising.walked(t)
            if walked is None or walked[0] < 1:
                return
            t, x = walked
        recipe = self._panel.recipe()
        noisy = adds_noise(recipe.sampler, recipe.eta)
        n = recipe.n if noisy else 1  # without noise all would be the same
        steps = min(recipe.steps, t)
        start = np.repeat(x[None], n, 0)
        note = self.view.pictures[0].title.text()
        recipe = replace(
            recipe,
            kind="image",
            note=note,
            n=n,
            steps=steps,
            start=start,
            times=spread(t, steps),
            before=None,
            keep=None,
            first=0,
        )
        try:
            self._panel.runs.begin(recipe)
        except BadInput as error:
            self._session.failed.emit(Failure(str(error)))
            return
        self._panel.set_mode("denoise")

    # Inversion ---------------------------------------------------------------------------------

    def invert(self) -> None:
        """Find the noise of this image with the sampler's steps, class and guidance."""
        image = self.noising.image
        if image is None:
            return
        self.view.say_error("")
        try:
            self.inversion.start(image, self._panel.recipe())
        except BadInput as error:
            self.view.say_error(str(error))

    def _show_run(self) -> None:
        if self.inversion.run is not None:
            self._panel.runs.choose(self.inversion.run)
            self._panel.set_mode("denoise")

    # From outside ------------------------------------------------------------------------------

    def _intake(self) -> Any:
        return getattr(self.window(), "intake", None)

    def _open(self) -> None:
        intake = self._intake()
        if intake is not None:
            intake.open_image()

    def _take_mime(self, mime: QMimeData | None) -> None:
        intake = self._intake()
        if intake is None or mime is None or not intake.take(mime):
            self._refuse(self.tr("There is no image to take. Copy one first."))

    def _take_drawing(self) -> None:
        canvas = getattr(getattr(self.window(), "library", None), "canvas", None)
        intake = self._intake()
        if canvas is None or intake is None:
            return
        if canvas.is_empty():
            self._refuse(self.tr("Nothing is drawn yet. Draw on the sheet in the Library first."))
        else:
            intake.take_drawing(canvas.image())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        intake = self._intake()
        if intake is not None and intake.accepts(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self._take_mime(event.mimeData())
        event.acceptProposedAction()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if plain and event.key() == Qt.Key.Key_R:
            self.show_random()
        elif event.key() == Qt.Key.Key_Escape and self.inversion.running:
            self.inversion.cancel()
        else:
            super().keyPressEvent(event)


def plug(panel: Denoise) -> None:
    """Put the forward view on the panel's stage."""
    panel.add_mode(ForwardMode(panel))
