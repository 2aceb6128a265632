"""What is drawn over the Manifold's pictures: prior, posterior, draws, the point hovered."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from genstudio.engine.messages import Answer
from genstudio.ui import theme
from genstudio.ui.panels._manifold_study import Study
from genstudio.ui.panels._map_scene import Scene
from genstudio.ui.panels._map_space import posterior_lines, prior_lines
from genstudio.ui.session import Priority, Session
from genstudio.ui.widgets.latent_plane import LatentPlane, Outline, PointCard, small_image

CARD_AFTER_MS = 30  # on a point
ON_MAP = "#F2F3F5"  # lines over pictures, in either scheme


class Overlays(QObject):
    """Lines, dots and cards on the map; `layer_on` tells whether a layer's pill is on."""

    named = Signal(object)  # names of the classes

    def __init__(
        self,
        session: Session,
        scene: Scene,
        plane: LatentPlane,
        study: Study,
        layer_on: Callable[[str], bool],
    ) -> None:
        super().__init__(plane)
        self._session, self._scene, self._plane, self._study = session, scene, plane, study
        self._layer_on = layer_on
        self.has_prior = True
        self.ellipse = "marginal"
        self.names: tuple[str, ...] = ()
        self._rested = QTimer(self)
        self._rested.setSingleShot(True)
        self._rested.setInterval(CARD_AFTER_MS)
        self._rested.timeout.connect(self._tell_of_point)
        plane.point_hovered.connect(self._hover_point)
        study.dots_changed.connect(self.show_dots)

    def ask_names(self) -> None:
        """The names of the classes in the data."""

        def told(answer: Answer) -> None:
            self.names = answer.value
            self.named.emit(self.names)

        self._session.ask(
            self,
            "names",
            "latent.pictures:classes",
            model="",
            then=told,
            failed=lambda failure: None,
            data=self._session.data,
        )

    def show_all(self) -> None:
        self.show_prior()
        self.show_posterior()
        self.show_dots()

    def show_prior(self) -> None:
        """What the model samples from, at 1, 2 and 3 sigma."""
        lines = []
        if self._layer_on("prior") and self._scene.ref is not None:
            means = self._scene.cloud.mean if self._scene.cloud is not None else None
            lines = prior_lines(self._scene.space, means, self.has_prior)
        outlines = [Outline(line, ON_MAP, 1.25, 0.9, True, label) for label, line in lines]
        self._plane.set_outlines("prior", outlines)

    def show_posterior(self) -> None:
        """The posterior of the image that is studied, at 1 and 2 sigma."""
        mean, std = self._study.mean, self._study.std
        lines = []
        fits = mean is not None and len(mean) == self._scene.space.plane.latent_dim
        if fits and std is not None and self._layer_on("posterior"):
            lines = posterior_lines(self._scene.space, mean, std, self.ellipse)
        looks = ((2.0, 1.0, 0.2), (1.25, 0.65, 0.0))  # width, opacity, fill
        outlines = [
            Outline(line, "accent", width, opacity, fill=fill)
            for line, (width, opacity, fill) in zip(lines, looks, strict=False)
        ]
        self._plane.set_outlines("posterior", outlines)

    def show_dots(self) -> None:
        """The draws from the posterior."""
        space, study = self._scene.space, self._study
        shown = self._layer_on("posterior") and study.std is not None
        fit = [z for z in study.draws if len(z) == space.plane.latent_dim] if shown else []
        self._plane.set_dots([tuple(float(v) for v in space.to_map(z)) for z in fit])

    # The point under the pointer ---------------------------------------------------------------

    def _hover_point(self, point: int) -> None:
        """Tell of a point once the pointer rests on it: its card must not delay the probe."""
        if point < 0:
            self._rested.stop()
            self._tell_of_point()
        elif not self._rested.isActive():
            self._rested.start()

    def _tell_of_point(self) -> None:
        cloud, point = self._scene.shown(), self._plane.hovered_point()
        if cloud is None or not 0 <= point < len(cloud.mean):
            self._session.cancel(self, "card")
            self._plane.set_card(None)
            self._plane.set_outlines("hovered", (), passing=True)
            return
        x, y = self._scene.space.to_map(cloud.mean[point])
        label, index = int(cloud.labels[point]), int(cloud.index[point])
        name = self.names[label] if 0 <= label < len(self.names) else ""
        title = f"{name} · {cloud.split} {index:,}" if name else f"{cloud.split} {index:,}"
        colour = theme.class_colour(label) if label >= 0 else theme.colour("quiet")
        card = PointCard(float(x), float(y), title, None, colour)
        self._plane.set_card(card)
        if cloud.std is not None:
            self._show_hovered_ellipse(cloud.mean[point], cloud.std[point])

        def picked(answer: Answer) -> None:
            image = small_image(answer.value.image)
            self._plane.set_card(PointCard(card.x, card.y, title, image, colour))

        self._session.ask(
            self,
            "card",
            "latent.pictures:pick",
            model="",
            priority=Priority.POINTER,
            then=picked,
            failed=lambda failure: None,
            data=self._session.data,
            split=cloud.split,
            index=index,
        )

    def _show_hovered_ellipse(self, mean: np.ndarray, std: np.ndarray) -> None:
        if self._layer_on("posterior"):
            lines = posterior_lines(self._scene.space, mean, std, self.ellipse)
            outlines = [Outline(line, ON_MAP, 1.25, 0.9) for line in lines]
            self._plane.set_outlines("hovered", outlines, passing=True)
