"""The words under the large pictures."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QObject

from genstudio.ui.panels._denoise_picture_look import NOISE_LIMIT
from genstudio.ui.panels._denoise_picture_source import Source


class Words(QObject):
    """Captions, tooltips and the sentences where there is no picture."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.names: dict[str, str] = {}
        self.empty = self.tr("There is no step to show yet.")

    def name(self, kind: str) -> str:
        """What a kind is called on the screen."""
        known = {
            "x0_hat": self.tr("clean guess"),
            "x_t": self.tr("x"),
            "noise_hat": self.tr("predicted noise"),
            "change": self.tr("change of x"),
        }
        return self.names.get(kind) or known.get(kind, kind)

    def caption(
        self,
        source: Source,
        kind: str,
        chosen: int | None,
        hover: tuple[int, int, int] | None,
    ) -> tuple[str, str]:
        """What the picture is, and its values: of one image, or of the whole batch where `chosen`
        is None, or of the pixel under the pointer (image, row, column).
        """
        frame, before = source.frame, source.before
        if frame is None:
            return "", ""
        title = self.name(kind)
        t = frame.scalars.get("t")
        if t is not None:
            title = self.tr("{0} at t = {1}").format(title, f"{t:g}")
            if kind == "change" and before is not None and "t" in before.scalars:
                title = self.tr("{0} from t = {1} to t = {2}").format(
                    self.name(kind), f"{before.scalars['t']:g}", f"{t:g}"
                )
        if source.edited(kind):
            title = self.tr("{0}, edited").format(title)
        values = source.values(kind)
        if values is None:
            return title, ""
        if chosen is None and source.n > 1:
            title = self.tr("{0}, {1} images").format(title, source.n)
        elif chosen is not None and source.n > 1:
            title = self.tr("{0}, image {1} of {2}").format(title, chosen + 1, source.n)
        if hover is not None:
            return title, self._pixel(values, *hover)
        if chosen is not None:
            values = values[chosen]
        return title, self._values(kind, values, frame.scalars.get("alpha_bar"))

    def tip(self, kind: str, limit: float) -> str:
        """How a picture is to be read."""
        tips = {
            "x0_hat": self.tr(
                "What the model takes for the clean image from here (key 1)."
                " Shown from -1, black, to 1, white."
            ),
            "x_t": self.tr(
                "x at this t, signal and noise together (key 2). Shown from -1, black, to 1, white;"
                " noise reaches beyond both ends and is clipped there."
            ),
            "noise_hat": self.tr(
                "The noise that the model sees in x (key 3)."
                " Grey from -{0} to {0} standard deviations, clipped beyond."
            ).format(f"{NOISE_LIMIT:g}"),
            "change": self.tr(
                "x at this step minus x at the step before (key 4), the mean over the channels."
                " Blue is less, amber is more; the colours end at ±{0}."
            ).format(f"{limit:g}"),
        }
        return tips.get(kind, tips["x_t"])

    def missing(self, kind: str) -> str:
        """Why there is no picture of this kind."""
        if kind == "change":
            return self.tr("This is the first step: there is none before it to differ from.")
        return self.tr("This record holds no such picture.")

    def cannot_paint(self) -> str:
        return self.tr("Paint on the clean guess or on x: noise and change follow from them.")

    def _pixel(self, values: np.ndarray, image: int, row: int, column: int) -> str:
        n, _, high, wide = values.shape
        if not (image < n and 0 <= row < high and 0 <= column < wide):
            return ""
        numbers = ", ".join(figure(float(v), 3) for v in values[image, :, row, column])
        if n == 1:
            return self.tr("row {0}, column {1}: {2}").format(row + 1, column + 1, numbers)
        words = self.tr("image {0}, row {1}, column {2}: {3}")
        return words.format(image + 1, row + 1, column + 1, numbers)

    def _values(self, kind: str, values: np.ndarray, alpha_bar: float | None) -> str:
        if kind == "x_t" and alpha_bar is not None:
            signal, noise = math.sqrt(alpha_bar), math.sqrt(max(0.0, 1.0 - alpha_bar))
            return self.tr("{0} of the image and {1} of noise").format(
                figure(signal), figure(noise)
            )
        if kind == "change":
            rms = math.sqrt(float(np.mean(np.square(values, dtype=np.float64))))
            return self.tr("root mean square {0}").format(figure(rms, 3))
        mean, deviation = float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))
        return self.tr("mean {0}, standard deviation {1}").format(figure(mean), figure(deviation))


def figure(value: float, digits: int = 2) -> str:
    """A number with a true minus."""
    if not math.isfinite(value):
        return "-" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    words = f"{value:.{digits}f}"
    zero = not words.strip("-0.")
    return words.lstrip("-") if zero else words.replace("-", "\N{MINUS SIGN}")
