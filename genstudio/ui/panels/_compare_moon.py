"""The moon: does it? Drag from half to full in AE and VAE, each frame measured beside the plain
cross-fade and the true moons, for two cases of what was learned.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from genstudio.engine.messages import Answer, Failure
from genstudio.ui import theme
from genstudio.ui.panel import Timeline
from genstudio.ui.panels._compare_chart import Chart, Line
from genstudio.ui.panels._compare_moon_many import Job, Many
from genstudio.ui.panels._compare_moon_text import Finding, claim, finding, measured, reason
from genstudio.ui.panels._compare_scale import nice
from genstudio.ui.panels._compare_terms import installed, missing
from genstudio.ui.session import Priority, Session
from genstudio.ui.widgets.image_view import fit
from genstudio.ui.widgets.latent_plane import small_image

AE, VAE, FADE, TRUE = "AE", "VAE", "cross-fade", "true moons"
LINES = {
    TRUE: Line("quiet", (1.0, 2.0)),
    FADE: Line("quiet", (5.0, 3.0)),
    AE: Line(1, (), 2.25),
    VAE: Line(0, (), 2.25),
}
N_FRAMES = 33
OFF = 0.07  # pixel distance beyond which a picture is off every true moon


@dataclass(frozen=True)
class Kind:
    """What the two models of a case learned, and what they are called."""

    key: str
    data: str
    ae: str
    vae: str


CASES = (
    Kind("a", "moon-phases:three", "ae-moons3", "vae-moons3"),
    Kind("b", "moon-phases", "ae-moons", "vae-moons"),
)


class Frames(QWidget):
    """The pictures of one position side by side, each with its two measures, painted in one go."""

    PICTURE_PX = 84

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cells: list[tuple[str, np.ndarray | None, str, str]] = []
        self.setFixedHeight(self.PICTURE_PX + 52)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("The moons at this position"))

    def minimumSizeHint(self) -> QSize:
        return QSize(4 * 48, self.PICTURE_PX + 52)

    def cells(self) -> list[tuple[str, np.ndarray | None, str, str]]:
        """(name, picture, distance, half grey) as they are shown."""
        return list(self._cells)

    def show_cells(self, cells: list[tuple[str, np.ndarray | None, str, str]]) -> None:
        self._cells = cells
        told = "; ".join(f"{name}: {distance}, {grey}" for name, _, distance, grey in cells)
        self.setAccessibleDescription(told)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        pitch = min(self.width() / max(1, len(self._cells)), self.PICTURE_PX + 24.0)
        side = int(min(self.PICTURE_PX, pitch - 8))
        for number, (name, picture, distance, grey) in enumerate(self._cells):
            left = round(number * pitch)
            room = QRectF(left, 0, pitch - 4, 16)
            painter.setPen(QPen(LINES[name].ink(), 3))
            painter.drawLine(left, 15, left + side, 15)
            painter.setFont(theme.text_font(theme.CAPTION_PX))
            painter.setPen(theme.colour("text"))
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft, name)
            if picture is not None:
                image = small_image(picture)
                box = fit(image.size(), QSize(side, side), self.devicePixelRatioF())
                painter.drawImage(box.translated(left - box.left(), 19 - box.top()), image)
            painter.setFont(theme.figure_font(theme.CAPTION_PX))
            painter.setPen(theme.colour("quiet"))
            for line, text in enumerate((distance, grey)):
                under = QRectF(left, side + 22 + 14 * line, pitch - 2, 14)
                painter.drawText(under, Qt.AlignmentFlag.AlignLeft, text)


class Case(QWidget):
    """One case: pictures, two charts, one sentence of what was measured."""

    grew = Signal()
    moved = Signal(int)

    def __init__(self, session: Session, kind: Kind, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self.kind = session, kind
        self._drags: dict[str, Any] = {}
        self._index = 0
        self._asked = -1
        self.title = theme.heading(QLabel(title, self))
        self.title.setWordWrap(True)
        self.sentence = theme.quiet(QLabel(self))
        self.sentence.setWordWrap(True)
        self.sentence.hide()
        self.said = QLabel(self)
        self.said.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.said.setWordWrap(True)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.frames = Frames(self)
        self.far = Chart(self.tr("distance to the nearest true moon"), LINES, 2, self)
        self.grey = Chart(self.tr("half-grey share of the disc, %"), LINES, 0, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self.title)
        column.addWidget(self.sentence)
        column.addWidget(self.frames)
        column.addWidget(self.far, 1)
        column.addWidget(self.grey, 1)
        column.addWidget(self.said)
        for chart in (self.far, self.grey):
            chart.moved.connect(self.moved)

    def ask(self, seed: int) -> None:
        """Measure the drag between the two moons of this seed in both models."""
        gone = [s for s in (self.kind.ae, self.kind.vae) if installed(s) is None]
        if gone:
            self._say(" ".join(missing(source) for source in gone))
            return
        if seed == self._asked:
            return
        self._asked = seed
        self._say("")
        self._drags.clear()
        for name, source in ((AE, self.kind.ae), (VAE, self.kind.vae)):
            self._session.ask(
                self,
                name,
                "metrics.moon:drag",
                model=source,
                priority=Priority.SHEET,
                then=partial(self._take, name),
                failed=self._refused,
                data=self.kind.data,
                frames=N_FRAMES,
                seed=seed,
            )

    def _take(self, name: str, answer: Answer) -> None:
        if answer.value is not None:
            self._drags[name] = answer.value
            self._show_charts()
            self.show_index(self._index)
            self.grew.emit()

    def _refused(self, failure: Failure) -> None:
        self._say(failure.sentence())

    def _say(self, sentence: str) -> None:
        self.sentence.setText(sentence)
        self.sentence.setVisible(bool(sentence))
        for widget in (self.frames, self.far, self.grey, self.said):
            widget.setVisible(not sentence)

    def strips(self) -> Mapping[str, Any]:
        """The measured strips that have come, by name."""
        found = {name: drag.model for name, drag in self._drags.items()}
        for drag in self._drags.values():
            found.setdefault(FADE, drag.crossfade)
            found.setdefault(TRUE, drag.moons)
        order = (AE, VAE, FADE, TRUE)
        return {name: found[name] for name in order if name in found}

    def finding(self) -> Finding | None:
        """What was measured, once everything is."""
        drags = self._drags
        if len(drags) < 2 or any(drag.done < 1 for drag in drags.values()):
            return None
        return finding(self.strips(), OFF, drags[VAE].sigmas)

    def _show_charts(self) -> None:
        strips = self.strips()
        far = {name: strip.distance for name, strip in strips.items()}
        grey = {name: 100 * strip.half_grey for name, strip in strips.items()}
        self.far.show_series(far, _top(far, 0.1), OFF)
        self.grey.show_series(grey, _top(grey, 10.0))

    def show_index(self, index: int) -> None:
        """The pictures of one position on the path."""
        self._index = index
        cells = []
        for name, strip in self.strips().items():
            distance, grey = strip.distance[index], strip.half_grey[index]
            far = self.tr("off by %1").replace("%1", _number(distance, 3))
            half = self.tr("grey %1 %").replace("%1", _number(100 * grey, 0))
            cells.append((name, strip.images[index], far, half))
        self.frames.show_cells(cells)
        for chart in (self.far, self.grey):
            chart.set_index(index)


class Positions(Timeline):
    """The positions of the drag on the transport bar."""

    def __init__(self, moon: Moon) -> None:
        super().__init__(moon)
        self._moon = moon
        self._index = N_FRAMES // 2

    def count(self) -> int:
        return N_FRAMES

    def index(self) -> int:
        return self._index

    def set_index(self, index: int) -> None:
        if index != self._index and 0 <= index < N_FRAMES:
            self._index = index
            self._moon.show_index(index)
            self.changed.emit()

    def label(self, index: int) -> str:
        share = index / (N_FRAMES - 1)
        text = self.tr("%1, lit %2 %")
        lit = f"{100 * (0.5 + 0.5 * share):.0f}"
        return text.replace("%1", f"{share:.2f}").replace("%2", lit)

    def title(self) -> str:
        return self.tr("from half to full moon")


class Moon(QWidget):
    """Both cases side by side, and what the measurement says."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.seed = 0
        titles = (
            self.tr("(a) Learned new, half and full"),
            self.tr("(b) Learned all but three-quarter"),
        )
        self.cases = [Case(session, kind, text, self) for kind, text in zip(CASES, titles)]
        jobs = [
            Job(kind.key, name, source, kind.data)
            for kind in CASES
            for name, source in ((AE, kind.ae), (VAE, kind.vae))
        ]
        self.many = Many(session, jobs, self)
        self.many.changed.connect(self._tell)
        self.timeline = Positions(self)
        self.said = theme.quiet(QLabel(self))
        self.said.setWordWrap(True)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout()
        row.setSpacing(2 * theme.GRID)
        for case in self.cases:
            row.addWidget(case, 1)
            case.grew.connect(self._tell)
            case.moved.connect(self.timeline.set_index)
            case.show_index(self.timeline.index())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addLayout(row, 1)
        column.addWidget(self.said)
        session.library_changed.connect(self._again)
        self._tell()

    def show_seed(self, seed: int) -> None:
        """Drag between two other moons."""
        self.seed = seed
        self._again()

    def show_index(self, index: int) -> None:
        """Another position in both cases."""
        for case in self.cases:
            case.show_index(index)

    def _again(self) -> None:
        if self.isVisible():
            for case in self.cases:
                case.ask(self.seed)

    def _tell(self) -> None:
        found = {case.kind.key: case.finding() for case in self.cases}
        for case in self.cases:
            key = case.kind.key
            case.said.setText(measured(found[key], self.many.found(key), self.tr))
        self.said.setText(f"{claim(self.tr)} {reason(found, self.tr)}".strip())
        self._level()

    def _level(self) -> None:
        """Both sentences as high as the higher one, so that the charts stand side by side."""
        labels = [case.said for case in self.cases]
        high = max(label.heightForWidth(max(label.width(), 120)) for label in labels)
        for label in labels:
            label.setFixedHeight(high)
        self.said.setMinimumHeight(self.said.heightForWidth(max(self.said.width(), 240)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        QTimer.singleShot(0, self, self._level)

    def showEvent(self, event: object) -> None:
        self._again()


def _top(series: Mapping[str, np.ndarray], least: float) -> float:
    """A round number that all values lie below."""
    known = [float(np.nanmax(v)) for v in series.values() if np.isfinite(v).any()]
    highest = max([least, *known])
    step = nice(highest / 5)
    return math.ceil(highest / step) * step


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else "…"
