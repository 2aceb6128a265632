"""Puts the map of paths where they can be seen: its plane, its home, when its pictures come."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from genstudio.abilities import LIKELIHOOD, has_noise_space
from genstudio.latent import plane as planes
from genstudio.ui.panels import _interpolate_plane as chooser
from genstudio.ui.panels._interpolate_codes import Codes
from genstudio.ui.panels._interpolate_map import PathMap
from genstudio.ui.panels._map_scene import Scene
from genstudio.ui.session import ModelRef

ALL_AFTER_MS = 200  # without more encodings, these are all there are
ENOUGH = 500  # encodings after which a map of two dimensions knows its place


class Placer(QObject):
    """The plane stays while the pins lie on it, so that the map does not turn under the hand."""

    placed = Signal()  # another plane, or another home
    arc_fits = Signal()  # a model came whose codes are noise, where the spherical path is the one
    centred = Signal()  # the mean code is known, or another

    def __init__(self, scene: Scene, plane: PathMap, codes: Codes) -> None:
        super().__init__(plane)
        self._scene, self._plane, self._codes = scene, plane, codes
        self._ref: ModelRef | None = None
        self._known = False  # the plane and where home is
        self._whole = False  # all encodings of this model are here
        self._fresh = False  # the encodings are this model's
        self._ended = QTimer(self)
        self._ended.setSingleShot(True)
        self._ended.setInterval(ALL_AFTER_MS)
        self._ended.timeout.connect(self._take_all)
        self.choice = "mean"
        self.centre: tuple[float, ...] | None = None  # the mean code
        self.says = ""
        self._projected: tuple[str, ...] = ()
        scene.encodings_changed.connect(self._encoded)
        scene.points_failed.connect(lambda _: self._no_encodings())

    def waiting(self) -> bool:
        """Whether more encodings may still come."""
        return self._ended.isActive()

    def stop(self) -> None:
        """Nobody looks."""
        self._ended.stop()

    def show(self, ref: ModelRef | None) -> None:
        """Another model: its pictures come once plane and home are known."""
        before = self._noise()
        self._ref, self._known, self.says = ref, False, ""
        if self._noise() and not before:
            self.arc_fits.emit()
        self.centre, self._fresh, self._whole = None, False, False
        self._ended.stop()
        if ref is None:
            self._scene.show(None, "", self._scene.space, keep=False)
            return
        dim = ref.card.latent_dim or 2
        self._plane.set_image_size(ref.card.shape[1], ref.card.shape[2])
        space = chooser.linear(planes.axes(dim))
        self._scene.show(ref, ref.source, space, keep=False, hold=True)
        self.place()

    def choose(self, choice: str) -> None:
        """Another kind of plane."""
        if choice != self.choice or self.says:
            self.choice = choice
            self._known = False
            self.place()

    def place(self) -> None:
        """Find the plane for the pins as they are, unless they lie on the one there is."""
        ref = self._ref
        if ref is None:
            return
        dim = ref.card.latent_dim or 2
        cloud = self._scene.cloud
        if cloud is not None and cloud.mean.shape[1] != dim:
            return  # the encodings of the model before
        codes, means = self._codes.codes(), self._means(dim)
        if self._known and chooser.still_good(self.choice, self._scene.space.plane, codes, dim):
            return
        pending = any(
            known.slot is not None and known.code is None and not known.says
            for known in map(self._codes.at, range(2))
        )
        prior = LIKELIHOOD in ref.card.abilities
        if pending or (dim == 2 and not prior and means is None):
            return
        kind = "mean" if self._noise() and self.choice == "pca" else self.choice
        found = chooser.choose(kind, codes, means, dim)
        if found is None:
            if self._known or means is None or self._noise():
                return
            found = chooser.Found(planes.pca(means))
        self._put(found, means, prior)

    def _put(self, found: chooser.Found, means: np.ndarray | None, prior: bool) -> None:
        self.says = found.says
        space = chooser.linear(found.plane)
        self._plane.set_axes(self._labels(found.plane), space.marks)
        home = chooser.home(space, self._codes.codes(), means, prior)
        moved = self._plane.wanted_view() != self._plane.home()
        self._plane.set_home(home)
        if self._known:  # the pins have left the plane, as when a model trains
            if not moved:
                self._plane.set_view(home)
            self._scene.move_plane(space)
        else:
            self._plane.set_view(home)
            self._scene.set_space(space)
            self._scene.release()
        self._known = True
        self.placed.emit()

    def note_projected(self, names: tuple[str, ...]) -> None:
        """Tell beside the map which paths lie off its plane and are projected onto it."""
        if names != self._projected:
            self._projected = names
            space = self._scene.space
            self._plane.set_axes(self._labels(space.plane), space.marks)

    def _labels(self, plane: planes.Plane) -> tuple[str, str]:
        across, up = plane.label_x, plane.label_y
        if plane.kind == "points":
            across = self.tr("from A to B")
            up = self.tr("towards C") if self.choice == "third" else self.tr("towards the mean")
            if self._noise() and self.choice != "third":
                up = self.tr("towards z = 0")
        if self._projected:
            text = self.tr("%1 (%2 projected)").replace("%1", across)
            across = text.replace("%2", self.tr(" and ").join(self._projected))
        return across, up

    def note(self) -> str:
        """What is to be known of this latent space, "" where nothing is."""
        if not self._noise():
            return ""
        return self.tr(
            "z is the noise that sampling begins with, so every picture is a whole walk; the"
            " spherical path keeps the noise as strong as it is, the straight one weakens it."
        )

    def _noise(self) -> bool:
        return self._ref is not None and has_noise_space(self._ref.card)

    def _means(self, dim: int) -> np.ndarray | None:
        if self._noise():
            return np.zeros((3, dim), np.float32)  # of noise, which needs no encodings to know it
        cloud = self._scene.cloud
        if not self._fresh or cloud is None or cloud.mean.shape[1] != dim:
            return None
        enough = self._whole or (dim == 2 and len(cloud.mean) >= ENOUGH)
        return cloud.mean if enough else None

    def _no_encodings(self) -> None:
        """The data do not fit: the map is placed without them."""
        if self._ref is not None and not self._known:
            dim = self._ref.card.latent_dim or 2
            known = self._codes.codes()
            plane = chooser.fallback(known, dim)
            self._put(chooser.Found(plane), None, True)

    def _encoded(self) -> None:
        self._fresh, self._whole = True, False
        cloud = self._scene.cloud
        if cloud is not None and len(cloud.mean) >= self._scene.subset.limit:
            self._take_all()
        else:
            self._ended.start()
            self.place()

    def _take_all(self) -> None:
        """All encodings are here: their mean is the mean code."""
        self._ended.stop()
        self._whole = True
        means = self._means(self._ref.card.latent_dim or 2) if self._ref is not None else None
        if means is None or not len(means):
            return
        centre = tuple(float(v) for v in means.mean(0).astype(np.float32))
        if centre != self.centre:
            self.centre = centre
            self.centred.emit()
        self.place()
