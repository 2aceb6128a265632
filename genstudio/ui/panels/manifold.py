"""The Manifold: a latent space as one continuous map of decoded images, with the data on it.

Hover peeks, leaving restores, a click pins; the wheel zooms and the cells in view are decoded anew.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from genstudio.abilities import LIKELIHOOD, has_noise_space
from genstudio.engine.messages import Event, Failure
from genstudio.latent.plane import Plane, shell_radius
from genstudio.latent.points import stamps
from genstudio.latent.scale import SCALES
from genstudio.ui import theme
from genstudio.ui.panel import Panel, PanelSpec, Timeline, save_png
from genstudio.ui.panels import _manifold_keep, _manifold_tour
from genstudio.ui.panels._manifold_actions import Actions
from genstudio.ui.panels._manifold_bar import LAYERS, Bar
from genstudio.ui.panels._manifold_hand import Hand
from genstudio.ui.panels._manifold_inspector import Inspector
from genstudio.ui.panels._manifold_overlays import Overlays
from genstudio.ui.panels._manifold_pins import PinBoard, Pins
from genstudio.ui.panels._manifold_probe import Prober
from genstudio.ui.panels._manifold_study import Study
from genstudio.ui.panels._manifold_text import HELP, NOISE_NOTE
from genstudio.ui.panels._manifold_time import TrainingTimeline
from genstudio.ui.panels._manifold_wiring import wire
from genstudio.ui.panels._map_home import Home
from genstudio.ui.panels._map_scene import Scene, Subset
from genstudio.ui.panels._map_space import Space, information, why_no_map
from genstudio.ui.session import ModelRef, Session
from genstudio.ui.widgets.banner import EmptyState
from genstudio.ui.widgets.latent_plane import LatentPlane
from genstudio.ui.widgets.legend import Legend

FIRST_MODEL = "vae-mnist-2d"

NOISE_CELL = 2  # images of a cell's side stand for one where codes are noise


class Manifold(Panel):
    """One model's latent space."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.bar = Bar()
        self.plane = LatentPlane()
        self.legend = Legend(stamps("disc"))
        self.empty = EmptyState(icon="manifold")
        self.scene = Scene(session, self.plane)
        self.board = PinBoard(session.undo, self)
        self.column = Inspector()
        self.study = Study(session, self.scene, self.column.image)
        self.prober = Prober(session, self.scene, self.plane, self.column.probe)
        self.hand = Hand(self.scene, self.plane, self.board, self.study, self.prober)
        self.hand.path_wanted.connect(self.session.path_wanted)
        self.home = Home(self.scene, self.plane)
        self.actions = Actions(session, self.hand, self.column.probe, self)
        self.overlays = Overlays(
            session,
            self.scene,
            self.plane,
            self.study,
            lambda layer: self.bar.pills[layer].isChecked(),
        )
        self._timeline = TrainingTimeline(self)
        self._ref: ModelRef | None = None
        self._step: int | None = None  # of the sheet, where the model trains
        self._stale = False  # weights have moved while nobody looked
        self._lay_out()
        wire(self)
        self.model_changed("A")

    def _lay_out(self) -> None:
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.legend, 0, Qt.AlignmentFlag.AlignTop)
        middle.addWidget(self.plane, 1)
        map_page = QWidget()
        map_page.setLayout(middle)
        middle.setContentsMargins(0, 0, 0, 0)
        self.pages = QStackedWidget()
        self.pages.addWidget(map_page)
        self.pages.addWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        column.setSpacing(theme.GRID)
        column.addWidget(self.bar)
        column.addWidget(self.pages, 1)
        self.setFocusProxy(self.plane)

    # Panel -------------------------------------------------------------------------------------

    def inspector(self) -> QWidget:
        return self.column

    def timeline(self) -> Timeline | None:
        return self._timeline

    def activated(self) -> None:
        if self._stale:
            self._stale = False
            self._refresh()

    def export_png(self, path: Path) -> None:
        save_png(self.plane.grab(), path)

    # The model ---------------------------------------------------------------------------------

    def model_changed(self, slot: str) -> None:
        if slot != "A":
            return
        ref = self.session.model("A")
        if ref is None or why_no_map(ref.card) is not None:
            self._ref = None
            self._timeline.set_model(None)
            self.scene.show(None, "", self.scene.space, keep=False)
            self._say(self.tr("No model with a latent space is shown."), self._offer())
            return
        before, self._ref = self._ref, ref
        home = self.home
        noise = has_noise_space(ref.card)
        home.has_prior = LIKELIHOOD in ref.card.abilities and not noise
        self.overlays.has_prior = home.has_prior
        dim = ref.card.latent_dim or 2
        same_space = before is not None and before.card.latent_dim == dim
        space = home.first_space(dim, same_space, noise)
        self.bar.scale.set_value(space.scale.name)
        self.pages.setCurrentIndex(0)
        name = ref.title if ref.run is not None else ref.card.name
        self.bar.title.setText(self.tr("Manifold of %1").replace("%1", name))
        self.bar.scale.set_option_enabled("quantile", home.has_prior)
        self.column.plane.setVisible(dim > 2)
        side = NOISE_CELL if noise else 1  # few cells where each takes the net many times
        self.plane.set_image_size(side * ref.card.shape[1], side * ref.card.shape[2])
        self._timeline.set_model(ref)
        home.known = noise or (home.has_prior and space.plane.kind == "axes")
        self.column.plane.set_shell(space.shell is not None)
        self.column.say_of_points(self.tr(NOISE_NOTE) if noise else "")
        keep = same_space and home.known
        if not same_space:
            self.hand.forget()
            self.prober.forget()
            self.board.set_pins(Pins())
        self.session.cancel(self.study, "posterior")
        hold = not home.known and self.scene.subset.limit > 0
        if not hold:
            home.known = True
            home.look(space, move=not keep)
        self._dress(space)
        self.scene.show(ref, self._timeline.source(), space, keep=keep, hold=hold)
        self.overlays.ask_names()
        self.hand.show_rest()
        self._study_first()

    def _study_first(self) -> None:
        """Show the posterior of an image, the first test image unless one was chosen."""
        image = self.study.image
        ref = self._ref
        if ref is not None and image is not None and image.shape == tuple(ref.card.shape):
            self.study.encode()
        elif ref is not None:
            self.study.choose(0, quiet=True)

    def weights_moved(self, slot: str, step: int) -> None:
        if slot != "A" or self._ref is None or self._timeline.source() != self._ref.source:
            return
        if self.isVisible():
            self._refresh()
        else:
            self._stale = True

    def _refresh(self) -> None:
        """The same map, points and probe with the weights there are now."""
        self.scene.refresh()
        self.prober.again()
        self.study.encode()

    def scrubbed(self, source: str) -> None:
        """Another moment of the training: the same map, points and probe of that step."""
        if self._ref is None:
            return
        self.scene.show(self._ref, source, self.scene.space, keep=True)
        self.prober.again()
        self.study.encode()

    def job_event(self, event: Event) -> None:
        if event.kind == "snapshot" and self._ref is not None and event.run == self._ref.run:
            self._ref = self.session.model("A")
            self._timeline.set_model(self._ref)

    def data_changed(self) -> None:
        self.study.image = None
        self.study.count = 0
        self.scene.set_subset(self.scene.subset)
        self.overlays.ask_names()
        self._study_first()

    # The space ---------------------------------------------------------------------------------

    @property
    def has_prior(self) -> bool:
        """Whether the model was trained towards N(0, I)."""
        return self.home.has_prior

    def choose_scale(self, name: str) -> None:
        """Space the axes "linear" or "quantile"."""
        self.bar.scale.set_value(name)
        self.set_space(scale=name)

    def set_space(
        self, plane: Plane | None = None, scale: str | None = None, shell: bool | None = None
    ) -> None:
        """Another plane, scale or shell; the view goes home where the old one means nothing."""
        old = self.scene.space
        norm = old.shell
        if shell is not None:
            norm = shell_radius(old.plane.latent_dim) if shell else None
        space = Space(plane or old.plane, SCALES[scale] if scale else old.scale, norm)
        same_map = space.plane.kind == old.plane.kind and space.plane.dims == old.plane.dims
        self.home.known = True
        self.home.look(space, move=scale is not None or not same_map)
        self._dress(space)
        if same_map and scale is None:
            self.scene.move_plane(space)
        else:
            self.scene.set_space(space)
        self.hand.show_pins()
        self.posterior_changed()
        self.overlays.show_prior()

    def _dress(self, space: Space) -> None:
        """Axes and controls for `space`."""
        self.plane.set_axes((space.plane.label_x, space.plane.label_y), space.marks)
        if space.plane.latent_dim > 2:
            self.column.plane.set_plane(space.plane)

    # Pictures ----------------------------------------------------------------------------------

    def sheet_shown(self, news: tuple[float, int | None]) -> None:
        self.pages.setCurrentIndex(0)
        self._step = news[1]
        self.show_status(news[0])

    def show_status(self, share: float = 0.0) -> None:
        """How many cells, whether more are on their way, and of which training step."""
        self.bar.say_cells(self.plane.cells_in_view(), share, self._step)

    def sheet_failed(self, failure: Failure) -> None:
        self._say(failure.sentence(), self.tr("Try again"))

    def _say(self, sentence: str, button: str) -> None:
        self.empty.set_text(sentence)
        self.empty.set_button(button)
        self.pages.setCurrentIndex(1)

    def _offer(self) -> str:
        return self.tr("Show %1").replace("%1", FIRST_MODEL)

    def fill(self) -> None:
        if self._ref is None:
            self.session.try_show("A", FIRST_MODEL)
        else:
            self.model_changed("A")

    def points_failed(self, failure: Failure) -> None:
        self.column.say_of_points(failure.sentence())
        if not self.home.known:
            self._release()

    def encodings_changed(self) -> None:
        cloud = self.scene.cloud
        if cloud is None:
            return
        self.column.say_of_points("")
        if self.home.can_be_known():
            self._release()
        if not self.home.has_prior:
            self.overlays.show_prior()
        if cloud.mean.shape[1] > 2:
            unit = self.tr("nats of KL") if cloud.std is not None else self.tr("of variance")
            self.column.plane.set_information(information(cloud.mean, cloud.std), unit)

    def _release(self) -> None:
        self.home.known = True
        self.home.look(self.scene.space, move=True)
        self.scene.release()
        self.hand.show_rest()
        self.overlays.show_prior()

    def layer_toggled(self, layer: str, on: bool) -> None:
        if layer in ("sheet", "points"):
            self.plane.set_layer_shown(layer, on)
        self.overlays.show_prior()
        self.posterior_changed()
        self.overlays.show_dots()

    def filter_changed(self, shown: set[int]) -> None:
        hidden = frozenset(range(len(self.overlays.names))) - frozenset(shown)
        self.scene.set_hidden(hidden)

    def subset_chosen(self, subset: Subset) -> None:
        self.scene.set_subset(subset)
        self.column.say_of_points("")

    def choose_style(self, style: str) -> None:
        """Draw the points as "disc", "shape" or "digit"."""
        self.legend.set_stamp(stamps(style))
        self.scene.set_style(style)

    # The image ---------------------------------------------------------------------------------

    def image_offered(self, image: np.ndarray, title: str) -> None:
        if self._ref is not None:
            self.study.set_image(image, title)

    def posterior_changed(self) -> None:
        self.overlays.show_posterior()
        mean = self.study.mean
        if mean is not None and len(mean) == self.scene.space.plane.latent_dim:
            self.hand.look_at_mean(mean)

    def ellipse_chosen(self, kind: str) -> None:
        self.overlays.ellipse = kind
        self.posterior_changed()

    # State and tour ----------------------------------------------------------------------------

    state = _manifold_keep.keep
    restore = _manifold_keep.bring_back
    tour = _manifold_tour.tour


PANEL = PanelSpec(
    key="manifold",
    title="Manifold",
    icon="manifold",
    order=10,
    factory=Manifold,
    serves=why_no_map,
    help=HELP,
    shortcut="Ctrl+1",
    follows="The Manifold panel follows this model while it trains.",
)

__all__ = ["LAYERS", "PANEL", "Manifold"]
