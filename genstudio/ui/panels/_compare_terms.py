"""Why both terms? Three VAEs of one recipe: reconstruction only, both, KL only; and a family of
betas.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from genstudio.abilities import BadInput
from genstudio.engine import shelf
from genstudio.engine.messages import Answer, Failure
from genstudio.ui import theme
from genstudio.ui.panel import Timeline
from genstudio.ui.panels._compare_cursor import Cursor
from genstudio.ui.panels._compare_pane import Pane
from genstudio.ui.panels._compare_rows import mse
from genstudio.ui.panels._manifold_text import figure
from genstudio.ui.panels._map_scene import Cloud, Subset
from genstudio.ui.panels._map_space import prior_lines
from genstudio.ui.session import ModelRef, Priority, Session
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.image_view import ImageView
from genstudio.ui.widgets.latent_plane import Outline, View

RECONSTRUCTION, BOTH, KL = "reconstruction", "both", "kl"
BETAS = (
    (0.0, "vae-mnist-2d-beta0"),
    (0.1, "vae-mnist-2d-beta0.1"),
    (1.0, "vae-mnist-2d"),
    (4.0, "vae-mnist-2d-beta4"),
)
SOURCES = {RECONSTRUCTION: "vae-mnist-2d-beta0", BOTH: "vae-mnist-2d", KL: "vae-mnist-2d-kl"}
DATA = "mnist"
FEWEST, MOST = 4, 10  # pictures side by side
SPAN = 9.0  # latent units across each map: N(0, I) and what lies beyond it
N_POINTS = 2000
PICTURE_PX = 56


def installed(source: str) -> ModelRef | None:
    """A shipped model that is there, else None."""
    if shelf.find(source) is None:
        return None
    try:
        card = shelf.describe(source)
    except BadInput:
        return None
    return ModelRef(source, card, card.name)


def missing(source: str) -> str:
    """The sentence for a shipped model that is not there."""
    return f"{source} is not installed. Install GenStudio with its weights."


class Term(QWidget):
    """One VAE: its map, its reconstructions, its samples from N(0, I)."""

    def __init__(self, session: Session, key: str, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self.key = key
        self.title = theme.heading(ElidedLabel(self, title))
        self.told = theme.caption(ElidedLabel(self))
        self.pane = Pane(session, key, self, PICTURE_PX)
        self.pane.header.hide()
        self.pane.set_subset(Subset("test", N_POINTS))
        self.pairs = ImageView(self, self.tr("Images and reconstructions: %1").replace("%1", title))
        self.samples = ImageView(self, self.tr("Samples: %1").replace("%1", title))
        self._error: float | None = None
        self._asked: tuple[object, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        column.addWidget(self.title)
        column.addWidget(self.told)
        column.addWidget(self.pane, 4)
        for text, view in (
            (self.tr("images above their reconstructions"), self.pairs),
            (self.tr("samples, z from N(0, I)"), self.samples),
        ):
            column.addWidget(theme.caption(ElidedLabel(self, text)))
            view.setFixedHeight(2 * 28)
            column.addWidget(view)
        self.pane.scene.encodings_changed.connect(self._tell)

    def show_source(self, source: str) -> None:
        """Show a shipped model, or why it cannot be shown."""
        ref = installed(source)
        if ref is None:
            self._asked = ()
            self.pane.forget()
            self.pane.sentence.setText(missing(source))
            self.pane.pages.setCurrentIndex(1)
            self.told.setText(source)
            for view in (self.pairs, self.samples):
                view.set_image(None)
            return
        self.pane.show_model(ref, ref.card)
        self._look_wide()
        n = int(np.clip(self.width() // 28, FEWEST, MOST))
        what = (source, self._session.seed, n)
        if what != self._asked:
            self._asked = what
            self._error = None
            self._session.ask(
                self,
                "look",
                "metrics.preview:look",
                model=source,
                priority=Priority.SHEET,
                then=self._take,
                failed=self._refused,
                data=DATA,
                n=n,
                seed=self._session.seed,
                sample_rows=2,
            )
        self._tell()

    def _look_wide(self) -> None:
        """The same stretch of z in each map, with N(0, I) at 1, 2 and 3 sigma."""
        plane, space = self.pane.plane, self.pane.space
        if plane.home().span != SPAN:
            plane.set_home(View(0.0, 0.0, SPAN))
            plane.set_view(View(0.0, 0.0, SPAN))
        lines = prior_lines(space, None, True)
        plane.set_outlines("prior", [Outline(line, "accent", label=text) for text, line in lines])

    def _take(self, answer: Answer) -> None:
        look = answer.value
        self.pairs.set_image(look.pairs)
        self.samples.set_image(look.samples)
        if look.outputs is not None:
            self._error = mse(look.inputs, look.outputs)
        self._tell()

    def _refused(self, failure: Failure) -> None:
        for view in (self.pairs, self.samples):
            view.set_image(None)
            view.set_empty_text(failure.sentence())

    def _tell(self) -> None:
        """What was measured: how far codes spread, how wide q(z | x) is, the error."""
        parts = []
        cloud = self.pane.scene.cloud
        if cloud is not None and self.pane.source:
            spread, sigma = widths(cloud)
            parts.append(self.tr("codes spread %1").replace("%1", figure(spread)))
            if sigma is not None:
                parts.append(self.tr("σ of q %1").replace("%1", figure(sigma)))
        if self._error is not None:
            parts.append(self.tr("error %1").replace("%1", figure(self._error, 3)))
        self.told.setText(", ".join(parts))


def widths(cloud: Cloud) -> tuple[float, float | None]:
    """Root mean square over dimensions: standard deviation of the codes, and of q(z | x)."""
    spread = float(np.sqrt(cloud.mean.var(0).mean()))
    sigma = None if cloud.std is None else float(np.sqrt(np.square(cloud.std).mean()))
    return spread, sigma


class BetaTimeline(Timeline):
    """The shipped betas on the transport bar."""

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms)
        self._terms = terms

    def count(self) -> int:
        return len(self._terms.betas())

    def index(self) -> int:
        return self._terms.betas().index(self._terms.beta) if self._terms.betas() else 0

    def set_index(self, index: int) -> None:
        betas = self._terms.betas()
        if 0 <= index < len(betas):
            self._terms.show_beta(betas[index])

    def label(self, index: int) -> str:
        betas = self._terms.betas()
        return f"β = {betas[index]:g}" if 0 <= index < len(betas) else ""

    def title(self) -> str:
        return self.tr("the weight of the KL, in the middle")


class Terms(QWidget):
    """Three columns under one cursor; the middle one takes each of the betas."""

    beta_changed = Signal(float)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.beta = 1.0
        self._loaded = False
        self.terms: dict[str, Term] = {}
        self.timeline = BetaTimeline(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * theme.GRID)
        titles = {
            RECONSTRUCTION: self.tr("Reconstruction only"),
            BOTH: self.tr("Both, β = 1"),
            KL: self.tr("KL only"),
        }
        for key, title in titles.items():
            self.terms[key] = Term(session, key, title, self)
            row.addWidget(self.terms[key], 1)
        self.cursor = Cursor(session, {k: t.pane for k, t in self.terms.items()}, self)
        self.cursor.link = "z"
        for term in self.terms.values():
            self.cursor.watch(term.pane)
        session.seed_changed.connect(lambda _seed: self._again())
        session.library_changed.connect(self._again)

    def betas(self) -> list[float]:
        """Those whose weights are there."""
        return [beta for beta, source in BETAS if installed(source) is not None]

    def show_beta(self, beta: float) -> None:
        """Another weight of the KL in the middle column."""
        source = dict(BETAS).get(beta)
        if source is None or installed(source) is None:
            return
        self.beta = beta
        term = self.terms[BOTH]
        term.title.setText(self.tr("Both, β = %1").replace("%1", f"{beta:g}"))
        if self._loaded:
            term.show_source(source)
            self.cursor.again()
        self.timeline.changed.emit()
        self.beta_changed.emit(beta)

    def load(self) -> None:
        """Show the three."""
        self._loaded = True
        for key, source in SOURCES.items():
            self.terms[key].show_source(dict(BETAS)[self.beta] if key == BOTH else source)
        self.cursor.rest()

    def _again(self) -> None:
        if self._loaded and self.isVisible():
            self.load()

    def showEvent(self, event: object) -> None:
        self.load()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        QTimer.singleShot(0, self, self._again)
