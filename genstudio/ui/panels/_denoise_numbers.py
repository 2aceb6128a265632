"""The Inspector's section "At this step": t, the schedule's numbers there, and what is changed."""

from __future__ import annotations

import math

from PySide6.QtWidgets import QLabel, QVBoxLayout

from genstudio.tape import Frame
from genstudio.ui import theme
from genstudio.ui.panels._denoise_plug import Section
from genstudio.ui.widgets.number_table import NumberTable


class Numbers(Section):
    """Numbers of the frame under the cursor. Others add theirs with `set_extra`."""

    key = "step"
    order = 20
    shown = True
    modes = ("denoise", "plane")

    def __init__(self) -> None:
        super().__init__()
        self.title = self.tr("At this step")
        self.tip = self.tr("The numbers of the step under the cursor")
        self.table = NumberTable()
        self.none = theme.caption(QLabel(self.tr("No step is shown: there is no run.")))
        self.none.setWordWrap(True)
        tr = self.tr
        self._of = tr("{0} of {1}")
        self._names = {  # and what they mean
            tr("step"): tr("Steps taken so far, of all"),
            tr("t"): tr("Noise level, from T for noise to 0 for the image"),
            tr("alpha bar"): tr("Share of the image's variance left in x at t"),
            tr("signal to noise"): tr("10 log10 of alpha bar / (1 - alpha bar), in decibels"),
            tr("change of x"): tr(
                "Root mean square of what this step adds to x, on a scale of -1 to 1"
            ),
        }
        self._extra: dict[str, str] = {}
        self._rows: list[tuple[str, str]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.none)
        column.addWidget(self.table)

    def show_frame(self, frame: Frame | None, n_times: int) -> None:
        """The frame under the cursor, of a schedule with `n_times` noise levels."""
        if frame is None:
            self._rows = []
        else:
            s = frame.scalars
            values = (
                self._of.format(f"{frame.index:,}", f"{frame.n_steps:,}"),
                self._of.format(f"{s['t']:,.0f}", f"{n_times:,}"),
                alpha(s["alpha_bar"]),
                decibels(s["snr"]),
                f"{s['change']:.3f}",
            )
            self._rows = list(zip(self._names, values, strict=True))
        self._write()

    def set_extra(self, name: str, value: str) -> None:
        """A row of another part, below: "settled", "at step 31"; "" takes it away."""
        if self._extra.get(name, "") != value:
            self._extra[name] = value
            self._write()

    def _write(self) -> None:
        bare = not self.table.rows()
        extra = [(name, value) for name, value in self._extra.items() if value and self._rows]
        self.table.set_rows([*self._rows, *extra])
        self.none.setVisible(not self._rows)
        if self._rows and (bare or extra):
            for name, tip in self._names.items():
                self.table.set_tip(name, tip)


def alpha(value: float) -> str:
    """alpha bar as it is read: "0.345", near its ends "2.4e-05" or "0.9999"."""
    if value < 0.0005:
        return f"{value:.1e}"
    return f"{value:.4f}" if value > 0.9995 else f"{value:.3f}"


def decibels(snr: float) -> str:
    """A signal-to-noise ratio in decibels: "−2.8 dB"."""
    if snr <= 0.0 or math.isinf(snr):
        return "∞ dB" if snr > 0 else "−∞ dB"
    return f"{10 * math.log10(snr):.1f} dB".replace("-", "−")
