"""Puts the map of paths where they can be seen: its plane, its home, when its pictures come."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal

from genstudio.abilities import LIKELIHOOD
from genstudio.latent import plane as planes
from genstudio.ui.panels import _interpolate_plane as chooser
from genstudio.ui.panels._interpolate_codes import Codes
from genstudio.ui.panels._interpolate_map import PathMap
from genstudio.ui.panels._map_scene import Scene
from genstudio.ui.session import ModelRef

ENOUGH = 500  # encodings after which their mean is the mean code


class Placer(QObject):
    """The plane stays while the pins lie on it, so that the map does not turn under the hand."""

    placed = Signal()  # another plane, or another home
    centred = Signal()  # the mean code is known, or another

    def __init__(self, scene: Scene, plane: PathMap, codes: Codes) -> None:
        super().__init__(plane)
        self._scene, self._plane, self._codes = scene, plane, codes
        self._ref: ModelRef | None = None
        self._known = False  # the plane and where home is
        self._fresh = False  # the encodings are this model's
        self.choice = "mean"
        self.centre: tuple[float, ...] | None = None  # the mean code
        self.says = ""
        self._projected: tuple[str, ...] = ()
        scene.encodings_changed.connect(self._encoded)
        scene.points_failed.connect(lambda _: self._no_encodings())

    def show(self, ref: ModelRef | None) -> None:
        """Another model: its pictures come once plane and home are known."""
        self._ref, self._known, self.says = ref, False, ""
        self.centre, self._fresh = None, False
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
        found = chooser.choose(self.choice, codes, means, dim)
        if found is None:
            if self._known or means is None:
                return
            found = chooser.Found(planes.pca(means))
        self._put(found, means, prior)

    def _put(self, found: chooser.Found, means: np.ndarray | None, prior: bool) -> None:
        self.says = found.says
        space = chooser.linear(found.plane)
        self._plane.set_axes(self._labels(found.plane), space.marks)
        home = chooser.home(space, self._codes.codes(), means, prior)
        self._plane.set_home(home)
        self._plane.set_view(home)
        self._known = True
        self._scene.set_space(space)
        self._scene.release()
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
        if self._projected:
            text = self.tr("%1 (%2 projected)").replace("%1", across)
            across = text.replace("%2", self.tr(" and ").join(self._projected))
        return across, up

    def _means(self, dim: int) -> np.ndarray | None:
        cloud = self._scene.cloud
        if not self._fresh or cloud is None or cloud.mean.shape[1] != dim:
            return None
        enough = min(ENOUGH, self._scene.subset.limit)
        return cloud.mean if len(cloud.mean) >= enough else None

    def _no_encodings(self) -> None:
        """The data do not fit: the map is placed without them."""
        if self._ref is not None and not self._known:
            dim = self._ref.card.latent_dim or 2
            known = self._codes.codes()
            plane = chooser.fallback(known, dim)
            self._put(chooser.Found(plane), None, True)

    def _encoded(self) -> None:
        self._fresh = True
        ref = self._ref
        means = self._means(ref.card.latent_dim or 2) if ref is not None else None
        if means is None:
            return
        whole = len(means) >= self._scene.subset.limit
        if self.centre is None or whole:
            centre = tuple(float(v) for v in means.mean(0).astype(np.float32))
            if centre != self.centre:
                self.centre = centre
                self.centred.emit()
        self.place()
