"""What closes the gap? Samples of each model under one way to draw z, and where that z lies."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from genstudio.engine.messages import Answer, Failure
from genstudio.latent import plane as planes
from genstudio.latent.plane import Plane
from genstudio.ui import theme
from genstudio.ui.panel import Timeline
from genstudio.ui.panels._compare_slots import Slots
from genstudio.ui.panels._compare_space import SpaceMap
from genstudio.ui.panels._manifold_text import figure
from genstudio.ui.session import ModelRef, Priority, Session
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.image_grid import ImageGrid

N_DRAWN = 100
NARROW_PX, SHORT_PX = 200, 160
BESIDE = 1.25  # width over height from which the map stands beside the samples


class Sheet(QWidget):
    """One model's samples above the map of the z that they come from."""

    stepped = Signal()

    def __init__(self, session: Session, slot: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._slot = session, slot
        self.ref: ModelRef | None = None
        self.steps: list[Any] = []  # states of the mixture, one a round
        self._asked: tuple[object, ...] = ()
        self._plane: Plane | None = None
        self._drawn: np.ndarray | None = None
        self._images: np.ndarray | None = None
        self.title = theme.caption(ElidedLabel(self))
        self.grid = ImageGrid(self)
        self.map = SpaceMap(slot, self)
        self.sentence = theme.quiet(QLabel(self))
        self.sentence.setWordWrap(True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.sentence.hide()
        self._body = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._body.setSpacing(theme.GRID)
        self._body.addWidget(self.grid, 1)
        self._body.addWidget(self.map, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        column.addWidget(self.title)
        column.addLayout(self._body, 1)
        column.addWidget(self.sentence, 1)

    def show_samples(self, ref: ModelRef, sampler: str) -> None:
        """Ask for samples with z drawn by `sampler`."""
        what = (ref.source, sampler, self._session.data, self._session.seed)
        if what == self._asked:
            return
        if self.ref is None or self.ref.source != ref.source or what[2:] != self._asked[2:]:
            self._plane = None
            self.map.show_codes(np.empty((0, 2)))
        self.ref, self._asked = ref, what
        self.title.setText(f"{self._slot}  {ref.title}")
        self.steps = []
        self.map.clear_lines()
        self._say("")
        for key in ("draw", "mixture"):
            self._session.cancel(self, key)
        common = {"model": ref.source, "priority": Priority.SHEET}
        data, seed = self._session.data, self._session.seed
        if self._plane is None:
            self._session.ask(
                self,
                "codes",
                "latent.encodings:encode",
                then=self._take_codes,
                failed=self._refused,
                data=data,
                split="test",
                limit=1000,
                **common,
            )
        self._session.ask(
            self,
            "draw",
            "latent.draws:draw",
            then=self._take_draws,
            failed=self._refused,
            sampler=sampler,
            data=data,
            n=N_DRAWN,
            seed=seed,
            **common,
        )
        if sampler == "mixture":
            self._session.ask(
                self,
                "mixture",
                "latent.samplers:mixture_steps",
                then=self._take_step,
                failed=self._refused,
                data=data,
                seed=seed,
                **common,
            )

    def _take_codes(self, answer: Answer) -> None:
        codes = answer.value.mean
        if not answer.done or codes.shape[1] < 2:
            return
        dim = codes.shape[1]
        self._plane = planes.axes(2) if dim == 2 else planes.pca(codes)
        self.map.show_codes(self._plane.to_plane(codes))
        if self._drawn is not None:
            self._show_drawn()

    def _take_draws(self, answer: Answer) -> None:
        if answer.value is None:
            return
        self._drawn, self._images = answer.value.z, answer.value.images
        self._fill()
        self.grid.set_name(self.tr("Samples of %1").replace("%1", self.title.text()))
        self._show_drawn()

    def _choose(self) -> None:
        """Where there is no room for both, the map of a mixture or the samples of the others."""
        if self.sentence.isVisibleTo(self):
            return
        scarce = self.width() < NARROW_PX and self.height() < SHORT_PX
        mixture = self._asked[1:2] == ("mixture",)
        self.map.setVisible(mixture or not scarce)
        self.grid.setVisible(not mixture or not scarce)

    def _fill(self) -> None:
        """As many pictures as fit at one screen pixel each."""
        if self._images is None:
            return
        side = self._images.shape[-1]
        columns = int(np.clip(self.grid.width() // side, 3, 10))
        rows = int(np.clip(self.grid.height() // side, 1, 10))
        self.grid.set_images(self._images[: rows * columns], columns)

    def minimumSizeHint(self) -> QSize:
        return QSize(104, 96)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = self.width() > max(BESIDE * self.height(), NARROW_PX)
        self._choose()
        way = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if self._body.direction() != way:
            self._body.setDirection(way)
        QTimer.singleShot(0, self, self._fill)

    def _show_drawn(self) -> None:
        plane, drawn = self._plane, self._drawn
        if plane is None or drawn is None or drawn.shape[1] != plane.latent_dim:
            return
        text = self.tr("%1 draws of z").replace("%1", str(len(drawn)))
        self.map.show_drawn(plane.to_plane(drawn), text)
        if self.steps:
            self.show_step(len(self.steps) - 1)

    def _take_step(self, answer: Answer) -> None:
        if answer.value is not None and not answer.done:
            self.steps.append(answer.value)
            self.stepped.emit()

    def show_step(self, index: int) -> None:
        """The mixture after so many rounds of EM; the last one where there are fewer."""
        if not self.steps or self._plane is None:
            return
        state = self.steps[min(index, len(self.steps) - 1)]
        text = self.tr("EM round %1, log-likelihood %2 nats")
        likelihood = figure(state.log_likelihood, 3)
        text = text.replace("%1", str(state.step)).replace("%2", likelihood)
        self.map.show_mixture(state.weights, state.means, state.covs, self._plane, text)

    def _refused(self, failure: Failure) -> None:
        self._say(failure.sentence())

    def _say(self, sentence: str) -> None:
        self.sentence.setText(sentence)
        self.sentence.setVisible(bool(sentence))
        self.grid.setVisible(not sentence)
        self.map.setVisible(not sentence)
        self._choose()


class Rounds(Timeline):
    """Expectation maximisation on the transport bar: one frame a round, of all models at once."""

    def __init__(self, sheets: Sheets) -> None:
        super().__init__(sheets)
        self._sheets = sheets
        self._index: int | None = None  # None follows the newest

    def follow(self) -> None:
        self._index = None
        self.changed.emit()

    def count(self) -> int:
        return max((len(sheet.steps) for sheet in self._sheets.shown()), default=0)

    def index(self) -> int:
        last = max(0, self.count() - 1)
        return last if self._index is None else min(self._index, last)

    def set_index(self, index: int) -> None:
        self._index = index if index < self.count() - 1 else None
        self._sheets.show_round(self.index())
        self.changed.emit()

    def label(self, index: int) -> str:
        text = self.tr("round %1 of %2")
        return text.replace("%1", str(index)).replace("%2", str(max(0, self.count() - 1)))

    def title(self) -> str:
        return self.tr("the mixture's fit by EM")


class Sheets(QWidget):
    """The models' sheets side by side."""

    def __init__(self, session: Session, slots: Slots, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._slots = session, slots
        self.sampler = "prior"
        self._pool: dict[str, Sheet] = {}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(2 * theme.GRID)
        self.rounds = Rounds(self)
        slots.changed.connect(self.ask)
        session.data_changed.connect(self.ask)
        session.seed_changed.connect(lambda _seed: self.ask())

    def shown(self) -> list[Sheet]:
        """The sheets of the models in view."""
        return [self._pool[slot] for slot in self._slots.refs() if slot in self._pool]

    def show_sampler(self, sampler: str) -> None:
        """Draw z another way."""
        self.sampler = sampler
        self.rounds.follow()
        self.ask()

    def ask(self) -> None:
        """Ask for the samples, unless nobody looks."""
        if not self.isVisible():
            return
        refs = self._slots.refs()
        for slot, ref in refs.items():
            if slot not in self._pool:
                sheet = self._pool[slot] = Sheet(self._session, slot, self)
                sheet.stepped.connect(partial(self._stepped, sheet))
                self._row.addWidget(sheet, 1)
            self._pool[slot].show_samples(ref, self.sampler)
        for slot, sheet in self._pool.items():
            sheet.setVisible(slot in refs)
        self.rounds.changed.emit()

    def _stepped(self, sheet: Sheet) -> None:
        sheet.show_step(self.rounds.index())
        self.rounds.changed.emit()

    def show_round(self, index: int) -> None:
        """Every mixture after so many rounds."""
        for sheet in self.shown():
            sheet.show_step(index)

    def showEvent(self, event: object) -> None:
        self.ask()
