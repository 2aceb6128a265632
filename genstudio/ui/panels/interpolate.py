"""Interpolate: drag between encoded images and see every picture on the way, along three paths.

Two to four slots hold images; the handle rides on a path from A to B, or stands in the square of
four, and the picture follows the hand.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget

from genstudio.abilities import LATENT, Card
from genstudio.engine.messages import JobState
from genstudio.ui.panel import Panel, PanelSpec, Timeline, save_png
from genstudio.ui.panels import _interpolate_state, _interpolate_tour
from genstudio.ui.panels._interpolate_bar import Bar
from genstudio.ui.panels._interpolate_board import SlotBoard
from genstudio.ui.panels._interpolate_codes import Codes
from genstudio.ui.panels._interpolate_fill import Filler
from genstudio.ui.panels._interpolate_film import Film
from genstudio.ui.panels._interpolate_inspector import Inspector
from genstudio.ui.panels._interpolate_look import LOOKS
from genstudio.ui.panels._interpolate_map import PathMap
from genstudio.ui.panels._interpolate_menu import Menus
from genstudio.ui.panels._interpolate_output import Output
from genstudio.ui.panels._interpolate_pathhand import PathHand
from genstudio.ui.panels._interpolate_placer import Placer
from genstudio.ui.panels._interpolate_projector import Projector
from genstudio.ui.panels._interpolate_slots import SlotColumn
from genstudio.ui.panels._interpolate_squarehand import SquareView
from genstudio.ui.panels._interpolate_stage import Stage
from genstudio.ui.panels._interpolate_tell import Teller
from genstudio.ui.panels._interpolate_text import HELP
from genstudio.ui.panels._interpolate_timeline import PathTimeline
from genstudio.ui.panels._interpolate_tracer import Tracer, Wish
from genstudio.ui.panels._interpolate_wiring import FIRST_MODEL, wire_column, wire_pictures
from genstudio.ui.panels._manifold_rows import ProbeView
from genstudio.ui.panels._map_scene import Scene
from genstudio.ui.session import ModelRef, Session

JUDGED = (1, 28, 28)  # pictures that the judge knows


class Interpolate(Panel):
    """Slots, the map with its paths or the square, the picture at the hand, the film."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.ref: ModelRef | None = None
        self.mode = "path"
        self._in_front = False
        self._stale = False  # weights have moved while nobody looked
        self.bar = Bar()
        self.slots = SlotColumn()
        self.plane = PathMap()
        self.view = ProbeView()
        self.film = Film()
        self.board = SlotBoard(session.undo, self)
        self.codes = Codes(session, self)
        self.scene = Scene(session, self.plane)
        self.placer = Placer(self.scene, self.plane, self.codes)
        self.tracer = Tracer(session, self)
        self.output = Output(session, self.view)
        self.hand = PathHand(
            self.scene, self.plane, self.board, self.codes, self.tracer, self.output
        )
        self.square = SquareView(session, self.output)
        self.stage = Stage(self.slots, self.plane, self.square, self.view, self.film)
        self.projector = Projector(self.tracer, self.film, self.plane, self.scene)
        self.column = Inspector(session, self.codes)
        self.filler = Filler(session, self.board, self.scene)
        self.menus = Menus(self)
        self._timeline = PathTimeline(self)
        self.teller = Teller(self, self._timeline)
        self.hand.rows = lambda: self.projector.rows(self.hand.kind, self.hand.t)
        self.hand.point_clicked = lambda point: self.filler.point(self.slots.place(), point)
        self.plane.set_layer_shown("points", False)
        self._lay_out()
        self._wire()
        self._model_changed("A")

    def _lay_out(self) -> None:
        column = self.lay_column()
        column.addWidget(self.bar)
        column.addWidget(self.stage, 1)
        self.setFocusProxy(self.film)

    def _wire(self) -> None:
        session = self.session
        session.model_changed.connect(self._model_changed)
        session.weights_moved.connect(self._weights_moved)
        session.data_changed.connect(self._data_changed)
        session.image_offered.connect(self._image_offered)
        self.board.changed.connect(self._board_changed)
        self.codes.changed.connect(self._slot_changed)
        self.codes.coded.connect(self._coded)
        self.tracer.traced.connect(self._traced)
        self.tracer.gaps_changed.connect(self._measured)
        self.placer.placed.connect(self._placed)
        self.placer.centred.connect(self._retrace)
        self.projector.changed.connect(self.teller.tell)
        self.hand.moved.connect(self._moved)
        self.hand.chosen.connect(self._chosen)
        self._timeline.scrubbed.connect(self.hand.set_t)
        self.bar.kinds_chosen.connect(self._kinds_chosen)
        self.bar.reset_wanted.connect(self._reset_view)
        self.column.paths.changed.connect(self._retrace)
        self.column.help_wanted.connect(self.show_help)
        wire_pictures(self)
        wire_column(self)

    # Panel -------------------------------------------------------------------------------------

    def inspector(self) -> QWidget:
        return self.column

    def timeline(self) -> Timeline | None:
        return self._timeline

    def activated(self) -> None:
        self._in_front = True
        self.tracer.resume()
        if self._stale:
            self._stale = False
            self._follow()

    def deactivated(self) -> None:
        self._in_front = False
        self.tracer.stop()
        self.placer.stop()

    def export_png(self, path: Path) -> None:
        save_png(self.stage.grab(), path)

    state = _interpolate_state.keep
    restore = _interpolate_state.bring_back
    tour = _interpolate_tour.tour

    def minimumSizeHint(self) -> QSize:
        return QSize(500, 464)

    # The model ---------------------------------------------------------------------------------

    def _model_changed(self, slot: str) -> None:
        if slot != "A":
            return
        ref = self.session.model("A")
        if ref is None or serves(ref.card) is not None:
            self.ref = None
            self.placer.show(None)
            self.tracer.trace(Wish())
            button = self.tr("Show %1").replace("%1", FIRST_MODEL)
            self.stage.say(self.tr("No model with a latent space is shown."), button)
            return
        self.ref = ref
        self.stage.show_pictures()
        dim = ref.card.latent_dim or 2
        self.column.paths.set_dim(dim)
        self.output.use(ref.source)
        self.codes.use(ref.source, dim)
        self.column.use(ref.source, self.session.data)
        self.placer.show(ref)
        self.filler.begin()
        self._ask_names()
        self._coded()

    def _weights_moved(self, slot: str, step: int) -> None:
        if slot != "A" or self.ref is None:
            return
        if self._in_front:
            self._follow()
        else:
            self._stale = True

    def _follow(self) -> None:
        """The same images and paths with the weights there are now."""
        self.scene.refresh()
        self.codes.again()
        self.output.again()
        if self.mode == "square":
            self.square.again()
        self.tracer.trace(self._wish(), hurry=True, again=True)

    def _data_changed(self) -> None:
        self.filler.follow_data()
        self.scene.set_subset(self.scene.subset)
        if self.ref is not None:
            self.column.use(self.ref.source, self.session.data)
        self._ask_names()
        self._retrace()

    def _ask_names(self) -> None:
        """The names of the classes, of which one can be drawn by lot."""
        self.session.ask(
            self,
            "names",
            "latent.pictures:classes",
            model="",
            then=lambda answer: self.column.slot.set_classes(answer.value),
            failed=lambda failure: None,
            data=self.session.data,
        )

    # Slots -------------------------------------------------------------------------------------

    def _image_offered(self, image: np.ndarray, title: str) -> None:
        """An image from outside goes into the chosen slot, if somebody looks."""
        if self.ref is not None and self._in_front:
            self.filler.offered(self.slots.place(), image, title)

    def _board_changed(self) -> None:
        self.codes.take(self.board.value())
        self.column.paths.set_ways(len(self._ways()))
        self._retrace()
        self.teller.slot()

    def _slot_changed(self, place: int) -> None:
        known = self.codes.at(place)
        self.slots.cards[place].show_slot(known.image, known.title, known.says)
        self.teller.slot()

    def _coded(self) -> None:
        self.placer.place()
        self._retrace()
        if self.mode == "square":
            self.square.show_square(self.ref, self._source(), self.codes.codes())

    # Paths -------------------------------------------------------------------------------------

    def _source(self) -> str:
        return self.ref.source if self.ref is not None else ""

    def _ways(self) -> list[tuple[float, ...]]:
        dim = self.ref.card.latent_dim if self.ref is not None else None
        return [way for way in self.board.value().ways if len(way) == dim]

    def _wish(self) -> Wish:
        """What the paths are to go through now."""
        a, b = self.codes.code(0), self.codes.code(1)
        if self.ref is None or a is None or b is None:
            return Wish()
        ends = [tuple(float(v) for v in z) for z in (a, b)]
        section = self.column.paths
        return Wish(
            source=self.ref.source,
            knots=(ends[0], *self._ways(), ends[1]),
            centre=self.placer.centre,
            frames=section.n_frames(),
            even=section.even.isChecked(),
            density=section.density(),
            data=self.session.data,
            gaps=section.gaps.isChecked() and self._measurable(),
        )

    def _measurable(self) -> bool:
        """Whether the judge knows such pictures, of a model that stays as it is."""
        ref = self.ref
        job = self.session.jobs().get(ref.run) if ref is not None and ref.run is not None else None
        training = job is not None and job.state is JobState.RUNNING
        return ref is not None and tuple(ref.card.shape) == JUDGED and not training

    def _retrace(self) -> None:
        wish = self._wish()
        held = self.plane.held()
        self.tracer.trace(wish, hurry=held)
        self.teller.lack()
        if self.mode == "path":
            self.hand.show_pins()

    def _traced(self, kind: str) -> None:
        if self.mode != "path":
            return
        if kind == self.hand.kind and not self.plane.held():
            if self.tracer.path(kind) is not None:
                self.hand.show_handle()
            else:
                self.output.forget()
        self.teller.lack()
        self.teller.timeline()

    def _measured(self, kind: str) -> None:
        if self.mode == "path":
            self.output.rest_rows(self.hand.rows())

    def _placed(self) -> None:
        self.hand.show_pins()
        self.projector.show_all()

    def _moved(self, t: float) -> None:
        self.film.set_t(t)
        self._timeline.set_t(t)
        if self.column.folds["dims"].shown():
            self.column.dims.look_at(self.handle_z())

    def _chosen(self, kind: str) -> None:
        self.projector.choose(kind)
        self.teller.timeline()

    def _kinds_chosen(self, kinds: frozenset[str]) -> None:
        self.tracer.set_shown(kinds)
        if kinds and self.hand.kind not in kinds:
            self.hand.set_t(self.hand.t, next(k for k in LOOKS if k in kinds))
        self.projector.show_all()
        self.teller.timeline()

    def handle_z(self) -> np.ndarray | None:
        """The latent point that the handle stands at."""
        return self.square.z() if self.mode == "square" else self.hand.z()

    def set_truncation(self, psi: float) -> None:
        """Draw every code towards the mean code: 1 leaves it, 0 puts it there."""
        centre = self.placer.centre
        if centre is not None or psi == 1.0:
            self.codes.set_truncation(psi, np.array(centre or (), np.float32))

    # What is told ------------------------------------------------------------------------------

    @property
    def plane_choice(self) -> str:
        """The plane asked for: "mean", "third" or "pca"."""
        return self.placer.choice

    def choose_plane(self, choice: str) -> None:
        self.column.paths.set_plane(choice)
        self.placer.choose(choice)
        self.teller.tell()

    # Mode --------------------------------------------------------------------------------------

    def show_path(self, first: np.ndarray, second: np.ndarray) -> None:
        """Come to the front with the path between two latent points (D,)."""
        if self.ref is not None:
            self.filler.join(first, second)
            self.set_mode("path")
            self.session.panel_wanted.emit("interpolate")

    def set_mode(self, mode: str) -> None:
        """ "path" from A to B, or the "square" of four."""
        self.mode = mode
        self.bar.show_for(mode)
        square = mode == "square"
        self.stage.show_square(square)
        self.column.folds["paths"].setVisible(not square)
        if square:
            self.square.show_square(self.ref, self._source(), self.codes.codes())
            self.square.show_handle()
        else:
            self._retrace()
            self.hand.show_handle()
        self.teller.tell()
        self.teller.timeline()

    def _reset_view(self) -> None:
        (self.square.plane if self.mode == "square" else self.plane).reset_view()


def serves(card: Card) -> str | None:
    """None, or why there is nothing between two images of this model."""
    if LATENT not in card.abilities or not card.latent_dim:
        return "This model has no latent space to walk through. Choose an autoencoder or a VAE."
    if card.latent_dim < 2:
        return "Paths on a map need at least two latent dimensions, and this model has one."
    if len(card.shape) != 3:
        return "Interpolate shows images, and this model makes points. Choose a model of images."
    return None


PANEL = PanelSpec(
    key="interpolate",
    title="Interpolate",
    icon="interpolate",
    order=20,
    factory=Interpolate,
    serves=serves,
    help=HELP,
    shortcut="Ctrl+2",
)

__all__ = ["PANEL", "Interpolate"]
