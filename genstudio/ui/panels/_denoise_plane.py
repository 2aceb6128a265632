"""The plane: a diffusion model of points as particles that move from noise to data.

Under them the true density of the noised data at this t, over it the learned score; the hand puts
and drags starts, and their paths follow while it moves.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from genstudio.engine.messages import Answer
from genstudio.latent.scale import Linear
from genstudio.ui import theme
from genstudio.ui.panel import Timeline
from genstudio.ui.panels._denoise_plane_bar import LAYERS, PlaneBar
from genstudio.ui.panels._denoise_plane_density import SOURCES, Density
from genstudio.ui.panels._denoise_plane_hand import Hand
from genstudio.ui.panels._denoise_plane_legend import Caption, Kinds
from genstudio.ui.panels._denoise_plane_map import ParticleMap
from genstudio.ui.panels._denoise_plane_readout import Readout
from genstudio.ui.panels._denoise_plane_record import Record, Start
from genstudio.ui.panels._denoise_plane_score import Asked, Score
from genstudio.ui.panels._denoise_plane_starts import MAX_STARTS
from genstudio.ui.panels._denoise_plane_time import PlaneTimeline
from genstudio.ui.panels._denoise_plane_words import Words
from genstudio.ui.panels._denoise_plug import Mode
from genstudio.ui.widgets.latent_plane import Mark, View

if TYPE_CHECKING:
    from genstudio.latent.denoise import Process
    from genstudio.latent.particles import Ends
    from genstudio.ui.panels.denoise import Denoise
    from genstudio.ui.session import ModelRef

HOME = View(0.0, 0.0, 9.0)  # noise spreads by 2 data units, data reach to 3


class Plane(Mode):
    """The particles of the chosen run at the step under the cursor."""

    key = "plane"

    def __init__(self, panel: Denoise) -> None:
        super().__init__()
        self.words = self.tr("Plane")
        self._panel, self._session = panel, panel.session
        self.map = ParticleMap()
        self.map.set_home(HOME)
        self.map.set_view(HOME)
        self.map.set_axes((self.tr("x1, data units"), self.tr("x2, data units")), _marks)
        self.bar = PlaneBar()
        self.caption = Caption()
        self.kinds = Kinds()
        self.density = Density(self._session, self.map)
        self.score = Score(self._session, self.map)
        self.readout = Readout(self._session, self)
        self.hand = Hand(self._session, self.map)
        self.time = PlaneTimeline(panel.steps, self)
        self.words_below = Words(self.caption, self.map, self.density, self.score, self.hand.walker)
        self.record: Record | None = None
        self._ref: ModelRef | None = None
        self._process: Process | None = None
        self._ends: Ends | None = None
        self._front = False
        self._stale = False  # the weights have moved while nobody looked
        self._k = -1
        self._follow = True  # to the end, once it is known
        self.setAcceptDrops(True)
        self._lay_out()
        self._wire()

    def _lay_out(self) -> None:
        middle = QHBoxLayout()
        middle.setSpacing(theme.GRID)
        middle.addWidget(self.map, 1)
        middle.addWidget(self.kinds)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self.bar)
        column.addLayout(middle, 1)
        column.addWidget(self.caption)
        self.setFocusProxy(self.map)

    def _wire(self) -> None:
        panel = self._panel
        panel.step_shown.connect(self._step_shown)
        panel.runs.changed.connect(self._run_changed)
        panel.runs.chosen.connect(lambda _: self._run_changed())
        self.time.scrubbed.connect(self._scrubbed)
        self.bar.toggled.connect(self.set_shows)
        self.bar.kind_chosen.connect(self.density.set_kind)
        self.bar.reset_wanted.connect(self.map.reset_view)
        self.bar.clear_wanted.connect(self.hand.board.clear)
        self.bar.run_wanted.connect(self.run_starts)
        self.map.key_pressed.connect(self.bar.flip)
        self.map.peek.connect(self._peek)
        self.map.left.connect(self._left)
        self.readout.told.connect(self.caption.say_point)
        self.hand.pointed.connect(self._name_particle)
        self.hand.moved_changed.connect(self._show_kinds)
        self.hand.full.connect(panel.say)
        self.hand.board.changed.connect(self._offer)
        self.kinds.filter_changed.connect(lambda _: self._show_kinds())

    # Mode --------------------------------------------------------------------------------------

    def tip(self) -> str:
        return self.tr("Plane: particles on the way from noise to data, over the density at t")

    def refuses(self, process: Process) -> str | None:
        return None if process.points else self.tr("This view shows models of points.")

    def use(self, ref: ModelRef | None, process: Process | None) -> None:
        fits = ref is not None and process is not None and process.points
        self._ref, self._process = (ref, process) if fits else (None, None)
        self.words_below.forget()
        model = ref.source if fits and ref is not None else ""
        data = ref.card.data or "" if fits and ref is not None else ""
        self.density.use(model, data)
        self.score.use(model)
        self.readout.use(model, data)
        self.hand.use(model)
        self._set_record(None)
        if self._front:
            self._run_changed()

    def weights_moved(self, step: int) -> None:
        """Arrows and the hand's paths are those of the weights of now; runs stay as they were."""
        self._stale = True
        if self._front:
            self._renew()

    def _renew(self) -> None:
        self._stale = False
        self.score.renew()
        self.hand.refresh()

    def entered(self) -> None:
        self._front = True
        self.map.setFocus()
        if self._stale:
            self._renew()
        self._run_changed()

    def left(self) -> None:
        self._front = False

    def timeline(self) -> Timeline | None:
        return self.time

    # The run -----------------------------------------------------------------------------------

    def _run_changed(self) -> None:
        """Another run is chosen, it began anew, or its state is another."""
        if not self._front or self._process is None:
            return
        line = self._panel.line
        if line is None:
            self._set_record(None)
        elif self.record is None or self.record.line is not line:
            self._set_record(Record(line, self._process.scale))
        self._show()

    def _set_record(self, record: Record | None) -> None:
        if record is None and self.record is None:
            return
        again = record is not None and self.record is not None and record.run is self.record.run
        self.record, self._ends, self._k, self._follow = record, None, -1, True
        if not again:
            self.time.set_at_end(False)
        self.time.set_whole(False)
        self.map.set_record(record)
        self.hand.set_record(record)
        self.kinds.set_classes((), (), 0)
        self._offer()

    def _step_shown(self, _run: int, k: int) -> None:
        if not self._front or self._process is None:
            return
        if self.record is None or self.record.line is not self._panel.line:
            self._run_changed()
            return
        if k != self._k and self._k >= 0 and not self.time.moving:
            self.time.set_at_end(False)
        self._show()

    def _scrubbed(self) -> None:
        """The hand moves the cursor, or playing does: it goes to the end by itself no more."""
        if self.record is not None and self.record.whole:
            self._follow = False

    def _show(self) -> None:
        """The particles, the density and the score at the step under the cursor."""
        record = self.record
        if not self._front or record is None or self._process is None or not record.have:
            self.words_below.show(self.record)
            return
        first, self._k = self._k < 0, self._panel.step
        if record.whole and not self.time.whole:
            self.time.set_whole(True)
            self._ask_ends(record)
        if record.whole and self._follow and self._k == record.line.steps[-1]:
            self._follow = False
            self.time.set_at_end(True)
        at_end = self.time.at_end and record.whole
        place = record.n_steps if at_end else record.line.place(self._k)
        self.map.set_place(place)
        if first:
            self.hand.refresh()
            self._set_walk(record)
        self.hand.grew()
        recipe = record.recipe(place)
        asked = Asked(record.time(place), recipe.label, recipe.guidance)
        self.density.show(asked.t, place, recipe.label)
        self.score.show(asked)
        self.readout.show(asked)
        self._session.note_picture(self.map)
        self.words_below.show(self.record)

    def _set_walk(self, record: Record) -> None:
        """What a histogram of the model's own points would count: only walks from noise."""
        recipe = record.run.recipe
        if recipe.start is not None or record.run.parent is not None:
            self.density.set_walk(None, [], None)
            return
        walking = recipe.arguments()
        named = [walking[name] for name in ("sampler", "steps", "eta", "label", "guidance")]
        key = (*named, record.run.step)
        self.density.set_walk(walking, [record.step(i) for i in range(record.n_steps + 1)], key)

    def _ask_ends(self, record: Record) -> None:
        def take(answer: Answer) -> None:
            if record is self.record:
                self._ends = answer.value
                self.words_below.name_classes(answer.value.classes)
                self._show_kinds()

        assert self._ref is not None
        self._session.ask(
            self,
            "ends",
            "latent.particles:ends",
            model="",
            then=take,
            failed=lambda failure: self.words_below.fail("ends", failure),
            data=self._ref.card.data or "",
            points=record.x_t(record.n_steps),
        )

    def _show_kinds(self) -> None:
        """Marks by the class of the end, and who is to be seen."""
        record, ends = self.record, self._ends
        if record is None:
            return
        visible = np.ones(record.n, bool)
        labels = None
        if ends is not None and ends.classes:
            labels = ends.labels
            counts = [int((labels == i).sum()) for i in range(len(ends.classes))]
            self.kinds.set_classes(ends.classes, counts, int((labels < 0).sum()))
            shown = self.kinds.legend.shown()
            if len(shown) < len(ends.classes):
                visible &= np.isin(labels, sorted(shown)) | (labels < 0)
        visible[sorted(self.hand.moved())] = False
        self.map.set_kinds(labels, None if visible.all() else visible)
        self.words_below.show(self.record)

    # The hand ----------------------------------------------------------------------------------

    def set_shows(self, layer: str, on: bool) -> None:
        """Show or hide one of LAYERS."""
        self.map.set_shows(layer, on)
        if layer == "density":
            self.density.set_on(on)
            self.bar.kind.setEnabled(on)
        elif layer == "score":
            self.score.set_on(on)
        self.words_below.show(self.record)

    def run_starts(self) -> None:
        """A run of the batch as the hand has made it."""
        record = self.record
        if record is None or not record.have:
            return
        start = self.hand.all_starts() / record.scale
        root = record.line.of(record.line.steps[0]).recipe
        recipe = replace(root, n=len(start), start=start.astype(np.float32))
        self._panel.starter.begin(replace(recipe, note=self.tr("starts moved")))

    def _offer(self) -> None:
        self.bar.offer(starts=bool(self.hand.board.value()) and self.record is not None)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A picture is kept from the window behind, and refused at every move; all else the window
        takes.
        """
        intake = getattr(self.window(), "intake", None)
        event.setAccepted(intake is not None and intake.only_pictures(event.mimeData()))
        if event.isAccepted():
            words = self.tr("This model makes points. Choose a model of images for a picture.")
            self.caption.say_refused(words)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        event.ignore()

    def _peek(self, x: float, y: float) -> None:
        """The numbers under the pointer, and the particle nearest to it."""
        record, hovered = self.record, self.map.hovered_point() >= 0
        if record is not None and record.have and not hovered and self.hand.chosen() < 0:
            away = np.linalg.norm(record.x_t(self.map.place()) - (x, y), axis=1)
            row = int(away.argmin())
            words = self.tr("nearest: particle {0}, {1} away").format(row, f"{away[row]:.2f}")
            self.readout.name_particle(words)
        self.readout.point(x, y)

    def _name_particle(self, row: int) -> None:
        words = ""
        if row >= 0:
            words = self.tr("particle {0}").format(row)
            if self._ends is not None and self._ends.classes:
                label = int(self._ends.labels[row])
                end = self._ends.classes[label] if label >= 0 else self.tr("between the classes")
                words = self.tr("particle {0}, ends in: {1}").format(row, end)
        self.readout.name_particle(words)

    def _left(self) -> None:
        self._name_particle(self.hand.chosen())
        self.readout.leave()

    # State -------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        view = self.map.wanted_view()
        own = [(s.x, s.y, s.level) for s in self.hand.board.value() if s.row < 0]
        return {
            "layers": {layer: self.map.shows(layer) for layer in LAYERS},
            "density": self.density.kind,
            "view": [view.x, view.y, view.span],
            "starts": own,
        }

    def restore(self, state: dict[str, Any]) -> None:
        layers = state.get("layers")
        for layer, on in (layers if isinstance(layers, dict) else {}).items():
            if layer in LAYERS and isinstance(on, bool):
                self.bar.pills[layer].setChecked(on)
        if state.get("density") in SOURCES:
            self.bar.kind.set_value(state["density"])
            self.density.set_kind(state["density"])
        view = _numbers(state.get("view"))
        if len(view) == 3 and view[2] > 0:
            self.map.set_view(View(*view))
        starts = state.get("starts")
        rows = [_numbers(row) for row in (starts if isinstance(starts, list) else [])]
        kept = [Start(r[0], r[1], int(r[2])) for r in rows if len(r) == 3][:MAX_STARTS]
        self.hand.board.set_value(tuple(kept))


def _numbers(value: object) -> list[float]:
    """Finite numbers of a list, or none where it is not one."""
    if not isinstance(value, list | tuple):
        return []
    good = [v for v in value if isinstance(v, int | float) and np.isfinite(v)]
    return [float(v) for v in good] if len(good) == len(value) else []


def _marks(low: float, high: float, n: int) -> list[Mark]:
    return [Mark(tick.position, tick.label) for tick in Linear().ticks(low, high, n + 2)]


def plug(panel: Denoise) -> None:
    """Show models of points as particles in the plane."""
    panel.add_mode(Plane(panel))
