"""The Manifold: a latent space as one continuous map of decoded images, with the data on it.

Hover peeks, leaving restores, a click pins; the wheel zooms and the cells in view are decoded anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from genstudio.abilities import LATENT, LIKELIHOOD, BadInput, Card
from genstudio.engine.messages import Answer, Event, Failure
from genstudio.latent import plane as planes
from genstudio.latent.plane import Plane, shell_radius
from genstudio.latent.points import stamps
from genstudio.latent.scale import SCALES, Linear
from genstudio.ui import theme
from genstudio.ui.panel import Panel, PanelSpec, Timeline
from genstudio.ui.panels._manifold_bar import LAYERS, Bar
from genstudio.ui.panels._manifold_inspector import Inspector
from genstudio.ui.panels._manifold_overlays import Overlays
from genstudio.ui.panels._manifold_pins import PinBoard, Pins
from genstudio.ui.panels._manifold_probe import Prober
from genstudio.ui.panels._manifold_save import SaveSheet
from genstudio.ui.panels._manifold_scene import Scene, Subset
from genstudio.ui.panels._manifold_space import Space, home_view, information
from genstudio.ui.panels._manifold_state import describe, read
from genstudio.ui.panels._manifold_study import Study
from genstudio.ui.panels._manifold_text import HELP, as_python, z_text
from genstudio.ui.panels._manifold_time import TrainingTimeline
from genstudio.ui.session import ModelRef, Session
from genstudio.ui.widgets.banner import EmptyState
from genstudio.ui.widgets.latent_plane import LatentPlane, Pin, View
from genstudio.ui.widgets.legend import Legend

ENOUGH_FOR_HOME = 500  # encodings after which the map of a model without a prior knows its place
FIRST_MODEL = "vae-mnist-2d"


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
        self.overlays = Overlays(
            session,
            self.scene,
            self.plane,
            self.study,
            lambda layer: self.bar.pills[layer].isChecked(),
        )
        self._timeline = TrainingTimeline(self)
        self._ref: ModelRef | None = None
        self._has_prior = True
        self._home_known = True
        self._kept_view: View | None = None  # of the last session, until its model is shown
        self._grabbed: tuple[int, np.ndarray] | None = None  # a pin and where it stood
        self._rest: np.ndarray | None = None  # what is shown while nobody hovers
        self._hovering = False
        self._step: int | None = None  # of the sheet, where the model trains
        self._stale = False  # weights have moved while nobody looked
        self._lay_out()
        self._wire()
        self._model_changed("A")

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

    def _wire(self) -> None:
        session, plane, scene = self.session, self.plane, self.scene
        session.model_changed.connect(self._model_changed)
        session.weights_moved.connect(self._weights_moved)
        session.data_changed.connect(self._data_changed)
        session.image_offered.connect(self._image_offered)
        session.job_event.connect(self._job_event)
        plane.peek.connect(self._peek)
        plane.left.connect(self._leave)
        plane.clicked.connect(self._click)
        plane.pin_chosen.connect(self._pin_chosen)
        plane.pin_moved.connect(self._pin_moved)
        plane.pin_dropped.connect(partial(self._pin_dropped, False))
        plane.pin_stepped.connect(partial(self._pin_dropped, True))
        plane.pin_removed.connect(self.board.remove)
        plane.menu_wanted.connect(self._show_menu)
        plane.view_wanted.connect(self._show_status)
        scene.sheet_shown.connect(self._sheet_shown)
        scene.sheet_failed.connect(self._sheet_failed)
        scene.points_failed.connect(self._points_failed)
        scene.encodings_changed.connect(self._encodings_changed)
        self.board.changed.connect(self._pins_changed)
        self.study.posterior_changed.connect(self._posterior_changed)
        self.study.plane_found.connect(self._set_plane)
        self._timeline.chosen.connect(self._scrubbed)
        self.bar.layer_toggled.connect(self._layer_toggled)
        self.bar.scale_chosen.connect(self.choose_scale)
        self.bar.reset_wanted.connect(plane.reset_view)
        self.bar.save_wanted.connect(self.save_sheet)
        self.legend.filter_changed.connect(self._filter_changed)
        self.empty.pressed.connect(self._fill)
        column = self.column
        column.copy_text.connect(self.copy_text)
        column.copy_python.connect(self.copy_python)
        column.subset_chosen.connect(self._subset_chosen)
        column.style_chosen.connect(self._style_chosen)
        column.plane.plane_changed.connect(self._set_plane)
        column.plane.pca_wanted.connect(self._set_pca)
        column.plane.images_wanted.connect(lambda a, b, c: self.study.plane_through((a, b, c)))
        column.plane.shell_changed.connect(lambda on: self._set_space(shell=on))
        column.plane.ellipse_changed.connect(self._ellipse_chosen)
        column.help_wanted.connect(self._show_help)
        random = QShortcut(QKeySequence("R"), plane)
        random.setContext(Qt.ShortcutContext.WidgetShortcut)
        random.activated.connect(self.study.choose_random)

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
        self.plane.grab().save(str(path), "PNG")

    # The model ---------------------------------------------------------------------------------

    def _model_changed(self, slot: str) -> None:
        if slot != "A":
            return
        ref = self.session.model("A")
        if ref is None or serves(ref.card) is not None:
            self._ref = None
            self._timeline.set_model(None)
            self.scene.show(None, "", self.scene.space, keep=False)
            self._say(self.tr("No model with a latent space is shown."), self._offer())
            return
        before, self._ref = self._ref, ref
        self._has_prior = self.overlays.has_prior = LIKELIHOOD in ref.card.abilities
        dim = ref.card.latent_dim or 2
        same_space = before is not None and before.card.latent_dim == dim
        space = self._first_space(dim, same_space)
        self.pages.setCurrentIndex(0)
        name = ref.title if ref.run is not None else ref.card.name
        self.bar.title.setText(self.tr("Manifold of %1").replace("%1", name))
        self.bar.scale.set_option_enabled("quantile", self._has_prior)
        self.column.plane.setVisible(dim > 2)
        self.plane.set_image_size(ref.card.shape[1], ref.card.shape[2])
        self._timeline.set_model(ref)
        self._home_known = self._has_prior and space.plane.kind == "axes"
        keep = same_space and self._home_known and before is not None
        if not same_space:
            self._rest = None
            self.prober.forget()
            self.board.set_pins(Pins())
        self.session.cancel(self.study, "posterior")
        hold = not self._home_known and self.scene.subset.limit > 0
        if self._home_known or not hold:
            self._home_known = True
            self._look_home(space, move=not keep)
        self._dress(space)
        self.scene.show(ref, self._timeline.source(), space, keep=keep, hold=hold)
        self._ask_names()
        self._show_rest()
        self._study_first()

    def _first_space(self, dim: int, same_space: bool) -> Space:
        """The space in which a model is shown first: the one there is, where it fits."""
        scale = self.scene.space.scale if self._has_prior else Linear()
        if scale.name != self.bar.scale.value():
            self.bar.scale.set_value(scale.name)
        if same_space and self.scene.space.plane.latent_dim == dim:
            return Space(self.scene.space.plane, scale, self.scene.space.shell)
        return Space(planes.axes(dim), scale, None)

    def _look_home(self, space: Space, move: bool) -> None:
        """Learn where home is in `space`, and go there unless the user looks elsewhere."""
        cloud = self.scene.cloud
        fits = cloud is not None and cloud.mean.shape[1] == space.plane.latent_dim
        home = home_view(space, cloud.mean if fits else None, self._has_prior)
        self.plane.set_home(home, space.bounds)
        if self._kept_view is not None:
            self.plane.set_view(self._kept_view)
            self._kept_view = None
        elif move:
            self.plane.set_view(home)

    def _study_first(self) -> None:
        """Show the posterior of an image, the first test image unless one was chosen."""
        image = self.study.image
        ref = self._ref
        if ref is not None and image is not None and image.shape == tuple(ref.card.shape):
            self.study.encode()
        elif ref is not None:
            self.study.choose(0, quiet=True)

    def _weights_moved(self, slot: str, step: int) -> None:
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

    def _scrubbed(self, source: str) -> None:
        """Another moment of the training: the same map, points and probe of that step."""
        if self._ref is None:
            return
        self.scene.show(self._ref, source, self.scene.space, keep=True)
        self.prober.again()
        self.study.encode()

    def _job_event(self, event: Event) -> None:
        if event.kind == "snapshot" and self._ref is not None and event.run == self._ref.run:
            self._ref = self.session.model("A")
            self._timeline.set_model(self._ref)

    def _data_changed(self) -> None:
        self.study.image = None
        self.study.count = 0
        self.scene.set_subset(self.scene.subset)
        self._ask_names()
        self._study_first()

    def _ask_names(self) -> None:
        """The names of the classes, for the legend."""
        self.session.ask(
            self,
            "names",
            "latent.pictures:classes",
            model="",
            then=self._name_classes,
            failed=lambda failure: None,
            data=self.session.data,
        )

    def _name_classes(self, answer: Answer) -> None:
        self.overlays.names = answer.value
        self.legend.set_classes(self.overlays.names)

    # The space ---------------------------------------------------------------------------------

    def _set_plane(self, plane: Plane) -> None:
        self._set_space(plane=plane)

    def _set_pca(self) -> None:
        cloud = self.scene.cloud
        try:
            plane = planes.pca(cloud.mean if cloud is not None else np.empty((0, 0)))
        except BadInput as error:
            self.session.failed.emit(Failure(str(error)))
            self.column.plane.set_plane(self.scene.space.plane)
            return
        self._set_plane(plane)

    @property
    def has_prior(self) -> bool:
        """Whether the model was trained towards N(0, I)."""
        return self._has_prior

    def choose_scale(self, name: str) -> None:
        """Space the axes "linear" or "quantile"."""
        self.bar.scale.set_value(name)
        self._set_space(scale=name)

    def _set_space(
        self, plane: Plane | None = None, scale: str | None = None, shell: bool | None = None
    ) -> None:
        """Another plane, scale or shell; the view goes home where the old one means nothing."""
        old = self.scene.space
        norm = old.shell
        if shell is not None:
            norm = shell_radius(old.plane.latent_dim) if shell else None
        space = Space(plane or old.plane, SCALES[scale] if scale else old.scale, norm)
        same_map = space.plane.kind == old.plane.kind and space.plane.dims == old.plane.dims
        self._home_known = True
        self._look_home(space, move=scale is not None or not same_map)
        self._dress(space)
        if same_map and scale is None:
            self.scene.move_plane(space)
        else:
            self.scene.set_space(space)
        self._pins_changed()
        self._posterior_changed()
        self.overlays.show_prior()

    def _dress(self, space: Space) -> None:
        """Axes and controls for `space`."""
        self.plane.set_axes((space.plane.label_x, space.plane.label_y), space.marks)
        if space.plane.latent_dim > 2:
            self.column.plane.set_plane(space.plane)

    # Pictures ----------------------------------------------------------------------------------

    def _sheet_shown(self, news: tuple[float, int | None]) -> None:
        self.pages.setCurrentIndex(0)
        self._step = news[1]
        self._show_status(news[0])

    def _show_status(self, share: float = 0.0) -> None:
        """How many cells, whether more are on their way, and of which training step."""
        columns, rows = self.plane.cells_in_view()
        text = self.tr("%1 x %2 cells") if share >= 1 else self.tr("%1 x %2 cells, refining")
        if self._step is not None:
            text = self.tr("%1 x %2 cells, training step %3").replace("%3", f"{self._step:,}")
        text = text.replace("%1", str(columns)).replace("%2", str(rows))
        if text != self.bar.status.text():
            self.bar.status.setText(text)

    def _sheet_failed(self, failure: Failure) -> None:
        self._say(failure.sentence(), self.tr("Try again"))

    def _say(self, sentence: str, button: str) -> None:
        self.empty.set_text(sentence)
        self.empty.set_button(button)
        self.pages.setCurrentIndex(1)

    def _offer(self) -> str:
        return self.tr("Show %1").replace("%1", FIRST_MODEL)

    def _fill(self) -> None:
        if self._ref is None:
            self.session.try_show("A", FIRST_MODEL)
        else:
            self._model_changed("A")

    def _points_failed(self, failure: Failure) -> None:
        self.column.say_of_points(failure.sentence())
        if not self._home_known:
            self._release()

    def _encodings_changed(self) -> None:
        cloud = self.scene.cloud
        if cloud is None:
            return
        self.column.say_of_points("")
        if not self._home_known and len(cloud.mean) >= min(
            ENOUGH_FOR_HOME, self.scene.subset.limit
        ):
            self._release()
        if not self._has_prior:
            self.overlays.show_prior()
        if cloud.mean.shape[1] > 2:
            unit = self.tr("nats of KL") if cloud.std is not None else self.tr("of variance")
            self.column.plane.set_information(information(cloud.mean, cloud.std), unit)

    def _release(self) -> None:
        self._home_known = True
        self._look_home(self.scene.space, move=True)
        self.scene.release()
        self._show_rest()
        self.overlays.show_prior()

    def _layer_toggled(self, layer: str, on: bool) -> None:
        if layer in ("sheet", "points"):
            self.plane.set_layer_shown(layer, on)
        self.overlays.show_prior()
        self._posterior_changed()
        self.overlays.show_dots()

    def _filter_changed(self, shown: set[int]) -> None:
        hidden = frozenset(range(len(self.overlays.names))) - frozenset(shown)
        self.scene.set_hidden(hidden)

    def _subset_chosen(self, subset: Subset) -> None:
        self.scene.set_subset(subset)
        self.column.say_of_points("")

    def _style_chosen(self, style: str) -> None:
        self.legend.set_stamp(stamps(style))
        self.scene.set_style(style)

    # The probe ---------------------------------------------------------------------------------

    def _peek(self, x: float, y: float) -> None:
        self._hovering = True
        self.prober.ask(self.scene.space.to_z(x, y), (x, y))

    def _leave(self) -> None:
        self._hovering = False
        self._show_rest()

    def _show_rest(self) -> None:
        """Decode what is chosen: the active pin, the image, or the middle of the map."""
        if self._ref is None or self._hovering:
            return
        space = self.scene.space
        z = self._rest
        if z is None or len(z) != space.plane.latent_dim:
            home = self.plane.home()
            z = space.to_z(home.x, home.y)
        x, y = space.to_map(z)
        self.prober.ask(np.asarray(z, np.float32), (float(x), float(y)))

    # Pins --------------------------------------------------------------------------------------

    def _click(self, x: float, y: float) -> None:
        """Pin the point; on an encoded image, pin its mean and show its posterior."""
        cloud, point = self.scene.shown(), self.plane.point_at(x, y)
        if cloud is not None and 0 <= point < len(cloud.mean):
            self.board.add(cloud.mean[point])
            self.study.choose(int(cloud.index[point]), cloud.split)
        else:
            self.board.add(self.scene.space.to_z(x, y))

    def _pin_chosen(self, number: int) -> None:
        self._grabbed = None
        self.board.choose(number)

    def _pin_moved(self, number: int, x: float, y: float) -> None:
        if self._grabbed is None or self._grabbed[0] != number:
            self._grabbed = (number, self.board.pins().z(number))
        z = self.scene.space.to_z(x, y)
        self.board.preview(number, z)
        self._rest = z
        self.prober.ask(z, (x, y))

    def _pin_dropped(
        self, stepped: bool, number: int, _x0: float, _y0: float, x: float, y: float
    ) -> None:
        before = self._grabbed[1] if self._grabbed is not None else self.board.pins().z(number)
        self._grabbed = None
        self.board.drop(number, before, self.scene.space.to_z(x, y), merge=stepped)

    def _pins_changed(self) -> None:
        pins, space = self.board.pins(), self.scene.space
        shown = []
        for number in range(len(pins.points)):
            z = pins.z(number)
            x, y = space.to_map(z)
            shown.append(Pin(float(x), float(y), str(number + 1), space.aside(z)))
        self.plane.set_pins(shown, pins.active)
        if 0 <= pins.active < len(pins.points):
            self._rest = pins.z(pins.active)
        elif self.study.mean is not None:
            self._rest = self.study.mean
        self._show_rest()

    # The image ---------------------------------------------------------------------------------

    def _image_offered(self, image: np.ndarray, title: str) -> None:
        if self._ref is not None:
            self.study.set_image(image, title)

    def _posterior_changed(self) -> None:
        self.overlays.show_posterior()
        mean = self.study.mean
        if mean is not None and len(mean) == self.scene.space.plane.latent_dim:
            self._look_at_mean(mean)

    def _look_at_mean(self, mean: np.ndarray) -> None:
        """A chosen image is what rests in the probe; a pin elsewhere steps back."""
        pins = self.board.pins()
        if self.study.fresh and pins.active >= 0 and not np.allclose(pins.z(pins.active), mean):
            self._rest = mean
            self.board.choose(-1)
        self.study.fresh = False
        if self.board.pins().active < 0:
            self._rest = mean
            self._show_rest()

    def _ellipse_chosen(self, kind: str) -> None:
        self.overlays.ellipse = kind
        self._posterior_changed()

    # Out ---------------------------------------------------------------------------------------

    def _shown_z(self) -> np.ndarray | None:
        probed = self.column.probe.probed()
        return probed.z if probed is not None else None

    def copy_text(self) -> None:
        """z of the probe on the clipboard, as numbers."""
        z = self._shown_z()
        if z is not None:
            QGuiApplication.clipboard().setText(z_text(z))

    def copy_python(self) -> None:
        """A script that decodes z of the probe on the clipboard."""
        z = self._shown_z()
        if z is not None:
            QGuiApplication.clipboard().setText(as_python(self._lasting_source(), z))

    def _lasting_source(self) -> str:
        """What a script can load: for a model in training, its run's folder."""
        source = self.scene.source
        if self._ref is not None and source.startswith("live:") and self._ref.run is not None:
            job = self.session.jobs().get(self._ref.run)
            return str(job.folder) if job is not None and job.folder is not None else source
        return source

    def save_sheet(self) -> SaveSheet | None:
        """Open the dialog that decodes the region in view at a chosen size."""
        if self._ref is None:
            return None
        dialog = SaveSheet(
            self.session,
            self.scene.source,
            self.scene.space,
            self.plane.frame().extent,
            self._ref.card.shape,
            self.window(),
        )
        dialog.open()
        return dialog

    def menu(self, x: float, y: float) -> QMenu:
        """The menu of the right button at a map point."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Pin this point"), lambda: self._click(x, y))
        cloud, point = self.scene.shown(), self.plane.point_at(x, y)
        if cloud is not None and 0 <= point < len(cloud.mean):
            index, split = int(cloud.index[point]), cloud.split
            text = self.tr("Show the posterior of %1 image %2")
            text = text.replace("%1", split).replace("%2", f"{index:,}")
            menu.addAction(text, lambda: self.study.choose(index, split))
        menu.addSeparator()
        menu.addAction(self.tr("Copy z as text"), self.copy_text)
        menu.addAction(self.tr("Copy z as Python"), self.copy_python)
        menu.addSeparator()
        active = self.plane.active_pin()
        remove = menu.addAction(self.tr("Remove the chosen pin"), lambda: self.board.remove(active))
        remove.setEnabled(active >= 0)
        clear = menu.addAction(self.tr("Remove all pins"), self.board.clear)
        clear.setEnabled(bool(self.board.pins().points))
        menu.addSeparator()
        menu.addAction(self.tr("Random test image"), self.study.choose_random)
        menu.addAction(self.tr("Reset the view"), self.plane.reset_view)
        menu.addAction(self.tr("Save the sheet as PNG…"), self.save_sheet)
        return menu

    def _show_menu(self, position: QPoint, x: float, y: float) -> None:
        self.menu(x, y).popup(position)

    def _show_help(self) -> None:
        from genstudio.ui.help import HelpDialog

        title = self.tr("What am I seeing? %1").replace("%1", PANEL.title)
        HelpDialog(title, self.tr(HELP), self.window()).open()

    # State -------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        view, pins = self.plane.wanted_view(), self.board.pins()
        subset = self.scene.subset
        return {
            "view": None if view == self.plane.home() else [view.x, view.y, view.span],
            "layers": self.bar.layers(),
            "scale": self.scene.space.scale.name,
            "plane": describe(self.scene.space),
            "pins": {"points": [list(p) for p in pins.points], "active": pins.active},
            "points": {
                "split": subset.split,
                "limit": subset.limit,
                "style": self.scene.style,
            },
            "ellipse": self.overlays.ellipse,
            "image": self.study.index,
        }

    def restore(self, state: dict[str, Any]) -> None:
        kept = read(state, self.scene.space.plane.latent_dim)
        for layer, on in kept.layers.items():
            if layer in self.bar.pills:
                self.bar.pills[layer].setChecked(on)
        self.column.style_choice.set_value(kept.style)
        self._style_chosen(kept.style)
        self.overlays.ellipse = kept.ellipse
        self.column.plane.ellipse.set_value(kept.ellipse)
        subset = Subset(kept.split, kept.limit)
        self.column.set_subset(subset)
        if subset != self.scene.subset:
            self.scene.set_subset(subset)
        scale = kept.scale if self._has_prior else "linear"
        self._kept_view = kept.view
        self._set_space(plane=kept.plane, scale=scale, shell=kept.shell)
        self.bar.scale.set_value(self.scene.space.scale.name)
        self.column.plane.set_shell(kept.shell)
        self.board.set_pins(Pins(kept.pins, kept.active))
        if kept.image is not None and kept.image != self.study.index:
            self.study.choose(kept.image, quiet=True)

    # Tour --------------------------------------------------------------------------------------

    def tour(self) -> Iterator[str]:
        from genstudio.ui.panels._manifold_tour import tour

        yield from tour(self)


def serves(card: Card) -> str | None:
    """None, or why this model has no map."""
    if LATENT not in card.abilities or not card.latent_dim:
        return "This model has no latent space to walk through. Choose an autoencoder or a VAE."
    if card.latent_dim < 2:
        return "A map needs at least two latent dimensions, and this model has one."
    if len(card.shape) != 3:
        return "The map shows images, and this model makes points. Choose a model of images."
    return None


PANEL = PanelSpec(
    key="manifold",
    title="Manifold",
    icon="manifold",
    order=10,
    factory=Manifold,
    serves=serves,
    help=HELP,
    shortcut="Ctrl+1",
)

__all__ = ["LAYERS", "PANEL", "Manifold"]
