"""Puts into the forward view what is known: pictures, the figures under them, sentences."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject

from genstudio.ui import theme
from genstudio.ui.panels._denoise_forward_inversion import Inversion
from genstudio.ui.panels._denoise_forward_noising import Noising
from genstudio.ui.panels._denoise_forward_numbers import (
    Figure,
    mean_of,
    measured,
    noise_of,
    shares,
)
from genstudio.ui.panels._denoise_forward_timeline import ForwardTimeline
from genstudio.ui.panels._denoise_forward_view import ForwardView, Picture
from genstudio.ui.panels._denoise_recipe_text import label

if TYPE_CHECKING:
    from genstudio.latent.denoise import Process


class Teller(QObject):
    """Reads what was computed and writes it on the screen; decides nothing."""

    def __init__(
        self, view: ForwardView, noising: Noising, inversion: Inversion, line: ForwardTimeline
    ) -> None:
        super().__init__(view)
        self._view, self._noising, self._inversion, self._line = view, noising, inversion, line
        self._process: Process | None = None
        self._way = "noise"
        self._classes: tuple[str, ...] = ()
        self._shown: tuple[object, ...] = ()  # what the strip was drawn of
        self._looked = -1  # the inversion's frame under the transport bar; -1 for the newest

    def use(self, process: Process | None) -> None:
        """Another model, or none."""
        self._process, self._classes = process, ()
        self.tell()

    def name_classes(self, names: Sequence[str]) -> None:
        """What the model's classes are called."""
        self._classes = tuple(names)
        self._tell_inversion()

    def set_way(self, way: str) -> None:
        self._way = way
        self._view.show_way(way)
        self.tell()

    def look_at(self, index: int) -> None:
        """Show this frame of the inversion."""
        self._looked = index
        self._tell_inversion()

    def look_near(self, t: int) -> None:
        """Show the inversion's frame that is nearest to t."""
        if self._inversion.frames:
            self.look_at(self._near(t))

    def moved(self) -> None:
        """The hand went to another t or seed: sliders follow, pictures when they have come."""
        if self._way == "noise":
            self._view.set_t(self._noising.t)
        self._view.set_seed(self._noising.seed)
        self._tell_line()

    def grow(self) -> None:
        """Another step of the walk has come."""
        if self._way == "noise":
            self._view.strip.grow()
            if self._view.pictures[2].view.image() is None or self._noising.complete():
                self._tell_noise()

    def tell(self) -> None:
        """Everything anew."""
        process, noising, view = self._process, self._noising, self._view
        if process is None:
            return
        self._show_strip(process)
        view.pictures[0].show_x(noising.x0)
        self.moved()
        if self._way == "noise":
            self._tell_noise()
        else:
            self._tell_inversion()

    def _show_strip(self, process: Process) -> None:
        """The walk, or the inversion, in the strip; drawn anew only where it is another one."""
        noising, noise = self._noising, self._way == "noise"
        frames = self._inversion.frames
        shown = (process, noising.image, frames, str(noising.seed), self._way)
        if len(self._shown) != len(shown) or any(
            now is not before and not (isinstance(now, str) and now == before)
            for now, before in zip(shown, self._shown, strict=True)
        ):
            self._shown = shown
            n = process.n_steps if noising.image is not None else 0
            self._view.strip.show_walk(n, self._walk_at if noise else self._inverted_at)
        self._view.strip.grow()

    def _walk_at(self, t: int) -> np.ndarray | None:
        walked = self._noising.walked(t)
        return None if walked is None else walked[1]

    def _inverted_at(self, t: int) -> np.ndarray | None:
        """x of the inversion's frame that is nearest to t; None beyond those that have come."""
        frames = self._inversion.frames
        if not frames or t > frames[-1].scalars["t"]:
            return None
        return np.asarray(frames[self._near(t)].arrays["x_t"][0])

    def _near(self, t: int) -> int:
        """The place of the inversion's frame that is nearest to t; there is one at least."""
        frames = self._inversion.frames
        after = bisect_left(frames, t, key=lambda frame: frame.scalars["t"])
        beside = [k for k in (after - 1, after) if 0 <= k < len(frames)]
        return min(beside, key=lambda k: abs(frames[k].scalars["t"] - t))

    # Adding noise ------------------------------------------------------------------------------

    def _tell_noise(self) -> None:
        process, noising, view = self._process, self._noising, self._view
        image, closed, walk = view.pictures
        x0, x_t, t = noising.x0, noising.closed, noising.closed_t
        view.closed.setEnabled(x_t is not None and t > 0)
        if process is None:
            return
        walked = noising.walked(t) if x_t is not None else None
        view.walk.setEnabled(walked is not None and walked[0] > 0)
        a = float(process.alpha_bar[t])
        closed.show_x(x_t)
        walk.show_x(None if walked is None else walked[1])
        hint = self.tr("Choose a test image, draw, drop or paste one.") if x0 is None else ""
        if x0 is None or x_t is None:
            image.say(self.tr("the image"), empty=hint)
            closed.say(self.tr("closed form"))
            walk.say(self.tr("step by step"))
            view.words.setText("")
            return
        view.words.setText(shares(t, process.n_steps, a))
        mean, noise = mean_of(x0, a), noise_of(x0, a)
        image.say(
            self.tr("the image"),
            self.tr("formula {0}").format(_wanted(mean)),
            self.tr("formula {0}").format(_wanted(noise)),
        )
        image.set_tips(
            "",
            self.tr(
                "√ᾱ times the mean of x₀, in the model's scale from -1 to 1; plus and minus one "
                "standard error over the image's values"
            ),
            self.tr("√(1 - ᾱ), the standard deviation of the noise; 1 - ᾱ = {0}").format(
                f"{1 - a:.4f}"
            ),
        )
        self._figures(closed, self.tr("closed form, t = {0}"), t, x_t, x0, (mean, noise))
        if walked is None:
            walk.say(self.tr("step by step"), empty=self.tr("The walk is on its way."))
        else:
            own = float(process.alpha_bar[walked[0]])
            wanted = mean_of(x0, own), noise_of(x0, own)
            self._figures(walk, self.tr("step by step, t = {0}"), walked[0], walked[1], x0, wanted)

    def _figures(
        self,
        picture: Picture,
        title: str,
        t: int,
        x_t: np.ndarray,
        x0: np.ndarray,
        wanted: tuple[Figure, Figure],
    ) -> None:
        """A picture's title, its mean and noise, coloured where far from the formula."""
        assert self._process is not None
        a = float(self._process.alpha_bar[t])
        found = measured(x_t, x0, a)
        words = (self.tr("mean {0}"), self.tr("noise {0}"))
        lines = [words[k].format(_minus(f"{found[k]:.3f}")) for k in (0, 1)]
        picture.say(title.format(f"{t:,}"), *lines)
        tips = []
        for figure, value, line in zip(wanted, found, picture.lines, strict=True):
            fits = figure.agrees(value)
            theme.role(line, "caption" if fits else "warning")
            near = self.tr("Within three standard errors of the formula.")
            far = self.tr("More than three standard errors from the formula.")
            tips.append(near if fits else far)
        picture.set_tips("", *tips)

    # Inversion ---------------------------------------------------------------------------------

    def _tell_inversion(self) -> None:
        view, inversion = self._view, self._inversion
        if self._way != "invert":
            return
        image, noise, back = view.pictures
        image.say(self.tr("the image"))
        image.set_tips("", "", "")
        frames = inversion.frames
        index = min(self._looked if self._looked >= 0 else len(frames) - 1, len(frames) - 1)
        shown = frames[index] if frames else None
        noise.show_x(None if shown is None else shown.arrays["x_t"][0])
        if shown is None:
            noise.say(self.tr("its noise x_T"), empty=self.tr("Press Invert to find it."))
            view.strip.set_t(0)
        else:
            x = shown.arrays["x_t"][0]
            t = int(shown.scalars["t"])
            last = inversion.x_T() is not None and index == len(frames) - 1
            noise.say(
                self.tr("its noise x_T")
                if last
                else self.tr("inverted to t = {0}").format(f"{t:,}"),
                self.tr("mean {0}").format(_minus(f"{x.mean():.3f}")),
                self.tr("deviation {0}").format(f"{x.std():.3f}"),
            )
            words = self.tr("Noise drawn from N(0, I) has {0}.")
            noise.set_tips("", words.format("0"), words.format("1"))
            if not view.strip.held():
                view.strip.set_t(t)
            for line in noise.lines:
                theme.role(line, "caption")
        self._tell_back(back)
        settings = inversion.settings()
        run, error = inversion.run, inversion.error()
        view.show_run.setVisible(run is not None)
        view.cancel.setVisible(inversion.running)
        view.invert.setEnabled(not inversion.running and self._noising.image is not None)
        if inversion.running:
            words = self.tr("{0} % of both ways").format(f"{100 * inversion.share:.0f}")
        elif settings is not None and inversion.n_frames:
            words = self.tr("DDIM with eta 0, {0} steps each way, guidance {1}, {2}").format(
                f"{settings.steps:,}",
                f"{settings.guidance:g}",
                self.tr("no class")
                if settings.label is None
                else label(settings.label, self._classes),
            )
        else:
            words = self.tr("Steps, class and guidance are those of the sampler.")
        view.settings.setText(words)
        view.words.setText(
            ""
            if error is None
            else self.tr(
                "The round trip misses by {0} (rms). Drawn noise has deviation 1, this x_T {1}."
            ).format(f"{error:.4f}", f"{frames[-1].arrays['x_t'][0].std():.3f}")
        )
        self._tell_line()

    def _tell_back(self, back: Picture) -> None:
        x, error = self._inversion.back(), self._inversion.error()
        back.show_x(x)
        first = "" if error is None else self.tr("rms difference {0}").format(f"{error:.4f}")
        empty = ""
        if self._inversion.x_T() is None:
            stopped = self._inversion.frames and not self._inversion.running
            follows = self.tr("It follows by itself.")
            empty = self.tr("Stopped on the way there.") if stopped else follows
        back.say(self.tr("and back again"), first, empty=empty)
        tip = self.tr("Root mean square of image minus round trip, pixels from 0 to 1")
        back.set_tips("", tip, "")
        for line in back.lines:
            theme.role(line, "caption")

    # The record --------------------------------------------------------------------------------

    def _tell_line(self) -> None:
        process, frames = self._process, self._inversion.frames
        if process is None:
            return
        if self._way == "noise":
            times = range(process.n_steps + 1) if self._noising.image is not None else ()
            self._line.show(times, self._noising.t, process.n_steps, self.tr("noising an image"))
            return
        if not frames:
            self._looked = -1
        index = len(frames) - 1 if self._looked < 0 else min(self._looked, len(frames) - 1)
        times = tuple(int(frame.scalars["t"]) for frame in frames)
        self._line.show(times, max(0, index), process.n_steps, self.tr("inversion of an image"))


def _wanted(figure: Figure) -> str:
    """A number with its standard error, as in "−0.60 ± 0.02"."""
    return _minus(f"{figure.value:.3f} ± {figure.error:.3f}")


def _minus(number: str) -> str:
    return number.replace("-", "−")
